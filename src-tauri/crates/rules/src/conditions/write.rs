//! Conditions written out in their one full form: a tree whose fields begin with `event`.

use super::{Condition, Group, Leaf};
use crate::operator::Test;
use model::Invalid;
use serde_json::{Map, Value, json};

/// The full form of conditions: the flat list and the empty forms become trees, `event.payload.x[0]` is written
/// in one way. It means the same, and is its own full form.
///
/// # Errors
/// Every place that is wrong.
pub fn full_conditions(conditions: &Value) -> Result<Value, Vec<Invalid>> {
    Condition::compile(conditions).map(|condition| condition.written())
}

impl Condition {
    fn written(&self) -> Value {
        match self {
            Self::Always => json!({}),
            Self::Leaf(leaf) => leaf.written(),
            Self::Expression { source, .. } => json!({ "expression": source }),
            Self::Group { group, inner, .. } => {
                let name = match group {
                    Group::All => "all",
                    Group::Any => "any",
                    Group::None => "none",
                };
                let inner = inner.iter().map(Self::written).collect();
                Value::Object(Map::from_iter([(name.to_owned(), Value::Array(inner))]))
            }
        }
    }
}

impl Leaf {
    fn written(&self) -> Value {
        let mut leaf = json!({ "field": self.name, "operator": self.operator });
        if !matches!(self.test, Test::Exist { .. } | Test::Change) {
            leaf["value"] = self.value.clone();
        }
        if let Some(zone) = &self.zone {
            leaf["timezone"] = zone.name().into();
        }
        leaf
    }
}
