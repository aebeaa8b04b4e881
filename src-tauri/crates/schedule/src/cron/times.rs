//! Which times of a day a cron expression means: three sets, and arithmetic on their bits.

use super::expression::Fields;
use super::field;

/// A day's seconds; none is ever skipped here, for clock changes are not this module's business.
pub(super) const DAY: u32 = 86_400;

/// The times of a day. Bit n is the value n; no set is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u64,
}

impl Times {
    pub(super) fn of(fields: &Fields) -> Self {
        Self {
            seconds: fields.seconds.bits(&field::SECOND),
            minutes: fields.minutes.bits(&field::MINUTE),
            hours: fields.hours.bits(&field::HOUR),
        }
    }

    /// The first time at or after `from`, all in seconds of the day.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let (hour, minute, second) = parts(from);
        let within_minute = || Some(from - second + at_or_after(self.seconds, second)?);
        let within_hour = |minute: u32| {
            let minute = at_or_after(self.minutes, minute)?;
            Some(hour * 3_600 + minute * 60 + self.seconds.trailing_zeros())
        };
        let this_minute =
            if has(self.hours, hour) && has(self.minutes, minute) { within_minute() } else { None };
        let this_hour = || if has(self.hours, hour) { within_hour(minute + 1) } else { None };
        let later = || Some(at_or_after(self.hours, hour + 1)? * 3_600 + self.first_in_hour());
        this_minute.or_else(this_hour).or_else(later)
    }

    /// The last time at or before `until`.
    pub(super) fn previous(&self, until: u32) -> Option<u32> {
        let (hour, minute, second) = parts(until);
        let within_minute = || Some(until - second + below(self.seconds, second + 1)?);
        let within_hour = || {
            let minute = below(self.minutes, minute)?;
            Some(hour * 3_600 + minute * 60 + self.seconds.ilog2())
        };
        let this_minute =
            if has(self.hours, hour) && has(self.minutes, minute) { within_minute() } else { None };
        let this_hour = || if has(self.hours, hour) { within_hour() } else { None };
        let earlier =
            || Some(below(self.hours, hour)? * 3_600 + self.minutes.ilog2() * 60 + self.seconds.ilog2());
        this_minute.or_else(this_hour).or_else(earlier)
    }

    /// How many times lie before `until`, which may be the end of the day.
    pub(super) fn count_before(&self, until: u32) -> u64 {
        let (hour, minute, second) = parts(until);
        let (seconds, minutes) = (count(self.seconds), count(self.minutes));
        let mut sum = count(lower(self.hours, hour)) * minutes * seconds;
        if has(self.hours, hour) {
            sum += count(lower(self.minutes, minute)) * seconds;
            if has(self.minutes, minute) {
                sum += count(lower(self.seconds, second));
            }
        }
        sum
    }

    fn first_in_hour(&self) -> u32 {
        self.minutes.trailing_zeros() * 60 + self.seconds.trailing_zeros()
    }
}

fn parts(seconds: u32) -> (u32, u32, u32) {
    (seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn has(set: u64, value: u32) -> bool {
    set & (1 << value) != 0
}

/// The values below `end`, at most 60.
fn lower(set: u64, end: u32) -> u64 {
    set & ((1 << end) - 1)
}

fn count(set: u64) -> u64 {
    u64::from(set.count_ones())
}

fn at_or_after(set: u64, value: u32) -> Option<u32> {
    let rest = set & !((1 << value) - 1);
    (rest != 0).then(|| rest.trailing_zeros())
}

fn below(set: u64, end: u32) -> Option<u32> {
    let rest = lower(set, end);
    (rest != 0).then(|| rest.ilog2())
}
