//! One expression: compiled once, evaluated in bounded time and memory, its result plain JSON.

use crate::scope::Scope;
use crate::syntax::{self, Mention, Wrong};
use minijinja::value::{Value as Jinja, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use model::{limits, nearest};
use serde_json::{Map, Number, Value};
use std::sync::LazyLock;

static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_fuel(Some(limits::EXPRESSION_FUEL));
    language.set_recursion_limit(limits::NESTING);
    language.add_filter("tojson", |value: Jinja| to_json(&value));
    language
});

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    compiled: minijinja::Expression<'static, 'static>,
    mentions: Vec<Mention>,
}

/// Why an expression has no value.
#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    /// A name in it does not exist.
    Undefined(String),
    /// Anything else.
    Broken(String),
}

impl Failure {
    pub(crate) fn message(self) -> String {
        match self {
            Self::Undefined(message) | Self::Broken(message) => message,
        }
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
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Failure> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Failure::Broken(format!("the value is larger than {} bytes", limits::RENDERED_BYTES))
        })?;
        Ok(())
    }
}

impl Expression {
    pub(crate) fn compile(source: &str) -> Result<Self, Wrong> {
        if source.trim().is_empty() {
            return Err(Wrong::new(0, "the expression is empty"));
        }
        let mentions = syntax::check(source)?;
        let compiled = LANGUAGE.compile_expression_owned(source.to_owned()).map_err(|error| {
            let at = error.range().map_or(0, |range| range.start);
            Wrong::new(at, error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
        })?;
        Ok(Self { compiled, mentions })
    }

    /// The value, as plain JSON.
    pub(crate) fn value(&self, scope: &Scope<'_>, budget: &mut Budget) -> Result<Value, Failure> {
        let root = scope.root();
        for factor in self.mentions.iter().filter(|mention| mention.factor) {
            self.check_factor(&root, factor)?;
        }
        let value = self.compiled.eval(root.clone()).map_err(|error| match error.kind() {
            ErrorKind::UndefinedError => Failure::Undefined(self.what_is_missing(&root)),
            ErrorKind::OutOfFuel => {
                Failure::Broken(format!("the expression takes more than {} steps", limits::EXPRESSION_FUEL))
            }
            kind => Failure::Broken(error.detail().map_or_else(|| kind.to_string(), str::to_owned)),
        })?;
        plain(&value, budget, 0).map_err(|failure| match failure {
            Failure::Undefined(_) => Failure::Undefined(self.what_is_missing(&root)),
            broken => broken,
        })
    }

    /// Whether the value counts as true.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        Ok(match self.value(scope, &mut Budget::default())? {
            Value::Null => false,
            Value::Bool(value) => value,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
        })
    }

    fn check_factor(&self, root: &Jinja, factor: &Mention) -> Result<(), Failure> {
        match walk(root, factor) {
            Ok(value) if value.kind() != ValueKind::Number => {
                let name = factor.parts.join(".");
                Err(Failure::Broken(format!("`*` multiplies numbers only, and `{name}` is not one")))
            }
            _ => Ok(()),
        }
    }

    /// The first name that leads nowhere, with the nearest that leads somewhere.
    fn what_is_missing(&self, root: &Jinja) -> String {
        let missing = self.mentions.iter().find_map(|mention| walk(root, mention).err());
        let missing = missing.unwrap_or_else(|| "a value in the expression does not exist".to_owned());
        format!("{missing}; `| default(…)` gives a value in its place")
    }
}

/// The value as JSON. What it holds is read item by item against the budget, however large it claims to be.
fn plain(value: &Jinja, budget: &mut Budget, depth: usize) -> Result<Value, Failure> {
    if depth > limits::NESTING {
        return Err(Failure::Broken(format!("the value lies deeper than {} levels", limits::NESTING)));
    }
    budget.take(1)?;
    let broken = |message: &str| Err(Failure::Broken(message.to_owned()));
    match value.kind() {
        ValueKind::Undefined => Err(Failure::Undefined("a value does not exist".to_owned())),
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => number(value).map_or_else(|| broken("the number is too large"), Ok),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            budget.take(text.len())?;
            Ok(Value::String(text.to_owned()))
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(unreadable)? {
                let item = value.get_item(&key).map_err(unreadable)?;
                let name = key.as_str().map(str::to_owned);
                let Some(name) = name.or_else(|| number(&key).map(|key| key.to_string())) else {
                    return broken("a key of a map is not a text");
                };
                budget.take(name.len())?;
                map.insert(name, plain(&item, budget, depth + 1)?);
            }
            Ok(Value::Object(map))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(unreadable)?;
            items.map(|item| plain(&item, budget, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        _ => broken("the value is neither text, number, true or false, list nor map"),
    }
}

/// The library's own escapes for HTML and indents without bound.
fn to_json(value: &Jinja) -> Result<String, minijinja::Error> {
    let value = plain(value, &mut Budget::default(), 0);
    let failed = |failure: Failure| minijinja::Error::new(ErrorKind::InvalidOperation, failure.message());
    value.map(|value| value.to_string()).map_err(failed)
}

/// The value that a mention leads to, or which part of it does not exist.
fn walk(root: &Jinja, mention: &Mention) -> Result<Jinja, String> {
    let mut here = root.clone();
    let mut walked = String::new();
    for part in &mention.parts {
        let mut next = here.get_attr(part).unwrap_or_default();
        if next.is_undefined()
            && let Ok(index) = part.parse::<i64>()
        {
            next = here.get_item_by_index(usize::try_from(index).unwrap_or(usize::MAX)).unwrap_or_default();
        }
        let name = if walked.is_empty() { part.clone() } else { format!("{walked}.{part}") };
        if next.is_undefined() {
            let names: Vec<String> = if here.kind() == ValueKind::Map {
                here.try_iter().into_iter().flatten().take(1_000).map(|key| key.to_string()).collect()
            } else {
                Vec::new()
            };
            let near = nearest(part, names.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{walked}.{near}`?"));
            return Err(format!("`{name}` does not exist{hint}"));
        }
        (here, walked) = (next, name);
    }
    Ok(here)
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

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn unreadable(error: minijinja::Error) -> Failure {
    Failure::Broken(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{FILTERS, TESTS};

    #[test]
    fn every_filter_and_test_that_is_allowed_exists() {
        let mut state = LANGUAGE.empty_state();
        for name in TESTS {
            let source = format!("1 is {name}");
            let known = LANGUAGE.compile_expression(&source).unwrap().eval(()).err();
            let unknown = known.is_some_and(|error| error.kind() == ErrorKind::UnknownTest);
            assert!(!unknown, "{name}");
        }
        for name in FILTERS {
            let error = state.apply_filter(name, &[Jinja::from("x")]).err();
            assert!(error.is_none_or(|error| error.kind() != ErrorKind::UnknownFilter), "{name}");
        }
    }
}
