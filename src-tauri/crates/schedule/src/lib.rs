//! From the parameters of a timer to the instants at which it fires.
//!
//! Everything here is a pure function of (parameters, an instant): the same code plans, previews, forecasts
//! and catches up. Deliberately absent: clocks, threads, the misfire policy, and any state of a rule.

mod interval;
mod parameters;

use interval::Interval;
use model::{Invalid, Ref, RuleId, Timestamp, nearest};
use parameters::Parameters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The trigger of timers that tick on a fixed grid.
const INTERVAL: &str = "core.intervaltimer";

/// The triggers whose parameters this crate understands.
pub const TRIGGERS: &[&str] = &[INTERVAL];

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

/// When a timer fires. Its instants rise strictly and none comes twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Kind);

/// One variant a trigger of [`TRIGGERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Interval(Interval),
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
        match trigger.as_str() {
            INTERVAL => {
                Interval::parse(&Parameters::new(INTERVAL, params), anchor).map(|i| Self(Kind::Interval(i)))
            }
            other => Err(not_a_timer(other)),
        }
    }

    /// The schedule as this rule has it: its jitter differs from that of other rules with the same parameters.
    #[must_use]
    pub fn for_rule(self, _rule: RuleId) -> Self {
        self
    }

    /// What becomes of instants that could not fire in time.
    #[must_use]
    pub fn misfire(&self) -> MisfirePolicy {
        MisfirePolicy::Once
    }

    /// The first instant strictly after `after`; none where the schedule has ended.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Fire> {
        match &self.0 {
            Kind::Interval(interval) => interval.next_after(after).map(Fire::from),
        }
    }

    /// How many instants lie in `(after, until]`; where they can only be counted one by one, at most
    /// [`model::limits::COUNTED_FIRES`].
    #[must_use]
    pub fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        match &self.0 {
            Kind::Interval(interval) => interval.count_between(after, until),
        }
    }

    /// The newest instant in `(after, until]`.
    #[must_use]
    pub fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        match &self.0 {
            Kind::Interval(interval) => interval.last_until(after, until).map(Fire::from),
        }
    }

    /// The next `count` instants strictly after `after`; fewer where the schedule ends.
    #[must_use]
    pub fn fires(&self, after: Timestamp, count: usize) -> Vec<Fire> {
        std::iter::successors(self.next_after(after), |fire| self.next_after(fire.at)).take(count).collect()
    }

    /// The schedule in words: "Every 15 minutes".
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.0 {
            Kind::Interval(interval) => interval.sentence(),
        }
    }

    /// Milliseconds from one instant to the next, where that never changes.
    #[must_use]
    pub fn period_ms(&self) -> Option<i64> {
        match &self.0 {
            Kind::Interval(interval) => Some(interval.seconds() * 1_000),
        }
    }

    /// The IANA name of the zone whose clocks the schedule follows; none where it follows elapsed time.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match &self.0 {
            Kind::Interval(_) => None,
        }
    }

    /// What an event of this timer says about its schedule: `type` and the parameters that matter.
    #[must_use]
    pub fn describe(&self) -> Map<String, Value> {
        match &self.0 {
            Kind::Interval(interval) => interval.describe(),
        }
    }
}

fn not_a_timer(trigger: &str) -> Invalid {
    let hint = match nearest(trigger, TRIGGERS.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("expected {}", TRIGGERS.join(", ")),
    };
    Invalid::new("trigger_ref", format!("`{trigger}` is not a timer; {hint}"))
}
