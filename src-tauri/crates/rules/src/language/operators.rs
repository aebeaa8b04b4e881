//! Arithmetic and comparison, typed by us. Lists are never repeated, and what is joined is bounded before it
//! is made.

use super::evaluate::Failure;
use super::tree::{Arithmetic, Comparison};
use super::values::{text, too_large, weight};
use super::words::Place;
use crate::compare::{kind, order, same};
use model::limits;
use serde_json::{Number, Value};

pub(super) fn arithmetic(
    operator: Arithmetic,
    left: &Value,
    right: &Value,
    place: Place,
) -> Result<Value, Failure> {
    let mismatch = || Err(cannot(operator, left, right, place));
    match (operator, left, right) {
        (Arithmetic::Join, left, right) => concat(&text(left), &text(right), place),
        (Arithmetic::Plus, Value::String(left), Value::String(right)) => concat(left, right, place),
        (Arithmetic::Plus, Value::Array(left), Value::Array(right)) => {
            Ok(Value::Array(left.iter().chain(right).cloned().collect()))
        }
        (Arithmetic::Times, Value::String(text), Value::Number(times))
        | (Arithmetic::Times, Value::Number(times), Value::String(text)) => repeat(text, times, place),
        (operator, Value::Number(left), Value::Number(right)) => numbers(operator, left, right, place),
        _ => mismatch(),
    }
}

fn cannot(operator: Arithmetic, left: &Value, right: &Value, place: Place) -> Failure {
    let (sign, left, right) = (operator.sign(), kind(left), kind(right));
    Failure::mismatch(place, format!("`{sign}` cannot be worked out for {left} and {right}"))
}

fn concat(left: &str, right: &str, place: Place) -> Result<Value, Failure> {
    if left.len() + right.len() > limits::RENDERED_BYTES {
        return Err(too_large(place));
    }
    Ok(Value::String([left, right].concat()))
}

fn repeat(text: &str, times: &Number, place: Place) -> Result<Value, Failure> {
    let Some(times) = times.as_u64() else {
        let message = "text is repeated a whole number of times, not less than none";
        return Err(Failure::mismatch(place, message.to_owned()));
    };
    let size = usize::try_from(times).ok().and_then(|times| text.len().checked_mul(times));
    match size.filter(|size| *size <= limits::RENDERED_BYTES) {
        Some(0) => Ok(Value::String(String::new())),
        Some(size) => Ok(Value::String(text.repeat(size / text.len().max(1)))),
        None => Err(too_large(place)),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn numbers(operator: Arithmetic, left: &Number, right: &Number, place: Place) -> Result<Value, Failure> {
    let nothing = |value: &Number| value.as_f64() == Some(0.0);
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Rest);
    if divides && nothing(right) {
        return Err(Failure::broken(place, "a number cannot be divided by zero"));
    }
    let large = || Failure::broken(place, "the result is too large for a number");
    let negative_power =
        operator == Arithmetic::Power && right.as_f64().is_some_and(|right| right.is_sign_negative());
    if let (Some(left), Some(right), false) = (whole(left), whole(right), negative_power)
        && operator != Arithmetic::Divide
    {
        let result = match operator {
            Arithmetic::Plus => left.checked_add(right),
            Arithmetic::Minus => left.checked_sub(right),
            Arithmetic::Times => left.checked_mul(right),
            Arithmetic::DivideWhole => Some((left - floor_rest(left, right)) / right),
            Arithmetic::Rest => Some(floor_rest(left, right)),
            _ => u32::try_from(right).ok().and_then(|right| left.checked_pow(right)),
        };
        let result = result.ok_or_else(large)?;
        let number =
            i64::try_from(result).map(Number::from).or_else(|_| u64::try_from(result).map(Number::from));
        return number.map(Value::Number).map_err(|_| large());
    }
    let (left, right) = (left.as_f64().ok_or_else(large)?, right.as_f64().ok_or_else(large)?);
    let rest = || {
        let rest = left % right;
        if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest }
    };
    let result = match operator {
        Arithmetic::Plus => left + right,
        Arithmetic::Minus => left - right,
        Arithmetic::Times => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::DivideWhole => ((left - rest()) / right).round(),
        Arithmetic::Rest => rest(),
        _ => left.powf(right),
    };
    Number::from_f64(result).map(Value::Number).ok_or_else(large)
}

/// The rest that goes with rounding down, as in Python: its sign is that of the divisor.
fn floor_rest(left: i128, right: i128) -> i128 {
    let rest = left % right;
    if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }
}

pub(super) fn compare(
    operator: Comparison,
    left: &Value,
    right: &Value,
    place: Place,
) -> Result<bool, Failure> {
    let mismatch = || {
        let (sign, left, right) = (operator.sign(), kind(left), kind(right));
        Failure::mismatch(place, format!("`{sign}` cannot compare {left} with {right}"))
    };
    let ordered = || order(left, right).ok_or_else(mismatch);
    match operator {
        Comparison::Equal => Ok(same(left, right)),
        Comparison::NotEqual => Ok(!same(left, right)),
        Comparison::Less => ordered().map(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => ordered().map(std::cmp::Ordering::is_le),
        Comparison::Greater => ordered().map(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered().map(std::cmp::Ordering::is_ge),
        Comparison::In | Comparison::NotIn => {
            let holds = crate::compare::contains(right, left).ok_or_else(mismatch)?;
            Ok(holds == (operator == Comparison::In))
        }
    }
}

/// `value[start:stop:step]`, counted from the end where negative, as in Python.
pub(super) fn slice(
    value: &Value,
    [start, stop, step]: [Option<i64>; 3],
    place: Place,
) -> Result<Value, Failure> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Failure::broken(place, "a slice goes on by at least one"));
    }
    match value {
        Value::Array(items) => Ok(Value::Array(
            positions(items.len(), start, stop, step).filter_map(|at| items.get(at).cloned()).collect(),
        )),
        Value::String(text) => {
            let characters: Vec<char> = text.chars().collect();
            let picked = positions(characters.len(), start, stop, step);
            Ok(Value::String(picked.filter_map(|at| characters.get(at)).collect()))
        }
        other => Err(Failure::mismatch(place, format!("a slice of {} cannot be taken", kind(other)))),
    }
}

fn positions(length: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |at: i64| (if at < 0 { at.saturating_add(length) } else { at }).clamp(lowest, highest);
    let first = start.map_or(if step > 0 { lowest } else { highest }, bound);
    let end = stop.map_or(if step > 0 { highest } else { lowest }, bound);
    let mut at = Some(first);
    std::iter::from_fn(move || {
        let here = at.filter(|here| if step > 0 { *here < end } else { *here > end })?;
        at = here.checked_add(step);
        usize::try_from(here).ok()
    })
}

/// What a new value costs.
pub(super) fn paid(value: &Value) -> usize {
    match value {
        Value::Array(_) | Value::Object(_) => weight(value) / 8,
        Value::String(text) => text.len() / 64,
        _ => 0,
    }
}

/// What a comparison costs: no more is looked at than there is of both.
pub(super) fn looked_at(left: &Value, right: &Value) -> usize {
    match (left, right) {
        (_, Value::Array(_) | Value::Object(_)) => weight(right) / 8,
        (Value::String(_), Value::String(right)) => right.len() / 64,
        _ => 0,
    }
}
