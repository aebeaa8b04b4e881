//! Reading the parameters of a trigger, so that every error names its field, what was found and what was expected.

use model::{Invalid, Timestamp, nearest};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The longest text from outside that an error repeats, in characters.
const SHOWN: usize = 60;

/// The parameters of one rule for one trigger.
pub(crate) struct Parameters<'a> {
    trigger: &'static str,
    values: &'a Map<String, Value>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(trigger: &'static str, values: &'a Map<String, Value>) -> Self {
        Self { trigger, values }
    }

    /// Refuses a name that the trigger does not know.
    pub(crate) fn check_names(&self, known: &[&str]) -> Result<(), Invalid> {
        let Some(unknown) = self.values.keys().find(|name| !known.contains(&name.as_str())) else {
            return Ok(());
        };
        let hint = match nearest(unknown, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("expected {}", list(known)),
        };
        let shown = cut(unknown);
        Err(Invalid::new(shown.as_ref(), format!("{} has no parameter `{shown}`; {hint}", self.trigger)))
    }

    /// The tag `type`, where it is given, must say what the trigger says.
    pub(crate) fn check_type(&self, expected: &str) -> Result<(), Invalid> {
        match self.values.get("type") {
            None => Ok(()),
            Some(Value::String(found)) if found == expected => Ok(()),
            Some(found) => {
                let found = show(found);
                let message = format!(
                    "the type is {found}, but the trigger is {}, whose type is `{expected}`; \
                     leave `type` out or choose the trigger that fits",
                    self.trigger
                );
                Err(Invalid::new("type", message))
            }
        }
    }

    /// A whole number of at least 1 that must be there; `None` where it is larger than any `i64`.
    pub(crate) fn at_least_one(&self, name: &str) -> Result<Option<i64>, Invalid> {
        const EXPECTED: &str = "expected a whole number of at least 1";
        let refuse = |found: String| Err(Invalid::new(name, format!("found {found}, {EXPECTED}")));
        let Some(value) = self.values.get(name) else {
            return Err(Invalid::new(name, format!("missing: {EXPECTED}, such as 60")));
        };
        match value {
            Value::Number(number) => match whole(number) {
                Some(Whole::Fits(number)) if number >= 1 => Ok(Some(number)),
                Some(Whole::TooLarge) => Ok(None),
                Some(Whole::Fits(_) | Whole::TooSmall) | None => {
                    refuse(cut(&number.to_string()).into_owned())
                }
            },
            Value::String(text) if text.trim().parse::<i64>().is_ok_and(|number| number >= 1) => {
                let (found, number) = (show(value), cut(text.trim()));
                refuse(format!("the text {found} (write {number} without quotes)"))
            }
            Value::String(_) => refuse(format!("the text {}", show(value))),
            other => refuse(show(other)),
        }
    }

    /// One of a few words; `default` where it is not given.
    pub(crate) fn word<T: Copy>(&self, name: &str, known: &[(&str, T)], default: T) -> Result<T, Invalid> {
        let Some(value) = self.values.get(name) else { return Ok(default) };
        let text = value.as_str();
        if let Some((_, found)) = text.and_then(|text| known.iter().find(|(word, _)| *word == text)) {
            return Ok(*found);
        }
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let hint = text.and_then(|text| nearest(text, words.iter().copied()));
        let hint = hint.map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
        Err(Invalid::new(name, format!("found {}, expected {}{hint}", show(value), list(&words))))
    }

    /// An instant in RFC 3339, where it is given.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Invalid> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let parsed = text.parse::<Timestamp>();
                parsed.map(Some).map_err(|error| Invalid::new(name, error.to_string()))
            }
            Some(other) => {
                let message = format!(
                    "found {}, expected a time as RFC 3339 with an offset, such as 2026-03-28T09:30:00+01:00",
                    show(other)
                );
                Err(Invalid::new(name, message))
            }
        }
    }
}

enum Whole {
    Fits(i64),
    TooLarge,
    TooSmall,
}

/// A JSON number as a whole one: `60`, and also `60.0` and `6e1`, which JSON does not tell apart.
fn whole(number: &serde_json::Number) -> Option<Whole> {
    if let Some(number) = number.as_i64() {
        return Some(Whole::Fits(number));
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    // Above 2^53 a float no longer holds every whole number, so what it meant is not known.
    if float >= 9_007_199_254_740_992.0 {
        return Some(Whole::TooLarge);
    }
    if float <= 0.0 {
        return Some(Whole::TooSmall);
    }
    format!("{float:.0}").parse().ok().map(Whole::Fits)
}

/// A value as it stands in an error: short, and on one line.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", cut(&text.escape_debug().to_string())),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{}`", cut(&other.to_string())),
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}
