//! Single decisions, told one by one.

use super::world::{World, every, launched, memory, on_ping, ping, requested, tick};
use crate::input::{Answer, Input, Refusal};
use crate::step::{Change, Effect, RuleChangeKind, Step};
use model::{ExecutionStatus, Outcome, Timestamp, limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn outcomes(step: &Step) -> Vec<Outcome> {
    let outcome = |change: &Change| match change {
        Change::Decided { decision, .. } => Some(decision.outcome),
        _ => None,
    };
    step.changes.iter().filter_map(outcome).collect()
}

#[test]
fn an_event_is_written_before_its_decision_its_enforcement_and_its_run() {
    let mut world = World::new();
    world.create("default.a", on_ping(Value::Null, "n is {{ event.payload.n }}"), true);
    let step = world.event(ping(json!({"n": 5})));
    let order: Vec<&str> = step
        .changes
        .iter()
        .map(|change| match change {
            Change::EventReceived { .. } => "event",
            Change::Decided { .. } => "decision",
            Change::Enforced(_) => "enforcement",
            Change::ExecutionRequested(_) => "run",
            _ => "something else",
        })
        .collect();
    assert_eq!(order, ["event", "decision", "enforcement", "run"]);
    let run = &requested(&step)[0];
    assert_eq!(
        (run.status, run.attempt),
        (ExecutionStatus::Scheduled, 1),
        "its start is recorded before it starts"
    );
    assert_eq!(run.parameters["message"], "n is 5");
    assert_eq!(launched(&step), [run.id]);
}

#[test]
fn each_rule_of_a_trigger_looks_for_itself_in_the_order_in_which_they_were_made() {
    let mut world = World::new();
    let small = json!({"all": [{"field": "event.payload.n", "operator": "less_than", "value": 3}]});
    world.create("default.z_first", on_ping(small, "small"), true);
    world.create("default.torn", on_ping(Value::Null, "{{ event.payload.gone.too }}"), true);
    world.create("default.off", on_ping(Value::Null, "never"), false);
    world.create("default.a_last", on_ping(Value::Null, "always"), true);
    let step = world.event(ping(json!({"n": 5})));
    assert_eq!(outcomes(&step), [Outcome::Unmatched, Outcome::Error, Outcome::Matched]);
    assert_eq!(requested(&step).len(), 1);
}

#[test]
fn a_rule_that_waits_for_a_change_knows_the_event_before_also_after_a_restart() {
    let mut world = World::new();
    let changed = json!({"field": "event.payload.door", "operator": "changed"});
    world.create("default.door", on_ping(changed, "moved"), true);
    let say = |world: &mut World, door: &str| outcomes(&world.event(ping(json!({ "door": door }))));
    assert_eq!(say(&mut world, "shut"), [Outcome::Unmatched], "there is nothing to compare the first with");
    assert_eq!(say(&mut world, "open"), [Outcome::Matched]);
    assert_eq!(say(&mut world, "open"), [Outcome::Unmatched]);
    world.crash();
    assert_eq!(say(&mut world, "shut"), [Outcome::Matched], "the event before the restart is the one before");
    world.crash();
    assert_eq!(say(&mut world, "shut"), [Outcome::Unmatched], "a restart is no change");
}

#[test]
fn the_same_key_is_the_same_event_and_another_body_is_a_conflict() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(1), true);
    let event = tick(rule, world.now);
    let first = world.event(event.clone());
    let Ok(Answer::Event { id, created: true }) = first.answer else { panic!("{:?}", first.answer) };
    let again = world.event(event.clone());
    assert!(matches!(again.answer, Ok(Answer::Event { id: same, created: false }) if same == id));
    assert!(again.changes.is_empty() && again.effects.is_empty());
    let mut other = event;
    other.body_hash = [9; 32];
    let other = world.event(other);
    assert!(matches!(&other.answer, Err(Refusal::Conflict(said)) if said.contains("the first one stays")));
    assert!(other.changes.is_empty());
    assert_eq!(world.state.timer(rule).execution_count, 1);
}

#[test]
fn after_the_switch_no_event_of_a_rule_matches() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(1), true);
    world.switch("default.timer", false);
    let in_flight = world.event(tick(rule, world.now));
    assert_eq!(outcomes(&in_flight), [Outcome::Disabled]);
    world.done(&mut Input::RuleDelete { r#ref: "default.timer".parse().unwrap() });
    let late = world.event(tick(rule, world.now.plus(Duration::from_secs(1))));
    let Err(Refusal::Invalid(fields)) = &late.answer else { panic!("{:?}", late.answer) };
    assert_eq!(fields[0].field, "trigger_instance_id");
    assert!(late.changes.is_empty());
}

#[test]
fn a_timer_keeps_its_grid_over_a_switch_and_a_new_wording_and_begins_another_with_a_new_interval() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    let first = world.now;
    world.event(tick(rule, first.plus(Duration::from_secs(10))));
    world.now = first.plus(Duration::from_secs(15));
    world.switch("default.timer", false);
    world.switch("default.timer", true);
    let timer = world.state.timer(rule);
    assert_eq!((timer.anchor, timer.last_scheduled_at, timer.execution_count), (Some(first), None, 1));

    let update = |body| Input::RuleUpdate { r#ref: "default.timer".parse().unwrap(), body, version: None };
    let mut reworded = every(10);
    reworded.label = "Another name".to_owned();
    world.done(&mut update(reworded));
    assert_eq!(world.state.timer(rule).anchor, Some(first));

    world.now = first.plus(Duration::from_secs(20));
    world.done(&mut update(every(7)));
    assert_eq!(world.state.timer(rule).anchor, Some(world.now));
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn a_rule_that_changes_its_trigger_leaves_its_old_sensor_too() {
    let mut world = World::new();
    world.create("default.timer", every(10), true);
    let name = "default.timer".parse().unwrap();
    let step =
        world.done(&mut Input::RuleUpdate { r#ref: name, body: on_ping(Value::Null, "x"), version: None });
    let told: Vec<(RuleChangeKind, &str)> = step
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::TellSensors { what, rule } => Some((*what, rule.body.trigger_ref.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [(RuleChangeKind::Deleted, "core.intervaltimer"), (RuleChangeKind::Updated, "lab.ping")],
        "one sensor may serve both: what it hears last is what counts"
    );
    assert!(world.state.needed_sensors().is_empty());
}

#[test]
fn an_older_instant_does_not_put_a_timer_back() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(1), true);
    let at = |seconds: i64| Timestamp::from_seconds(1_800_000_000 + seconds);
    for seconds in [3, 2, 5] {
        world.event(tick(rule, at(seconds)));
    }
    let timer = world.state.timer(rule);
    assert_eq!((timer.last_scheduled_at, timer.execution_count), (Some(at(5)), 3));
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn eight_run_the_ninth_waits_and_takes_the_first_place_that_is_free() {
    let mut world = World::new();
    let runs: Vec<_> = (0..10).map(|_| world.sleep().unwrap()).collect();
    let at_once = runs.iter().filter(|run| run.status == ExecutionStatus::Scheduled).count();
    assert_eq!((at_once, runs[8].status), (limits::RUNNING, ExecutionStatus::Requested));
    world.started(runs[3].id);
    let step = world.finished(runs[3].id, ExecutionStatus::Completed);
    assert_eq!(launched(&step), [runs[8].id]);
    let step = world.done(&mut Input::Cancel { id: runs[9].id });
    assert!(step.effects.is_empty(), "one that waits has no process to stop");
    assert_eq!((world.state.queue.occupied(), world.state.queue.waiting().len()), (8, 0));
}

#[test]
fn a_crash_abandons_what_had_a_place_and_starts_what_waited() {
    let mut world = World::new();
    let runs: Vec<_> = (0..10).map(|_| world.sleep().unwrap().id).collect();
    world.started(runs[0]);
    world.done(&mut Input::Cancel { id: runs[1] });
    let step = world.crash();
    assert_eq!(launched(&step), runs[8..]);
    let abandoned: Vec<_> = step
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::ExecutionChanged(run) if run.status == ExecutionStatus::Abandoned => Some(run.id),
            _ => None,
        })
        .collect();
    assert_eq!(abandoned, runs[..8], "also what was only about to start: it may have started");
    let late = world.finished(runs[0], ExecutionStatus::Completed);
    assert!(late.changes.is_empty(), "a report of another life changes nothing");
}

#[test]
fn on_its_way_out_the_engine_starts_nothing_more() {
    let mut world = World::new();
    let runs: Vec<_> = (0..9).map(|_| world.sleep().unwrap().id).collect();
    world.done(&mut Input::Closing);
    let step = world.finished(runs[0], ExecutionStatus::Cancelled);
    assert!(launched(&step).is_empty());
    assert_eq!(world.sleep().unwrap().status, ExecutionStatus::Requested);
    let step = world.crash();
    assert!(launched(&step).contains(&runs[8]), "the next engine does");
}

#[test]
fn a_starter_rule_comes_once_and_a_deleted_one_stays_away() {
    let mut world = World::new();
    let name: model::Ref = "core.echo_every_second".parse().unwrap();
    assert!(!world.state.rules.named(&name).unwrap().enabled());
    world.done(&mut Input::RuleDelete { r#ref: name.clone() });
    for _ in 0..2 {
        world.crash();
        let catalog = world.state.catalog.clone();
        world.done(&mut Input::Packs(catalog));
        assert!(world.state.rules.named(&name).is_none());
    }
    world.done(&mut Input::RuleRestore { r#ref: name.clone() });
    world.crash();
    assert!(world.state.rules.named(&name).is_some());
}

#[test]
fn a_rule_whose_action_is_gone_says_so_and_asks_for_no_run() {
    let mut world = World::new();
    let id = world.create("default.a", on_ping(Value::Null, "x"), true);
    let full = world.state.catalog.clone();
    world.done(&mut Input::Packs(Arc::default()));
    assert!(world.state.rules.faults[&id].iter().any(|fault| fault.field == "action_ref"));
    let step = world.event(ping(json!({})));
    assert_eq!(outcomes(&step), [Outcome::Error]);
    assert!(requested(&step).is_empty());
    world.done(&mut Input::Packs(full));
    assert!(world.state.rules.faults.is_empty());
    assert_eq!(outcomes(&world.event(ping(json!({})))), [Outcome::Matched]);
}

#[test]
fn a_rule_that_is_wrong_in_many_places_is_refused_with_all_of_them() {
    let mut world = World::new();
    let mut body =
        on_ping(json!({"all": [{"field": "event.payload.n", "operator": "equalz", "value": 1}]}), "{{ open");
    body.trigger_ref = "lab.pong".parse().unwrap();
    body.label = " ".to_owned();
    let step =
        world.done(&mut Input::RuleCreate { r#ref: "default.bad".parse().unwrap(), body, enabled: true });
    let Err(Refusal::Invalid(fields)) = step.answer else { panic!("{:?}", step.answer) };
    for expected in ["label", "trigger_ref", "conditions", "action_params"] {
        assert!(fields.iter().any(|fault| fault.field.starts_with(expected)), "{expected} in {fields:?}");
    }
    assert!(step.changes.is_empty());
}
