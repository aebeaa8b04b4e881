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

/// `1st`, `2nd`, `11th`.
pub(crate) fn ordinal(number: impl Into<u16>) -> String {
    let number = number.into();
    let ending = match (number % 10, number % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// Five values or more with the same distance, of at least 2, between each and the next.
pub(crate) struct Steps {
    pub(crate) first: u8,
    pub(crate) last: u8,
    pub(crate) step: u8,
}

impl Steps {
    /// None where a set of bits is anything else.
    pub(crate) fn of(set: u64) -> Option<Self> {
        let values = values(set);
        let [first, second, .., last] = values[..] else { return None };
        let step = second - first;
        let even = values.windows(2).all(|pair| pair[1] - pair[0] == step);
        (even && step >= 2 && values.len() >= 5).then_some(Self { first, last, step })
    }
}

/// The values of a set of bits as words; three or more that follow one another become `a to b`.
pub(crate) fn runs(set: u64, word: impl Fn(&u8) -> String) -> Vec<String> {
    if let Some(Steps { first, last, step }) = Steps::of(set) {
        return vec![format!("{} to {} in steps of {step}", word(&first), word(&last))];
    }
    let mut parts = Vec::new();
    for run in values(set).chunk_by(|before, after| after - before == 1) {
        match run {
            [first, _, .., last] => parts.push(format!("{} to {}", word(first), word(last))),
            few => parts.extend(few.iter().map(&word)),
        }
    }
    parts
}

fn values(set: u64) -> Vec<u8> {
    (0..64).filter(|value| set & (1 << value) != 0).collect()
}
