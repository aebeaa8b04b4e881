//! One input in, one step out. Pure: what is needed from outside is in the state, the input, or `now`.

mod event;
mod life;
mod rule;
mod run;
mod timer;

pub use event::rule_of_instance;
pub use rule::body_faults;
pub(crate) use rule::rule_faults;

use crate::input::Input;
use crate::state::State;
use crate::step::{Change, Effect, Step};
use model::{Execution, ExecutionId, IllegalTransition, Timestamp, Transition};
use std::sync::Arc;

/// What an input leads to.
#[must_use]
pub fn decide(state: &State, input: &Input, now: Timestamp) -> Step {
    match input {
        Input::Event { event, prior } => event::received(state, event, *prior, now),
        Input::Misfire { misfire, triggers } => timer::missed(state, misfire, triggers.as_deref(), now),
        Input::RuleCreate { r#ref, body, enabled } => rule::create(state, r#ref, body, *enabled, now),
        Input::RuleUpdate { r#ref, body, version } => rule::update(state, r#ref, body, *version, now),
        Input::RuleSwitch { r#ref, enabled } => rule::switch(state, r#ref, *enabled, now),
        Input::RuleDelete { r#ref } => rule::delete(state, r#ref, now),
        Input::RuleRestore { r#ref } => rule::restore(state, r#ref, now),
        Input::RuleRun { r#ref } => event::fired_by_hand(state, r#ref, now),
        Input::ActionRun { action, parameters, timeout_ms, rerun_of } => {
            run::by_hand(state, action, parameters, *timeout_ms, rerun_of.as_deref(), now)
        }
        Input::Cancel { id } => run::cancel(state, *id, now),
        Input::Report(report) => run::report(state, report),
        Input::Sensor(status) => life::sensor(status),
        Input::Packs(catalog) => life::packs(state, catalog, now),
        Input::Begin => life::begin(state, now),
        Input::Alive { slept } => life::alive(state, *slept, now),
        Input::Closing => life::closing(),
        Input::End => life::end(now),
    }
}

/// Takes a run further within a step; what the state machine forbids is told, not done.
fn advance(
    step: &mut Step,
    run: &Execution,
    transition: Transition,
    at: Timestamp,
) -> Result<Arc<Execution>, IllegalTransition> {
    let next = Arc::new(run.apply(transition, at)?);
    step.change(Change::ExecutionChanged(next.clone()));
    Ok(next)
}

/// Gives places that a step frees to the runs that have waited longest.
fn fill_places(state: &State, step: &mut Step, freed: usize, gone: Option<ExecutionId>, at: Timestamp) {
    if state.closing {
        return;
    }
    let waiting = state.queue.waiting().filter(|id| Some(*id) != gone);
    let free = state.queue.free() + freed;
    for run in waiting.take(free).filter_map(|id| state.runs.get(&id)) {
        match advance(step, run, Transition::Launch, at) {
            Ok(run) => step.then(Effect::Launch(run)),
            Err(illegal) => tracing::error!(%illegal, "a waiting execution could not be launched"),
        }
    }
}
