//! A disk without space, a database from the future, a folder that is taken.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use engine_tests::{PATIENCE, lab, ping, ping_rule, quiet, run_until, stdout};
use harness::{Answer, World, api, wait_until};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// An event as the timer sensor posts it.
fn timer_event() -> api::NewEvent {
    api::NewEvent {
        trigger_ref: "core.intervaltimer".to_owned(),
        payload: json!({
            "type": "interval", "interval": 1, "unit": "seconds", "interval_seconds": 1,
            "scheduled_at": "2026-01-01T00:00:00Z", "fired_at": "2026-01-01T00:00:00Z", "delay_ms": 0,
            "execution_count": 1, "misfired": false, "sensor_ref": "core.timer_sensor",
        }),
        trigger_instance_id: None,
        dedupe_key: None,
        body_hash: [0; 32],
    }
}

/// Below the reserve nothing new is taken, and everything can be read and stopped.
#[tokio::test]
async fn below_the_reserve_nothing_new_is_accepted_and_the_rest_works() {
    let folder = tempfile::tempdir().unwrap();
    let start = async |reserve_bytes: u64| {
        let usual = engine::Config::new(folder.path().join("data"), "127.0.0.1:9".parse().unwrap());
        let engine = engine::Engine::start(engine::Config { reserve_bytes, ..usual }).await.unwrap();
        (api::Api::new(engine.clone()).unwrap(), engine)
    };
    let (api, engine) = start(0).await;
    let days = json!({"interval": 1, "unit": "days"});
    let rule = harness::interval_rule("default.kept", &days, "core.noop", &json!({}), false);
    api.call("rule.create", rule.clone()).await.unwrap();
    engine.stop(Duration::from_secs(5)).await;

    let (api, engine) = start(u64::MAX).await;
    let mut refused = vec![api.post_event(&api::Caller::Admin, timer_event()).await.unwrap_err()];
    for (command, request) in [("rule.create", rule), ("action.run", json!({"action_ref": "core.noop"}))] {
        refused.push(api.call(command, request).await.unwrap_err());
    }
    for error in refused {
        assert_eq!((error.code, error.code.http_status()), (api::Code::StorageFull, 507), "{error}");
        assert!(error.error.contains("free"), "{error}");
    }
    let rules = api.call("rule.list", Value::Null).await.unwrap();
    assert!(rules.to_string().contains("default.kept"));
    let off = api.call("rule.delete", json!({"ref": "default.kept"})).await;
    assert!(off.is_ok(), "what needs next to no space is done: {off:?}");
    engine.stop(Duration::from_secs(5)).await;

    let (api, engine) = start(0).await;
    let run = api.call("action.run", json!({"action_ref": "core.noop"})).await.unwrap();
    assert_eq!(run["id"], 1, "what was refused left nothing behind");
    engine.stop(Duration::from_secs(5)).await;
}

/// A small file system of its own, gone with this value.
struct SmallDisk<'a>(&'a Path);

#[expect(clippy::disallowed_methods, reason = "a test does what the engine must not")]
fn system(program: &str, arguments: &[&str], path: &Path) -> bool {
    let done = std::process::Command::new(program).args(arguments).arg(path).status();
    done.is_ok_and(|status| status.success())
}

impl<'a> SmallDisk<'a> {
    /// None where this user may not mount.
    fn mount(path: &'a Path) -> Option<Self> {
        system("mount", &["-t", "tmpfs", "-o", "size=112m,mode=700", "tmpfs"], path).then_some(Self(path))
    }

    fn fill(&self, bytes: usize) -> std::path::PathBuf {
        let path = self.0.join("filler");
        // That it does not fit whole is the point.
        let _ = std::fs::write(&path, vec![1_u8; bytes]);
        path
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        system("umount", &["--lazy"], self.0);
    }
}

async fn post(world: &World, n: u32) -> Answer {
    world
        .post_event(&json!({"trigger_ref": "lab.ping", "payload": {"n": n}, "dedupe_key": format!("n{n}")}))
        .await
}

/// Posts until it is taken, as a sensor does; answers the id.
async fn post_until_taken(world: &World, n: u32) -> i64 {
    wait_until("a post is taken again", PATIENCE, || async move {
        let answer = post(world, n).await;
        match answer.status {
            200 | 201 => Ok(answer.body["data"]["id"].as_i64().unwrap()),
            507 => Err(answer.body.to_string()),
            other => panic!("status {other}: {}", answer.body),
        }
    })
    .await
}

#[tokio::test]
async fn a_disk_that_fills_up_refuses_with_507_loses_nothing_and_recovers_by_itself() {
    let mut world = World::process().await;
    world.stop().await;
    let data = world.data_dir().to_owned();
    let Some(disk) = SmallDisk::mount(&data) else {
        eprintln!("only root can make a small disk; this story was not told");
        return;
    };
    let _ = lab().write(&data);
    world.start_process().await;
    world
        .must("rule.create", ping_rule("default.ping", &json!({}), "core.echo", &json!({"message": "taken"})))
        .await;
    let first = post(&world, 1).await;
    assert_eq!(first.status, 201, "{}", first.body);
    quiet(&world).await;

    // Below the reserve: refused before the disk is really full.
    let filler = disk.fill(16_000_000);
    let seen = &world;
    let refused = wait_until("the low disk is noticed", PATIENCE, || async move {
        let answer = post(seen, 2).await;
        if answer.status == 507 { Ok(answer) } else { Err(answer.body.to_string()) }
    })
    .await;
    assert_eq!(refused.body["code"], "storage_full");
    assert_eq!(world.rpc("event.list", json!({})).await.status, 200, "everything can be read");
    std::fs::remove_file(&filler).unwrap();
    post_until_taken(&world, 2).await;

    // Not a byte left while a run ends: its end is not lost, it waits for space.
    let gate = world.home().join("gate");
    let held = run_until(&world, &gate).await;
    engine_tests::process_of(&world, held).await;
    let filler = disk.fill(200_000_000);
    std::fs::write(&gate, "").unwrap();
    let refused = wait_until("the full disk is noticed", PATIENCE, || async move {
        let answer = post(seen, 3).await;
        if answer.status == 507 { Ok(answer) } else { Err(answer.body.to_string()) }
    })
    .await;
    assert!(refused.body["error"].as_str().unwrap().contains("free"), "{}", refused.body);
    wait_until("the end of the run could not be written down", PATIENCE, || async move {
        let status = seen.must("engine.status", json!({})).await;
        if status["state"] == "faulted" && status["fault"].is_string() {
            Ok(())
        } else {
            Err(status.to_string())
        }
    })
    .await;
    let unfinished = world.must("execution.show", json!({"id": held})).await;
    assert!(unfinished["execution"]["finished_at"].is_null(), "{unfinished}");
    std::fs::remove_file(&filler).unwrap();
    // Nobody has to ask for anything: it tries again by itself.
    wait_until("the end of the run is written down", PATIENCE, || async move {
        let row = seen.must("execution.show", json!({"id": held})).await["execution"].clone();
        if row["status"] == "completed" { Ok(()) } else { Err(row.to_string()) }
    })
    .await;
    let third = post_until_taken(&world, 3).await;
    quiet(&world).await;
    let status = world.must("engine.status", json!({})).await;
    assert_eq!((&status["state"], &status["fault"]), (&json!("running"), &Value::Null));
    world.restart().await;
    let events = world.must("event.list", json!({"trigger": "lab.ping"})).await;
    let ids: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["id"]).collect();
    assert_eq!(ids.len(), 3, "each event once: {ids:?}");
    assert_eq!((ids[0], ids[2]), (&json!(third), &first.body["data"]["id"]));
    let runs = world.must("execution.list", json!({"rule": "default.ping"})).await;
    let runs = runs["executions"].as_array().unwrap();
    assert_eq!(runs.iter().filter(|run| run["status"] == "completed").count(), 3, "{runs:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_as_it_is() {
    let mut world = World::process_with(&[lab()], &[]).await;
    ping(&world, json!({})).await;
    world.stop().await;
    for name in ["state.db", "output.db"] {
        let path = world.data_dir().join(name);
        let set_version = |change: i32| {
            let db = rusqlite::Connection::open(&path).unwrap();
            let found: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
            db.pragma_update(None, "user_version", found + change).unwrap();
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
            db.close().unwrap();
        };
        set_version(7);
        let before = std::fs::read(&path).unwrap();
        let refused = world.attune(&["serve"], "").await;
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(name) && said.contains("newer"), "{said}");
        assert!(std::fs::read(&path).unwrap() == before, "{name} was changed");
        set_version(-7);
    }
    world.start_process().await;
    let events = world.must("event.list", json!({})).await;
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "the right version finds everything");
    world.stop().await;
}

#[tokio::test]
async fn a_second_engine_is_refused_by_the_process_of_the_first() {
    let world = World::start().await;
    let second = world.attune(&["serve"], "").await;
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    let gate = world.home().join("gate");
    std::fs::write(&gate, "").unwrap();
    let id = run_until(&world, &gate).await;
    world.ended(id).await;
    assert_eq!(stdout(&world, id).await, "through\n", "the first one works on");
}
