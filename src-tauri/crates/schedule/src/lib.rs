//! From the parameters of a timer to the instants at which it fires.
//!
//! Everything here is a pure function of (parameters, zone rules, an instant): the same code plans, previews,
//! forecasts and catches up. Deliberately absent: clocks, threads, what is done about missed instants, and any
//! state of a rule.

mod cron;
mod datetime;
mod effort;
mod interval;
mod jitter;
mod kind;
mod parameters;
mod policy;
mod recurrence;
mod wall;
mod words;
mod zone;

use kind::Kind;
use model::{Invalid, Ref, RuleId, Timestamp};
use parameters::Parameters;
use policy::{Policy, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use zone::Zone;

/// The trigger of timers that tick on a fixed grid.
const INTERVAL: &str = "core.intervaltimer";
/// The trigger of timers that follow a cron expression.
const CRON: &str = "core.crontimer";
/// The trigger of timers that fire once.
const DATETIME: &str = "core.datetimetimer";
/// The trigger of timers that follow a recurrence rule.
const RECURRENCE: &str = "core.rruletimer";

/// The triggers whose parameters this crate understands.
pub const TRIGGERS: &[&str] = &[INTERVAL, CRON, DATETIME, RECURRENCE];

/// Whether a trigger is one of the timers.
#[must_use]
pub fn is_timer(trigger: &Ref) -> bool {
    TRIGGERS.contains(&trigger.as_str())
}

/// One planned instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fire {
    /// When it is due.
    pub at: Timestamp,
    /// What is special about it, such as a change of daylight saving time; most instants have nothing.
    pub note: Option<String>,
}

impl From<Timestamp> for Fire {
    fn from(at: Timestamp) -> Self {
        Self { at, note: None }
    }
}

/// What becomes of planned instants that could not fire in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MisfirePolicy {
    /// Nothing: they are recorded as missed.
    Skip,
    /// The newest fires, late, and stands for all.
    Once,
    /// Each fires, late, in order; of more than `limit` only the newest.
    All {
        /// How many, at least 1.
        limit: u32,
    },
}

/// Where jitter looks for the shortest gap, 2026-01-01T00:00:00Z: a fixed instant, so that what is accepted today is
/// accepted tomorrow.
const SAMPLE_FROM: i64 = 1_767_225_600;
/// Gaps that jitter looks at: more than a year of a daily timer, so that both clock changes are among them.
const SAMPLE: usize = 500;

/// When a timer fires. Its instants rise strictly and none comes twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    kind: Kind,
    policy: Policy,
}

impl Schedule {
    /// Reads the parameters of a timer. `anchor` is where an interval without an `anchor` of its own starts
    /// its grid: the rule's first enabling. Without either the grid starts at the Unix epoch.
    ///
    /// # Errors
    /// The first field that is wrong: a parameter by its name, or `trigger_ref` for a trigger that is no timer.
    pub fn parse(
        trigger: &Ref,
        params: &Map<String, Value>,
        anchor: Option<Timestamp>,
    ) -> Result<Self, Invalid> {
        let kind = Kind::parse(trigger.as_str(), params, anchor)?;
        let policy = Policy::parse(&Parameters::new(trigger.as_str(), params), kind.zone())?;
        let schedule = Self { kind, policy };
        schedule.check_window()?;
        if let Some(jitter) = schedule.policy.jitter {
            jitter.check(schedule.shortest_gap())?;
        }
        Ok(schedule)
    }

    /// The schedule as this rule has it: its jitter differs from that of other rules with the same parameters.
    #[must_use]
    pub fn for_rule(mut self, rule: RuleId) -> Self {
        self.policy.jitter = self.policy.jitter.map(|jitter| jitter.for_rule(rule));
        self
    }

    /// What becomes of instants that could not fire in time.
    #[must_use]
    pub fn misfire(&self) -> MisfirePolicy {
        self.policy.misfire
    }

    /// The zone of its local times; none where it has no local times.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        self.kind.zone()
    }

    /// The first instant strictly after `after`; none where the schedule has ended.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Fire> {
        if self.policy.jitter.is_some() {
            // The last one planned before may come later than asked for.
            let late = self.last_planned(Timestamp::MIN, after).map(|planned| self.fire(planned));
            if let Some(late) = late.filter(|late| late.at > after) {
                return Some(late);
            }
        }
        self.next_planned(after).map(|planned| self.fire(planned))
    }

    /// How many instants lie in `(after, until]`; where they can only be counted one by one, at most
    /// [`model::limits::COUNTED_FIRES`].
    #[must_use]
    pub fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        if until <= after {
            return 0;
        }
        let (from, to) = self.policy.window.cut(after, until);
        let planned = if from < to { self.kind.count_between(from, to) } else { 0 };
        if self.policy.jitter.is_none() {
            return planned;
        }
        // Whether the last instant planned up to there comes only after it.
        let late = |at: Timestamp| {
            let last = self.last_planned(Timestamp::MIN, at).map(|planned| self.fire(planned));
            u64::from(last.is_some_and(|last| last.at > at))
        };
        (planned + late(after)).saturating_sub(late(until))
    }

    /// The newest instant in `(after, until]`.
    #[must_use]
    pub fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        let planned =
            self.last_planned(if self.policy.jitter.is_none() { after } else { Timestamp::MIN }, until)?;
        let at = planned.at;
        let mut fire = self.fire(planned);
        if fire.at > until {
            fire = self.fire(self.last_planned(Timestamp::MIN, at.plus_micros(-1))?);
        }
        Some(fire).filter(|fire| fire.at > after)
    }

    /// The next `count` instants strictly after `after`; fewer where the schedule ends.
    #[must_use]
    pub fn fires(&self, after: Timestamp, count: usize) -> Vec<Fire> {
        std::iter::successors(self.next_after(after), |fire| self.next_after(fire.at)).take(count).collect()
    }

    /// The schedule in words: "Every 15 minutes".
    #[must_use]
    pub fn sentence(&self) -> String {
        let sentence = self.kind.sentence();
        let told = self.kind.zone().is_some_and(|zone| sentence.contains(&zone.spoken()));
        let policy = self.policy.sentence(self.kind.zone(), told);
        sentence + &policy
    }

    /// Milliseconds from one instant to the next, where that never changes.
    #[must_use]
    pub fn period_ms(&self) -> Option<i64> {
        if self.policy.jitter.is_some() { None } else { self.kind.period_ms() }
    }

    /// What an event of this timer says about its schedule: `type` and the parameters that matter.
    #[must_use]
    pub fn describe(&self) -> Map<String, Value> {
        let mut facts = self.kind.describe();
        self.policy.describe(&mut facts);
        facts
    }

    /// The first instant that is planned strictly after `after`, before jitter.
    fn next_planned(&self, after: Timestamp) -> Option<Fire> {
        let (after, until) = self.policy.window.cut(after, Timestamp::MAX);
        self.kind.next_after(after).filter(|planned| planned.at <= until)
    }

    /// The newest instant that is planned in `(after, until]`, before jitter.
    fn last_planned(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        let (after, until) = self.policy.window.cut(after, until);
        if after < until { self.kind.last_until(after, until) } else { None }
    }

    /// A planned instant with its jitter: never as late as the next one, nor after the window.
    fn fire(&self, planned: Fire) -> Fire {
        let Some(jitter) = self.policy.jitter else { return planned };
        let next = self.next_planned(planned.at).map(|next| next.at.plus_micros(-1));
        let latest = [next, self.policy.window.last].into_iter().flatten().min().unwrap_or(Timestamp::MAX);
        Fire { at: planned.at.plus_micros(jitter.delay(planned.at)).min(latest), ..planned }
    }

    /// Refuses a window in which nothing is ever planned.
    fn check_window(&self) -> Result<(), Invalid> {
        let window = self.policy.window;
        let field = if window.last.is_some() { "not_after" } else { "not_before" };
        if window == Window::default() || !self.kind.fixed() || self.next_planned(Timestamp::MIN).is_some() {
            return Ok(());
        }
        let bound = |at: Option<Timestamp>, open: &str| at.map_or(open.to_owned(), |at| at.to_string());
        let (first, last) = (bound(window.first, "the beginning"), bound(window.last, "the end of time"));
        let message = format!("this never fires: nothing is planned from {first} to {last}");
        Err(Invalid::new(field, message))
    }

    /// Microseconds of the shortest gap among the first gaps; none where there are no two instants.
    fn shortest_gap(&self) -> Option<i64> {
        let gaps = |from: Timestamp| {
            let planned = std::iter::successors(self.next_planned(from), |last| self.next_planned(last.at));
            let mut last = None;
            let gaps = planned.take(SAMPLE + 1).filter_map(move |fire| {
                let before = last.replace(fire.at)?;
                Some(fire.at.micros_since(before))
            });
            gaps.min()
        };
        // A schedule that has ended by then is looked at from its start.
        gaps(Timestamp::from_seconds(SAMPLE_FROM)).or_else(|| gaps(Timestamp::MIN))
    }
}
