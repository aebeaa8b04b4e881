//! The timer sensor as the engine runs it: a real process, told everything by its environment and over HTTP.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "this test starts the sensor itself, in place of the engine")]

#[path = "../../sensor-kit/tests/engine/mod.rs"]
#[expect(dead_code, reason = "the scripted engine can do more than this sensor needs")]
mod engine;

use engine::{Engine, Seen, rule};
use model::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The sensor's process, ended with the test.
struct Process(Child);

impl Process {
    fn start(variables: BTreeMap<String, String>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune-core-timer-sensor"));
        command
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end: exit code, stdout, stderr.
    async fn end(mut self) -> (Option<i32>, String, String) {
        let waiting = tokio::task::spawn_blocking(move || {
            let (mut out, mut err) = (String::new(), String::new());
            self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            self.0.stderr.take().unwrap().read_to_string(&mut err).unwrap();
            (self.0.wait().unwrap().code(), out, err)
        });
        tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap().unwrap()
    }

    /// Ends it as the engine does, and proves that it ends well and has written nothing to stdout.
    async fn stop(self, signal: rustix::process::Signal) {
        self.signal(signal);
        let (code, out, err) = self.end().await;
        assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
        assert!(!err.contains("jwt.first") && !err.contains("Bearer first"), "a token in the log: {err}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.0.kill();
    }
}

fn every(id: i64, seconds: i64) -> Value {
    rule(id, &json!({"interval": seconds}))
}

/// The instants that a rule was posted for, as they came.
fn instants(seen: &Seen, id: i64) -> Vec<Timestamp> {
    let name = format!("rule_{id}");
    let of_rule = seen.events.iter().filter(|event| event["trigger_instance_id"] == name);
    of_rule.map(|event| event["payload"]["scheduled_at"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_every_page_fire_on_their_grid_once_an_instant() {
    let engine = Engine::start((1..=3).map(|id| every(id, 1)).collect()).await;
    let mut variables = engine.environment();
    variables.insert("ATTUNE_LOG_LEVEL".to_owned(), "trace".to_owned());
    let sensor = Process::start(variables);
    engine.until("all fire three times", |seen| (1..=3).all(|id| instants(seen, id).len() >= 3)).await;
    sensor.stop(rustix::process::Signal::TERM).await;
    engine.with(|seen| {
        for id in 1..=3 {
            let instants = instants(seen, id);
            assert!(
                instants.windows(2).all(|pair| pair[1].micros_since(pair[0]) == 1_000_000),
                "{instants:?}"
            );
            assert_eq!(instants[0].as_micros() % 1_000_000, 0);
        }
        let event = seen.events.iter().find(|event| event["trigger_instance_id"] == "rule_2").unwrap();
        let at = event["payload"]["scheduled_at"].as_str().unwrap();
        assert_eq!(event["dedupe_key"], format!("rule_2@{at}"));
        assert_eq!(event["trigger_ref"], "core.intervaltimer");
        assert_eq!(
            (&event["payload"]["execution_count"], &event["payload"]["misfired"]),
            (&json!(1), &json!(false))
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_made_disabled_and_deleted_while_others_go_on() {
    let engine = Engine::start(vec![every(1, 1)]).await;
    let sensor = Process::start(engine.environment());
    engine.until("the first rule fires", |seen| !instants(seen, 1).is_empty()).await;
    engine.until("it listens", |seen| seen.count("WS") == 1).await;
    let made = every(2, 1);
    engine.with(|seen| seen.rules.push(made.clone()));
    engine.tell("RuleCreated", &made);
    engine.until("the new rule fires", |seen| !instants(seen, 2).is_empty()).await;
    for kind in ["RuleDisabled", "RuleDeleted"] {
        engine.with(|seen| seen.rules.truncate(1));
        engine.tell(kind, &made);
        let silent_after = SystemClock.now().plus(Duration::from_secs(1));
        engine
            .until("the first rule goes on", |seen| {
                instants(seen, 1).last().is_some_and(|at| *at > silent_after.plus(Duration::from_secs(1)))
            })
            .await;
        let late = engine.with(|seen| instants(seen, 2).into_iter().filter(|at| *at > silent_after).count());
        assert_eq!(late, 0, "{kind}");
    }
    sensor.stop(rustix::process::Signal::INT).await;
    engine.with(|seen| {
        let instants = instants(seen, 1);
        let last = instants.last().unwrap().micros_since(instants[0]) / 1_000_000;
        assert_eq!(instants.iter().collect::<BTreeSet<_>>().len(), usize::try_from(last).unwrap() + 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn instants_missed_while_it_was_away_make_one_event_that_says_so() {
    let away = SystemClock.now().minus(Duration::from_secs(3_600));
    let mut known = every(4, 60);
    known["anchor"] = json!(away);
    known["last_scheduled_at"] = json!(away);
    known["execution_count"] = json!(99);
    let engine = Engine::start(vec![known]).await;
    let sensor = Process::start(engine.environment());
    engine.until("it catches up", |seen| !seen.events.is_empty()).await;
    // The stream is open and all rules are read a second time: nothing is caught up twice.
    engine.until("it listens", |seen| seen.count("GET rules") == 2 && seen.count("WS") == 1).await;
    sensor.stop(rustix::process::Signal::TERM).await;
    engine.with(|seen| {
        assert_eq!(seen.events.len(), 1);
        let payload = &seen.events[0]["payload"];
        assert_eq!((&payload["misfired"], &payload["execution_count"]), (&json!(true), &json!(100)));
        assert_eq!(payload["missed_count"], json!(60));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_was_stopped_for_seconds_tells_each_instant_once() {
    let (engine, beside) = (Engine::start(vec![every(1, 1)]).await, Engine::start(vec![every(1, 1)]).await);
    let (sensor, other) = (Process::start(engine.environment()), Process::start(beside.environment()));
    engine.until("it fires", |seen| !seen.events.is_empty()).await;
    sensor.signal(rustix::process::Signal::STOP);
    // The sensor beside it tells the time meanwhile.
    let fires = beside.with(|seen| seen.events.len());
    beside.until("four seconds pass", |seen| seen.events.len() >= fires + 4).await;
    let stopped_until = SystemClock.now();
    sensor.signal(rustix::process::Signal::CONT);
    engine.until("it goes on", |seen| instants(seen, 1).last().is_some_and(|at| *at > stopped_until)).await;
    sensor.stop(rustix::process::Signal::TERM).await;
    other.stop(rustix::process::Signal::TERM).await;
    engine.with(|seen| {
        let instants = instants(seen, 1);
        assert!(instants.windows(2).all(|pair| pair[1].micros_since(pair[0]) == 1_000_000), "{instants:?}");
        assert!(instants.len() > 4);
        assert!(seen.misfires.is_empty());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_is_killed_again_and_again_loses_no_instant_and_tells_none_twice() {
    let from = SystemClock.now();
    let rules = (1..=30).map(|id| {
        let policy = ["skip", "once", "all"][usize::try_from(id % 3).unwrap()];
        let mut rule = rule(id, &json!({"interval": 1, "misfire": policy}));
        rule["handled_until"] = json!(from);
        rule["live_since"] = json!(from);
        rule
    });
    let engine = Engine::start(rules.collect()).await;
    engine.with(|seen| seen.page = 200);
    for round in 0..10 {
        let sensor = Process::start(engine.environment());
        let posts = engine.with(|seen| seen.posts.len());
        engine.until("it posts", |seen| seen.posts.len() > posts + 7 * round).await;
        drop(sensor);
        // Every other time the engine was away too, so that what passed meanwhile was missed.
        if round % 2 == 1 {
            let now = SystemClock.now();
            engine.with(|seen| seen.rules.iter_mut().for_each(|rule| rule["live_since"] = json!(now)));
        }
    }
    let killed = SystemClock.now();
    let sensor = Process::start(engine.environment());
    engine
        .until("all go on", |seen| {
            (1..=30).all(|id| instants(seen, id).last().is_some_and(|at| *at > killed))
        })
        .await;
    sensor.stop(rustix::process::Signal::TERM).await;
    engine.with(|seen| {
        assert!(!seen.misfires.is_empty());
        for id in 1..=30 {
            let mut told: Vec<i64> = instants(seen, id).into_iter().map(Timestamp::as_micros).collect();
            for missed in seen.misfires.iter().filter(|missed| missed["rule_id"] == id) {
                let (first, last) = (engine::instant(&missed["first"]), engine::instant(&missed["last"]));
                let run = (first.as_micros()..=last.as_micros()).step_by(1_000_000);
                assert_eq!(missed["count"], run.clone().count());
                told.extend(run);
            }
            told.sort_unstable();
            let first = from.as_micros() / 1_000_000 * 1_000_000 + 1_000_000;
            let planned: Vec<i64> =
                (0..told.len()).map(|nth| first + i64::try_from(nth).unwrap() * 1_000_000).collect();
            assert_eq!(told, planned, "rule {id}");
        }
        assert_eq!(seen.crowd.0, 1, "two posts of one rule were under way at once");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_that_the_engine_could_not_take_at_first_arrives_later_and_once() {
    let engine = Engine::start(vec![every(1, 1)]).await;
    engine.with(|seen| seen.answers = [(500, None), (429, Some("0"))].into());
    let sensor = Process::start(engine.environment());
    engine.until("three instants arrive", |seen| instants(seen, 1).len() >= 3).await;
    sensor.stop(rustix::process::Signal::TERM).await;
    let instants = engine.with(|seen| instants(seen, 1));
    assert_eq!(instants.iter().collect::<BTreeSet<_>>().len(), instants.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_ends_it_with_a_code() {
    let engine = Engine::start(vec![every(1, 1)]).await;
    engine.with(|seen| seen.tokens.clear());
    let (code, out, err) = Process::start(engine.environment()).end().await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("refuses the token") && !err.contains("first"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_engine_it_says_which_variable_is_missing() {
    let (code, out, err) = Process::start(BTreeMap::new()).end().await;
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("ATTUNE_API_URL is not set"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_timers_of_one_second_all_arrive() {
    let engine = Engine::start((1..=1_000).map(|id| every(id, 2)).collect()).await;
    engine.with(|seen| seen.page = 200);
    let sensor = Process::start(engine.environment());
    let fired = |seen: &Seen| {
        let names = seen.events.iter().map(|event| event["trigger_instance_id"].as_str().unwrap().to_owned());
        names.collect::<BTreeSet<String>>().len()
    };
    engine.until("all fire", |seen| seen.events.len() >= 1_000 && fired(seen) == 1_000).await;
    sensor.stop(rustix::process::Signal::TERM).await;
    engine.with(|seen| {
        let keys: BTreeSet<&str> =
            seen.posts.iter().map(|(_, body)| body["dedupe_key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), seen.posts.len(), "an instant was posted twice");
    });
}
