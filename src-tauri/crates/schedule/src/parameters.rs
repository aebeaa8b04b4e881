//! Reading the parameters of a trigger, so that every error names its field, what was found and what was expected.

use crate::policy::SHARED;
use crate::zone::Zone;
use jiff::civil::DateTime;
use model::{Invalid, Timestamp, nearest};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The longest text from outside that an error repeats, in characters.
const SHOWN: usize = 60;

/// The parameters of one rule for one trigger.
pub(crate) struct Parameters<'a> {
    trigger: &'a str,
    values: &'a Map<String, Value>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(trigger: &'a str, values: &'a Map<String, Value>) -> Self {
        Self { trigger, values }
    }

    /// Refuses a name that is neither one of these nor shared by all timers.
    pub(crate) fn check_names(&self, own: &[&str]) -> Result<(), Invalid> {
        let known = || own.iter().chain(&SHARED).copied();
        let Some(unknown) = self.values.keys().find(|name| !known().any(|known| known == name.as_str()))
        else {
            return Ok(());
        };
        let hint = match nearest(unknown, known()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("expected {}", list(&known().collect::<Vec<_>>())),
        };
        let shown = cut(unknown);
        Err(Invalid::new(shown.as_ref(), format!("{} has no parameter `{shown}`; {hint}", self.trigger)))
    }

    /// The tag `type`, where it is given, must say what the trigger says; the first name is the usual one.
    pub(crate) fn check_type(&self, expected: &[&str]) -> Result<(), Invalid> {
        match self.values.get("type") {
            None => Ok(()),
            Some(Value::String(found)) if expected.contains(&found.as_str()) => Ok(()),
            Some(found) => {
                let found = show(found);
                let message = format!(
                    "the type is {found}, but the trigger is {}, whose type is `{}`; \
                     leave `type` out or choose the trigger that fits",
                    self.trigger,
                    expected.first().copied().unwrap_or_default()
                );
                Err(Invalid::new("type", message))
            }
        }
    }

    /// A parameter as it was given.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.values.get(name)
    }

    /// A text, where it is given; `such_as` says what one looks like.
    pub(crate) fn text(&self, name: &str, such_as: &str) -> Result<Option<&'a str>, Invalid> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(Invalid::new(name, format!("found {}, expected a text, such as {such_as}", show(other))))
            }
        }
    }

    /// A time zone, where it is given.
    pub(crate) fn zone(&self, name: &str) -> Result<Option<Zone>, Invalid> {
        let text = self.text(name, "Europe/Berlin")?;
        text.map(|text| Zone::parse(text).map_err(|message| Invalid::new(name, message))).transpose()
    }

    /// A whole number from `least` to `most`, where it is given; `what` says what it counts.
    pub(crate) fn whole(
        &self,
        name: &str,
        least: i64,
        most: i64,
        what: &str,
    ) -> Result<Option<i64>, Invalid> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        let number = value.as_number().and_then(|number| match whole(number)? {
            Whole::Fits(number) => Some(number),
            Whole::TooLarge | Whole::TooSmall => None,
        });
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let found = match value {
                    Value::String(text) if text.trim().parse::<i64>().is_ok() => {
                        let number = cut(text.trim());
                        format!("the text {} (write {number} without quotes)", show(value))
                    }
                    other => show(other),
                };
                let message = format!("found {found}, expected a whole number from {least} to {most} {what}");
                Err(Invalid::new(name, message))
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

    /// A point in time, where it is given: RFC 3339, or a local time in the zone of the schedule.
    pub(crate) fn moment(&self, name: &str, zone: Option<&Zone>) -> Result<Option<Moment>, Invalid> {
        const LOCAL: &str = "such as 2026-03-28T09:30";
        let such_as = "2026-03-28T09:30:00+01:00";
        let Some(text) = self.text(name, such_as)? else { return Ok(None) };
        if let Ok(at) = text.parse::<Timestamp>() {
            let civil = zone.map_or_else(|| Zone::utc().civil(at), |zone| zone.civil(at));
            return Ok(Some(Moment { at, civil, note: None, written: text.to_owned() }));
        }
        let found = show(&Value::String(text.to_owned()));
        let Some(civil) = local_time(text) else {
            let message = format!(
                "{found} is not a time: expected RFC 3339 with an offset, such as {such_as}, or a local time, \
                 {LOCAL}, with `timezone`"
            );
            return Err(Invalid::new(name, message));
        };
        let Some(zone) = zone else {
            let message = format!(
                "{found} is a local time, and no time zone says where: add `timezone`, such as Europe/Berlin, or \
                 write the offset, such as {such_as}"
            );
            return Err(Invalid::new(name, message));
        };
        let resolved = zone.resolve(civil).ok_or_else(|| {
            Invalid::new(name, format!("{found} is out of range: expected a time in the years 1970 to 9999"))
        })?;
        let note = resolved.turn.note(civil);
        Ok(Some(Moment { at: resolved.at, civil, note, written: text.to_owned() }))
    }
}

/// A point in time that somebody wrote.
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// What clocks show there in the zone of the schedule, or were meant to show where a clock change skips it.
    pub(crate) civil: DateTime,
    /// What a clock change did to it.
    pub(crate) note: Option<String>,
    pub(crate) written: String,
}

/// A local time in ISO 8601, with or without seconds: `2026-03-28T09:30`. Anything else, such as an offset that a
/// generous reader would pass over, is none.
pub(crate) fn local_time(text: &str) -> Option<DateTime> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let (minutes, rest) = shape.split_at_checked("0000-00-00T00:00".len())?;
    let seconds = match rest.split_at_checked(":00".len()) {
        None => rest.is_empty(),
        Some((seconds, "")) => seconds == ":00",
        Some((seconds, fraction)) => {
            let digits = fraction.strip_prefix('.').unwrap_or_default();
            seconds == ":00" && (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit == b'0')
        }
    };
    let right = seconds && matches!(minutes, "0000-00-00T00:00" | "0000-00-00 00:00");
    // A 61st second would be taken for the 60th.
    let leap = text.get(17..19) == Some("60");
    if right && !leap { text.parse().ok() } else { None }
}

pub(crate) enum Whole {
    Fits(i64),
    TooLarge,
    TooSmall,
}

/// A JSON number as a whole one: `60`, and also `60.0` and `6e1`, which JSON does not tell apart.
pub(crate) fn whole(number: &serde_json::Number) -> Option<Whole> {
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
pub(crate) fn show(value: &Value) -> String {
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

pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}
