//! What an engine finds when it starts again, after an end in order and after a crash.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine_tests::{
    events_of, is_alive, lab, ping, ping_rule, process_of, quiet, run, run_until, stdout, wait_for_events,
};
use harness::{World, echo_every};
use serde_json::{Value, json};

async fn everything(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for command in ["rule.list", "event.list", "enforcement.list", "execution.list", "pack.list"] {
        all.push(world.must(command, json!({})).await);
    }
    // Where a rule fires next depends on when one asks.
    for row in all[0]["rules"].as_array_mut().unwrap() {
        row["rule"]["next_fire"] = Value::Null;
    }
    all
}

#[tokio::test]
async fn after_an_end_in_order_everything_is_there() {
    let mut world = World::process_with(&[lab()], &[]).await;
    world
        .must(
            "rule.create",
            ping_rule(
                "default.echo",
                &json!({}),
                "core.echo",
                &json!({"message": "kept: {{ event.payload.n }}"}),
            ),
        )
        .await;
    world.must("rule.create", echo_every("default.daily", 86_400, "daily")).await;
    let events = [ping(&world, json!({"n": 1})).await, ping(&world, json!({"n": 2})).await];
    quiet(&world).await;
    let before = everything(&world).await;
    world.restart().await;
    assert_eq!(everything(&world).await, before);
    let run =
        world.must("event.show", json!({"id": events[1]})).await["decisions"][0]["execution"]["id"].clone();
    assert_eq!(stdout(&world, run.as_i64().unwrap()).await, "kept: 2\n");
    let next = ping(&world, json!({"n": 3})).await;
    assert_eq!(next, events[1] + 1, "ids go on rising");
    quiet(&world).await;
    world.stop().await;
}

#[tokio::test]
async fn after_a_crash_what_ran_is_abandoned_and_what_waited_goes_on() {
    let mut world = World::process().await;
    let gate = world.home().join("gate");
    let mut running = Vec::new();
    for _ in 0..8 {
        running.push(run_until(&world, &gate).await);
    }
    let mut pids = Vec::new();
    for id in &running {
        pids.push(process_of(&world, *id).await);
    }
    let mut waiting = Vec::new();
    for n in 0..3 {
        waiting.push(run(&world, "core.echo", json!({"message": format!("waited {n}")})).await);
    }
    world.kill().await;
    world.start_process().await;
    for id in running {
        let row = world.ended(id).await["execution"].clone();
        assert_eq!((&row["status"], &row["attempt"]), (&json!("abandoned"), &json!(1)), "{row}");
        assert!(row["error"].as_str().unwrap().contains("engine stopped"), "{row}");
    }
    assert!(!pids.into_iter().any(is_alive), "nothing of the dead engine runs on");
    for (n, id) in waiting.into_iter().enumerate() {
        let row = world.ended(id).await["execution"].clone();
        assert_eq!((&row["status"], &row["attempt"]), (&json!("completed"), &json!(1)), "{row}");
        assert_eq!(stdout(&world, id).await, format!("waited {n}\n"));
    }
    world.stop().await;
}

#[tokio::test]
async fn an_end_in_order_cancels_what_runs_and_keeps_what_waits() {
    let mut world = World::process().await;
    let gate = world.home().join("gate");
    let mut running = Vec::new();
    for _ in 0..8 {
        running.push(run_until(&world, &gate).await);
    }
    process_of(&world, running[7]).await;
    let waiting = run(&world, "core.echo", json!({"message": "later"})).await;
    world.restart().await;
    for id in running {
        assert_eq!(world.ended(id).await["execution"]["status"], "cancelled");
    }
    assert_eq!(world.ended(waiting).await["execution"]["status"], "completed");
    assert_eq!(stdout(&world, waiting).await, "later\n");
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_rule_comes_back_as_it_was_with_its_past() {
    let mut world = World::process_with(&[lab()], &[]).await;
    let made = world
        .must("rule.create", ping_rule("default.back", &json!({}), "core.echo", &json!({"message": "hello"})))
        .await;
    let before = ping(&world, json!({})).await;
    quiet(&world).await;
    world.must("rule.delete", json!({"ref": "default.back"})).await;
    assert_eq!(world.rpc("rule.show", json!({"ref": "default.back"})).await.status, 404);
    let unseen = ping(&world, json!({})).await;
    assert_eq!(engine_tests::decisions(&world, unseen).await, [] as [Value; 0]);
    let past = world.must("event.show", json!({"id": before})).await;
    assert_eq!(past["decisions"][0]["rule"]["label"], "default.back", "its past can still be told: {past}");
    world.restart().await;
    let back = world.must("rule.restore", json!({"ref": "default.back"})).await;
    for field in ["id", "ref", "label", "state", "version", "action_params", "created"] {
        assert_eq!(back[field], made[field], "{field}");
    }
    ping(&world, json!({})).await;
    quiet(&world).await;
    assert_eq!(events_of(&world, "default.back").await.len(), 2);
    world.restart().await;
    assert_eq!(world.must("rule.show", json!({"ref": "default.back"})).await["id"], made["id"]);
    let never = world.rpc("rule.restore", json!({"ref": "default.never"})).await;
    assert_eq!(never.status, 404);
    world.stop().await;
}

#[tokio::test]
async fn a_starter_rule_that_was_deleted_stays_deleted() {
    let mut world = World::process().await;
    let starter = json!({"ref": "core.echo_every_second"});
    assert_eq!(world.must("rule.show", starter.clone()).await["state"], "disabled");
    world.must("rule.delete", starter.clone()).await;
    world.restart().await;
    assert_eq!(world.rpc("rule.show", starter.clone()).await.status, 404);
    world.must("pack.reload", json!({})).await;
    assert_eq!(world.rpc("rule.show", starter.clone()).await.status, 404);
    world.must("rule.restore", starter.clone()).await;
    world.restart().await;
    assert_eq!(world.must("rule.show", starter).await["state"], "disabled");
    world.stop().await;
}

#[tokio::test]
async fn a_timer_goes_on_in_its_grid_after_a_crash() {
    let mut world = World::process().await;
    world.must("rule.create", echo_every("default.tick", 1, "tick")).await;
    wait_for_events(&world, "default.tick", 2).await;
    world.kill().await;
    world.start_process().await;
    wait_for_events(&world, "default.tick", 5).await;
    let instants = engine_tests::planned(&world, "default.tick").await;
    for pair in instants.windows(2) {
        let step = pair[1].micros_since(pair[0]);
        assert!(step > 0 && step % 1_000_000 == 0, "{step} µs between two fires");
    }
    world.stop().await;
}
