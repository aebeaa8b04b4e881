use super::*;
use crate::wire::Time;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hourly() -> Schedule {
    let params = json!({"interval": 1, "unit": "hours", "anchor": "2010-01-01T00:00:00Z"});
    let trigger = "core.intervaltimer".parse().unwrap();
    Schedule::parse(&trigger, params.as_object().unwrap(), None).unwrap()
}

fn told(zone: &str, now: &str, count: u32) -> Vec<(String, u64, Option<String>)> {
    let zone = Zone::parse(zone).unwrap();
    let days = days(&hourly(), &zone, at(now), count);
    days.into_iter().map(|day| (day.date, day.fires, day.note)).collect()
}

#[test]
fn a_day_has_the_hours_that_its_clocks_give_it() {
    let note = |text: &str| Some(text.to_owned());
    assert_eq!(
        told("Europe/Berlin", "2026-03-27T22:59:59Z", 4),
        [
            ("2026-03-27".to_owned(), 0, None),
            ("2026-03-28".to_owned(), 24, None),
            ("2026-03-29".to_owned(), 23, note("Clocks go forward from 02:00 to 03:00.")),
            ("2026-03-30".to_owned(), 24, None),
        ]
    );
    assert_eq!(
        told("America/New_York", "2026-11-01T03:59:59Z", 2)[1],
        ("2026-11-01".to_owned(), 25, note("Clocks go back from 02:00 to 01:00."))
    );
    assert_eq!(
        told("Australia/Lord_Howe", "2026-04-04T12:00:00Z", 2)[1],
        ("2026-04-05".to_owned(), 25, note("Clocks go back from 02:00 to 01:30."))
    );
}

#[test]
fn of_today_only_what_is_still_to_come_counts() {
    let zone = Zone::utc();
    let days = days(&hourly(), &zone, at("2026-03-28T20:00:00Z"), 2);
    assert_eq!((days[0].fires, days[0].first.as_ref().unwrap().at), (3, Time(at("2026-03-28T21:00:00Z"))));
    // The fire at midnight is the first of its day.
    assert_eq!((days[1].fires, days[1].first.as_ref().unwrap().at), (24, Time(at("2026-03-29T00:00:00Z"))));
}

#[test]
fn a_change_at_midnight_belongs_to_the_day_that_it_begins() {
    // Cuba goes from midnight to one o'clock, and back from one o'clock to midnight.
    let days = told("America/Havana", "2026-03-07T12:00:00Z", 2);
    assert_eq!(days[0], ("2026-03-07".to_owned(), 16, None));
    assert_eq!((days[1].1, days[1].2.as_deref()), (23, Some("Clocks go forward from 00:00 to 01:00.")));
    let days = told("America/Havana", "2025-11-01T12:00:00Z", 2);
    assert_eq!((days[1].1, days[1].2.as_deref()), (25, Some("Clocks go back from 01:00 to 00:00.")));
}

#[test]
fn a_day_that_a_zone_goes_over_is_told() {
    // Samoa went over 30 December 2011.
    let days = told("Pacific/Apia", "2011-12-29T12:00:00Z", 3);
    assert_eq!(days[1].0, "2011-12-30");
    assert_eq!(
        (days[1].1, days[1].2.as_deref()),
        (0, Some("This day does not exist: the clocks go over it."))
    );
    assert_eq!(days[2].0, "2011-12-31");
}
