//! Finding the engine, starting a second one, and what a sensor says on its standard output.

use harness::{PackFiles, World, wait_until};
use serde_json::json;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

fn runtime_files(world: &World) -> Vec<std::path::PathBuf> {
    let folder = world.home().join("run").join("attune-studio");
    std::fs::read_dir(folder)
        .map(|files| files.flatten().map(|file| file.path()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn the_runtime_file_is_the_users_alone_and_goes_with_the_engine() {
    let mut world = World::process().await;
    let files = runtime_files(&world);
    assert_eq!(files.len(), 1, "{files:?}");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&files[0]), 0o600);
    assert_eq!(mode(files[0].parent().unwrap()), 0o700);
    assert_eq!(mode(world.data_dir()), 0o700);
    world.stop().await;
    assert_eq!(runtime_files(&world), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_killed_engine_is_told_from_a_running_one_and_does_not_block_the_next() {
    let mut world = World::process().await;
    world.kill().await;
    assert_eq!(runtime_files(&world).len(), 1, "a crash leaves its file behind");
    let status = world.attune(&["status"], "").await;
    assert_eq!(status.status.code(), Some(3));
    let said = String::from_utf8(status.stderr).unwrap();
    assert!(said.contains("no engine is running") && said.contains("attune serve"), "{said}");
    world.start_process().await;
    let status = world.attune(&["status", "--json"], "").await;
    assert!(status.status.success());
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["state"], &status["pid"]), (&json!("running"), &json!(world.info().pid)));
}

#[tokio::test]
async fn a_second_engine_on_the_same_folder_is_refused_with_the_firsts_process() {
    let world = World::process().await;
    let second = world.attune(&["serve"], "").await;
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&world.info().pid.to_string()) && said.contains("another engine"), "{said}");
    assert_eq!(world.rpc("engine.status", json!({})).await.status, 200, "the first one goes on");
    assert_eq!(runtime_files(&world).len(), 1, "and can still be found");
}

#[tokio::test]
async fn json_on_a_sensors_standard_output_is_a_log_and_makes_no_event() {
    let script = "#!/bin/sh\n\
                  echo '{\"trigger_ref\":\"lab.ping\",\"payload\":{\"n\":1}}'\n\
                  echo '{\"event\":{\"trigger\":\"lab.ping\"}}'\n\
                  exec sleep 600\n";
    let pack = PackFiles::new("lab").trigger("ping").sensor("talker", "ping", script);
    let world = World::start_with(&[pack]).await;
    let rule = json!({
        "ref": "default.ping",
        "draft": {"label": "Ping", "trigger_ref": "lab.ping", "action_ref": "core.noop"},
        "enabled": true,
    });
    world.must("rule.create", rule).await;
    let world = &world;
    wait_until("the sensor's log holds both lines", Duration::from_secs(20), || async move {
        let sensors = world.must("sensor.list", json!({})).await;
        let sensors = sensors["sensors"].as_array().unwrap();
        let talker = sensors.iter().find(|sensor| sensor["ref"] == "lab.talker").unwrap();
        let log = talker["log_tail"].to_string();
        if log.contains("payload") && log.contains("event") { Ok(()) } else { Err(talker.to_string()) }
    })
    .await;
    let events = world.must("event.list", json!({"trigger": "lab.ping"})).await;
    assert_eq!(events["events"], json!([]));
}
