//! A fact in the words of the database.

use crate::step::Change;
use store::Record;

/// What is written for a fact; none for facts that only memory keeps.
pub(crate) fn record(change: &Change) -> Option<Record<'_>> {
    Some(match change {
        Change::EventReceived { event, body_hash } => Record::Event { event, body_hash },
        Change::Decided { event, decision } => Record::Decision { event, decision },
        Change::Enforced(enforcement) => Record::Enforcement(enforcement),
        Change::ExecutionRequested(run) => Record::ExecutionNew(run),
        Change::ExecutionChanged(run) => Record::ExecutionChanged(run),
        Change::RuleSaved(rule) => Record::RuleSaved(rule),
        Change::RuleSwitched(rule) => Record::RuleState(rule),
        Change::RuleDeleted { rule, at } => Record::RuleDeleted { id: rule.id, at: *at },
        Change::Remembered { rule, stored, .. } => Record::Remembered { rule: *rule, remembered: stored },
        Change::TimerMoved { rule, timer } => Record::Timer { rule: *rule, timer: *timer },
        Change::Missed(entry) => Record::Missed(entry),
        Change::EngineStarted(at) => Record::EngineStarted(*at),
        Change::EngineAlive { at, .. } => Record::EngineAlive(*at),
        Change::Slept { started, ended } => Record::Slept { started: *started, ended: *ended },
        Change::EngineStopped(at) => Record::EngineStopped(*at),
        Change::SensorChanged(_) | Change::PacksLoaded(_) | Change::EngineClosing => return None,
    })
}
