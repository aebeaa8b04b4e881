//! One run of an action, and the only ways in which it may change.

use crate::{EnforcementId, EventId, ExecutionId, Ref, RuleId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::str::FromStr;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Recorded; waits for a free place.
    Requested,
    /// Its surroundings (runtime, environment) are being prepared.
    Scheduling,
    /// Its start is recorded; the process is about to be started.
    Scheduled,
    /// Its process runs.
    Running,
    /// Its process has been told to stop.
    Canceling,
    /// Ended well.
    Completed,
    /// Ended badly, or could not be started.
    Failed,
    /// Ended because its time was up.
    Timeout,
    /// Ended because a person or a rule said so.
    Cancelled,
    /// The engine died while it ran; nobody knows how it ended.
    Abandoned,
}

/// A status word that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status of an execution")]
pub struct UnknownExecutionStatus(String);

impl ExecutionStatus {
    /// Every status, in the order of life.
    pub const ALL: [Self; 10] = [
        Self::Requested,
        Self::Scheduling,
        Self::Scheduled,
        Self::Running,
        Self::Canceling,
        Self::Completed,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
        Self::Abandoned,
    ];

    /// The word used in the database, the API and the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduling => "scheduling",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Canceling => "canceling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Timeout | Self::Cancelled | Self::Abandoned)
    }

    /// Whether it holds one of the places for executions that run at once.
    #[must_use]
    pub fn holds_place(self) -> bool {
        matches!(self, Self::Scheduling | Self::Scheduled | Self::Running | Self::Canceling)
    }
}

impl FromStr for ExecutionStatus {
    type Err = UnknownExecutionStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownExecutionStatus(text.chars().take(40).collect()))
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// What a process used, with those of its descendants whose ends it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in its own code, in milliseconds.
    pub user_ms: u64,
    /// Processor time in the system on its behalf, in milliseconds.
    pub system_ms: u64,
    /// The most memory that one of its processes had, in bytes; none where it was too short to be seen.
    pub peak_memory_bytes: Option<u64>,
}

/// How far a run says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// From 0 to 100; none where it does not say.
    pub percent: Option<u8>,
    /// What it is doing, a line of at most [`limits::PROGRESS_CHARS`](crate::limits::PROGRESS_CHARS) characters.
    pub message: String,
}

/// One run of an action: parameters in, output and result out.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// The enforcement that asked for it; none where a person did.
    pub enforcement: Option<EnforcementId>,
    /// The event behind the enforcement.
    pub event: Option<EventId>,
    /// The rule behind the enforcement.
    pub rule: Option<RuleId>,
    /// The execution that this one repeats.
    pub rerun_of: Option<ExecutionId>,
    /// What runs.
    pub action: Ref,
    /// With what, defaults applied.
    pub parameters: Map<String, Value>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// Which start this is, from 1; 0 before the first.
    pub attempt: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// When its end was known.
    pub finished_at: Option<Timestamp>,
    /// Its process while it runs.
    pub pid: Option<u32>,
    /// How its process ended.
    pub exit: Option<Exit>,
    /// What it returned, read from its output.
    pub result: Option<Value>,
    /// Why it did not end well, or what was odd about its output; a sentence.
    pub error: Option<String>,
    /// How long it may run, in milliseconds; 0 means as long as it likes.
    pub timeout_ms: u64,
}

/// What may happen to an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// A place is free, but its surroundings must be prepared first.
    Prepare,
    /// Its start is decided; from here on it may have happened.
    Launch,
    /// Its process started.
    Start {
        /// Its process id.
        pid: u32,
    },
    /// Somebody wants it stopped.
    Cancel,
    /// It ended: `status` is the final one.
    Finish {
        /// One of `completed`, `failed`, `timeout`, `cancelled`.
        status: ExecutionStatus,
        /// How its process ended, where it ever started.
        exit: Option<Exit>,
        /// What it returned.
        result: Option<Value>,
        /// Why it did not end well.
        error: Option<String>,
    },
    /// The engine that watched it is gone.
    Abandon,
}

/// A transition that the status does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("execution {id} is {}; it cannot {verb}", status.as_str())]
pub struct IllegalTransition {
    /// Which execution.
    pub id: ExecutionId,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// What was asked.
    pub verb: &'static str,
}

impl Execution {
    /// The execution after `transition`, or why that cannot be. A cancel before the process has started
    /// ends it at once; after that it is `canceling` until the process has ended.
    ///
    /// # Errors
    /// [`IllegalTransition`] where the present status does not allow it.
    pub fn apply(&self, transition: Transition, at: Timestamp) -> Result<Self, IllegalTransition> {
        use ExecutionStatus as S;
        let mut next = self.clone();
        let illegal = |verb| Err(IllegalTransition { id: self.id, status: self.status, verb });
        match (transition, self.status) {
            (Transition::Prepare, S::Requested) => next.status = S::Scheduling,
            (Transition::Prepare, _) => return illegal("be prepared"),
            (Transition::Launch, S::Requested | S::Scheduling) => {
                next.status = S::Scheduled;
                next.attempt += 1;
            }
            (Transition::Launch, _) => return illegal("be launched"),
            (Transition::Start { pid }, S::Scheduled | S::Canceling) if self.started_at.is_none() => {
                next.status = if self.status == S::Canceling { S::Canceling } else { S::Running };
                next.pid = Some(pid);
                next.started_at = Some(at);
            }
            (Transition::Start { .. }, _) => return illegal("start"),
            (Transition::Cancel, S::Requested | S::Scheduling) => {
                next.status = S::Cancelled;
                next.finished_at = Some(at);
            }
            (Transition::Cancel, S::Scheduled | S::Running) => next.status = S::Canceling,
            (Transition::Cancel, _) => return illegal("be cancelled"),
            (Transition::Finish { status, exit, result, error }, from) => {
                let allowed = matches!(status, S::Completed | S::Failed | S::Timeout | S::Cancelled);
                if !allowed || !from.holds_place() {
                    return illegal("finish");
                }
                next.status = status;
                next.exit = exit;
                next.result = result;
                next.error = error;
                next.finished_at = Some(at);
                next.pid = None;
            }
            (Transition::Abandon, from) if from.holds_place() => {
                next.status = S::Abandoned;
                next.finished_at = Some(at);
                next.pid = None;
                next.error = Some("The engine stopped while this ran; how it ended is not known.".to_owned());
            }
            (Transition::Abandon, _) => return illegal("be abandoned"),
        }
        Ok(next)
    }

    /// Milliseconds from start to end; none while it has not both.
    #[must_use]
    pub fn duration_ms(&self) -> Option<i64> {
        Some(self.finished_at?.millis_since(self.started_at?).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn requested() -> Execution {
        Execution {
            id: ExecutionId(1),
            enforcement: None,
            event: None,
            rule: None,
            rerun_of: None,
            action: "core.echo".parse().unwrap(),
            parameters: Map::new(),
            status: ExecutionStatus::Requested,
            attempt: 0,
            requested_at: Timestamp::from_seconds(1),
            started_at: None,
            finished_at: None,
            pid: None,
            exit: None,
            result: None,
            error: None,
            timeout_ms: 0,
        }
    }

    fn any_transition() -> impl Strategy<Value = Transition> {
        prop_oneof![
            Just(Transition::Prepare),
            Just(Transition::Launch),
            (1_u32..9).prop_map(|pid| Transition::Start { pid }),
            Just(Transition::Cancel),
            prop::sample::select(ExecutionStatus::ALL.to_vec()).prop_map(|status| Transition::Finish {
                status,
                exit: Some(Exit::Code(0)),
                result: None,
                error: None
            }),
            Just(Transition::Abandon),
        ]
    }

    #[test]
    fn a_run_goes_from_requested_to_completed() {
        let at = Timestamp::from_seconds;
        let run = requested().apply(Transition::Launch, at(2)).unwrap();
        let run = run.apply(Transition::Start { pid: 7 }, at(3)).unwrap();
        let end = Transition::Finish {
            status: ExecutionStatus::Completed,
            exit: Some(Exit::Code(0)),
            result: None,
            error: None,
        };
        let run = run.apply(end, at(5)).unwrap();
        assert_eq!(
            (run.status, run.attempt, run.duration_ms()),
            (ExecutionStatus::Completed, 1, Some(2_000))
        );
    }

    proptest! {
        #[test]
        fn nothing_follows_a_final_status_and_each_final_one_has_its_time(
            steps in prop::collection::vec(any_transition(), 0..12)
        ) {
            let mut run = requested();
            for (second, step) in (2..).zip(steps) {
                let was_final = run.status.is_final();
                match run.apply(step, Timestamp::from_seconds(second)) {
                    Ok(next) => {
                        prop_assert!(!was_final);
                        prop_assert!(next.attempt >= run.attempt && next.attempt <= 1);
                        prop_assert_eq!(next.status.is_final(), next.finished_at.is_some());
                        run = next;
                    }
                    Err(refusal) => prop_assert_eq!(refusal.status, run.status),
                }
            }
        }
    }
}
