//! What is written stays, or leaves no trace.

use super::world::{World, decision, enforcement, missed, rule, run, second, timer_event};
use crate::{CommitError, Record};
use model::{
    EventSource, ExecutionId, ExecutionStatus, Outcome, RuleId, RuleState, TimerMemory, Transition, limits,
};
use rusqlite::Connection;

#[test]
fn everything_is_there_after_a_restart() {
    let mut world = World::new();
    let mut echo = rule(1, "default.echo");
    let gone = rule(2, "default.gone");
    world.commit(&[Record::RuleSaved(&echo), Record::RuleSaved(&gone)]);
    world.timer_fires(1, &echo, ExecutionStatus::Completed);
    let waiting = run(2, Some(echo.id));
    world.commit(&[Record::ExecutionNew(&waiting), Record::RuleDeleted { id: gone.id, at: second(9) }]);
    let instance = world.writer.load().unwrap().instance;
    let world = world.reopen();
    let snapshot = world.writer.load().unwrap();

    echo.timer.last_scheduled_at = Some(second(1));
    echo.timer.handled_until = Some(second(1));
    echo.timer.execution_count = 1;
    assert_eq!(snapshot.instance, instance);
    assert_eq!(instance.len(), 32);
    assert_eq!(snapshot.rules, [echo]);
    assert_eq!(snapshot.deleted, [gone]);
    assert_eq!(snapshot.unfinished, [waiting]);
    assert_eq!((snapshot.last_event.0, snapshot.last_enforcement.0), (1, 1));
    assert_eq!((snapshot.last_execution.0, snapshot.last_rule.0), (2, 2));
}

#[test]
fn an_id_is_not_given_again_after_its_row_is_gone() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    world.commit(&[Record::RuleSaved(&echo)]);
    world.timer_fires(5, &echo, ExecutionStatus::Completed);
    let conn = Connection::open(world.writer.path()).unwrap();
    conn.execute_batch("DELETE FROM event; DELETE FROM enforcement; DELETE FROM execution; DELETE FROM rule")
        .unwrap();
    let left: i64 =
        conn.query_row("SELECT count(*) FROM execution_parameters", [], |row| row.get(0)).unwrap();
    drop(conn);

    let snapshot = world.reopen().writer.load().unwrap();
    assert_eq!(left, 0);
    assert_eq!((snapshot.last_event.0, snapshot.last_enforcement.0, snapshot.last_execution.0), (5, 5, 5));
    assert_eq!(snapshot.last_rule.0, 1);
}

#[test]
fn a_transaction_that_is_dropped_leaves_no_trace() {
    let mut world = World::new();
    let event = timer_event(1, RuleId(1));
    let mut transaction = world.writer.begin().unwrap();
    transaction.write(&Record::Event { event: &event, body_hash: &[1; 32] }).unwrap();
    drop(transaction);

    assert_eq!(world.writer.load().unwrap().last_event.0, 0);
    // The numbers of refs are not remembered from it either.
    world.commit(&[Record::Event { event: &event, body_hash: &[1; 32] }]);
    let events = world.readers.read(|view| view.events_by_id(&[event.id])).unwrap();
    assert_eq!(events, [event]);
}

#[test]
fn a_repeated_event_is_known_before_and_after_the_commit() {
    let mut world = World::new();
    let event = timer_event(1, RuleId(1));
    let key = event.dedupe_key.clone().unwrap();
    let other = EventSource::Sensor("core.other_sensor".parse().unwrap());
    let mut transaction = world.writer.begin().unwrap();
    assert_eq!(transaction.known_event(&event.source, &key).unwrap(), None);
    transaction.write(&Record::Event { event: &event, body_hash: &[3; 32] }).unwrap();
    let known = transaction.known_event(&event.source, &key).unwrap().unwrap();
    assert_eq!((known.id, known.body_hash), (event.id, [3; 32]));
    assert_eq!(transaction.known_event(&other, &key).unwrap(), None);
    assert_eq!(transaction.known_event(&EventSource::Person, &key).unwrap(), None);
    transaction.commit().unwrap();

    let mut world = world.reopen();
    let transaction = world.writer.begin().unwrap();
    assert_eq!(transaction.known_event(&event.source, &key).unwrap(), Some(known));
}

#[test]
fn a_rule_cannot_fire_twice_for_one_event() {
    let mut world = World::new();
    let first = enforcement(1, RuleId(1));
    let mut second = first.clone();
    second.id = second.id.next();
    world.commit(&[Record::Enforcement(&first)]);
    let error = world.try_commit(&[Record::Enforcement(&second)]).unwrap_err();
    assert!(matches!(error, CommitError::Failed(_)), "{error}");
    assert!(error.to_string().contains("UNIQUE"), "{error}");
}

#[test]
fn a_full_disk_is_told_apart_and_nothing_of_the_batch_counts() {
    let mut world = World::new();
    world.writer.limit_pages(60);
    let mut kept = 0;
    let error = loop {
        let event = timer_event(kept + 1, RuleId(1));
        match world.try_commit(&[Record::Event { event: &event, body_hash: &[0; 32] }]) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_storage_full(), "{error}");
    assert!(kept > 0);
    assert_eq!(world.writer.load().unwrap().last_event.0, kept);

    world.writer.limit_pages(10_000);
    let event = timer_event(kept + 1, RuleId(1));
    world.commit(&[Record::Event { event: &event, body_hash: &[0; 32] }]);
    assert_eq!(world.reopen().writer.load().unwrap().last_event.0, kept + 1);
}

#[test]
fn only_the_newest_silent_looks_are_kept_but_all_are_counted() {
    let mut world = World::new();
    let total = i64::from(limits::UNMATCHED_KEPT) + 500;
    let (busy, calm) = (RuleId(1), RuleId(2));
    for portion in (1..=total).collect::<Vec<_>>().chunks(100) {
        let mut transaction = world.writer.begin().unwrap();
        for id in portion {
            let event = timer_event(*id, busy);
            transaction.write(&Record::Event { event: &event, body_hash: &[0; 32] }).unwrap();
            let outcome = if id % 100 == 0 { Outcome::Error } else { Outcome::Unmatched };
            transaction
                .write(&Record::Decision { event: &event, decision: &decision(busy, outcome) })
                .unwrap();
            if *id == 1 {
                let decision = decision(calm, Outcome::Unmatched);
                transaction.write(&Record::Decision { event: &event, decision: &decision }).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    let conn = Connection::open(world.writer.path()).unwrap();
    let kept = |rule: RuleId, outcome: i64| -> (i64, i64) {
        let sql = "SELECT count(*), min(event) FROM decision WHERE rule = ?1 AND outcome = ?2";
        conn.query_row(sql, [rule.0, outcome], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let (unmatched, oldest) = kept(busy, 1);
    assert!((1_000..1_128).contains(&unmatched), "{unmatched}");
    assert!(oldest > 300, "{oldest}");
    assert_eq!(kept(busy, 2), (15, 100));
    assert_eq!(kept(calm, 1), (1, 1));
    let counts = world.readers.read(|view| view.decision_counts(busy)).unwrap();
    assert_eq!(counts, [(Outcome::Unmatched, 1_485), (Outcome::Error, 15)]);
}

#[test]
fn a_rule_keeps_its_versions_and_can_come_back() {
    let mut world = World::new();
    let first = rule(1, "default.echo");
    let mut second_version = first.clone();
    second_version.version = 2;
    second_version.updated = second(60);
    second_version.body.label = "Echo, but better".to_owned();
    let mut off = second_version.clone();
    off.state = RuleState::Disabled;
    off.updated = second(61);
    world.commit(&[
        Record::RuleSaved(&first),
        Record::RuleSaved(&second_version),
        Record::RuleState(&off),
        Record::RuleDeleted { id: first.id, at: second(70) },
    ]);
    assert!(world.writer.load().unwrap().rules.is_empty());
    // Its name is free while it is gone.
    let successor = rule(2, "default.echo");
    world.commit(&[Record::RuleSaved(&successor)]);
    assert!(world.writer.load().unwrap().deleted.is_empty());
    world.commit(&[Record::RuleDeleted { id: successor.id, at: second(80) }, Record::RuleSaved(&off)]);

    let snapshot = world.writer.load().unwrap();
    assert_eq!(snapshot.rules, [off]);
    let versions = world.readers.read(|view| view.rule_versions(first.id, None, 10)).unwrap();
    let told: Vec<_> =
        versions.iter().map(|saved| (saved.version, saved.saved_at, saved.body.label.as_str())).collect();
    assert_eq!(told, [(2, second(60), "Echo, but better"), (1, second(0), "Rule 1")]);
    let names = world.readers.read(|view| view.rule_names(&[successor.id, RuleId(9), first.id])).unwrap();
    let told: Vec<_> = names.iter().map(|name| (name.id.0, name.label.as_str(), name.deleted)).collect();
    assert_eq!(told, [(2, "Rule 2", true), (1, "Echo, but better", false)]);
}

#[test]
fn what_a_timer_remembers_is_written_whole() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    let timer = TimerMemory {
        anchor: Some(second(1)),
        last_scheduled_at: Some(second(10)),
        handled_until: Some(second(12)),
        execution_count: 7,
    };
    world.commit(&[Record::RuleSaved(&echo), Record::Timer { rule: echo.id, timer }]);
    assert_eq!(world.writer.load().unwrap().rules[0].timer, timer);
    let forgot = TimerMemory { last_scheduled_at: None, handled_until: None, ..timer };
    world.commit(&[Record::Timer { rule: echo.id, timer: forgot }]);
    assert_eq!(world.writer.load().unwrap().rules[0].timer, forgot);
}

#[test]
fn an_instant_that_was_missed_is_known_before_and_after_the_commit() {
    let mut world = World::new();
    let mine = RuleId(1);
    world.commit(&[Record::Missed(&missed(1, mine, 10, 12)), Record::Missed(&missed(2, RuleId(2), 0, 99))]);
    let mut transaction = world.writer.begin().unwrap();
    transaction.write(&Record::Missed(&missed(3, mine, 20, 20))).unwrap();
    let known: Vec<i64> = (0..30).filter(|at| transaction.is_missed(mine, second(*at)).unwrap()).collect();
    assert_eq!(known, [10, 11, 12, 20]);
    transaction.commit().unwrap();
    let transaction = world.writer.begin().unwrap();
    assert!(transaction.is_missed(mine, second(20)).unwrap());
    drop(transaction);

    let conn = Connection::open(world.writer.path()).unwrap();
    conn.execute("DELETE FROM misfire", []).unwrap();
    drop(conn);
    assert_eq!(world.reopen().writer.load().unwrap().last_misfire.0, 3, "its id is not given again");
}

#[test]
fn the_log_is_emptied_when_asked() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    world.commit(&[Record::RuleSaved(&echo)]);
    for id in 1..200 {
        world.timer_fires(id, &echo, ExecutionStatus::Completed);
    }
    assert!(world.writer.checkpoint().unwrap() <= limits::WAL_BYTES);
    // All of it is in the file itself: a copy of it without the log is whole.
    let copy = world.folder.path().join("copy.db");
    std::fs::copy(world.writer.path(), &copy).unwrap();
    let conn = Connection::open(&copy).unwrap();
    let last: i64 = conn.query_row("SELECT max(id) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(last, 199);
}

#[test]
fn a_run_is_stored_with_everything_that_it_is() {
    let mut world = World::new();
    let requested = run(1, None);
    world.commit(&[Record::ExecutionNew(&requested)]);
    let mut known = requested;
    for transition in [
        Transition::Launch,
        Transition::Start { pid: 77 },
        Transition::Cancel,
        Transition::Finish {
            status: ExecutionStatus::Cancelled,
            exit: Some(model::Exit::Signal(15)),
            result: Some(serde_json::json!({"a": [1, null, "\u{0}"]})),
            error: Some("Somebody stopped it.".to_owned()),
        },
    ] {
        known = known.apply(transition, second(i64::from(known.attempt) + 5)).unwrap();
        world.commit(&[Record::ExecutionChanged(&known)]);
        let stored = world.readers.read(|view| view.execution(ExecutionId(1))).unwrap();
        assert_eq!(stored.as_ref(), Some(&known));
    }
}
