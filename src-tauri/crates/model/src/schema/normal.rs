//! From what people write to one JSON Schema document, and the refusal of what must not be in one.

use super::SchemaError;
use crate::{limits, nearest};
use serde_json::{Map, Value, json};

/// What the description of one value may say in the flat form.
const FLAT: &[&str] = &[
    "type",
    "description",
    "required",
    "secret",
    "default",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "additionalProperties",
    "const",
    "position",
    "examples",
    "title",
    "label",
];

/// What else JSON Schema knows.
const WHOLE: &[&str] = &[
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "$comment",
    "definitions",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "readOnly",
    "writeOnly",
    "deprecated",
    "contentEncoding",
    "contentMediaType",
];

const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array", "object", "null"];

/// Words that other formats have for ours.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("int", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("bool", "boolean"),
    ("str", "string"),
    ("text", "string"),
    ("list", "array"),
    ("dict", "object"),
    ("map", "object"),
];

/// Keywords whose value is data, not a schema.
const DATA: &[&str] = &["const", "enum", "default", "examples"];

/// Nodes of a document with its references followed; a few lines of references can mean millions.
const EXPANDED_NODES: usize = 10_000;

/// One JSON Schema document, or the first place that is wrong.
pub(super) fn normalise(document: &Value) -> Result<Value, SchemaError> {
    let Some(map) = document.as_object() else {
        return Err(SchemaError::new("", "a schema is a map of names to descriptions"));
    };
    check_nesting(document, limits::NESTING)?;
    let mut whole = if is_whole(map) {
        if map.get("type").is_some_and(|kind| kind != "object") {
            return Err(SchemaError::new(
                "type",
                "the values have names, so the type of the whole is `object`",
            ));
        }
        normalise_nested(map, "")?
    } else {
        normalise_nested(&Map::from_iter([("properties".to_owned(), document.clone())]), "")?
    };
    whole.remove("$schema");
    whole.remove("$id");
    let mut ordered = Map::from_iter([("type".to_owned(), json!("object"))]);
    ordered.extend(whole);
    let ordered = Value::Object(ordered);
    let mut budget = EXPANDED_NODES;
    check_references(&ordered, &ordered, &mut Vec::new(), &mut budget)?;
    Ok(ordered)
}

/// A flat form whose one parameter is called `type` or `properties` is told apart by what stands behind the
/// name: descriptions are maps, and a description of one value has a `type` that is a word.
fn is_whole(map: &Map<String, Value>) -> bool {
    let properties = map.get("properties").and_then(Value::as_object);
    map.get("type").is_some_and(Value::is_string)
        || map.get("$schema").is_some_and(Value::is_string)
        || map.get("$ref").is_some_and(Value::is_string)
        || properties.is_some_and(|inner| !inner.is_empty() && inner.values().all(Value::is_object))
            && properties.is_some_and(|inner| !inner.contains_key("type"))
}

fn check_nesting(value: &Value, left: usize) -> Result<(), SchemaError> {
    let Some(left) = left.checked_sub(1) else {
        return Err(SchemaError::new("", format!("a schema is at most {} levels deep", limits::NESTING)));
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_nesting(item, left)),
        Value::Object(map) => map.values().try_for_each(|item| check_nesting(item, left)),
        _ => Ok(()),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A schema with the flat form's `required: true` gathered into the list that JSON Schema wants, at every
/// level of `properties` and `items`.
fn normalise_nested(map: &Map<String, Value>, path: &str) -> Result<Map<String, Value>, SchemaError> {
    let mut out = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (keyword, value) in map {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                out.insert(keyword.clone(), normalise_properties(properties, path, &mut required)?);
            }
            ("properties", _) => {
                return Err(SchemaError::new(join(path, keyword), "expected a map of names to descriptions"));
            }
            ("items", Value::Object(items)) => {
                let items = normalise_nested(items, &join(path, keyword))?;
                out.insert(keyword.clone(), Value::Object(items));
            }
            ("required", Value::Array(names)) => required.extend(names.iter().cloned()),
            ("required", Value::Bool(_)) => {}
            ("required", _) => {
                return Err(SchemaError::new(join(path, keyword), "expected true or false"));
            }
            ("secret", value) if !value.is_boolean() => {
                return Err(SchemaError::new(join(path, keyword), "expected true or false"));
            }
            ("type", value) => {
                check_type(value).map_err(|message| SchemaError::new(join(path, keyword), message))?;
                out.insert(keyword.clone(), value.clone());
            }
            _ => {
                out.insert(keyword.clone(), value.clone());
            }
        }
    }
    if !required.is_empty() {
        let mut unique: Vec<Value> = Vec::new();
        required.into_iter().for_each(|name| {
            if !unique.contains(&name) {
                unique.push(name);
            }
        });
        out.insert("required".to_owned(), Value::Array(unique));
    }
    Ok(out)
}

fn normalise_properties(
    properties: &Map<String, Value>,
    path: &str,
    required: &mut Vec<Value>,
) -> Result<Value, SchemaError> {
    let mut list: Vec<(&String, Map<String, Value>)> = Vec::new();
    for (name, property) in properties {
        let here = join(path, name);
        let Some(property) = property.as_object() else {
            let message = "expected a description such as {type: string, description: …}";
            return Err(SchemaError::new(here, message));
        };
        if property.get("required") == Some(&Value::Bool(true)) {
            required.push(json!(name));
        }
        list.push((name, normalise_nested(property, &here)?));
    }
    let position = |property: &Map<String, Value>| property.get("position").and_then(Value::as_i64);
    list.sort_by_key(|(_, property)| position(property).unwrap_or(i64::MAX));
    Ok(Value::Object(
        list.into_iter().map(|(name, property)| (name.clone(), Value::Object(property))).collect(),
    ))
}

fn check_type(value: &Value) -> Result<(), String> {
    let check = |word: &str| {
        if TYPES.contains(&word) {
            return Ok(());
        }
        let other = OTHER_TYPES.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
        let hint = other.or_else(|| nearest(word, TYPES.iter().copied()));
        let hint = hint.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        Err(format!(
            "`{word}` is not a type: expected string, number, integer, boolean, array or object{hint}"
        ))
    };
    match value {
        Value::String(word) => check(word),
        Value::Array(words) if !words.is_empty() => words.iter().try_for_each(|word| {
            word.as_str().map_or_else(|| Err("expected names of types".to_owned()), check)
        }),
        _ => Err("expected a type such as string".to_owned()),
    }
}

/// Every `$ref` leads to a place in the same document, never back to where it came from, and all of them
/// together not to a document of unbounded size.
fn check_references<'a>(
    root: &'a Value,
    value: &'a Value,
    followed: &mut Vec<&'a str>,
    budget: &mut usize,
) -> Result<(), SchemaError> {
    *budget = budget.checked_sub(1).ok_or_else(|| {
        SchemaError::new("", format!("with its references followed it has more than {EXPANDED_NODES} parts"))
    })?;
    match value {
        Value::Array(items) => {
            items.iter().try_for_each(|item| check_references(root, item, followed, budget))
        }
        Value::Object(map) => {
            for (keyword, item) in map {
                match (keyword.as_str(), item) {
                    ("$ref", Value::String(target)) => {
                        let found = resolve(root, target)?;
                        if followed.contains(&target.as_str()) {
                            let message =
                                format!("`{target}` leads back to itself; a schema may not go in circles");
                            return Err(SchemaError::new("$ref", message));
                        }
                        followed.push(target);
                        check_references(root, found, followed, budget)?;
                        followed.pop();
                    }
                    (
                        "$dynamicRef" | "$recursiveRef" | "$id" | "$anchor" | "$dynamicAnchor",
                        Value::String(_),
                    ) => {
                        let message = format!(
                            "`{keyword}` is not supported; use `$ref` with a place such as #/$defs/name"
                        );
                        return Err(SchemaError::new(keyword.clone(), message));
                    }
                    (keyword, _) if DATA.contains(&keyword) => {}
                    (_, item) => check_references(root, item, followed, budget)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn resolve<'a>(root: &'a Value, target: &str) -> Result<&'a Value, SchemaError> {
    let Some(pointer) = target.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'))
    else {
        let shown: String = target.chars().take(80).collect();
        let message =
            format!("`{shown}` lies outside of this schema; only places such as #/$defs/name are read");
        return Err(SchemaError::new("$ref", message));
    };
    let found = root.pointer(pointer);
    found.ok_or_else(|| SchemaError::new("$ref", format!("there is no `{target}` in this schema")))
}

/// Every keyword that nobody knows, with the nearest one that somebody does.
pub(super) fn unknown_keywords(document: &Value) -> Vec<SchemaError> {
    let mut found = Vec::new();
    let Some(map) = document.as_object() else { return found };
    if is_whole(map) {
        unknown_in(map, "", &mut found);
    } else {
        for (name, property) in map {
            if let Some(property) = property.as_object() {
                unknown_in(property, name, &mut found);
            }
        }
    }
    found
}

fn unknown_in(map: &Map<String, Value>, path: &str, found: &mut Vec<SchemaError>) {
    for (keyword, value) in map {
        let here = join(path, keyword);
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    if let Some(property) = property.as_object() {
                        unknown_in(property, &join(path, name), found);
                    }
                }
            }
            ("items", Value::Object(items)) => unknown_in(items, &here, found),
            (known, _) if FLAT.contains(&known) || WHOLE.contains(&known) || known.starts_with("x-") => {}
            (unknown, _) => {
                let hint = nearest(unknown, FLAT.iter().chain(WHOLE).copied());
                let hint = hint.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                found.push(SchemaError::new(here, format!("`{unknown}` means nothing here{hint}")));
            }
        }
    }
}
