//! From parameters, or the text of a whole rule, to the parts of a rule. Every error names RFC 5545, the part and the
//! place where it was written.

use super::check;
use super::point::Point;
use super::rule::{ByDay, Freq, List, Part, Rule, WEEKDAYS};
use crate::parameters::{Parameters, Whole, show, whole};
use model::{Invalid, limits, nearest};
use serde_json::Value;

/// Where a rule was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Each part in a parameter of its own.
    Parameters,
    /// All of it as the text of `rule`.
    Text,
}

impl Place {
    /// An error about a part.
    pub(super) fn refuse(self, part: Part, message: impl AsRef<str>) -> Invalid {
        let field = match self {
            Self::Parameters => part.parameter(),
            Self::Text => "rule",
        };
        Invalid::new(field, format!("RFC 5545, {}: {}", part.rfc(), message.as_ref()))
    }
}

/// A part as it was written, one item for each value.
struct Written {
    part: Part,
    items: Vec<String>,
}

/// Reads the rule of a timer.
pub(super) fn rule(parameters: &Parameters<'_>) -> Result<(Rule, Place), Invalid> {
    let parts = || Part::ALL.into_iter().filter(|part| parameters.value(part.parameter()).is_some());
    let text = parameters.text("rule", "FREQ=WEEKLY;BYDAY=MO")?;
    let (place, written) = match (text, parts().next()) {
        (Some(_), Some(part)) => {
            let message = format!(
                "the whole rule is given, and `{}` too: RFC 5545 knows each part once, so keep one of the two",
                part.parameter()
            );
            return Err(Invalid::new("rule", message));
        }
        (Some(text), None) => (Place::Text, from_text(text)?),
        (None, _) => {
            let written = parts().map(|part| from_parameter(part, parameters.value(part.parameter())));
            let written: Result<Vec<Option<Written>>, Invalid> = written.collect();
            (Place::Parameters, written?.into_iter().flatten().collect())
        }
    };
    let rule = assemble(place, &written)?;
    check::combination(&rule, place)?;
    Ok((rule, place))
}

/// One parameter as items; none where it is an empty list.
fn from_parameter(part: Part, value: Option<&Value>) -> Result<Option<Written>, Invalid> {
    let refuse = |found: &Value| {
        let message = format!("found {}, expected {}", show(found), expected(part));
        Err(Place::Parameters.refuse(part, message))
    };
    let number = |value: &Value| match whole(value.as_number()?) {
        Some(Whole::Fits(number)) => Some(number.to_string()),
        _ => Some(value.to_string()),
    };
    let single = matches!(part, Part::Freq | Part::Interval | Part::Count | Part::Until | Part::WeekStart);
    let items = match value {
        None => return Ok(None),
        Some(Value::Array(list)) if !single => {
            let mut items = Vec::with_capacity(list.len().min(limits::RRULE_BYTES));
            for item in list {
                match (item.as_str(), number(item)) {
                    (Some(text), _) => items.push(text.to_owned()),
                    (None, Some(number)) => items.push(number),
                    (None, None) => return refuse(item),
                }
            }
            items
        }
        Some(Value::String(text)) if text.len() > limits::RRULE_BYTES => {
            return Err(Place::Parameters.refuse(part, too_long(text)));
        }
        Some(Value::String(text)) if matches!(part, Part::Interval | Part::Count) => {
            let message =
                format!("found the text {}, expected {}", show(&Value::from(text.as_str())), expected(part));
            return Err(Place::Parameters.refuse(part, message));
        }
        Some(Value::String(text)) if single => vec![text.clone()],
        Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
        Some(other) => match number(other) {
            Some(number) if !matches!(part, Part::Freq | Part::Until | Part::WeekStart) => vec![number],
            _ => return refuse(other),
        },
    };
    Ok(Some(Written { part, items }).filter(|written| !written.items.is_empty()))
}

fn too_long(text: &str) -> String {
    format!("found a text of {} bytes, expected at most {}", text.len(), limits::RRULE_BYTES)
}

/// The parts of the text of a rule.
fn from_text(text: &str) -> Result<Vec<Written>, Invalid> {
    let refuse = |message: String| Err(Invalid::new("rule", format!("RFC 5545: {message}")));
    if text.len() > limits::RRULE_BYTES {
        return refuse(too_long(text));
    }
    let text = text.trim();
    let rule = match text.split_at_checked("RRULE:".len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case("RRULE:") => rest,
        _ => text,
    };
    let upper = rule.to_ascii_uppercase();
    if upper.contains(['\n', '\r']) || upper.starts_with("DTSTART") {
        return refuse(
            "expected one rule on one line, such as FREQ=WEEKLY;BYDAY=MO; its start belongs in `dtstart`, its zone in \
             `timezone`"
                .to_owned(),
        );
    }
    let mut written: Vec<Written> = Vec::new();
    for text in rule.split(';') {
        let found = show(&Value::from(text));
        let Some((name, value)) = text.split_once('=') else {
            return refuse(match text.trim() {
                "" if rule.trim().is_empty() => {
                    "the rule is empty: expected such as FREQ=WEEKLY;BYDAY=MO".to_owned()
                }
                "" => "found an empty part: take the needless `;` away".to_owned(),
                _ => format!("found {found}, expected NAME=VALUE, such as FREQ=WEEKLY"),
            });
        };
        let name = name.trim();
        let Some(part) = Part::ALL.into_iter().find(|part| part.rfc().eq_ignore_ascii_case(name)) else {
            return refuse(unknown(name));
        };
        if written.iter().any(|before| before.part == part) {
            return Err(Place::Text.refuse(part, "given twice, expected once: write its values in one list"));
        }
        let items = match part {
            Part::Day | Part::List(_) => value.split(',').map(str::to_owned).collect(),
            _ => vec![value.to_owned()],
        };
        written.push(Written { part, items });
    }
    Ok(written)
}

/// What to say about a part that RFC 5545 does not have.
fn unknown(name: &str) -> String {
    let names = Part::ALL.map(Part::rfc);
    let shown = show(&Value::from(name));
    match nearest(name, names) {
        Some(near) => format!("there is no part {shown}; did you mean `{near}`?"),
        None => format!("there is no part {shown}: expected {}", names.join(", ")),
    }
}

/// What a part must look like.
fn expected(part: Part) -> String {
    match part {
        Part::Freq => format!("one of {}", Freq::WORDS.map(|(word, _)| word).join(", ")),
        Part::Interval => format!("a whole number from 1 to {}", limits::RECURRENCE_INTERVAL),
        Part::Count => {
            format!(
                "a whole number from 1 to {}; for more say when it ends, with UNTIL",
                limits::RECURRENCE_COUNT
            )
        }
        Part::Until => "a day such as 20261231, a local time such as 20261231T090000, or an instant such as \
                        20261231T080000Z"
            .to_owned(),
        Part::Day => {
            "weekdays such as MO,FR, with a number such as 1MO or -1FR for the first or the last".to_owned()
        }
        Part::WeekStart => format!("one of {}", WEEKDAYS.join(", ")),
        Part::List(list) => {
            let (least, most) = list.range();
            let from_end = if list.signed() {
                format!(", or from -{most} to -{least} counted from the end")
            } else {
                String::new()
            };
            format!("whole numbers from {least} to {most}{from_end}")
        }
    }
}

/// Puts the parts together, each checked by itself.
fn assemble(place: Place, written: &[Written]) -> Result<Rule, Invalid> {
    let Some(freq) = written.iter().find(|written| written.part == Part::Freq) else {
        let message = "missing: expected how often, such as `freq: WEEKLY` or a whole `rule` such as \
                       FREQ=WEEKLY;BYDAY=MO";
        return Err(place.refuse(Part::Freq, message));
    };
    let text = freq.items.first().map_or("", |text| text.trim());
    let known = Freq::WORDS.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    let Some((_, freq)) = known else { return Err(wrong(place, Part::Freq, text)) };
    let mut rule = Rule::new(freq);
    for Written { part, items } in written {
        let items: Vec<&str> = items.iter().map(|item| item.trim()).collect();
        let first = items.first().copied().unwrap_or_default();
        let whole = |most: i64| {
            let digits = first.bytes().all(|byte| byte.is_ascii_digit());
            let number = first.parse().ok().filter(|number| digits && (1..=most).contains(number));
            number.ok_or_else(|| wrong(place, *part, first))
        };
        match part {
            Part::Freq => {}
            Part::Interval => rule.interval = whole(limits::RECURRENCE_INTERVAL)?,
            Part::Count => rule.count = usize::try_from(whole(limits::RECURRENCE_COUNT)?).ok(),
            Part::Until => rule.until = Some(until(place, first)?),
            Part::WeekStart => {
                rule.week_start = weekday(first).ok_or_else(|| wrong(place, Part::WeekStart, first))?;
            }
            Part::Day => rule.days = each(place, Part::Day, &items, by_day)?,
            Part::List(list) => {
                rule.set(*list, each(place, *part, &items, |text| number(*list, text))?);
            }
        }
    }
    Ok(rule)
}

/// What was found and what was expected.
fn wrong(place: Place, part: Part, found: &str) -> Invalid {
    let near = match part {
        Part::Freq => nearest(found, Freq::WORDS.map(|(word, _)| word)),
        Part::Day | Part::WeekStart => {
            found.get(..2).and_then(weekday).and_then(|day| WEEKDAYS.get(usize::from(day)).copied())
        }
        _ => None,
    };
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    place.refuse(part, format!("found {}, expected {}{hint}", show(&Value::from(found)), expected(part)))
}

fn until(place: Place, text: &str) -> Result<Point, Invalid> {
    let upper = text.to_ascii_uppercase();
    let point = match place {
        Place::Parameters => Point::parse(&upper),
        Place::Text => Point::basic(&upper),
    };
    point.ok_or_else(|| wrong(place, Part::Until, text))
}

/// Each item read; in order, and none twice.
fn each<T: Ord>(
    place: Place,
    part: Part,
    items: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Invalid> {
    let read = |item: &&str| read(item).ok_or_else(|| wrong(place, part, item));
    let mut values = items.iter().map(read).collect::<Result<Vec<T>, Invalid>>()?;
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

fn weekday(text: &str) -> Option<u8> {
    let place = WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text))?;
    u8::try_from(place).ok()
}

/// `MO`, `1MO`, `-1FR`.
fn by_day(text: &str) -> Option<ByDay> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, name) = text.split_at_checked(letters)?;
    let weekday = weekday(name)?;
    let nth = if number.is_empty() { 0 } else { i8::try_from(signed(number, 53)?).ok()? };
    Some(ByDay { nth, weekday })
}

fn number(list: List, text: &str) -> Option<i16> {
    let (least, most) = list.range();
    if list.signed() {
        return signed(text, most);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (least..=most).contains(number))?;
    // RFC 5545 3.3.12: who knows no leap seconds takes the 61st second for the 60th.
    Some(if list == List::Second { number.min(59) } else { number })
}

/// A number from 1 to `most`, or from −`most` to −1.
fn signed(text: &str, most: i16) -> Option<i16> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i16 = text.parse().ok().filter(|_| right)?;
    Some(number).filter(|number| *number != 0 && number.unsigned_abs() <= most.unsigned_abs())
}
