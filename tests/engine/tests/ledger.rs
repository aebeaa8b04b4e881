//! What was planned is accounted for: as an event or as missed, once, whatever happens to the rule or the engine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine_tests::{
    clock, decisions, draft_of, events_of, instant, planned, quiet, rule_in_state, sensor_in_state,
    timer_rule, wait_for_events,
};
use harness::{World, echo_every, interval_rule};
use model::{ManualClock, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const SECOND: i64 = 1_000_000;
const INTERVAL: &str = "core.intervaltimer";

/// What was missed of a rule: first, last, how many, why; oldest first.
async fn missed(world: &World, rule: &str) -> Vec<(Timestamp, Timestamp, u64, String)> {
    let ledger = world.must("misfire.list", json!({ "rule": rule })).await;
    let row = |row: &Value| {
        let reason = row["reason"].as_str().unwrap().to_owned();
        (instant(&row["first"]), instant(&row["last"]), row["count"].as_u64().unwrap(), reason)
    };
    let mut rows: Vec<_> = ledger["misfires"].as_array().unwrap().iter().map(row).collect();
    rows.reverse();
    rows
}

/// Lets a few seconds pass by a rule that does nothing else.
async fn seconds(world: &World, count: usize) {
    let heard = events_of(world, "default.clock").await.len();
    wait_for_events(world, "default.clock", heard + count).await;
}

/// Each instant of the grid after `from` and until `until` is either among the fired or within a missed run, once.
fn assert_accounted(
    (from, until, step): (Timestamp, Timestamp, i64),
    fired: &[Timestamp],
    missed: &[(Timestamp, Timestamp, u64, String)],
) {
    let grid = (1..).map(|n| from.plus_micros(n * step)).take_while(|at| *at <= until);
    for at in grid {
        let ends = fired.iter().filter(|fired| **fired == at).count()
            + missed.iter().filter(|(first, last, ..)| (*first..=*last).contains(&at)).count();
        assert_eq!(ends, 1, "{at} of {fired:?} and {missed:?}");
    }
}

#[tokio::test]
async fn a_timer_that_is_switched_and_edited_in_an_engine_that_is_restarted_accounts_for_every_second() {
    let mut world = World::start().await;
    world.must("rule.create", echo_every("default.clock", 1, "clock")).await;
    let made = world.must("rule.create", echo_every("default.timer", 1, "timer")).await;
    let timer = json!({"ref": "default.timer"});
    wait_for_events(&world, "default.timer", 2).await;
    world.must("rule.disable", timer.clone()).await;
    seconds(&world, 3).await;
    world.must("rule.enable", timer.clone()).await;
    seconds(&world, 2).await;
    world.restart().await;
    seconds(&world, 3).await;
    let draft = draft_of(&world.must("rule.show", timer.clone()).await);
    let mut slower = draft.clone();
    slower["trigger_params"]["interval"] = json!(2);
    let edited = world.must("rule.update", json!({"ref": "default.timer", "draft": slower})).await;
    seconds(&world, 5).await;
    let off = instant(&world.must("rule.disable", timer).await["updated"]);
    world.must("rule.disable", json!({"ref": "default.clock"})).await;
    quiet(&world).await;

    let (fired, missed) = (planned(&world, "default.timer").await, missed(&world, "default.timer").await);
    let (begin, edit) = (instant(&made["created"]), instant(&edited["updated"]));
    assert_accounted((begin, edit, SECOND), &fired, &missed);
    // What was due in the last moments before the switch may still be on its way.
    assert_accounted((edit, off.minus(Duration::from_secs(2)), 2 * SECOND), &fired, &missed);
    let reasons: BTreeSet<&str> = missed.iter().map(|(.., reason)| reason.as_str()).collect();
    assert!(reasons.contains("disabled"), "{missed:?}");
    let count: u64 = missed.iter().map(|(_, _, count, _)| count).sum();
    assert!(count >= 2, "{missed:?}");
    let distinct: BTreeSet<&Timestamp> = fired.iter().collect();
    assert_eq!(distinct.len(), fired.len(), "no instant fired twice");
    let rule = world.must("rule.show", json!({"ref": "default.timer"})).await;
    assert_eq!(rule["execution_count"], fired.len());
}

#[tokio::test]
async fn after_the_answer_to_a_switch_no_event_of_the_rule_matches() {
    const ROUNDS: i64 = 150;
    const ROUNDS_OF_ONE: i64 = 30;
    let world = World::start().await;
    let request = timer_rule("default.timer", INTERVAL, &json!({"interval": 30, "unit": "days"}));
    let rule = world.must("rule.create", request).await["id"].as_i64().unwrap();
    // Other sensors': the real one has a token of its own, and each may post only so much in a second.
    let sensor =
        |n: i64| world.sensor_token(&format!("lab.clockwork_{n}"), &[INTERVAL], Duration::from_secs(3_600));
    let tokens: Vec<_> = (0..=ROUNDS / ROUNDS_OF_ONE).map(sensor).collect();
    let begin = clock(&world).await;
    let post = async |n: i64| {
        let at = begin.plus_micros(n);
        let event = json!({
            "trigger_ref": INTERVAL,
            "trigger_instance_id": format!("rule_{rule}"),
            "dedupe_key": format!("rule_{rule}@{at}"),
            "payload": {
                "type": "interval", "interval": 30, "unit": "days", "interval_seconds": 2_592_000,
                "scheduled_at": at, "fired_at": at, "delay_ms": 0, "execution_count": 1, "misfired": false,
                "next_fire_at": at.plus(Duration::from_secs(2_592_000)), "sensor_ref": "core.timer_sensor",
            },
        });
        let token = &tokens[usize::try_from(n / (4 * ROUNDS_OF_ONE)).unwrap()];
        let answer = world.post("/api/v1/events", token, &event).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["data"]["id"].as_i64().unwrap()
    };
    let timer = json!({"ref": "default.timer"});
    let mut late = Vec::new();
    for round in 0..ROUNDS {
        let (_, _, _) =
            tokio::join!(post(4 * round), world.must("rule.disable", timer.clone()), post(4 * round + 1));
        late.push(post(4 * round + 2).await);
        world.must("rule.enable", timer.clone()).await;
    }
    for event in late {
        let decisions = decisions(&world, event).await;
        assert_eq!((decisions.len(), &decisions[0]["outcome"]), (1, &json!("disabled")), "{decisions:?}");
    }
    quiet(&world).await;
}

#[tokio::test]
async fn a_one_shot_fires_once_and_is_finished_until_it_gets_another_time() {
    let world = World::start().await;
    let soon = async || clock(&world).await.plus(Duration::from_secs(2));
    let params = json!({"fire_at": soon().await});
    world.must("rule.create", timer_rule("default.once", "core.datetimetimer", &params)).await;
    let rule = rule_in_state(&world, "default.once", "finished").await;
    assert_eq!((&rule["next_fire"], &rule["execution_count"]), (&Value::Null, &json!(1)));
    quiet(&world).await;
    let events = events_of(&world, "default.once").await;
    assert_eq!(events.len(), 1);
    let decision = &decisions(&world, events[0]["id"].as_i64().unwrap()).await[0];
    assert_eq!(
        (&decision["outcome"], &decision["execution"]["status"]),
        (&json!("matched"), &json!("completed"))
    );
    sensor_in_state(&world, "core.timer_sensor", "stopped").await;

    let refused = world.rpc("rule.enable", json!({"ref": "default.once"})).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["details"]["fields"][0]["field"], "trigger_params.fire_at");
    let by_hand = world.rpc("rule.run", json!({"ref": "default.once"})).await;
    assert!(by_hand.status == 409 && by_hand.body["error"].as_str().unwrap().contains("has finished"));

    let mut again = draft_of(&rule);
    again["trigger_params"]["fire_at"] = json!(soon().await);
    let edited = world.must("rule.update", json!({"ref": "default.once", "draft": again})).await;
    assert_eq!(edited["state"], "disabled");
    world.must("rule.enable", json!({"ref": "default.once"})).await;
    rule_in_state(&world, "default.once", "finished").await;
    assert_eq!(events_of(&world, "default.once").await.len(), 2);
    assert!(missed(&world, "default.once").await.is_empty());
}

#[tokio::test]
async fn what_repeats_and_ends_is_finished_after_its_last_fire() {
    let mut world = World::start().await;
    let now = Timestamp::from_seconds(clock(&world).await.as_seconds());
    let end = now.plus(Duration::from_secs(3));
    for (name, trigger, params) in [
        ("default.cron", "core.crontimer", json!({"expression": "* * * * * *", "not_after": end})),
        ("default.interval", INTERVAL, json!({"interval": 1, "not_after": end})),
        ("default.recurrence", "core.rruletimer", json!({"freq": "SECONDLY", "count": 3, "dtstart": now})),
    ] {
        world.must("rule.create", timer_rule(name, trigger, &params)).await;
    }
    for name in ["default.cron", "default.interval", "default.recurrence"] {
        let rule = rule_in_state(&world, name, "finished").await;
        let fired = planned(&world, name).await;
        assert!((1..=4).contains(&fired.len()), "{name}: {fired:?}");
        assert_eq!(rule["execution_count"], fired.len());
        let on = world.must("rule.enable", json!({ "ref": name })).await;
        assert_eq!(on["state"], "finished", "{name}: it has nothing left, and says so");
    }
    world.restart().await;
    for name in ["default.cron", "default.interval", "default.recurrence"] {
        rule_in_state(&world, name, "finished").await;
    }
    let over = json!({"freq": "DAILY", "dtstart": "2026-03-01T09:00:00Z", "until": "2026-03-05T09:00:00Z"});
    let made = world.must("rule.create", timer_rule("default.over", "core.rruletimer", &over)).await;
    assert_eq!(made["state"], "finished");
}

#[tokio::test]
async fn what_was_missed_is_seen_on_the_first_screen_and_on_the_score() {
    let world = World::start().await;
    // Switched on and off again: no sensor has anything to do with it.
    let daily = interval_rule(
        "default.daily",
        &json!({"interval": 1, "unit": "days"}),
        "core.noop",
        &json!({}),
        true,
    );
    let id = world.must("rule.create", daily).await["id"].as_i64().unwrap();
    world.must("rule.disable", json!({"ref": "default.daily"})).await;
    let report = |first: Timestamp, last: Timestamp, count: u64, reason: &str| json!({"rule_id": id, "first": first, "last": last, "count": count, "reason": reason});
    let from = clock(&world).await;
    let at = |micros| from.plus_micros(micros);
    for body in [report(at(0), at(2), 3, "asleep"), report(at(5), at(6), 2, "not_running")] {
        let answer = world.post("/api/v1/misfires", &world.info().token, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let now = world.must("now.read", json!({})).await;
    let attention = now["attention"].as_array().unwrap();
    let told = attention.iter().find(|item| item["kind"] == "missed").unwrap();
    assert_eq!(
        (&told["happened"], &told["rule"]["ref"]),
        (&json!("missed 5 fires"), &json!("default.daily"))
    );
    assert_eq!((&told["cause"], instant(&told["at"])), (&json!("Attune was not running."), at(6)));

    let window = json!({"from": from.minus(Duration::from_secs(600)), "to": from.plus(Duration::from_secs(600)), "lanes": 5});
    let lanes = world.must("score.lanes", window).await;
    let others = lanes["lanes"].as_array().unwrap().last().unwrap();
    assert_eq!(others["rule"], Value::Null, "a rule that is off and never ran has no lane of its own");
    let marks: Vec<(&Value, &Value)> =
        others["missed"].as_array().unwrap().iter().map(|mark| (&mark["count"], &mark["reason"])).collect();
    assert_eq!(marks, [(&json!(3), &json!("asleep")), (&json!(2), &json!("not_running"))]);

    world.must("rule.enable", json!({"ref": "default.daily"})).await;
    world.must("rule.delete", json!({"ref": "default.daily"})).await;
    let now = world.must("now.read", json!({})).await;
    assert!(now["attention"].as_array().unwrap().iter().all(|item| item["kind"] != "missed"));
    let listed = world.must("misfire.list", json!({})).await;
    assert_eq!(listed["misfires"][0]["rule"]["label"], "default.daily", "the ledger still knows it");
}

#[tokio::test]
async fn the_score_tells_sleep_from_a_stop() {
    let start: Timestamp = "2026-03-28T08:00:00Z".parse().unwrap();
    let hours = |count: u64| Duration::from_secs(3_600 * count);
    let clock = Arc::new(ManualClock::new(start));
    let mut world = World::start_at(clock.clone()).await;
    let alive = async |world: &World| world.studio().api().engine().sign_of_life().await.unwrap();
    clock.advance(hours(1));
    alive(&world).await;
    clock.sleep(hours(2));
    alive(&world).await;
    clock.advance(hours(1));
    alive(&world).await;
    world.stop().await;
    clock.advance(hours(3));
    world.start_inside().await;
    clock.advance(Duration::from_secs(60));
    let window = json!({"from": start, "to": start.plus(hours(8)), "bin_minutes": 30});
    let score = world.must("score.read", window).await;
    let spans: Vec<(Timestamp, Timestamp, &str)> = score["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| (instant(&span["from"]), instant(&span["to"]), span["kind"].as_str().unwrap()))
        .collect();
    let after = |count| start.plus(hours(count));
    assert_eq!(spans, [(after(1), after(3), "asleep"), (after(4), after(7), "stopped")]);
    let lanes = json!({"from": start, "to": start.plus(hours(8)), "lanes": 3});
    assert_eq!(world.must("score.lanes", lanes).await["spans"], score["spans"]);
}
