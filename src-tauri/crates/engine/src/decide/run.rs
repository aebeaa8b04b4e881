//! Runs: asked for, admitted, stopped, ended.

use super::{advance, fill_places};
use crate::input::{Answer, Refusal};
use crate::state::State;
use crate::step::{Change, Effect, Parameters, Step};
use executor::Report;
use model::{
    Action, EnforcementId, EventId, Execution, ExecutionId, ExecutionStatus, Invalid, Reason, Ref, RuleId,
    Timestamp, Transition, limits,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A run that may be asked for: its action exists and its parameters are in order.
pub(super) struct Prepared {
    action: Arc<Action>,
    parameters: Parameters,
    timeout_ms: u64,
    /// How many may wait.
    pub(super) waiting_limit: usize,
}

/// Why a run is asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Cause {
    pub(super) enforcement: Option<EnforcementId>,
    pub(super) event: Option<EventId>,
    pub(super) rule: Option<RuleId>,
    pub(super) rerun_of: Option<ExecutionId>,
}

/// Grant and ids that one step has still to give.
pub(super) struct Grant {
    free: usize,
    room: usize,
    execution: ExecutionId,
    enforcement: EnforcementId,
}

impl Grant {
    pub(super) fn of(state: &State) -> Self {
        Self {
            // Who waits already goes first.
            free: if state.closing || state.queue.waiting().next().is_some() {
                0
            } else {
                state.queue.free()
            },
            room: state.queue.room(),
            execution: state.next.execution,
            enforcement: state.next.enforcement,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.free == 0 && self.room == 0
    }

    pub(super) fn next_enforcement(&mut self) -> EnforcementId {
        let id = self.enforcement;
        self.enforcement = id.next();
        id
    }

    fn next_execution(&mut self) -> ExecutionId {
        let id = self.execution;
        self.execution = id.next();
        id
    }

    /// Whether the next run may start at once; else it waits.
    fn take(&mut self) -> bool {
        if self.free > 0 {
            self.free -= 1;
            return true;
        }
        self.room = self.room.saturating_sub(1);
        false
    }
}

/// Checks that an action can run with these parameters.
pub(super) fn prepare(
    state: &State,
    action: &Ref,
    parameters: Parameters,
    timeout_seconds: Option<u64>,
) -> Result<Prepared, Box<Reason>> {
    let reason =
        |path: String, message| Box::new(Reason { path, message: Some(message), ..Reason::default() });
    let Some(action) = state.catalog.action(action) else {
        return Err(reason("action_ref".to_owned(), format!("there is no action `{action}`")));
    };
    let parameters = action.parameters.with_defaults(parameters);
    let value = Value::Object(parameters);
    if let Err(errors) = action.parameters.check(&value) {
        let first = errors.into_iter().next().unwrap_or_else(|| Invalid::new("", "the parameters are wrong"));
        let first = first.under("action_params");
        return Err(reason(first.field, first.message));
    }
    let Value::Object(parameters) = value else { unreachable!("an object was put in") };
    let house = limits::EXECUTION_TIMEOUT.as_secs();
    let seconds = timeout_seconds.or(action.timeout_seconds).unwrap_or(house);
    Ok(Prepared {
        action: action.clone(),
        parameters,
        timeout_ms: seconds.saturating_mul(1_000),
        waiting_limit: limits::QUEUED,
    })
}

/// Asks for a run within a step; it starts at once where a place is free.
pub(super) fn request(
    step: &mut Step,
    prepared: Prepared,
    cause: Cause,
    grant: &mut Grant,
    now: Timestamp,
) -> Arc<Execution> {
    let at_once = grant.take();
    let run = Arc::new(Execution {
        id: grant.next_execution(),
        enforcement: cause.enforcement,
        event: cause.event,
        rule: cause.rule,
        rerun_of: cause.rerun_of,
        action: prepared.action.r#ref.clone(),
        parameters: prepared.parameters,
        status: if at_once { ExecutionStatus::Scheduled } else { ExecutionStatus::Requested },
        attempt: u32::from(at_once),
        requested_at: now,
        started_at: None,
        finished_at: None,
        pid: None,
        exit: None,
        result: None,
        error: None,
        timeout_ms: prepared.timeout_ms,
    });
    step.change(Change::ExecutionRequested(run.clone()));
    if at_once {
        step.then(Effect::Launch(run.clone()));
    }
    run
}

/// A person runs an action, or an execution again.
pub(super) fn by_hand(
    state: &State,
    action: &Ref,
    parameters: &Map<String, Value>,
    timeout_ms: Option<u64>,
    rerun_of: Option<&Execution>,
    now: Timestamp,
) -> Step {
    if state.catalog.action(action).is_none() {
        let nearest = state.catalog.nearest_action(action.as_str()).map(str::to_owned);
        return Step::refuse(Refusal::NotFound { kind: "action", name: action.to_string(), nearest });
    }
    let mut prepared = match prepare(state, action, parameters.clone(), None) {
        Ok(prepared) => prepared,
        Err(reason) => {
            let field = reason.path.replacen("action_params", "parameters", 1);
            return Step::refuse(Invalid::new(field, reason.message.unwrap_or_default()));
        }
    };
    prepared.timeout_ms = timeout_ms.unwrap_or(prepared.timeout_ms);
    let mut grant = Grant::of(state);
    if grant.is_full() {
        return Step::refuse(Refusal::Busy(format!("{} runs are waiting already", prepared.waiting_limit)));
    }
    let cause = rerun_of.map_or_else(Cause::default, |run| Cause {
        enforcement: None,
        event: run.event,
        rule: run.rule,
        rerun_of: Some(run.id),
    });
    let mut step = Step::default();
    let run = request(&mut step, prepared, cause, &mut grant, now);
    step.answer = Ok(Answer::Execution(Box::new((*run).clone())));
    step
}

/// A person stops a run.
pub(super) fn cancel(state: &State, id: ExecutionId, now: Timestamp) -> Step {
    let Some(run) = state.runs.get(&id) else {
        return Step::refuse(Refusal::Conflict(format!(
            "execution {id} is not under way; there is nothing to cancel"
        )));
    };
    if run.status == ExecutionStatus::Canceling {
        return Step::answer(Ok(Answer::Execution(Box::new((**run).clone()))));
    }
    let mut step = Step::default();
    match advance(&mut step, run, Transition::Cancel, now) {
        Ok(next) => {
            if !next.status.is_final() {
                step.then(Effect::Stop(id));
            }
            step.answer = Ok(Answer::Execution(Box::new((*next).clone())));
            step
        }
        Err(illegal) => Step::refuse(Refusal::Conflict(illegal.to_string())),
    }
}

/// The executor tells how a run goes on.
pub(super) fn report(state: &State, report: &Report) -> Step {
    let mut step = Step::default();
    match report {
        Report::Started { execution, pid, at, .. } => {
            let Some(run) = state.runs.get(execution) else { return step };
            if let Err(illegal) = advance(&mut step, run, Transition::Start { pid: *pid }, *at) {
                tracing::warn!(%illegal, "a start was reported out of turn");
            }
        }
        Report::Progress { .. } => {}
        Report::Finished { execution, at, status, exit, result, error, .. } => {
            let Some(run) = state.runs.get(execution) else { return step };
            let transition = Transition::Finish {
                status: *status,
                exit: *exit,
                result: result.clone(),
                error: error.clone().or_else(|| closed(state, *status)),
            };
            match advance(&mut step, run, transition, *at) {
                Ok(_) => fill_places(state, &mut step, 1, None, *at),
                Err(illegal) => tracing::error!(%illegal, "an end was reported out of turn"),
            }
        }
    }
    step
}

/// Why a run was cancelled that nobody cancelled.
fn closed(state: &State, status: ExecutionStatus) -> Option<String> {
    let closed = state.closing && status == ExecutionStatus::Cancelled;
    closed.then(|| "The engine was closed while this ran.".to_owned())
}
