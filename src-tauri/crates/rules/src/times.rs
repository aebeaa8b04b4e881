//! Times of day and days of the week: what `time_between` and `weekday_in` ask, and how a value tells a time.

use crate::zone::Zone;
use jiff::civil::{DateTime, Time, Weekday};
use model::nearest;
use serde_json::Value;

/// A span of the day, its end not in it; over midnight where it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    from: Time,
    /// None is the end of the day.
    to: Option<Time>,
}

/// Some days of the week.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Days(Vec<Weekday>);

/// The part of a moment that a value tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    time: Option<Time>,
    day: Option<Weekday>,
}

const SPAN: &str = "`time_between` needs a list of two times of day, such as [\"22:00\", \"06:00\"]";
const DAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Span {
    /// # Errors
    /// What is wrong with the value, in a sentence.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let ends = match value {
            Value::Array(ends) => match ends.as_slice() {
                [from, to] => from.as_str().zip(to.as_str()),
                _ => None,
            },
            Value::String(text) => text.split_once('-'),
            Value::Object(ends) if ends.len() == 2 => {
                let end = |names: [&str; 2]| names.into_iter().find_map(|name| ends.get(name)?.as_str());
                end(["from", "start"]).zip(end(["to", "end"]))
            }
            _ => None,
        };
        let (from, to) = ends.ok_or_else(|| SPAN.to_owned())?;
        let from = clock(from).ok_or_else(|| no_time(from))?;
        let to = if to.trim() == "24:00" { None } else { Some(clock(to).ok_or_else(|| no_time(to))?) };
        if to == Some(from) {
            return Err(format!("{SPAN}; a span that ends when it begins is empty"));
        }
        Ok(Self { from, to })
    }

    fn holds(self, time: Time) -> bool {
        match self.to {
            Some(to) if to < self.from => time >= self.from || time < to,
            Some(to) => self.from <= time && time < to,
            None => self.from <= time,
        }
    }
}

impl Days {
    /// # Errors
    /// What is wrong with the value, in a sentence.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let days = match value {
            Value::Array(days) => days.iter().map(day).collect::<Result<Vec<_>, _>>()?,
            one => vec![day(one)?],
        };
        if days.is_empty() {
            return Err("`weekday_in` needs at least one day, such as [\"mon\", \"tue\"]".to_owned());
        }
        Ok(Self(days))
    }
}

fn day(value: &Value) -> Result<Weekday, String> {
    if let Some(number) = value.as_i64() {
        let from_monday = if number == 0 { 7 } else { number };
        let day = i8::try_from(from_monday).ok().and_then(|day| Weekday::from_monday_one_offset(day).ok());
        return day.ok_or_else(|| format!("there is no weekday {number}; 1 is Monday, 0 and 7 are Sunday"));
    }
    let name = value.as_str().unwrap_or_default().trim().to_lowercase();
    let known = DAYS.iter().find(|(long, _)| *long == name || long.get(..3) == Some(name.as_str()));
    known.map(|(_, day)| *day).ok_or_else(|| {
        let near = nearest(&name, DAYS.iter().map(|(long, _)| *long));
        let hint = near.map_or("`weekday_in` needs names such as mon or monday".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        let shown: String = value.to_string().chars().take(60).collect();
        format!("{shown} is no day of the week; {hint}")
    })
}

/// `22:00`, `6:00` or `22:00:30`.
fn clock(text: &str) -> Option<Time> {
    let text = text.trim();
    let shape = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split(':').collect();
    let hour = parts.first().is_some_and(|hour| shape(hour) || shape(&format!("0{hour}")));
    if !(2..=3).contains(&parts.len()) || !hour || !parts.iter().skip(1).all(|part| shape(part)) {
        return None;
    }
    let number = |index: usize| parts.get(index).map_or(Some(0), |part| part.parse::<i8>().ok());
    Time::new(number(0)?, number(1)?, number(2)?, 0).ok()
}

fn no_time(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    format!("`{shown}` is no time of day; {SPAN}")
}

impl Moment {
    /// The moment that a text tells: an instant, seen in the zone, or a local date, time, or both.
    pub(crate) fn read(value: &Value, zone: &Zone) -> Option<Self> {
        let text = value.as_str()?.trim();
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            let local = instant.to_zoned(zone.rules());
            return Some(Self { time: Some(local.time()), day: Some(local.weekday()) });
        }
        if let Some(time) = clock(text) {
            return Some(Self { time: Some(time), day: None });
        }
        let local: DateTime = text.parse().ok()?;
        let only_date = text.len() == 10;
        Some(Self { time: (!only_date).then(|| local.time()), day: Some(local.weekday()) })
    }

    /// Whether its time of day lies in the span; none where it tells no time of day.
    pub(crate) fn within(self, span: Span) -> Option<bool> {
        self.time.map(|time| span.holds(time))
    }

    /// Whether its day is one of these; none where it tells no day.
    pub(crate) fn on(self, days: &Days) -> Option<bool> {
        self.day.map(|day| days.0.contains(&day))
    }

    /// In words: `22:15 on Saturday`.
    pub(crate) fn told(self) -> String {
        let time = self.time.map(|time| time.strftime("%H:%M:%S").to_string());
        let time = time.map(|time| time.strip_suffix(":00").map(str::to_owned).unwrap_or(time));
        let day = self.day.map(|day| {
            DAYS.iter().find(|(_, known)| *known == day).map_or(String::new(), |(name, _)| {
                let mut letters = name.chars();
                letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
            })
        });
        match (time, day) {
            (Some(time), Some(day)) => format!("{time} on {day}"),
            (time, day) => time.or(day).unwrap_or_default(),
        }
    }
}
