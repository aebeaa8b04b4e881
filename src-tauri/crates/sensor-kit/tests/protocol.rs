//! A sensor lives through what an engine may do to it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod engine;

use engine::{Engine, Seen, rule, rule_of};
use model::{Clock, Misfire, MissReason, RuleId, SystemClock};
use sensor_kit::{Distress, Environment, Event, Failure, Limits, Poster, Rule, Sensor, Start, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A sensor that only remembers what it is told, in words.
struct Listener(watch::Sender<Vec<String>>);

impl Listener {
    fn say(&self, line: String) {
        self.0.send_modify(|lines| lines.push(line));
    }
}

impl Sensor for Listener {
    fn replace(&mut self, rules: Vec<Rule>) {
        let ids: Vec<String> = rules.iter().map(|rule| rule.id.to_string()).collect();
        self.say(format!("all {}", ids.join(" ")));
    }
    fn put(&mut self, rule: Rule) {
        self.say(format!("put {} {}", rule.id, Value::from(rule.trigger_params)));
    }
    fn remove(&mut self, rule: RuleId) {
        self.say(format!("remove {rule}"));
    }
    fn stop(&mut self) {
        self.say("stop".to_owned());
    }
}

/// A sensor at work.
struct Running {
    heard: watch::Receiver<Vec<String>>,
    poster: Poster,
    distress: Distress,
    stop: CancellationToken,
    ended: JoinHandle<Result<(), Failure>>,
}

impl Running {
    async fn start(variables: BTreeMap<String, String>, limits: Limits) -> Self {
        let environment = Environment::from_variables(variables).unwrap();
        let (said, heard) = watch::channel(Vec::new());
        let (give, given) = oneshot::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let make = move |start: Start| {
            give.send((start.poster, start.distress)).unwrap();
            Ok(Listener(said))
        };
        let ended = tokio::spawn(run(environment, limits, stopped, make));
        let (poster, distress) = given.await.unwrap();
        Self { heard, poster, distress, stop, ended }
    }

    /// Waits until the sensor was told this, and gives all that it was told before.
    async fn hears(&mut self, line: &str) -> Vec<String> {
        let waiting = self.heard.wait_for(|lines| lines.iter().any(|heard| heard == line));
        let Ok(lines) = tokio::time::timeout(Duration::from_secs(30), waiting).await else {
            panic!("never heard `{line}`, only {:?}", *self.heard.borrow());
        };
        lines.unwrap().clone()
    }

    fn post(&self, key: &str) {
        self.post_for(12, key);
    }

    fn post_for(&self, rule: i64, key: &str) {
        self.poster.post(&event(rule, key)).unwrap();
    }

    async fn end(self) -> Result<(), Failure> {
        tokio::time::timeout(Duration::from_secs(30), self.ended).await.unwrap().unwrap()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.end().await.unwrap();
    }
}

fn event(rule: i64, key: &str) -> Event {
    Event {
        trigger_ref: "core.intervaltimer".parse().unwrap(),
        payload: json!({"n": 1}).as_object().unwrap().clone(),
        rule: Some(RuleId(rule)),
        dedupe_key: key.to_owned(),
    }
}

fn missed(rule: i64, minute: u32) -> Misfire {
    let at = |second: u32| format!("2026-03-28T00:{minute:02}:{second:02}Z").parse().unwrap();
    Misfire { rule: RuleId(rule), first: at(1), last: at(9), count: 9, reason: MissReason::Asleep }
}

/// The posts for a rule as they came: the key of an event, the minute of a report.
fn posts(seen: &Seen, rule: i64) -> Vec<String> {
    let of_rule = seen.posts.iter().map(|(_, body)| body).filter(|body| rule_of(body) == rule);
    let word = |body: &Value| match body["first"].as_str() {
        Some(first) => format!("missed {}", &first[14..16]),
        None => body["dedupe_key"].as_str().unwrap().to_owned(),
    };
    of_rule.map(word).collect()
}

/// Short pauses, so that a test of many tries is not a long one.
fn quick() -> Limits {
    Limits {
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(40),
        engine_gone: Duration::from_millis(300),
        ..Limits::default()
    }
}

fn every_second(id: i64) -> Value {
    rule(id, &json!({"interval": 1}))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_greets_reads_every_page_and_subscribes_with_its_token() {
    let engine = Engine::start((1..=5).map(every_second).collect()).await;
    let mut sensor = Running::start(engine.environment(), quick()).await;
    sensor.hears("all 1 2 3 4 5").await;
    engine.until("it subscribes", |seen| seen.count("WS") == 1).await;
    engine.with(|seen| {
        assert_eq!(seen.requests[0], "GET /health");
        assert_eq!(seen.requests[3], "GET rules of core.intervaltimer page 3");
        assert!(
            seen.requests
                .contains(&r#"WS {"type":"subscribe","filter":"trigger_ref:core.intervaltimer"}"#.to_owned())
        );
        assert_eq!(seen.protocols, "attune.v1, attune.jwt.first");
    });
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_is_read_again_and_a_silenced_one_is_not_asked_about() {
    let engine = Engine::start(vec![]).await;
    let mut sensor = Running::start(engine.environment(), quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    engine.with(|seen| seen.rules.push(every_second(7)));
    engine.tell("RuleCreated", &every_second(7));
    sensor.hears(r#"put 7 {"interval":1}"#).await;
    let slower = rule(7, &json!({"interval": 9}));
    engine.with(|seen| seen.rules[0] = slower.clone());
    engine.tell("RuleUpdated", &slower);
    sensor.hears(r#"put 7 {"interval":9}"#).await;
    engine.tell("RuleDisabled", &slower);
    sensor.hears("remove 7").await;
    assert_eq!(engine.with(|seen| seen.count("GET rule default.rule_7")), 2);
    // A rule that is gone before it could be read.
    engine.tell("RuleEnabled", &every_second(8));
    sensor.hears("remove 8").await;
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_holds_the_whole_rule_needs_no_reading() {
    let engine = Engine::start(vec![]).await;
    let mut sensor = Running::start(engine.environment(), quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    engine.notify(&json!({"type": "welcome", "client_id": "1"}));
    engine.notify(
        &json!({"type": "notification", "entity_type": "rule", "payload": {"event_type": "RuleEnabled",
        "rule_id": 3, "rule_ref": "default.r", "trigger_ref": "core.intervaltimer", "active": true,
        "trigger_params": {"interval": 2}, "anchor": null, "last_scheduled_at": null, "handled_until": null,
        "execution_count": 4}}),
    );
    sensor.hears(r#"put 3 {"interval":2}"#).await;
    assert_eq!(engine.with(|seen| seen.count("GET rule ")), 0);
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_stream_all_rules_are_read_again() {
    let engine = Engine::start(vec![every_second(1)]).await;
    let mut sensor = Running::start(engine.environment(), quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    engine.with(|seen| seen.rules.push(every_second(2)));
    engine.close_streams();
    sensor.hears("all 1 2").await;
    engine.with(|seen| seen.rules.remove(0));
    engine.notify(&json!({"type": "resync"}));
    sensor.hears("all 2").await;
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_cannot_be_read_costs_no_other() {
    let engine = Engine::start(vec![json!({"id": "?"}), every_second(2)]).await;
    let mut sensor = Running::start(engine.environment(), quick()).await;
    sensor.hears("all 2").await;
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_tried_again_after_500_and_429_and_never_after_another_refusal() {
    let engine = Engine::start(vec![]).await;
    engine.with(|seen| seen.answers = [(500, None), (429, Some("0")), (503, None)].into());
    let sensor = Running::start(engine.environment(), quick()).await;
    sensor.post("a");
    engine.until("the event is taken", |seen| seen.events.len() == 1).await;
    engine.with(|seen| {
        let bodies: Vec<&Value> = seen.posts.iter().map(|(_, body)| body).collect();
        let body = json!({"trigger_ref": "core.intervaltimer", "payload": {"n": 1}, "trigger_instance_id": "rule_12", "dedupe_key": "a"});
        assert_eq!(bodies, [&body; 4]);
        seen.posts.clear();
        seen.answers = [(403, None)].into();
    });
    sensor.post("b");
    engine.until("the refused event is posted", |seen| seen.posts.len() == 1).await;
    sensor.post("c");
    engine.until("the next one is taken", |seen| seen.events.len() == 2).await;
    sensor.stop().await;
    let keys: Vec<Value> =
        engine.with(|seen| seen.posts.iter().map(|(_, body)| body["dedupe_key"].clone()).collect());
    assert_eq!(keys, ["b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_renewed_before_it_ends() {
    let engine = Engine::start(vec![]).await;
    let ends = |seconds| SystemClock.now().plus(Duration::from_secs(seconds)).to_string();
    engine.with(|seen| seen.refreshed = json!({"token": "second", "expires_at": ends(3_600)}));
    let mut variables = engine.environment();
    variables.insert("ATTUNE_API_TOKEN_EXPIRES_AT".to_owned(), ends(1));
    let sensor = Running::start(variables, quick()).await;
    engine.until("it asks for the next token", |seen| seen.count("POST refresh") == 1).await;
    for key in 0.. {
        sensor.post(&format!("after {key}"));
        engine.until("the event arrives", |seen| seen.posts.len() > key).await;
        if engine.with(|seen| seen.posts[key].0 == "second") {
            break;
        }
    }
    assert_eq!(engine.with(|seen| (seen.count("POST refresh"), seen.count("401"))), (1, 0));
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_engine_rotated_is_found_in_the_state_file() {
    let engine = Engine::start(vec![]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token.json");
    let mut variables = engine.environment();
    variables.insert("ATTUNE_SENSOR_TOKEN_STATE_PATH".to_owned(), file.display().to_string());
    let sensor = Running::start(variables, quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    std::fs::write(&file, r#"{"token":"rotated","expires_at":"2999-01-01T00:00:00Z"}"#).unwrap();
    engine.with(|seen| seen.tokens = vec!["rotated".to_owned()]);
    sensor.post("a");
    engine.until("the event is taken", |seen| seen.posts.len() == 1).await;
    assert_eq!(engine.with(|seen| seen.posts[0].0.clone()), "rotated");
    sensor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_stays_refused_ends_the_sensor() {
    let engine = Engine::start(vec![]).await;
    let sensor = Running::start(engine.environment(), quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    engine.with(|seen| seen.tokens.clear());
    sensor.post("a");
    let failure = sensor.end().await.unwrap_err();
    assert!(matches!(failure, Failure::Unauthorized), "{failure}");
    assert_eq!(engine.with(|seen| seen.count("401")), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_cannot_go_on_posts_nothing_more_and_says_why() {
    let engine = Engine::start(vec![]).await;
    let sensor = Running::start(engine.environment(), quick()).await;
    let heard = sensor.heard.clone();
    sensor.distress.call("the door fell off");
    let failure = sensor.end().await.unwrap_err();
    assert_eq!(failure.to_string(), "the door fell off");
    assert_eq!(heard.borrow().last().unwrap(), "stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sensor_outlives_its_engine() {
    let engine = Engine::start(vec![]).await;
    let sensor = Running::start(engine.environment(), quick()).await;
    engine.until("it listens", |seen| seen.count("GET rules") == 2).await;
    engine.die();
    let failure = sensor.end().await.unwrap_err();
    assert!(matches!(failure, Failure::EngineGone(_)), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_posted_before_the_end() {
    let engine = Engine::start(vec![]).await;
    engine.with(|seen| seen.answers = std::iter::repeat_n((503, None), 40).collect());
    let sensor = Running::start(engine.environment(), quick()).await;
    for key in 0..100 {
        sensor.post(&key.to_string());
    }
    sensor.stop().await;
    assert_eq!(engine.with(|seen| seen.events.len()), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_one_rule_arrives_one_by_one_in_its_order_and_rules_go_side_by_side() {
    let engine = Engine::start(vec![]).await;
    engine.shut_gate();
    let sensor = Running::start(engine.environment(), quick()).await;
    for round in 0..20 {
        for rule in 1..=40 {
            sensor.post_for(rule, &format!("{rule} {round}"));
            sensor.poster.report(&missed(rule, round)).unwrap();
        }
    }
    engine.until("as many rules as may have a post under way", |seen| seen.crowd.1 == 32).await;
    assert_eq!(engine.with(|seen| (seen.posts.len(), seen.crowd)), (32, (1, 32)));
    engine.open_gate();
    engine.until("everything arrives", |seen| seen.posts.len() == 1_600).await;
    sensor.stop().await;
    engine.with(|seen| {
        assert_eq!(seen.crowd, (1, 32));
        for rule in 1..=40 {
            let handed_over =
                (0..20).flat_map(|round| [format!("{rule} {round}"), format!("missed {round:02}")]);
            assert_eq!(posts(seen, rule), handed_over.collect::<Vec<_>>());
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_missed_instants_is_tried_again_like_an_event_and_holds_up_what_follows() {
    let engine = Engine::start(vec![]).await;
    engine.with(|seen| seen.answers = [(503, None), (429, Some("0"))].into());
    let sensor = Running::start(engine.environment(), quick()).await;
    sensor.poster.report(&missed(12, 5)).unwrap();
    sensor.post("after");
    engine.until("both are taken", |seen| seen.events.len() == 1 && seen.misfires.len() == 1).await;
    sensor.stop().await;
    engine.with(|seen| {
        assert_eq!(posts(seen, 12), ["missed 05", "missed 05", "missed 05", "after"]);
        assert_eq!(seen.requests.iter().filter(|request| *request == "POST misfire").count(), 3);
        let report = json!({"rule_id": 12, "first": "2026-03-28T00:05:01Z", "last": "2026-03-28T00:05:09Z",
            "count": 9, "reason": "asleep"});
        assert_eq!(seen.misfires, [report]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engine_refuses_or_knows_does_not_block_its_rule() {
    let engine = Engine::start(vec![]).await;
    engine.with(|seen| seen.answers = [(422, None), (409, None), (404, None)].into());
    let sensor = Running::start(engine.environment(), quick()).await;
    sensor.post("refused");
    sensor.post("known");
    sensor.poster.report(&missed(12, 1)).unwrap();
    sensor.post("taken");
    engine.until("the last is taken", |seen| seen.events.len() == 1).await;
    sensor.stop().await;
    assert_eq!(engine.with(|seen| posts(seen, 12)), ["refused", "known", "missed 01", "taken"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_each_rule_is_flushed_in_its_order_without_waiting_for_long_pauses() {
    let engine = Engine::start(vec![]).await;
    // The engine asks for a long pause and is well again when the sensor is told to stop.
    engine.with(|seen| seen.answers = std::iter::repeat_n((429, Some("300")), 2).collect());
    let sensor = Running::start(engine.environment(), quick()).await;
    sensor.post_for(1, "1a");
    sensor.post_for(2, "2a");
    engine.until("both are told to wait", |seen| seen.posts.len() == 2 && seen.answers.is_empty()).await;
    for name in ["b", "c", "d"] {
        sensor.post_for(1, &format!("1{name}"));
        sensor.post_for(2, &format!("2{name}"));
    }
    sensor.stop().await;
    engine.with(|seen| {
        assert_eq!(posts(seen, 1), ["1a", "1a", "1b", "1c", "1d"]);
        assert_eq!(posts(seen, 2), ["2a", "2a", "2b", "2c", "2d"]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn where_too_much_waits_the_sensor_is_told_and_there_is_room_again_later() {
    let engine = Engine::start(vec![]).await;
    engine.shut_gate();
    let sensor = Running::start(engine.environment(), Limits { waiting_events: 3, ..quick() }).await;
    assert_eq!(sensor.poster.room(), 3);
    for key in ["a", "b", "c"] {
        sensor.post(key);
    }
    assert_eq!(sensor.poster.room(), 0);
    assert!(sensor.poster.post(&event(12, "d")).is_err());
    assert!(sensor.poster.report(&missed(12, 1)).is_err());
    engine.open_gate();
    engine.until("all are taken", |seen| seen.events.len() == 3).await;
    let poster = sensor.poster.clone();
    sensor.stop().await;
    assert_eq!(poster.room(), 0, "nothing is taken after the end");
    assert_eq!(engine.with(|seen| posts(seen, 12)), ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rules_that_are_due_at_once_all_arrive() {
    let engine = Engine::start(vec![]).await;
    let sensor = Running::start(engine.environment(), quick()).await;
    for rule in 0..10_000 {
        sensor.post_for(rule, &rule.to_string());
    }
    engine.until("all arrive", |seen| seen.events.len() == 10_000).await;
    sensor.stop().await;
    assert_eq!(engine.with(|seen| seen.posts.len()), 10_000);
}

#[test]
fn a_wrong_environment_is_named() {
    let whole = [
        ("ATTUNE_API_URL", "http://127.0.0.1:1"),
        ("ATTUNE_NOTIFIER_WS_URL", "ws://127.0.0.1:1/ws"),
        ("ATTUNE_API_TOKEN", "secret"),
        ("ATTUNE_SENSOR_REF", "demo.sensor"),
        ("ATTUNE_SENSOR_TRIGGER_TYPES", "[\"demo.tick\"]"),
    ];
    let read = |name: &str, value: Option<&str>| {
        let mut variables: BTreeMap<String, String> =
            whole.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.remove(name);
        variables.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Environment::from_variables(variables)
    };
    for (name, _) in whole {
        for value in [None, Some("")] {
            let error = read(name, value).err().unwrap().to_string();
            assert!(error.starts_with(&format!("{name} is not set")), "{error}");
        }
    }
    for (name, value, part) in [
        ("ATTUNE_API_URL", "ftp://x", "expected an address such as http://"),
        ("ATTUNE_NOTIFIER_WS_URL", "ws://", "expected an address such as ws://"),
        ("ATTUNE_SENSOR_TRIGGER_TYPES", "demo.tick", "expected a JSON list"),
        ("ATTUNE_SENSOR_TRIGGER_TYPES", "[]", "the list is empty"),
        ("ATTUNE_SENSOR_REF", "sensor", "has no name"),
        ("ATTUNE_API_TOKEN_EXPIRES_AT", "tomorrow", "RFC 3339"),
    ] {
        let error = read(name, Some(value)).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{name} is wrong")) && error.contains(part), "{error}");
    }
    let environment = read("ATTUNE_SENSOR_CONFIG_GREETING", Some("hello")).unwrap();
    assert_eq!(environment.config["GREETING"], "hello");
}
