//! What a draft of a rule would have made of recorded events, beside the rule as it is saved.

use crate::book::{Entry, Facts, Look};
use crate::circumstances::Circumstances;
use crate::conditions::Count;
use crate::keys::NoKeys;
use crate::memory::RuleMemory;
use crate::scope::Seen;
use crate::zone::Zone;
use model::{Event, Invalid, Outcome, Rule};

/// A draft at work on recorded events, given to it one by one, the oldest first. Rules are compiled once;
/// payloads are only read. Decisions are those of [`crate::RuleBook::decide`].
pub struct Backtest {
    draft: Side,
    saved: Option<Side>,
    zone: Zone,
    counts: Vec<Count>,
    summary: Summary,
}

struct Side {
    entry: Entry,
    memory: RuleMemory,
}

/// What draft and saved rule make of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the draft makes of it.
    pub draft: Outcome,
    /// What the saved rule makes of it; none where there is none, or it listens to another trigger.
    pub saved: Option<Outcome>,
    /// How the two differ.
    pub change: Change,
}

/// Whether the draft fires where the saved rule does not, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Both fire, or neither does.
    Same,
    /// Only the draft fires.
    New,
    /// Only the saved rule fires.
    Gone,
}

/// All verdicts so far, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events that were looked at.
    pub events: u64,
    /// Events for which the draft fires.
    pub matched: u64,
    /// Events for which a condition of the draft is false.
    pub unmatched: u64,
    /// Events for which the draft cannot be worked out.
    pub errors: u64,
    /// Events for which the saved rule fires.
    pub saved_matched: u64,
    /// Events for which only the draft fires.
    pub new: u64,
    /// Events for which only the saved rule fires.
    pub gone: u64,
}

impl Backtest {
    /// A draft, and the rule that it would replace. Both look as though they were enabled.
    ///
    /// # Errors
    /// What is wrong with the draft. A saved rule that cannot work decides `error` and never fires.
    pub fn new(
        draft: &Rule,
        saved: Option<&Rule>,
        facts: &dyn Facts,
        zone: &Zone,
    ) -> Result<Self, Vec<Invalid>> {
        let side = |rule: &Rule| {
            let mut entry = Entry::of(rule, facts);
            entry.enabled = true;
            Side { entry, memory: RuleMemory::default() }
        };
        let draft = side(draft);
        if !draft.entry.faults().is_empty() {
            return Err(draft.entry.faults().to_vec());
        }
        let counts = draft.entry.places();
        Ok(Self { draft, saved: saved.map(side), zone: zone.clone(), counts, summary: Summary::default() })
    }

    /// What both make of the next event, whichever rule it was for; none where the draft listens to another
    /// trigger.
    pub fn feed(&mut self, event: &Event) -> Option<Verdict> {
        if event.trigger != self.draft.entry.trigger {
            return None;
        }
        let seen = Seen::of(event);
        let draft = self.draft.outcome(&seen, &self.zone, Some(&mut self.counts));
        let saved = self.saved.as_mut().filter(|saved| saved.entry.trigger == event.trigger);
        let saved = saved.map(|saved| saved.outcome(&seen, &self.zone, None));
        let (fires, fired) = (draft == Outcome::Matched, saved == Some(Outcome::Matched));
        let change = match (fires, fired) {
            (true, false) if self.saved.is_some() => Change::New,
            (false, true) => Change::Gone,
            _ => Change::Same,
        };
        let summary = &mut self.summary;
        summary.events += 1;
        match draft {
            Outcome::Matched => summary.matched += 1,
            Outcome::Unmatched => summary.unmatched += 1,
            _ => summary.errors += 1,
        }
        summary.saved_matched += u64::from(fired);
        summary.new += u64::from(change == Change::New);
        summary.gone += u64::from(change == Change::Gone);
        Some(Verdict { draft, saved, change })
    }

    /// The draft's whole look at the event that comes next, with reason and parameters: for those events that
    /// are shown. It counts nothing and remembers nothing, so that [`Backtest::feed`] still must follow.
    #[must_use]
    pub fn look(&self, event: &Event) -> Look {
        self.draft.entry.look(&Seen::of(event), &around(&self.draft.memory, &self.zone))
    }

    /// All verdicts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// What each condition of the draft let through so far, in the order in which they are written.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }
}

/// A trial has no keys: a template that asks for one is an error in it.
fn around<'a>(memory: &'a RuleMemory, zone: &'a Zone) -> Circumstances<'a> {
    Circumstances { memory, zone, keys: &NoKeys }
}

impl Side {
    fn outcome(&mut self, seen: &Seen<'_>, zone: &Zone, counts: Option<&mut [Count]>) -> Outcome {
        let (outcome, remember) = self.entry.outcome(seen, &around(&self.memory, zone), counts);
        if let Some(remember) = remember {
            self.memory.put(self.entry.id, remember);
        }
        outcome
    }
}
