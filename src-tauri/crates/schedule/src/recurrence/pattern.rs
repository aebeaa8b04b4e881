//! The local times of a recurrence: a search that jumps, so that it costs the same from every start.
//!
//! Local times are seconds since 1970-01-01T00:00:00 on the wall clock. The start of a search is moved forward by
//! whole periods with arithmetic, never by going through them; within the periods it leaps from allowed day to allowed
//! day and from allowed hour to allowed hour.

use super::calendar::{
    CYCLE_DAYS, DAY, Days, Steps, first_day, first_day_of_month, first_week, month_of, week_year_of, weekday,
    year_of,
};
use super::rule::{ByDay, Freq, List, Rule};
use super::times::{Times, bits, has_bit, index_of, next_bit};
use crate::wall::Wall;
use crate::zone::just_before;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use model::limits;

/// How far a search looks, in seconds.
pub(super) const HORIZON: i64 = limits::RECURRENCE_YEARS * (CYCLE_DAYS * DAY / 400);

/// Which local times a rule allows, with everything that RFC 5545 takes from the start made explicit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    freq: Freq,
    interval: i64,
    start: i64,
    /// The last local time that counts.
    last: i64,
    week_start: i64,
    /// Whether years are counted in weeks.
    by_week: bool,
    days: Days,
    /// Of a day, or of a period that is shorter.
    times: Times,
    /// Positions in a period that is longer than a day; empty where all count.
    positions: Vec<i16>,
    /// Where a period is shorter than a day: its hour, its minute and its second must be among these.
    hours: u64,
    minutes: u64,
    seconds: u64,
    /// Whether the place in such a period comes from the start, so that it moves with elapsed time.
    follows_start: bool,
}

impl Pattern {
    /// The local times of a rule that starts at `start`, in whole seconds. They end at the end of the calendar.
    pub(super) fn new(rule: &Rule, start: DateTime) -> Self {
        let explicit = with_defaults(rule, start);
        let (hours, minutes, seconds) = (
            bits(explicit.list(List::Hour)),
            bits(explicit.list(List::Minute)),
            bits(explicit.list(List::Second)),
        );
        let only = |shorter_than: Freq, bits: u64| if rule.freq < shorter_than { 1 } else { bits };
        let times = Times::Product {
            hours: only(Freq::Daily, hours),
            minutes: only(Freq::Hourly, minutes),
            seconds: only(Freq::Minutely, seconds),
        };
        let positions = rule.list(List::SetPos);
        let longer = rule.freq > Freq::Daily;
        let any = |bits: u64| if bits == 0 { u64::MAX } else { bits };
        Self {
            freq: rule.freq,
            interval: rule.interval,
            start: seconds_of(start),
            last: seconds_of(DateTime::MAX),
            week_start: i64::from(rule.week_start),
            by_week: rule.has(List::WeekNo),
            times: if longer || positions.is_empty() { times } else { times.choose(positions) },
            positions: if longer { positions.to_vec() } else { Vec::new() },
            hours: any(hours),
            minutes: if rule.freq < Freq::Hourly { any(minutes) } else { u64::MAX },
            seconds: if rule.freq < Freq::Minutely { any(seconds) } else { u64::MAX },
            follows_start: match rule.freq {
                Freq::Hourly => !rule.has(List::Minute),
                Freq::Minutely => !rule.has(List::Second),
                _ => false,
            },
            days: Days::new(explicit),
        }
    }

    /// Ends it: no local time after `last` counts.
    pub(super) fn end(&mut self, last: DateTime) {
        self.last = seconds_of(last);
    }

    /// Whether no day of any year is allowed.
    pub(super) fn no_day(&self) -> bool {
        self.days.none()
    }

    /// The first local time from `from` to `until`, both included. Where it follows elapsed time, `shift` says how
    /// many seconds clocks are ahead of those of the start.
    pub(super) fn next(&self, from: i64, until: i64, shift: i64, steps: &mut Steps) -> Option<i64> {
        let from = from.max(self.start + shift);
        let until = until.min(self.last).min(from.saturating_add(HORIZON));
        match self.freq.seconds() {
            Some(unit) => self.next_short(from, until, shift, unit, steps),
            None if self.positions.is_empty() => self.next_day(from, until, steps),
            None => self.next_chosen(from, until, steps),
        }
    }

    /// The local time that has `index` others before it.
    pub(super) fn nth(&self, index: usize) -> Option<DateTime> {
        let next = |from: i64| self.next(from, i64::MAX, 0, &mut steps());
        civil_of(std::iter::successors(next(self.start), |at| next(at + 1)).nth(index)?)
    }

    /// The last local time from `from` to `until`, both included.
    pub(super) fn last(&self, from: i64, until: i64) -> Option<i64> {
        last_of(from.max(self.start), until, |from, until| self.next(from, until, 0, &mut steps()))
    }

    /// Where periods are days or longer and every allowed time of an allowed day counts.
    fn next_day(&self, from: i64, until: i64, steps: &mut Steps) -> Option<i64> {
        let last = until.div_euclid(DAY);
        let mut day = from.div_euclid(DAY);
        loop {
            steps.take()?;
            let aligned = self.align(day);
            day = self.days.next(aligned, last, steps)?;
            if day == aligned {
                let time = self.times.next(if day * DAY < from { from.rem_euclid(DAY) } else { 0 });
                if let Some(time) = time {
                    return Some(day * DAY + time).filter(|found| *found <= until);
                }
                day += 1;
            }
        }
    }

    /// Where some positions of each period count.
    fn next_chosen(&self, from: i64, until: i64, steps: &mut Steps) -> Option<i64> {
        let last = until.div_euclid(DAY);
        let mut day = from.div_euclid(DAY);
        loop {
            steps.take()?;
            let period = self.period(self.align(day));
            let (start, end) = (self.period_start(period), self.period_start(period + 1));
            if start > last {
                return None;
            }
            let all = self.days.count(start, end) * self.times.len();
            let passed = self.passed(start, from);
            let index = self.positions.iter().filter_map(|position| index_of(*position, all));
            if let Some(index) = index.filter(|index| *index >= passed).min() {
                let day = self.days.nth(index / self.times.len(), start, end)?;
                let found = day * DAY + self.times.nth(index % self.times.len())?;
                return Some(found).filter(|found| *found <= until);
            }
            day = self.days.next(end, last, steps)?;
        }
    }

    /// How many allowed times of the period that starts on a day lie before `from`.
    fn passed(&self, start: i64, from: i64) -> i64 {
        let day = from.div_euclid(DAY);
        if day < start {
            return 0;
        }
        let today = if self.days.has(day) { self.times.before(from.rem_euclid(DAY)) } else { 0 };
        self.days.count(start, day) * self.times.len() + today
    }

    /// Where periods are shorter than a day.
    fn next_short(&self, from: i64, until: i64, shift: i64, unit: i64, steps: &mut Steps) -> Option<i64> {
        let first = self.first(unit, shift);
        let base = if self.follows_start { shift } else { 0 };
        let last = until.div_euclid(DAY);
        let mut at = from;
        let mut year = self.days.year(at.div_euclid(DAY));
        while at <= until {
            steps.take()?;
            let into = (at - first).rem_euclid(self.interval * unit);
            if into >= unit {
                at += self.interval * unit - into;
                continue;
            }
            let day = at.div_euclid(DAY);
            if !year.holds(day) {
                year = self.days.year(day);
            }
            if !year.has(day) {
                at = self.days.next(day, last, steps)? * DAY;
                continue;
            }
            if let Some(later) = self.later_hour(at) {
                at = later;
                continue;
            }
            let within = (at - base).rem_euclid(unit);
            let Some(time) = self.times.next(within) else {
                at += unit - within;
                continue;
            };
            let found = at + time - within;
            let end = at - into + unit;
            if found < end && found.div_euclid(DAY) == day {
                return Some(found).filter(|found| *found <= until);
            }
            at = end.min((day + 1) * DAY);
        }
        None
    }

    /// A local time from `at` on before which nothing is planned where periods are shorter than a day, even if clocks
    /// are changed by up to a day on the way. None where nothing is planned any more.
    pub(super) fn leap(&self, at: i64, shift: i64) -> Option<i64> {
        let unit = self.freq.seconds()?;
        let into = (at - self.first(unit, shift)).rem_euclid(self.interval * unit);
        let at = if into < unit { at } else { at + self.interval * unit - into };
        let day = self.days.next(at.div_euclid(DAY), self.last.div_euclid(DAY), &mut steps())?;
        Some(at.max((day - 2) * DAY))
    }

    /// Where the first period begins that is shorter than a day.
    fn first(&self, unit: i64, shift: i64) -> i64 {
        self.start.div_euclid(unit) * unit + shift
    }

    /// Where the hour, the minute or the second of a local time is not allowed, when the next that may be begins.
    fn later_hour(&self, at: i64) -> Option<i64> {
        let time = at.rem_euclid(DAY);
        let midnight = at - time;
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        if !has_bit(self.hours, hour) {
            return Some(midnight + next_bit(self.hours, hour).unwrap_or(24).min(24) * 3_600);
        }
        if !has_bit(self.minutes, minute) {
            let next = next_bit(self.minutes, minute).unwrap_or(60).min(60);
            return Some(midnight + hour * 3_600 + next * 60);
        }
        if !has_bit(self.seconds, second) {
            let next = next_bit(self.seconds, second).unwrap_or(60).min(60);
            return Some(at - second + next);
        }
        None
    }

    /// The first day from `day` on that lies in a period of the rule.
    fn align(&self, day: i64) -> i64 {
        let period = self.period(day);
        let into = (period - self.period(self.start.div_euclid(DAY))).rem_euclid(self.interval);
        if into == 0 { day } else { self.period_start(period + self.interval - into) }
    }

    /// The number of the period that holds a day.
    fn period(&self, day: i64) -> i64 {
        match self.freq {
            Freq::Yearly if self.by_week => week_year_of(day, self.week_start),
            Freq::Yearly => year_of(day),
            Freq::Monthly => month_of(day),
            Freq::Weekly => (day + weekday(0) - self.week_start).div_euclid(7),
            _ => day,
        }
    }

    /// The first day of a period.
    fn period_start(&self, period: i64) -> i64 {
        match self.freq {
            Freq::Yearly if self.by_week => first_week(period, self.week_start),
            Freq::Yearly => first_day(period),
            Freq::Monthly => first_day_of_month(period),
            Freq::Weekly => period * 7 - weekday(0) + self.week_start,
            _ => period,
        }
    }
}

impl Wall for Pattern {
    fn count(&self, from: DateTime, to: DateTime) -> u64 {
        let (from, last) = (after(just_before(from)), before(to));
        let next = |from: i64| self.next(from, last, 0, &mut steps());
        let planned = std::iter::successors(next(from), |at| next(at + 1));
        planned.zip(0..limits::COUNTED_FIRES).fold(0, |count, _| count + 1)
    }

    fn after(&self, at: DateTime) -> Option<DateTime> {
        civil_of(self.next(after(at), i64::MAX, 0, &mut steps())?)
    }

    fn before(&self, at: DateTime) -> Option<DateTime> {
        civil_of(self.last(i64::MIN, before(at))?)
    }
}

/// The first whole second after a local time.
fn after(at: DateTime) -> i64 {
    seconds_of(at) + 1
}

/// The last whole second before a local time.
fn before(at: DateTime) -> i64 {
    seconds_of(at) - i64::from(at.subsec_nanosecond() == 0)
}

/// The steps of one search.
pub(super) fn steps() -> Steps {
    Steps::new(limits::RECURRENCE_STEPS)
}

/// The last number from `from` to `until` that `next` finds, where it finds the first of any range. It looks back in
/// ranges that double, and then halves the one in which there is any.
pub(super) fn last_of(from: i64, until: i64, next: impl Fn(i64, i64) -> Option<i64>) -> Option<i64> {
    let mut reach: i64 = 1;
    let mut found = loop {
        let start = until.saturating_sub(reach).saturating_add(1).max(from);
        if start > until {
            return None;
        }
        match next(start, until) {
            Some(found) => break found,
            None if start == from => return None,
            None => reach = reach.saturating_mul(2),
        }
    };
    let mut end = until;
    while found < end {
        let middle = found + (end - found + 1) / 2;
        match next(middle, end) {
            Some(later) => found = later,
            None => end = middle - 1,
        }
    }
    Some(found)
}

/// The rule with what it leaves to its start.
fn with_defaults(rule: &Rule, start: DateTime) -> Rule {
    let mut rule = rule.clone();
    let number = |value: i8| vec![i16::from(value)];
    let days = !rule.days.is_empty();
    let weekday = ByDay { nth: 0, weekday: start.weekday().to_monday_zero_offset().unsigned_abs() };
    match rule.freq {
        Freq::Yearly if !days && !rule.has(List::MonthDay) && !rule.has(List::YearDay) => {
            if rule.has(List::WeekNo) {
                rule.days.push(weekday);
            } else {
                rule.set(List::MonthDay, number(start.day()));
                if !rule.has(List::Month) {
                    rule.set(List::Month, number(start.month()));
                }
            }
        }
        Freq::Monthly if !days && !rule.has(List::MonthDay) => rule.set(List::MonthDay, number(start.day())),
        Freq::Weekly if !days => rule.days.push(weekday),
        _ => {}
    }
    let times = [
        (List::Hour, Freq::Hourly, start.hour()),
        (List::Minute, Freq::Minutely, start.minute()),
        (List::Second, Freq::Secondly, start.second()),
    ];
    for (list, shorter, value) in times {
        if rule.freq > shorter && !rule.has(list) {
            rule.set(list, number(value));
        }
    }
    rule
}

/// Whole seconds of a local time.
pub(super) fn seconds_of(civil: DateTime) -> i64 {
    let day = first_day(i64::from(civil.year())) + i64::from(civil.day_of_year()) - 1;
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    day * DAY + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)
}

/// The local time of so many seconds; none beyond the calendar.
pub(super) fn civil_of(seconds: i64) -> Option<DateTime> {
    const EPOCH: DateTime = Date::constant(1970, 1, 1).at(0, 0, 0, 0);
    EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()
}
