//! How recurrences are written, and what they say of themselves.

use crate::ask::{at, local, parse, rule};
use model::Timestamp;
use serde_json::{Value, json};

const BERLIN: &str = "Europe/Berlin";

/// Rules that start on 1 January 2026, a Thursday, at 09:00, and what they say.
const SENTENCES: &[(&str, &str)] = &[
    (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=10",
        "Every 2 weeks on Monday and Friday at 09:00, Berlin time, 10 times",
    ),
    ("FREQ=DAILY", "Every day at 09:00, Berlin time"),
    ("FREQ=DAILY;COUNT=1;BYSECOND=30", "Every day at 09:00:30, Berlin time, once"),
    ("FREQ=DAILY;UNTIL=20261224", "Every day at 09:00, Berlin time, until 24 December 2026"),
    ("FREQ=DAILY;UNTIL=20261224T100000", "Every day at 09:00, Berlin time, until 24 December 2026 at 10:00"),
    ("FREQ=DAILY;UNTIL=20261224T100000Z", "Every day at 09:00, Berlin time, until 24 December 2026 at 11:00"),
    (
        "FREQ=DAILY;INTERVAL=3;BYMONTH=1,2,3,5",
        "Every 3 days in January to March and May at 09:00, Berlin time",
    ),
    ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30", "Every day at 09:00, 09:30, 17:00 and 17:30, Berlin time"),
    (
        "FREQ=DAILY;BYHOUR=9,10,11,12;BYMINUTE=0,20,40",
        "Every day at minutes 0, 20 and 40 in hours 9 to 12, Berlin time",
    ),
    (
        "FREQ=DAILY;BYHOUR=9,17;BYSETPOS=-1",
        "Every day at 09:00 and 17:00, only the last of these in a day, Berlin time",
    ),
    ("FREQ=WEEKLY", "Every week on Thursday at 09:00, Berlin time"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Every week on Monday to Friday at 09:00, Berlin time"),
    ("FREQ=MONTHLY", "Every month on the 1st at 09:00, Berlin time"),
    (
        "FREQ=MONTHLY;BYMONTHDAY=1,15,-1,-2",
        "Every month on the 1st, the 15th, the last day and the 2nd last day at 09:00, Berlin time",
    ),
    (
        "FREQ=MONTHLY;BYDAY=1MO,-1FR",
        "Every month on the first Monday and the last Friday of the month at 09:00, Berlin time",
    ),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "Every month on the 13th where that is Friday at 09:00, Berlin time",
    ),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2,1",
        "Every month on Monday to Friday at 09:00, only the first and the 2nd last of these in a month, Berlin time",
    ),
    ("FREQ=YEARLY", "Every year on the 1st of January at 09:00, Berlin time"),
    ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=14", "Every year on the 14th of July at 09:00, Berlin time"),
    ("FREQ=YEARLY;BYDAY=20MO", "Every year on the 20th Monday of the year at 09:00, Berlin time"),
    (
        "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
        "Every year on the last Sunday of the month in March and October at 09:00, Berlin time",
    ),
    (
        "FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO",
        "Every year on Monday in week 20 and the last week at 09:00, Berlin time",
    ),
    (
        "FREQ=YEARLY;BYYEARDAY=1,100,-1",
        "Every year on days 1, 100 and the last day of the year at 09:00, Berlin time",
    ),
    ("FREQ=HOURLY", "Every hour, counted from 09:00 on 1 January 2026, Berlin time"),
    ("FREQ=HOURLY;INTERVAL=6", "Every 6 hours, counted from 09:00 on 1 January 2026, Berlin time"),
    ("FREQ=HOURLY;BYMINUTE=0,30", "Every hour at minutes 0 and 30, Berlin time"),
    ("FREQ=HOURLY;BYMINUTE=0;BYSECOND=30", "Every hour at second 30 of minute 0, Berlin time"),
    (
        "FREQ=MINUTELY;INTERVAL=15;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,10,11",
        "Every 15 minutes on Monday to Friday in hours 9 to 11, counted from 09:00 on 1 January 2026, Berlin time",
    ),
    ("FREQ=SECONDLY;BYMONTH=12", "Every second in December, Berlin time"),
];

#[test]
fn a_recurrence_says_what_it_is() {
    for (text, sentence) in SENTENCES {
        assert_eq!(rule(text, "2026-01-01T09:00", BERLIN).sentence(), *sentence, "{text}");
    }
    let utc = parse(&json!({"freq": "daily", "dtstart": "2026-01-01"}), None).unwrap();
    assert_eq!(utc.sentence(), "Every day at 00:00, UTC");
}

#[test]
fn the_longest_rule_makes_a_sentence_that_can_be_read() {
    let all = |least: i32, most: i32| (least..=most).filter(|number| *number != 0).collect::<Vec<_>>();
    let params = json!({"freq": "YEARLY", "by_year_day": all(-366, 366), "by_month_day": all(-31, 31),
        "by_month": [1, 3, 5, 7, 9, 11], "by_set_pos": all(-366, 366), "by_hour": all(0, 23), "by_minute": all(0, 59),
        "by_second": all(0, 59), "by_day": all(-5, 5).into_iter().flat_map(|nth| ["MO", "WE"].map(|day| format!("{nth}{day}"))).collect::<Vec<_>>()});
    let schedule = parse(&params, None).unwrap();
    assert!(schedule.sentence().len() < 2_500, "{}", schedule.sentence());
    assert!(schedule.describe()["rule"].as_str().unwrap().len() < 10_000);
    assert!(schedule.next_after(at("2026-01-01T00:00:00Z")).is_some());
}

#[test]
fn an_event_says_the_rule_the_start_and_the_zone() {
    let params = json!({"freq": "weekly", "by_day": "fr, mo", "by_hour": 9, "until": "2026-12-31", "week_start": "su",
        "interval": 2, "dtstart": "2026-01-01T08:30", "timezone": "europe/berlin", "type": "rrule"});
    let expected = json!({"type": "rrule", "rule": "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231;BYDAY=MO,FR;BYHOUR=9;WKST=SU",
        "dtstart": "2026-01-01T08:30:00", "timezone": "Europe/Berlin"});
    let schedule = parse(&params, None).unwrap();
    assert_eq!(Value::from(schedule.describe()), expected);
    let again =
        json!({"rule": expected["rule"], "dtstart": expected["dtstart"], "timezone": expected["timezone"]});
    assert_eq!(parse(&again, None).unwrap(), schedule, "what it says of itself is the same recurrence");
}

#[test]
fn lists_may_be_written_in_every_usual_way() {
    let same = rule("FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "2026-01-01T09:00", "UTC");
    for days in [
        json!([1, 15, -1]),
        json!(["1", "+15", "-1"]),
        json!([-1, 15, 1, 15.0, 1]),
        json!("1,15,-1"),
        json!(" -1 , 15 , 1 "),
    ] {
        let params = json!({"freq": "Monthly", "by_month_day": days, "dtstart": "2026-01-01T09:00:00"});
        assert_eq!(parse(&params, None).unwrap(), same, "{params}");
    }
    let one = parse(
        &json!({"freq": "MONTHLY", "by_month_day": 5, "by_day": [], "dtstart": "2026-01-01T09:00"}),
        None,
    );
    assert_eq!(
        one.unwrap(),
        rule("FREQ=MONTHLY;BYMONTHDAY=5", "2026-01-01T09:00", "UTC"),
        "an empty list is none"
    );
    let spaced = parse(
        &json!({"rule": " rrule:freq=monthly ; bymonthday=15, 1,-1", "dtstart": "20260101T090000"}),
        None,
    );
    assert_eq!(spaced.unwrap(), same);
}

#[test]
fn the_start_may_be_a_day_a_local_time_or_an_instant() {
    for (start, first) in [
        ("2026-07-01", "2026-07-01T00:00:00"),
        ("2026-07-01T09:30", "2026-07-01T09:30:00"),
        ("2026-07-01 09:30:15", "2026-07-01T09:30:15"),
        ("20260701T093000", "2026-07-01T09:30:00"),
        ("20260701T093000Z", "2026-07-01T11:30:00"),
        ("2026-07-01T09:30:00-04:00", "2026-07-01T15:30:00"),
    ] {
        let schedule = rule("FREQ=DAILY", start, BERLIN);
        assert_eq!(local(&schedule, &schedule.fires(Timestamp::MIN, 1)), [first], "{start}");
    }
}

#[test]
fn a_recurrence_without_a_start_starts_where_it_was_first_enabled() {
    let params = json!({"freq": "WEEKLY", "count": 2, "timezone": BERLIN});
    let anchored = parse(&params, Some(at("2026-07-01T10:20:30.5Z"))).unwrap();
    let fires = anchored.fires(Timestamp::MIN, 9);
    assert_eq!(local(&anchored, &fires), ["2026-07-01T12:20:30", "2026-07-08T12:20:30"]);
    let never_enabled = parse(&params, None).unwrap();
    let fires = never_enabled.fires(Timestamp::MIN, 9);
    assert_eq!(local(&never_enabled, &fires), ["2001-01-01T00:00:00", "2001-01-08T00:00:00"]);
    let given = json!({"freq": "WEEKLY", "count": 2, "timezone": BERLIN, "dtstart": "2026-01-01"});
    assert_eq!(
        parse(&given, Some(at("2026-07-01T10:20:30.5Z"))),
        parse(&given, None),
        "a start of its own wins"
    );
}

#[test]
fn only_what_follows_elapsed_time_alone_has_a_period() {
    let period = |text: &str| rule(text, "2026-01-01T09:00", BERLIN).period_ms();
    assert_eq!(period("FREQ=SECONDLY;INTERVAL=30"), Some(30_000));
    assert_eq!(period("FREQ=HOURLY;INTERVAL=6"), Some(21_600_000));
    let all = (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(period(&format!("FREQ=MINUTELY;BYHOUR={all}")), Some(60_000), "all hours are none");
    for text in ["FREQ=DAILY", "FREQ=HOURLY;BYHOUR=1", "FREQ=MINUTELY;BYDAY=MO", "FREQ=SECONDLY;BYSECOND=0"] {
        assert_eq!(period(text), None, "{text}");
    }
}

#[test]
fn the_window_and_jitter_of_all_timers_apply() {
    let params = json!({"freq": "DAILY", "dtstart": "2026-01-01T09:00", "timezone": BERLIN, "jitter_seconds": 60,
        "not_before": "2026-02-01T00:00", "not_after": "2026-02-03T12:00", "misfire": "skip"});
    let schedule = parse(&params, None).unwrap();
    let fires = schedule.fires(Timestamp::MIN, 9);
    assert_eq!(fires.len(), 3);
    for (fire, planned) in
        fires.iter().zip(["2026-02-01T08:00:00Z", "2026-02-02T08:00:00Z", "2026-02-03T08:00:00Z"])
    {
        assert!((0..60_000_000).contains(&fire.at.micros_since(at(planned))), "{fire:?}");
    }
    let error = parse(&json!({"freq": "MINUTELY", "jitter_seconds": 60}), None).unwrap_err();
    assert_eq!(error.field, "jitter_seconds");
}
