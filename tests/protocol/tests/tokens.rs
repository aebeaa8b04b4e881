//! Who may do what, and for how long.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use door::{ROUTES, Route};
use harness::{World, interval_rule};
use protocol_tests::lab;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

async fn status(world: &World, route: &Route, timer: &Value, token: Option<&str>) -> u16 {
    let path = route.path.replace("{command}", "rule.list");
    let path = if path.contains("/rules/") {
        path.replace("{ref}", "default.ping")
    } else {
        path.replace("{ref}", "lab.ping")
    };
    let request = world.http().request(route.method.clone(), world.url(&path));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let request = match (route.method.as_str(), route.path) {
        ("POST", "/api/v1/events") => request.json(&json!({"trigger_ref": "lab.ping"})),
        ("POST", "/api/v1/misfires") => request.json(&json!({
            "rule_id": timer,
            "first": "2026-03-28T09:00:00Z",
            "last": "2026-03-28T09:02:00Z",
            "count": 3,
            "reason": "asleep",
        })),
        ("POST", _) => request.json(&json!({})),
        _ => request,
    };
    request.send().await.unwrap().status().as_u16()
}

/// 426 is how `/ws` says yes to a request that is no WebSocket.
#[tokio::test]
async fn every_route_knows_whom_it_serves() {
    let mut world = World::start_with(&[lab()]).await;
    let other_engines = world.info().token.clone();
    world.restart().await;
    let rule = json!({
        "ref": "default.ping",
        "draft": {"label": "Ping", "trigger_ref": "lab.ping", "action_ref": "core.noop"},
        "enabled": false,
    });
    world.must("rule.create", rule).await;
    let timer = interval_rule("default.timer", &json!({"interval": 60}), "core.noop", &json!({}), false);
    let timer = world.must("rule.create", timer).await["id"].clone();
    let mut table = String::new();
    let names =
        ["none", "garbage", "expired", "before the restart", "sensor", "other sensor", "execution", "admin"];
    for route in ROUTES {
        // Made anew for each route: a refresh replaces the one that it is asked with.
        let tokens = [
            None,
            Some("garbage".to_owned()),
            Some(world.sensor_token("lab.watcher", &["lab.ping"], Duration::ZERO)),
            Some(other_engines.clone()),
            Some(world.sensor_token("lab.watcher", &["lab.ping", "core.intervaltimer"], HOUR)),
            Some(world.sensor_token("lab.other", &["lab.strict"], HOUR)),
            Some(world.execution_token(1, &["lab.ping"])),
            Some(world.info().token.clone()),
        ];
        let _ = writeln!(table, "{} {}", route.method, route.path);
        for (name, token) in names.iter().zip(&tokens) {
            let _ = writeln!(table, "  {name:<18} {}", status(&world, route, &timer, token.as_deref()).await);
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn the_contract_describes_itself() {
    let world = World::start().await;
    let document = world.get("/api/v1/openapi.json", &world.info().token).await.body;
    assert_eq!(document["openapi"], "3.1.0");
    for route in ROUTES.iter().filter(|route| !route.path.contains("{command}")) {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let scopes: Vec<&str> = route.scopes.iter().map(|scope| scope.as_str()).collect();
        let expected = if scopes.is_empty() { json!([]) } else { json!([{ "bearer": scopes }]) };
        assert_eq!(operation["security"], expected, "{}", route.path);
    }
    assert!(document["paths"]["/api/v1/rpc/rule.create"]["post"]["requestBody"].is_object());
    assert!(document["components"]["schemas"]["RuleDraft"]["properties"]["label"].is_object());
}

#[tokio::test]
async fn an_old_token_says_why_it_is_refused() {
    let mut world = World::start_with(&[lab()]).await;
    let expired = world.sensor_token("lab.watcher", &["lab.ping"], Duration::ZERO);
    let answer = world.post("/api/v1/events", &expired, &json!({"trigger_ref": "lab.ping"})).await;
    assert_eq!((answer.status, &answer.body["code"]), (401, &json!("token_expired")));

    let (admin, sensor) =
        (world.info().token.clone(), world.sensor_token("lab.watcher", &["lab.ping"], HOUR));
    world.restart().await;
    for old in [&admin, &sensor] {
        let answer = world.post("/api/v1/events", old, &json!({"trigger_ref": "lab.ping"})).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthorized")));
        assert!(!answer.body.to_string().contains(old.as_str()));
    }
}

#[tokio::test]
async fn a_token_is_replaced_once_and_posts_in_flight_are_not_lost() {
    let world = World::start_with(&[lab()]).await;
    let old = world.sensor_token("lab.watcher", &["lab.ping"], HOUR);
    let nothing = json!({});
    let (one, two) = tokio::join!(
        world.post("/auth/refresh", &old, &nothing),
        world.post("/api/v1/auth/refresh", &old, &nothing)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "one wins: {one:?} {two:?}");
    let fresh = if one.status == 200 { one.body } else { two.body };
    let token = fresh["token"].as_str().unwrap();
    assert!(
        token != old && fresh["data"]["access_token"] == token && fresh["data"]["token_type"] == "Bearer"
    );
    assert!(fresh["data"]["expires_in"].as_i64().unwrap() > 3_500 && fresh["expires_at"].is_string());
    for token in [token, &old] {
        let answer = world.post("/api/v1/events", token, &json!({"trigger_ref": "lab.ping"})).await;
        assert_eq!(answer.status, 201, "old and new both post for a while");
    }
    assert_eq!(
        world.post("/auth/refresh", &old, &json!({})).await.status,
        401,
        "the old one cannot be renewed again"
    );
    let execution = world.execution_token(1, &[]);
    assert_eq!(world.post("/auth/refresh", &execution, &json!({})).await.status, 403);
    assert_eq!(world.post("/auth/refresh", &world.info().token, &json!({})).await.status, 403);
}
