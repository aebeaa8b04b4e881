//! From local times to instants, for every kind of schedule that is written in local time.

use crate::Fire;
use crate::effort;
use crate::words::clock;
use crate::zone::{Change, Resolved, TICK, Turn, Zone, just_after, just_before};
use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use model::{Timestamp, limits};

/// What a schedule in local time knows: which local times it plans. It knows neither zones nor instants. Its
/// answers are whole seconds; the questions may lie between them.
pub(crate) trait Wall {
    /// The first planned local time strictly after this one.
    fn after(&self, at: DateTime) -> Option<DateTime>;

    /// The last planned local time strictly before this one.
    fn before(&self, at: DateTime) -> Option<DateTime>;

    /// How many planned local times lie in `[from, to)`; at most [`limits::COUNTED_FIRES`] where they can only be
    /// counted one by one.
    fn count(&self, from: DateTime, to: DateTime) -> u64 {
        let next = |at: DateTime| self.after(at).filter(|next| *next < to);
        let planned = std::iter::successors(next(just_before(from)), |at| next(*at));
        planned.zip(0..limits::COUNTED_FIRES).fold(0, |count, _| count + 1)
    }
}

/// How local times become instants where clocks are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each local time once: at the first of two, or after the gap that holds it. What one gap holds, and what is
    /// planned for its end, becomes one instant.
    Once,
    /// Whenever clocks show it: twice where it comes twice, never where it does not come.
    Elapsed,
}

/// Local times in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walled<W> {
    pub(crate) wall: W,
    pub(crate) zone: Zone,
    pub(crate) pace: Pace,
}

impl<W: Wall> Walled<W> {
    /// The first instant strictly after `after`.
    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Fire> {
        match self.pace {
            Pace::Once => self.fire(self.wall.after(self.zone.shown(after))?),
            Pace::Elapsed => self.elapsed_after(after),
        }
    }

    /// The newest instant in `(after, until]`.
    pub(crate) fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        let fire = match self.pace {
            Pace::Once => self.fire(self.wall.before(just_after(self.zone.shown(until)))?),
            Pace::Elapsed => self.elapsed_until(after, until),
        };
        fire.filter(|fire| fire.at > after)
    }

    /// How many instants lie in `(after, until]`.
    pub(crate) fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        let (Ok(from), true) = (Instant::from_microsecond(after.as_micros()), after < until) else {
            return 0;
        };
        let to = Instant::from_microsecond(until.as_micros()).unwrap_or(Instant::MAX);
        match self.pace {
            Pace::Once => {
                let (first, last) = (just_after(self.zone.shown(after)), just_after(self.zone.shown(until)));
                let gaps = self.zone.changes(from, to).filter(Change::forward);
                // What one gap holds is one instant.
                let merged = gaps.map(|gap| self.wall.count(gap.from, just_after(gap.to)).saturating_sub(1));
                self.wall.count(first, last).saturating_sub(merged.sum())
            }
            Pace::Elapsed => {
                let mut count = 0;
                let mut segment = self.zone.segment(from);
                let mut first = just_after(segment.local(from));
                while let Some(change) = segment.until.filter(|change| *change <= to) {
                    effort::step();
                    count += self.wall.count(first, segment.local(change));
                    segment = self.zone.segment(change);
                    first = segment.local(change);
                }
                count + self.wall.count(first, just_after(segment.local(to)))
            }
        }
    }

    /// The instant of a planned local time.
    fn fire(&self, civil: DateTime) -> Option<Fire> {
        let Resolved { at, turn } = self.zone.resolve(civil)?;
        let note = match turn {
            Turn::Twice => Turn::Twice.note(civil),
            // What is planned for the end of a gap comes together with what the gap holds.
            Turn::Skipped { .. } | Turn::None => self.zone.gap_before(at).and_then(|gap| self.skipped(&gap)),
        };
        Some(Fire { at, note })
    }

    /// What there is to say at the end of a gap; nothing where nothing is planned in it.
    fn skipped(&self, gap: &Change) -> Option<String> {
        match self.wall.count(gap.from, gap.to) {
            0 => None,
            1 => {
                let only = self.wall.after(just_before(gap.from))?;
                Turn::Skipped { from: gap.from, to: gap.to }.note(only)
            }
            more => {
                let (from, to) = (gap.place(gap.from), gap.place(gap.to));
                let what = format!("{more} planned times between are skipped; fires once, at {to}.");
                Some(format!("Clocks go forward from {from} to {to}. {what}"))
            }
        }
    }

    fn elapsed_after(&self, after: Timestamp) -> Option<Fire> {
        let mut at = Instant::from_microsecond(after.as_micros()).ok()?;
        let mut segment = self.zone.segment(at);
        let mut from = segment.local(at);
        let mut next = self.wall.after(from);
        loop {
            let inside = next.and_then(|civil| segment.at(civil));
            let inside = inside.filter(|at| segment.until.is_none_or(|until| *at < until));
            if let (Some(civil), Some(at)) = (next, inside) {
                return Some(self.shown_at(civil, at));
            }
            effort::step();
            at = segment.until?;
            segment = self.zone.segment(at);
            let start = just_before(segment.local(at));
            // Nothing is planned between `from` and `next`, so most changes ask for nothing new.
            if start < from || next.is_some_and(|next| next <= start) {
                next = self.wall.after(start);
            }
            if next.is_none() && start >= from {
                return None;
            }
            from = start;
        }
    }

    fn elapsed_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        let floor = Instant::from_microsecond(after.as_micros()).ok()?;
        let mut at = Instant::from_microsecond(until.as_micros()).unwrap_or(Instant::MAX);
        let mut segment = self.zone.segment(at);
        let mut to = just_after(segment.local(at));
        let mut last = self.wall.before(to);
        loop {
            let inside = last.and_then(|civil| segment.at(civil));
            let inside = inside.filter(|at| segment.from.is_none_or(|from| *at >= from));
            if let (Some(civil), Some(at)) = (last, inside) {
                return Some(self.shown_at(civil, at));
            }
            effort::step();
            let change = segment.from.filter(|change| *change > floor)?;
            at = change.checked_sub(TICK).ok()?;
            segment = self.zone.segment(at);
            let end = segment.local(change);
            if end > to || last.is_some_and(|last| last >= end) {
                last = self.wall.before(end);
            }
            if last.is_none() && end <= to {
                return None;
            }
            to = end;
        }
    }

    /// A planned local time that clocks show at this instant.
    pub(crate) fn shown_at(&self, civil: DateTime, at: Instant) -> Fire {
        let at = Timestamp::from_micros(at.as_microsecond());
        let twice = self.zone.resolve(civil).filter(|first| first.turn == Turn::Twice);
        let note = twice.map(|first| {
            let which = if first.at == at { "first" } else { "second" };
            format!(
                "{} comes twice as clocks go back. Fires at both; this is the {which}.",
                clock(civil.time())
            )
        });
        Fire { at, note }
    }
}
