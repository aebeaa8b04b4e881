//! An expression worked out: every step is paid for, every name that does not exist is told.

use super::library::{Exhausted, Fuel};
use super::names::Names;
use super::operators::{arithmetic, compare, looked_at, paid, slice};
use super::tree::{Argument, Comparison, Expr, Step};
use super::values::{Budget, Gone, Val, library, plain, said, weight};
use super::words::Place;
use crate::compare::kind;
use crate::path::{Part, step};
use minijinja::ErrorKind;
use minijinja::value::{Kwargs, Value as Jinja};
use model::limits;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: Why,
    pub(crate) place: Place,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// A name in it does not exist.
    Missing,
    /// A value is of a kind that this cannot be done with.
    Mismatch,
    /// Anything else.
    Broken,
}

impl Failure {
    pub(crate) fn missing(place: Place, message: String) -> Self {
        Self { kind: Why::Missing, place, message }
    }

    pub(crate) fn mismatch(place: Place, message: String) -> Self {
        Self { kind: Why::Mismatch, place, message }
    }

    pub(crate) fn broken(place: Place, message: impl Into<String>) -> Self {
        Self { kind: Why::Broken, place, message: message.into() }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the event is merely not what the expression is about: no mistake of the rule.
    pub(crate) fn is_unmatched(&self) -> bool {
        self.kind != Why::Broken
    }
}

/// One evaluation.
pub(crate) struct Run<'a> {
    names: &'a dyn Names,
    fuel: Fuel,
}

impl<'a> Run<'a> {
    pub(crate) fn new(names: &'a dyn Names) -> Self {
        Self { names, fuel: Fuel::default() }
    }

    /// The value of an expression, plain, within the budget.
    pub(crate) fn value(&mut self, expr: &'a Expr, budget: &mut Budget) -> Result<Value, Failure> {
        match self.eval(expr)? {
            Val::Plain(value) => {
                budget.pay(&value, 0, Place::START)?;
                Ok(value.into_owned())
            }
            Val::Library(value, place) => plain(&value, budget, place),
            Val::Gone(gone) => Err(self.tell(&gone)),
        }
    }

    /// Whether an expression counts as true.
    pub(crate) fn holds(&mut self, expr: &'a Expr) -> Result<bool, Failure> {
        let value = self.eval(expr)?;
        self.truth(&value)
    }

    fn pay(&mut self, steps: usize, place: Place) -> Result<(), Failure> {
        self.fuel.take(steps).map_err(|Exhausted| exhausted(place))
    }

    fn tell(&self, gone: &Gone<'_>) -> Failure {
        let (place, message) = match gone {
            Gone::Name(access) => (access.place, self.names.why_missing(&access.path)),
            Gone::Other(place, message) => (*place, message.clone().into_owned()),
        };
        Failure::missing(place, format!("{message}; `| default(…)` gives a value in its place"))
    }

    fn truth(&self, value: &Val<'_>) -> Result<bool, Failure> {
        match value {
            Val::Gone(gone) => Err(self.tell(gone)),
            Val::Library(value, _) => Ok(value.is_true()),
            Val::Plain(value) => Ok(match value.as_ref() {
                Value::Null => false,
                Value::Bool(value) => *value,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(map) => !map.is_empty(),
            }),
        }
    }

    fn plain(&mut self, expr: &'a Expr) -> Result<Cow<'a, Value>, Failure> {
        let value = self.eval(expr)?;
        self.made_plain(value)
    }

    /// A value as a part of a new one.
    fn owned(&mut self, expr: &'a Expr) -> Result<Value, Failure> {
        let value = self.plain(expr)?;
        self.pay(1 + paid(&value), Place::START)?;
        Ok(value.into_owned())
    }

    fn made_plain(&mut self, value: Val<'a>) -> Result<Cow<'a, Value>, Failure> {
        match value {
            Val::Plain(value) => Ok(value),
            Val::Library(value, place) => {
                let value = plain(&value, &mut Budget::default(), place)?;
                self.pay(weight(&value) / 8, place)?;
                Ok(Cow::Owned(value))
            }
            Val::Gone(gone) => Err(self.tell(&gone)),
        }
    }

    fn for_library(&mut self, value: Val<'a>, place: Place) -> Result<Jinja, Failure> {
        match value {
            Val::Library(value, _) => Ok(value),
            Val::Plain(value) => {
                if value.is_array() || value.is_object() {
                    self.pay(weight(&value) / 8, place)?;
                }
                Ok(library(&value))
            }
            Val::Gone(gone) => Err(self.tell(&gone)),
        }
    }

    fn eval(&mut self, expr: &'a Expr) -> Result<Val<'a>, Failure> {
        let names = self.names;
        match expr {
            Expr::Constant(value) => Ok(Val::Plain(Cow::Borrowed(value))),
            Expr::Name(access) => {
                let found = names.find(&access.path);
                // What is put together for this alone costs what it is.
                let made = if let Some(Cow::Owned(made)) = &found { paid(made) } else { 0 };
                self.pay(1 + made, access.place)?;
                let found = found.map(Val::Plain).or_else(|| of_text(names, &access.path).map(Val::from));
                Ok(found.unwrap_or(Val::Gone(Gone::Name(access))))
            }
            Expr::Key { name, place } => {
                names.key(name).map(Val::from).map_err(|message| Failure::broken(*place, message))
            }
            Expr::List(items) => {
                let items = items.iter().map(|item| self.owned(item));
                items.collect::<Result<_, _>>().map(|items| Value::Array(items).into())
            }
            Expr::Map(entries, place) => self.map(entries, *place),
            Expr::Steps { of, steps } => self.steps(of, steps),
            Expr::Negative { of, odd, place } => self.negative(of, *odd, *place),
            Expr::Not { of, odd, place } => {
                self.pay(1, *place)?;
                Ok(Value::Bool(self.holds(of)? != *odd).into())
            }
            Expr::Arithmetic { first, rest } => {
                let mut left = self.plain(first)?;
                for (operator, place, right) in rest {
                    let right = self.plain(right)?;
                    let value = arithmetic(*operator, &left, &right, *place)?;
                    self.pay(1 + paid(&value), *place)?;
                    left = Cow::Owned(value);
                }
                Ok(Val::Plain(left))
            }
            Expr::Compare { first, rest } => self.compare(first, rest),
            Expr::All(parts) => self.chain(parts, false),
            Expr::Any(parts) => self.chain(parts, true),
            Expr::Choice { branches, otherwise } => self.choice(branches, otherwise.as_deref()),
        }
    }

    fn map(&mut self, entries: &'a [(Expr, Expr)], place: Place) -> Result<Val<'a>, Failure> {
        let mut map = Map::new();
        for (key, value) in entries {
            let key = self.plain(key)?;
            let name = match key.as_ref() {
                Value::String(name) => name.clone(),
                Value::Number(number) => number.to_string(),
                other => {
                    let message = format!("a key of a map is text, found {}", kind(other));
                    return Err(Failure::mismatch(place, message));
                }
            };
            map.insert(name, self.owned(value)?);
        }
        Ok(Value::Object(map).into())
    }

    fn negative(&mut self, of: &'a Expr, odd: bool, place: Place) -> Result<Val<'a>, Failure> {
        let value = self.plain(of)?;
        if !value.is_number() {
            let message = format!("`-` cannot be worked out for {}", kind(&value));
            return Err(Failure::mismatch(place, message));
        }
        self.pay(1, place)?;
        if !odd {
            return Ok(Val::Plain(value));
        }
        arithmetic(super::tree::Arithmetic::Minus, &Value::from(0), &value, place).map(Val::from)
    }

    /// Each comparison of `a < b < c` must hold; what stands behind one that does not is not looked at.
    fn compare(
        &mut self,
        first: &'a Expr,
        rest: &'a [(Comparison, Place, Expr)],
    ) -> Result<Val<'a>, Failure> {
        let mut left = self.plain(first)?;
        for (operator, place, right) in rest {
            let right = self.plain(right)?;
            self.pay(1 + looked_at(&left, &right), *place)?;
            if !compare(*operator, &left, &right, *place)? {
                return Ok(Value::Bool(false).into());
            }
            left = right;
        }
        Ok(Value::Bool(true).into())
    }

    /// `and` and `or` give the value that decided.
    fn chain(&mut self, parts: &'a [(Place, Expr)], until: bool) -> Result<Val<'a>, Failure> {
        let mut last = Val::from(Value::Bool(!until));
        for (place, part) in parts {
            self.pay(1, *place)?;
            last = self.eval(part)?;
            if self.truth(&last)? == until {
                break;
            }
        }
        Ok(last)
    }

    fn choice(
        &mut self,
        branches: &'a [(Expr, Place, Expr)],
        otherwise: Option<&'a Expr>,
    ) -> Result<Val<'a>, Failure> {
        for (value, place, condition) in branches {
            self.pay(1, *place)?;
            if self.holds(condition)? {
                return self.eval(value);
            }
        }
        let place = branches.last().map_or(Place::START, |(_, place, _)| *place);
        otherwise.map_or(
            Ok(Val::Gone(Gone::Other(place, "the condition does not hold, and there is no `else`".into()))),
            |otherwise| self.eval(otherwise),
        )
    }

    fn steps(&mut self, of: &'a Expr, steps: &'a [(Place, Step)]) -> Result<Val<'a>, Failure> {
        let mut value = self.eval(of)?;
        for (place, step) in steps {
            self.pay(1, *place)?;
            value = match step {
                Step::Part(part) => self.get(value, part, *place)?,
                Step::Get(key) => {
                    let part = match self.plain(key)?.as_ref() {
                        Value::String(name) => Part::Name(name.clone()),
                        Value::Number(number) if number.as_i64().is_some() => {
                            Part::Index(number.as_i64().unwrap_or_default())
                        }
                        other => {
                            let message =
                                format!("`[…]` takes a name or a whole number, found {}", kind(other));
                            return Err(Failure::mismatch(*place, message));
                        }
                    };
                    self.get(value, &part, *place)?
                }
                Step::Slice { start, stop, step } => {
                    let value = self.made_plain(value)?;
                    let bounds = [
                        self.bound(start.as_ref(), *place)?,
                        self.bound(stop.as_ref(), *place)?,
                        self.bound(step.as_ref(), *place)?,
                    ];
                    let value = slice(&value, bounds, *place)?;
                    self.pay(paid(&value), *place)?;
                    value.into()
                }
                Step::Filter { name, args } => self.filter(value, name, args, *place)?,
                Step::Test { name, negated, args } => {
                    Value::Bool(self.test(value, name, args, *place)? != *negated).into()
                }
            };
        }
        Ok(value)
    }

    fn bound(&mut self, bound: Option<&'a Expr>, place: Place) -> Result<Option<i64>, Failure> {
        let Some(bound) = bound else { return Ok(None) };
        match self.plain(bound)?.as_ref() {
            Value::Null => Ok(None),
            Value::Number(number) if number.as_i64().is_some() => Ok(number.as_i64()),
            other => {
                let message = format!("a slice takes whole numbers, found {}", kind(other));
                Err(Failure::mismatch(place, message))
            }
        }
    }

    /// Nothing of nothing is nothing, so that `a.b | default(1)` works where there is no `a`.
    fn get(&mut self, value: Val<'a>, part: &Part, place: Place) -> Result<Val<'a>, Failure> {
        let missing = || Val::Gone(Gone::Other(place, format!("there is no `{part}` in it").into()));
        let value = match value {
            Val::Gone(gone) => return Ok(Val::Gone(gone)),
            other => self.made_plain(other)?,
        };
        if let (Value::String(text), Part::Index(_)) = (value.as_ref(), part) {
            let found = character(text, part);
            return Ok(found.map_or_else(missing, Val::from));
        }
        Ok(match value {
            Cow::Borrowed(value) => {
                step(value, part).map_or_else(missing, |found| Val::Plain(Cow::Borrowed(found)))
            }
            Cow::Owned(value) => step(&value, part).map_or_else(missing, |found| found.clone().into()),
        })
    }

    fn filter(
        &mut self,
        value: Val<'a>,
        name: &'static str,
        args: &'a [Argument],
        place: Place,
    ) -> Result<Val<'a>, Failure> {
        match (name, &value) {
            ("default" | "d", _) => return self.default(value, args, place),
            ("length" | "count", Val::Plain(plain)) if args.is_empty() => {
                let length = match plain.as_ref() {
                    Value::String(text) => Some(text.chars().count()),
                    Value::Array(items) => Some(items.len()),
                    Value::Object(map) => Some(map.len()),
                    _ => None,
                };
                let mismatch = || Failure::mismatch(place, format!("{} has no length", kind(plain)));
                return length.map(|length| Value::from(length).into()).ok_or_else(mismatch);
            }
            _ => {}
        }
        let mut given = vec![self.for_library(value, place)?];
        let mut named: Vec<(&str, Jinja)> = Vec::new();
        for argument in args {
            let value = self.eval(&argument.value)?;
            let value = self.for_library(value, place)?;
            match &argument.name {
                Some(name) => named.push((name, value)),
                None => given.push(value),
            }
        }
        if !named.is_empty() {
            given.push(named.into_iter().collect::<Kwargs>().into());
        }
        let made = self.fuel.filter(name, &given).map_err(|error| self.refused(&error, name, place))?;
        if made.is_undefined() {
            return Ok(Val::Gone(Gone::Other(place, "there is nothing that the filter could give".into())));
        }
        Ok(Val::Library(made, place))
    }

    /// `default(value)`, and with a second argument that is true also in the place of what counts as false.
    fn default(&mut self, value: Val<'a>, args: &'a [Argument], place: Place) -> Result<Val<'a>, Failure> {
        let unnamed: Vec<&Argument> = args.iter().filter(|argument| argument.name.is_none()).collect();
        let named = |name: &str| args.iter().find(|argument| argument.name.as_deref() == Some(name));
        let fallback = unnamed.first().copied().or_else(|| named("default_value"));
        let also_false = unnamed.get(1).copied().or_else(|| named("boolean"));
        let strange = args.iter().find_map(|argument| {
            argument.name.as_deref().filter(|name| !["default_value", "boolean"].contains(name))
        });
        if strange.is_some() || unnamed.len() > 2 {
            let message = "`default` takes a value, and `boolean=true` to replace what counts as false too";
            return Err(Failure::broken(place, message));
        }
        let also_false = also_false.map(|also| self.holds(&also.value)).transpose()?.unwrap_or(false);
        let keep = match &value {
            Val::Gone(_) => false,
            other => !also_false || self.truth(other)?,
        };
        if keep {
            return Ok(value);
        }
        fallback
            .map_or_else(|| Ok(Value::String(String::new()).into()), |fallback| self.eval(&fallback.value))
    }

    fn test(
        &mut self,
        value: Val<'a>,
        name: &'static str,
        args: &'a [Expr],
        place: Place,
    ) -> Result<bool, Failure> {
        match name {
            "defined" => return Ok(!matches!(value, Val::Gone(_))),
            "undefined" => return Ok(matches!(value, Val::Gone(_))),
            _ => {}
        }
        if let (Some(comparison), Some(with)) = (Comparison::of(name), args.first()) {
            let left = self.made_plain(value)?;
            let right = self.plain(with)?;
            self.pay(looked_at(&left, &right), place)?;
            return compare(comparison, &left, &right, place);
        }
        let mut given = vec![self.for_library(value, place)?];
        for argument in args {
            let value = self.eval(argument)?;
            given.push(self.for_library(value, place)?);
        }
        self.fuel.test(name, &given).map_err(|error| self.refused(&error, name, place))
    }

    /// What the library says of a filter or test. Where secrets are at hand it may have named one.
    fn refused(&self, error: &minijinja::Error, name: &str, place: Place) -> Failure {
        let message = if self.names.is_secret() {
            format!("`{name}` cannot be worked out")
        } else {
            format!("`{name}`: {}", said(error))
        };
        match error.kind() {
            ErrorKind::OutOfFuel => exhausted(place),
            ErrorKind::UndefinedError => {
                Failure::missing(place, format!("`{name}` meets a value that does not exist"))
            }
            ErrorKind::InvalidOperation => Failure::mismatch(place, message),
            _ => Failure::broken(place, message),
        }
    }
}

fn exhausted(place: Place) -> Failure {
    Failure::broken(place, format!("the expression takes more than {} steps", limits::EXPRESSION_FUEL))
}

/// `name[0]`, where the name leads to a text.
fn of_text(names: &dyn Names, path: &[Part]) -> Option<Value> {
    let (last, path) = path.split_last().filter(|(last, path)| last.name().is_none() && !path.is_empty())?;
    character(names.find(path)?.as_str()?, last)
}

fn character(text: &str, part: &Part) -> Option<Value> {
    let Part::Index(index) = part else { return None };
    let count = usize::try_from(index.unsigned_abs()).ok()?;
    let found = if *index < 0 { text.chars().nth_back(count - 1) } else { text.chars().nth(count) };
    found.map(|found| Value::String(found.to_string()))
}
