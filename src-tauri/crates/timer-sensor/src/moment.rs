//! What the clocks say, and what lies between two looks at them.

use model::{MissReason, Timestamp};
use std::time::Duration;

/// All clocks at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub now: Timestamp,
    /// How long the machine has slept so far.
    pub slept: Duration,
    /// How long it has been awake, by a stop-watch that nobody sets and that stands while the machine sleeps.
    pub awake: Duration,
}

/// A sleep or a step of the clock below this is the inaccuracy of reading several clocks one after the other.
const NOTICEABLE_US: i64 = 1_000_000;

/// Wall-clock time that passed unseen because the machine slept or because its clock was put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    from: Timestamp,
    until: Timestamp,
    reason: MissReason,
}

impl Gap {
    /// What lies between two looks, where most of it was a sleep or a step of the clock.
    pub(crate) fn between(before: &Moment, after: &Moment) -> Option<Self> {
        let micros = |later: Duration, earlier: Duration| {
            i64::try_from(later.saturating_sub(earlier).as_micros()).unwrap_or(i64::MAX)
        };
        let (slept, awake) = (micros(after.slept, before.slept), micros(after.awake, before.awake));
        let ahead = after.now.micros_since(before.now).saturating_sub(slept).saturating_sub(awake);
        let reason = if slept >= NOTICEABLE_US && slept >= ahead.max(awake) {
            MissReason::Asleep
        } else if ahead >= NOTICEABLE_US && ahead >= awake {
            MissReason::ClockChanged
        } else {
            return None;
        };
        Some(Self { from: before.now, until: after.now, reason })
    }

    /// Why instants from `planned` to `until` were missed, where it was for this.
    pub(crate) fn explains(&self, planned: Timestamp, until: Timestamp) -> Option<MissReason> {
        (self.from < until && planned <= self.until).then_some(self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(wall: i64, slept: u64, awake: u64) -> Option<MissReason> {
        let start = Timestamp::from_seconds(1_000_000_000);
        let before = Moment { now: start, slept: Duration::from_secs(7), awake: Duration::from_secs(1_000) };
        let after = Moment {
            now: start.plus_micros(wall * 1_000_000),
            slept: before.slept + Duration::from_secs(slept),
            awake: before.awake + Duration::from_secs(awake),
        };
        let gap = Gap::between(&before, &after)?;
        gap.explains(start.plus_micros(1), after.now)
    }

    #[test]
    fn the_larger_part_of_what_passed_unseen_is_its_reason() {
        let (asleep, changed) = (Some(MissReason::Asleep), Some(MissReason::ClockChanged));
        assert_eq!(gap(90, 90, 0), asleep);
        assert_eq!(gap(120, 90, 30), asleep);
        assert_eq!(gap(10_800, 0, 0), changed);
        assert_eq!(gap(10_830, 0, 30), changed);
        // A nap, and then somebody put the clock forward.
        assert_eq!(gap(3_605, 5, 0), changed);
        // Slept with a clock that was put back meanwhile.
        assert_eq!(gap(60, 3_600, 0), asleep);
        // The process was stopped, or the machine too busy.
        assert_eq!(gap(90, 0, 90), None);
        assert_eq!(gap(92, 2, 90), None);
        assert_eq!(gap(30, 0, 30), None);
    }

    #[test]
    fn a_gap_explains_only_what_it_covers() {
        let at = Timestamp::from_seconds;
        let gap = Gap { from: at(100), until: at(200), reason: MissReason::Asleep };
        assert_eq!(gap.explains(at(99), at(170)), Some(MissReason::Asleep));
        assert_eq!(gap.explains(at(150), at(300)), Some(MissReason::Asleep));
        assert_eq!(gap.explains(at(50), at(100)), None);
        assert_eq!(gap.explains(at(201), at(300)), None);
    }
}
