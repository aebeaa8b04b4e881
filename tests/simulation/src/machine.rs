//! The machine: clocks, engine, sensor and children, and what may befall them.

use crate::{Chance, Ledger};
use engine::{Answer, Catalog, Effect, Input, NewEvent, Refusal, RuleChangeKind, State, settle};
use executor::Report;
use model::{EventId, EventSource, Execution, ExecutionStatus, Exit, Rule, RuleBody, RuleId, Timestamp};
use schedule::Schedule;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::Writer;
use tempfile::TempDir;
use timer_sensor::{Agenda, Deed, Moment};

const SENSOR: &str = "core.timer_sensor";
/// How long a pretended child works at most.
const WORK_MS: u64 = 90_000;

/// One machine.
pub struct Machine {
    chance: Chance,
    now: Timestamp,
    slept: Duration,
    awake: Duration,
    state: State,
    writer: Writer,
    sensor: Sensor,
    /// Ends of pretended children, by the instant of the wall clock at which they come.
    children: BTreeMap<(Timestamp, i64), Report>,
    /// When this engine started.
    started: Timestamp,
    /// What each rule was to do since when, oldest first.
    plans: BTreeMap<RuleId, Vec<Plan>>,
    folder: TempDir,
}

/// A schedule that counted for a while.
pub(crate) struct Plan {
    pub(crate) schedule: Schedule,
    /// Instants after this one count,
    pub(crate) since: Timestamp,
    /// and those up to this one; none while the plan holds.
    pub(crate) until: Option<Timestamp>,
    /// What was recorded before it, and when it had ended: a clock that is put back lets plans overlap in time.
    pub(crate) begin: Marks,
    /// The same for its end.
    pub(crate) end: Option<Marks>,
}

/// How far the records reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    pub(crate) event: i64,
    pub(crate) misfire: i64,
}

/// The sensor's process: none while it does not run.
#[derive(Default)]
struct Sensor {
    agenda: Option<Agenda>,
    /// What it has not posted yet; gone when it is killed.
    posts: VecDeque<Deed>,
}

/// The shipped packs.
fn catalog() -> Arc<Catalog> {
    static CATALOG: OnceLock<(TempDir, Arc<Catalog>)> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().expect("a folder");
        packs::unpack_shipped(folder.path()).expect("the shipped packs");
        let catalog = Catalog::new(packs::load_all(folder.path()), &Catalog::default());
        assert!(catalog.packs.iter().all(|entry| entry.pack.is_some()), "{:?}", catalog.packs);
        (folder, Arc::new(catalog))
    };
    OnceLock::get_or_init(&CATALOG, make).1.clone()
}

fn open(folder: &Path) -> (State, Writer) {
    let (writer, _) = store::open(folder).expect("the database opens");
    let state = State::new(writer.load().expect("the database is read"), catalog());
    (state, writer)
}

impl Machine {
    /// A new machine, switched on at `start`.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let folder = folder();
        let (state, writer) = open(folder.path());
        let mut machine = Self {
            chance: Chance::new(seed),
            now: start,
            slept: Duration::ZERO,
            awake: Duration::from_secs(60),
            state,
            writer,
            sensor: Sensor::default(),
            children: BTreeMap::new(),
            started: start,
            plans: BTreeMap::new(),
            folder,
        };
        machine.person(Input::Begin);
        machine.start_sensor();
        machine
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the database says of planned instants.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger_after(EventId(0))
    }

    /// The same without the events up to one.
    #[must_use]
    pub fn ledger_after(&self, event: EventId) -> Ledger {
        Ledger::read(&self.folder.path().join("state.db"), event)
    }

    /// The newest event.
    #[must_use]
    pub fn last_event(&self) -> EventId {
        EventId(self.state.next.event.0 - 1)
    }

    /// A rule as it is.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Rule {
        let rule = self.state.rules.by_id.get(&id).expect("the rule is there");
        Rule { timer: self.state.timer(id), ..(**rule).clone() }
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, slept: self.slept, awake: self.awake }
    }

    // What people do.

    /// Makes a rule on a timer that says something, and switches it on. None where its only instant has passed.
    pub fn make(&mut self, name: &str, trigger: &str, params: &Value) -> Option<RuleId> {
        let body = body(name, trigger, params);
        let r#ref = format!("default.{name}").parse().expect("a ref");
        let Answer::Rule(rule) = self.person(Input::RuleCreate { r#ref, body, enabled: true })? else {
            panic!("the answer is a rule");
        };
        self.plan(rule.id);
        Some(rule.id)
    }

    /// Gives a rule another timer.
    pub fn edit(&mut self, rule: RuleId, trigger: &str, params: &Value) {
        let known = self.rule(rule);
        let body = body(&known.body.label, trigger, params);
        if body == known.body {
            return;
        }
        // What is due at this very moment belongs to the old timer.
        self.work();
        let mark = self.rule(rule).timer.handled_until;
        if self.person(Input::RuleUpdate { r#ref: known.r#ref, body, version: None }).is_some() {
            self.end_plan(rule, mark.unwrap_or(self.now).max(self.now));
            self.plan(rule);
        }
    }

    /// Switches a rule on or off.
    pub fn switch(&mut self, rule: RuleId, enabled: bool) {
        let r#ref = self.rule(rule).r#ref;
        self.work();
        self.person(Input::RuleSwitch { r#ref, enabled });
        if self.plans.get(&rule).and_then(|plans| plans.last()).is_none_or(|plan| plan.until.is_some()) {
            self.plan(rule);
        }
    }

    /// Deletes a rule.
    pub fn delete(&mut self, rule: RuleId) {
        self.work();
        let known = self.rule(rule);
        self.person(Input::RuleDelete { r#ref: known.r#ref.clone() });
        // What a rule would have done after it was switched off is nobody's question once it is gone.
        let mark = known.timer.handled_until.unwrap_or(self.now);
        let end = if known.enabled() { mark.max(self.now) } else { mark };
        self.end_plan(rule, end);
    }

    fn plan(&mut self, id: RuleId) {
        let rule = self.rule(id);
        // Where its schedule has never listened, nothing is planned yet.
        if rule.timer.anchor.is_none() {
            return;
        }
        let schedule = Schedule::parse(&rule.body.trigger_ref, &rule.body.trigger_params, rule.timer.anchor);
        let schedule = schedule.expect("a schedule that was saved").for_rule(id);
        let since = rule.timer.handled_until.unwrap_or(self.now);
        let plan = Plan { schedule, since, until: None, begin: self.marks(), end: None };
        self.plans.entry(id).or_default().push(plan);
    }

    fn end_plan(&mut self, id: RuleId, end: Timestamp) {
        let marks = self.marks();
        if let Some(plan) = self.plans.get_mut(&id).and_then(|plans| plans.last_mut()) {
            plan.end = plan.end.or(Some(marks));
            plan.until = plan.until.or(Some(end.max(plan.since)));
        }
    }

    fn marks(&self) -> Marks {
        Marks { event: self.state.next.event.0 - 1, misfire: self.state.next.misfire.0 - 1 }
    }

    /// What a person asks for is done, unless it is a single instant that has passed.
    fn person(&mut self, input: Input) -> Option<Answer> {
        match self.settle(input) {
            Ok(answer) => Some(answer),
            Err(refusal) if refusal.to_string().contains("has passed") => None,
            Err(refusal) => panic!("refused: {refusal}"),
        }
    }

    /// When a rule will fire from now on up to `end`, as the forecast says.
    #[must_use]
    pub fn forecast(&self, rule: RuleId, end: Timestamp) -> Vec<(RuleId, Timestamp)> {
        let plan = self.plans.get(&rule).and_then(|plans| plans.last()).expect("a rule with a plan");
        crate::ledger::every(plan, self.now, end).map(|at| (rule, at)).collect()
    }

    /// Checks that every planned instant has come to exactly one end. Rules that listen have nothing open.
    pub fn check(&mut self) {
        self.work();
        let ledger = self.ledger();
        for (id, plans) in &self.plans {
            let rule = self.state.rules.by_id.get(id);
            let mark = self.state.timer(*id).handled_until;
            for plan in plans {
                let end = match (plan.until, rule) {
                    (Some(until), _) => until,
                    (None, Some(rule)) if rule.enabled() => self.now.max(mark.unwrap_or(self.now)),
                    (None, _) => mark.unwrap_or(plan.since).max(plan.since),
                };
                ledger.check(*id, plan, end);
            }
        }
    }

    // What befalls the machine.

    /// Time passes, and everything happens in it that is due.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now.plus(span);
        loop {
            self.work();
            let agenda = self.sensor.agenda.as_ref().and_then(Agenda::next);
            let child = self.children.keys().next().map(|(at, _)| *at);
            let next = [agenda, child].into_iter().flatten().min().filter(|next| *next <= end);
            let Some(next) = next else { break };
            self.go_to(next);
        }
        self.go_to(end);
        self.work();
    }

    /// The machine sleeps; what became due meanwhile is dealt with once somebody looks.
    pub fn sleep(&mut self, span: Duration) {
        self.now = self.now.plus(span);
        self.slept += span;
    }

    /// Somebody sets the clock.
    pub fn set_clock(&mut self, seconds: i64) {
        self.now = self.now.plus_micros(seconds * 1_000_000);
    }

    /// Everything is killed, with what the sensor had not posted yet, and comes back after a while.
    pub fn kill(&mut self, pause: Duration) {
        self.sensor = Sensor::default();
        self.children.clear();
        self.go_to(self.now.plus(pause));
        self.started = self.now;
        (self.state, self.writer) = open(self.folder.path());
        self.person(Input::Begin);
        self.start_sensor();
    }

    /// The sensor alone is killed and comes back after a while.
    pub fn kill_sensor(&mut self, pause: Duration) {
        self.sensor = Sensor::default();
        self.pass(pause);
        self.start_sensor();
    }

    /// The sensor decides what is due, and dies before all of it was posted: so many posts arrive.
    pub fn kill_sensor_while_it_posts(&mut self, arrive: usize) {
        self.take_due();
        self.sensor.posts.truncate(arrive);
        self.deliver();
        self.sensor = Sensor::default();
        self.start_sensor();
    }

    fn go_to(&mut self, at: Timestamp) {
        let span = at.micros_since(self.now).max(0);
        self.awake += Duration::from_micros(u64::try_from(span).unwrap_or(0));
        self.now = self.now.max(at);
    }

    fn start_sensor(&mut self) {
        let mut agenda = Agenda::default();
        agenda.look(self.moment());
        let rules = self.state.rules.by_id.values().filter(|rule| rule.enabled());
        let rules = rules.map(|rule| self.told(rule)).collect();
        agenda.replace(rules, self.now);
        self.sensor.agenda = Some(agenda);
        self.work();
    }

    /// A rule in the words of the protocol.
    fn told(&self, rule: &Rule) -> sensor_kit::Rule {
        let timer = self.state.timer(rule.id);
        sensor_kit::Rule {
            id: rule.id,
            name: rule.r#ref.to_string(),
            trigger_ref: rule.body.trigger_ref.clone(),
            trigger_params: rule.body.trigger_params.clone(),
            enabled: rule.enabled(),
            anchor: timer.anchor,
            last_scheduled_at: timer.last_scheduled_at,
            handled_until: timer.handled_until,
            live_since: Some(self.started),
            execution_count: timer.execution_count,
        }
    }

    /// Everything that is due now.
    fn work(&mut self) {
        loop {
            self.take_due();
            let posted = self.deliver();
            let ended = self.end_children();
            if !posted && !ended {
                return;
            }
        }
    }

    fn take_due(&mut self) {
        let moment = self.moment();
        let Some(agenda) = &mut self.sensor.agenda else { return };
        while let Some(deed) = agenda.pop(moment) {
            self.sensor.posts.push_back(deed);
        }
    }

    fn deliver(&mut self) -> bool {
        let mut posted = false;
        while let Some(deed) = self.sensor.posts.pop_front() {
            posted = true;
            // Now and then the answer is lost, and the sensor posts the same again.
            for _ in 0..=u8::from(self.chance.one_in(50)) {
                let input = self.posted(&deed);
                let rule = match &deed {
                    Deed::Fired(fired) => fired.rule,
                    Deed::Missed(missed) => missed.rule,
                };
                match self.settle(input) {
                    Ok(_) => {}
                    // Its rule was deleted, or has another trigger now.
                    Err(Refusal::Invalid(_))
                        if self.plans.get(&rule).is_some_and(|plans| plans[0].until.is_some()) => {}
                    Err(refusal) => panic!("{deed:?} was refused: {refusal}"),
                }
            }
        }
        posted
    }

    fn posted(&self, deed: &Deed) -> Input {
        match deed {
            Deed::Missed(missed) => Input::Misfire { misfire: missed.clone(), triggers: None },
            Deed::Fired(fired) => {
                let sensor = SENSOR.parse().expect("a ref");
                let event = fired.event(&sensor, fired.at.max(self.started));
                let event = NewEvent {
                    trigger: event.trigger_ref,
                    payload: Arc::new(Value::Object(event.payload)),
                    source: EventSource::Sensor(sensor),
                    rule: event.rule,
                    dedupe_key: Some(event.dedupe_key),
                    body_hash: [0; 32],
                };
                Input::Event { event, prior: None }
            }
        }
    }

    fn end_children(&mut self) -> bool {
        let due = self.children.keys().next().filter(|(at, _)| *at <= self.now).copied();
        let Some(report) = due.and_then(|key| self.children.remove(&key)) else { return false };
        self.person(Input::Report(report));
        true
    }

    /// The engine's thread, for one input.
    fn settle(&mut self, mut input: Input) -> Result<Answer, Refusal> {
        let mut transaction = self.writer.begin().expect("a transaction");
        let step = settle(&mut self.state, &mut transaction, &mut input, self.now).expect("it is written");
        transaction.commit().expect("it is committed");
        step.effects.into_iter().for_each(|effect| self.perform(effect));
        step.answer
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Launch(run) => self.launch(&run),
            Effect::Stop(id) => {
                let key = self.children.keys().find(|(_, run)| *run == id.0).copied();
                if let Some(report) = key.and_then(|key| self.children.remove(&key)) {
                    self.children.insert((self.now, id.0), with_status(report, ExecutionStatus::Cancelled));
                }
            }
            Effect::TellSensors { what, rule } => {
                let told = self.told(&rule);
                let now = self.now;
                let Some(agenda) = &mut self.sensor.agenda else { return };
                if rule.enabled() && what != RuleChangeKind::Deleted {
                    agenda.put(told, now);
                } else {
                    agenda.remove(rule.id, now);
                }
            }
            Effect::WantSensors => {}
        }
    }

    /// A child that pretends to work for a while; one in ten fails.
    fn launch(&mut self, run: &Execution) {
        let (execution, attempt) = (run.id, run.attempt);
        self.person(Input::Report(Report::Started { execution, attempt, pid: 4_711, at: self.now }));
        let at = self.now.plus(Duration::from_millis(self.chance.below(WORK_MS)));
        let (status, code) = if self.chance.one_in(10) {
            (ExecutionStatus::Failed, 1)
        } else {
            (ExecutionStatus::Completed, 0)
        };
        let exit = Some(Exit::Code(code));
        let ended =
            Report::Finished { execution, attempt, at, status, exit, usage: None, result: None, error: None };
        self.children.insert((at, execution.0), ended);
    }
}

fn with_status(mut report: Report, wanted: ExecutionStatus) -> Report {
    if let Report::Finished { status, .. } = &mut report {
        *status = wanted;
    }
    report
}

fn body(label: &str, trigger: &str, params: &Value) -> RuleBody {
    RuleBody {
        label: label.to_owned(),
        description: String::new(),
        trigger_ref: trigger.parse().expect("a ref"),
        trigger_params: params.as_object().cloned().unwrap_or_default(),
        conditions: Value::Null,
        action_ref: "core.echo".parse().expect("a ref"),
        action_params: Map::from_iter([("message".to_owned(), json!("{{ event.payload.scheduled_at }}"))]),
        tags: Vec::new(),
        timeout_seconds: None,
    }
}

/// Where a flush of the disk costs nothing, if there is such a place.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}
