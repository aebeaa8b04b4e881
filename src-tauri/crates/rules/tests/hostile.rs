//! Templates, conditions and patterns of somebody who means harm: each is refused when it is saved, or ends in
//! a decision, in bounded time and memory. One test, so that nothing else uses memory beside it.

mod world;

use model::Outcome;
use rules::{check_conditions, check_templates};
use serde_json::{Map, Value, json};
use world::{errors, look, map};

/// What one of them may need.
const MEMORY: usize = 64 * 1024 * 1024;

/// The most memory that this process has had since it was last asked; none where the system does not tell.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    // From here on it is counted anew.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(kilobytes * 1024)
}

/// Runs it, and says how much memory it needed at most beside what was there.
fn measured<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let _before = peak();
    let before = peak();
    let value = run();
    let needed = before.zip(peak()).map_or(0, |(before, after)| after.saturating_sub(before));
    (value, needed)
}

fn payload() -> Value {
    json!({"list": vec!["x".repeat(100); 5_000], "text": "x".repeat(900_000), "n": 1_000_000_000,
        "numbers": vec![1; 100_000], "map": {"a": {"b": 1}}, "nested": [[[[[[1]]]]]], "evil": "{{ 1 + 1 }}",
        "lists": vec![json!([]); 20_000]})
}

fn repeated(part: &str, count: usize, joint: &str) -> String {
    vec![part; count].join(joint)
}

fn templates() -> Vec<String> {
    let whole = |inside: String| format!("{{{{ {inside} }}}}");
    let mut all: Vec<String> = include_str!("tables/hostile.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    all.extend(
        [
            // Long and flat, or deep.
            repeated("1", 2_000, "+"),
            repeated("1", 2_000, "-"),
            repeated("1", 2_000, " ** "),
            repeated("1", 2_000, " < "),
            repeated("1", 2_000, " and "),
            format!("{}1", "-".repeat(3_000)),
            format!("{}1", "not ".repeat(900)),
            format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000)),
            format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)),
            format!("{}1{}", "{1:".repeat(900), "}".repeat(900)),
            format!("{}1", "[".repeat(4_000)),
            format!("event.payload{}", ".a".repeat(1_900)),
            format!("event.payload{}", "[0]".repeat(1_300)),
            format!("event.payload.text{}", " | upper".repeat(500)),
            format!("1{}", " if 1 else 2".repeat(300)),
            // As much as can be said in one expression, of the largest values that there are.
            repeated("event.payload.text", 190, " ~ "),
            repeated("event.payload.text", 190, " + "),
            repeated("event.payload.numbers", 150, " + "),
            format!("[{}]", repeated("event.payload", 130, ", ")),
            format!("[{}] | tojson", repeated("event.payload.numbers", 100, ", ")),
            format!("[{}] | join(event.payload.text)", repeated("event.payload.numbers", 100, ", ")),
            format!("event.payload.numbers | chain({}) | list", repeated("event.payload.numbers", 90, ", ")),
            format!("(event.payload.numbers | chain({})) ~ ''", repeated("event.payload.numbers", 90, ", ")),
            format!("event.payload.text{}", " | replace('x', 'xx')".repeat(40)),
            format!("event.payload.text | split(''){}", " | map('list') | list".repeat(20)),
            format!("event.payload.lists{}", " | map('list') | list".repeat(30)),
            format!("[{}]", repeated("event.payload.text[::-1]", 90, ", ")),
            format!("{} | string", repeated("event", 190, " ~ ")),
        ]
        .map(whole),
    );
    all.push(repeated("{{ event.payload.text }}", 1_000, ""));
    all.push(repeated("{{ event.payload.numbers | sort }}", 400, ""));
    all.push(repeated("{{ 1 }}", 100_000, ""));
    all
}

#[test]
fn hostile_rules_end_in_an_error_within_bounds() {
    let payload = payload();
    let templates = templates();
    assert!(templates.len() >= 80, "{}", templates.len());
    for template in &templates {
        let shown: String = template.chars().take(80).collect();
        let run = || look(json!({}), json!({"p": template}), payload.clone());
        let own = measured(|| payload.clone()).1;
        let (decision, needed) = measured(run);
        assert_eq!(decision.outcome, Outcome::Error, "{shown}");
        let message = decision.reason.unwrap_or_default().message.unwrap_or_default();
        assert!(!message.is_empty() && message.len() < 1_000, "{shown}: {message}");
        assert!(needed <= MEMORY + own, "{shown} needed {needed} bytes");
    }
    hostile_conditions(&payload);
    let list = json!((0..2_000).map(|_| "{{ event.id }}").collect::<Vec<_>>());
    let found = errors(check_templates(&map(json!({"p": list}))));
    assert_eq!(found, ["action_params: a rule has at most 1000 templates"]);
}

/// What may be saved must not take long, what may not is told.
fn hostile_conditions(payload: &Value) {
    let leaf = |pattern: &str| json!([{"field": "text", "operator": "matches", "value": pattern}]);
    for pattern in ["(a+)+$", "(x|x)*y", "(x*)*y", "(.*)*(.*)*(.*)*y", "x{1,200}{1,5}y", "(x?){200}x{200}y"] {
        let (decision, needed) = measured(|| look(leaf(pattern), json!({}), payload.clone()));
        assert_eq!(decision.outcome, Outcome::Unmatched, "{pattern}");
        assert!(needed <= MEMORY, "{pattern} needed {needed} bytes");
    }
    for (pattern, why) in [
        ("(?=x)", "not supported"),
        ("(x)\\1", "not supported"),
        ("(?P<n>x)(?P=n)", "no regular expression"),
        ("(x{1000}){1000}", "too large"),
        ("((((x{100}){100}){100}){100})", "too large"),
        ("[", "unclosed"),
    ] {
        let found = errors(check_conditions(&leaf(pattern))).join("\n");
        assert!(found.contains(why), "{pattern}: {found}");
    }
    let (found, _) = measured(|| errors(check_conditions(&leaf(&"(".repeat(4_000)))));
    assert_eq!(found.len(), 1);
    let many = json!({"any": vec![json!({"field": "event.id", "operator": "exists"}); 10_000]});
    assert_eq!(errors(check_conditions(&many)), ["conditions: a rule has at most 1000 conditions"]);
    let group = |inner| Value::Object(Map::from_iter([("all".to_owned(), Value::Array(vec![inner]))]));
    let deep = (0..1_000).fold(json!({"field": "event.id", "operator": "exists"}), |inner, _| group(inner));
    assert_eq!(errors(check_conditions(&deep)), ["conditions: the conditions lie deeper than 64 levels"]);
    let groups = json!({"all": vec![json!({"any": []}); 100_000]});
    let found = errors(check_conditions(&groups));
    assert_eq!(found, ["conditions: a rule has at most 1000 groups of conditions"]);
}

/// These are allowed, so they must be worked out on the stack of an ordinary thread.
#[test]
fn the_longest_expressions_that_are_allowed_need_no_large_stack() {
    let worked = |source: &str| look(json!({}), json!({"p": source}), json!({"n": 1}));
    let nest =
        |open: &str, close: &str, count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
    for (source, outcome) in [
        (repeated("1", 200, "+"), Outcome::Matched),
        (repeated("1", 200, " * 1 + "), Outcome::Error),
        (repeated("1", 100, " * 1 + "), Outcome::Matched),
        (repeated("1", 200, " ** "), Outcome::Matched),
        (repeated("1", 200, " == "), Outcome::Matched),
        (repeated("true", 200, " and "), Outcome::Matched),
        (format!("{}1", "not ".repeat(390)), Outcome::Matched),
        (format!("{}1", " -".repeat(390)), Outcome::Matched),
        (format!("'x'{}", "|upper".repeat(190)), Outcome::Matched),
        (format!("1{}", " if true else 1".repeat(90)), Outcome::Matched),
        (format!("event.payload{} | default(1)", ".a".repeat(190)), Outcome::Matched),
        (format!("'x'{}", "[0:]".repeat(90)), Outcome::Matched),
        (nest("(", ")", 24), Outcome::Matched),
        (nest("[", "]", 24), Outcome::Matched),
        (nest("{1:", "}", 24), Outcome::Matched),
        (nest("(0 or 2 + 3 * 1 ** ", ")", 24), Outcome::Matched),
        (nest("1 | default(", ")", 24), Outcome::Matched),
        (nest("1 if 0 else (", ")", 24), Outcome::Matched),
        (nest("(", ")", 25), Outcome::Error),
    ] {
        let decision = worked(&format!("{{{{ {source} }}}}"));
        assert_eq!(decision.outcome, outcome, "{source}: {:?}", decision.reason);
    }
}
