//! Planned instants that came to their end, and schedules that have none left.

use crate::input::{Answer, Refusal};
use crate::plan;
use crate::state::State;
use crate::step::{Change, Effect, RuleChangeKind, Step};
use model::{
    Invalid, Misfire, MisfireEntry, MisfireId, MissReason, Ref, Rule, RuleId, RuleState, TimerMemory,
    Timestamp, limits,
};
use std::sync::Arc;

/// A sensor could not fire planned instants.
pub(super) fn missed(state: &State, misfire: &Misfire, triggers: Option<&[Ref]>, now: Timestamp) -> Step {
    let rule = match reported_rule(state, misfire, triggers, now) {
        Ok(rule) => rule,
        Err(invalid) => return Step::refuse(invalid),
    };
    let mut timer = state.timer(rule.id);
    let Some(misfire) = still_open(state, misfire, timer, now) else {
        return Step::answer(Ok(Answer::Misfire(None)));
    };
    timer.handle(misfire.last, now);
    let mut step = Step::default();
    let id = record(&mut step, state.next.misfire, misfire, rule, now);
    step.change(Change::TimerMoved { rule: rule.id, timer });
    finish_if_over(state, &mut step, rule.id, timer, now);
    step.answer = Ok(Answer::Misfire(Some(id)));
    step
}

/// What of a report has not come to its end before.
fn still_open(state: &State, misfire: &Misfire, timer: TimerMemory, now: Timestamp) -> Option<Misfire> {
    let mark = timer.mark(now).filter(|mark| misfire.first <= *mark);
    let Some(mark) = mark else { return Some(misfire.clone()) };
    // The report begins before the mark: it was written by a sensor that did not know how far another one, which was
    // killed, had come. Or the rule was changed meanwhile; then the mark lies between two instants, and the sensor
    // will hear of it and deal with all that comes after it.
    let schedule = state.rules.schedules.get(&misfire.rule)?;
    let is_planned = schedule.next_after(mark.plus_micros(-1)).is_some_and(|fire| fire.at == mark);
    if misfire.last <= mark || !is_planned {
        return None;
    }
    let (first, last) = (schedule.next_after(mark)?.at, schedule.last_until(mark, misfire.last)?.at);
    Some(Misfire { first, last, count: schedule.count_between(mark, last), ..misfire.clone() })
}

/// The rule of a report that may be taken.
fn reported_rule<'s>(
    state: &'s State,
    misfire: &Misfire,
    triggers: Option<&[Ref]>,
    now: Timestamp,
) -> Result<&'s Arc<Rule>, Invalid> {
    let id = misfire.rule;
    let wrong = |message: String| Err(Invalid::new("rule_id", message));
    let Some(rule) = state.rules.by_id.get(&id) else {
        return wrong(format!("there is no rule with the id {id}"));
    };
    let trigger = &rule.body.trigger_ref;
    if triggers.is_some_and(|triggers| !triggers.contains(trigger)) {
        return wrong(format!(
            "rule_{id} ({}) listens to `{trigger}`, which this token is not for",
            rule.r#ref
        ));
    }
    if !schedule::is_timer(trigger) {
        return wrong(format!("rule_{id} ({}) listens to `{trigger}`, which is no timer", rule.r#ref));
    }
    misfire.check()?;
    if misfire.reason == MissReason::Disabled {
        let message =
            "`disabled` is for the engine to say: expected asleep, not_running, clock_changed or limit";
        return Err(Invalid::new("reason", message));
    }
    if misfire.last > now.plus(limits::CLOCK_WAIT) {
        let message = format!("{} is still to come; what is missed has passed", misfire.last);
        return Err(Invalid::new("last", message));
    }
    Ok(rule)
}

/// Puts missed instants into the ledger.
fn record(step: &mut Step, id: MisfireId, misfire: Misfire, rule: &Rule, now: Timestamp) -> MisfireId {
    let entry = MisfireEntry { id, misfire, rule_version: rule.version, recorded: now };
    step.change(Change::Missed(Arc::new(entry)));
    id
}

/// The schedule of a rule ends, or is interrupted, `until` then: what it had planned and what came to no end is
/// missed. `rule` is the rule before, with what its timer remembers.
pub(super) fn settle(
    state: &State,
    step: &mut Step,
    rule: &Rule,
    reason: MissReason,
    until: Timestamp,
    now: Timestamp,
) {
    if let Some(misfire) = plan::unhandled(rule, reason, until, now) {
        record(step, state.next.misfire, misfire, rule, now);
    }
}

/// The rule has come to the end of its schedule where no instant is left after those that came to their end.
pub(super) fn finish_if_over(
    state: &State,
    step: &mut Step,
    rule: RuleId,
    timer: TimerMemory,
    now: Timestamp,
) {
    let Some(rule) = state.rules.by_id.get(&rule).filter(|rule| rule.enabled()) else { return };
    let Some(schedule) = state.rules.schedules.get(&rule.id) else { return };
    let Some(mark) = timer.mark(now) else { return };
    if schedule.next_after(mark).is_some() {
        return;
    }
    let finished = Rule { state: RuleState::Finished, timer, updated: now, ..(**rule).clone() };
    let finished = Arc::new(finished);
    step.change(Change::RuleSwitched(finished.clone()));
    step.then(Effect::TellSensors { what: RuleChangeKind::Disabled, rule: finished });
    step.then(Effect::WantSensors);
}

/// Rules that an earlier engine left listening to a schedule that has no instant left.
pub(super) fn finish_what_is_over(state: &State, step: &mut Step, now: Timestamp) {
    for rule in state.rules.schedules.keys() {
        finish_if_over(state, step, *rule, state.timer(*rule), now);
    }
}

/// Lets a rule listen from now on. Where its schedule has no instant left it is finished at once; a one-shot is
/// refused then, because that is never what was meant.
pub(super) fn listen(rule: &mut Rule, now: Timestamp) -> Result<(), Refusal> {
    rule.state = RuleState::Enabled;
    rule.timer.anchor = rule.timer.anchor.or(Some(now));
    rule.timer.last_scheduled_at = None;
    rule.timer.handle(now, now);
    let Some(schedule) = plan::schedule_of(rule) else { return Ok(()) };
    let mark = rule.timer.mark(now).unwrap_or(now);
    if schedule.next_after(mark).is_some() {
        return Ok(());
    }
    if plan::is_once(&rule.body) {
        let passed = schedule.last_until(Timestamp::MIN, mark);
        let why = passed.map_or_else(
            || "this instant lies outside `not_before` and `not_after`".to_owned(),
            |fire| format!("{} has passed", fire.at),
        );
        let message = format!("{why}: the rule would never fire; choose an instant that is still to come");
        return Err(Invalid::new("trigger_params.fire_at", message).into());
    }
    rule.state = RuleState::Finished;
    Ok(())
}
