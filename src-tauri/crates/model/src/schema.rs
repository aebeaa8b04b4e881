//! Schemas of parameters and payloads: Attune's flat form or a whole JSON Schema, one type for both.
//!
//! The flat form is a map of names to descriptions of one value each; it is turned into a JSON Schema
//! once, when it is read, so that everything behind this door knows one form only. Deliberately absent:
//! references to anything outside the document, references in circles, and patterns that backtrack.

mod normal;
mod sentence;
#[cfg(test)]
mod tests;

use crate::{Invalid, limits};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

/// What a set of named values must look like. Cheap to clone; compiled once.
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    /// The JSON Schema of the whole object, with `properties`, `required` and Attune's own keywords
    /// (`secret`, `position`) kept beside each property.
    document: Value,
    /// None where every object is good.
    validator: Option<Validator>,
    /// Whether names that `properties` does not hold are refused by [`Schema::check`].
    closed: bool,
    /// The declared defaults, in the order of the properties.
    defaults: Map<String, Value>,
}

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct SchemaError {
    /// Path inside the schema, such as `interval.minimum`; empty for the whole.
    pub path: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl SchemaError {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

static ANY: LazyLock<Schema> = LazyLock::new(|| {
    let document = json!({"type": "object"});
    Schema(Arc::new(Inner { document, validator: None, closed: false, defaults: Map::new() }))
});

impl Schema {
    /// Accepts any object.
    #[must_use]
    pub fn any() -> Self {
        ANY.clone()
    }

    /// Reads the flat form (name to description of one value) or a whole JSON Schema
    /// (`type: object` with `properties`). The empty flat form takes no values at all.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub fn parse(document: &Value) -> Result<Self, SchemaError> {
        let document = normal::normalise(document)?;
        let patterns =
            PatternOptions::regex().size_limit(limits::REGEX_BYTES).dfa_size_limit(limits::REGEX_BYTES);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(patterns)
            .offline()
            .build(&document)
            .map_err(|error| sentence::about_schema(&error))?;
        let properties = document.get("properties").and_then(Value::as_object);
        let defaults: Map<String, Value> = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())))
            .collect();
        let closed = !["additionalProperties", "patternProperties", "unevaluatedProperties"]
            .into_iter()
            .any(|keyword| document.get(keyword).is_some());
        let schema = Self(Arc::new(Inner { document, validator: Some(validator), closed, defaults }));
        schema.check_defaults()?;
        Ok(schema)
    }

    /// What of a schema's text means nothing here: unknown keywords, each with the nearest known one. They
    /// do no harm; whoever wrote them wants to know.
    #[must_use]
    pub fn doubts(document: &Value) -> Vec<SchemaError> {
        normal::unknown_keywords(document)
    }

    /// The whole JSON Schema of the object.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.0.document
    }

    /// The named values and their schemas, by `position` where it is given, then as written.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.0.document.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, property)| (name.as_str(), property))
    }

    /// The schema of one named value.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.0.document.get("properties")?.get(name)
    }

    /// Whether the named value must be there.
    #[must_use]
    pub fn is_required(&self, name: &str) -> bool {
        let required = self.0.document.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == name))
    }

    /// Whether the named value is a secret.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.property(name).and_then(|property| property.get("secret")) == Some(&Value::Bool(true))
    }

    /// `values` with the declared default wherever one is missing.
    #[must_use]
    pub fn with_defaults(&self, mut values: Map<String, Value>) -> Map<String, Value> {
        for (name, default) in &self.0.defaults {
            if !values.contains_key(name) {
                values.insert(name.clone(), default.clone());
            }
        }
        values
    }

    /// Checks values that a person or a rule supplies: names that the schema does not hold are errors, unless
    /// it says otherwise (`additionalProperties`).
    ///
    /// # Errors
    /// Every place that is wrong, in the order of the schema.
    pub fn check(&self, values: &Value) -> Result<(), Vec<Invalid>> {
        let unknown = self.unknown_names(values);
        let mut errors = self.check_open(values).err().unwrap_or_default();
        errors.extend(unknown);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Checks values that may say more than the schema knows, such as the payload of an event.
    ///
    /// # Errors
    /// Every place that is wrong, in the order of the schema.
    pub fn check_open(&self, values: &Value) -> Result<(), Vec<Invalid>> {
        self.check_known(values, &|_| false)
    }

    /// Checks values of which some are not known yet, such as the parameters of a rule with their templates:
    /// what `later` says of a value (itself or anywhere inside) excuses it from everything but its place.
    /// Otherwise like [`Schema::check`].
    ///
    /// # Errors
    /// Every place that is wrong, in the order of the schema.
    pub fn check_except(&self, values: &Value, later: &dyn Fn(&Value) -> bool) -> Result<(), Vec<Invalid>> {
        let unknown = self.unknown_names(values);
        let mut errors = self.check_known(values, later).err().unwrap_or_default();
        errors.extend(unknown);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_known(&self, values: &Value, later: &dyn Fn(&Value) -> bool) -> Result<(), Vec<Invalid>> {
        let valid = match &self.0.validator {
            None => values.is_object(),
            Some(validator) => validator.is_valid(values),
        };
        if valid {
            return Ok(());
        }
        let errors = sentence::about_values(self, self.0.validator.as_ref(), values, later);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn unknown_names(&self, values: &Value) -> Vec<Invalid> {
        let Some(values) = values.as_object().filter(|_| self.0.closed) else { return Vec::new() };
        values
            .keys()
            .filter(|name| self.property(name).is_none())
            .map(|name| sentence::unknown_name(self, name))
            .collect()
    }

    /// A default that its own schema refuses would fail every use; it fails the schema instead.
    fn check_defaults(&self) -> Result<(), SchemaError> {
        for (name, default) in &self.0.defaults {
            let alone = Value::Object(Map::from_iter([(name.clone(), default.clone())]));
            let errors = self.check_open(&alone).err().unwrap_or_default();
            let own = |error: &&Invalid| {
                error.field == *name
                    || error.field.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
            };
            if let Some(error) = errors.iter().find(own) {
                return Err(SchemaError::new(format!("{name}.default"), error.message.clone()));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.document.fmt(f)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.0.closed == other.0.closed && self.0.document == other.0.document
    }
}
