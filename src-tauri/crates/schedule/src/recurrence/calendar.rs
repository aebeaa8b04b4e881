//! Days as numbers, and which days of every kind of year a recurrence allows.
//!
//! Whether a rule allows a day depends only on the day's place in its year, on the weekday of 1 January and on the
//! lengths of that year and the year before. So there are 21 kinds of years, and one row of bits for each answers
//! every question about every year.

use super::rule::{ByDay, List, Rule};
use crate::effort;
use std::fmt;
use std::sync::OnceLock;

/// Seconds of a day on the wall clock.
pub(super) const DAY: i64 = 86_400;
/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;
/// Days after which the calendar is the same again.
pub(super) const CYCLE_DAYS: i64 = 146_097;
const CYCLE_YEARS: i64 = 400;
/// First day of each month, counted from 0, and the length of the year; of a common year and of a leap year.
const MONTH_STARTS: [[i64; 13]; 2] = [
    [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365],
    [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366],
];

/// The day of 1 January, in days since 1970-01-01.
pub(super) fn first_day(year: i64) -> i64 {
    let before = year - 1;
    365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - EPOCH
}

/// The year that holds a day.
pub(super) fn year_of(day: i64) -> i64 {
    let guess = ((day + EPOCH) * CYCLE_YEARS).div_euclid(CYCLE_DAYS) + 1;
    if day < first_day(guess) {
        guess - 1
    } else if day >= first_day(guess + 1) {
        guess + 1
    } else {
        guess
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The weekday of a day, Monday as 0.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// Starts of the months of a year.
fn month_starts(leap: bool) -> &'static [i64; 13] {
    &MONTH_STARTS[usize::from(leap)]
}

/// The months since the year 0 of a day.
pub(super) fn month_of(day: i64) -> i64 {
    let year = year_of(day);
    let within = day - first_day(year);
    let month = month_starts(is_leap(year)).iter().skip(1).filter(|start| **start <= within).count();
    year * 12 + i64::try_from(month).unwrap_or(0)
}

/// The first day of a month that is counted like this.
pub(super) fn first_day_of_month(month: i64) -> i64 {
    let year = month.div_euclid(12);
    let within = usize::try_from(month.rem_euclid(12)).unwrap_or(0);
    first_day(year) + month_starts(is_leap(year))[within]
}

/// The first day of week 1 of a year: the week that holds at least four of its days. Weeks begin on `week_start`.
pub(super) fn first_week(year: i64, week_start: i64) -> i64 {
    let first = first_day(year);
    first + week_one((weekday(first) - week_start).rem_euclid(7))
}

/// The year whose weeks hold a day.
pub(super) fn week_year_of(day: i64, week_start: i64) -> i64 {
    let year = year_of(day);
    if day < first_week(year, week_start) {
        year - 1
    } else if day >= first_week(year + 1, week_start) {
        year + 1
    } else {
        year
    }
}

/// Where week 1 begins, in days from 1 January, if that day is so many days after the start of a week.
fn week_one(into_week: i64) -> i64 {
    if into_week <= 3 { -into_week } else { 7 - into_week }
}

/// What a recurrence may ask about a day. Everything is counted from 1, and from the end as −1, −2, ….
#[derive(Clone, Copy, Debug)]
pub(super) struct DayFacts {
    pub(super) month: i64,
    pub(super) month_day: (i64, i64),
    pub(super) year_day: (i64, i64),
    /// Monday as 0.
    pub(super) weekday: i64,
    /// Which one of its weekday it is in its month and in its year.
    pub(super) nth_in_month: (i64, i64),
    pub(super) nth_in_year: (i64, i64),
    /// The week of the year that holds most of it.
    pub(super) week: (i64, i64),
}

/// What tells one kind of year from another.
#[derive(Clone, Copy)]
struct YearKind {
    /// The weekday of 1 January, Monday as 0.
    first: i64,
    leap: Leap,
}

/// Which of three years is the leap year: two never lie so close to one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leap {
    None,
    This,
    Before,
    After,
}

impl YearKind {
    const COUNT: usize = 28;

    fn of(year: i64) -> Self {
        let leap = match (is_leap(year - 1), is_leap(year), is_leap(year + 1)) {
            (_, true, _) => Leap::This,
            (true, ..) => Leap::Before,
            (.., true) => Leap::After,
            _ => Leap::None,
        };
        Self { first: weekday(first_day(year)), leap }
    }

    /// All of them, by their index.
    fn all() -> impl Iterator<Item = Self> {
        let leaps = [Leap::None, Leap::This, Leap::Before, Leap::After];
        (0..7).flat_map(move |first| leaps.map(|leap| Self { first, leap }))
    }

    fn index(self) -> usize {
        let leap = match self.leap {
            Leap::None => 0,
            Leap::This => 1,
            Leap::Before => 2,
            Leap::After => 3,
        };
        usize::try_from(self.first).unwrap_or(0) * 4 + leap
    }

    fn days(self) -> i64 {
        365 + i64::from(self.leap == Leap::This)
    }

    fn facts(self, day: i64, week_start: i64) -> DayFacts {
        let starts = month_starts(self.leap == Leap::This);
        let month = starts.iter().skip(1).filter(|start| **start <= day).count();
        let (start, end) = (starts[month], starts[month + 1]);
        DayFacts {
            month: i64::try_from(month).unwrap_or(0) + 1,
            month_day: (day - start + 1, day - end),
            year_day: (day + 1, day - self.days()),
            weekday: (self.first + day).rem_euclid(7),
            nth_in_month: ((day - start) / 7 + 1, -((end - 1 - day) / 7 + 1)),
            nth_in_year: (day / 7 + 1, -((self.days() - 1 - day) / 7 + 1)),
            week: self.week(day, week_start),
        }
    }

    /// The week of a day in the year that holds most of that week, from the start and from the end of that year.
    fn week(self, day: i64, week_start: i64) -> (i64, i64) {
        let before = 365 + i64::from(self.leap == Leap::Before);
        let after = 365 + i64::from(self.leap == Leap::After);
        let january = [-before, 0, self.days(), self.days() + after];
        let starts =
            january.map(|january| january + week_one((self.first + january - week_start).rem_euclid(7)));
        let own = starts.windows(2).find(|weeks| day < weeks[1]);
        own.map_or((0, 0), |weeks| ((day - weeks[0]) / 7 + 1, (day - weeks[1]).div_euclid(7)))
    }
}

/// The days that a rule allows: one bit for each day of every kind of year. A kind is looked at when it is first asked
/// for, since most schedules are only ever asked about a year or two.
#[derive(Clone)]
pub(super) struct Days {
    /// With everything that it leaves to its start.
    rule: Rule,
    kinds: Box<[OnceLock<Year>; YearKind::COUNT]>,
}

type Year = [u64; 6];

impl PartialEq for Days {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

impl Eq for Days {}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Days").field(&self.rule).finish()
    }
}

impl Days {
    /// The days of a rule that leaves none to its start.
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, kinds: Box::new([const { OnceLock::new() }; YearKind::COUNT]) }
    }

    /// Whether no day of any year is allowed.
    pub(super) fn none(&self) -> bool {
        YearKind::all().all(|kind| self.of_kind(kind).iter().all(|word| *word == 0))
    }

    pub(super) fn has(&self, day: i64) -> bool {
        self.year(day).has(day)
    }

    /// The year that holds a day, for many questions about days that lie close together.
    pub(super) fn year(&self, day: i64) -> YearOfDays<'_> {
        let year = year_of(day);
        YearOfDays { first: first_day(year), end: first_day(year + 1), days: self.of(year) }
    }

    /// The first allowed day from `day` to `last`; each year that is looked at is a step.
    pub(super) fn next(&self, day: i64, last: i64, steps: &mut Steps) -> Option<i64> {
        let mut year = year_of(day);
        let mut first = first_day(year);
        let mut from = day - first;
        while first <= last {
            steps.take()?;
            if let Some(found) = next_bit_of(self.of(year), from) {
                return Some(first + found).filter(|found| *found <= last);
            }
            from = 0;
            year += 1;
            first = first_day(year);
        }
        None
    }

    /// How many allowed days lie in `from..to`.
    pub(super) fn count(&self, from: i64, to: i64) -> i64 {
        let mut count = 0;
        let mut day = from;
        while day < to {
            let year = year_of(day);
            let (first, next) = (first_day(year), first_day(year + 1));
            count += count_of(self.of(year), day - first, next.min(to) - first);
            day = next;
        }
        count
    }

    /// The allowed day that has `index` allowed days of `from..to` before it.
    pub(super) fn nth(&self, index: i64, from: i64, to: i64) -> Option<i64> {
        (from..to).filter(|day| self.has(*day)).nth(usize::try_from(index).ok()?)
    }

    fn of(&self, year: i64) -> &Year {
        self.of_kind(YearKind::of(year))
    }

    fn of_kind(&self, kind: YearKind) -> &Year {
        self.kinds[kind.index()].get_or_init(|| {
            let mut year = [0; 6];
            let week_start = i64::from(self.rule.week_start);
            for day in (0..kind.days()).filter(|day| allows(&self.rule, &kind.facts(*day, week_start))) {
                let (word, bit) = place(day);
                year[word] |= 1 << bit;
            }
            year
        })
    }
}

/// The allowed days of one year.
pub(super) struct YearOfDays<'a> {
    first: i64,
    end: i64,
    days: &'a Year,
}

impl YearOfDays<'_> {
    /// Whether a day lies in the year.
    pub(super) fn holds(&self, day: i64) -> bool {
        (self.first..self.end).contains(&day)
    }

    /// Whether a day of the year is allowed.
    pub(super) fn has(&self, day: i64) -> bool {
        let (word, bit) = place(day - self.first);
        self.days[word] >> bit & 1 == 1
    }
}

/// Whether a rule with its defaults allows a day.
fn allows(rule: &Rule, day: &DayFacts) -> bool {
    let holds = |list: List, (from_start, from_end): (i64, i64)| {
        let numbers = rule.list(list);
        let any = |number: &i16| [from_start, from_end].contains(&i64::from(*number));
        numbers.is_empty() || numbers.iter().any(any)
    };
    let nth = if rule.counts_in_months() { day.nth_in_month } else { day.nth_in_year };
    let by_day = |by: &ByDay| {
        let which = i64::from(by.nth);
        i64::from(by.weekday) == day.weekday && (which == 0 || which == nth.0 || which == nth.1)
    };
    holds(List::Month, (day.month, day.month))
        && holds(List::WeekNo, day.week)
        && holds(List::YearDay, day.year_day)
        && holds(List::MonthDay, day.month_day)
        && (rule.days.is_empty() || rule.days.iter().any(by_day))
}

/// What one search may still do, so that its work is bounded whatever it looks for.
#[derive(Debug)]
pub(super) struct Steps {
    left: u32,
}

impl Steps {
    pub(super) fn new(left: u32) -> Self {
        Self { left }
    }

    /// One step; none where all are taken.
    pub(super) fn take(&mut self) -> Option<()> {
        effort::step();
        self.left = self.left.checked_sub(1)?;
        Some(())
    }
}

/// Where the bit of a day of the year is.
fn place(day: i64) -> (usize, i64) {
    (usize::try_from(day / 64).unwrap_or(0), day % 64)
}

/// The first bit of a year from `from` on.
fn next_bit_of(year: &Year, from: i64) -> Option<i64> {
    let (start, bit) = place(from);
    let words = (0..).step_by(64).zip(year).skip(start);
    let mut mask = u64::MAX << bit;
    for (first, word) in words {
        let word = word & std::mem::replace(&mut mask, u64::MAX);
        if word != 0 {
            return Some(first + i64::from(word.trailing_zeros()));
        }
    }
    None
}

/// How many bits of a year lie in `from..to`.
fn count_of(year: &Year, from: i64, to: i64) -> i64 {
    let below = |end: i64| {
        let (full, bit) = place(end);
        let whole: u32 = year.iter().take(full).map(|word| word.count_ones()).sum();
        let part = year.get(full).map_or(0, |word| (word & !(u64::MAX << bit)).count_ones());
        i64::from(whole + part)
    };
    below(to) - below(from)
}
