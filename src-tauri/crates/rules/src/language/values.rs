//! Values on their way through an expression, and their plain form.

use super::evaluate::Failure;
use super::tree::Access;
use super::words::Place;
use minijinja::value::{Serde, Value as Jinja, ValueKind};
use model::limits;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// A value, or what stands in its place.
pub(super) enum Val<'a> {
    /// Plain, and borrowed from the event where it can be.
    Plain(Cow<'a, Value>),
    /// What a filter of the library has made.
    Library(Jinja, Place),
    /// There is none.
    Gone(Gone<'a>),
}

/// What does not exist.
pub(super) enum Gone<'a> {
    Name(&'a Access),
    Other(Place, Cow<'static, str>),
}

impl From<Value> for Val<'_> {
    fn from(value: Value) -> Self {
        Self::Plain(Cow::Owned(value))
    }
}

/// What is left of the size that one value may have.
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(limits::RENDERED_BYTES)
    }
}

impl Budget {
    /// What has been taken.
    pub(crate) fn used(&self) -> usize {
        limits::RENDERED_BYTES - self.0
    }

    pub(crate) fn take(&mut self, bytes: usize, place: Place) -> Result<(), Failure> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| too_large(place))?;
        Ok(())
    }

    /// Pays for a plain value whole.
    pub(crate) fn pay(&mut self, value: &Value, depth: usize, place: Place) -> Result<(), Failure> {
        check_depth(depth, place)?;
        self.take(1, place)?;
        match value {
            Value::String(text) => self.take(text.len(), place),
            Value::Array(items) => items.iter().try_for_each(|item| self.pay(item, depth + 1, place)),
            Value::Object(map) => map.iter().try_for_each(|(name, item)| {
                self.take(name.len(), place)?;
                self.pay(item, depth + 1, place)
            }),
            _ => Ok(()),
        }
    }
}

pub(super) fn too_large(place: Place) -> Failure {
    Failure::broken(place, format!("the value is larger than {} bytes", limits::RENDERED_BYTES))
}

fn check_depth(depth: usize, place: Place) -> Result<(), Failure> {
    if depth <= limits::NESTING {
        return Ok(());
    }
    Err(Failure::broken(place, format!("the value lies deeper than {} levels", limits::NESTING)))
}

/// How much a value is: every value in it counts one, and so do 64 bytes of text.
pub(crate) fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len() / 64,
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(name, item)| name.len() / 64 + weight(item)).sum(),
        _ => 0,
    }
}

/// A value among text: text as it is, nothing for null, everything else as JSON, which other programs can read.
pub(crate) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// A plain value as the library takes it.
pub(super) fn library(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::from(()),
        Value::Bool(value) => Jinja::from(*value),
        Value::String(text) => Jinja::from(text.as_str()),
        other => Jinja::from(Serde(other)),
    }
}

/// A value of the library as plain JSON. It is read item by item against the budget, however large it claims
/// to be.
pub(super) fn plain(value: &Jinja, budget: &mut Budget, place: Place) -> Result<Value, Failure> {
    plain_at(value, budget, place, 0)
}

fn plain_at(value: &Jinja, budget: &mut Budget, place: Place, depth: usize) -> Result<Value, Failure> {
    check_depth(depth, place)?;
    budget.take(1, place)?;
    let broken = |message: &str| Err(Failure::broken(place, message));
    match value.kind() {
        ValueKind::Undefined => {
            Err(Failure::missing(place, "a value in the list or map does not exist".to_owned()))
        }
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => number(value).map_or_else(|| broken("the number is too large"), Ok),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            budget.take(text.len(), place)?;
            Ok(Value::String(text.to_owned()))
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(|error| unreadable(&error, place))? {
                let item = value.get_item(&key).map_err(|error| unreadable(&error, place))?;
                let name = key.as_str().map(str::to_owned);
                let Some(name) = name.or_else(|| number(&key).map(|key| key.to_string())) else {
                    return broken("a key of a map is neither text nor number");
                };
                budget.take(name.len(), place)?;
                map.insert(name, plain_at(&item, budget, place, depth + 1)?);
            }
            Ok(Value::Object(map))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| unreadable(&error, place))?;
            let items = items.map(|item| plain_at(&item, budget, place, depth + 1));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        _ => broken("the value is neither text, number, true or false, list nor map"),
    }
}

fn number(value: &Jinja) -> Option<Value> {
    if value.kind() != ValueKind::Number {
        return None;
    }
    if value.is_integer() {
        let whole = i64::try_from(value.clone()).ok().map(Number::from);
        return whole.or_else(|| u64::try_from(value.clone()).ok().map(Number::from)).map(Value::Number);
    }
    Number::from_f64(f64::try_from(value.clone()).ok()?).map(Value::Number)
}

fn unreadable(error: &minijinja::Error, place: Place) -> Failure {
    Failure::broken(place, said(error))
}

/// What the library says, without its own place.
pub(super) fn said(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
