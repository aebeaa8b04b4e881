//! The names of an expression: what may be named, and what they lead to.

use super::tree::{Access, Uses};
use super::words::Wrong;
use crate::path::Part;
use model::nearest;
use serde_json::Value;
use std::borrow::Cow;

/// The names that rules know, and what is known of their parts.
pub(crate) const SCOPE: &[(&str, &[&str])] = &[
    ("event", &["id", "trigger", "created", "payload"]),
    ("pack", &["config"]),
    ("system", &["timestamp", "rule"]),
    ("system.rule", &["ref", "id"]),
];
/// The names that expressions of rules begin with.
pub(crate) const ROOTS: &[&str] = &["event", "pack", "system"];

/// What expressions may see.
pub(crate) trait Names {
    /// The value that a path leads to; its first part is a name.
    fn find(&self, path: &[Part]) -> Option<Cow<'_, Value>>;

    /// Why there is nothing: the first part that is not there, and the nearest name that is.
    fn why_missing(&self, path: &[Part]) -> String;

    /// The value of a key, or why it cannot be had.
    fn key(&self, name: &str) -> Result<Value, String>;

    /// Whether what is seen must not be told in messages.
    fn is_secret(&self) -> bool;
}

/// Checks a name of a rule against what is known of its scope before any event.
///
/// # Errors
/// The part that does not exist, with the nearest that does.
pub(super) fn check(access: &Access) -> Result<(), Wrong> {
    let names: Vec<&str> = access.path.iter().map_while(Part::name).collect();
    let first = names.first().copied().unwrap_or_default();
    if !ROOTS.contains(&first) {
        let hint = match nearest(first, ROOTS.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "known are event, pack and system".to_owned(),
        };
        return Err(Wrong::new(access.place, format!("`{first}` is not known; {hint}")));
    }
    for length in 1..names.len() {
        let above = names.get(..length).unwrap_or_default().join(".");
        let name = names.get(length).copied().unwrap_or_default();
        let known = SCOPE.iter().find(|(root, _)| *root == above).map(|(_, known)| *known);
        if let Some(known) = known.filter(|known| !known.contains(&name)) {
            let near =
                nearest(name, known.iter().copied()).unwrap_or(known.last().copied().unwrap_or_default());
            let message = format!("`{above}.{name}` does not exist; did you mean `{above}.{near}`?");
            return Err(Wrong::new(access.place, message));
        }
    }
    Ok(())
}

/// Takes note of the settings of the pack that an expression looks at.
pub(super) fn note(access: &Access, uses: &mut Uses) {
    let mut names = access.path.iter().map(Part::name);
    if names.next().flatten() != Some("pack") {
        return;
    }
    uses.config = true;
    if let (Some("config"), Some(Some(name))) = (names.next().flatten(), names.next()) {
        uses.settings.push((name.to_owned(), access.place));
    }
}
