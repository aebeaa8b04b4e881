//! What a pack and its parts say about the programs that run them, and which versions of those will do.

use crate::fields::Fields;
use crate::yaml::{Kind, Node};
use model::{Runner, VersionRange, nearest};
use std::collections::BTreeMap;

/// The words for each runner; the first is the one to use.
pub(crate) const RUNNERS: &[(&str, Runner)] = &[
    ("shell", Runner::Shell),
    ("sh", Runner::Shell),
    ("bash", Runner::Shell),
    ("python", Runner::Python),
    ("python3", Runner::Python),
    ("node", Runner::Node),
    ("nodejs", Runner::Node),
    ("node.js", Runner::Node),
    ("javascript", Runner::Node),
    ("native", Runner::Native),
    ("binary", Runner::Native),
    ("executable", Runner::Native),
    ("core.shell", Runner::Shell),
    ("core.python", Runner::Python),
    ("core.nodejs", Runner::Node),
    ("core.native", Runner::Native),
];

/// The versions that will do for everything in a pack.
pub(crate) type Runtimes = BTreeMap<Runner, VersionRange>;

/// `runtime_deps: [python>=3.9, node]`, the same as a map, or `python: ">=3.9"` by itself.
pub(crate) fn of_pack(fields: &mut Fields<'_>) -> Runtimes {
    let mut runtimes = Runtimes::new();
    let all = fields.node(&["runtime_deps", "runtimes"]);
    let items = all.map_or(&[][..], |node| match &node.kind {
        Kind::List(items) => items,
        Kind::Map(_) => &[],
        _ => std::slice::from_ref(node),
    });
    for item in items {
        let text = item.as_text().unwrap_or_default();
        let end = text.find(|c: char| c.is_whitespace() || "<>=~^!".contains(c)).unwrap_or(text.len());
        let (name, versions) = text.split_at(end);
        add(&mut runtimes, fields, name, item, versions);
    }
    if let Some(Node { kind: Kind::Map(entries), .. }) = all {
        for (key, node) in entries {
            add(&mut runtimes, fields, &key.name, node, node.as_text().unwrap_or_default());
        }
    }
    for (names, word) in [(&["python"][..], "python"), (&["nodejs", "node"][..], "node")] {
        if let Some(node) = fields.node(names) {
            add(&mut runtimes, fields, word, node, node.as_text().unwrap_or_default());
        }
    }
    runtimes
}

fn add(runtimes: &mut Runtimes, fields: &mut Fields<'_>, name: &str, node: &Node, versions: &str) {
    let name = name.to_lowercase();
    let Some((_, runner)) = RUNNERS.iter().find(|(word, _)| *word == name) else {
        let near = nearest(&name, RUNNERS.iter().map(|(word, _)| *word));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let message = format!(
            "this version runs shell, python, node and native programs, found {}{hint}",
            node.found()
        );
        fields.report.warn(node.place, message);
        return;
    };
    match versions.parse::<VersionRange>() {
        Ok(range) => {
            let both = runtimes.entry(*runner).or_default().and(&range);
            runtimes.insert(*runner, both);
        }
        Err(message) => fields.report.error(node.place, message),
    }
}

/// The versions that will do for one action or sensor.
pub(crate) fn of_part(fields: &mut Fields<'_>, runner: Option<Runner>, pack: &Runtimes) -> VersionRange {
    let own = fields.node(&["runtime_version_constraint", "runtime_version"]);
    let range = own.map_or(Ok(VersionRange::default()), |node| {
        let text =
            node.as_text().ok_or_else(|| format!("expected text such as `>=3.9`, found {}", node.found()));
        text.and_then(str::parse::<VersionRange>).map_err(|message| (node.place, message))
    });
    let range = range.unwrap_or_else(|(place, message)| {
        fields.report.error(place, message);
        VersionRange::default()
    });
    let Some(runner) = runner else { return range };
    if !range.is_any()
        && !matches!(runner, Runner::Python | Runner::Node)
        && let Some(node) = own
    {
        fields.report.warn(node.place, "only Python and Node.js are asked for their version");
    }
    pack.get(&runner).map_or(range.clone(), |pack| range.and(pack))
}
