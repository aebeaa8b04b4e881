//! What the stories of the engine share: a pack to try things with, and ways to wait and to look.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use harness::{PackFiles, World, wait_until};
use model::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A trigger that people post by hand; no sensor watches for it.
#[must_use]
pub fn lab() -> PackFiles {
    PackFiles::new("lab").trigger("ping")
}

/// A request for an enabled rule on `lab.ping`.
#[must_use]
pub fn ping_rule(name: &str, conditions: &Value, action: &str, action_params: &Value) -> Value {
    json!({
        "ref": name,
        "draft": {
            "label": name,
            "trigger_ref": "lab.ping",
            "conditions": conditions,
            "action_ref": action,
            "action_params": action_params,
        },
        "enabled": true,
    })
}

/// The draft in the view of a rule, to be changed and saved.
#[must_use]
pub fn draft_of(rule: &Value) -> Value {
    const FIELDS: [&str; 9] = [
        "label",
        "description",
        "tags",
        "trigger_ref",
        "trigger_params",
        "conditions",
        "action_ref",
        "action_params",
        "timeout_seconds",
    ];
    FIELDS.iter().map(|name| ((*name).to_owned(), rule[*name].clone())).collect()
}

/// Posts `lab.ping` as the person; answers the id of the event.
///
/// # Panics
/// Where it is refused.
pub async fn ping(world: &World, payload: Value) -> i64 {
    let answer = world.post_event(&json!({"trigger_ref": "lab.ping", "payload": payload})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["data"]["id"].as_i64().expect("an event has an id")
}

/// What the rules made of an event.
///
/// # Panics
/// Where there is no such event.
pub async fn decisions(world: &World, event: i64) -> Vec<Value> {
    let event = world.must("event.show", json!({ "id": event })).await;
    event["decisions"].as_array().expect("an event has decisions").clone()
}

/// The newest 200 events that a rule looked at, oldest first.
///
/// # Panics
/// Where the engine refuses.
pub async fn events_of(world: &World, rule: &str) -> Vec<Value> {
    let page = world.must("event.list", json!({"rule": rule, "limit": 200})).await;
    let mut events = page["events"].as_array().expect("a page has events").clone();
    events.reverse();
    events
}

/// The planned instants of a timer rule's events, oldest first.
///
/// # Panics
/// Where an event has none.
pub async fn planned(world: &World, rule: &str) -> Vec<Timestamp> {
    let instant = |event: &Value| event["facts"]["scheduled_at"].as_str().and_then(|text| text.parse().ok());
    let events = events_of(world, rule).await;
    events.iter().map(|event| instant(event).expect("an event of a timer has a planned instant")).collect()
}

/// Waits until a rule has looked at that many events.
///
/// # Panics
/// Where it does not in time.
pub async fn wait_for_events(world: &World, rule: &str, count: usize) {
    let what = format!("{rule} has looked at {count} events");
    wait_until(&what, PATIENCE, || async move {
        let found = events_of(world, rule).await.len();
        if found >= count { Ok(()) } else { Err(format!("{found} events")) }
    })
    .await;
}

/// Waits until nothing runs and nothing waits to run.
///
/// # Panics
/// Where that does not come about in time.
pub async fn quiet(world: &World) {
    wait_until("no run is under way", PATIENCE, || async move {
        let status = world.must("engine.status", json!({})).await;
        if status["running"] == 0 && status["waiting"] == 0 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}

/// Waits until a run has a process; answers its id.
///
/// # Panics
/// Where it does not in time.
pub async fn process_of(world: &World, execution: i64) -> u32 {
    let what = format!("run {execution} has a process");
    wait_until(&what, PATIENCE, || async move {
        let detail = world.must("execution.show", json!({ "id": execution })).await;
        let pid = detail["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
        pid.ok_or_else(|| detail["execution"].to_string())
    })
    .await
}

/// Everything that a run wrote to its standard output.
///
/// # Panics
/// Where the engine refuses.
pub async fn stdout(world: &World, execution: i64) -> String {
    let page = world.must("execution.output", json!({"id": execution, "stream": "stdout"})).await;
    let chunks = page["chunks"].as_array().expect("a page of output has chunks").iter();
    chunks.map(|chunk| chunk["data"].as_str().unwrap_or_default()).collect()
}

/// One sensor as `sensor.list` tells it.
///
/// # Panics
/// Where there is none of that name.
pub async fn sensor(world: &World, name: &str) -> Value {
    let list = world.must("sensor.list", json!({})).await;
    let mut sensors = list["sensors"].as_array().expect("a list of sensors").iter();
    sensors.find(|sensor| sensor["ref"] == name).expect("the sensor is known").clone()
}

/// Waits until a sensor is in a state; answers it.
///
/// # Panics
/// Where it does not get there in time.
pub async fn sensor_in_state(world: &World, name: &str, state: &str) -> Value {
    let what = format!("{name} is {state}");
    wait_until(&what, PATIENCE, || async move {
        let sensor = sensor(world, name).await;
        if sensor["state"] == state { Ok(sensor) } else { Err(sensor.to_string()) }
    })
    .await
}

/// Whether a process is there and is more than a zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| !matches!(state, "Z" | "X"))
}

/// Runs `core.shell` until the gate, a file, is there; answers the id of the run.
///
/// # Panics
/// Where it is refused.
pub async fn run_until(world: &World, gate: &Path) -> i64 {
    let script = "until [ -e \"$1\" ]; do sleep 0.02; done; echo through";
    let parameters = json!({"script": script, "args": [gate]});
    run(world, "core.shell", parameters).await
}

/// Runs an action by hand; answers the id of the run.
///
/// # Panics
/// Where it is refused.
pub async fn run(world: &World, action: &str, parameters: Value) -> i64 {
    let run = world.must("action.run", json!({"action_ref": action, "parameters": parameters})).await;
    run["id"].as_i64().expect("a run has an id")
}

/// A request for an enabled rule on a timer of any kind that says so each time.
#[must_use]
pub fn timer_rule(name: &str, trigger: &str, params: &Value) -> Value {
    json!({
        "ref": name,
        "draft": {
            "label": name,
            "trigger_ref": trigger,
            "trigger_params": params,
            "action_ref": "core.echo",
            "action_params": { "message": name },
        },
        "enabled": true,
    })
}

/// Waits until a rule is in a state; answers it.
///
/// # Panics
/// Where it does not get there in time.
pub async fn rule_in_state(world: &World, rule: &str, state: &str) -> Value {
    let what = format!("{rule} is {state}");
    wait_until(&what, PATIENCE, || async move {
        let rule = world.must("rule.show", json!({ "ref": rule })).await;
        if rule["state"] == state { Ok(rule) } else { Err(rule["state"].to_string()) }
    })
    .await
}

/// The instant in a field of an answer.
///
/// # Panics
/// Where it holds none.
#[must_use]
pub fn instant(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).expect("an instant")
}

/// The engine's clock.
///
/// # Panics
/// Where the engine refuses.
pub async fn clock(world: &World) -> Timestamp {
    instant(&world.must("engine.status", json!({})).await["now"])
}
