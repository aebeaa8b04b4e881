//! What will happen is told before it happens: previews, calendars, the forecast of all rules.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use engine_tests::{clock, events_of, instant, planned, timer_rule, wait_for_events};
use harness::{World, wait_until};
use model::{ManualClock, RuleId, Timestamp};
use schedule::Schedule;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const INTERVAL: &str = "core.intervaltimer";
const CRON: &str = "core.crontimer";
/// A zone in which nobody runs these tests.
const CHATHAM: &str = "Pacific/Chatham";
/// A day and a half before the clocks go forward there, and later than any sensor believes: the real one goes by its own
/// clock and leaves what is planned here alone.
const START: &str = "2098-09-26T00:00:00Z";

fn schedule(rule: &Value) -> Schedule {
    let trigger = rule["trigger_ref"].as_str().unwrap().parse().unwrap();
    let schedule = Schedule::parse(&trigger, rule["trigger_params"].as_object().unwrap(), None).unwrap();
    schedule.for_rule(RuleId(rule["id"].as_i64().unwrap()))
}

/// Fires of a forecast, of one rule.
fn fires_of(forecast: &Value, rule: &str) -> Vec<Timestamp> {
    let fires = forecast["fires"].as_array().unwrap().iter();
    fires.filter(|fire| fire["rule"]["ref"] == rule).map(|fire| instant(&fire["at"])).collect()
}

#[tokio::test]
async fn the_forecast_is_what_the_schedules_say() {
    let start: Timestamp = START.parse().unwrap();
    let world = World::start_at(Arc::new(ManualClock::new(start))).await;
    let mut rules = Vec::new();
    for (name, trigger, params) in [
        ("default.zone", CRON, json!({"expression": "30 3,4 * * *", "timezone": CHATHAM})),
        (
            "default.quarter",
            INTERVAL,
            json!({"interval": 15, "unit": "minutes", "anchor": "2026-01-01T00:00:00Z"}),
        ),
        ("default.shaken", CRON, json!({"expression": "0 * * * *", "jitter_seconds": 600})),
        ("default.minute", CRON, json!({"expression": "* * * * *"})),
        ("default.second", INTERVAL, json!({"interval": 1, "anchor": "2026-01-01T00:00:00Z"})),
        ("default.later", "core.datetimetimer", json!({"fire_at": "2098-10-26T12:00:00Z"})),
        ("default.off", CRON, json!({"expression": "0 * * * *"})),
    ] {
        rules.push(world.must("rule.create", timer_rule(name, trigger, &params)).await);
    }
    world.must("rule.disable", json!({"ref": "default.off"})).await;
    let forecast = world.must("schedule.forecast", json!({"hours": 48})).await;
    let (from, to) = (instant(&forecast["from"]), instant(&forecast["to"]));
    assert_eq!((from, to), (start, start.plus(Duration::from_secs(48 * 3_600))));
    for rule in &rules[..3] {
        let name = rule["ref"].as_str().unwrap();
        let expected: Vec<Timestamp> =
            schedule(rule).fires(from, 500).into_iter().map(|fire| fire.at).filter(|at| *at <= to).collect();
        assert_eq!(fires_of(&forecast, name), expected, "{name}");
    }
    let all: Vec<Timestamp> =
        forecast["fires"].as_array().unwrap().iter().map(|fire| instant(&fire["at"])).collect();
    assert!(all.is_sorted() && all.len() <= 500, "{}", all.len());
    let bands = forecast["bands"].as_array().unwrap();
    let band = |name: &str| bands.iter().find(|band| band["rule"]["ref"] == name).unwrap();
    assert_eq!(bands.len(), 2, "{bands:?}");
    assert_eq!(
        (&band("default.minute")["fires"], &band("default.second")["fires"]),
        (&json!(2_880), &json!(172_800))
    );
    assert_eq!(instant(&band("default.minute")["to"]), to);
    assert_eq!(band("default.second")["sentence"], "Every second");

    let gap = forecast["fires"].as_array().unwrap().iter().find(|fire| fire["note"].is_string()).unwrap();
    assert_eq!(
        (&gap["rule"]["ref"], &gap["local"]),
        (&json!("default.zone"), &json!("2098-09-28T03:45:00+13:45"))
    );
    let alone = world.must("schedule.forecast", json!({"hours": 48, "rule": "default.second"})).await;
    assert_eq!((&alone["fires"], alone["bands"].as_array().unwrap().len()), (&json!([]), 1));
    let far = world
        .must(
            "schedule.forecast",
            json!({"hours": 1, "from": "2098-10-26T11:30:00Z", "rule": "default.later"}),
        )
        .await;
    assert_eq!(fires_of(&far, "default.later").len(), 1);
    let off = world.must("schedule.forecast", json!({"hours": 48, "rule": "default.off"})).await;
    assert_eq!((&off["fires"], &off["bands"]), (&json!([]), &json!([])));
    for (request, field) in [(json!({"hours": 0}), "hours"), (json!({"hours": 337}), "hours")] {
        let refused = world.rpc("schedule.forecast", request).await;
        assert_eq!((refused.status, &refused.body["details"]["fields"][0]["field"]), (422, &json!(field)));
    }
    assert_eq!(world.rpc("schedule.forecast", json!({"hours": 1, "rule": "default.gone"})).await.status, 404);

    let zone = world.must("rule.show", json!({"ref": "default.zone"})).await;
    assert_eq!(zone["zone"], CHATHAM);
    assert_eq!(world.must("rule.show", json!({"ref": "default.quarter"})).await["zone"], Value::Null);
}

#[tokio::test]
async fn rules_that_fire_in_the_same_second_are_told() {
    let start: Timestamp = START.parse().unwrap();
    let world = World::start_at(Arc::new(ManualClock::new(start))).await;
    for n in 0..60 {
        let rule = timer_rule(&format!("default.noon_{n}"), CRON, &json!({"expression": "0 12 * * *"}));
        world.must("rule.create", rule).await;
    }
    for (name, expression) in [("default.hourly", "0 * * * *"), ("default.half", "30 * * * *")] {
        world.must("rule.create", timer_rule(name, CRON, &json!({"expression": expression}))).await;
    }
    let forecast = world.must("schedule.forecast", json!({"hours": 24})).await;
    let collisions = forecast["collisions"].as_array().unwrap();
    assert_eq!(collisions.len(), 1, "{collisions:?}");
    assert_eq!(instant(&collisions[0]["at"]).to_string(), "2098-09-26T12:00:00Z");
    assert_eq!((&collisions[0]["count"], collisions[0]["rules"].as_array().unwrap().len()), (&json!(61), 50));
    assert_eq!(collisions[0]["rules"][0]["ref"], "default.noon_0");
}

#[tokio::test]
async fn a_draft_shows_its_days_and_its_next_fires_on_the_clocks_of_its_zone() {
    let start: Timestamp = START.parse().unwrap();
    let world = World::start_at(Arc::new(ManualClock::new(start))).await;
    let params = json!({"expression": "30 3 * * *", "timezone": CHATHAM});
    let request = json!({"trigger_ref": CRON, "trigger_params": params, "days": 3});
    let calendar = world.must("schedule.calendar", request).await;
    assert_eq!(calendar["zone"], CHATHAM);
    let days: Vec<(&str, u64, Option<&str>)> = calendar["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["date"].as_str().unwrap(), day["fires"].as_u64().unwrap(), day["note"].as_str()))
        .collect();
    let changed = Some("Clocks go forward from 02:45 to 03:45.");
    assert_eq!(days, [("2098-09-26", 0, None), ("2098-09-27", 1, None), ("2098-09-28", 1, changed)]);
    assert_eq!(calendar["days"][2]["first"]["local"], "2098-09-28T03:45:00+13:45");

    let next =
        world.must("schedule.next", json!({"trigger_ref": CRON, "trigger_params": params, "count": 2})).await;
    assert_eq!((&next["zone"], next["fires"].as_array().unwrap().len()), (&json!(CHATHAM), 2));
    assert_eq!(next["fires"][1]["local"], "2098-09-28T03:45:00+13:45");
    let draft = &timer_rule("default.new", CRON, &params)["draft"];
    let check = world.must("rule.check", json!({"draft": draft, "new": true})).await;
    assert_eq!((&check["errors"], &check["fires"][0]), (&json!([]), &next["fires"][0]));

    for (request, field) in [
        (json!({"trigger_ref": CRON, "trigger_params": params, "days": 63}), "days"),
        (
            json!({"trigger_ref": CRON, "trigger_params": {"expression": "61 * * * *"}, "days": 3}),
            "expression",
        ),
        (json!({"trigger_ref": "core.crontimr", "days": 3}), "trigger_ref"),
    ] {
        let refused = world.rpc("schedule.calendar", request).await;
        assert_eq!((refused.status, &refused.body["details"]["fields"][0]["field"]), (422, &json!(field)));
    }
    let zones = world.must("zone.list", json!({})).await;
    let all = zones["zones"].as_array().unwrap();
    let zone = |name: &str| all.iter().find(|zone| zone["name"] == name).unwrap()["offset_seconds"].clone();
    assert!(all.len() > 400 && zones["here"].is_string());
    assert_eq!(
        (zone("UTC"), zone(CHATHAM), zone("Asia/Kathmandu")),
        (json!(0), json!(45_900), json!(20_700))
    );
}

#[tokio::test]
async fn what_is_forecast_is_what_fires() {
    let world = World::start().await;
    let params = json!({"expression": "* * * * * *"});
    world.must("rule.create", timer_rule("default.second", CRON, &params)).await;
    let forecast = world.must("schedule.forecast", json!({"hours": 1, "rule": "default.second"})).await;
    assert_eq!(forecast["bands"][0]["rule"]["ref"], "default.second");
    let first = instant(&forecast["bands"][0]["from"]);
    wait_for_events(&world, "default.second", 3).await;
    let fired = planned(&world, "default.second").await;
    assert!(fired.contains(&first), "{first} in {fired:?}");
    let show = async || world.must("rule.show", json!({"ref": "default.second"})).await;
    let told = instant(&show().await["next_fire"]);
    wait_until("the instant that was told has fired", Duration::from_secs(30), || async {
        let fired = planned(&world, "default.second").await;
        if fired.contains(&told) { Ok(()) } else { Err(format!("{fired:?}")) }
    })
    .await;
    world.must("rule.disable", json!({"ref": "default.second"})).await;
    assert!(clock(&world).await >= told && !events_of(&world, "default.second").await.is_empty());
}

#[tokio::test]
async fn what_no_timer_can_do_is_refused_by_the_name_of_its_field() {
    let world = World::start().await;
    let rrule = "core.rruletimer";
    for (trigger, params, field) in [
        (CRON, json!({"expression": "* * *"}), "expression"),
        (CRON, json!({"expression": "0 0 30 2 *"}), "expression"),
        (CRON, json!({"expression": "@every 5m"}), "expression"),
        (CRON, json!({}), "expression"),
        (CRON, json!({"expression": "* * * * *", "timezone": "America/New_Yrok"}), "timezone"),
        (CRON, json!({"expression": "* * * * *", "type": "interval"}), "type"),
        (INTERVAL, json!({"interval": 60, "type": "cron"}), "type"),
        (INTERVAL, json!({"interval": 60, "jitter_seconds": 60}), "jitter_seconds"),
        (INTERVAL, json!({"interval": 60, "misfire": "sometimes"}), "misfire"),
        (
            INTERVAL,
            json!({"interval": 60, "not_before": "2030-01-02T00:00:00Z", "not_after": "2030-01-01T00:00:00Z"}),
            "not_before",
        ),
        ("core.datetimetimer", json!({"fire_at": "2026-03-28T09:30:00Z"}), "fire_at"),
        ("core.datetimetimer", json!({"fire_at": "soon"}), "fire_at"),
        (rrule, json!({"freq": "DAILY", "count": 3, "until": "2030-01-01T00:00:00Z"}), "count"),
        (rrule, json!({"freq": "DAILY", "interval": 0}), "interval"),
        (rrule, json!({"freq": "DAILY", "rule": "FREQ=DAILY"}), "rule"),
    ] {
        let request = timer_rule("default.bad", trigger, &params);
        let answer = world.rpc("rule.create", request).await;
        assert_eq!(answer.status, 422, "{params}: {}", answer.body);
        let fault = &answer.body["details"]["fields"][0];
        assert_eq!(fault["field"], format!("trigger_params.{field}"), "{params}: {fault}");
    }
    let rules = world.must("rule.list", json!({})).await;
    assert_eq!(rules["rules"].as_array().unwrap().len(), 1, "only the starter rule");
}
