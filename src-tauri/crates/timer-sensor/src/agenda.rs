//! Every timer and the instant at which it is due next. Pure: it is told the time and never asks.

use crate::deed::Deed;
use crate::moment::{Gap, Moment};
use crate::timer::{Look, Past, Timer};
use model::{Invalid, RuleId, Timestamp};
use sensor_kit::Rule;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// Rules whose past is kept after they have ceased to listen. A forgotten past costs posts that the engine knows
/// already, and only where a clock was put back meanwhile.
const PASTS: usize = 1_000;

/// All timers, the next one first.
#[derive(Default)]
pub struct Agenda {
    timers: HashMap<RuleId, Timer>,
    order: BTreeSet<(Timestamp, RuleId)>,
    /// What has been decided and not been taken yet, oldest first.
    deeds: VecDeque<Deed>,
    /// Rules that do not listen any more, the one that ceased last at the end.
    pasts: VecDeque<(RuleId, Past)>,
    looked: Option<Moment>,
    /// The last time that passed unseen.
    gap: Option<Gap>,
}

impl Agenda {
    /// These are all the rules there are. What was planned since the engine last heard of a rule that is new here
    /// is made up for.
    pub fn replace(&mut self, rules: Vec<Rule>, now: Timestamp) {
        let there: HashSet<RuleId> = rules.iter().map(|rule| rule.id).collect();
        let gone: Vec<RuleId> = self.timers.keys().filter(|id| !there.contains(id)).copied().collect();
        gone.into_iter().for_each(|id| self.remove(id, now));
        for rule in rules {
            // An engine that does not say how far it got has got as far as the last event.
            let handled_until = rule.handled_until.or(rule.last_scheduled_at);
            self.put(Rule { handled_until, ..rule }, now);
        }
        tracing::info!("{} timers", self.timers.len());
    }

    /// One rule is new, enabled or changed. Other rules are left alone, and so is this one where it says nothing new
    /// about when to fire.
    pub fn put(&mut self, rule: Rule, now: Timestamp) {
        let (id, name) = (rule.id, rule.name.clone());
        let mark = rule.handled_until;
        let taken = match self.timers.get(&id) {
            Some(known) if known.is_as_in(&rule) => Ok(()),
            Some(known) if known.plans_as(&rule) => {
                // What is due ends as it was wanted until now.
                let look = Look { now, until: now, gap: self.gap };
                let adopt = |timer: &mut Timer, deeds: &mut VecDeque<Deed>| {
                    timer.finish(look, deeds);
                    timer.adopt(rule)
                };
                self.change(id, adopt).unwrap_or(Ok(()))
            }
            Some(_) => {
                // The old schedule counts until the change, the new one after it.
                self.end(id, now, mark.unwrap_or(now).min(now));
                self.begin(rule, now)
            }
            None => self.begin(rule, now),
        };
        match taken {
            Ok(()) => {
                self.change(id, |timer, _| mark.into_iter().for_each(|mark| timer.heed(mark, now)));
            }
            Err(error) => tracing::error!(rule = %name, "this timer cannot be planned: {error}"),
        }
    }

    /// One rule no longer listens. What was due until now is dealt with before.
    pub fn remove(&mut self, id: RuleId, now: Timestamp) {
        self.end(id, now, now);
    }

    /// When the next timer is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Whether there is something to take.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        !self.deeds.is_empty() || self.next().is_some_and(|next| next <= now)
    }

    /// Looks at the clocks. Where the wall clock was put back by much, timers that would wait for it are planned anew.
    pub fn look(&mut self, moment: Moment) {
        let Some(before) = self.looked.replace(moment) else { return };
        if moment.now >= before.now {
            self.gap = Gap::between(&before, &moment).or(self.gap);
            return;
        }
        self.gap = None;
        let ids: Vec<RuleId> = self.timers.keys().copied().collect();
        let put_back = |timer: &mut Timer, _: &mut VecDeque<Deed>| timer.put_back(moment.now);
        let anew = ids.into_iter().filter(|id| self.change(*id, put_back).unwrap_or(false)).count();
        tracing::info!(from = %before.now, to = %moment.now, anew, "the clock was put back");
    }

    /// Looks at the clocks and takes the next deed, if there is one.
    pub fn pop(&mut self, moment: Moment) -> Option<Deed> {
        self.look(moment);
        let look = Look { now: moment.now, until: moment.now, gap: self.gap };
        while self.deeds.is_empty() {
            let (_, id) = *self.order.first().filter(|(at, _)| *at <= moment.now)?;
            self.change(id, |timer, deeds| timer.handle(look, deeds))?;
        }
        self.deeds.pop_front()
    }

    fn begin(&mut self, rule: Rule, now: Timestamp) -> Result<(), Invalid> {
        let (id, past) = (rule.id, self.take_past(rule.id));
        let timer = Timer::new(rule, past, now)?;
        tracing::debug!(rule = %id, "{}", timer.sentence());
        self.order.extend(timer.next().map(|next| (next, id)));
        self.timers.insert(id, timer);
        Ok(())
    }

    /// Lets a timer do something, and puts it where it then belongs.
    fn change<T>(&mut self, id: RuleId, act: impl FnOnce(&mut Timer, &mut VecDeque<Deed>) -> T) -> Option<T> {
        let timer = self.timers.get_mut(&id)?;
        let before = timer.next();
        let done = act(timer, &mut self.deeds);
        let after = timer.next();
        if before != after {
            before.map(|before| self.order.remove(&(before, id)));
            self.order.extend(after.map(|after| (after, id)));
        }
        Some(done)
    }

    /// Ends a timer after it has dealt with what was due `until` then.
    fn end(&mut self, id: RuleId, now: Timestamp, until: Timestamp) {
        let look = Look { now, until, gap: self.gap };
        self.change(id, |timer, deeds| timer.finish(look, deeds));
        let Some(timer) = self.timers.remove(&id) else { return };
        timer.next().map(|next| self.order.remove(&(next, id)));
        if self.pasts.len() >= PASTS {
            self.pasts.pop_front();
        }
        self.pasts.push_back((id, timer.into_past()));
    }

    fn take_past(&mut self, id: RuleId) -> Option<Past> {
        let place = self.pasts.iter().position(|(known, _)| *known == id)?;
        self.pasts.remove(place).map(|(_, past)| past)
    }
}

#[cfg(test)]
mod tests;
