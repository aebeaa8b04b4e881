//! Times, days and lists as people write them.

use jiff::civil::{Date, Time};

/// The months, January first.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A time of day: `08:30`, with seconds only where there are any.
pub(crate) fn clock(time: Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    match (second, time.subsec_nanosecond()) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        (_, _) => format!("{time}"),
    }
}

/// A day: `29 March 2026`.
pub(crate) fn day(date: Date) -> String {
    let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
    format!("{} {} {}", date.day(), MONTHS.get(month).copied().unwrap_or_default(), date.year())
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn and(parts: &[String]) -> String {
    join(parts, "and")
}

/// The same with any last word.
pub(crate) fn join(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// A length of time in the largest unit that holds it: `90 seconds`, `2 minutes`, `1 hour`.
pub(crate) fn duration(seconds: i64) -> String {
    let (unit, count) = match seconds {
        0 => ("second", 0),
        whole if whole % 86_400 == 0 => ("day", whole / 86_400),
        whole if whole % 3_600 == 0 => ("hour", whole / 3_600),
        whole if whole % 60 == 0 => ("minute", whole / 60),
        whole => ("second", whole),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
