//! Everything that can be asked of the engine's thread, and everything it can answer.

use crate::catalog::Catalog;
use model::{
    EventId, EventSource, Execution, ExecutionId, Invalid, Misfire, MisfireId, Ref, Rule, RuleBody, RuleId,
    Timestamp,
};
use sensors::SensorStatus;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// An event as it was posted and found in order.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub trigger: Ref,
    /// The facts.
    pub payload: Arc<Value>,
    /// Who says so.
    pub source: EventSource,
    /// The one rule that it is for.
    pub rule: Option<RuleId>,
    /// Under which name it may be posted again.
    pub dedupe_key: Option<String>,
    /// SHA-256 of what was posted: tells a repeat from another event under the same key.
    pub body_hash: [u8; 32],
}

impl NewEvent {
    /// The rule and the instant whose fire this is, where a sensor tells of a timer.
    pub(crate) fn planned_instant(&self) -> Option<(RuleId, Timestamp)> {
        let rule = self.rule?;
        if !schedule::is_timer(&self.trigger) || !matches!(self.source, EventSource::Sensor(_)) {
            return None;
        }
        Some((rule, self.payload.get("scheduled_at")?.as_str()?.parse().ok()?))
    }
}

/// What the database knows already of an event that is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prior {
    /// An event came before under the same key from the same source.
    Event {
        /// Its id.
        id: EventId,
        /// What was posted.
        body_hash: [u8; 32],
    },
    /// It is the fire of a timer at an instant that is recorded as missed.
    Missed,
}

/// One thing to decide. Closed: whatever the engine does begins with one of these.
#[derive(Debug)]
pub enum Input {
    /// Something happened.
    Event {
        /// What.
        event: NewEvent,
        /// What is known of it already; looked up just before the decision.
        prior: Option<Prior>,
    },
    /// A sensor could not fire planned instants of a timer rule.
    Misfire {
        /// Which, and why.
        misfire: Misfire,
        /// The triggers whose rules it may speak of; none means all.
        triggers: Option<Arc<[Ref]>>,
    },
    /// A person wants a rule.
    RuleCreate {
        /// Its name.
        r#ref: Ref,
        /// Its content.
        body: RuleBody,
        /// Whether it listens at once.
        enabled: bool,
    },
    /// A person changed a rule.
    RuleUpdate {
        /// Its name.
        r#ref: Ref,
        /// Its new content.
        body: RuleBody,
        /// The version that was edited.
        version: Option<u32>,
    },
    /// A person switched a rule.
    RuleSwitch {
        /// Its name.
        r#ref: Ref,
        /// On or off.
        enabled: bool,
    },
    /// A person deleted a rule.
    RuleDelete {
        /// Its name.
        r#ref: Ref,
    },
    /// A person wants a deleted rule back.
    RuleRestore {
        /// Its name.
        r#ref: Ref,
    },
    /// A person wants a rule to fire now.
    RuleRun {
        /// Its name.
        r#ref: Ref,
    },
    /// A person wants an action to run, or an execution to run again.
    ActionRun {
        /// Which action.
        action: Ref,
        /// With what.
        parameters: Map<String, Value>,
        /// How long it may run, in milliseconds, where it is not as the action says.
        timeout_ms: Option<u64>,
        /// The execution that it repeats, with the rule and event behind it.
        rerun_of: Option<Box<Execution>>,
    },
    /// A person wants an execution stopped.
    Cancel {
        /// Which.
        id: ExecutionId,
    },
    /// The executor has news.
    Report(executor::Report),
    /// The roster has news.
    Sensor(SensorStatus),
    /// The packs were read again.
    Packs(Arc<Catalog>),
    /// The engine begins its work: what was under way when the last one ended is settled.
    Begin,
    /// The engine is alive.
    Alive {
        /// How long the machine has slept since it was booted.
        slept: Duration,
    },
    /// The engine is about to end: nothing that waits is started any more.
    Closing,
    /// The engine ends its work.
    End,
}

/// What came of an input.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// The event is recorded.
    Event {
        /// Its id.
        id: EventId,
        /// Whether it is new; else it is a repeat and nothing was done.
        created: bool,
    },
    /// The missed instants are recorded under this id; none where they had come to their end before.
    Misfire(Option<MisfireId>),
    /// The rule as it is now.
    Rule(Arc<Rule>),
    /// The execution as it is now.
    Execution(Box<Execution>),
}

/// Why an input was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It is wrong in these places.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Invalid>),
    /// There is no such thing.
    #[error("there is no {kind} `{name}`{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NotFound {
        /// What kind of thing.
        kind: &'static str,
        /// What it was called.
        name: String,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// There is too much already.
    #[error("{0}")]
    Busy(String),
    /// The disk is nearly full.
    #[error("{0}")]
    StorageFull(String),
    /// The engine cannot work, or is on its way out.
    #[error("{0}")]
    Unavailable(String),
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

/// An input with the place where its sender waits.
pub(crate) struct Envelope {
    pub(crate) input: Input,
    pub(crate) reply: Option<oneshot::Sender<Result<Answer, Refusal>>>,
}
