//! The engine's own life: begin, packs, sensors, end.

use super::{advance, fill_places, rule, timer};
use crate::catalog::Catalog;
use crate::state::State;
use crate::step::{Change, Effect, Step};
use model::{Execution, Timestamp, Transition};
use sensors::SensorStatus;
use std::sync::Arc;
use std::time::Duration;

/// Growth of the time slept that is a sleep of the machine, not two clocks read one after the other.
const SLEEP: Duration = Duration::from_secs(1);

/// What was under way when the last engine ended is settled: nobody knows how started runs went, so they
/// are abandoned; what waited goes on.
pub(super) fn begin(state: &State, now: Timestamp) -> Step {
    let mut step = Step::default();
    step.change(Change::EngineStarted(now));
    let mut lost: Vec<&Arc<Execution>> = state.runs.values().filter(|run| run.status.holds_place()).collect();
    lost.sort_by_key(|run| run.id);
    for run in &lost {
        if let Err(illegal) = advance(&mut step, run, Transition::Abandon, now) {
            tracing::error!(%illegal, "an unfinished execution could not be abandoned");
        }
    }
    fill_places(state, &mut step, lost.len(), None, now);
    timer::finish_what_is_over(state, &mut step, now);
    rule::adopt_starters(state, &mut step, &state.catalog, now);
    step.then(Effect::WantSensors);
    step
}

/// Other packs are in force.
pub(super) fn packs(state: &State, catalog: &Arc<Catalog>, now: Timestamp) -> Step {
    let mut step = Step::default();
    step.change(Change::PacksLoaded(catalog.clone()));
    rule::adopt_starters(state, &mut step, catalog, now);
    step.then(Effect::WantSensors);
    step
}

/// A sensor's process changed.
pub(super) fn sensor(status: &SensorStatus) -> Step {
    let mut step = Step::default();
    step.change(Change::SensorChanged(status.clone()));
    step
}

/// A sign of life, from which the score knows when the engine did not run, and when the machine slept meanwhile.
pub(super) fn alive(state: &State, slept: Duration, now: Timestamp) -> Step {
    let mut step = Step::default();
    step.change(Change::EngineAlive { at: now, slept });
    let Some(last) = state.alive else { return step };
    let asleep = slept.saturating_sub(last.slept);
    if asleep > SLEEP {
        // It ended a moment ago; where the clock was set as well, it did not begin before the last sign of life.
        let started = now.minus(asleep).max(last.at.min(now));
        step.change(Change::Slept { started, ended: now });
    }
    step
}

/// The engine is about to end: what waits will go on after the next start.
pub(super) fn closing() -> Step {
    let mut step = Step::default();
    step.change(Change::EngineClosing);
    step
}

/// The engine ends in order.
pub(super) fn end(now: Timestamp) -> Step {
    let mut step = Step::default();
    step.change(Change::EngineStopped(now));
    step
}
