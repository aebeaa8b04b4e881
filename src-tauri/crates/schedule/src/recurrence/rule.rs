//! A recurrence rule as RFC 5545 has it: its parts and their names.

use super::point::Point;
use std::fmt;

/// How long one period is. The order is from the shortest to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Freq {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Freq {
    pub(super) const WORDS: [(&str, Self); 7] = [
        ("YEARLY", Self::Yearly),
        ("MONTHLY", Self::Monthly),
        ("WEEKLY", Self::Weekly),
        ("DAILY", Self::Daily),
        ("HOURLY", Self::Hourly),
        ("MINUTELY", Self::Minutely),
        ("SECONDLY", Self::Secondly),
    ];

    /// Its word in a rule.
    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, freq)| *freq == self).map_or("", |(word, _)| word)
    }

    /// One period in a sentence.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Secondly => "second",
            Self::Minutely => "minute",
            Self::Hourly => "hour",
            Self::Daily => "day",
            Self::Weekly => "week",
            Self::Monthly => "month",
            Self::Yearly => "year",
        }
    }

    /// Seconds of a period that is shorter than a day.
    pub(super) fn seconds(self) -> Option<i64> {
        match self {
            Self::Secondly => Some(1),
            Self::Minutely => Some(60),
            Self::Hourly => Some(3_600),
            Self::Daily | Self::Weekly | Self::Monthly | Self::Yearly => None,
        }
    }
}

/// The parts that are lists of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Month,
    WeekNo,
    YearDay,
    MonthDay,
    Hour,
    Minute,
    Second,
    SetPos,
}

impl List {
    pub(super) const ALL: [Self; 8] = [
        Self::Month,
        Self::WeekNo,
        Self::YearDay,
        Self::MonthDay,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::SetPos,
    ];

    /// The least and the greatest number; where the numbers are `signed` the same range counts from the end, and 0
    /// means nothing.
    pub(super) fn range(self) -> (i16, i16) {
        match self {
            Self::Month => (1, 12),
            Self::WeekNo => (1, 53),
            Self::MonthDay => (1, 31),
            Self::YearDay | Self::SetPos => (1, 366),
            Self::Hour => (0, 23),
            Self::Minute => (0, 59),
            Self::Second => (0, 60),
        }
    }

    pub(super) fn signed(self) -> bool {
        matches!(self, Self::WeekNo | Self::MonthDay | Self::YearDay | Self::SetPos)
    }
}

/// Any part of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Freq,
    Interval,
    Count,
    Until,
    Day,
    List(List),
    WeekStart,
}

impl Part {
    pub(super) const ALL: [Self; 14] = [
        Self::Freq,
        Self::Interval,
        Self::Count,
        Self::Until,
        Self::List(List::Month),
        Self::List(List::WeekNo),
        Self::List(List::YearDay),
        Self::List(List::MonthDay),
        Self::Day,
        Self::List(List::Hour),
        Self::List(List::Minute),
        Self::List(List::Second),
        Self::List(List::SetPos),
        Self::WeekStart,
    ];

    /// Its name in RFC 5545.
    pub(super) fn rfc(self) -> &'static str {
        self.names().0
    }

    /// Its name as a parameter.
    pub(super) fn parameter(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Freq => ("FREQ", "freq"),
            Self::Interval => ("INTERVAL", "interval"),
            Self::Count => ("COUNT", "count"),
            Self::Until => ("UNTIL", "until"),
            Self::Day => ("BYDAY", "by_day"),
            Self::WeekStart => ("WKST", "week_start"),
            Self::List(List::Month) => ("BYMONTH", "by_month"),
            Self::List(List::WeekNo) => ("BYWEEKNO", "by_week_no"),
            Self::List(List::YearDay) => ("BYYEARDAY", "by_year_day"),
            Self::List(List::MonthDay) => ("BYMONTHDAY", "by_month_day"),
            Self::List(List::Hour) => ("BYHOUR", "by_hour"),
            Self::List(List::Minute) => ("BYMINUTE", "by_minute"),
            Self::List(List::Second) => ("BYSECOND", "by_second"),
            Self::List(List::SetPos) => ("BYSETPOS", "by_set_pos"),
        }
    }
}

/// The names of the weekdays in rules, Monday first.
pub(super) const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A weekday of `BYDAY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ByDay {
    /// Which one of its month or year, from the end where it is negative; 0 for every one.
    pub(super) nth: i8,
    /// Monday as 0.
    pub(super) weekday: u8,
}

impl fmt::Display for ByDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = WEEKDAYS.get(usize::from(self.weekday)).copied().unwrap_or_default();
        if self.nth == 0 { f.write_str(name) } else { write!(f, "{}{name}", self.nth) }
    }
}

/// A rule whose parts are each in their range and go together. Lists are in order and hold nothing twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) freq: Freq,
    /// At least 1.
    pub(super) interval: i64,
    pub(super) count: Option<usize>,
    pub(super) until: Option<Point>,
    /// Monday as 0.
    pub(super) week_start: u8,
    pub(super) days: Vec<ByDay>,
    /// By the place of their part in [`List::ALL`].
    lists: [Vec<i16>; 8],
}

impl Rule {
    pub(super) fn new(freq: Freq) -> Self {
        Self {
            freq,
            interval: 1,
            count: None,
            until: None,
            week_start: 0,
            days: Vec::new(),
            lists: Default::default(),
        }
    }

    /// The numbers of a part; none where the rule does not have it.
    pub(super) fn list(&self, list: List) -> &[i16] {
        self.lists.get(list as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn has(&self, list: List) -> bool {
        !self.list(list).is_empty()
    }

    pub(super) fn set(&mut self, list: List, numbers: Vec<i16>) {
        if let Some(place) = self.lists.get_mut(list as usize) {
            *place = numbers;
        }
    }

    /// Whether it says nothing but how long a period is.
    pub(super) fn plain(&self) -> bool {
        self.days.is_empty() && self.lists.iter().all(Vec::is_empty)
    }

    /// Whether a number before a weekday counts within a month, not within a year.
    pub(super) fn counts_in_months(&self) -> bool {
        self.freq != Freq::Yearly || self.has(List::Month)
    }
}

/// As RFC 5545 writes it, in one order.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.freq.word())?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        if let Some(count) = self.count {
            write!(f, ";COUNT={count}")?;
        }
        if let Some(until) = self.until {
            write!(f, ";UNTIL={until}")?;
        }
        for part in Part::ALL {
            let items: Vec<String> = match part {
                Part::Day => self.days.iter().map(ToString::to_string).collect(),
                Part::List(list) => self.list(list).iter().map(ToString::to_string).collect(),
                _ => continue,
            };
            if !items.is_empty() {
                write!(f, ";{}={}", part.rfc(), items.join(","))?;
            }
        }
        match WEEKDAYS.get(usize::from(self.week_start)) {
            Some(day) if self.week_start != 0 => write!(f, ";WKST={day}"),
            _ => Ok(()),
        }
    }
}
