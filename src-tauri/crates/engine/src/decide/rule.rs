//! A person makes, changes, switches, deletes a rule.

use super::event::no_such_rule;
use super::timer;
use crate::catalog::Catalog;
use crate::input::{Answer, Refusal};
use crate::plan;
use crate::state::State;
use crate::step::{Change, Effect, RuleChangeKind, Step};
use model::{Invalid, MissReason, Ref, Rule, RuleBody, RuleState, TimerMemory, Timestamp, limits};
use serde_json::Value;
use std::sync::Arc;

/// Everything that is wrong with a rule's content, given what packs supply. Saving refuses it; a rule that
/// was saved and whose pack then changed shows it as its fault.
pub(crate) fn rule_faults(rule: &Rule, catalog: &Catalog) -> Vec<Invalid> {
    body_faults(&rule.body, catalog)
}

/// The same for a content that is not yet a rule.
#[must_use]
pub fn body_faults(body: &RuleBody, catalog: &Catalog) -> Vec<Invalid> {
    let mut faults: Vec<Invalid> = body.check().err().into_iter().collect();
    match catalog.trigger(&body.trigger_ref) {
        Some(trigger) => faults.extend(trigger_faults(body, trigger)),
        None => faults.push(unknown(
            "trigger",
            &body.trigger_ref,
            catalog.nearest_trigger(body.trigger_ref.as_str()),
        )),
    }
    match catalog.action(&body.action_ref) {
        Some(action) => faults.extend(rules::check_parameters(&body.action_params, &action.parameters)),
        None => {
            faults.push(unknown("action", &body.action_ref, catalog.nearest_action(body.action_ref.as_str())))
        }
    }
    faults.extend(rules::check_conditions(&body.conditions).err().unwrap_or_default());
    faults.extend(rules::check_templates(&body.action_params).err().unwrap_or_default());
    faults
}

fn trigger_faults(body: &RuleBody, trigger: &model::Trigger) -> Vec<Invalid> {
    let params = &body.trigger_params;
    if schedule::is_timer(&body.trigger_ref) {
        // The schedule knows its parameters better than a schema can.
        return schedule::Schedule::parse(&body.trigger_ref, params, None)
            .err()
            .map(|invalid| invalid.under("trigger_params"))
            .into_iter()
            .collect();
    }
    let value = Value::Object(trigger.parameters.with_defaults(params.clone()));
    let errors = trigger.parameters.check(&value).err().unwrap_or_default();
    errors.into_iter().map(|invalid| invalid.under("trigger_params")).collect()
}

fn unknown(kind: &str, name: &Ref, nearest: Option<&str>) -> Invalid {
    let hint = nearest.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Invalid::new(format!("{kind}_ref"), format!("there is no {kind} `{name}`{hint}"))
}

pub(super) fn create(state: &State, name: &Ref, body: &RuleBody, enabled: bool, now: Timestamp) -> Step {
    if state.rules.by_ref.contains_key(name) {
        return Step::refuse(Refusal::Conflict(format!(
            "there is a rule `{name}` already; choose another ref"
        )));
    }
    if state.rules.by_id.len() >= limits::RULES {
        return Step::refuse(Refusal::Busy(format!("an engine keeps at most {} rules", limits::RULES)));
    }
    let faults = body_faults(body, &state.catalog);
    if !faults.is_empty() {
        return Step::refuse(Refusal::Invalid(faults));
    }
    let mut rule = Rule {
        id: state.next.rule,
        r#ref: name.clone(),
        body: body.clone(),
        state: RuleState::Disabled,
        version: 1,
        timer: TimerMemory::default(),
        created: now,
        updated: now,
    };
    if enabled && let Err(refusal) = timer::listen(&mut rule, now) {
        return Step::refuse(refusal);
    }
    let mut step = Step::default();
    save(&mut step, rule, RuleChangeKind::Created);
    step
}

pub(super) fn update(
    state: &State,
    name: &Ref,
    body: &RuleBody,
    version: Option<u32>,
    now: Timestamp,
) -> Step {
    let Some(rule) = state.rules.named(name) else { return Step::refuse(no_such_rule(state, name)) };
    if version.is_some_and(|edited| edited != rule.version) {
        return Step::refuse(Refusal::Conflict(format!(
            "`{name}` is at version {} by now; read it again before saving",
            rule.version
        )));
    }
    if *body == rule.body {
        return Step::answer(Ok(Answer::Rule(rule.clone())));
    }
    let faults = body_faults(body, &state.catalog);
    if !faults.is_empty() {
        return Step::refuse(Refusal::Invalid(faults));
    }
    let before = current(state, rule);
    let mut next = Rule { body: body.clone(), version: rule.version + 1, updated: now, ..before.clone() };
    let mut step = Step::default();
    if !plan::same_schedule(&rule.body, body) {
        // The old schedule counts until the edit, the new one after it.
        timer::settle(state, &mut step, &before, why_unhandled(&before, now), now, now);
        if let Err(refusal) = reschedule(&mut next, &rule.body, now) {
            return Step::refuse(refusal);
        }
    }
    // A rule that has come to its end with this edit does not listen any more.
    let ends = rule.enabled() && !next.enabled();
    save(&mut step, next, if ends { RuleChangeKind::Disabled } else { RuleChangeKind::Updated });
    if rule.body.trigger_ref != body.trigger_ref {
        // The sensor of the old trigger must hear that the rule has left it.
        step.then(Effect::TellSensors { what: RuleChangeKind::Deleted, rule: rule.clone() });
    }
    step
}

/// Gives a rule that has another schedule than before another place in it.
fn reschedule(rule: &mut Rule, before: &RuleBody, now: Timestamp) -> Result<(), Refusal> {
    rule.timer.last_scheduled_at = None;
    if !plan::same_grid(before, &rule.body) {
        rule.timer.anchor = None;
    }
    match rule.state {
        RuleState::Enabled => return timer::listen(rule, now),
        // Whether the new schedule has an instant left is found out when the rule is switched on.
        RuleState::Finished => rule.state = RuleState::Disabled,
        RuleState::Disabled => {}
    }
    if rule.timer.handled_until.is_some() {
        rule.timer.handle(now, now);
    }
    Ok(())
}

/// Why instants of a schedule that is given up came to no end: what should have fired a while ago was missed
/// because nobody was there to fire it.
fn why_unhandled(rule: &Rule, now: Timestamp) -> MissReason {
    let long_ago = now.minus(limits::MISSED_AFTER);
    let missed = plan::unhandled(rule, MissReason::NotRunning, long_ago, now);
    if rule.enabled() && missed.is_some() { MissReason::NotRunning } else { MissReason::Disabled }
}

/// The rule with what its timer remembers by now.
fn current(state: &State, rule: &Rule) -> Rule {
    Rule { timer: state.timer(rule.id), ..rule.clone() }
}

fn save(step: &mut Step, rule: Rule, what: RuleChangeKind) {
    let rule = Arc::new(rule);
    step.change(Change::RuleSaved(rule.clone()));
    step.then(Effect::TellSensors { what, rule: rule.clone() });
    step.then(Effect::WantSensors);
    step.answer = Ok(Answer::Rule(rule));
}

pub(super) fn switch(state: &State, name: &Ref, enabled: bool, now: Timestamp) -> Step {
    let Some(rule) = state.rules.named(name) else { return Step::refuse(no_such_rule(state, name)) };
    if rule.enabled() == enabled {
        return Step::answer(Ok(Answer::Rule(rule.clone())));
    }
    if let Some(faults) = state.rules.faults.get(&rule.id).filter(|_| enabled) {
        return Step::refuse(Refusal::Invalid(faults.clone()));
    }
    let before = current(state, rule);
    let mut next = Rule { updated: now, ..before.clone() };
    let mut step = Step::default();
    if enabled {
        if let Err(refusal) = timer::listen(&mut next, now) {
            return Step::refuse(refusal);
        }
        if rule.state == RuleState::Finished && next.state == RuleState::Finished {
            // Nothing has changed, and the answer says so.
            return Step::answer(Ok(Answer::Rule(rule.clone())));
        }
        missed_meanwhile(state, &mut step, &before, &next, now);
    } else {
        next.state = RuleState::Disabled;
    }
    let what = if next.enabled() { RuleChangeKind::Enabled } else { RuleChangeKind::Disabled };
    let next = Arc::new(next);
    step.change(Change::RuleSwitched(next.clone()));
    step.then(Effect::TellSensors { what, rule: next.clone() });
    step.then(Effect::WantSensors);
    step.answer = Ok(Answer::Rule(next));
    step
}

/// What was planned while a rule did not listen is not caught up, but it is told.
fn missed_meanwhile(state: &State, step: &mut Step, before: &Rule, next: &Rule, now: Timestamp) {
    // A grid that begins now has its first instant now, which nobody has missed.
    let until = if before.timer.anchor.is_some() { now } else { now.plus_micros(-1) };
    let anchor = next.timer.anchor;
    let before = Rule { timer: TimerMemory { anchor, ..before.timer }, ..before.clone() };
    timer::settle(state, step, &before, MissReason::Disabled, until, now);
}

pub(super) fn delete(state: &State, name: &Ref, now: Timestamp) -> Step {
    let Some(rule) = state.rules.named(name) else { return Step::refuse(no_such_rule(state, name)) };
    let rule = Arc::new(current(state, rule));
    let mut step = Step::default();
    step.change(Change::RuleDeleted { rule: rule.clone(), at: now });
    step.then(Effect::TellSensors { what: RuleChangeKind::Deleted, rule });
    step.then(Effect::WantSensors);
    step
}

pub(super) fn restore(state: &State, name: &Ref, now: Timestamp) -> Step {
    if let Some(rule) = state.rules.named(name) {
        return Step::answer(Ok(Answer::Rule(rule.clone())));
    }
    let Some(rule) = state.deleted.get(name) else { return Step::refuse(no_such_rule(state, name)) };
    let mut next = Rule { updated: now, ..(**rule).clone() };
    let mut step = Step::default();
    timer::settle(state, &mut step, rule, MissReason::Disabled, now, now);
    if next.enabled() {
        // It comes back as it was, or as it would have become.
        if timer::listen(&mut next, now).is_err() {
            next.state = RuleState::Finished;
        }
    } else if next.timer.anchor.is_some() && next.timer.handled_until.is_some() {
        next.timer.handle(now, now);
    }
    save(&mut step, next, RuleChangeKind::Created);
    step
}

/// Starter rules of packs become rules, switched off, once; a deleted one stays deleted.
pub(super) fn adopt_starters(state: &State, step: &mut Step, catalog: &Catalog, now: Timestamp) {
    let mut id = state.next.rule;
    for starter in catalog.starter_rules() {
        let known =
            state.rules.by_ref.contains_key(&starter.r#ref) || state.deleted.contains_key(&starter.r#ref);
        if known || !body_faults(&starter.body, catalog).is_empty() {
            continue;
        }
        let rule = Rule {
            id,
            r#ref: starter.r#ref.clone(),
            body: starter.body.clone(),
            state: RuleState::Disabled,
            version: 1,
            timer: TimerMemory::default(),
            created: now,
            updated: now,
        };
        id = id.next();
        step.change(Change::RuleSaved(Arc::new(rule)));
    }
}
