//! What a decision wants: facts to record, things to do afterwards, an answer.

use crate::feed::Topic;
use crate::input::{Answer, Refusal};
use model::{
    Decision, Enforcement, Event, Execution, ExecutionId, MisfireEntry, Rule, RuleId, TimerMemory, Timestamp,
};
use rules::Remembered;
use sensors::SensorStatus;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One fact. It is written to the database and applied to memory; both read it the same way.
#[derive(Clone, Debug)]
pub enum Change {
    /// An event came.
    EventReceived {
        /// The event.
        event: Arc<Event>,
        /// SHA-256 of what was posted.
        body_hash: [u8; 32],
    },
    /// A rule looked at it.
    Decided {
        /// The event.
        event: Arc<Event>,
        /// What came of it.
        decision: Box<Decision>,
    },
    /// A rule fired.
    Enforced(Enforcement),
    /// A run was asked for; where a place was free, it is already `scheduled`.
    ExecutionRequested(Arc<Execution>),
    /// A run went on.
    ExecutionChanged(Arc<Execution>),
    /// A rule is new, has a new version, or is back.
    RuleSaved(Arc<Rule>),
    /// A rule was switched on or off.
    RuleSwitched(Arc<Rule>),
    /// A rule is gone.
    RuleDeleted {
        /// The rule as it was.
        rule: Arc<Rule>,
        /// When.
        at: Timestamp,
    },
    /// Planned instants of a timer rule came to their end: what its timer remembers by now.
    TimerMoved {
        /// Whose.
        rule: RuleId,
        /// All of it.
        timer: TimerMemory,
    },
    /// Planned instants of a timer rule were missed.
    Missed(Arc<MisfireEntry>),
    /// A rule keeps something of an event, for its next look.
    Remembered {
        /// Whose.
        rule: RuleId,
        /// What.
        remembered: Remembered,
        /// The same as it is stored.
        stored: Value,
    },
    /// A sensor's process changed.
    SensorChanged(SensorStatus),
    /// Other packs are in force.
    PacksLoaded(Arc<crate::catalog::Catalog>),
    /// The engine began.
    EngineStarted(Timestamp),
    /// The engine is alive.
    EngineAlive {
        /// When it said so.
        at: Timestamp,
        /// How long the machine has slept since it was booted.
        slept: Duration,
    },
    /// The machine slept while the engine ran.
    Slept {
        /// From when.
        started: Timestamp,
        /// Until when.
        ended: Timestamp,
    },
    /// The engine is about to end.
    EngineClosing,
    /// The engine ended in order.
    EngineStopped(Timestamp),
}

/// Something to do once the facts are on disk.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Start the process of a run.
    Launch(Arc<Execution>),
    /// Stop the process of a run.
    Stop(ExecutionId),
    /// Tell sensors that a rule changed.
    TellSensors {
        /// What happened to it.
        what: RuleChangeKind,
        /// The rule as it is now, or was.
        rule: Arc<Rule>,
    },
    /// See that the sensors that rules need are running.
    WantSensors,
}

/// What happened to a rule, in the words of the sensor protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleChangeKind {
    /// It is new.
    Created,
    /// It has a new version.
    Updated,
    /// It listens.
    Enabled,
    /// It does not listen.
    Disabled,
    /// It is gone.
    Deleted,
}

impl RuleChangeKind {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "RuleCreated",
            Self::Updated => "RuleUpdated",
            Self::Enabled => "RuleEnabled",
            Self::Disabled => "RuleDisabled",
            Self::Deleted => "RuleDeleted",
        }
    }
}

/// What a decision wants.
#[derive(Clone, Debug)]
pub struct Step {
    /// Facts, in the order in which they are written and applied.
    pub changes: Vec<Change>,
    /// What to do once they are on disk.
    pub effects: Vec<Effect>,
    /// What watchers hear.
    pub topics: BTreeSet<Topic>,
    /// What the sender hears.
    pub answer: Result<Answer, Refusal>,
}

impl Step {
    /// A step that does nothing but answer.
    #[must_use]
    pub fn answer(answer: Result<Answer, Refusal>) -> Self {
        Self { changes: Vec::new(), effects: Vec::new(), topics: BTreeSet::new(), answer }
    }

    /// A refusal.
    #[must_use]
    pub fn refuse(refusal: impl Into<Refusal>) -> Self {
        Self::answer(Err(refusal.into()))
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.topics.extend(topics(&change));
        self.changes.push(change);
    }

    pub(crate) fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

impl Default for Step {
    fn default() -> Self {
        Self::answer(Ok(Answer::Done))
    }
}

fn topics(change: &Change) -> Vec<Topic> {
    match change {
        Change::EventReceived { .. } | Change::Decided { .. } | Change::Enforced(_) => vec![Topic::Events],
        Change::ExecutionRequested(run) | Change::ExecutionChanged(run) => {
            vec![Topic::Executions, Topic::Execution(run.id)]
        }
        Change::RuleSaved(_) | Change::RuleSwitched(_) | Change::RuleDeleted { .. } => vec![Topic::Rules],
        Change::Missed(_) => vec![Topic::Misfires],
        Change::TimerMoved { .. } | Change::Remembered { .. } | Change::EngineAlive { .. } => vec![],
        Change::SensorChanged(_) => vec![Topic::Sensors],
        Change::PacksLoaded(_) => vec![Topic::Packs, Topic::Rules],
        Change::EngineStarted(_)
        | Change::EngineClosing
        | Change::EngineStopped(_)
        | Change::Slept { .. } => {
            vec![Topic::Engine]
        }
    }
}

/// Parameters of an action as they are handed to a run.
pub(crate) type Parameters = Map<String, Value>;
