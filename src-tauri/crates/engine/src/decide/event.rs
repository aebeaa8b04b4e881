//! An event comes: which rules look at it, and what follows.

use super::{run, timer};
use crate::input::{Answer, NewEvent, Prior, Refusal};
use crate::state::State;
use crate::step::{Change, Step};
use model::{
    Decision, Enforcement, EnforcementStatus, Event, EventId, EventSource, Outcome, Reason, Ref, Rule,
    RuleId, RuleState, Timestamp, nearest,
};
use rules::Circumstances;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// An event was posted.
pub(super) fn received(state: &State, new: &NewEvent, prior: Option<Prior>, now: Timestamp) -> Step {
    match prior {
        Some(Prior::Event { id, body_hash }) => return repeated(new, id, body_hash),
        Some(Prior::Missed) => return Step::refuse(missed(new)),
        None => {}
    }
    if let Some(refusal) = wrong_target(state, new) {
        return Step::refuse(refusal);
    }
    let event = Arc::new(Event {
        id: state.next.event,
        trigger: new.trigger.clone(),
        payload: new.payload.clone(),
        source: new.source.clone(),
        rule: new.rule,
        dedupe_key: new.dedupe_key.clone(),
        created: now,
    });
    let mut step = Step::answer(Ok(Answer::Event { id: event.id, created: true }));
    step.change(Change::EventReceived { event: event.clone(), body_hash: new.body_hash });
    let fired = new.planned_instant().map(|(rule, at)| {
        let mut timer = state.timer(rule);
        timer.fire(at, now);
        step.change(Change::TimerMoved { rule, timer });
        (rule, timer)
    });
    look(state, &mut step, &event);
    if let Some((rule, timer)) = fired.filter(|_| may_be_the_last(&event)) {
        timer::finish_if_over(state, &mut step, rule, timer, now);
    }
    step
}

fn repeated(new: &NewEvent, id: EventId, body_hash: [u8; 32]) -> Step {
    if body_hash == new.body_hash {
        return Step::answer(Ok(Answer::Event { id, created: false }));
    }
    let key = new.dedupe_key.as_deref().unwrap_or_default();
    Step::refuse(Refusal::Conflict(format!(
        "event {id} was posted under the dedupe_key `{key}` with another content; the first one stays"
    )))
}

/// Each planned instant comes to one end only.
fn missed(new: &NewEvent) -> Refusal {
    let planned = new.planned_instant().map(|(rule, at)| format!("the instant {at} of rule_{rule}"));
    Refusal::Conflict(format!(
        "{} is recorded as missed; it does not fire any more",
        planned.unwrap_or_else(|| "this instant".to_owned())
    ))
}

/// Whether a fire may be the last of its timer. Its sensor says which instant comes next; only where it names none
/// the schedule is asked, so that a fire costs no planning here.
fn may_be_the_last(event: &Event) -> bool {
    !event.payload.get("next_fire_at").is_some_and(Value::is_string)
}

fn wrong_target(state: &State, new: &NewEvent) -> Option<Refusal> {
    let id = new.rule?;
    let wrong =
        |message: String| Some(Refusal::Invalid(vec![model::Invalid::new("trigger_instance_id", message)]));
    match state.rules.by_id.get(&id) {
        None => wrong(format!("there is no rule with the id {id}")),
        Some(rule) if rule.body.trigger_ref != new.trigger => wrong(format!(
            "rule_{id} ({}) listens to `{}`, not to `{}`",
            rule.r#ref, rule.body.trigger_ref, new.trigger
        )),
        Some(_) => None,
    }
}

/// Every rule concerned looks at the event; those that fire ask for a run.
fn look(state: &State, step: &mut Step, event: &Arc<Event>) {
    let mut grant = run::Grant::of(state);
    let circumstances = Circumstances { memory: &state.memory, ..Circumstances::default() };
    for looked in state.book.decide(event, &circumstances) {
        let decision = looked.decision;
        if let Some(remembered) = looked.remember {
            let rule = decision.rule;
            let stored = serde_json::to_value(&remembered).unwrap_or_default();
            step.change(Change::Remembered { rule, remembered, stored });
        }
        let Some(rule) = state.rules.by_id.get(&decision.rule) else { continue };
        fire(state, step, event, rule, decision, &mut grant);
    }
}

fn fire(
    state: &State,
    step: &mut Step,
    event: &Arc<Event>,
    rule: &Rule,
    mut decision: Decision,
    grant: &mut run::Grant,
) {
    if decision.outcome != Outcome::Matched {
        step.change(Change::Decided { event: event.clone(), decision: Box::new(decision) });
        return;
    }
    let parameters = decision.parameters.take().unwrap_or_default();
    let prepared = match run::prepare(state, &rule.body.action_ref, parameters, rule.body.timeout_seconds) {
        Ok(prepared) if grant.is_full() => Err((Outcome::Throttled, queue_full(prepared.waiting_limit))),
        Ok(prepared) => Ok(prepared),
        Err(reason) => Err((Outcome::Error, reason)),
    };
    match prepared {
        Err((outcome, reason)) => {
            decision.outcome = outcome;
            decision.reason = Some(*reason);
            step.change(Change::Decided { event: event.clone(), decision: Box::new(decision) });
        }
        Ok(prepared) => {
            step.change(Change::Decided { event: event.clone(), decision: Box::new(decision) });
            let enforcement = Enforcement {
                id: grant.next_enforcement(),
                event: event.id,
                rule: rule.id,
                status: EnforcementStatus::Processed,
                created: event.created,
            };
            let cause = run::Cause {
                enforcement: Some(enforcement.id),
                event: Some(event.id),
                rule: Some(rule.id),
                rerun_of: None,
            };
            step.change(Change::Enforced(enforcement));
            run::request(step, prepared, cause, grant, event.created);
        }
    }
}

fn queue_full(limit: usize) -> Box<Reason> {
    let message = format!("{limit} runs are waiting already; this one was dropped");
    Box::new(Reason { path: "action_ref".to_owned(), message: Some(message), ..Reason::default() })
}

/// A person fires a rule: an event of their own, for that rule alone.
pub(super) fn fired_by_hand(state: &State, name: &Ref, now: Timestamp) -> Step {
    let Some(rule) = state.rules.named(name) else {
        return Step::refuse(no_such_rule(state, name));
    };
    if !rule.enabled() {
        let why = match rule.state {
            RuleState::Finished => {
                "has finished; give it times that are still to come and switch it on to run it"
            }
            _ => "is switched off; switch it on to run it",
        };
        return Step::refuse(Refusal::Conflict(format!("`{}` {why}", rule.body.label)));
    }
    let new = NewEvent {
        trigger: rule.body.trigger_ref.clone(),
        payload: Arc::new(Value::Object(by_hand_payload(state, rule, now))),
        source: EventSource::Person,
        rule: Some(rule.id),
        dedupe_key: None,
        body_hash: [0; 32],
    };
    let mut step = received(state, &new, None, now);
    let run = step.changes.iter().find_map(|change| match change {
        Change::ExecutionRequested(run) => Some(run.clone()),
        _ => None,
    });
    if step.answer.is_ok() {
        step.answer = match run {
            Some(run) => Ok(Answer::Execution(Box::new((*run).clone()))),
            None => Ok(Answer::Done),
        };
    }
    step
}

/// What an event says that a person made: for timers the facts that their templates use.
fn by_hand_payload(state: &State, rule: &Rule, now: Timestamp) -> Map<String, Value> {
    let Some(schedule) = state.rules.schedules.get(&rule.id) else { return Map::new() };
    let mut payload = schedule.describe();
    payload.insert("scheduled_at".to_owned(), json!(now));
    payload.insert("fired_at".to_owned(), json!(now));
    payload.insert("delay_ms".to_owned(), json!(0));
    payload.insert("execution_count".to_owned(), json!(state.timer(rule.id).execution_count));
    payload.insert("next_fire_at".to_owned(), json!(schedule.next_after(now).map(|fire| fire.at)));
    payload.insert("misfired".to_owned(), json!(false));
    payload
}

pub(super) fn no_such_rule(state: &State, name: &Ref) -> Refusal {
    Refusal::NotFound {
        kind: "rule",
        name: name.to_string(),
        nearest: nearest(name.as_str(), state.rule_names()).map(str::to_owned),
    }
}

/// Names the id in a `trigger_instance_id`.
#[must_use]
pub fn rule_of_instance(text: &str) -> Option<RuleId> {
    let digits = text.strip_prefix("rule_")?;
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    canonical.then(|| digits.parse().ok().map(RuleId)).flatten()
}
