//! The validator's findings, said so that a person knows what to type instead.

use super::{Schema, SchemaError};
use crate::{Invalid, nearest};
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value;

/// Length of a value that is repeated in a sentence.
const SHOWN_CHARS: usize = 60;
/// Known names that are listed in a sentence.
const LISTED: usize = 12;

/// A finding while it is put in order.
struct Finding {
    field: String,
    order: usize,
    rank: u8,
    message: String,
}

/// Why the schema itself cannot be compiled.
pub(super) fn about_schema(error: &ValidationError<'_>) -> SchemaError {
    let path = dotted(&error.instance_path().to_string(), true);
    let found = show(error.instance());
    let message = match error.kind() {
        Kind::Format { format } if format == "regex" => pattern_refused(error.instance()),
        Kind::Custom { .. } => pattern_refused(error.instance()),
        kind => plain(kind, error.instance(), &found).unwrap_or_else(|| error.to_string()),
    };
    SchemaError { path, message }
}

fn pattern_refused(pattern: &Value) -> String {
    let shown = show(pattern);
    format!(
        "{shown} is not supported as a regular expression (no look-around, no back-reference, bounded size)"
    )
}

/// Everything that is wrong with `values`, one sentence a place, in the order of the schema.
pub(super) fn about_values(
    schema: &Schema,
    validator: Option<&Validator>,
    values: &Value,
    later: &dyn Fn(&Value) -> bool,
) -> Vec<Invalid> {
    let Some(validator) = validator.filter(|_| values.is_object()) else {
        return vec![Invalid::new("", format!("expected a map of names to values, found {}", show(values)))];
    };
    let mut findings: Vec<Finding> = Vec::new();
    for error in validator.iter_errors(values) {
        let about_names = matches!(error.kind(), Kind::Required { .. } | Kind::AdditionalProperties { .. });
        if !about_names && holds(error.instance(), later) {
            continue;
        }
        let finding = finding(schema, &error);
        match findings.iter_mut().find(|known| known.field == finding.field) {
            Some(known) if known.rank > finding.rank => *known = finding,
            Some(_) => {}
            None => findings.push(finding),
        }
    }
    findings.sort_by_key(|finding| finding.order);
    findings.into_iter().map(|finding| Invalid::new(finding.field, finding.message)).collect()
}

fn holds(value: &Value, later: &dyn Fn(&Value) -> bool) -> bool {
    later(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| holds(item, later)),
            Value::Object(map) => map.values().any(|item| holds(item, later)),
            _ => false,
        }
}

fn finding(schema: &Schema, error: &ValidationError<'_>) -> Finding {
    let mut field = dotted(&error.instance_path().to_string(), false);
    let secret = field.split('.').next().is_some_and(|name| schema.is_secret(name));
    let found = if secret { "what was given".to_owned() } else { show(error.instance()) };
    let message = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let top = field.is_empty();
            field = if top { name.to_owned() } else { format!("{field}.{name}") };
            let wanted = if top { schema.property(name).and_then(describe) } else { None };
            wanted.map_or_else(|| "is missing".to_owned(), |wanted| format!("is missing: expected {wanted}"))
        }
        Kind::Pattern { pattern } => format!("expected text of the form {pattern}, found {found}"),
        kind => plain(kind, error.instance(), &found)
            .unwrap_or_else(|| if secret { error.masked().to_string() } else { error.to_string() }),
    };
    let first = field.split('.').next().unwrap_or_default();
    let order = schema.properties().position(|(name, _)| name == first).unwrap_or(usize::MAX);
    let rank = match error.kind() {
        Kind::Enum { .. } | Kind::Constant { .. } => 0,
        Kind::Type { .. } => 1,
        _ => 2,
    };
    Finding { field, order, rank, message }
}

/// A name that the schema does not hold.
pub(super) fn unknown_name(schema: &Schema, name: &str) -> Invalid {
    let known: Vec<&str> = schema.properties().map(|(known, _)| known).collect();
    let message = if known.is_empty() {
        "is not known: nothing can be set here".to_owned()
    } else if let Some(near) = nearest(name, known.iter().copied()) {
        format!("is not known; did you mean `{near}`?")
    } else {
        format!("is not known; known are {}", listed(known.iter().map(|name| (*name).to_owned())))
    };
    Invalid::new(name, message)
}

/// The sentence for the kinds whose meaning does not depend on where they stand.
fn plain(kind: &Kind, instance: &Value, found: &str) -> Option<String> {
    let sentence = match kind {
        Kind::Type { kind } => format!("expected {}, found {found}", types(kind)),
        Kind::Enum { options } => one_of(options, instance, found),
        Kind::Constant { expected_value } => format!("expected {}, found {found}", show(expected_value)),
        Kind::Minimum { limit } => format!("expected at least {limit}, found {found}"),
        Kind::Maximum { limit } => format!("expected at most {limit}, found {found}"),
        Kind::ExclusiveMinimum { limit } => format!("expected more than {limit}, found {found}"),
        Kind::ExclusiveMaximum { limit } => format!("expected less than {limit}, found {found}"),
        Kind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}, found {found}"),
        Kind::MinLength { limit: 1 } => "expected some text, found none".to_owned(),
        Kind::MinLength { limit } => format!("expected at least {limit} characters, found {found}"),
        Kind::MaxLength { limit } => format!("expected at most {limit} characters, found {found}"),
        Kind::MinItems { limit } => format!("expected at least {limit} items, found {found}"),
        Kind::MaxItems { limit } => format!("expected at most {limit} items, found {found}"),
        Kind::UniqueItems => "expected items that differ; two are the same".to_owned(),
        Kind::Format { format } => format!("expected {}, found {found}", form(format)),
        Kind::AdditionalProperties { unexpected } => {
            format!("{} is not known here", listed(unexpected.iter().map(|name| format!("`{name}`"))))
        }
        _ => return None,
    };
    Some(sentence)
}

fn one_of(options: &Value, instance: &Value, found: &str) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let near = instance.as_str().and_then(|word| nearest(word, options.iter().filter_map(Value::as_str)));
    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("expected {}, found {found}{hint}", listed_or(options.iter().map(show_plain)))
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: JsonType| match kind {
        JsonType::Null => "nothing",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "a map",
    };
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => listed_or(kinds.iter().map(|kind| name(kind).to_owned())),
    }
}

fn form(format: &str) -> String {
    match format {
        "date-time" => "a time such as 2026-03-28T09:30:00+01:00".to_owned(),
        "date" => "a date such as 2026-03-28".to_owned(),
        "time" => "a time of day such as 09:30:00Z".to_owned(),
        "uri" => "an address such as https://example.com/x".to_owned(),
        "email" => "an e-mail address".to_owned(),
        other => format!("text of the form `{other}`"),
    }
}

/// What a property wants, in a few words: its values, or its type and bounds.
fn describe(property: &Value) -> Option<String> {
    if let Some(options) = property.get("enum").and_then(Value::as_array) {
        return Some(listed_or(options.iter().map(show_plain)));
    }
    let kind = match property.get("type")?.as_str()? {
        "string" => property.get("format").and_then(Value::as_str).map_or_else(|| "text".to_owned(), form),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a map".to_owned(),
        _ => return None,
    };
    let least = property.get("minimum").map(|least| format!(" of at least {least}"));
    Some(kind + &least.unwrap_or_default())
}

fn listed(mut names: impl Iterator<Item = String>) -> String {
    let mut list: Vec<String> = names.by_ref().take(LISTED).collect();
    if names.next().is_some() {
        list.push("…".to_owned());
    }
    list.join(", ")
}

fn listed_or(names: impl Iterator<Item = String>) -> String {
    let list = listed(names);
    match list.rsplit_once(", ") {
        Some((head, last)) => format!("{head} or {last}"),
        None => list,
    }
}

fn show_plain(value: &Value) -> String {
    value.as_str().map_or_else(|| show(value), str::to_owned)
}

/// A value in a sentence: what kind it is and how it begins.
fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) if text.is_empty() => "empty text".to_owned(),
        Value::String(text) => {
            let shown: String = text.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
            let cut = if text.chars().nth(SHOWN_CHARS).is_some() { "…" } else { "" };
            format!("the text `{shown}{cut}`")
        }
        Value::Array(items) => format!("a list of {} items", items.len()),
        Value::Object(map) => format!("a map of {} values", map.len()),
    }
}

/// `/a/0/b` as `a.0.b`; in a schema the words `properties` between the names are left out.
fn dotted(pointer: &str, in_schema: bool) -> String {
    let parts = pointer.split('/').skip(1).filter(|part| !(in_schema && *part == "properties"));
    parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join(".")
}
