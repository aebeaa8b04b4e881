//! Events as sensors post them, good and bad. What is refused leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{Answer, World};
use protocol_tests::lab;
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

async fn world() -> World {
    World::start_with(&[lab()]).await
}

async fn post_text(world: &World, body: impl Into<reqwest::Body>) -> Answer {
    let request = world.http().post(world.url("/api/v1/events")).bearer_auth(&world.info().token);
    let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
    let status = response.status().as_u16();
    Answer { status, body: response.json().await.unwrap() }
}

async fn stored(world: &World, answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{answer:?}");
    world.must("event.show", json!({"id": answer.body["data"]["id"]})).await
}

async fn count(world: &World) -> usize {
    world.must("event.list", json!({})).await["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_payload_is_what_its_trigger_says() {
    let world = world().await;
    for payload in [
        json!(null),
        json!([]),
        json!("x"),
        json!(5),
        json!({}),
        json!({"value": "1"}),
        json!({"value": 1.5}),
    ] {
        let answer = world.post_event(&json!({"trigger_ref": "lab.strict", "payload": payload})).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (422, &json!("invalid")),
            "{payload}: {}",
            answer.body
        );
        let field = answer.body["details"]["fields"][0]["field"].as_str().unwrap();
        assert!(field.starts_with("payload"), "{payload}: {field}");
    }
    for payload in [json!(null), json!([]), json!("x"), json!(5)] {
        let answer = world.post_event(&json!({"trigger_ref": "lab.ping", "payload": payload})).await;
        assert_eq!(answer.status, 422, "{payload}");
    }
    assert_eq!(count(&world).await, 0);
    let good =
        world.post_event(&json!({"trigger_ref": "lab.strict", "payload": {"value": 1, "more": true}})).await;
    assert_eq!(stored(&world, &good).await["payload"], json!({"value": 1, "more": true}));
    assert_eq!(
        world.post_event(&json!({"trigger_type": "lab.ping"})).await.status,
        201,
        "the other name of trigger_ref"
    );
}

#[tokio::test]
async fn an_unknown_trigger_is_named_with_the_nearest() {
    let world = world().await;
    let answer = world.post_event(&json!({"trigger_ref": "lab.pang"})).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body["error"].as_str().unwrap().contains("did you mean `lab.ping`?"), "{answer:?}");
    for body in [json!([]), json!("x"), json!({}), json!({"trigger_ref": 5}), json!({"trigger_ref": "../x"})]
    {
        assert_eq!(world.post_event(&body).await.status, 422, "{body}");
    }
}

#[tokio::test]
async fn json_is_read_one_way_or_not_at_all() {
    let world = world().await;
    let payload = |text: &str| format!(r#"{{"trigger_ref":"lab.ping","payload":{{"v":{text}}}}}"#);
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    for refused in [
        deep(10_000).as_str(),
        &deep(63),
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "12345678901234567890123",
        "0.12345678901234567890123",
        r#""\ud800""#,
        r#""\udc00x""#,
        "01",
        "'x'",
        "\"\n\"",
        "",
    ] {
        let answer = post_text(&world, payload(refused)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("invalid")),
            "{refused}: {}",
            answer.body
        );
    }
    assert_eq!(
        post_text(&world, b"{\"trigger_ref\":\"lab.ping\",\"payload\":{\"v\":\"\xff\"}}".to_vec())
            .await
            .status,
        400
    );
    assert_eq!(post_text(&world, "{} {}").await.status, 400);
    assert_eq!(count(&world).await, 0);

    for kept in [
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
        "1e300",
        "1700000000.1234567",
        "-0.0",
        &deep(62),
    ] {
        let answer = post_text(&world, payload(kept)).await;
        let event = stored(&world, &answer).await;
        assert_eq!(event["payload"]["v"], serde_json::from_str::<Value>(kept).unwrap(), "{kept}");
    }
    // Of two equal keys the last one counts, everywhere.
    let twice = r#"{"trigger_ref":"lab.nothing","trigger_ref":"lab.ping","payload":{"a":1,"a":2}}"#;
    let answer = post_text(&world, twice).await;
    assert_eq!(stored(&world, &answer).await["payload"], json!({"a": 2}));
    let long = "k".repeat(10_000);
    let odd = json!({"": 1, "__proto__": {"x": 1}, "constructor": 2, "nul": "a\u{0}b", (long.as_str()): 3});
    let answer = world.post_event(&json!({"trigger_ref": "lab.ping", "payload": odd})).await;
    assert_eq!(stored(&world, &answer).await["payload"], odd);
}

#[tokio::test]
async fn a_sensor_speaks_for_its_own_triggers_and_rules() {
    let world = world().await;
    let token = world.sensor_token("lab.watcher", &["lab.ping"], HOUR);
    let post = async |body: Value| world.post("/api/v1/events", &token, &body).await;
    assert_eq!(post(json!({"trigger_ref": "lab.ping"})).await.status, 201);
    assert_eq!(post(json!({"trigger_ref": "lab.strict", "payload": {"value": 1}})).await.status, 403);
    assert_eq!(post(json!({"trigger_ref": "core.intervaltimer"})).await.status, 403);

    let timer = harness::interval_rule(
        "default.day",
        &json!({"interval": 1, "unit": "days"}),
        "core.noop",
        &json!({}),
        true,
    );
    let timer = world.must("rule.create", timer).await;
    for instance in [
        json!("rule_999999"),
        json!(format!("rule_{}", timer["id"])),
        json!("rule_-1"),
        json!("rule_1 OR 1=1"),
        json!("rule_"),
        json!(""),
        json!(5),
    ] {
        let answer = post(json!({"trigger_ref": "lab.ping", "trigger_instance_id": instance})).await;
        assert_eq!(answer.status, 422, "{instance}: {}", answer.body);
    }
    assert_eq!(count(&world).await, 1);
}

fn ping_rule(name: &str, enabled: bool) -> Value {
    json!({
        "ref": name,
        "draft": {"label": name, "trigger_ref": "lab.ping", "action_ref": "core.noop"},
        "enabled": enabled,
    })
}

#[tokio::test]
async fn an_event_for_a_rule_that_has_gone_never_runs_anything() {
    let world = world().await;
    let rule = world.must("rule.create", ping_rule("default.gone", true)).await;
    world.must("rule.delete", json!({"ref": "default.gone"})).await;
    let off = world.must("rule.create", ping_rule("default.off", false)).await;
    for rule in [&rule, &off] {
        let body = json!({"trigger_ref": "lab.ping", "trigger_instance_id": format!("rule_{}", rule["id"])});
        let answer = world.post_event(&body).await;
        if answer.status == 201 {
            let event = stored(&world, &answer).await;
            for decision in event["decisions"].as_array().unwrap() {
                assert_eq!(decision["outcome"], "disabled");
            }
        } else {
            assert_eq!(answer.status, 422, "{answer:?}");
        }
    }
    assert_eq!(world.must("execution.list", json!({})).await["executions"], json!([]));
}

#[tokio::test]
async fn a_dedupe_key_makes_a_repeat_the_same_event() {
    let world = world().await;
    let token = world.sensor_token("lab.watcher", &["lab.ping"], HOUR);
    let post = async |key: Value, payload: Value| {
        world
            .post(
                "/api/v1/events",
                &token,
                &json!({"trigger_ref": "lab.ping", "payload": payload, "dedupe_key": key}),
            )
            .await
    };
    let first = post(json!("k"), json!({"a": 1, "b": 2})).await;
    assert_eq!(first.status, 201);
    let again = post(json!("k"), json!({"b": 2, "a": 1})).await;
    assert_eq!(
        (again.status, &again.body["data"]["id"]),
        (200, &first.body["data"]["id"]),
        "the order of keys is no content"
    );
    let other = post(json!("k"), json!({"a": 1, "b": 3})).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("conflict")), "{other:?}");
    assert_eq!(stored(&world, &first).await["payload"], json!({"a": 1, "b": 2}), "the first one stays");

    // Two sensors may have the same idea of a key.
    let stranger = world.sensor_token("lab.other", &["lab.strict"], HOUR);
    let body = json!({"trigger_ref": "lab.strict", "payload": {"value": 1}, "dedupe_key": "k"});
    assert_eq!(world.post("/api/v1/events", &stranger, &body).await.status, 201);

    assert_eq!(post(json!("é🦀".repeat(42)), json!({})).await.status, 201, "252 bytes");
    for bad in [json!(""), json!("x".repeat(257)), json!("x".repeat(10_000)), json!(5)] {
        assert_eq!(post(bad.clone(), json!({})).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn an_instant_has_a_zone_and_a_sensible_year() {
    let world = world().await;
    for bad in [
        "0001-01-01T00:00:00Z",
        "2026-03-28T00:00:00",
        "yesterday",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
    ] {
        let answer = world.rpc("event.list", json!({"from": bad})).await;
        assert_eq!(answer.status, 422, "{bad}: {}", answer.body);
    }
    // A leap second is taken as the second after it.
    for good in ["9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2026-03-28T00:00:00+01:00"] {
        assert_eq!(world.rpc("event.list", json!({"from": good})).await.status, 200, "{good}");
    }
}

#[tokio::test]
async fn a_flood_of_one_sensor_is_told_to_wait_and_others_are_not() {
    let world = world().await;
    let flood = world.sensor_token("lab.watcher", &["lab.ping"], HOUR);
    let mut told = None;
    for _ in 0..2_000 {
        let request = world.http().post(world.url("/api/v1/events")).bearer_auth(&flood);
        let response = request.json(&json!({"trigger_ref": "lab.ping"})).send().await.unwrap();
        if response.status() == 429 {
            told = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            break;
        }
        assert_eq!(response.status(), 201);
    }
    assert_eq!(told.as_deref(), Some("1"), "a flood must be told to wait");
    let calm = world.sensor_token("lab.other", &["lab.strict"], HOUR);
    let body = json!({"trigger_ref": "lab.strict", "payload": {"value": 1}});
    assert_eq!(world.post("/api/v1/events", &calm, &body).await.status, 201);
}
