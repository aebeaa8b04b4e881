//! What the engine's thread does with an input, step by step and without the thread.

use crate::catalog::Catalog;
use crate::input::{Answer, Input, NewEvent, Refusal};
use crate::settle::settle;
use crate::state::State;
use crate::step::{Change, Effect, Step};
use executor::Report;
use model::{
    EventSource, Execution, ExecutionId, ExecutionStatus, Exit, Misfire, MisfireEntry, RuleBody, RuleId,
    RuleState, Timestamp,
};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use store::Writer;
use tempfile::TempDir;

/// The shipped packs and `lab`, which has one trigger.
pub(super) fn catalog() -> Arc<Catalog> {
    static CATALOG: OnceLock<(TempDir, Arc<Catalog>)> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        packs::unpack_shipped(folder.path()).unwrap();
        let write = |path: &str, text: &str| {
            let path: PathBuf = folder.path().join("lab").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("pack.yaml", "ref: lab\nlabel: Lab\ndescription: For tests.\nversion: \"1.0.0\"\n");
        write("triggers/ping.yaml", "ref: lab.ping\nlabel: Ping\ndescription: For tests.\n");
        let catalog = Catalog::new(packs::load_all(folder.path()), &Catalog::default());
        assert!(catalog.packs.iter().all(|entry| entry.pack.is_some()), "{:?}", catalog.packs);
        (folder, Arc::new(catalog))
    };
    OnceLock::get_or_init(&CATALOG, make).1.clone()
}

/// The body of a rule on `lab.ping`.
pub(super) fn on_ping(conditions: Value, message: &str) -> RuleBody {
    RuleBody {
        label: "A rule".to_owned(),
        description: String::new(),
        trigger_ref: "lab.ping".parse().unwrap(),
        trigger_params: Map::new(),
        conditions,
        action_ref: "core.echo".parse().unwrap(),
        action_params: Map::from_iter([("message".to_owned(), json!(message))]),
        tags: Vec::new(),
        timeout_seconds: None,
    }
}

/// The body of a rule on a timer.
pub(super) fn every(seconds: u32) -> RuleBody {
    RuleBody {
        trigger_ref: "core.intervaltimer".parse().unwrap(),
        trigger_params: Map::from_iter([
            ("interval".to_owned(), json!(seconds)),
            ("unit".to_owned(), json!("seconds")),
        ]),
        ..on_ping(Value::Null, "tick")
    }
}

/// The body of a rule on a timer of any kind.
pub(super) fn timed(trigger: &str, params: Value) -> RuleBody {
    let Value::Object(trigger_params) = params else { panic!("parameters are an object") };
    RuleBody { trigger_ref: trigger.parse().unwrap(), trigger_params, ..on_ping(Value::Null, "tick") }
}

/// An event of `lab.ping` for every rule.
pub(super) fn ping(payload: Value) -> NewEvent {
    NewEvent {
        trigger: "lab.ping".parse().unwrap(),
        payload: Arc::new(payload),
        source: EventSource::Person,
        rule: None,
        dedupe_key: None,
        body_hash: [0; 32],
    }
}

/// An event of a timer as its sensor posts it.
pub(super) fn tick(rule: RuleId, at: Timestamp) -> NewEvent {
    fire("core.intervaltimer", rule, at)
}

/// The same for a timer of any kind.
pub(super) fn fire(trigger: &str, rule: RuleId, at: Timestamp) -> NewEvent {
    NewEvent {
        trigger: trigger.parse().unwrap(),
        payload: Arc::new(json!({"type": "interval", "scheduled_at": at, "interval": 1, "unit": "seconds"})),
        source: EventSource::Sensor("core.timer_sensor".parse().unwrap()),
        rule: Some(rule),
        dedupe_key: Some(format!("rule_{rule}@{at}")),
        body_hash: [7; 32],
    }
}

/// Memory, database and a clock that is set by hand.
pub(super) struct World {
    pub(super) state: State,
    pub(super) now: Timestamp,
    writer: Writer,
    _folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _) = store::open(folder.path()).unwrap();
        let state = State::new(writer.load().unwrap(), catalog());
        let mut world = Self { state, now: Timestamp::from_seconds(1_800_000_000), writer, _folder: folder };
        world.done(&mut Input::Begin);
        world
    }

    /// Looks, decides, writes, applies, commits.
    pub(super) fn done(&mut self, input: &mut Input) -> Step {
        let mut transaction = self.writer.begin().unwrap();
        let step = settle(&mut self.state, &mut transaction, input, self.now).unwrap();
        transaction.commit().unwrap();
        step
    }

    pub(super) fn event(&mut self, event: NewEvent) -> Step {
        self.done(&mut Input::Event { event, prior: None })
    }

    /// A sensor reports what it could not fire.
    pub(super) fn misfire(&mut self, misfire: Misfire) -> Step {
        self.done(&mut Input::Misfire { misfire, triggers: None })
    }

    pub(super) fn create(&mut self, name: &str, body: RuleBody, enabled: bool) -> RuleId {
        let step = self.done(&mut Input::RuleCreate { r#ref: name.parse().unwrap(), body, enabled });
        match step.answer {
            Ok(Answer::Rule(rule)) => rule.id,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn update(&mut self, name: &str, body: RuleBody) -> Step {
        self.done(&mut Input::RuleUpdate { r#ref: name.parse().unwrap(), body, version: None })
    }

    pub(super) fn state_of(&self, name: &str) -> RuleState {
        self.state.rules.named(&name.parse().unwrap()).unwrap().state
    }

    pub(super) fn switch(&mut self, name: &str, enabled: bool) -> Step {
        self.done(&mut Input::RuleSwitch { r#ref: name.parse().unwrap(), enabled })
    }

    /// Asks for a run of `core.sleep`.
    pub(super) fn sleep(&mut self) -> Result<Execution, Refusal> {
        let parameters = Map::from_iter([("seconds".to_owned(), json!(600))]);
        let action = "core.sleep".parse().unwrap();
        let step = self.done(&mut Input::ActionRun { action, parameters, timeout_ms: None, rerun_of: None });
        match step.answer? {
            Answer::Execution(run) => Ok(*run),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn started(&mut self, execution: ExecutionId) -> Step {
        let report = Report::Started { execution, attempt: 1, pid: 4_711, at: self.now };
        self.done(&mut Input::Report(report))
    }

    pub(super) fn finished(&mut self, execution: ExecutionId, status: ExecutionStatus) -> Step {
        let (exit, at) = (Some(Exit::Code(0)), self.now);
        let report = Report::Finished {
            execution,
            attempt: 1,
            at,
            status,
            exit,
            result: None,
            error: None,
            usage: None,
        };
        self.done(&mut Input::Report(report))
    }

    /// Memory as a start would make it from the database.
    pub(super) fn rebuilt(&self) -> State {
        State::new(self.writer.load().unwrap(), self.state.catalog.clone())
    }

    /// The engine dies and starts again.
    pub(super) fn crash(&mut self) -> Step {
        self.state = self.rebuilt();
        self.done(&mut Input::Begin)
    }
}

/// The runs that a step starts.
pub(super) fn launched(step: &Step) -> Vec<ExecutionId> {
    let launch = |effect: &Effect| match effect {
        Effect::Launch(run) => Some(run.id),
        _ => None,
    };
    step.effects.iter().filter_map(launch).collect()
}

/// The runs that a step asks for.
pub(super) fn requested(step: &Step) -> Vec<Arc<Execution>> {
    let request = |change: &Change| match change {
        Change::ExecutionRequested(run) => Some(run.clone()),
        _ => None,
    };
    step.changes.iter().filter_map(request).collect()
}

/// What a step records as missed.
pub(super) fn missed(step: &Step) -> Vec<Arc<MisfireEntry>> {
    let missed = |change: &Change| match change {
        Change::Missed(entry) => Some(entry.clone()),
        _ => None,
    };
    step.changes.iter().filter_map(missed).collect()
}

/// What can be compared of two memories: what the one remembers and the other was told by the database.
pub(super) fn memory(state: &State) -> String {
    let rules: Vec<_> = state
        .rules
        .by_id
        .values()
        .map(|rule| {
            (
                model::Rule { timer: state.timer(rule.id), ..(**rule).clone() },
                state.rules.faults.get(&rule.id),
            )
        })
        .collect();
    let mut runs: Vec<_> = state.runs.values().collect();
    runs.sort_by_key(|run| run.id);
    let waiting: Vec<_> = state.queue.waiting().collect();
    let names = &state.rules.by_ref;
    let deleted: Vec<_> = state.deleted.values().collect();
    format!("{:#?}", (rules, names, deleted, runs, waiting, state.queue.occupied(), state.next))
}
