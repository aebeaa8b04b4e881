//! Any sequence of inputs keeps what memory and database promise each other.

use super::world::{World, every, launched, memory, on_ping, ping, requested, tick};
use crate::input::Input;
use crate::step::{Change, Step};
use model::{ExecutionId, ExecutionStatus, Outcome, Timestamp, limits};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const NAMES: [&str; 4] = ["default.a", "default.b", "default.c", "core.echo_every_second"];
const ENDS: [ExecutionStatus; 4] = [
    ExecutionStatus::Completed,
    ExecutionStatus::Failed,
    ExecutionStatus::Timeout,
    ExecutionStatus::Cancelled,
];

/// Something that a person, a sensor, a process or fate does.
#[derive(Clone, Debug)]
enum Deed {
    Ping { n: i64, key: Option<u8>, body: u8 },
    Tick { name: usize, second: i64 },
    Create { name: usize, timer: bool, enabled: bool },
    Update { name: usize, timer: bool, number: u32 },
    Switch { name: usize, enabled: bool },
    Delete { name: usize },
    Restore { name: usize },
    Fire { name: usize },
    Sleep,
    Cancel(Index),
    Start(Index),
    End(Index, usize),
    Crash,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let name = 0..NAMES.len();
    prop_oneof![
        6 => (0_i64..10, prop::option::of(0_u8..4), 0_u8..2).prop_map(|(n, key, body)| Deed::Ping { n, key, body }),
        4 => (name.clone(), 0_i64..20).prop_map(|(name, second)| Deed::Tick { name, second }),
        4 => (name.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(name, timer, enabled)| Deed::Create { name, timer, enabled }),
        2 => (name.clone(), any::<bool>(), 1_u32..5)
            .prop_map(|(name, timer, number)| Deed::Update { name, timer, number }),
        2 => (name.clone(), any::<bool>()).prop_map(|(name, enabled)| Deed::Switch { name, enabled }),
        1 => name.clone().prop_map(|name| Deed::Delete { name }),
        1 => name.clone().prop_map(|name| Deed::Restore { name }),
        1 => name.prop_map(|name| Deed::Fire { name }),
        3 => Just(Deed::Sleep),
        2 => any::<Index>().prop_map(Deed::Cancel),
        4 => any::<Index>().prop_map(Deed::Start),
        4 => (any::<Index>(), 0..ENDS.len()).prop_map(|(which, end)| Deed::End(which, end)),
        1 => Just(Deed::Crash),
    ]
}

fn body(timer: bool, number: u32) -> model::RuleBody {
    if timer {
        return every(number);
    }
    let few = json!({"all": [{"field": "event.payload.n", "operator": "less_than", "value": number}]});
    on_ping(few, "n is {{ event.payload.n }}")
}

/// One of the runs that have not ended.
fn run(world: &World, which: &Index) -> Option<ExecutionId> {
    let mut runs: Vec<_> = world.state.runs.keys().copied().collect();
    runs.sort_unstable();
    (!runs.is_empty()).then(|| *which.get(&runs))
}

/// Does it; none where there is nothing to do it to.
fn act(world: &mut World, deed: &Deed) -> Option<Step> {
    let name = |name: &usize| NAMES[*name].parse().unwrap();
    let mut input = match deed {
        Deed::Ping { n, key, body } => {
            let mut event = ping(json!({ "n": n }));
            event.dedupe_key = key.map(|key| format!("key {key}"));
            event.body_hash = [*body; 32];
            Input::Event { event, prior: None }
        }
        Deed::Tick { name: which, second } => {
            let rule = world.state.rules.named(&name(which))?.id;
            let at = Timestamp::from_seconds(1_800_000_000 + second);
            Input::Event { event: tick(rule, at), prior: None }
        }
        Deed::Create { name: which, timer, enabled } => {
            Input::RuleCreate { r#ref: name(which), body: body(*timer, 3), enabled: *enabled }
        }
        Deed::Update { name: which, timer, number } => {
            Input::RuleUpdate { r#ref: name(which), body: body(*timer, *number), version: None }
        }
        Deed::Switch { name: which, enabled } => Input::RuleSwitch { r#ref: name(which), enabled: *enabled },
        Deed::Delete { name: which } => Input::RuleDelete { r#ref: name(which) },
        Deed::Restore { name: which } => Input::RuleRestore { r#ref: name(which) },
        Deed::Fire { name: which } => Input::RuleRun { r#ref: name(which) },
        Deed::Sleep => {
            let _ = world.sleep();
            return None;
        }
        Deed::Cancel(which) => Input::Cancel { id: run(world, which)? },
        Deed::Start(which) => return run(world, which).map(|id| world.started(id)),
        Deed::End(which, end) => return run(world, which).map(|id| world.finished(id, ENDS[*end])),
        Deed::Crash => return Some(world.crash()),
    };
    Some(world.done(&mut input))
}

/// What has ever been given out, and must not be given out again.
#[derive(Default)]
struct Given {
    event: i64,
    enforcement: i64,
    execution: i64,
    fired: BTreeSet<(i64, i64)>,
    launched: BTreeSet<ExecutionId>,
}

fn rises(last: &mut i64, id: i64) -> Result<(), TestCaseError> {
    prop_assert!(id > *last, "id {} after {}", id, *last);
    *last = id;
    Ok(())
}

impl Given {
    fn check(&mut self, world: &World, step: &Step) -> Result<(), TestCaseError> {
        prop_assert!(step.answer.is_ok() || step.changes.is_empty(), "a refusal changes nothing: {:?}", step);
        for change in &step.changes {
            match change {
                Change::EventReceived { event, .. } => rises(&mut self.event, event.id.0)?,
                Change::Enforced(enforcement) => {
                    rises(&mut self.enforcement, enforcement.id.0)?;
                    let pair = (enforcement.event.0, enforcement.rule.0);
                    prop_assert!(self.fired.insert(pair), "{:?} fired twice", pair);
                }
                Change::ExecutionRequested(run) => rises(&mut self.execution, run.id.0)?,
                Change::Decided { decision, .. } if decision.outcome == Outcome::Matched => {
                    let rule = &world.state.rules.by_id[&decision.rule];
                    prop_assert!(rule.enabled() && rule.version == decision.rule_version);
                }
                _ => {}
            }
        }
        for id in launched(step) {
            prop_assert!(self.launched.insert(id), "{} was launched twice", id);
            prop_assert_eq!(world.state.runs[&id].status, ExecutionStatus::Scheduled);
        }
        for run in requested(step) {
            prop_assert_eq!(run.enforcement.is_some(), run.rule.is_some());
        }
        Ok(())
    }
}

fn places(world: &World) -> Result<(), TestCaseError> {
    let (state, queue) = (&world.state, &world.state.queue);
    let holding = state.runs.values().filter(|run| run.status.holds_place()).count();
    prop_assert!(holding <= limits::RUNNING, "{} run at once", holding);
    prop_assert_eq!(holding, queue.occupied());
    prop_assert_eq!(state.runs.len() - holding, queue.waiting().len());
    prop_assert!(queue.free() == 0 || queue.waiting().len() == 0, "a place is free while one waits");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// No pair of event and rule fires twice, ids rise, never do more runs have a place than there are places,
    /// and at any moment memory is what the database would make of it.
    #[test]
    fn whatever_happens_memory_and_database_tell_the_same(deeds in prop::collection::vec(any_deed(), 1..80)) {
        let mut world = World::new();
        let mut given = Given::default();
        for deed in &deeds {
            world.now = world.now.plus(Duration::from_millis(250));
            if let Some(step) = act(&mut world, deed) {
                given.check(&world, &step)?;
            }
            given.execution = given.execution.max(world.state.next.execution.0 - 1);
            places(&world)?;
            prop_assert_eq!(memory(&world.state), memory(&world.rebuilt()));
        }
    }
}
