//! One expression: read once, worked out in bounded time and memory, its value plain JSON.

use crate::fault::Fault;
use crate::language::{Budget, Dialect, Failure, Names, Parsed, Place, Run, Uses, Wrong, parse};
use crate::scope::Given;
use serde_json::{Map, Value};

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    parsed: Parsed,
    place: Place,
}

impl Expression {
    /// Reads the expression that begins at `start`.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub(crate) fn compile(source: &str, start: Place, dialect: Dialect) -> Result<Self, Wrong> {
        Ok(Self { parsed: parse(source, start, dialect)?, place: start })
    }

    /// Where it begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// What it uses that is not for everybody to see.
    pub(crate) fn uses(&self) -> &Uses {
        &self.parsed.uses
    }

    /// Its value, paid for by a run that may have others to pay for.
    pub(crate) fn value<'a>(&'a self, run: &mut Run<'a>, budget: &mut Budget) -> Result<Value, Failure> {
        run.value(&self.parsed.expr, budget)
    }

    /// Whether its value counts as true.
    pub(crate) fn holds(&self, names: &dyn Names) -> Result<bool, Failure> {
        Run::new(names).holds(&self.parsed.expr)
    }
}

/// The value of an expression, given the names that it may use.
///
/// # Errors
/// The first place that cannot be read or worked out, and what is wrong there.
pub fn evaluate(source: &str, context: &Map<String, Value>) -> Result<Value, Fault> {
    let expression =
        Expression::compile(source, Place::START, Dialect::Open).map_err(|wrong| Fault::wrong("", wrong))?;
    let names = Given(context);
    let value = expression.value(&mut Run::new(&names), &mut Budget::default());
    value.map_err(|failure| Fault::failed("", &failure))
}
