//! `kill -9` of a working engine, twenty times, at instants that nobody chose.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{PackFiles, World, echo_every, wait_until};
use model::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;
use torture_tests::{Acknowledged, Client, Dice, Door, Ledger};

const KILLS: u32 = 20;
const CLIENTS: usize = 8;
const SECOND: i64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(60);
const TIMERS: [&str; 2] = ["default.first", "default.second"];

/// A trigger that is posted by hand, and an action that writes down each start of itself.
fn lab() -> PackFiles {
    let note =
        "#!/bin/sh\necho \"$ATTUNE_EXEC_ID $ATTUNE_ATTEMPT\" >>\"${ATTUNE_ARTIFACTS_DIR%/*}/starts\"\n";
    PackFiles::new("lab").trigger("ping").action("note", note)
}

fn door(world: &World) -> Door {
    Door { address: world.info().address.clone(), token: world.info().token.clone() }
}

async fn prepare(world: &World) {
    std::fs::create_dir_all(world.data_dir().join("artifacts")).unwrap();
    let rule = json!({
        "ref": "default.note",
        "draft": {
            "label": "Note",
            "trigger_ref": "lab.ping",
            "conditions": {"all": [{"field": "event.payload.fire", "operator": "equals", "value": true}]},
            "action_ref": "lab.note",
        },
        "enabled": true,
    });
    world.must("rule.create", rule).await;
    for timer in TIMERS {
        world.must("rule.create", echo_every(timer, 1, timer)).await;
    }
}

/// A run that does not end by itself.
async fn sleeper(world: &World) -> i64 {
    let request = json!({"action_ref": "core.sleep", "parameters": {"seconds": 600}});
    world.must("action.run", request).await["id"].as_i64().unwrap()
}

/// Kills and starts; answers the runs that were under way at a kill.
async fn kill_again_and_again(
    world: &mut World,
    doors: &watch::Sender<Door>,
    dice: &mut Dice,
) -> BTreeSet<i64> {
    let mut under_way = BTreeSet::new();
    for _ in 0..KILLS {
        sleeper(world).await;
        let pause = Duration::from_millis(100 + dice.below(600));
        tokio::time::sleep(pause).await;
        world.kill().await;
        let ledger = Ledger::of(world.data_dir());
        under_way.extend(ledger.column::<i64>("SELECT id FROM execution WHERE status BETWEEN 1 AND 4", []));
        world.start_process().await;
        doors.send_replace(door(world));
    }
    under_way
}

async fn timers_go_on_by_themselves(world: &World) {
    let newest = async |timer: &str| {
        let events = world.must("event.list", json!({"rule": timer, "limit": 1})).await;
        events["events"][0]["id"].as_i64().unwrap_or(0)
    };
    for timer in TIMERS {
        let before = newest(timer).await;
        wait_until(&format!("{timer} goes on"), PATIENCE, || async {
            let now = newest(timer).await;
            if now > before { Ok(()) } else { Err(format!("event {now} is the newest")) }
        })
        .await;
    }
}

async fn until_nothing_is_under_way(world: &World) {
    for timer in TIMERS {
        world.must("rule.disable", json!({ "ref": timer })).await;
    }
    wait_until("all runs have ended", PATIENCE, || async move {
        // A sleeper that waited until now is no more needed.
        let open = json!({"action": "core.sleep", "status": ["requested", "scheduled", "running"]});
        for run in world.must("execution.list", open).await["executions"].as_array().unwrap() {
            world.rpc("execution.cancel", json!({"id": run["id"]})).await;
        }
        let status = world.must("engine.status", json!({})).await;
        if status["running"] == 0 && status["waiting"] == 0 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_under_load_lose_nothing_and_do_nothing_twice() {
    let seed = Dice::seed();
    println!("seed {seed}: run it again with ATTUNE_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut world = World::process_with(&[lab()], &[]).await;
    prepare(&world).await;
    let (doors, listen) = watch::channel(door(&world));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|name| {
            let client = Client::new(name, seed.wrapping_add(name as u64 + 1), world.home(), listen.clone());
            tokio::spawn(client.work())
        })
        .collect();

    let under_way = kill_again_and_again(&mut world, &doors, &mut dice).await;
    timers_go_on_by_themselves(&world).await;
    drop(doors);
    let mut acknowledged = Vec::new();
    let (mut answers_lost, mut repeated) = (0, 0);
    for client in clients {
        let client = client.await.unwrap();
        answers_lost += client.answers_lost;
        repeated += client.repeated;
        acknowledged.extend(client.acknowledged);
    }
    until_nothing_is_under_way(&world).await;
    world.stop().await;

    let ledger = Ledger::of(world.data_dir());
    println!(
        "{KILLS} kills, {} events acknowledged, {answers_lost} answers lost and posted again, {repeated} repeats, \
         {} runs under way at a kill, {} enforcements",
        acknowledged.len(),
        under_way.len(),
        ledger.value::<i64>("SELECT count(*) FROM enforcement"),
    );
    assert!(answers_lost >= 20, "only {answers_lost} answers were lost after a commit: this run was blind");
    assert!(repeated >= 20, "only {repeated} acknowledged events were posted again");
    no_event_is_missing_or_double(&ledger, &acknowledged);
    nothing_is_done_twice(&ledger, &world);
    what_ran_is_abandoned(&ledger, &under_way);
    for timer in TIMERS {
        each_second_is_an_event_or_a_recorded_misfire(&ledger, timer);
    }
}

fn no_event_is_missing_or_double(ledger: &Ledger, acknowledged: &[Acknowledged]) {
    let keys = ledger.column::<String>("SELECT dedupe_key FROM event ORDER BY id", []);
    let ids = ledger.column::<i64>("SELECT id FROM event ORDER BY id", []);
    let stored: BTreeMap<&str, i64> = keys.iter().map(String::as_str).zip(ids).collect();
    assert_eq!(stored.len(), keys.len(), "two events have one key");
    let lost: Vec<_> =
        acknowledged.iter().filter(|ack| stored.get(ack.key.as_str()) != Some(&ack.id)).collect();
    assert!(lost.is_empty(), "{} acknowledged events are missing or another: {lost:?}", lost.len());
}

fn nothing_is_done_twice(ledger: &Ledger, world: &World) {
    let none = |what: &str, sql: &str| {
        let found = ledger.column::<i64>(sql, []);
        assert!(found.is_empty(), "{what}: {found:?}");
    };
    none(
        "events with two enforcements of one rule",
        "SELECT event FROM enforcement GROUP BY event, rule HAVING count(*) > 1",
    );
    none(
        "enforcements without exactly one run",
        "SELECT enforcement.id FROM enforcement LEFT JOIN execution \
         ON execution.enforcement = enforcement.id AND execution.rerun_of IS NULL \
         GROUP BY enforcement.id HAVING count(execution.id) <> 1",
    );
    none(
        "matched decisions without their enforcement",
        "SELECT decision.event FROM decision LEFT JOIN enforcement \
         ON enforcement.event = decision.event AND enforcement.rule = decision.rule \
         WHERE decision.outcome = 0 AND enforcement.id IS NULL",
    );
    none("runs that never ended", "SELECT id FROM execution WHERE status < 5");
    none("runs that were started more than once", "SELECT id FROM execution WHERE attempt <> 1");

    let starts = std::fs::read_to_string(world.data_dir().join("artifacts/starts")).unwrap();
    let mut seen = BTreeSet::new();
    assert!(starts.lines().all(|line| seen.insert(line)), "one attempt was started twice");
    let recorded: BTreeSet<String> =
        ledger.column("SELECT id || ' ' || attempt FROM execution", []).into_iter().collect();
    assert!(seen.iter().all(|line| recorded.contains(*line)), "something ran that is not recorded");
    let completed = "SELECT execution.id || ' ' || attempt FROM execution JOIN name ON name.id = action \
                     WHERE name.text = 'lab.note' AND status = 5";
    let completed = ledger.column::<String>(completed, []);
    assert!(
        !completed.is_empty() && completed.iter().all(|line| seen.contains(line.as_str())),
        "completed, but never ran"
    );
}

fn what_ran_is_abandoned(ledger: &Ledger, under_way: &BTreeSet<i64>) {
    assert!(!under_way.is_empty(), "no kill met a run: this run was blind");
    let abandoned: BTreeSet<i64> =
        ledger.column("SELECT id FROM execution WHERE status = 9", []).into_iter().collect();
    assert_eq!(&abandoned, under_way);
}

fn each_second_is_an_event_or_a_recorded_misfire(ledger: &Ledger, timer: &str) {
    let sql = "SELECT payload FROM event WHERE rule = (SELECT id FROM rule WHERE ref = ?1) ORDER BY id";
    let payloads = ledger.column::<String>(sql, [timer]);
    let mut fires: Vec<(Timestamp, i64)> = payloads
        .iter()
        .map(|text| {
            let payload: Value = serde_json::from_str(text).unwrap();
            let at = payload["scheduled_at"].as_str().unwrap().parse().unwrap();
            (at, payload["missed_count"].as_i64().unwrap_or(1))
        })
        .collect();
    fires.sort_unstable();
    for pair in fires.windows(2) {
        let ((before, _), (at, stands_for)) = (pair[0], pair[1]);
        let step = at.micros_since(before);
        assert_eq!(
            step,
            stands_for * SECOND,
            "{timer}: from {before} to {at}, where it stands for {stands_for}"
        );
    }
}
