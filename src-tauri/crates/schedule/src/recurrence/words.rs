//! A recurrence in words: "Every 2 weeks on Monday and Friday at 09:00, Berlin time, 10 times".

use super::point::Point;
use super::rule::{ByDay, Freq, List, Rule};
use super::times::bits;
use crate::words::{MONTHS, and, clock, day, ordinal};
use crate::zone::Zone;
use jiff::civil::{DateTime, Time};

/// Entries of a list that a sentence names; beyond it there are "others".
const NAMED: usize = 12;
/// Times of day that a sentence names one by one.
const TIMES: usize = 6;
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The whole sentence, without its full stop.
pub(super) fn sentence(rule: &Rule, start: DateTime, zone: &Zone) -> String {
    let every = match rule.interval {
        1 => format!("Every {}", rule.freq.unit()),
        interval => format!("Every {interval} {}s", rule.freq.unit()),
    };
    let times = if rule.freq >= Freq::Daily { times(rule, start) } else { short_times(rule, start) };
    let positions = positions(rule);
    let end = match (rule.count, rule.until) {
        (Some(1), _) => ", once".to_owned(),
        (Some(count), _) => format!(", {count} times"),
        (None, Some(Point::Day(last))) => format!(", until {}", day(last)),
        (None, Some(until)) => {
            let civil = until.local_end(zone);
            format!(", until {} at {}", day(civil.date()), clock(civil.time()))
        }
        (None, None) => String::new(),
    };
    format!("{every}{}{times}{positions}, {}{end}", days(rule, start), zone.spoken())
}

/// On which days, with a space before; empty where on all.
fn days(rule: &Rule, start: DateTime) -> String {
    let mut months = rule.list(List::Month).to_vec();
    let mut month_days = rule.list(List::MonthDay).to_vec();
    let mut weekdays = rule.days.clone();
    let named = !weekdays.is_empty() || !month_days.is_empty();
    match rule.freq {
        Freq::Yearly if !named && rule.has(List::WeekNo) => weekdays.push(weekday_of(start)),
        Freq::Yearly if !named && !rule.has(List::YearDay) => {
            month_days.push(start.day().into());
            if months.is_empty() {
                months.push(start.month().into());
            }
        }
        Freq::Monthly if !named => month_days.push(start.day().into()),
        Freq::Weekly if !named => weekdays.push(weekday_of(start)),
        _ => {}
    }
    let mut parts: Vec<String> = Vec::new();
    let year_days = rule.list(List::YearDay);
    if !year_days.is_empty() {
        parts.push(format!("on {} of the year", named_days("day", year_days)));
    }
    let month_names = months_of(&months);
    if !month_days.is_empty() {
        let of = if months.is_empty() { String::new() } else { format!(" of {month_names}") };
        parts.push(format!("on {}{of}", ordinal_days(&month_days)));
    }
    if !weekdays.is_empty() {
        let limits = !year_days.is_empty() || !month_days.is_empty();
        let names = weekday_names(rule, &weekdays);
        parts.push(if limits {
            format!("where that is {}", names.replace(" and ", " or "))
        } else {
            format!("on {names}")
        });
    }
    if rule.has(List::WeekNo) {
        parts.push(format!("in {}", named_days("week", rule.list(List::WeekNo))));
    }
    if month_days.is_empty() && !months.is_empty() {
        parts.push(format!("in {month_names}"));
    }
    parts.iter().map(|part| format!(" {part}")).collect()
}

fn weekday_of(start: DateTime) -> ByDay {
    ByDay { nth: 0, weekday: start.weekday().to_monday_zero_offset().unsigned_abs() }
}

fn months_of(months: &[i16]) -> String {
    let name = |month: i16| {
        let place = usize::from(month.unsigned_abs()).saturating_sub(1);
        MONTHS.get(place).copied().unwrap_or_default().to_owned()
    };
    and(&runs(months, name))
}

/// `Monday to Friday`, `the first Monday and the last Friday of the month`.
fn weekday_names(rule: &Rule, days: &[ByDay]) -> String {
    let name = |weekday: i16| {
        WEEKDAYS.get(usize::from(weekday.unsigned_abs())).copied().unwrap_or_default().to_owned()
    };
    let every: Vec<i16> = days.iter().filter(|day| day.nth == 0).map(|day| day.weekday.into()).collect();
    let mut names = runs(&every, name);
    let mut numbered: Vec<&ByDay> = days.iter().filter(|day| day.nth != 0).collect();
    numbered.sort_by_key(|day| (day.nth < 0, day.nth.unsigned_abs(), day.weekday));
    let of = if rule.counts_in_months() { "month" } else { "year" };
    let last = numbered.len().min(NAMED).saturating_sub(1);
    for (place, day) in numbered.iter().take(NAMED).enumerate() {
        let of = if place == last { format!(" of the {of}") } else { String::new() };
        names.push(format!("the {} {}{of}", place_of(day.nth.into()), name(day.weekday.into())));
    }
    more(&mut names, numbered.len().saturating_sub(NAMED));
    and(&names)
}

/// `day 100`, `days 1 to 5 and the last day`.
fn named_days(unit: &str, numbers: &[i16]) -> String {
    let from_start: Vec<i16> = numbers.iter().copied().filter(|number| *number > 0).collect();
    let from_end = numbers.iter().rev().filter(|number| **number < 0);
    let mut parts = runs(&from_start, |number| number.to_string());
    if let Some(first) = parts.first_mut() {
        *first = format!("{unit}{} {first}", if from_start.len() == 1 { "" } else { "s" });
    }
    let ends: Vec<String> = from_end.map(|number| format!("the {} {unit}", place_of(*number))).collect();
    let left = ends.len().saturating_sub(NAMED);
    parts.extend(ends.into_iter().take(NAMED));
    more(&mut parts, left);
    and(&parts)
}

/// `the 1st, the 15th and the last day`.
fn ordinal_days(numbers: &[i16]) -> String {
    let from_start: Vec<i16> = numbers.iter().copied().filter(|number| *number > 0).collect();
    let from_end = numbers.iter().rev().filter(|number| **number < 0);
    let mut parts = runs(&from_start, |number| format!("the {}", ordinal(number.unsigned_abs())));
    parts.extend(from_end.take(NAMED).map(|number| format!("the {} day", place_of(*number))));
    and(&parts)
}

/// At which times of a day.
fn times(rule: &Rule, start: DateTime) -> String {
    let or_start = |list: List, value: i8| {
        if rule.has(list) { rule.list(list).to_vec() } else { vec![i16::from(value)] }
    };
    let hours = or_start(List::Hour, start.hour());
    let minutes = or_start(List::Minute, start.minute());
    let seconds = or_start(List::Second, start.second());
    if hours.len() * minutes.len() * seconds.len() <= TIMES {
        let time = |hour: i16, minute: i16, second: i16| {
            let small = |number: i16| i8::try_from(number).unwrap_or(0);
            Time::new(small(hour), small(minute), small(second), 0).map_or_else(|_| String::new(), clock)
        };
        let all = hours.iter().flat_map(|hour| {
            minutes.iter().flat_map(|minute| seconds.iter().map(|second| time(*hour, *minute, *second)))
        });
        return format!(" at {}", and(&all.collect::<Vec<_>>()));
    }
    format!("{} in {}", within(&minutes, &seconds), counted("hour", &hours))
}

/// At which times of a period that is shorter than a day, and in which hours.
fn short_times(rule: &Rule, start: DateTime) -> String {
    let mut parts = String::new();
    let (minutes, seconds) = (rule.list(List::Minute), rule.list(List::Second));
    if !minutes.is_empty() || !seconds.is_empty() {
        let or_start = |list: List, freq: Freq, value: i8| match rule.list(list) {
            [] if rule.freq >= freq => vec![i16::from(value)],
            numbers => numbers.to_vec(),
        };
        let minutes = or_start(List::Minute, Freq::Hourly, start.minute());
        parts += &within(&minutes, &or_start(List::Second, Freq::Minutely, start.second()));
    }
    if rule.has(List::Hour) {
        parts += &format!(" in {}", counted("hour", rule.list(List::Hour)));
    }
    let exact = rule.freq == Freq::Secondly && rule.interval == 1;
    let told = rule.interval == 1 && !minutes.is_empty();
    if !exact && !told {
        parts += &format!(", counted from {} on {}", clock(start.time()), day(start.date()));
    }
    parts
}

/// `at minutes 0 and 30`, with seconds where they are not only 0.
fn within(minutes: &[i16], seconds: &[i16]) -> String {
    let seconds = match seconds {
        [] | [0] => None,
        seconds => Some(counted("second", seconds)),
    };
    let minutes =
        Some(minutes).filter(|minutes| !minutes.is_empty()).map(|minutes| counted("minute", minutes));
    match (minutes, seconds) {
        (None, None) => String::new(),
        (Some(minutes), None) => format!(" at {minutes}"),
        (None, Some(seconds)) => format!(" at {seconds}"),
        (Some(minutes), Some(seconds)) => format!(" at {seconds} of {minutes}"),
    }
}

/// `hour 9`, `hours 9 to 17`.
fn counted(unit: &str, numbers: &[i16]) -> String {
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("{unit}{plural} {}", and(&runs(numbers, |number| number.to_string())))
}

/// Which of all times in a period count; empty where all do.
fn positions(rule: &Rule) -> String {
    let positions = rule.list(List::SetPos);
    if positions.is_empty() {
        return String::new();
    }
    let from_end = positions.iter().rev().filter(|position| **position < 0);
    let in_order = positions.iter().filter(|position| **position > 0).chain(from_end);
    let mut names: Vec<String> =
        in_order.take(NAMED).map(|position| format!("the {}", place_of(*position))).collect();
    more(&mut names, positions.len().saturating_sub(NAMED));
    format!(", only {} of these in a {}", and(&names), rule.freq.unit())
}

/// `first`, `2nd`, `last`, `2nd last`.
fn place_of(number: i16) -> String {
    match number {
        1 => "first".to_owned(),
        -1 => "last".to_owned(),
        number if number < 0 => format!("{} last", ordinal(number.unsigned_abs())),
        number => ordinal(number.unsigned_abs()),
    }
}

/// Numbers in order as words; three or more that follow one another become `a to b` where they are few.
fn runs(numbers: &[i16], word: impl Fn(i16) -> String) -> Vec<String> {
    let mut parts = if numbers.iter().all(|number| (0..64).contains(number)) {
        crate::words::runs(bits(numbers), |number| word(i16::from(*number)))
    } else {
        numbers.iter().copied().map(word).collect()
    };
    let left = parts.len().saturating_sub(NAMED);
    parts.truncate(NAMED);
    more(&mut parts, left);
    parts
}

/// Says how many entries of a list are not named.
fn more(parts: &mut Vec<String>, left: usize) {
    match left {
        0 => {}
        1 => parts.push("1 other".to_owned()),
        left => parts.push(format!("{left} others")),
    }
}
