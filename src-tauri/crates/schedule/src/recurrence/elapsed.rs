//! Instants of rules that follow elapsed time. Clocks of a zone run evenly between two changes, so each such stretch is
//! asked for its local times, told how far clocks have been moved since the start.

use super::pattern::{HORIZON, Pattern, last_of, steps};
use crate::Fire;
use crate::wall::Walled;
use jiff::Timestamp as Instant;
use model::{Timestamp, limits};

/// The instants of a pattern, all in seconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct Elapsed<'a> {
    pub(super) local: &'a Walled<Pattern>,
    /// How many seconds the clocks of the start are ahead of UTC.
    pub(super) offset: i64,
}

/// A stretch of time of one offset: its first and last second, how many seconds clocks are ahead of UTC in it, and how
/// many more than at the start.
#[derive(Clone, Copy)]
struct Stretch {
    from: i64,
    until: i64,
    offset: i64,
    shift: i64,
}

impl Elapsed<'_> {
    /// The first from `from` to `until`.
    pub(super) fn next(self, from: i64, until: i64) -> Option<i64> {
        let until = until.min(from.saturating_add(HORIZON));
        let mut steps = steps();
        let mut found = None;
        self.stretches(from, until, |Stretch { from, until, offset, shift }| {
            steps.take()?;
            let local = self.local.wall.next(from + offset, until + offset, shift, &mut steps);
            found = local.map(|local| local - offset);
            if found.is_some() { None } else { Some(()) }
        });
        found
    }

    /// The last from `from` to `until`.
    pub(super) fn last(self, from: i64, until: i64) -> Option<i64> {
        last_of(from, until, |from, until| self.next(from, until))
    }

    /// How many there are from `from` to `until`; at most [`limits::COUNTED_FIRES`].
    pub(super) fn count(self, from: i64, until: i64) -> u64 {
        let mut count = 0;
        self.each(from, until, |_| {
            count += 1;
            (count < limits::COUNTED_FIRES).then_some(())
        });
        count
    }

    /// The one that is number `number` from `from` on.
    pub(super) fn nth(self, from: i64, number: usize) -> Option<i64> {
        let mut left = number;
        let mut found = None;
        self.each(from, i64::MAX, |at| {
            left -= 1;
            found = (left == 0).then_some(at);
            if found.is_some() { None } else { Some(()) }
        });
        found
    }

    /// The fire at one of them.
    pub(super) fn fire(self, at: i64) -> Option<Fire> {
        let civil = self.local.zone.civil(Timestamp::from_seconds(at));
        Instant::from_second(at).ok().map(|at| self.local.shown_at(civil, at))
    }

    /// Goes through all from `from` to `until`, as long as `visit` wants more.
    fn each(self, from: i64, until: i64, mut visit: impl FnMut(i64) -> Option<()>) {
        self.stretches(from, until, |Stretch { from, until, offset, shift }| {
            let mut from = from + offset;
            while let Some(at) = self.local.wall.next(from, until + offset, shift, &mut steps()) {
                visit(at - offset)?;
                from = at + 1;
            }
            Some(())
        });
    }

    /// Goes through the stretches from `from` to `until` in which there may be any, as long as `visit` wants more.
    fn stretches(
        self,
        mut from: i64,
        until: i64,
        mut visit: impl FnMut(Stretch) -> Option<()>,
    ) -> Option<()> {
        while from <= until {
            let segment = self.local.zone.segment(Instant::from_second(from).ok()?);
            let offset = i64::from(segment.offset.seconds());
            let shift = offset - self.offset;
            let leap = self.local.wall.leap(from + offset, shift)? - offset;
            if leap > from {
                from = leap;
                continue;
            }
            let end = segment.until.map_or(i64::MAX, Instant::as_second);
            visit(Stretch { from, until: until.min(end - 1), offset, shift })?;
            from = end;
        }
        None
    }
}
