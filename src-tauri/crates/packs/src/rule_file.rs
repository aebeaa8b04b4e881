//! A rule in YAML, to be shown, edited, handed on and read again: what is written is read back to the letter.
//!
//! The fields are those of [`RuleBody`], whatever it has; defaults are left out. Comments are for whoever edits
//! the text: nothing here keeps them.

use crate::fields::Report;
use crate::yaml::{self, Key, Kind, Node};
use crate::{Diagnostic, Severity};
use model::{Invalid, Ref, RuleBody, nearest};
use serde_json::{Map, Value};
use std::path::Path;

/// Other names that Attune's files have for the same.
const ALIASES: &[(&str, &str)] = &[
    ("name", "label"),
    ("trigger", "trigger_ref"),
    ("trigger_parameters", "trigger_params"),
    ("condition", "conditions"),
    ("action", "action_ref"),
    ("action_parameters", "action_params"),
    ("keywords", "tags"),
    ("timeout", "timeout_seconds"),
];

/// Fields that hold text, however the scalar is written.
const TEXTS: &[&str] = &["ref", "label", "description", "trigger_ref", "action_ref"];

/// A rule as a file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenRule {
    /// Its name for machines, where the file has one.
    pub r#ref: Option<Ref>,
    /// Its content.
    pub body: RuleBody,
    /// Whether the file wants it switched on.
    pub enabled: bool,
}

/// A rule as YAML.
///
/// # Errors
/// Where it cannot be written so that it is read back the same: it is too large or too deep for a file.
pub fn write_rule(name: Option<&Ref>, body: &RuleBody) -> Result<String, Invalid> {
    let mut fields = Map::new();
    if let Some(name) = name {
        fields.insert("ref".to_owned(), name.as_str().into());
    }
    let defaults = fields_of(&smallest(body));
    let written = fields_of(body)
        .into_iter()
        .filter(|(field, value)| NEEDED.contains(&field.as_str()) || defaults.get(field) != Some(value));
    fields.extend(written);
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let text = serde_saphyr::to_string_with_options(&fields, options)
        .map_err(|error| Invalid::new("", format!("the rule cannot be written as YAML: {error}")))?;
    let told = |found: Vec<Diagnostic>| {
        let first = found.into_iter().next().map_or_else(String::new, |first| first.message);
        Invalid::new("", format!("the rule cannot be written as YAML: {first}"))
    };
    let read = read_rule(Path::new("rule.yaml"), &text).map_err(told)?;
    if read.body != *body || read.r#ref.as_ref() != name {
        return Err(Invalid::new("", "the rule cannot be written as YAML without losing something"));
    }
    Ok(text)
}

/// Reads a rule; `file` is its name in the diagnostics. Whether it can work is not asked.
///
/// # Errors
/// Everything that is wrong, with line and column.
pub fn read_rule(file: &Path, text: &str) -> Result<WrittenRule, Vec<Diagnostic>> {
    let mut report = Report::new(file.to_owned());
    let rule = match yaml::parse(text) {
        Ok(node) => rule(&node, &mut report),
        Err(fault) => {
            report.error(fault.place, fault.message);
            None
        }
    };
    match rule {
        Some(rule) if !report.found.iter().any(|found| found.severity == Severity::Error) => Ok(rule),
        _ => Err(report.found),
    }
}

/// Fields without which there is no rule.
const NEEDED: &[&str] = &["label", "trigger_ref", "action_ref"];

fn fields_of(body: &RuleBody) -> Map<String, Value> {
    match serde_json::to_value(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// The body with nothing but what every rule has.
fn smallest(body: &RuleBody) -> RuleBody {
    let needed = fields_of(body).into_iter().filter(|(field, _)| NEEDED.contains(&field.as_str()));
    serde_json::from_value(Value::Object(needed.collect())).unwrap_or_else(|_| body.clone())
}

fn rule(node: &Node, report: &mut Report) -> Option<WrittenRule> {
    let Kind::Map(entries) = &node.kind else {
        report.error(node.place, format!("expected the fields of a rule, found {}", node.found()));
        return None;
    };
    let mut fields = Map::new();
    for (key, value) in entries {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == key.name);
        let name = alias.map_or(key.name.as_str(), |(_, name)| name);
        if fields.contains_key(name) {
            report.error(key.place, format!("`{}` says the same as `{name}`; keep one", key.name));
        }
        fields.insert(name.to_owned(), plain(name, value));
    }
    for needed in NEEDED.iter().filter(|needed| !fields.contains_key(**needed)) {
        report.error(node.place, format!("`{needed}` is missing"));
    }
    let name = take_ref(&mut fields, node, report);
    let enabled = match fields.shift_remove("enabled") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(enabled)) => enabled,
        Some(_) => {
            report.error(node.place_of("enabled"), "`enabled`: expected true or false");
            false
        }
    };
    for (key, value) in entries {
        check(key, value, &fields, report);
    }
    let body = serde_json::from_value(Value::Object(fields)).ok()?;
    Some(WrittenRule { r#ref: name, body, enabled })
}

fn plain(name: &str, node: &Node) -> Value {
    match &node.kind {
        Kind::Plain(..) if TEXTS.contains(&name) => node.as_text().map_or(Value::Null, Value::from),
        Kind::List(items) if name == "tags" => {
            items.iter().map(|item| item.as_text().map_or_else(|| item.value(), Value::from)).collect()
        }
        _ => node.value(),
    }
}

fn take_ref(fields: &mut Map<String, Value>, node: &Node, report: &mut Report) -> Option<Ref> {
    let name = fields.shift_remove("ref")?;
    match name.as_str().unwrap_or_default().parse() {
        Ok(name) => Some(name),
        Err(invalid) => {
            let invalid: Invalid = invalid;
            report.error(node.place_of("ref"), format!("`ref`: {}", invalid.message));
            None
        }
    }
}

/// Checks one field beside a rule that is otherwise good, so that what is wrong has a place.
fn check(key: &Key, value: &Node, fields: &Map<String, Value>, report: &mut Report) {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == key.name);
    let name = alias.map_or(key.name.as_str(), |(_, name)| name);
    let Some(given) = fields.get(name) else { return };
    let good = [("label", "x"), ("trigger_ref", "core.x"), ("action_ref", "core.x")];
    let mut beside: Map<String, Value> =
        good.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    if let Ok(good) = serde_json::from_value::<RuleBody>(Value::Object(beside.clone()))
        && !fields_of(&good).contains_key(name)
    {
        let known = fields_of(&good);
        let near = nearest(name, known.keys().map(String::as_str).chain(["ref", "enabled"]));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        report.error(key.place, format!("`{}` is not known here{hint}", key.name));
        return;
    }
    beside.insert(name.to_owned(), given.clone());
    if let Err(error) = serde_json::from_value::<RuleBody>(Value::Object(beside)) {
        report.error(value.place, format!("`{}`: {error}", key.name));
    }
}
