//! Stories of clock changes: what fires, and what is said about it.

use crate::ask::{at, rule};

const BERLIN: &str = "Europe/Berlin";

/// What clocks show at the first fires after an instant, with the offset, and the note where there is one.
fn told(text: &str, start: &str, zone: &str, after: &str, count: usize) -> Vec<(String, Option<String>)> {
    let schedule = rule(text, start, zone);
    let fires = schedule.fires(at(after), count).into_iter();
    fires.map(|fire| (schedule.zone().unwrap().local(fire.at), fire.note)).collect()
}

/// The same without notes.
fn local(text: &str, start: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    told(text, start, zone, after, count).into_iter().map(|(local, _)| local).collect()
}

#[test]
fn a_time_that_clocks_skip_fires_after_the_gap_and_says_so() {
    let told = told("FREQ=DAILY", "2026-01-01T02:30", BERLIN, "2026-03-28T00:00:00Z", 3);
    let skipped = "02:30 is skipped as clocks go forward. Fires at 03:00, the first moment after.";
    assert_eq!(
        told,
        [
            ("2026-03-28T02:30:00+01:00".to_owned(), None),
            ("2026-03-29T03:00:00+02:00".to_owned(), Some(skipped.to_owned())),
            ("2026-03-30T02:30:00+02:00".to_owned(), None),
        ]
    );
}

#[test]
fn a_time_that_comes_twice_fires_at_the_first_and_says_so() {
    let told = told("FREQ=WEEKLY;BYDAY=SU", "2026-01-01T02:30", BERLIN, "2026-10-20T00:00:00Z", 2);
    assert_eq!(told[0].0, "2026-10-25T02:30:00+02:00");
    assert!(told[0].1.as_ref().unwrap().contains("Fires at the first, not at the second."), "{told:?}");
    assert_eq!(told[1], ("2026-11-01T02:30:00+01:00".to_owned(), None));
}

#[test]
fn what_one_gap_holds_fires_once_and_counts_once() {
    let expected = [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:00:00+02:00",
        "2026-03-30T02:15:00+02:00",
        "2026-03-30T02:30:00+02:00",
        "2026-03-30T02:45:00+02:00",
        "2026-03-31T02:00:00+02:00",
    ];
    let text = "FREQ=MINUTELY;INTERVAL=15;BYHOUR=2;COUNT=6";
    assert_eq!(local(text, "2026-03-29T00:00", BERLIN, "2026-03-28T00:00:00Z", 20), expected);
    let first = &told(text, "2026-03-29T00:00", BERLIN, "2026-03-28T00:00:00Z", 1)[0];
    assert!(first.1.as_ref().unwrap().contains("4 planned times"), "{first:?}");
    let schedule = rule(text, "2026-03-29T00:00", BERLIN);
    assert_eq!(schedule.count_between(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")), 6);
}

#[test]
fn hours_of_elapsed_time_have_neither_a_hole_nor_one_too_many() {
    let spring = local("FREQ=HOURLY", "2026-01-01T00:30", BERLIN, "2026-03-28T23:45:00Z", 3);
    assert_eq!(
        spring,
        ["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-29T04:30:00+02:00"]
    );
    let autumn = told("FREQ=HOURLY", "2026-01-01T00:30", BERLIN, "2026-10-24T23:00:00Z", 4);
    let shown: Vec<&str> = autumn.iter().map(|(local, _)| local.as_str()).collect();
    assert_eq!(
        shown,
        [
            "2026-10-25T01:30:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:30:00+01:00",
            "2026-10-25T03:30:00+01:00"
        ]
    );
    let note = |place: usize| autumn[place].1.as_deref().unwrap_or_default();
    assert!(
        note(1).ends_with("this is the first.") && note(2).ends_with("this is the second."),
        "{autumn:?}"
    );
}

#[test]
fn named_hours_are_those_that_clocks_show() {
    let text = "FREQ=HOURLY;BYHOUR=1,2,3";
    let spring = local(text, "2026-01-01T00:30", BERLIN, "2026-03-28T20:00:00Z", 3);
    // 02:30 is skipped, and 03:00 is the end of the gap.
    assert_eq!(
        spring,
        ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
    );
    let autumn = local(text, "2026-01-01T00:30", BERLIN, "2026-10-24T20:00:00Z", 3);
    assert_eq!(
        autumn,
        ["2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"]
    );
}

#[test]
fn where_clocks_move_by_half_an_hour_minutes_that_are_named_stay_and_others_move() {
    let zone = "Australia/Lord_Howe";
    // At 02:00 on 4 October 2026 clocks go forward to 02:30.
    let named = local("FREQ=HOURLY;BYMINUTE=0", "2026-07-01T00:00", zone, "2026-10-03T13:30:00Z", 4);
    assert_eq!(
        named,
        [
            "2026-10-04T01:00:00+10:30",
            "2026-10-04T03:00:00+11:00",
            "2026-10-04T04:00:00+11:00",
            "2026-10-04T05:00:00+11:00"
        ]
    );
    let elapsed = local("FREQ=HOURLY", "2026-07-01T00:00", zone, "2026-10-03T13:30:00Z", 3);
    assert_eq!(
        elapsed,
        ["2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T03:30:00+11:00"]
    );
}

#[test]
fn a_start_on_a_clock_change_is_where_that_time_is() {
    let before = "2026-01-01T00:00:00Z";
    // Clocks never show it: time begins at the end of the gap, and the time of day stays.
    let hours = local("FREQ=HOURLY", "2026-03-29T02:30", BERLIN, before, 2);
    assert_eq!(hours, ["2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"]);
    let days = local("FREQ=DAILY", "2026-03-29T02:30", BERLIN, before, 2);
    assert_eq!(days, ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    // Clocks show it twice: nothing fires before the instant that was written.
    let days = local("FREQ=DAILY;COUNT=2", "2026-10-25T02:30:00+01:00", BERLIN, before, 9);
    assert_eq!(days, ["2026-10-26T02:30:00+01:00", "2026-10-27T02:30:00+01:00"]);
    let hours = local("FREQ=HOURLY;COUNT=2", "2026-10-25T02:30:00+01:00", BERLIN, before, 9);
    assert_eq!(hours, ["2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"]);
}

#[test]
fn an_end_on_a_clock_change_holds_all_that_lies_before_it() {
    let before = "2026-01-01T00:00:00Z";
    let hours = local("FREQ=HOURLY;UNTIL=20261025T023000", "2026-10-25T01:00", BERLIN, before, 9);
    assert_eq!(
        hours,
        ["2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    );
    let gap = local("FREQ=MINUTELY;INTERVAL=20;UNTIL=20260329T023000", "2026-03-29T01:40", BERLIN, before, 9);
    assert_eq!(gap, ["2026-03-29T01:40:00+01:00"]);
    let named = "FREQ=DAILY;BYHOUR=1,2,3;UNTIL=20260329T021000";
    let named = local(named, "2026-03-29T00:05", BERLIN, before, 9);
    // 02:05 lies before the end, though it fires only at 03:00; 03:05 does not.
    assert_eq!(named, ["2026-03-29T01:05:00+01:00", "2026-03-29T03:00:00+02:00"]);
}
