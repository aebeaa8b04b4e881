//! What the engine's thread remembers. Everything here can be rebuilt from the database.

use crate::catalog::Catalog;
use crate::plan::schedule_of;
use crate::step::Change;
use executor::queue::Queue;
use model::{
    EnforcementId, EventId, Execution, ExecutionId, ExecutionStatus, Invalid, MisfireId, Ref, Rule, RuleId,
    TimerMemory, Timestamp, limits,
};
use rules::{RuleBook, RuleMemory};
use schedule::Schedule;
use sensors::SensorStatus;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The ids that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextIds {
    /// Of the next event.
    pub event: EventId,
    /// Of the next enforcement.
    pub enforcement: EnforcementId,
    /// Of the next execution.
    pub execution: ExecutionId,
    /// Of the next rule.
    pub rule: RuleId,
    /// Of the next run of missed instants.
    pub misfire: MisfireId,
}

/// The rules as everybody may read them; made anew whenever one changes.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// By id.
    pub by_id: BTreeMap<RuleId, Arc<Rule>>,
    /// By name.
    pub by_ref: BTreeMap<Ref, RuleId>,
    /// Why some cannot work at present.
    pub faults: BTreeMap<RuleId, Vec<Invalid>>,
    /// When the timers among them fire.
    pub schedules: BTreeMap<RuleId, Arc<Schedule>>,
}

impl Rules {
    /// A rule by name.
    #[must_use]
    pub fn named(&self, name: &Ref) -> Option<&Arc<Rule>> {
        self.by_id.get(self.by_ref.get(name)?)
    }
}

/// The engine's memory.
pub struct State {
    /// The rules.
    pub rules: Arc<Rules>,
    /// The rules as they are looked up by events.
    pub book: RuleBook,
    /// Rules that were deleted and can be brought back, and names of starter rules that are not wanted.
    pub deleted: BTreeMap<Ref, Arc<Rule>>,
    /// What timers remember.
    pub timers: HashMap<RuleId, TimerMemory>,
    /// What rules keep of their previous events.
    pub memory: RuleMemory,
    /// What packs supply.
    pub catalog: Arc<Catalog>,
    /// Runs that have not ended.
    pub runs: HashMap<ExecutionId, Arc<Execution>>,
    /// Which of them may run.
    pub queue: Queue,
    /// Sensor processes.
    pub sensors: BTreeMap<Ref, SensorStatus>,
    /// Ids.
    pub next: NextIds,
    /// The last sign of life of this engine.
    pub alive: Option<SignOfLife>,
    /// Whether the engine is about to end.
    pub closing: bool,
}

/// What the clocks said when the engine last said that it was alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOfLife {
    /// The wall clock.
    pub at: Timestamp,
    /// How long the machine had slept since it was booted.
    pub slept: Duration,
}

impl State {
    /// Memory as the database tells it.
    #[must_use]
    pub fn new(snapshot: store::Snapshot, catalog: Arc<Catalog>) -> Self {
        let mut state = Self {
            rules: Arc::default(),
            book: RuleBook::default(),
            deleted: snapshot.deleted.into_iter().map(|rule| (rule.r#ref.clone(), Arc::new(rule))).collect(),
            timers: HashMap::new(),
            memory: memory(snapshot.remembered),
            catalog,
            runs: HashMap::new(),
            queue: Queue::new(limits::RUNNING, limits::QUEUED),
            sensors: BTreeMap::new(),
            next: NextIds {
                event: snapshot.last_event.next(),
                enforcement: snapshot.last_enforcement.next(),
                execution: snapshot.last_execution.next(),
                rule: snapshot.last_rule.next(),
                misfire: snapshot.last_misfire.next(),
            },
            alive: None,
            closing: false,
        };
        for rule in snapshot.rules {
            state.timers.insert(rule.id, rule.timer);
            state.put_rule(&Arc::new(rule));
        }
        for run in snapshot.unfinished {
            state.take_place(&run);
            state.runs.insert(run.id, Arc::new(run));
        }
        state
    }

    /// Takes a fact into memory.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::EventReceived { event, .. } => self.next.event = event.id.next(),
            Change::Enforced(enforcement) => self.next.enforcement = enforcement.id.next(),
            Change::ExecutionRequested(run) => {
                self.next.execution = run.id.next();
                self.take_place(run);
                self.runs.insert(run.id, run.clone());
            }
            Change::ExecutionChanged(run) => self.go_on(run),
            Change::RuleSaved(rule) => {
                self.next.rule = self.next.rule.max(rule.id.next());
                self.deleted.remove(&rule.r#ref);
                self.timers.insert(rule.id, rule.timer);
                self.put_rule(rule);
            }
            Change::RuleSwitched(rule) => {
                self.timers.insert(rule.id, rule.timer);
                self.put_rule(rule);
            }
            Change::RuleDeleted { rule, .. } => {
                let rules = Arc::make_mut(&mut self.rules);
                rules.by_id.remove(&rule.id);
                rules.by_ref.remove(&rule.r#ref);
                rules.faults.remove(&rule.id);
                rules.schedules.remove(&rule.id);
                self.book.remove(rule.id);
                self.deleted.insert(rule.r#ref.clone(), rule.clone());
            }
            Change::Remembered { rule, remembered, .. } => self.memory.put(*rule, remembered.clone()),
            Change::TimerMoved { rule, timer } => {
                self.timers.insert(*rule, *timer);
            }
            Change::Missed(entry) => self.next.misfire = entry.id.next(),
            Change::SensorChanged(status) => {
                self.sensors.insert(status.sensor.clone(), status.clone());
            }
            Change::PacksLoaded(catalog) => {
                self.catalog = catalog.clone();
                for rule in self.rules.by_id.values().cloned().collect::<Vec<_>>() {
                    self.put_rule(&rule);
                }
            }
            Change::EngineClosing => self.closing = true,
            Change::EngineAlive { at, slept } => self.alive = Some(SignOfLife { at: *at, slept: *slept }),
            Change::Decided { .. }
            | Change::EngineStarted(_)
            | Change::Slept { .. }
            | Change::EngineStopped(_) => {}
        }
    }

    fn put_rule(&mut self, rule: &Arc<Rule>) {
        let mut faults = crate::decide::rule_faults(rule, &self.catalog);
        if let Err(fault) = self.book.put(rule, self.catalog.as_ref()) {
            faults.extend(fault.errors);
        }
        let rules = Arc::make_mut(&mut self.rules);
        match schedule_of(rule) {
            Some(schedule) => drop(rules.schedules.insert(rule.id, Arc::new(schedule))),
            None => drop(rules.schedules.remove(&rule.id)),
        }
        rules.by_ref.insert(rule.r#ref.clone(), rule.id);
        rules.by_id.insert(rule.id, rule.clone());
        if faults.is_empty() {
            rules.faults.remove(&rule.id);
        } else {
            rules.faults.insert(rule.id, faults);
        }
    }

    fn take_place(&mut self, run: &Execution) {
        if run.status == ExecutionStatus::Requested {
            self.queue.wait(run.id);
        } else if run.status.holds_place() {
            self.queue.occupy(run.id);
        }
    }

    fn go_on(&mut self, run: &Arc<Execution>) {
        if run.status.is_final() {
            self.queue.remove(run.id);
            self.runs.remove(&run.id);
            return;
        }
        if run.status.holds_place() {
            self.queue.occupy(run.id);
        }
        self.runs.insert(run.id, run.clone());
    }

    /// What a timer rule remembers.
    #[must_use]
    pub fn timer(&self, rule: RuleId) -> TimerMemory {
        self.timers.get(&rule).copied().unwrap_or_default()
    }

    /// The sensors that enabled rules need, each with how many need it.
    #[must_use]
    pub fn needed_sensors(&self) -> BTreeMap<Ref, u32> {
        let mut needed = BTreeMap::new();
        for rule in self.rules.by_id.values().filter(|rule| rule.enabled()) {
            if let Some(sensor) = self.catalog.sensor_of(&rule.body.trigger_ref) {
                *needed.entry(sensor.r#ref.clone()).or_default() += 1;
            }
        }
        needed
    }

    /// The names of rules that exist, deleted ones aside.
    #[must_use]
    pub fn rule_names(&self) -> BTreeSet<&str> {
        self.rules.by_ref.keys().map(Ref::as_str).collect()
    }
}

/// What is stored and cannot be read is forgotten: the next event of the rule is its first again.
fn memory(stored: Vec<(RuleId, serde_json::Value)>) -> RuleMemory {
    let mut memory = RuleMemory::default();
    for (rule, value) in stored {
        match serde_json::from_value(value) {
            Ok(remembered) => memory.put(rule, remembered),
            Err(error) => {
                tracing::warn!(%rule, %error, "what a rule kept of its previous event cannot be read")
            }
        }
    }
    memory
}
