//! The worst schedules that people can write: whatever is asked, and from wherever, the answer takes few steps.

use super::of;
use crate::Schedule;
use model::Timestamp;
use serde_json::json;

/// A step is a month looked at or a clock change passed. The longest that any pattern of days sleeps is forty years,
/// and each of those has twelve months and, in Morocco, four changes of the clock. A clock that is put back right after
/// the start makes the months be looked at twice.
const MOST: u64 = 40 * (2 * 12 + 4) + 20;

/// Rare days, in the order of their rarity, and hours that follow local times and real time.
const WORST: [&str; 26] = [
    "0 0 29 2 *",
    "0 0 29 2 +MON",
    "0 0 29 2 +SUN#5",
    "0 0 * 2 MON#5",
    "0 0 29W 2 *",
    "0 0 29W 2 +MON",
    "* * 29 2 +TUE",
    "* * * 29 2 +WED",
    "0 * 29 2 +THU",
    "0 */2 29 2 +FRI",
    "0 */23 29 2 +SAT",
    "59 59 23 29 2 +SAT",
    "59 59 0-23 29 2 +SAT",
    "0 0 31 12 +SUN",
    "0 0 31W 12 +MON",
    "0 0 LW 2 +THU",
    "0 * L 2 +THU",
    "0 0 31 1,3,5,7,8,10,12 +FRI",
    "0 0 1 1 *",
    "0 0 1W 1 +TUE",
    "* * 1 1 +MON",
    "* * * * * *",
    "0 0 * * *",
    "*/7 */5 * * *",
    "30 2 * * *",
    "0 * * * SUN#5",
];

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Havana",
    "Antarctica/Troll",
    "Asia/Kathmandu",
];

fn cron(expression: &str, zone: &str) -> Schedule {
    let params = json!({"expression": expression, "timezone": zone});
    Schedule::parse(&"core.crontimer".parse().unwrap(), params.as_object().unwrap(), None).unwrap()
}

fn starts() -> Vec<Timestamp> {
    let years = (1970..2110).step_by(9).chain([5_000, 9_990, 9_999]);
    let days = [
        "01-01T00:00:00Z",
        "02-28T23:59:59.999999Z",
        "03-01T00:00:00Z",
        "03-29T00:59:59Z",
        "10-25T00:30:00Z",
    ];
    years.flat_map(|year| days.map(|day| format!("{year}-{day}").parse().unwrap())).collect()
}

#[test]
fn the_next_and_the_last_instant_take_few_steps_from_anywhere() {
    for expression in WORST {
        for zone in ZONES {
            let schedule = cron(expression, zone);
            for start in starts() {
                let (next, steps) = of(|| schedule.next_after(start));
                assert!(steps <= MOST, "{steps} steps from {start} to {next:?} for {expression} in {zone}");
                let (last, steps) = of(|| schedule.last_until(Timestamp::MIN, start));
                assert!(
                    steps <= MOST,
                    "{steps} steps from {start} back to {last:?} for {expression} in {zone}"
                );
            }
        }
    }
}

#[test]
fn the_bound_on_steps_is_nearly_reached() {
    let schedule = cron("0 * 29 2 +MON", "Africa/Casablanca");
    let (next, steps) = of(|| schedule.next_after("2072-03-01T00:00:00Z".parse().unwrap()));
    assert_eq!(next.unwrap().at.to_string(), "2112-02-29T00:00:00Z");
    assert!(steps > MOST / 3, "{steps} steps");
}

#[test]
fn a_year_of_seconds_is_counted_by_months_and_clock_changes() {
    let (start, end) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
    for (expression, count) in
        [("* * * * * *", 31_536_000), ("* * 0-22,23 * * *", 31_536_000), ("* * 0-11 * * *", 15_768_000)]
    {
        let schedule = cron(expression, "UTC");
        let (counted, steps) = of(|| schedule.count_between(start, end));
        assert_eq!(counted, count, "{expression}");
        assert!(steps <= 30, "{steps} steps for {expression}");
        let berlin = cron(expression, "Europe/Berlin");
        let (_, steps) = of(|| berlin.count_between(start, end));
        assert!(steps <= 60, "{steps} steps for {expression} in Berlin");
    }
}

#[test]
fn all_of_time_is_counted_as_well() {
    let schedule = cron("* * * * * *", "Europe/Berlin");
    let (count, steps) = of(|| schedule.count_between(Timestamp::MIN, Timestamp::MAX));
    // To the end of what the calendar holds, a day before the end of the year 9999.
    assert!((253_402_200_000..=253_402_300_799).contains(&count), "{count}");
    assert!(steps < 200_000, "{steps} steps");
}
