//! What everybody may read of the engine's memory: always as committed, never in between.

use crate::catalog::Catalog;
use crate::meter::Meter;
use crate::state::{Rules, State};
use crate::step::RuleChangeKind;
use model::{Ref, Rule, RuleId, TimerMemory, Timestamp};
use sensors::SensorStatus;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::broadcast;

/// Rule changes that wait for one slow sensor stream before it must read its rules again.
const RULE_CHANGES: usize = 4_096;

/// A rule changed: what sensors hear.
#[derive(Clone, Debug)]
pub struct RuleChange {
    /// What happened.
    pub what: RuleChangeKind,
    /// The rule as it is now, or was.
    pub rule: Arc<Rule>,
    /// What its timer remembers.
    pub timer: TimerMemory,
    /// When.
    pub at: Timestamp,
}

/// What everybody may read.
pub struct Shared {
    rules: RwLock<Arc<Rules>>,
    catalog: RwLock<Arc<Catalog>>,
    timers: RwLock<HashMap<RuleId, TimerMemory>>,
    sensors: RwLock<Arc<BTreeMap<Ref, SensorStatus>>>,
    fault: RwLock<Option<String>>,
    running: AtomicUsize,
    waiting: AtomicUsize,
    pub(crate) events: Meter,
    pub(crate) rule_changes: broadcast::Sender<Arc<RuleChange>>,
}

fn read<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(lock: &RwLock<T>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = value;
}

impl Shared {
    pub(crate) fn new(state: &State) -> Self {
        let shared = Self {
            rules: RwLock::default(),
            catalog: RwLock::default(),
            timers: RwLock::default(),
            sensors: RwLock::default(),
            fault: RwLock::default(),
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            events: Meter::default(),
            rule_changes: broadcast::channel(RULE_CHANGES).0,
        };
        shared.publish_all(state);
        shared
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        read(&self.rules)
    }

    /// What packs supply.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        read(&self.catalog)
    }

    /// What a rule's timer remembers.
    #[must_use]
    pub fn timer(&self, rule: RuleId) -> TimerMemory {
        self.timers.read().unwrap_or_else(PoisonError::into_inner).get(&rule).copied().unwrap_or_default()
    }

    /// Sensor processes.
    #[must_use]
    pub fn sensors(&self) -> Arc<BTreeMap<Ref, SensorStatus>> {
        read(&self.sensors)
    }

    /// Why the engine accepts nothing, if so.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        read(&self.fault)
    }

    /// Executions that hold a place.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Executions that wait for one.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Events a second over the last ten seconds.
    #[must_use]
    pub fn events_per_second(&self, now: Timestamp) -> f64 {
        self.events.per_second(now)
    }

    /// A place from which to hear of rule changes, from now on.
    #[must_use]
    pub fn rule_changes(&self) -> broadcast::Receiver<Arc<RuleChange>> {
        self.rule_changes.subscribe()
    }

    pub(crate) fn publish_all(&self, state: &State) {
        self.publish_rules(state);
        self.publish_sensors(state);
        write(&self.timers, state.timers.clone());
        self.publish_figures(state);
    }

    pub(crate) fn publish_rules(&self, state: &State) {
        write(&self.rules, state.rules.clone());
        write(&self.catalog, state.catalog.clone());
    }

    pub(crate) fn publish_sensors(&self, state: &State) {
        write(&self.sensors, Arc::new(state.sensors.clone()));
    }

    pub(crate) fn publish_timers(&self, state: &State, changed: &[RuleId]) {
        let mut timers = self.timers.write().unwrap_or_else(PoisonError::into_inner);
        timers.extend(changed.iter().map(|rule| (*rule, state.timer(*rule))));
    }

    pub(crate) fn publish_figures(&self, state: &State) {
        self.running.store(state.queue.occupied(), Ordering::Relaxed);
        self.waiting.store(state.queue.waiting().len(), Ordering::Relaxed);
    }

    pub(crate) fn publish_fault(&self, fault: Option<String>) {
        write(&self.fault, fault);
    }
}
