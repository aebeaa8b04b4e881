//! The seconds of a day, or of a shorter period, that a recurrence allows.

/// A set of seconds. Numbers of seconds are counted from the start of the day, the hour or the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Every allowed second of every allowed minute of every allowed hour; one bit for each, and none empty.
    Product { hours: u64, minutes: u64, seconds: u64 },
    /// These, in order.
    Chosen(Vec<i64>),
}

impl Times {
    /// How many there are.
    pub(super) fn len(&self) -> i64 {
        match self {
            Self::Product { hours, minutes, seconds } => ones(*hours) * ones(*minutes) * ones(*seconds),
            Self::Chosen(times) => i64::try_from(times.len()).unwrap_or(i64::MAX),
        }
    }

    /// The first at or after `from`.
    pub(super) fn next(&self, from: i64) -> Option<i64> {
        let (hours, minutes, seconds) = match self {
            Self::Product { hours, minutes, seconds } => (*hours, *minutes, *seconds),
            Self::Chosen(times) => return times.get(times.partition_point(|time| *time < from)).copied(),
        };
        let (hour, minute, second) = (from / 3_600, from / 60 % 60, from % 60);
        let same_minute = || Some((hour, minute, next_bit(seconds, second)?));
        let same_hour = || Some((hour, next_bit(minutes, minute + 1)?, next_bit(seconds, 0)?));
        let later = || Some((next_bit(hours, hour + 1)?, next_bit(minutes, 0)?, next_bit(seconds, 0)?));
        let in_hour = has_bit(hours, hour);
        let found = Some(()).filter(|()| in_hour && has_bit(minutes, minute)).and_then(|()| same_minute());
        let found = found.or_else(|| Some(()).filter(|()| in_hour).and_then(|()| same_hour()));
        let (hour, minute, second) = found.or_else(later)?;
        Some(hour * 3_600 + minute * 60 + second)
    }

    /// How many lie before `to`.
    pub(super) fn before(&self, to: i64) -> i64 {
        let (hours, minutes, seconds) = match self {
            Self::Product { hours, minutes, seconds } => (*hours, *minutes, *seconds),
            Self::Chosen(times) => {
                return i64::try_from(times.partition_point(|time| *time < to)).unwrap_or(i64::MAX);
            }
        };
        let (hour, minute, second) = (to / 3_600, to / 60 % 60, to % 60);
        let in_minute = if has_bit(minutes, minute) { ones(below(seconds, second)) } else { 0 };
        let in_hour =
            if has_bit(hours, hour) { ones(below(minutes, minute)) * ones(seconds) + in_minute } else { 0 };
        ones(below(hours, hour)) * ones(minutes) * ones(seconds) + in_hour
    }

    /// The one that has `index` others before it.
    pub(super) fn nth(&self, index: i64) -> Option<i64> {
        match self {
            Self::Chosen(times) => times.get(usize::try_from(index).ok()?).copied(),
            Self::Product { hours, minutes, seconds } => {
                let (of_minute, of_hour) = (ones(*seconds), ones(*minutes) * ones(*seconds));
                let hour = nth_bit(*hours, index / of_hour)?;
                let minute = nth_bit(*minutes, index % of_hour / of_minute)?;
                Some(hour * 3_600 + minute * 60 + nth_bit(*seconds, index % of_minute)?)
            }
        }
    }

    /// Those at these positions, counted from 1 or from the end as −1.
    pub(super) fn choose(&self, positions: &[i16]) -> Self {
        let all = self.len();
        let mut chosen: Vec<i64> =
            positions.iter().filter_map(|position| self.nth(index_of(*position, all)?)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        Self::Chosen(chosen)
    }
}

/// Where a position lies in a set of so many, counted from 0.
pub(super) fn index_of(position: i16, all: i64) -> Option<i64> {
    let position = i64::from(position);
    let index = if position > 0 { position - 1 } else { all + position };
    Some(index).filter(|index| (0..all).contains(index))
}

/// The bits of these numbers.
pub(super) fn bits(numbers: &[i16]) -> u64 {
    numbers.iter().fold(0, |bits, number| bits | 1 << number)
}

pub(super) fn has_bit(bits: u64, place: i64) -> bool {
    bits >> place & 1 == 1
}

/// The first bit from `from` on.
pub(super) fn next_bit(bits: u64, from: i64) -> Option<i64> {
    let rest = if from < 64 { bits >> from << from } else { 0 };
    (rest != 0).then(|| i64::from(rest.trailing_zeros()))
}

/// The bits before `to`, which is less than 64.
fn below(bits: u64, to: i64) -> u64 {
    bits & !(u64::MAX << to)
}

fn ones(bits: u64) -> i64 {
    i64::from(bits.count_ones())
}

fn nth_bit(bits: u64, index: i64) -> Option<i64> {
    (0..64).filter(|place| has_bit(bits, *place)).nth(usize::try_from(index).ok()?)
}
