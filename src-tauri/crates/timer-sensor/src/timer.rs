//! One timer: what becomes of the instants of one rule.

use crate::deed::{Deed, Fired, Late};
use crate::history::{History, Run};
use crate::moment::Gap;
use model::{Invalid, Misfire, MissReason, Ref, RuleId, Timestamp, limits};
use schedule::{Fire, MisfirePolicy, Schedule};
use sensor_kit::Rule;
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// A rule with its schedule and its past.
pub(crate) struct Timer {
    rule: RuleId,
    trigger: Ref,
    params: Map<String, Value>,
    anchor: Option<Timestamp>,
    schedule: Schedule,
    facts: Map<String, Value>,
    history: History,
    next: Option<Fire>,
    /// Instants up to here passed while the engine did not run: they are missed, however short ago.
    not_running_until: Option<Timestamp>,
    /// Instants up to here were missed and fire one by one nevertheless.
    making_up_until: Option<Timestamp>,
    /// Fires in the life of the rule.
    count: u64,
}

/// What is kept of a timer whose rule does not listen, in case it will again.
#[derive(Debug)]
pub(crate) struct Past {
    instants: Option<Schedule>,
    history: History,
    count: u64,
}

/// Parameters that say what becomes of missed instants, not when instants are.
const AFTERWARDS: [&str; 2] = ["misfire", "misfire_limit"];

/// What alone decides when a rule fires; none where its parameters are wrong.
fn instants(trigger: &Ref, params: &Map<String, Value>, anchor: Option<Timestamp>) -> Option<Schedule> {
    let mut params = params.clone();
    params.retain(|name, _| !AFTERWARDS.contains(&name.as_str()));
    Schedule::parse(trigger, &params, anchor).ok()
}

/// When a rule fires and what it wants of missed instants.
fn schedule_of(rule: &Rule) -> Result<Schedule, Invalid> {
    let schedule = Schedule::parse(&rule.trigger_ref, &rule.trigger_params, rule.anchor)?;
    Ok(schedule.for_rule(rule.id))
}

/// The instant at which a look is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The wall clock.
    pub(crate) now: Timestamp,
    /// The last instant that counts, at most `now`; what comes after it is for another schedule.
    pub(crate) until: Timestamp,
    /// What passed unseen before it.
    pub(crate) gap: Option<Gap>,
}

impl Timer {
    /// A timer that goes on where the engine says that the rule is. `past` is what this sensor itself remembers.
    ///
    /// # Errors
    /// What is wrong with the parameters of the rule.
    pub(crate) fn new(rule: Rule, past: Option<Past>, now: Timestamp) -> Result<Self, Invalid> {
        let schedule = schedule_of(&rule)?;
        let count = past.as_ref().map_or(0, |past| past.count).max(rule.execution_count);
        let known =
            |past: &Past| past.instants == instants(&rule.trigger_ref, &rule.trigger_params, rule.anchor);
        let told = rule.handled_until.unwrap_or(now);
        // Instants of another schedule say nothing about those of this one.
        let mut history = past.filter(known).map_or_else(|| History::new(told), |past| past.history);
        history.put_back(now);
        history.move_to(told.max(history.mark()));
        history.put_back(now);
        let mut timer = Self {
            rule: rule.id,
            trigger: rule.trigger_ref,
            params: rule.trigger_params,
            anchor: rule.anchor,
            facts: schedule.describe(),
            schedule,
            history,
            next: None,
            not_running_until: rule.live_since.map(|since| since.min(now)),
            making_up_until: None,
            count,
        };
        timer.plan();
        Ok(timer)
    }

    /// When it is due next; never, where its schedule has ended.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|next| next.at)
    }

    /// The schedule in words.
    pub(crate) fn sentence(&self) -> String {
        self.schedule.sentence()
    }

    /// Whether the rule says nothing new about when to fire.
    pub(crate) fn is_as_in(&self, rule: &Rule) -> bool {
        self.trigger == rule.trigger_ref && self.params == rule.trigger_params && self.anchor == rule.anchor
    }

    /// Whether the rule plans the same instants, whatever it wants of those that are missed.
    pub(crate) fn plans_as(&self, rule: &Rule) -> bool {
        let own = instants(&self.trigger, &self.params, self.anchor);
        own.is_some() && own == instants(&rule.trigger_ref, &rule.trigger_params, rule.anchor)
    }

    /// Takes over a rule that plans the same instants.
    ///
    /// # Errors
    /// What is wrong with the parameters of the rule.
    pub(crate) fn adopt(&mut self, rule: Rule) -> Result<(), Invalid> {
        self.schedule = schedule_of(&rule)?;
        self.facts = self.schedule.describe();
        self.params = rule.trigger_params;
        self.plan();
        Ok(())
    }

    /// The engine says that every instant up to `mark` has come to its end. Where this timer is behind, the rule was
    /// switched off and on again unheard, and the engine has recorded what lay between. A mark ahead of the clock
    /// is of a time when the clock was wrong, and would silence a timer that was planned anew since.
    pub(crate) fn heed(&mut self, mark: Timestamp, now: Timestamp) {
        if mark > self.history.mark() && mark <= now {
            self.history.move_to(mark);
            self.making_up_until = None;
            self.plan();
        }
    }

    /// The clock was put back. Instants that fired stay fired; a timer waits for the clock to catch up unless that
    /// would take too long. Says whether it was planned anew.
    pub(crate) fn put_back(&mut self, now: Timestamp) -> bool {
        if !self.history.put_back(now) {
            return false;
        }
        self.not_running_until = None;
        self.making_up_until = None;
        self.plan();
        true
    }

    /// What is left of it when its rule no longer listens.
    pub(crate) fn into_past(self) -> Past {
        let instants = instants(&self.trigger, &self.params, self.anchor);
        Past { instants, history: self.history, count: self.count }
    }

    /// Deals with everything that is due, in order.
    pub(crate) fn finish(&mut self, look: Look, deeds: &mut VecDeque<Deed>) {
        while self.next().is_some_and(|next| next <= look.until) {
            self.handle(look, deeds);
        }
    }

    /// Deals with the next instant, which is due, and where it was missed with those that were missed after it.
    /// There may be nothing to tell yet: then the next instant is still due.
    pub(crate) fn handle(&mut self, look: Look, deeds: &mut VecDeque<Deed>) {
        let Some(planned) = self.next.take() else { return };
        let at = planned.at;
        if self.making_up_until.is_some_and(|until| at <= until) {
            return self.fire(planned, Late::Itself, deeds);
        }
        match self.missed_until(at, look.now) {
            None => self.fire(planned, Late::No, deeds),
            Some(until) => self.miss(at, until.min(look.until), look.gap, deeds),
        }
    }

    /// How far the run of missed instants reaches that begins with the one planned `at`, if it was missed.
    fn missed_until(&self, at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let away = self.not_running_until.filter(|until| at <= *until);
        let too_late = now.plus_micros(-1).minus(limits::MISSED_AFTER);
        match away {
            Some(away) if away > too_late => Some(away),
            // One fire stands for all: also for those that came a moment ago.
            _ if at <= too_late && self.schedule.misfire() == MisfirePolicy::Once => Some(now),
            _ => Some(too_late).filter(|too_late| at <= *too_late),
        }
    }

    fn miss(&mut self, first: Timestamp, until: Timestamp, gap: Option<Gap>, deeds: &mut VecDeque<Deed>) {
        let runs = self.history.runs(&self.schedule, first, until);
        let away = self.not_running_until.is_some_and(|until| first <= until);
        let gap = gap.filter(|_| !away).and_then(|gap| gap.explains(first, until));
        let reason = gap.unwrap_or(MissReason::NotRunning);
        match self.schedule.misfire() {
            MisfirePolicy::Skip => self.report(runs, 0, reason, deeds),
            MisfirePolicy::Once => {
                let missed = runs.iter().map(|run| run.count).sum();
                let newest = runs.last().map(|run| run.last.clone());
                self.report(runs, 1, reason, deeds);
                if let Some(newest) = newest {
                    return self.fire(newest, Late::For(missed), deeds);
                }
            }
            MisfirePolicy::All { limit } => {
                self.report(runs, u64::from(limit), MissReason::Limit, deeds);
                self.making_up_until = Some(until);
            }
        }
        self.plan();
    }

    /// Tells of missed instants, without the newest few.
    fn report(
        &mut self,
        mut runs: Vec<Run>,
        mut spared: u64,
        reason: MissReason,
        deeds: &mut VecDeque<Deed>,
    ) {
        while let Some(run) = runs.pop() {
            let left = run.without_newest(&self.schedule, spared);
            spared = spared.saturating_sub(run.count);
            if let Some(left) = left {
                runs.push(left);
                break;
            }
        }
        for Run { first, last, count } in runs {
            self.history.move_to(last.at);
            deeds.push_back(Deed::Missed(Misfire { rule: self.rule, first, last: last.at, count, reason }));
        }
    }

    fn fire(&mut self, Fire { at, note }: Fire, late: Late, deeds: &mut VecDeque<Deed>) {
        self.count += 1;
        self.history.fired(at);
        self.plan();
        deeds.push_back(Deed::Fired(Fired {
            rule: self.rule,
            trigger: self.trigger.clone(),
            at,
            note,
            late,
            count: self.count,
            next: self.next(),
            facts: self.facts.clone(),
        }));
    }

    fn plan(&mut self) {
        self.next = self.history.next(&self.schedule);
    }
}
