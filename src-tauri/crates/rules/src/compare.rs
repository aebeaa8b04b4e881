//! Comparison, typed by us: a text never equals a number, and what cannot be compared is simply not matched.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Length of a value that is kept with a decision.
const KEPT_CHARS: usize = 500;

/// Whether two values are the same; numbers by their value, so that `3` is `3.0`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => numbers(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The order of two numbers or two texts; none for anything else.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whole numbers are compared exactly: as floating point 2^53 and 2^53 + 1 would be one.
fn numbers(a: &Number, b: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// Whether a text holds a text, a list an item, a map a name; none for anything else.
pub(crate) fn contains(actual: &Value, wanted: &Value) -> Option<bool> {
    match (actual, wanted) {
        (Value::String(text), Value::String(part)) => Some(text.contains(part.as_str())),
        (Value::Array(items), wanted) => Some(items.iter().any(|item| same(item, wanted))),
        (Value::Object(map), Value::String(name)) => Some(map.contains_key(name)),
        _ => None,
    }
}

/// The kind of a value, in a sentence.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A value as it is kept with a decision: whole where it is short, else how it begins or what it is.
pub(crate) fn kept(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > KEPT_CHARS => {
            Value::String(text.chars().take(KEPT_CHARS).chain(['…']).collect())
        }
        Value::Array(items) if !is_short(value, &mut KEPT_CHARS.clone()) => {
            Value::String(format!("a list of {} items", items.len()))
        }
        Value::Object(map) if !is_short(value, &mut KEPT_CHARS.clone()) => {
            Value::String(format!("a map of {} values", map.len()))
        }
        _ => value.clone(),
    }
}

fn is_short(value: &Value, left: &mut usize) -> bool {
    let cost = match value {
        Value::String(text) => text.len() + 2,
        Value::Object(map) => map.keys().map(|name| name.len() + 3).sum(),
        _ => 5,
    };
    let Some(rest) = left.checked_sub(cost) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| is_short(item, left)),
        Value::Object(map) => map.values().all(|item| is_short(item, left)),
        _ => true,
    }
}
