//! What is taken from the library: its filters and tests, and the fuel that pays for them.

use super::parse::shortened;
use super::values::{Budget, plain, text};
use super::words::{Kind, Place, Word, Wrong};
use minijinja::value::Value as Jinja;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior};
use model::limits;
use serde_json::Value;
use std::sync::LazyLock;

/// What may stand after `|`.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// Filters of the library that `map('…')` could reach, and that nobody needs here.
const UNWANTED: &[&str] = &["attr", "batch", "e", "escape", "format", "indent", "pprint", "safe", "slice"];

/// What may stand after `is`, and whether it takes something to compare with.
pub(crate) const TESTS: &[(&str, bool)] = &[
    ("boolean", false),
    ("defined", false),
    ("divisibleby", true),
    ("endingwith", true),
    ("eq", true),
    ("equalto", true),
    ("even", false),
    ("false", false),
    ("float", false),
    ("ge", true),
    ("greaterthan", true),
    ("gt", true),
    ("in", true),
    ("int", false),
    ("integer", false),
    ("iterable", false),
    ("le", true),
    ("lessthan", true),
    ("lower", false),
    ("lt", true),
    ("mapping", false),
    ("ne", true),
    ("none", false),
    ("number", false),
    ("odd", false),
    ("sequence", false),
    ("startingwith", true),
    ("string", false),
    ("true", false),
    ("undefined", false),
    ("upper", false),
];

pub(super) static LIBRARY: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut library = Environment::new();
    library.set_undefined_behavior(UndefinedBehavior::Strict);
    library.set_fuel(Some(limits::EXPRESSION_FUEL));
    library.set_recursion_limit(limits::NESTING);
    for name in UNWANTED {
        library.remove_filter(name);
    }
    // The library's own text of a list is Python's, and costs no fuel.
    library.add_filter("string", |value: Jinja| as_text(&value));
    library.add_filter("join", join);
    // The library's own escapes for HTML and indents without bound.
    library.add_filter("tojson", |value: Jinja| as_json(&value).map(|value| value.to_string()));
    library
});

fn as_json(value: &Jinja) -> Result<Value, Error> {
    plain(value, &mut Budget::default(), Place::START)
        .map_err(|failure| Error::new(ErrorKind::InvalidOperation, failure.message().to_owned()))
}

fn as_text(value: &Jinja) -> Result<String, Error> {
    value
        .as_str()
        .map_or_else(|| as_json(value).map(|value| text(&value).into_owned()), |text| Ok(text.to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "a filter takes what it works on")]
fn join(state: &State<'_, '_>, values: Jinja, joiner: Option<String>) -> Result<String, Error> {
    let joiner = joiner.unwrap_or_default();
    let mut joined = String::new();
    for (index, value) in values.try_iter()?.enumerate() {
        state.consume_fuel(1)?;
        if index > 0 {
            joined.push_str(&joiner);
        }
        joined.push_str(&as_text(&value)?);
        if joined.len() > limits::RENDERED_BYTES {
            let message = format!("the joined text is larger than {} bytes", limits::RENDERED_BYTES);
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(joined)
}

/// Steps that are left. The library keeps its own count from its first filter on.
pub(crate) struct Fuel {
    left: u64,
    state: Option<State<'static, 'static>>,
}

/// There is no fuel left.
pub(crate) struct Exhausted;

impl Default for Fuel {
    fn default() -> Self {
        Self { left: limits::EXPRESSION_FUEL, state: None }
    }
}

impl Fuel {
    /// # Errors
    /// Where there is less left.
    pub(crate) fn take(&mut self, steps: usize) -> Result<(), Exhausted> {
        let steps = steps as u64;
        match &self.state {
            Some(state) => state.consume_fuel(steps).map_err(|_| Exhausted),
            None => {
                self.left = self.left.checked_sub(steps).ok_or(Exhausted)?;
                Ok(())
            }
        }
    }

    fn state(&mut self) -> Result<&mut State<'static, 'static>, Error> {
        if self.state.is_none() {
            let state = LIBRARY.empty_state();
            state.consume_fuel(limits::EXPRESSION_FUEL.saturating_sub(self.left))?;
            self.state = Some(state);
        }
        self.state.as_mut().ok_or_else(|| Error::from(ErrorKind::InvalidOperation))
    }

    /// A filter of the library: paid for by what it reads and what it makes.
    pub(super) fn filter(&mut self, name: &str, args: &[Jinja]) -> Result<Jinja, Error> {
        let state = self.state()?;
        let read: usize = args.iter().filter_map(Jinja::as_str).map(str::len).sum();
        state.consume_fuel(1 + read as u64 / 64)?;
        let made = state.apply_filter(name, args)?;
        let size = made.as_str().map_or_else(|| made.len().unwrap_or(0) / 2, |text| text.len() / 64);
        state.consume_fuel(size as u64)?;
        Ok(made)
    }

    /// A test of the library.
    pub(super) fn test(&mut self, name: &str, args: &[Jinja]) -> Result<bool, Error> {
        let state = self.state()?;
        state.consume_fuel(1)?;
        let holds = state.perform_test(name, args)?;
        state.consume_fuel(0)?;
        Ok(holds)
    }
}

/// Numbers and texts mean what they mean in the library.
pub(super) fn literal(word: Word<'_>) -> Result<Value, Wrong> {
    if let Ok(number) = word.text.parse::<i64>() {
        return Ok(number.into());
    }
    let wrong = || {
        let what = if word.kind == Kind::Text {
            "text: an escape in it is wrong"
        } else {
            "number that can be kept"
        };
        Wrong::new(word.place, format!("`{}` is no {what}", shortened(word.text)))
    };
    let read = LIBRARY.compile_expression_owned(word.text.to_owned()).and_then(|text| text.eval(()));
    plain(&read.map_err(|_| wrong())?, &mut Budget::default(), word.place).map_err(|_| wrong())
}
