//! Schemas as they stand in YAML, and values read by them.

use crate::fields::Fields;
use crate::yaml::{Kind, Node};
use model::{Invalid, Schema};
use serde_json::{Map, Value};

/// Keywords that hold values of the described type.
const OF_THE_TYPE: &[&str] = &["default", "const", "enum", "examples"];

/// The schema in a field; `missing` where there is none.
pub(crate) fn read(fields: &mut Fields<'_>, names: &[&'static str], missing: Schema) -> Schema {
    let Some(node) = fields.node(names) else { return missing };
    let document = document(node);
    for doubt in Schema::doubts(&document) {
        fields.report.warn(node.place_of(&doubt.path), doubt.message);
    }
    match Schema::parse(&document) {
        Ok(schema) => schema,
        Err(error) => {
            let name = error.path.rsplit_once('.').map_or(error.path.as_str(), |(_, last)| last);
            let shown = if name.is_empty() { String::new() } else { format!("`{name}`: ") };
            fields.report.error(node.place_of(&error.path), format!("{shown}{}", error.message));
            missing
        }
    }
}

/// The document, where the default of a text written as `010` or `1.10` stays that text.
fn document(node: &Node) -> Value {
    match &node.kind {
        Kind::Map(entries) => {
            let described = |key: &str| OF_THE_TYPE.contains(&key);
            let is_text = node.get("type").and_then(Node::as_text) == Some("string");
            let entry = |name: &str, value: &Node| match &value.kind {
                Kind::List(items) if is_text && described(name) => {
                    Value::Array(items.iter().map(text).collect())
                }
                _ if is_text && described(name) => text(value),
                _ if described(name) && !matches!(value.kind, Kind::Map(_)) => value.value(),
                _ => document(value),
            };
            Value::Object(
                entries.iter().map(|(key, value)| (key.name.clone(), entry(&key.name, value))).collect(),
            )
        }
        Kind::List(items) => Value::Array(items.iter().map(document).collect()),
        _ => node.value(),
    }
}

fn text(node: &Node) -> Value {
    node.as_text().map_or_else(|| node.value(), |text| Value::String(text.to_owned()))
}

/// A value read by its schema: where text is wanted, a plain scalar is the text that was written.
fn value_by(node: &Node, schema: Option<&Value>) -> Value {
    let keyword = |name: &str| schema.and_then(|schema| schema.get(name));
    match &node.kind {
        Kind::Plain(..) if keyword("type").is_some_and(|kind| kind == "string") => text(node),
        Kind::List(items) => {
            Value::Array(items.iter().map(|item| value_by(item, keyword("items"))).collect())
        }
        Kind::Map(entries) => {
            let property = |name: &str| keyword("properties").and_then(|properties| properties.get(name));
            let entries =
                entries.iter().map(|(key, node)| (key.name.clone(), value_by(node, property(&key.name))));
            Value::Object(entries.collect())
        }
        _ => node.value(),
    }
}

/// The named values in a field, read by a schema; empty where there are none.
pub(crate) fn values<'a>(
    fields: &mut Fields<'a>,
    names: &[&'static str],
    schema: &Schema,
) -> (Option<&'a Node>, Map<String, Value>) {
    let Some((node, plain)) = fields.map(names) else { return (None, Map::new()) };
    match value_by(node, Some(schema.document())) {
        Value::Object(values) => (Some(node), values),
        _ => (Some(node), plain),
    }
}

/// Tells errors about the values of the field `name` at the values' places.
pub(crate) fn tell(fields: &mut Fields<'_>, name: &str, node: Option<&Node>, errors: Vec<Invalid>) {
    for error in errors {
        match node {
            Some(node) => fields.report.error(node.place_of(&error.field), error.to_string()),
            None => fields.report.error(fields.place(), error.under(name).to_string()),
        }
    }
}
