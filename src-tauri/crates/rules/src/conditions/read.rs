//! Conditions as they are written, checked and made ready.

use super::{Condition, Group, Leaf, join};
use crate::compare::kind;
use crate::expression::Expression;
use crate::language::{Dialect, Place};
use crate::operator::{OPERATORS, test};
use crate::path::Path;
use crate::zone::Zone;
use model::{Invalid, limits, nearest};
use serde_json::{Map, Value};

/// What every path of this module's errors begins with.
const FIELD: &str = "conditions";
const GROUPS: &[(&str, Group)] = &[("all", Group::All), ("any", Group::Any), ("none", Group::None)];

/// # Errors
/// Every place that is wrong.
pub(super) fn read(conditions: &Value) -> Result<Condition, Vec<Invalid>> {
    let mut reading = Reading { errors: Vec::new(), leaves: 0, groups: 0 };
    let condition = match conditions {
        Value::Null => Condition::Always,
        Value::Array(items) if items.is_empty() => Condition::Always,
        Value::Array(items) => reading.flat(items),
        Value::Object(map) if map.is_empty() => Condition::Always,
        Value::Object(map) => reading.node(map, "", limits::NESTING),
        other => {
            let message = format!(
                "expected a tree of all, any and none, a list, or {{expression: …}}, found {}",
                kind(other)
            );
            reading.wrong("", message)
        }
    };
    if reading.errors.is_empty() { Ok(condition) } else { Err(reading.errors) }
}

struct Reading {
    errors: Vec<Invalid>,
    leaves: usize,
    groups: usize,
}

impl Reading {
    fn wrong(&mut self, path: &str, message: impl Into<String>) -> Condition {
        self.errors.push(Invalid::new(join(FIELD, path).trim_end_matches('.'), message));
        Condition::Always
    }

    /// Attune's flat list: every one must hold, and fields begin inside the payload.
    fn flat(&mut self, items: &[Value]) -> Condition {
        let inner = items.iter().enumerate().map(|(index, item)| {
            let path = format!("all.{index}");
            match item {
                Value::Object(map) if is_node(map) => self.node(map, &path, limits::NESTING),
                Value::Object(map) => self.leaf(map, &path, Path::in_payload),
                other => {
                    self.wrong(&path, format!("expected {{field, operator, value}}, found {}", kind(other)))
                }
            }
        });
        let inner = inner.collect();
        Condition::Group { group: Group::All, path: "all".to_owned(), inner }
    }

    fn node(&mut self, map: &Map<String, Value>, path: &str, depth: usize) -> Condition {
        let Some(depth) = depth.checked_sub(1) else {
            return self.wrong("", format!("the conditions lie deeper than {} levels", limits::NESTING));
        };
        if map.contains_key("field") || map.contains_key("operator") {
            return self.leaf(map, path, Path::parse);
        }
        let mut entries = map.iter();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            return self.wrong(
                path,
                "expected exactly one of all, any, none, expression, or {field, operator, value}",
            );
        };
        if name == "expression" {
            return self.expression(value, path);
        }
        let Some((_, group)) = GROUPS.iter().find(|(known, _)| known == name) else {
            let known = ["all", "any", "none", "expression", "field"];
            let hint = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return self.wrong(path, format!("`{name}` is not known here{hint}"));
        };
        let path = join(path, name);
        let Some(items) = value.as_array() else {
            return self.wrong(&path, format!("expected a list of conditions, found {}", kind(value)));
        };
        self.groups += 1;
        if self.groups > limits::CONDITION_LEAVES {
            if self.groups == limits::CONDITION_LEAVES + 1 {
                self.wrong(
                    "",
                    format!("a rule has at most {} groups of conditions", limits::CONDITION_LEAVES),
                );
            }
            return Condition::Always;
        }
        let inner = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{path}.{index}");
            match item {
                Value::Object(map) if map.is_empty() => Condition::Always,
                Value::Object(map) => self.node(map, &path, depth),
                other => self.wrong(&path, format!("expected a condition, found {}", kind(other))),
            }
        });
        let inner = inner.collect();
        Condition::Group { group: *group, path, inner }
    }

    fn count(&mut self) -> bool {
        self.leaves += 1;
        if self.leaves == limits::CONDITION_LEAVES + 1 {
            self.wrong("", format!("a rule has at most {} conditions", limits::CONDITION_LEAVES));
        }
        self.leaves <= limits::CONDITION_LEAVES
    }

    fn expression(&mut self, value: &Value, path: &str) -> Condition {
        if !self.count() {
            return Condition::Always;
        }
        let here = join(path, "expression");
        let Some(source) = value.as_str() else {
            return self.wrong(
                &here,
                format!("expected text such as event.payload.size > 3, found {}", kind(value)),
            );
        };
        // Braces around the whole are a habit from templates.
        let inner =
            source.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(source);
        let skipped = source.find(inner).unwrap_or(0);
        let start = Place::START.after(source.get(..skipped).unwrap_or_default());
        match Expression::compile(inner, start, Dialect::Condition) {
            Ok(expression) => {
                let (source, expression) = (inner.to_owned(), Box::new(expression));
                Condition::Expression { path: here, source, expression }
            }
            Err(wrong) => self.wrong(&here, wrong.to_string()),
        }
    }

    fn leaf(
        &mut self,
        map: &Map<String, Value>,
        path: &str,
        read: fn(&str) -> Result<Path, String>,
    ) -> Condition {
        if !self.count() {
            return Condition::Always;
        }
        match leaf(map, path, read) {
            Ok(leaf) => Condition::Leaf(Box::new(leaf)),
            Err((path, message)) => self.wrong(&path, message),
        }
    }
}

/// Whether this is a group or an expression, which a flat list may hold too.
fn is_node(map: &Map<String, Value>) -> bool {
    map.len() == 1
        && map.keys().all(|name| name == "expression" || GROUPS.iter().any(|(group, _)| group == name))
}

/// Where something is wrong, and what.
type Fault = (String, String);

fn leaf(map: &Map<String, Value>, path: &str, read: fn(&str) -> Result<Path, String>) -> Result<Leaf, Fault> {
    let (operator, told) = operator(map, path)?;
    check_names(map, path, told)?;
    let field = match map.get("field").map(|field| field.as_str().map(read)) {
        Some(Some(Ok(field))) => field,
        Some(Some(Err(message))) => return Err((join(path, "field"), message)),
        // Most who ask for the time mean the time of the event.
        None if told == Told::Time => Path::created(),
        _ => {
            return Err((
                path.to_owned(),
                "`field` is missing: expected a path such as event.payload.size".to_owned(),
            ));
        }
    };
    let zone = zone(map, path)?;
    let value = map.get("value").cloned();
    let test = test(operator, value.as_ref()).map_err(|message| (join(path, "value"), message))?;
    let value = value.unwrap_or(Value::Null);
    Ok(Leaf { path: path.to_owned(), name: field.to_string(), field, operator, test, value, zone })
}

/// What kind of question an operator asks.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Time,
    Other,
}

fn operator(map: &Map<String, Value>, path: &str) -> Result<(&'static str, Told), Fault> {
    let Some(operator) = map.get("operator").and_then(Value::as_str) else {
        return Err((path.to_owned(), "`operator` is missing: expected one such as equals".to_owned()));
    };
    let Some(known) = OPERATORS.iter().find(|known| **known == operator) else {
        let hint = nearest(operator, OPERATORS.iter().copied());
        let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let shown: String = operator.chars().take(60).collect();
        return Err((join(path, "operator"), format!("there is no operator `{shown}`{hint}")));
    };
    let told = if matches!(*known, "time_between" | "weekday_in") { Told::Time } else { Told::Other };
    Ok((known, told))
}

fn check_names(map: &Map<String, Value>, path: &str, told: Told) -> Result<(), Fault> {
    let known = ["field", "operator", "value", "timezone"];
    let known = if told == Told::Time { &known[..] } else { &known[..3] };
    let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let hint = nearest(name, known.iter().copied());
    let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err((path.to_owned(), format!("`{name}` is not known here{hint}")))
}

fn zone(map: &Map<String, Value>, path: &str) -> Result<Option<Zone>, Fault> {
    match map.get("timezone") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => {
            Zone::named(name).map(Some).map_err(|invalid| (join(path, "timezone"), invalid.message))
        }
        Some(other) => {
            let message = format!("expected the name of a time zone, found {}", kind(other));
            Err((join(path, "timezone"), message))
        }
    }
}
