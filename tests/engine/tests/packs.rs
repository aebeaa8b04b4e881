//! Packs that are broken, and packs that go away.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use engine_tests::{PATIENCE, decisions, lab, ping, ping_rule, run, run_until};
use harness::{PackFiles, World, wait_until};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

async fn pack(world: &World, name: &str) -> Value {
    let list = world.must("pack.list", json!({})).await;
    let mut packs = list["packs"].as_array().unwrap().iter();
    packs.find(|pack| pack["ref"] == name).unwrap_or_else(|| panic!("no {name} in {list}")).clone()
}

fn errors(pack: &Value) -> Vec<&Value> {
    let found = pack["diagnostics"].as_array().unwrap().iter();
    found.filter(|found| found["severity"] == "error").collect()
}

#[tokio::test]
async fn a_broken_file_is_told_by_its_place_and_the_other_packs_work() {
    let broken = PackFiles::new("broken")
        .file(
            "actions/torn.yaml",
            "ref: broken.torn\nlabel: Torn\nrunner_type: [shell\nentry_point: torn.sh\n",
        )
        .file("actions/torn.sh", "#!/bin/sh\n");
    let world = World::start_with(&[lab(), broken]).await;
    let broken = pack(&world, "broken").await;
    assert_eq!(broken["loaded"], false);
    let first = errors(&broken)[0];
    assert_eq!(first["file"], "actions/torn.yaml");
    assert!(first["line"].as_u64().unwrap() >= 3 && first["column"].as_u64().unwrap() >= 1, "{first}");
    let now = world.must("now.read", json!({})).await;
    let told = now["attention"].as_array().unwrap().iter().find(|item| item["kind"] == "pack").unwrap();
    assert!(told["cause"].as_str().unwrap().starts_with("actions/torn.yaml:"), "{told}");

    let id = run(&world, "core.noop", json!({})).await;
    assert_eq!(world.ended(id).await["execution"]["status"], "completed");
    let missing = world.rpc("action.run", json!({"action_ref": "broken.torn"})).await;
    assert_eq!(missing.status, 404, "nothing of a broken pack is in force");

    let folder = world.data_dir().join("packs/broken/actions/torn.yaml");
    let repaired =
        "ref: broken.torn\nlabel: Torn\ndescription: Repaired\nrunner_type: shell\nentry_point: torn.sh\n";
    std::fs::write(folder, repaired).unwrap();
    world.must("pack.reload", json!({})).await;
    let repaired = pack(&world, "broken").await;
    assert_eq!((&repaired["loaded"], errors(&repaired).len()), (&json!(true), 0), "{repaired}");
    let id = run(&world, "broken.torn", json!({})).await;
    assert_eq!(world.ended(id).await["execution"]["status"], "completed");
}

#[tokio::test]
async fn an_entry_point_that_cannot_run_is_told_with_its_line() {
    let action = |name: &str, runner: &str| {
        format!(
            "ref: lame.{name}\nlabel: {name}\ndescription: For a test.\nrunner_type: {runner}\nentry_point: {name}.bin\n"
        )
    };
    let lame = PackFiles::new("lame")
        .file("actions/gone.yaml", &action("gone", "shell"))
        .file("actions/plain.yaml", &action("plain", "native"))
        .file("actions/plain.bin", "not a program");
    let world = World::start_with(&[lame]).await;
    let lame = pack(&world, "lame").await;
    let told: Vec<(&str, u64, &str)> = errors(&lame)
        .into_iter()
        .map(|e| (e["file"].as_str().unwrap(), e["line"].as_u64().unwrap(), e["message"].as_str().unwrap()))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0, told[0].1), ("actions/gone.yaml", 5));
    assert!(told[0].2.contains("no file") && told[0].2.contains("gone.bin"), "{told:?}");
    assert_eq!((told[1].0, told[1].1), ("actions/plain.yaml", 5));
    assert!(told[1].2.contains("not executable") && told[1].2.contains("chmod +x"), "{told:?}");
}

#[tokio::test]
async fn a_script_that_vanished_after_loading_fails_its_run_with_a_sentence() {
    let tool = PackFiles::new("tool")
        .action("script", "#!/bin/sh\n")
        .file("actions/program.yaml", "ref: tool.program\nlabel: Program\ndescription: For a test.\nrunner_type: native\nentry_point: program.sh\n")
        .file("actions/program.sh", "#!/bin/sh\n");
    let world = World::start_with(&[tool]).await;
    let folder = world.data_dir().join("packs/tool/actions");
    std::fs::remove_file(folder.join("script.sh")).unwrap();
    std::fs::set_permissions(folder.join("program.sh"), std::fs::Permissions::from_mode(0o644)).unwrap();
    for (action, said) in [("tool.script", "script.sh"), ("tool.program", "program.sh")] {
        let id = run(&world, action, json!({})).await;
        let row = world.ended(id).await["execution"].clone();
        assert_eq!((&row["status"], &row["started_at"]), (&json!("failed"), &Value::Null), "{row}");
        assert!(row["error"].as_str().unwrap().contains(said), "{row}");
    }
}

#[tokio::test]
async fn runs_that_wait_for_an_action_that_goes_away_fail_and_free_their_places() {
    let world = World::start_with(&[lab(), PackFiles::new("brief").action("visit", "#!/bin/sh\n")]).await;
    let rule = ping_rule("default.visit", &json!({}), "brief.visit", &json!({}));
    world.must("rule.create", rule).await;
    let gate = world.home().join("gate");
    for _ in 0..8 {
        run_until(&world, &gate).await;
    }
    let waiting = run(&world, "brief.visit", json!({})).await;
    std::fs::remove_dir_all(world.data_dir().join("packs/brief")).unwrap();
    world.must("pack.reload", json!({})).await;
    std::fs::write(&gate, "").unwrap();
    let row = world.ended(waiting).await["execution"].clone();
    assert_eq!(row["status"], "failed", "{row}");
    assert!(row["error"].as_str().unwrap().contains("brief.visit"), "{row}");

    let event = ping(&world, json!({})).await;
    let decision = &decisions(&world, event).await[0];
    assert_eq!(decision["outcome"], "error", "{decision}");
    let rule = world.must("rule.show", json!({"ref": "default.visit"})).await;
    assert!(rule["fault"].as_str().unwrap().contains("brief.visit"), "{rule}");
    let world = &world;
    wait_until("every place is free again", PATIENCE, || async move {
        let status = world.must("engine.status", json!({})).await;
        if status["running"] == 0 && status["waiting"] == 0 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}
