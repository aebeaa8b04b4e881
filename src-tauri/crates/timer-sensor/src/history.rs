//! Which instants of a rule have come to their end, so that none fires twice and none is lost, whatever the clock does.

use model::{Timestamp, limits};
use schedule::{Fire, Schedule};

/// Blocks kept. Each sleep of the machine and each step of its clock makes one, and an old one matters only where the
/// clock is put back to before it.
const BLOCKS: usize = 32;

/// The past of one rule under one schedule.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Every planned instant up to here has fired or was missed.
    mark: Timestamp,
    /// Runs of instants that fired without a gap, in the order in which they began to fire.
    blocks: Vec<(Timestamp, Timestamp)>,
    /// The instant that would follow on the last block without a gap.
    follows: Option<Timestamp>,
    /// The furthest mark that was given up because the clock was wrong when it was set: up to there the engine has
    /// heard of every instant once.
    given_up: Option<Timestamp>,
}

/// A run of instants that have not fired, without a gap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) first: Timestamp,
    pub(crate) last: Fire,
    /// At least 1.
    pub(crate) count: u64,
}

/// The instant before this one: `(before(at), …]` holds `at`.
fn before(at: Timestamp) -> Timestamp {
    at.plus_micros(-1)
}

/// Whether a mark lies further ahead of the clock than anybody waits for: the clock was wrong when it was set.
pub(crate) fn is_wild(mark: Timestamp, now: Timestamp) -> bool {
    mark > now.plus(limits::CLOCK_WAIT)
}

impl History {
    /// Nothing is known but that every instant up to `mark` has come to its end.
    pub(crate) fn new(mark: Timestamp) -> Self {
        Self { mark, blocks: Vec::new(), follows: None, given_up: None }
    }

    /// Every instant up to here has come to its end.
    pub(crate) fn mark(&self) -> Timestamp {
        self.mark
    }

    /// Every instant up to `mark`, which lies at or after the present one, has come to its end.
    pub(crate) fn move_to(&mut self, mark: Timestamp) {
        self.mark = mark;
    }

    /// Gives up a mark that lies further ahead of the clock than anybody waits for, and says whether it did. What
    /// comes after `now` is then open again, unless it fired.
    pub(crate) fn put_back(&mut self, now: Timestamp) -> bool {
        let wild = is_wild(self.mark, now);
        if wild {
            self.given_up = self.given_up.max(Some(self.mark));
            self.mark = now;
        }
        wild
    }

    /// The next instant after the mark that has not fired yet.
    pub(crate) fn next(&mut self, schedule: &Schedule) -> Option<Fire> {
        let next = schedule.next_after(self.mark);
        let unbroken = self.blocks.last().is_some_and(|(_, end)| *end == self.mark);
        self.follows = next.as_ref().filter(|_| unbroken).map(|next| next.at);
        self.unfired(schedule, next)
    }

    fn unfired(&self, schedule: &Schedule, next: Option<Fire>) -> Option<Fire> {
        let mut next = next?;
        // Each block is left at most once, so this ends.
        while let Some((_, end)) = self.blocks.iter().find(|(start, end)| (*start..=*end).contains(&next.at))
        {
            next = schedule.next_after(*end)?;
        }
        Some(next)
    }

    /// The instants in `planned..=until` that have not fired yet, oldest first. `planned` is one of them. No run
    /// reaches over a mark that was given up, so that the engine can tell what it has heard of from what is new.
    pub(crate) fn runs(&self, schedule: &Schedule, planned: Timestamp, until: Timestamp) -> Vec<Run> {
        let (mut runs, mut first) = (Vec::new(), planned);
        loop {
            let ahead = self.blocks.iter().filter(|(start, _)| (first..=until).contains(start));
            let block = ahead.min_by_key(|(start, _)| *start);
            let open = block.map_or(until, |(start, _)| before(*start));
            let mark = self.given_up.filter(|mark| (first..open).contains(mark));
            if let Some(last) = schedule.last_until(before(first), mark.unwrap_or(open)) {
                let count = schedule.count_between(before(first), last.at).max(1);
                runs.push(Run { first, last, count });
            }
            let Some(behind) = mark.or(block.map(|(_, end)| *end)) else { return runs };
            match self.unfired(schedule, schedule.next_after(behind)) {
                Some(next) if next.at <= until => first = next.at,
                _ => return runs,
            }
        }
    }

    /// An instant has fired.
    pub(crate) fn fired(&mut self, at: Timestamp) {
        self.mark = at;
        match self.blocks.last_mut() {
            Some((_, end)) if self.follows == Some(at) => *end = at,
            _ => self.blocks.push((at, at)),
        }
        self.follows = None;
        if self.blocks.len() > BLOCKS {
            self.blocks.remove(0);
        }
    }
}

impl Run {
    /// The run without its newest `taken` instants; none where nothing is left of it.
    pub(crate) fn without_newest(&self, schedule: &Schedule, taken: u64) -> Option<Self> {
        let left = self.count.checked_sub(taken).filter(|left| *left > 0)?;
        if taken == 0 {
            return Some(self.clone());
        }
        let last = self.last.at;
        let holds = |reach: i64| schedule.count_between(last.plus_micros(-reach), last) >= taken;
        // How far the taken ones reach back: first by doubling, then by halving what is in doubt. So the work grows
        // with how many are taken, not with how many were missed.
        let (mut short, mut reach) = (0, 1);
        while !holds(reach) && reach < last.as_micros() {
            short = reach;
            reach *= 2;
        }
        while reach - short > 1 {
            let middle = short + (reach - short) / 2;
            if holds(middle) { reach = middle } else { short = middle }
        }
        let last = schedule.last_until(before(self.first), last.plus_micros(-reach))?;
        Some(Self { first: self.first, last, count: left })
    }
}

#[cfg(test)]
mod tests;
