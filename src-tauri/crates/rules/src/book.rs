//! All rules, compiled and found by trigger or by id, and what they make of an event.

use crate::conditions::{Condition, Miss};
use crate::parameters::Parameters;
use crate::scope::{Looking, Scope, Seen};
use minijinja::value::{Serde, Value as Jinja};
use model::{Decision, Event, Invalid, Outcome, PackRef, Reason, Ref, Rule, RuleId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What rules may know of the world besides the event.
pub trait Facts {
    /// The settings of a pack that templates may show: without those that its schema calls secret. None where
    /// there is no such pack.
    fn pack_config(&self, pack: &PackRef) -> Option<Map<String, Value>>;
}

/// What a look may need from looks before it. No condition asks for any yet.
#[derive(Clone, Debug, Default)]
pub struct RuleMemory;

/// Why a rule cannot work. It stays in the book and decides `error` until it is mended.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFault {
    /// Which rule.
    pub rule: RuleId,
    /// Everything that is wrong, as for a form: `conditions.all.1.field`, `action_params.message`.
    pub errors: Vec<Invalid>,
}

/// All rules, compiled.
#[derive(Default)]
pub struct RuleBook {
    by_id: HashMap<RuleId, Arc<Entry>>,
    by_trigger: HashMap<Ref, BTreeMap<RuleId, Arc<Entry>>>,
}

struct Entry {
    id: RuleId,
    name: Ref,
    version: u32,
    enabled: bool,
    trigger: Ref,
    work: Result<Work, Vec<Invalid>>,
}

struct Work {
    condition: Condition,
    parameters: Parameters,
    /// `pack.config`: of the rule's own pack, else of its action's.
    config: Jinja,
}

impl RuleBook {
    /// The book of these rules, and those among them that cannot work.
    #[must_use]
    pub fn compile(rules: &[Arc<Rule>], facts: &dyn Facts) -> (Self, Vec<RuleFault>) {
        let mut book = Self::default();
        let faults = rules.iter().filter_map(|rule| book.put(rule, facts).err()).collect();
        (book, faults)
    }

    /// Puts a rule into the book, in the place of its earlier version.
    ///
    /// # Errors
    /// Why it cannot work. It is in the book nevertheless and decides `error`.
    pub fn put(&mut self, rule: &Arc<Rule>, facts: &dyn Facts) -> Result<(), RuleFault> {
        self.remove(rule.id);
        let work = compile(rule, facts);
        let fault = work.as_ref().err().map(|errors| RuleFault { rule: rule.id, errors: errors.clone() });
        let entry = Arc::new(Entry {
            id: rule.id,
            name: rule.r#ref.clone(),
            version: rule.version,
            enabled: rule.enabled(),
            trigger: rule.body.trigger_ref.clone(),
            work,
        });
        self.by_trigger.entry(entry.trigger.clone()).or_default().insert(rule.id, entry.clone());
        self.by_id.insert(rule.id, entry);
        fault.map_or(Ok(()), Err)
    }

    /// Takes a rule out of the book.
    pub fn remove(&mut self, id: RuleId) {
        let Some(entry) = self.by_id.remove(&id) else { return };
        if let Some(rules) = self.by_trigger.get_mut(&entry.trigger) {
            rules.remove(&id);
            if rules.is_empty() {
                self.by_trigger.remove(&entry.trigger);
            }
        }
    }

    /// What the rules make of an event: the one that it is for, else every enabled one of its trigger, in
    /// order of id.
    #[must_use]
    pub fn decide(&self, event: &Event, _memory: &RuleMemory) -> Vec<Decision> {
        let seen = Seen::of(event);
        match event.rule {
            Some(id) => self
                .by_id
                .get(&id)
                .filter(|entry| entry.trigger == event.trigger)
                .map(|entry| entry.look(&seen))
                .into_iter()
                .collect(),
            None => {
                let rules = self.by_trigger.get(&event.trigger);
                rules
                    .into_iter()
                    .flat_map(BTreeMap::values)
                    .filter(|entry| entry.enabled)
                    .map(|entry| entry.look(&seen))
                    .collect()
            }
        }
    }
}

fn compile(rule: &Rule, facts: &dyn Facts) -> Result<Work, Vec<Invalid>> {
    let condition = Condition::compile(&rule.body.conditions);
    let parameters = Parameters::compile(&rule.body.action_params);
    match (condition, parameters) {
        (Ok(condition), Ok(parameters)) => {
            let config = facts.pack_config(&rule.r#ref.pack());
            let config =
                config.or_else(|| facts.pack_config(&rule.body.action_ref.pack())).unwrap_or_default();
            Ok(Work { condition, parameters, config: Jinja::from(Serde(config)) })
        }
        (condition, parameters) => {
            let mut errors = condition.err().unwrap_or_default();
            errors.extend(parameters.err().unwrap_or_default());
            Err(errors)
        }
    }
}

impl Entry {
    fn look(&self, seen: &Seen<'_>) -> Decision {
        let decision = |outcome, reason, parameters| Decision {
            rule: self.id,
            rule_version: self.version,
            outcome,
            reason,
            parameters,
        };
        if !self.enabled {
            let message = "the rule was not enabled when the event came".to_owned();
            let reason = Reason { message: Some(message), ..Reason::default() };
            return decision(Outcome::Disabled, Some(reason), None);
        }
        match self
            .work
            .as_ref()
            .map_err(|errors| Miss::Broken(faulty(errors)))
            .and_then(|work| self.work(work, seen))
        {
            Ok(parameters) => decision(Outcome::Matched, None, Some(parameters)),
            Err(Miss::False(reason)) => decision(Outcome::Unmatched, Some(*reason), None),
            Err(Miss::Broken(reason)) => decision(Outcome::Error, Some(*reason), None),
        }
    }

    fn work(&self, work: &Work, seen: &Seen<'_>) -> Result<Map<String, Value>, Miss> {
        let looking = Looking { rule_ref: self.name.as_str(), rule_id: self.id, config: &work.config };
        let scope = Scope::new(seen, looking);
        work.condition.look(&scope)?;
        work.parameters.render(&scope).map_err(Miss::Broken)
    }
}

fn faulty(errors: &[Invalid]) -> Box<Reason> {
    let first = errors.first();
    Box::new(Reason {
        path: first.map_or(String::new(), |error| error.field.clone()),
        message: Some(first.map_or_else(|| "the rule cannot work".to_owned(), |error| error.message.clone())),
        ..Reason::default()
    })
}
