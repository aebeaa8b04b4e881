//! Sensors that misbehave cost nobody else anything.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine_tests::{PATIENCE, is_alive, ping, ping_rule, quiet, run, sensor, sensor_in_state};
use harness::{PackFiles, World, wait_until};
use model::limits;
use serde_json::json;

fn pack_with_sensor(script: &str) -> PackFiles {
    PackFiles::new("lab").trigger("ping").sensor("watcher", "ping", script)
}

async fn start(script: &str) -> World {
    let world = World::start_with(&[pack_with_sensor(script)]).await;
    world.must("rule.create", ping_rule("default.ping", &json!({}), "core.noop", &json!({}))).await;
    world
}

#[tokio::test]
async fn a_sensor_that_dies_at_once_rests_longer_each_time_and_calls_for_a_person_at_the_third() {
    let world = start("#!/bin/sh\necho 'no device' >&2\nexit 3\n").await;
    let seen = &world;
    let told = wait_until("the sensor needs a person", PATIENCE, || async move {
        let now = seen.must("now.read", json!({})).await;
        let found =
            now["attention"].as_array().unwrap().iter().find(|item| item["kind"] == "sensor").cloned();
        found.ok_or_else(|| now["attention"].to_string())
    })
    .await;
    assert_eq!(told["subject"], "lab.watcher");
    assert!(told["cause"].as_str().unwrap().contains("exit code 3"), "{told}");
    let failures: u32 = told["happened"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!(failures >= 3, "{told}");
    let sensor = sensor(&world, "lab.watcher").await;
    assert!(sensor["failures"].as_u64().unwrap() >= 3 && sensor["next_try_at"].is_string(), "{sensor}");
    assert!(sensor["log_tail"].to_string().contains("no device"), "{sensor}");

    let event = ping(&world, json!({})).await;
    quiet(&world).await;
    let decisions = engine_tests::decisions(&world, event).await;
    assert_eq!(decisions[0]["execution"]["status"], "completed", "its rule and everybody else work on");
    // A repaired sensor does not have to wait for the end of its rest.
    let script = world.data_dir().join("packs/lab/sensors/watcher.sh");
    std::fs::write(script, "#!/bin/sh\nexec sleep 600\n").unwrap();
    world.must("sensor.restart", json!({"ref": "lab.watcher"})).await;
    let well = sensor_in_state(&world, "lab.watcher", "running").await;
    assert_eq!(well["failures"], 0);
    world.must("rule.disable", json!({"ref": "default.ping"})).await;
    sensor_in_state(&world, "lab.watcher", "stopped").await;
}

#[tokio::test]
async fn a_sensor_that_cannot_be_started_says_why() {
    let world = start("#!/bin/sh\nexec sleep 600\n").await;
    world.must("rule.disable", json!({"ref": "default.ping"})).await;
    sensor_in_state(&world, "lab.watcher", "stopped").await;
    std::fs::remove_file(world.data_dir().join("packs/lab/sensors/watcher.sh")).unwrap();
    world.must("rule.enable", json!({"ref": "default.ping"})).await;
    let seen = &world;
    let sensor = wait_until("the sensor says what is wrong", PATIENCE, || async move {
        let sensor = sensor(seen, "lab.watcher").await;
        if sensor["last_error"].is_string() { Ok(sensor) } else { Err(sensor.to_string()) }
    })
    .await;
    assert!(["failed", "backoff"].contains(&sensor["state"].as_str().unwrap()), "{sensor}");
    assert_eq!(run_noop(&world).await, "completed");
}

async fn run_noop(world: &World) -> String {
    let id = run(world, "core.noop", json!({})).await;
    world.ended(id).await["execution"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sensor_that_floods_its_output_fills_three_files_and_no_more() {
    let world =
        start("#!/bin/sh\nhead -c 35000000 /dev/zero | tr '\\0' x\necho\necho flooded\nexec sleep 600\n")
            .await;
    let logs = world.data_dir().join("logs");
    let sizes = || -> Vec<(String, u64)> {
        let files = std::fs::read_dir(&logs).into_iter().flatten().flatten();
        let mut sizes: Vec<_> = files
            .filter(|file| file.file_name().to_string_lossy().starts_with("sensor-lab.watcher"))
            .map(|file| (file.file_name().to_string_lossy().into_owned(), file.metadata().unwrap().len()))
            .collect();
        sizes.sort();
        sizes
    };
    let world = &world;
    wait_until("the whole flood has been kept or dropped", PATIENCE, || async move {
        let sensor = sensor(world, "lab.watcher").await;
        let tail = sensor["log_tail"].as_array().unwrap();
        if tail.last().is_some_and(|line| line == "flooded") {
            Ok(())
        } else {
            Err(sensor["state"].to_string())
        }
    })
    .await;
    let sizes = sizes();
    let names: Vec<&str> = sizes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["sensor-lab.watcher.log", "sensor-lab.watcher.log.1", "sensor-lab.watcher.log.2"]);
    assert!(sizes.iter().all(|(_, bytes)| *bytes <= limits::SENSOR_LOG_BYTES), "{sizes:?}");
    assert_eq!(run_noop(world).await, "completed");
    assert_eq!(sensor(world, "lab.watcher").await["state"], "running");
    world.must("rule.disable", json!({"ref": "default.ping"})).await;
    sensor_in_state(world, "lab.watcher", "stopped").await;
}

#[tokio::test]
async fn a_sensor_that_ignores_being_told_to_end_is_ended_after_the_grace() {
    let world = start("#!/bin/sh\ntrap '' TERM INT\necho deaf\nwhile :; do sleep 1; done\n").await;
    let seen = &world;
    // Only once it has said so does it ignore the signal.
    let pid = wait_until("the sensor is deaf", PATIENCE, || async move {
        let sensor = sensor(seen, "lab.watcher").await;
        let deaf = sensor["log_tail"].to_string().contains("deaf");
        sensor["pid"].as_u64().filter(|_| deaf).ok_or_else(|| sensor.to_string())
    })
    .await;
    let pid = u32::try_from(pid).unwrap();
    assert!(is_alive(pid));
    world.must("rule.delete", json!({"ref": "default.ping"})).await;
    assert_eq!(run_noop(&world).await, "completed", "nobody waits for it");
    assert!(is_alive(pid), "it is given a grace");
    let stopped = sensor_in_state(&world, "lab.watcher", "stopped").await;
    assert!(stopped["pid"].is_null() && !is_alive(pid), "{stopped}");
}
