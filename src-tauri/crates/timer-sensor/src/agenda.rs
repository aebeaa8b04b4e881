//! Every timer and the instant at which it is due next. Pure: it is told the time and never asks.

use crate::history::History;
use model::{Invalid, Ref, RuleId, Timestamp};
use schedule::Schedule;
use sensor_kit::{Event, Rule};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Later than this an instant was not merely late: the machine slept, or its clock was put forward. Such
/// instants are missed, and one fire stands for all of them.
const LATE_MS: i64 = 30_000;

/// One fire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due {
    pub(crate) rule: RuleId,
    trigger: Ref,
    pub(crate) at: Timestamp,
    /// How many instants this fire stands for, where some were missed.
    pub(crate) missed: Option<u64>,
    pub(crate) count: u64,
    next: Option<Timestamp>,
    facts: Map<String, Value>,
}

impl Due {
    /// The event that tells of this fire, at the instant `now`.
    pub(crate) fn event(&self, sensor: &Ref, now: Timestamp) -> Event {
        let mut payload = self.facts.clone();
        let mut say = |name: &str, value: Value| {
            payload.insert(name.to_owned(), value);
        };
        say("scheduled_at", json!(self.at));
        say("fired_at", json!(now));
        say("delay_ms", json!(now.millis_since(self.at)));
        say("execution_count", json!(self.count));
        say("next_fire_at", json!(self.next));
        say("misfired", json!(self.missed.is_some()));
        if let Some(missed) = self.missed {
            say("missed_count", json!(missed));
        }
        say("sensor_ref", json!(sensor));
        Event {
            trigger_ref: self.trigger.clone(),
            payload,
            rule: Some(self.rule),
            dedupe_key: format!("rule_{}@{}", self.rule, self.at),
        }
    }
}

struct Timer {
    trigger: Ref,
    params: Map<String, Value>,
    anchor: Option<Timestamp>,
    schedule: Schedule,
    facts: Map<String, Value>,
    next: Option<Timestamp>,
    /// Instants up to here passed before this sensor knew of the rule: they are missed, however short ago.
    missed_until: Option<Timestamp>,
    /// Fires in the life of the rule.
    count: u64,
    /// Instants that could not be posted; the next fire stands for them too.
    unsent: u64,
}

/// All timers, the next one first.
#[derive(Default)]
pub(crate) struct Agenda {
    timers: HashMap<RuleId, Timer>,
    order: BTreeSet<(Timestamp, RuleId)>,
    histories: HashMap<RuleId, History>,
    looked: Option<Timestamp>,
}

impl Agenda {
    /// These are all the rules there are. What the engine planned since the last event of a rule that is new
    /// here was missed.
    pub(crate) fn replace(&mut self, rules: Vec<Rule>, now: Timestamp) {
        let there: HashSet<RuleId> = rules.iter().map(|rule| rule.id).collect();
        let gone: Vec<RuleId> = self.timers.keys().filter(|id| !there.contains(id)).copied().collect();
        gone.into_iter().for_each(|id| self.remove(id));
        for rule in rules {
            let since = rule.last_scheduled_at.map(|last| last.min(now));
            self.take(rule, since, now);
        }
        tracing::info!("{} timers", self.timers.len());
    }

    /// One rule is new, enabled or changed: it counts from now on.
    pub(crate) fn put(&mut self, rule: Rule, now: Timestamp) {
        self.take(rule, None, now);
    }

    /// One rule no longer listens.
    pub(crate) fn remove(&mut self, id: RuleId) {
        if let Some(Timer { next: Some(next), .. }) = self.timers.remove(&id) {
            self.order.remove(&(next, id));
        }
    }

    /// When the next timer is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Looks at the clock. Where it was put back, every timer is planned anew.
    pub(crate) fn look(&mut self, now: Timestamp) {
        if self.looked.is_some_and(|before| now < before) {
            tracing::info!("the clock was put back; planning all timers anew");
            let ids: Vec<RuleId> = self.timers.keys().copied().collect();
            ids.into_iter().for_each(|id| self.plan(id, now, now));
        }
        self.looked = Some(now);
    }

    /// Takes the next fire that is due, if one is.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Due> {
        let (planned, id) = *self.order.first().filter(|(at, _)| *at <= now)?;
        let timer = self.timers.get_mut(&id)?;
        let missed =
            now.millis_since(planned) > LATE_MS || timer.missed_until.is_some_and(|until| planned <= until);
        let history = self.histories.entry(id).or_default();
        let (at, mut missed) = if missed {
            let (newest, count) = history.missed(&timer.schedule, planned, now);
            (newest, Some(count))
        } else {
            (planned, None)
        };
        if timer.unsent > 0 {
            missed = Some(missed.unwrap_or(1) + timer.unsent);
            timer.unsent = 0;
        }
        timer.missed_until = None;
        timer.count += 1;
        let (trigger, count, facts) = (timer.trigger.clone(), timer.count, timer.facts.clone());
        history.record(&timer.schedule, at);
        self.plan(id, at, now);
        let next = self.timers.get(&id).and_then(|timer| timer.next);
        Some(Due { rule: id, trigger, at, missed, count, next, facts })
    }

    /// A fire could not be handed over: the next one of its rule stands for it.
    pub(crate) fn unsent(&mut self, due: &Due) {
        if let Some(timer) = self.timers.get_mut(&due.rule) {
            timer.unsent += due.missed.unwrap_or(1);
            timer.count -= 1;
        }
    }

    fn take(&mut self, rule: Rule, since: Option<Timestamp>, now: Timestamp) {
        if self.timers.get(&rule.id).is_some_and(|known| known.is_as_in(&rule)) {
            return;
        }
        let known = self.timers.get(&rule.id).map(|known| (known.count, known.unsent));
        self.remove(rule.id);
        let (id, name) = (rule.id, rule.name.clone());
        if let Some(last) = rule.last_scheduled_at {
            self.histories.entry(id).or_default().remember(last);
        }
        // An edit is no reason to catch up on what the old schedule had planned.
        let since = if known.is_some() { None } else { since };
        let (count, unsent) = known.unwrap_or_default();
        match Timer::new(rule) {
            Ok(timer) => {
                let timer = Timer {
                    count: timer.count.max(count),
                    unsent,
                    missed_until: since.map(|_| now),
                    ..timer
                };
                tracing::debug!(rule = %name, "{}", timer.schedule.sentence());
                self.timers.insert(id, timer);
                self.plan(id, since.unwrap_or(now), now);
            }
            Err(error) => tracing::error!(rule = %name, "this timer cannot be planned: {error}"),
        }
    }

    /// Finds the next instant of a timer after `from` and puts it in its place.
    fn plan(&mut self, id: RuleId, from: Timestamp, now: Timestamp) {
        let Some(timer) = self.timers.get_mut(&id) else { return };
        let history = self.histories.entry(id).or_default();
        let next = history.next(&timer.schedule, history.resume(from, now));
        if let Some(before) = std::mem::replace(&mut timer.next, next) {
            self.order.remove(&(before, id));
        }
        if let Some(next) = next {
            self.order.insert((next, id));
        }
    }
}

impl Timer {
    fn new(rule: Rule) -> Result<Self, Invalid> {
        let schedule = Schedule::parse(&rule.trigger_ref, &rule.trigger_params, rule.anchor)?;
        Ok(Self {
            trigger: rule.trigger_ref,
            params: rule.trigger_params,
            anchor: rule.anchor,
            facts: schedule.describe(),
            schedule,
            next: None,
            missed_until: None,
            count: rule.execution_count,
            unsent: 0,
        })
    }

    /// Whether the rule says nothing new about when to fire.
    fn is_as_in(&self, rule: &Rule) -> bool {
        self.trigger == rule.trigger_ref && self.params == rule.trigger_params && self.anchor == rule.anchor
    }
}

#[cfg(test)]
mod tests;
