//! Which instants of a rule have been dealt with, so that none fires twice, whatever the clock does.

use model::Timestamp;
use schedule::Schedule;

/// A clock that is put back by more than this has been wrong: waiting until it catches up would silence timers.
const LONGEST_WAIT_MS: i64 = 3 * 3_600 * 1_000;
/// Blocks kept. Each sleep of the machine and each step of its clock makes one, and an old one matters only where the
/// clock is put back to before it.
const BLOCKS: usize = 32;

/// The past of one rule. It outlives the rule's disabling.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// The newest instant that fired or was missed.
    handled: Option<Timestamp>,
    /// Runs of instants that fired without a gap, oldest first.
    blocks: Vec<(Timestamp, Timestamp)>,
}

impl History {
    /// What the engine remembers: this instant became an event in an earlier life of the sensor.
    pub(crate) fn remember(&mut self, at: Timestamp) {
        self.handled = self.handled.max(Some(at));
    }

    /// Where to go on: the newest handled instant, unless that lies too far in the future to wait for.
    pub(crate) fn resume(&self, from: Timestamp, now: Timestamp) -> Timestamp {
        match self.handled {
            Some(handled) if handled.millis_since(now) <= LONGEST_WAIT_MS => handled.max(from),
            _ => from,
        }
    }

    /// The next instant after `base` that has not fired yet.
    pub(crate) fn next(&self, schedule: &Schedule, base: Timestamp) -> Option<Timestamp> {
        let mut next = schedule.next_after(base)?.at;
        // Each block is left at most once, so this ends.
        while let Some((_, end)) = self.blocks.iter().find(|(start, end)| (*start..=*end).contains(&next)) {
            next = schedule.next_after(*end)?.at;
        }
        Some(next)
    }

    /// The newest instant in `planned..=now` that has not fired yet, and how many such instants there are. `planned`
    /// is one of them.
    pub(crate) fn missed(&self, schedule: &Schedule, planned: Timestamp, now: Timestamp) -> (Timestamp, u64) {
        let before = |at: Timestamp| at.plus_micros(-1);
        let (mut newest, mut until) = (planned, now);
        while let Some(fire) = schedule.last_until(before(planned), until) {
            newest = fire.at;
            let Some((start, _)) = self.blocks.iter().find(|(start, end)| (*start..=*end).contains(&newest))
            else {
                break;
            };
            until = before(*start);
        }
        let fired = |(start, end): &(Timestamp, Timestamp)| {
            schedule.count_between(before(*start.max(&planned)), (*end).min(newest))
        };
        let all = schedule.count_between(before(planned), newest);
        (newest, all.saturating_sub(self.blocks.iter().map(fired).sum()).max(1))
    }

    /// An instant has fired.
    pub(crate) fn record(&mut self, schedule: &Schedule, at: Timestamp) {
        self.handled = Some(at);
        match self.blocks.last_mut() {
            Some((_, end)) if schedule.next_after(*end).is_some_and(|next| next.at == at) => *end = at,
            _ => self.blocks.push((at, at)),
        }
        if self.blocks.len() > BLOCKS {
            self.blocks.remove(0);
        }
    }
}
