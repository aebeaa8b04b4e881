//! What a rule keeps of its previous event, for conditions that ask whether something changed.

use crate::compare::same;
use crate::path::Path;
use crate::scope::Seen;
use model::{RuleId, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// What every rule keeps. Whoever keeps it puts in what a look asks to remember, in the order of the events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleMemory(HashMap<RuleId, Remembered>);

/// What one rule keeps of its previous event: the values of the paths that its `changed` conditions name. Its
/// JSON is what is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remembered(BTreeMap<String, Kept>);

/// A value that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// The event had none.
    Missing,
    /// The value itself, where it is small.
    Value(Value),
    /// A digest of a large one: it is only ever compared.
    Sha256(String),
}

/// How a value stands to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// No event came before this one, or it was not looked at for this.
    First,
    Same,
    Changed,
}

impl RuleMemory {
    /// What a rule kept of its previous event.
    #[must_use]
    pub fn of(&self, rule: RuleId) -> Option<&Remembered> {
        self.0.get(&rule)
    }

    /// Keeps what a look asks to remember.
    pub fn put(&mut self, rule: RuleId, remembered: Remembered) {
        self.0.insert(rule, remembered);
    }

    /// Forgets a rule that is gone.
    pub fn forget(&mut self, rule: RuleId) {
        self.0.remove(&rule);
    }
}

impl Remembered {
    /// What is to be kept of an event; none where that is what is kept already.
    pub(crate) fn next(watched: &[Path], event: &Seen<'_>, previous: Option<&Self>) -> Option<Self> {
        if watched.is_empty() {
            return None;
        }
        let kept = watched.iter().map(|path| (path.to_string(), Kept::of(path.find(event).as_deref())));
        Some(Self(kept.collect())).filter(|next| previous != Some(next))
    }

    /// How the value at a path stands to the one that is kept of it.
    pub(crate) fn change(previous: Option<&Self>, path: &str, now: &Value) -> Change {
        match previous.and_then(|previous| previous.0.get(path)) {
            None => Change::First,
            Some(Kept::Missing) => Change::Changed,
            Some(Kept::Value(before)) if same(before, now) => Change::Same,
            Some(Kept::Sha256(before)) if *before == digest(now) => Change::Same,
            Some(_) => Change::Changed,
        }
    }
}

impl Kept {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None => Self::Missing,
            Some(value) if is_small(value, &mut limits::REMEMBERED_BYTES.clone()) => {
                Self::Value(value.clone())
            }
            Some(value) => Self::Sha256(digest(value)),
        }
    }
}

fn is_small(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len(),
        Value::Object(map) => map.keys().map(String::len).sum(),
        _ => 0,
    };
    let Some(rest) = left.checked_sub(own + 8) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| is_small(item, left)),
        Value::Object(map) => map.values().all(|item| is_small(item, left)),
        _ => true,
    }
}

/// The same for values that count as the same: names in order, numbers by their value.
fn digest(value: &Value) -> String {
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn feed(value: &Value, hash: &mut Sha256) {
    let mut text = |mark: u8, text: &str| {
        hash.update([mark]);
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    match value {
        Value::Null => hash.update(b"0"),
        Value::Bool(value) => hash.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => text(b'n', &canonical(number)),
        Value::String(value) => text(b's', value),
        Value::Array(items) => {
            hash.update(b"[");
            items.iter().for_each(|item| feed(item, hash));
            hash.update(b"]");
        }
        Value::Object(map) => {
            hash.update(b"{");
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in entries {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name);
                feed(value, hash);
            }
            hash.update(b"}");
        }
    }
}

/// `3` and `3.0` are one number.
fn canonical(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e18 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn large_values_are_kept_as_a_digest_and_still_compared_by_value() {
        let large = |last: Value| json!({"list": vec![json!("x"); 2_000], "a": 1, "last": last});
        let Kept::Sha256(_) = Kept::of(Some(&large(json!(3)))) else { panic!("it is large") };
        let kept = Remembered(BTreeMap::from([("p".to_owned(), Kept::of(Some(&large(json!(3)))))]));
        let mut turned = large(json!(3.0));
        let first = turned.as_object_mut().unwrap().shift_remove("list").unwrap();
        turned["list"] = first;
        assert_eq!(Remembered::change(Some(&kept), "p", &turned), Change::Same);
        assert_eq!(Remembered::change(Some(&kept), "p", &large(json!(4))), Change::Changed);
        assert_eq!(Remembered::change(Some(&kept), "q", &json!(1)), Change::First);
    }

    #[test]
    fn what_is_kept_survives_being_stored() {
        let kept = Remembered(BTreeMap::from([
            ("event.payload.a".to_owned(), Kept::of(None)),
            ("event.payload.b".to_owned(), Kept::of(Some(&json!([1, {"x": null}])))),
        ]));
        let stored = serde_json::to_string(&kept).unwrap();
        assert_eq!(stored, r#"{"event.payload.a":"missing","event.payload.b":{"value":[1,{"x":null}]}}"#);
        assert_eq!(serde_json::from_str::<Remembered>(&stored).unwrap(), kept);
    }
}
