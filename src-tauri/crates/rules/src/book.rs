//! All rules, compiled and found by trigger or by id, and what they make of an event.

use crate::circumstances::Circumstances;
use crate::conditions::{Answer, Condition, Count, Miss};
use crate::fault::Fault;
use crate::memory::Remembered;
use crate::parameters::{Parameters, check_parameters};
use crate::path::Path;
use crate::scope::{Config, Scope, Seen};
use model::{Decision, Event, Invalid, Outcome, PackRef, Reason, Ref, Rule, RuleBody, RuleId, Schema};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What rules may know of the world besides the event.
pub trait Facts {
    /// The settings of a pack that templates may show: without those that its schema calls secret. None where
    /// there is no such pack.
    fn pack_config(&self, pack: &PackRef) -> Option<Map<String, Value>>;

    /// The settings of a pack that its schema calls secret: only parameters that are secret may hold them.
    fn pack_secrets(&self, _pack: &PackRef) -> Option<Map<String, Value>> {
        None
    }

    /// What an action takes, and which of it is secret. Where that is not known no parameter is.
    fn action_parameters(&self, _action: &Ref) -> Option<Schema> {
        None
    }
}

/// A rule's look at an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What it decided.
    pub decision: Decision,
    /// What the rule's memory is to hold from now on; none where it stays as it is. Not for trials.
    pub remember: Option<Remembered>,
    /// Names of the rendered parameters that a secret may have reached: not to be shown, logged or kept in
    /// the clear.
    pub secrets: Vec<String>,
}

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

struct Work {
    condition: Condition,
    /// Fields whose values the rule's memory keeps.
    watched: Vec<Path>,
    parameters: Parameters,
    /// Of the rule's own pack, else of its action's.
    config: Config,
}

/// Everything that is wrong with a rule, as far as conditions and parameters go: what saving refuses.
#[must_use]
pub fn check_rule(name: &Ref, body: &RuleBody, facts: &dyn Facts) -> Vec<Invalid> {
    let mut errors = Work::compile(name, body, facts).err().unwrap_or_default();
    if let Some(schema) = facts.action_parameters(&body.action_ref) {
        let more = check_parameters(&body.action_params, &schema);
        errors.extend(more.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
    }
    errors
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
        let entry = Entry::of(rule, facts);
        let fault =
            entry.work.as_ref().err().map(|errors| RuleFault { rule: rule.id, errors: errors.clone() });
        let entry = Arc::new(entry);
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
    pub fn decide(&self, event: &Event, around: &Circumstances<'_>) -> Vec<Look> {
        let seen = Seen::of(event);
        match event.rule {
            Some(id) => self
                .by_id
                .get(&id)
                .filter(|entry| entry.trigger == event.trigger)
                .map(|entry| entry.look(&seen, around))
                .into_iter()
                .collect(),
            None => {
                let Some(rules) = self.by_trigger.get(&event.trigger) else { return Vec::new() };
                let mut looks = Vec::with_capacity(rules.len());
                let enabled = rules.values().filter(|entry| entry.enabled);
                looks.extend(enabled.map(|entry| entry.look(&seen, around)));
                looks
            }
        }
    }
}

impl Work {
    fn compile(name: &Ref, body: &RuleBody, facts: &dyn Facts) -> Result<Self, Vec<Invalid>> {
        let (own, acting) = (name.pack(), body.action_ref.pack());
        let (pack, shown) = match (facts.pack_config(&own), facts.pack_config(&acting)) {
            (Some(shown), _) => (own, shown),
            (None, shown) => (acting, shown.unwrap_or_default()),
        };
        let hidden = facts.pack_secrets(&pack).unwrap_or_default();
        let all = shown.iter().chain(&hidden).map(|(name, value)| (name.clone(), value.clone())).collect();
        let schema = facts.action_parameters(&body.action_ref);
        let condition = Condition::compile(&body.conditions);
        let parameters = Parameters::compile(&body.action_params, schema.as_ref(), &Value::Object(hidden));
        match (condition, parameters) {
            (Ok(condition), Ok(parameters)) => {
                let watched = condition.watched();
                let config = Config { shown: Value::Object(shown), all: Value::Object(all) };
                Ok(Self { condition, watched, parameters, config })
            }
            (condition, parameters) => {
                let mut errors = condition.err().unwrap_or_default();
                errors.extend(parameters.err().unwrap_or_default());
                Err(errors)
            }
        }
    }
}

/// What a rule does with one event, in as much detail as somebody needs.
pub(crate) struct Entry {
    pub(crate) id: RuleId,
    name: Ref,
    version: u32,
    pub(crate) enabled: bool,
    pub(crate) trigger: Ref,
    work: Result<Work, Vec<Invalid>>,
}

impl Entry {
    pub(crate) fn of(rule: &Rule, facts: &dyn Facts) -> Self {
        Self {
            id: rule.id,
            name: rule.r#ref.clone(),
            version: rule.version,
            enabled: rule.enabled(),
            trigger: rule.body.trigger_ref.clone(),
            work: Work::compile(&rule.r#ref, &rule.body, facts),
        }
    }

    /// What is wrong with the rule.
    pub(crate) fn faults(&self) -> &[Invalid] {
        self.work.as_ref().err().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn look(&self, seen: &Seen<'_>, around: &Circumstances<'_>) -> Look {
        let look = |outcome, reason, parameters| Look {
            decision: Decision { rule: self.id, rule_version: self.version, outcome, reason, parameters },
            remember: None,
            secrets: Vec::new(),
        };
        if !self.enabled {
            let message = "the rule was not enabled when the event came".to_owned();
            let reason = Reason { message: Some(message), ..Reason::default() };
            return look(Outcome::Disabled, Some(reason), None);
        }
        let work = match &self.work {
            Ok(work) => work,
            Err(errors) => return look(Outcome::Error, Some(faulty(errors)), None),
        };
        let scope = self.scope(work, seen, around);
        let parameters = work.condition.look(&scope).and_then(|()| {
            work.parameters.render(&scope).map_err(|fault: Fault| Miss::Broken(Box::new(fault.into())))
        });
        let mut look = match parameters {
            Ok(parameters) => look(Outcome::Matched, None, Some(parameters)),
            Err(Miss::False(reason)) => look(Outcome::Unmatched, Some(*reason), None),
            Err(Miss::Broken(reason)) => look(Outcome::Error, Some(*reason), None),
        };
        look.remember = Remembered::next(&work.watched, seen, scope.previous);
        if look.decision.outcome == Outcome::Matched {
            look.secrets.clone_from(&work.parameters.secrets);
        }
        look
    }

    /// The outcome alone, with a count of what each condition says where counts are given, and what is to be
    /// remembered.
    pub(crate) fn outcome(
        &self,
        seen: &Seen<'_>,
        around: &Circumstances<'_>,
        counts: Option<&mut [Count]>,
    ) -> (Outcome, Option<Remembered>) {
        let Ok(work) = &self.work else { return (Outcome::Error, None) };
        let scope = self.scope(work, seen, around);
        let answer = match counts {
            Some(counts) => work.condition.count(&scope, false, counts).0,
            None => work.condition.ask(&scope),
        };
        let outcome = match answer {
            Answer::No => Outcome::Unmatched,
            Answer::Yes if work.parameters.can_render(&scope) => Outcome::Matched,
            _ => Outcome::Error,
        };
        (outcome, Remembered::next(&work.watched, seen, scope.previous))
    }

    /// A count for each condition.
    pub(crate) fn places(&self) -> Vec<Count> {
        self.work.as_ref().map_or_else(|_| Vec::new(), |work| work.condition.places())
    }

    fn scope<'s>(&'s self, work: &'s Work, seen: &'s Seen<'s>, around: &Circumstances<'s>) -> Scope<'s> {
        Scope {
            event: seen,
            rule_ref: self.name.as_str(),
            rule_id: self.id,
            config: &work.config,
            zone: around.zone,
            previous: if work.watched.is_empty() { None } else { around.memory.of(self.id) },
            keys: around.keys,
            secret: false,
        }
    }
}

fn faulty(errors: &[Invalid]) -> Reason {
    let first = errors.first();
    Reason {
        path: first.map_or(String::new(), |error| error.field.clone()),
        message: Some(first.map_or_else(|| "the rule cannot work".to_owned(), |error| error.message.clone())),
        ..Reason::default()
    }
}
