//! A person writes the parameters of a timer and sees when it fires, or why it cannot.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use model::{Invalid, Ref, RuleId, Timestamp, limits};
use proptest::prelude::*;
use schedule::{MisfirePolicy, Schedule, Zone, is_timer};
use serde_json::{Value, json};

fn trigger(text: &str) -> Ref {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn parse(params: &Value, anchor: Option<Timestamp>) -> Result<Schedule, Invalid> {
    Schedule::parse(&trigger("core.intervaltimer"), params.as_object().unwrap(), anchor)
}

/// The next instants as text, so that a test reads like the answer of a preview.
fn fires(params: &Value, anchor: Option<&str>, after: &str, count: usize) -> Vec<String> {
    let schedule = parse(params, anchor.map(at)).unwrap();
    schedule.fires(at(after), count).into_iter().map(|fire| fire.at.to_string()).collect()
}

#[test]
fn without_an_anchor_the_grid_starts_at_the_epoch() {
    assert_eq!(
        fires(&json!({"interval": 10}), None, "2026-03-28T00:00:00Z", 3),
        ["2026-03-28T00:00:10Z", "2026-03-28T00:00:20Z", "2026-03-28T00:00:30Z"]
    );
}

#[test]
fn the_first_enabling_gives_the_phase_and_an_anchor_of_the_rule_overrides_it() {
    let first_enabled = Some("2026-03-28T00:00:07.250Z");
    assert_eq!(
        fires(&json!({"interval": 1, "unit": "minutes"}), first_enabled, "2026-03-28T10:00:00Z", 2),
        ["2026-03-28T10:00:07.250Z", "2026-03-28T10:01:07.250Z"]
    );
    let own = json!({"interval": 1, "unit": "minutes", "anchor": "2026-03-28T01:00:30+01:00"});
    assert_eq!(fires(&own, first_enabled, "2026-03-28T10:00:00Z", 1), ["2026-03-28T10:00:30Z"]);
}

#[test]
fn nothing_fires_before_the_anchor_which_is_the_first_instant() {
    let params = json!({"interval": 1, "unit": "hours", "anchor": "2027-01-01T00:00:00Z"});
    assert_eq!(
        fires(&params, None, "2026-06-01T00:00:00Z", 2),
        ["2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z"]
    );
    assert_eq!(fires(&params, None, "2027-01-01T00:00:00Z", 1), ["2027-01-01T01:00:00Z"]);
}

#[test]
fn a_day_is_24_hours_also_where_clocks_are_changed() {
    let params = json!({"interval": 1, "unit": "days", "anchor": "2026-03-28T01:30:00+01:00"});
    assert_eq!(
        fires(&params, None, "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T00:30:00Z", "2026-03-30T00:30:00Z"]
    );
}

#[test]
fn the_tagged_form_is_the_same_timer() {
    let tagged = parse(&json!({"type": "interval", "interval": 5, "unit": "seconds"}), None);
    assert_eq!(tagged, parse(&json!({"interval": 5}), None));
}

#[test]
fn a_schedule_says_what_it_is() {
    for (params, sentence, seconds) in [
        (json!({"interval": 1}), "Every second", 1),
        (json!({"interval": 15, "unit": "minutes"}), "Every 15 minutes", 900),
        (json!({"interval": 1, "unit": "days"}), "Every day", 86_400),
        (json!({"interval": 2, "unit": "hours"}), "Every 2 hours", 7_200),
    ] {
        let schedule = parse(&params, None).unwrap();
        assert_eq!((schedule.sentence().as_str(), schedule.period_ms()), (sentence, Some(seconds * 1_000)));
        assert_eq!(schedule.describe()["interval_seconds"], json!(seconds));
    }
    let facts = parse(&json!({"interval": 15, "unit": "minutes"}), None).unwrap().describe();
    let expected = json!({"type": "interval", "interval": 15, "unit": "minutes", "interval_seconds": 900});
    assert_eq!(Value::from(facts), expected);
}

#[test]
fn a_planned_instant_reads_well_as_json() {
    let fire = parse(&json!({"interval": 10}), None).unwrap().next_after(at("2026-03-28T00:00:00Z")).unwrap();
    assert_eq!(serde_json::to_string(&fire).unwrap(), r#"{"at":"2026-03-28T00:00:10Z","note":null}"#);
}

#[test]
fn wrong_parameters_are_refused_with_the_field_what_was_found_and_what_was_expected() {
    for (params, field, parts) in [
        (json!({"interval": 0}), "interval", vec!["found 0", "at least 1"]),
        (json!({"interval": -1}), "interval", vec!["found -1", "at least 1"]),
        (json!({"interval": 1.5}), "interval", vec!["found 1.5", "whole number"]),
        (json!({"interval": -1e300}), "interval", vec!["whole number"]),
        (json!({"interval": "60"}), "interval", vec!["the text `60`", "write 60 without quotes"]),
        (json!({"interval": "soon"}), "interval", vec!["the text `soon`", "whole number"]),
        (json!({"interval": true}), "interval", vec!["found `true`", "whole number"]),
        (json!({"interval": null}), "interval", vec!["found `null`", "whole number"]),
        (json!({"interval": [1]}), "interval", vec!["a list"]),
        (json!({"unit": "seconds"}), "interval", vec!["missing", "such as 60"]),
        (json!({}), "interval", vec!["missing"]),
        (json!({"interval": 9_223_372_036_854_775_808_u64}), "interval", vec!["too long", "seconds"]),
        (json!({"interval": 1e18, "unit": "days"}), "interval", vec!["at most 36600 days"]),
        (json!({"interval": i64::MAX, "unit": "days"}), "interval", vec!["at most 36600 days"]),
        (json!({"interval": 1, "unit": "minuets"}), "unit", vec!["`minuets`", "did you mean `minutes`?"]),
        (
            json!({"interval": 1, "unit": "fortnights"}),
            "unit",
            vec!["`seconds`, `minutes`, `hours` or `days`"],
        ),
        (json!({"interval": 1, "unit": 60}), "unit", vec!["found `60`", "`seconds`"]),
        (json!({"interval": 1, "unit": null}), "unit", vec!["found `null`"]),
        (json!({"interval": 1, "type": "cron"}), "type", vec!["`cron`", "core.intervaltimer", "`interval`"]),
        (json!({"interval": 1, "type": 7}), "type", vec!["`7`"]),
        (json!({"expression": "* * * * *", "type": "cron"}), "type", vec!["`cron`"]),
        (json!({"interval": 1, "intervall": 2}), "intervall", vec!["did you mean `interval`?"]),
        (json!({"interval": 1, "colour": "red"}), "colour", vec!["has no parameter `colour`", "`anchor`"]),
        (json!({"interval": 1, "anchor": "2026-03-28T00:00:00"}), "anchor", vec!["RFC 3339 with an offset"]),
        (json!({"interval": 1, "anchor": 5}), "anchor", vec!["found `5`", "RFC 3339"]),
        (json!({"interval": 1, "anchor": "0001-01-01T00:00:00Z"}), "anchor", vec!["0001-01-01"]),
    ] {
        let error = parse(&params, None).expect_err(&params.to_string());
        assert_eq!(error.field, field, "{params}: {error}");
        for part in parts {
            assert!(error.message.contains(part), "{params}: {error}");
        }
    }
}

#[test]
fn a_number_that_only_looks_broken_is_whole() {
    assert_eq!(parse(&json!({"interval": 6e1}), None), parse(&json!({"interval": 60}), None));
}

#[test]
fn an_error_repeats_only_the_head_of_a_long_input() {
    let error = parse(&json!({"interval": "é\n".repeat(100_000)}), None).unwrap_err();
    assert!(error.message.len() < 300 && !error.message.contains('\n'), "{error}");
}

#[test]
fn a_trigger_that_is_no_timer_is_refused() {
    let parse = |name: &str| Schedule::parse(&trigger(name), &serde_json::Map::new(), None).unwrap_err();
    let near = parse("core.intervaltimr");
    assert_eq!(near.field, "trigger_ref");
    assert!(near.message.contains("did you mean `core.intervaltimer`?"), "{near}");
    assert!(parse("demo.tick").message.contains("`demo.tick` is not a timer"));
    assert!(is_timer(&trigger("core.intervaltimer")) && !is_timer(&trigger("demo.tick")));
}

#[test]
fn a_schedule_ends_with_the_calendar_without_overflow() {
    let longest = parse(&json!({"interval": limits::INTERVAL_SECONDS}), Some(Timestamp::MAX)).unwrap();
    assert_eq!(longest.next_after(Timestamp::MAX), None);
    assert_eq!(longest.next_after(Timestamp::MIN).unwrap().at, Timestamp::MAX);
    let second = parse(&json!({"interval": 1}), None).unwrap();
    assert_eq!(second.next_after(Timestamp::MAX), None);
    assert_eq!(second.count_between(Timestamp::MIN, Timestamp::MAX), 253_402_300_799);
    assert_eq!(second.fires(Timestamp::MAX.plus_micros(-1_500_000), 9).len(), 2);
}

fn timer(kind: &str, params: &Value) -> Schedule {
    let name = format!("core.{kind}timer");
    Schedule::parse(&trigger(&name), params.as_object().unwrap(), None).unwrap()
}

#[test]
fn a_schedule_says_its_zone_and_the_facts_of_its_events() {
    let window = json!({"expression": " 30 8 * * 1-5 ", "timezone": "europe/berlin", "jitter_seconds": 90,
        "not_before": "2026-03-01T09:00", "not_after": "2026-04-01T00:00:00Z"});
    let cron = timer("cron", &window);
    assert_eq!(cron.zone().map(Zone::name), Some("Europe/Berlin"));
    assert_eq!(
        Value::from(cron.describe()),
        json!({"type": "cron", "expression": "30 8 * * 1-5", "timezone": "Europe/Berlin", "jitter_seconds": 90,
            "not_before": "2026-03-01T08:00:00Z", "not_after": "2026-04-01T00:00:00Z"})
    );
    let once = timer("datetime", &json!({"fire_at": "2026-03-28T09:30", "timezone": "Europe/Berlin"}));
    assert_eq!(
        Value::from(once.describe()),
        json!({"type": "datetime", "fire_at": "2026-03-28T09:30", "timezone": "Europe/Berlin"})
    );
    assert_eq!(timer("interval", &json!({"interval": 1})).zone(), None);
    assert_eq!(timer("cron", &json!({"expression": "* * * * *"})).zone().map(Zone::name), Some("UTC"));
}

#[test]
fn window_and_jitter_are_part_of_the_sentence_and_jitter_ends_the_even_period() {
    for (kind, params, sentence, period) in [
        (
            "interval",
            json!({"interval": 15, "unit": "minutes", "not_before": "2026-04-01T09:00:00Z"}),
            "Every 15 minutes, from 1 April 2026 at 09:00 UTC",
            Some(900_000),
        ),
        (
            "interval",
            json!({"interval": 15, "unit": "minutes", "jitter_seconds": 120}),
            "Every 15 minutes, delayed by up to 2 minutes",
            None,
        ),
        (
            "cron",
            json!({"expression": "30 8 * * *", "timezone": "Europe/Berlin", "not_after": "2026-12-31T23:00:00Z"}),
            "Every day at 08:30, Berlin time, until 1 January 2027 at 00:00",
            None,
        ),
        (
            "cron",
            json!({"expression": "*/15 * * * *", "timezone": "Europe/Berlin", "not_before": "2026-04-01T09:00",
                "not_after": "2026-04-01T17:00", "jitter_seconds": 1}),
            "Every 15 minutes, from 1 April 2026 at 09:00 until 1 April 2026 at 17:00, Berlin time, delayed by up to 1 second",
            None,
        ),
        (
            "cron",
            json!({"expression": "* * * * * *", "timezone": "Europe/Berlin"}),
            "Every second",
            Some(1_000),
        ),
        (
            "datetime",
            json!({"fire_at": "2026-03-28T09:30:15+01:00"}),
            "Once, on 28 March 2026 at 08:30:15 UTC",
            None,
        ),
        (
            "datetime",
            json!({"fire_at": "2026-03-28T09:30:00Z", "timezone": "America/New_York"}),
            "Once, on 28 March 2026 at 05:30, New York time",
            None,
        ),
    ] {
        let schedule = timer(kind, &params);
        assert_eq!((schedule.sentence().as_str(), schedule.period_ms()), (sentence, period), "{params}");
    }
}

#[test]
fn what_becomes_of_missed_instants_is_read_from_the_parameters() {
    for (params, policy) in [
        (json!({"interval": 1}), MisfirePolicy::Once),
        (json!({"interval": 1, "misfire": "once"}), MisfirePolicy::Once),
        (json!({"interval": 1, "misfire": "skip"}), MisfirePolicy::Skip),
        (json!({"interval": 1, "misfire": "all"}), MisfirePolicy::All { limit: limits::MISFIRE_LIMIT }),
        (json!({"interval": 1, "misfire": "all", "misfire_limit": 3}), MisfirePolicy::All { limit: 3 }),
    ] {
        assert_eq!(timer("interval", &params).misfire(), policy, "{params}");
    }
}

#[test]
fn jitter_is_the_same_on_every_machine_and_another_for_every_rule() {
    let schedule = timer("interval", &json!({"interval": 1, "unit": "hours", "jitter_seconds": 600}));
    let delays = |rule: i64| -> Vec<i64> {
        let fires = schedule.clone().for_rule(RuleId(rule)).fires(at("2026-03-27T23:59:00Z"), 3);
        let hours = (0..).map(|hour| at("2026-03-28T00:00:00Z").plus_micros(hour * 3_600_000_000));
        fires.iter().zip(hours).map(|(fire, planned)| fire.at.millis_since(planned)).collect()
    };
    // Reckoned elsewhere, from the definition of the function.
    assert_eq!(delays(1), [588_477, 88_577, 340_245]);
    assert_eq!(delays(2), [192_813, 101_540, 314_428]);
    assert_eq!(delays(7), [67_660, 106_277, 355_180]);
}

#[test]
fn an_instant_that_jitter_delays_is_still_ahead_when_its_planned_time_has_passed() {
    let schedule = timer("interval", &json!({"interval": 1, "unit": "hours", "jitter_seconds": 600}));
    let schedule = schedule.for_rule(RuleId(1));
    let fire = at("2026-03-28T00:09:48.477Z");
    for after in ["2026-03-28T00:00:00Z", "2026-03-28T00:05:00Z", "2026-03-28T00:09:48.476Z"] {
        assert_eq!(schedule.next_after(at(after)).unwrap().at, fire);
        assert_eq!(schedule.last_until(at("2026-03-27T23:50:00Z"), at(after)), None);
        assert_eq!(schedule.count_between(at(after), fire), 1);
    }
    assert_eq!(schedule.next_after(fire).unwrap().at, at("2026-03-28T01:01:28.577Z"));
    assert_eq!(schedule.count_between(fire, at("2026-03-28T01:01:00Z")), 0);
}

#[test]
fn a_rule_that_moves_to_another_zone_never_fires_in_its_past() {
    let daily = |zone: &str| timer("cron", &json!({"expression": "0 8 * * *", "timezone": zone}));
    let fired = daily("Europe/Berlin").next_after(at("2026-06-01T00:00:00Z")).unwrap().at;
    for zone in ["Asia/Tokyo", "UTC", "America/New_York", "Pacific/Kiritimati"] {
        let next = daily(zone).next_after(fired).unwrap().at;
        assert!(next > fired && next.micros_since(fired) <= 24 * 3_600_000_000, "{zone}: {next}");
    }
}

#[test]
fn long_and_hostile_texts_are_refused_in_a_few_words() {
    let long = |text: &str| text.repeat(10_000 / text.len());
    for (kind, params) in [
        ("cron", json!({"expression": long(",")})),
        ("cron", json!({"expression": format!("{} * * * *", ",".repeat(900))})),
        ("cron", json!({"expression": long("9")})),
        ("cron", json!({"expression": format!("{} * * * *", "９".repeat(300))})),
        ("cron", json!({"expression": format!("{} * * * *", "\u{1b}[2J".repeat(200))})),
        ("cron", json!({"expression": long("* ")})),
        ("cron", json!({"expression": "@every ".to_owned() + &"x".repeat(1_000)})),
        ("cron", json!({"expression": "* * * * *", "timezone": long("Europe/")})),
        ("cron", json!({"expression": "* * * * *", "timezone": "+".to_owned() + &"1".repeat(10_000)})),
        ("datetime", json!({"fire_at": long("2026-03-28T09:30"), "timezone": "UTC"})),
    ] {
        let name = format!("core.{kind}timer");
        let error = Schedule::parse(&trigger(&name), params.as_object().unwrap(), None).unwrap_err();
        assert!(error.message.len() < 500, "{error}");
        assert!(!error.message.chars().any(char::is_control), "{error}");
    }
}

#[test]
fn a_zone_tells_names_local_times_days_and_changes() {
    let names = Zone::names();
    assert!(names.len() > 400 && names.is_sorted() && names.iter().any(|name| name == "Europe/Berlin"));
    for name in names.iter().step_by(20) {
        assert!(!Zone::parse(name).unwrap().spoken().is_empty(), "{name}");
    }
    let berlin = Zone::parse("europe/berlin").unwrap();
    let (winter, summer) = (at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
    assert_eq!(
        (berlin.name(), berlin.offset_seconds(winter), berlin.offset_seconds(summer)),
        ("Europe/Berlin", 3_600, 7_200)
    );
    assert_eq!(berlin.local(summer), "2026-03-29T14:00:00+02:00");
    assert_eq!(
        berlin.change_between(winter, summer).as_deref(),
        Some("Clocks go forward from 02:00 to 03:00.")
    );
    assert_eq!(berlin.change_between(summer, at("2026-06-01T00:00:00Z")), None);
    let day = berlin.date(at("2026-03-28T23:30:00Z"));
    assert_eq!(
        (day.to_string().as_str(), berlin.day_start(day)),
        ("2026-03-29", Some(at("2026-03-28T23:00:00Z")))
    );
    let apia = Zone::parse("Pacific/Apia").unwrap();
    assert_eq!(apia.day_start("2011-12-30".parse().unwrap()), Some(at("2011-12-30T10:00:00Z")));
    assert_eq!(
        apia.change_between(at("2011-12-30T00:00:00Z"), at("2011-12-31T00:00:00Z")).as_deref(),
        Some("Clocks go forward from 00:00 on 30 December 2011 to 00:00 on 31 December 2011.")
    );
}

#[test]
fn local_times_end_with_the_calendar() {
    let daily = timer("cron", &json!({"expression": "0 0 * * *", "timezone": "Pacific/Kiritimati"}));
    assert_eq!(daily.fires(at("9999-12-28T00:00:00Z"), 9).len(), 3);
    assert_eq!(daily.next_after(Timestamp::MAX), None);
    assert_eq!(daily.next_after(Timestamp::MIN).unwrap().at, at("1970-01-01T10:40:00Z"));
    assert_eq!(daily.count_between(Timestamp::MAX, Timestamp::MAX), 0);
    assert_eq!(daily.last_until(Timestamp::MIN, Timestamp::MIN), None);
}

proptest! {
    #[test]
    fn instants_rise_on_the_grid_and_every_count_agrees(
        interval in 1..=100_000_i64,
        unit in prop::sample::select(vec![("seconds", 1_i64), ("minutes", 60), ("hours", 3_600), ("days", 86_400)]),
        anchor in 0..=Timestamp::MAX.as_micros(),
        after in 0..=Timestamp::MAX.as_micros(),
    ) {
        let (word, seconds) = unit;
        prop_assume!(interval * seconds <= limits::INTERVAL_SECONDS);
        let (anchor, after) = (Timestamp::from_micros(anchor), Timestamp::from_micros(after));
        let schedule = parse(&json!({"interval": interval, "unit": word}), Some(anchor)).unwrap();
        let period = interval * seconds * 1_000_000;
        let fires = schedule.fires(after, 50);
        let mut before = after;
        for (done, fire) in fires.iter().enumerate() {
            prop_assert!(fire.at > before && fire.at >= anchor);
            prop_assert_eq!(fire.at.micros_since(anchor) % period, 0);
            // The first is at most a period away (or the anchor itself), and no grid instant is left out.
            let gap = fire.at.micros_since(before);
            let right = if done == 0 { gap <= period || fire.at == anchor } else { gap == period };
            prop_assert!(right, "a gap of {gap} µs with a period of {period} µs");
            prop_assert_eq!(schedule.count_between(after, fire.at), done as u64 + 1);
            prop_assert_eq!(schedule.count_between(after, fire.at.plus_micros(-1)), done as u64);
            prop_assert_eq!(schedule.last_until(after, fire.at), Some(fire.clone()));
            prop_assert_eq!(schedule.last_until(before, fire.at.plus_micros(-1)), None);
            before = fire.at;
        }
        if fires.len() < 50 {
            prop_assert_eq!(schedule.next_after(before), None);
            prop_assert!(Timestamp::MAX.micros_since(before) < period);
        }
        prop_assert_eq!(schedule.count_between(before, after), 0);
        prop_assert_eq!(schedule.last_until(before, after), None);
    }
}
