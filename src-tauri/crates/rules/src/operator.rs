//! The operators of comparisons. Each is typed: what it cannot compare is not matched, and says so.

use crate::compare::{contains, kind, order, same};
use crate::times::{Days, Moment, Span};
use crate::zone::Zone;
use model::limits;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::cmp::Ordering;

/// The operators of a comparison, as they are spelled.
pub const OPERATORS: &[&str] = &[
    "equals",
    "not_equals",
    "less_than",
    "less_than_or_equal",
    "greater_than",
    "greater_than_or_equal",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
    "in",
    "not_in",
    "exists",
    "not_exists",
    "is_between",
    "time_between",
    "weekday_in",
    "changed",
];

/// What an operator asks, made ready.
#[derive(Debug)]
pub(crate) enum Test {
    Equal {
        wanted: bool,
    },
    Order(fn(Ordering) -> bool),
    Contain {
        wanted: bool,
    },
    Start,
    End,
    Match(Regex),
    Among {
        wanted: bool,
    },
    Exist {
        wanted: bool,
    },
    Between,
    TimeBetween(Span),
    WeekdayIn(Days),
    /// Against the event before.
    Change,
}

impl Test {
    /// Whether the test holds, or why the two values cannot be compared.
    pub(crate) fn holds(
        &self,
        operator: &str,
        actual: &Value,
        value: &Value,
        zone: &Zone,
    ) -> Result<bool, String> {
        let mismatch = || Err(mismatched(operator, actual, value));
        let texts = || actual.as_str().zip(value.as_str());
        match self {
            Test::Equal { wanted } => Ok(same(actual, value) == *wanted),
            Test::Order(holds) => order(actual, value).map_or_else(mismatch, |order| Ok(holds(order))),
            Test::Start => texts().map_or_else(mismatch, |(text, start)| Ok(text.starts_with(start))),
            Test::End => texts().map_or_else(mismatch, |(text, end)| Ok(text.ends_with(end))),
            Test::Contain { wanted } => {
                contains(actual, value).map_or_else(mismatch, |contains| Ok(contains == *wanted))
            }
            Test::Match(pattern) => match actual {
                Value::String(text) if text.len() > limits::REGEX_TEXT_BYTES => Err(format!(
                    "the text is longer than {} bytes, too long for `matches`",
                    limits::REGEX_TEXT_BYTES
                )),
                Value::String(text) => Ok(pattern.is_match(text)),
                _ => mismatch(),
            },
            Test::Among { wanted } => {
                let among = value.as_array().is_some_and(|items| items.iter().any(|item| same(item, actual)));
                Ok(among == *wanted)
            }
            Test::Between => {
                let bounds = value.as_array().and_then(|bounds| bounds.first().zip(bounds.get(1)));
                let orders = bounds.and_then(|(low, high)| order(low, actual).zip(order(actual, high)));
                let between = orders.map(|(low, high)| low.is_le() && high.is_le());
                between.ok_or_else(|| mismatched(operator, actual, bounds.map_or(value, |(low, _)| low)))
            }
            Test::TimeBetween(span) => {
                let within = Moment::read(actual, zone).and_then(|moment| moment.within(*span));
                within.ok_or_else(|| no_time(operator, actual, "such as 2026-03-28T22:15:00Z or 22:15"))
            }
            Test::WeekdayIn(days) => {
                let on = Moment::read(actual, zone).and_then(|moment| moment.on(days));
                on.ok_or_else(|| no_time(operator, actual, "with its day, such as 2026-03-28T22:15:00Z"))
            }
            Test::Exist { .. } | Test::Change => Ok(true),
        }
    }
}

/// The test that an operator means, given the value in the rule.
pub(crate) fn test(operator: &str, value: Option<&Value>) -> Result<Test, String> {
    let test = match operator {
        "exists" => return Ok(Test::Exist { wanted: true }),
        "not_exists" => return Ok(Test::Exist { wanted: false }),
        "changed" => {
            return match value {
                None | Some(Value::Null) => Ok(Test::Change),
                Some(_) => Err("`changed` takes no value: it compares with the event before".to_owned()),
            };
        }
        "equals" => Test::Equal { wanted: true },
        "not_equals" => Test::Equal { wanted: false },
        "less_than" => Test::Order(Ordering::is_lt),
        "less_than_or_equal" => Test::Order(Ordering::is_le),
        "greater_than" => Test::Order(Ordering::is_gt),
        "greater_than_or_equal" => Test::Order(Ordering::is_ge),
        "contains" => Test::Contain { wanted: true },
        "not_contains" => Test::Contain { wanted: false },
        "starts_with" => Test::Start,
        "ends_with" => Test::End,
        "in" => Test::Among { wanted: true },
        "not_in" => Test::Among { wanted: false },
        "is_between" => Test::Between,
        "time_between" => {
            return Span::read(value.unwrap_or(&Value::Null)).map(Test::TimeBetween);
        }
        "weekday_in" => {
            let value = value.ok_or_else(|| format!("`{operator}` needs a value"))?;
            return Days::read(value).map(Test::WeekdayIn);
        }
        _ => return pattern(value).map(Test::Match),
    };
    let Some(value) = value else { return Err(format!("`{operator}` needs a value")) };
    let found = kind(value);
    match (&test, value) {
        (Test::Order(_), value) if !(value.is_number() || value.is_string()) => {
            Err(format!("`{operator}` needs a number or text, found {found}"))
        }
        (Test::Start | Test::End, value) if !value.is_string() => {
            Err(format!("`{operator}` needs text, found {found}"))
        }
        (Test::Among { .. }, value) if !value.is_array() => {
            Err(format!("`{operator}` needs a list of values, found {found}"))
        }
        (Test::Between, value) => match value.as_array().map(Vec::as_slice) {
            Some([low, high]) if order(low, high).is_some_and(Ordering::is_le) => Ok(test),
            _ => {
                Err("`is_between` needs a list of two numbers or two texts, the smaller one first".to_owned())
            }
        },
        _ => Ok(test),
    }
}

fn mismatched(operator: &str, actual: &Value, value: &Value) -> String {
    format!("`{operator}` cannot compare {} with {}", kind(actual), kind(value))
}

fn no_time(operator: &str, actual: &Value, such: &str) -> String {
    let found = match actual {
        Value::String(_) => "this text".to_owned(),
        other => kind(other).to_owned(),
    };
    format!("`{operator}` needs a time {such}; {found} tells none")
}

fn pattern(value: Option<&Value>) -> Result<Regex, String> {
    let Some(text) = value.and_then(Value::as_str) else {
        return Err("`matches` needs a regular expression as text".to_owned());
    };
    if text.len() > limits::EXPRESSION_BYTES {
        return Err(format!("a regular expression has at most {} bytes", limits::EXPRESSION_BYTES));
    }
    let built = RegexBuilder::new(text)
        .size_limit(limits::REGEX_BYTES)
        .dfa_size_limit(limits::REGEX_BYTES)
        .nest_limit(limits::NESTING as u32)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let detail = last.strip_prefix("error: ").unwrap_or(last);
            if detail.contains("look-around") || detail.contains("backreferences") {
                return "look-around and back-references are not supported in regular expressions".to_owned();
            }
            format!("this is no regular expression: {detail}")
        }
    })
}
