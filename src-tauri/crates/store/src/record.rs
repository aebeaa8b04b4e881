//! What can be written, and what memory needs at start.

use model::{
    Decision, Enforcement, EnforcementId, EnforcementStatus, Event, EventId, Execution, ExecutionId,
    MisfireEntry, MisfireId, Rule, RuleId, TimerMemory, Timestamp,
};

/// One fact to record. Closed: whatever the engine remembers over a restart was one of these.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// An event came.
    Event {
        /// The event.
        event: &'a Event,
        /// SHA-256 of what was posted; kept where the event has a `dedupe_key`.
        body_hash: &'a [u8; 32],
    },
    /// A rule looked at an event. Its parameters are not kept here: they are those of the execution.
    Decision {
        /// The event.
        event: &'a Event,
        /// What came of it.
        decision: &'a Decision,
    },
    /// A rule fired.
    Enforcement(&'a Enforcement),
    /// A rule's firing got further.
    EnforcementStatus {
        /// Which.
        id: EnforcementId,
        /// How far.
        status: EnforcementStatus,
    },
    /// A run was asked for.
    ExecutionNew(&'a Execution),
    /// A run got further.
    ExecutionChanged(&'a Execution),
    /// A rule is new, has a new version, or is back after it was deleted.
    RuleSaved(&'a Rule),
    /// A rule was switched on or off, or is finished; its content is as it was.
    RuleState(&'a Rule),
    /// A rule is gone; its rows stay, so that the past can be told and the rule can be brought back.
    RuleDeleted {
        /// Which.
        id: RuleId,
        /// When.
        at: Timestamp,
    },
    /// A planned instant of a timer rule came to its end: what its timer remembers by now.
    Timer {
        /// Whose.
        rule: RuleId,
        /// All of it.
        timer: TimerMemory,
    },
    /// Planned instants were missed.
    Missed(&'a MisfireEntry),
    /// The machine slept while the engine ran.
    Slept {
        /// From when.
        started: Timestamp,
        /// Until when.
        ended: Timestamp,
    },
    /// What a rule keeps of its previous event.
    Remembered {
        /// Whose.
        rule: RuleId,
        /// What, as JSON.
        remembered: &'a serde_json::Value,
    },
    /// The engine began.
    EngineStarted(Timestamp),
    /// The engine is alive.
    EngineAlive(Timestamp),
    /// The engine ended in order.
    EngineStopped(Timestamp),
}

/// An event that came before under the same key from the same source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: EventId,
    /// SHA-256 of what was posted.
    pub body_hash: [u8; 32],
}

/// Everything that the engine's memory needs at start.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Identifies the data folder for ever: 32 hex digits.
    pub instance: String,
    /// The rules, deleted ones aside, by id.
    pub rules: Vec<Rule>,
    /// The newest deleted rule of each ref that no rule has now.
    pub deleted: Vec<Rule>,
    /// What rules keep of their previous events, as JSON, by id.
    pub remembered: Vec<(RuleId, serde_json::Value)>,
    /// Runs that have not ended, by id.
    pub unfinished: Vec<Execution>,
    /// The highest id that an event ever had; 0 for none.
    pub last_event: EventId,
    /// The same for enforcements.
    pub last_enforcement: EnforcementId,
    /// The same for executions.
    pub last_execution: ExecutionId,
    /// The same for rules.
    pub last_rule: RuleId,
    /// The same for runs of missed instants.
    pub last_misfire: MisfireId,
}
