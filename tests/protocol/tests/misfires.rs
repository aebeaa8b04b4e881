//! What sensors report of planned instants that they could not fire.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{Answer, World, interval_rule};
use protocol_tests::lab;
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const TIMER: &str = "core.intervaltimer";

/// A timer rule that no sensor serves, because it is off.
async fn timer(world: &World, name: &str) -> i64 {
    let rule = interval_rule(name, &json!({"interval": 60}), "core.noop", &json!({}), false);
    world.must("rule.create", rule).await["id"].as_i64().unwrap()
}

fn report(rule: i64, first: &str, last: &str, count: u64) -> Value {
    json!({
        "rule_id": rule,
        "first": format!("2026-03-28T{first}Z"),
        "last": format!("2026-03-28T{last}Z"),
        "count": count,
        "reason": "not_running",
    })
}

/// A fire as the timer sensor posts it.
fn fire(rule: i64, at: &str) -> Value {
    json!({
        "trigger_ref": TIMER,
        "trigger_instance_id": format!("rule_{rule}"),
        "dedupe_key": format!("rule_{rule}@{at}"),
        "payload": {
            "type": "interval", "interval": 60, "unit": "seconds", "interval_seconds": 60,
            "scheduled_at": format!("2026-03-28T{at}Z"), "fired_at": "2026-03-28T12:00:00Z", "delay_ms": 0,
            "execution_count": 1, "next_fire_at": "2026-03-29T12:00:00Z", "misfired": false,
            "sensor_ref": "core.timer_sensor",
        },
    })
}

async fn post(world: &World, token: &str, body: &Value) -> Answer {
    world.post("/api/v1/misfires", token, body).await
}

#[tokio::test]
async fn what_was_missed_is_recorded_once_and_stays_missed() {
    let mut world = World::start().await;
    let rule = timer(&world, "default.timer").await;
    let token = world.sensor_token("core.timer_sensor", &[TIMER], HOUR);
    let missed = report(rule, "09:00:00", "09:02:00", 3);
    let first = post(&world, &token, &missed).await;
    assert_eq!((first.status, &first.body["data"]["repeated"]), (201, &json!(false)));
    let id = first.body["data"]["id"].clone();
    for again in
        [&missed, &report(rule, "08:00:00", "08:30:00", 31), &report(rule, "09:02:00", "09:02:00", 1)]
    {
        let answer = post(&world, &token, again).await;
        assert_eq!((answer.status, answer.body), (200, json!({"data": {"id": null, "repeated": true}})));
    }
    let seen = world.get("/api/v1/rules/default.timer", &token).await.body;
    assert_eq!(seen["data"]["handled_until"], "2026-03-28T09:02:00Z");

    let gone = world.post("/api/v1/events", &token, &fire(rule, "09:01:00")).await;
    assert_eq!((gone.status, &gone.body["code"]), (409, &json!("conflict")), "{}", gone.body);
    assert!(gone.body["error"].as_str().unwrap().contains("recorded as missed"));
    let next = world.post("/api/v1/events", &token, &fire(rule, "09:03:00")).await;
    assert_eq!(next.status, 201, "{}", next.body);
    let later = post(&world, &token, &report(rule, "09:04:00", "09:05:00", 2)).await;
    assert_eq!(later.status, 201);

    world.restart().await;
    let ledger = world.must("misfire.list", json!({"rule": "default.timer"})).await;
    let rows: Vec<&Value> = ledger["misfires"].as_array().unwrap().iter().collect();
    assert_eq!((rows.len(), &ledger["next"]), (2, &Value::Null));
    assert_eq!(
        (&rows[1]["id"], &rows[1]["count"], &rows[1]["reason"]),
        (&id, &json!(3), &json!("not_running"))
    );
    assert_eq!(
        (&rows[0]["id"], &rows[0]["rule"]["ref"]),
        (&later.body["data"]["id"], &json!("default.timer"))
    );
    let page = world.must("misfire.list", json!({"limit": 1})).await;
    assert_eq!((&page["misfires"][0]["id"], &page["next"]), (&rows[0]["id"], &rows[0]["id"]));
    let token = world.sensor_token("core.timer_sensor", &[TIMER], HOUR);
    assert_eq!(post(&world, &token, &missed).await.status, 200, "also the next engine knows it");
}

#[tokio::test]
async fn a_report_that_is_wrong_is_refused_by_the_name_of_its_field() {
    let world = World::start_with(&[lab()]).await;
    let rule = timer(&world, "default.timer").await;
    let ping = json!({
        "ref": "default.ping",
        "draft": {"label": "Ping", "trigger_ref": "lab.ping", "action_ref": "core.noop"},
        "enabled": false,
    });
    let ping = world.must("rule.create", ping).await["id"].as_i64().unwrap();
    let token = world.sensor_token("core.timer_sensor", &[TIMER], HOUR);
    let good = report(rule, "09:00:00", "09:02:00", 3);
    for (field, value, part) in [
        ("rule_id", json!(999), "there is no rule with the id 999"),
        ("rule_id", json!(ping), "`lab.ping`, which this token is not for"),
        ("rule_id", json!("rule_1"), "a whole number"),
        ("last", json!("2026-03-28T08:59:00Z"), "before the first"),
        ("last", json!("2999-01-01T00:00:00Z"), "still to come"),
        ("last", json!("yesterday"), "RFC 3339"),
        ("first", json!(null), "missing"),
        ("count", json!(0), "from 1 on"),
        ("count", json!(1e300), "from 1 on"),
        ("reason", json!("disabled"), "expected one of asleep, not_running, clock_changed, limit"),
        ("reason", json!("aslep"), "did you mean `asleep`?"),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        let answer = post(&world, &token, &wrong).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (422, &json!("invalid")),
            "{wrong}: {}",
            answer.body
        );
        let fault = &answer.body["details"]["fields"][0];
        assert_eq!(fault["field"], field, "{wrong}: {}", answer.body);
        assert!(fault["message"].as_str().unwrap().contains(part), "{}", answer.body);
    }
    let mut alone = report(rule, "09:00:00", "09:00:00", 1);
    alone["count"] = json!(2);
    assert_eq!(post(&world, &token, &alone).await.body["details"]["fields"][0]["field"], "count");
    let other = world.sensor_token("lab.watcher", &["lab.ping"], HOUR);
    assert_eq!(post(&world, &other, &good).await.status, 422, "a rule of another sensor's trigger");
    assert_eq!(post(&world, &other, &report(ping, "09:00:00", "09:02:00", 3)).await.status, 422, "no timer");
    let action = world.execution_token(1, &[TIMER]);
    assert_eq!(post(&world, &action, &good).await.status, 403);
    let listed = world.must("misfire.list", json!({})).await;
    assert_eq!(listed["misfires"], json!([]), "nothing of it is recorded");
    assert_eq!(world.rpc("misfire.list", json!({"rule": "default.timmer"})).await.status, 404);
}
