//! Rules on timers with the real timer sensor: every planned second once, and nobody disturbs another.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine_tests::{
    decisions, draft_of, events_of, planned, quiet, sensor_in_state, stdout, wait_for_events,
};
use harness::{World, echo_every};
use model::Timestamp;
use serde_json::{Value, json};

const SECOND: i64 = 1_000_000;
const TIMER: &str = "core.timer_sensor";

/// Each instant is one step after the one before: none twice, none missing.
fn assert_grid(instants: &[Timestamp], step: i64) {
    let steps: Vec<i64> = instants.windows(2).map(|pair| pair[1].micros_since(pair[0])).collect();
    assert!(steps.iter().all(|found| *found == step), "steps of {steps:?} µs instead of {step}");
}

#[tokio::test]
async fn each_planned_second_of_two_timers_is_one_event_and_one_run() {
    let world = World::start().await;
    let rules = ["default.one", "default.two"];
    for rule in rules {
        world.must("rule.create", echo_every(rule, 1, rule)).await;
    }
    for rule in rules {
        wait_for_events(&world, rule, 6).await;
    }
    for rule in rules {
        world.must("rule.disable", json!({ "ref": rule })).await;
    }
    quiet(&world).await;
    for rule in rules {
        assert_grid(&planned(&world, rule).await, SECOND);
        for event in events_of(&world, rule).await {
            assert_eq!(event["source"], TIMER);
            let decisions = decisions(&world, event["id"].as_i64().unwrap()).await;
            assert_eq!(decisions.len(), 1, "an event of a timer is for its own rule: {decisions:?}");
            if decisions[0]["outcome"] == "disabled" {
                continue;
            }
            let run = decisions[0]["execution"]["id"].as_i64().unwrap();
            assert_eq!(world.ended(run).await["execution"]["status"], "completed");
            assert_eq!(stdout(&world, run).await, format!("{rule}\n"));
        }
        let matched = world.must("enforcement.list", json!({"rule": rule, "limit": 200})).await;
        let runs = world.must("execution.list", json!({"rule": rule, "limit": 200})).await;
        let count = |list: &Value| list.as_array().unwrap().len();
        assert!(count(&runs["executions"]) >= 6);
        assert_eq!(count(&matched["enforcements"]), count(&runs["executions"]));
    }
}

#[tokio::test]
async fn a_rule_that_is_disabled_or_deleted_stops_and_its_sensor_goes_on() {
    let world = World::start().await;
    for rule in ["default.off", "default.gone", "default.clock"] {
        world.must("rule.create", echo_every(rule, 1, rule)).await;
    }
    for rule in ["default.off", "default.gone", "default.clock"] {
        wait_for_events(&world, rule, 2).await;
    }
    let before = sensor_in_state(&world, TIMER, "running").await;
    world.must("rule.disable", json!({"ref": "default.off"})).await;
    world.must("rule.delete", json!({"ref": "default.gone"})).await;
    let off: Timestamp = now(&world).await;
    // The third rule is the clock by which the silence of the others is heard.
    let heard = events_of(&world, "default.clock").await.len();
    wait_for_events(&world, "default.clock", heard + 4).await;

    let since_then = world.must("event.list", json!({"trigger": "core.intervaltimer", "limit": 200})).await;
    for event in since_then["events"].as_array().unwrap() {
        let created: Timestamp = event["created"].as_str().unwrap().parse().unwrap();
        let late = created.micros_since(off) > SECOND;
        assert!(
            !late || event["rule"]["ref"] == "default.clock",
            "an event {event} long after its rule was stopped"
        );
        if created > off && event["rule"]["ref"] != "default.clock" {
            assert_eq!(event["pips"][0]["outcome"], "disabled", "one that was in flight: {event}");
        }
    }
    assert_grid(&planned(&world, "default.clock").await, SECOND);
    let after = sensor_in_state(&world, TIMER, "running").await;
    assert_eq!(
        (&after["pid"], &after["failures"]),
        (&before["pid"], &json!(0)),
        "the sensor was not started anew"
    );
    world.must("rule.disable", json!({"ref": "default.clock"})).await;
    let stopped = sensor_in_state(&world, TIMER, "stopped").await;
    assert_eq!(stopped["pid"], Value::Null, "no rule needs it any more");
}

async fn now(world: &World) -> Timestamp {
    world.must("engine.status", json!({})).await["now"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn editing_one_timer_leaves_the_grid_of_the_others_alone() {
    let world = World::start().await;
    let mut rules = Vec::new();
    for rule in ["default.faster", "default.reworded", "default.still"] {
        rules.push(world.must("rule.create", echo_every(rule, 2, rule)).await);
    }
    for rule in &rules {
        wait_for_events(&world, rule["ref"].as_str().unwrap(), 1).await;
    }
    let mut faster = draft_of(&rules[0]);
    faster["trigger_params"]["interval"] = json!(1);
    let faster = world.must("rule.update", json!({"ref": "default.faster", "draft": faster})).await;
    let mut reworded = draft_of(&rules[1]);
    reworded["action_params"]["message"] = json!("in other words");
    world.must("rule.update", json!({"ref": "default.reworded", "draft": reworded})).await;

    wait_for_events(&world, "default.still", 3).await;
    wait_for_events(&world, "default.reworded", 3).await;
    assert_grid(&planned(&world, "default.still").await, 2 * SECOND);
    assert_grid(&planned(&world, "default.reworded").await, 2 * SECOND);
    let edited: Timestamp = faster["updated"].as_str().unwrap().parse().unwrap();
    let instants = planned(&world, "default.faster").await;
    let new: Vec<Timestamp> = instants.into_iter().filter(|at| *at > edited).collect();
    assert!(new.len() >= 2, "{new:?}");
    assert_grid(&new, SECOND);
    let run = world.must("execution.list", json!({"rule": "default.reworded", "limit": 1})).await;
    let run = run["executions"][0]["id"].as_i64().unwrap();
    assert_eq!(world.ended(run).await["parameters"]["message"], "in other words");
}

#[tokio::test]
async fn a_bad_interval_is_refused_by_the_name_of_its_field_and_nothing_is_lost() {
    let world = World::start().await;
    world.must("rule.create", echo_every("default.good", 1, "good")).await;
    let before = world.must("rule.list", json!({})).await["rules"].as_array().unwrap().len();
    for (params, field) in [
        (json!({"interval": 0, "unit": "seconds"}), "interval"),
        (json!({"interval": -5, "unit": "seconds"}), "interval"),
        (json!({"interval": "ten", "unit": "seconds"}), "interval"),
        (json!({"interval": 1.5, "unit": "seconds"}), "interval"),
        (json!({"interval": null, "unit": "seconds"}), "interval"),
        (json!({"unit": "seconds"}), "interval"),
        (json!({"interval": 1_000_000_000_000_000_000_u64, "unit": "days"}), "interval"),
        (json!({"interval": 1, "unit": "fortnights"}), "unit"),
        (json!({"interval": 1, "unit": 7}), "unit"),
        (json!({"interval": 1, "type": "cron"}), "type"),
        (json!({"interval": 1, "anchor": "yesterday"}), "anchor"),
        (json!({"intervall": 1}), "intervall"),
    ] {
        let mut request = echo_every("default.bad", 1, "bad");
        request["draft"]["trigger_params"] = params.clone();
        let answer = world.rpc("rule.create", request.clone()).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (422, &json!("invalid")),
            "{params}: {}",
            answer.body
        );
        let fault = &answer.body["details"]["fields"][0];
        assert_eq!(fault["field"], format!("trigger_params.{field}"), "{params}: {fault}");
        assert!(!fault["message"].as_str().unwrap().is_empty());
        let check = world.must("rule.check", json!({"draft": request["draft"], "new": true})).await;
        assert_eq!(&check["errors"][0]["field"], &fault["field"], "the form hears the same: {check}");

        let mut edit = draft_of(&world.must("rule.show", json!({"ref": "default.good"})).await);
        edit["trigger_params"] = params;
        assert_eq!(world.rpc("rule.update", json!({"ref": "default.good", "draft": edit})).await.status, 422);
    }
    let rules = world.must("rule.list", json!({})).await;
    assert_eq!(rules["rules"].as_array().unwrap().len(), before);
    let good = world.must("rule.show", json!({"ref": "default.good"})).await;
    assert_eq!((&good["version"], &good["state"]), (&json!(1), &json!("enabled")));
    wait_for_events(&world, "default.good", 1).await;
}
