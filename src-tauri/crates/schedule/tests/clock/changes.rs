//! Every clock change of every zone.

use super::oracle::{Asked, Found, Walk};
use super::{agree, at, cron, timer};
use jiff::Timestamp as Instant;
use jiff::civil::Time;
use schedule::{Schedule, Zone};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

const HOUR: i64 = 3_600;

/// A clock change: two of the same kind look the same to whoever does not look at the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    before: i32,
    after: i32,
    /// What clocks showed last.
    time: Time,
}

/// Seconds since the epoch at which a year begins.
fn year(year: i16) -> i64 {
    jiff::civil::date(year, 1, 1).in_tz("UTC").unwrap().timestamp().as_second()
}

/// Each kind of change in `from..to`, with all the places and instants at which it happens.
fn changes(from: i16, to: i16) -> BTreeMap<Kind, Vec<(Zone, i64)>> {
    let mut kinds: BTreeMap<Kind, Vec<(Zone, i64)>> = BTreeMap::new();
    let end = year(to);
    for name in Zone::names() {
        let zone = Zone::parse(&name).unwrap();
        let rules = zone.rules();
        let mut before = rules.to_offset(Instant::from_second(year(from)).unwrap());
        for change in rules.following(Instant::from_second(year(from)).unwrap()) {
            let (at, after) = (change.timestamp(), change.offset());
            if at.as_second() >= end {
                break;
            }
            if before != after {
                let kind = Kind {
                    before: before.seconds(),
                    after: after.seconds(),
                    time: before.to_datetime(at).time(),
                };
                kinds.entry(kind).or_default().push((zone.clone(), at.as_second()));
            }
            before = after;
        }
    }
    kinds
}

/// Daily, some of them where clocks are changed most often; lists; hourly and quarter-hourly, within hours and
/// throughout.
const BY_MINUTES: [&str; 9] = [
    "30 2 * * *",
    "0 0 * * *",
    "0 3 * * *",
    "30 1,2,13 * * *",
    "*/15 1-3 * * *",
    "0 0-12 * * *",
    "0 * * * *",
    "30 */2 * * *",
    "*/15 * * * *",
];
/// Of a rhythm of seconds.
const BY_SECONDS: [&str; 3] = ["* * * * * *", "*/20 45 * * * *", "59 59 0-23 * * *"];

/// Every kind of change between 2010 and 2037 that happens where clocks are so far ahead of UTC, against the walk; and
/// every change of that kind against the first.
fn check(hours: std::ops::Range<i64>) {
    let kinds = changes(2010, 2038);
    let all: usize = kinds.values().map(Vec::len).sum();
    assert!(kinds.len() > 100 && all > 10_000, "{} kinds of {all} changes", kinds.len());
    let here = kinds.iter().filter(|(kind, _)| hours.contains(&i64::from(kind.before).div_euclid(HOUR)));
    let mut timers = HashMap::new();
    for (kind, places) in here {
        let (zone, change) = &places[0];
        by_minutes(kind, zone, *change);
        by_seconds(kind, zone, *change);
        once(kind, zone, *change);
        alike(kind, places, &mut timers);
    }
}

fn by_minutes(kind: &Kind, zone: &Zone, change: i64) {
    let walk = Walk::new(zone.rules(), change - 58 * HOUR, change + 58 * HOUR, 60);
    for expression in BY_MINUTES {
        let (after, until) = (change - 28 * HOUR, change + 28 * HOUR);
        let found = walk.find(&Asked::read(expression), after, until);
        let what = format!("{expression} at {kind:?} in {}", zone.name());
        agree(&cron(expression, zone.name()), after, until, &found, &what);
    }
}

fn by_seconds(kind: &Kind, zone: &Zone, change: i64) {
    let around = i64::from((kind.after - kind.before).abs()).min(4 * HOUR) + 600;
    // A second time lies within the length of the change of the first, on both sides.
    let walk = Walk::new(zone.rules(), change - 2 * around, change + 2 * around, 1);
    for expression in BY_SECONDS {
        let (after, until) = (change - around, change + around);
        let found = walk.find(&Asked::read(expression), after, until);
        let what = format!("{expression} at {kind:?} in {}", zone.name());
        agree(&cron(expression, zone.name()), after, until, &found, &what);
    }
}

/// One-shots at every quarter of an hour around a change: at the first instant at which clocks show that time or more.
fn once(kind: &Kind, zone: &Zone, change: i64) {
    let walk = Walk::new(zone.rules(), change - 58 * HOUR, change + 58 * HOUR, 60);
    let middle = zone
        .rules()
        .to_offset(Instant::from_second(change - 1).unwrap())
        .to_datetime(Instant::from_second(change).unwrap());
    for quarter in -104..=104 {
        let local = middle + jiff::SignedDuration::from_mins(quarter * 15);
        let params = json!({"fire_at": local.to_string(), "timezone": zone.name()});
        let fire = timer("core.datetimetimer", &params).next_after(at(0)).unwrap();
        let found = walk.reaches(local);
        let told = Found { at: fire.at.as_seconds(), noted: fire.note.is_some() };
        assert_eq!(told, found, "{local} at {kind:?} in {}", zone.name());
    }
}

/// Every change of one kind does the same to all expressions.
fn alike(kind: &Kind, places: &[(Zone, i64)], timers: &mut HashMap<String, Vec<Schedule>>) {
    let mut first: Option<Vec<Vec<(i64, bool)>>> = None;
    for (zone, change) in places {
        let timers = timers.entry(zone.name().to_owned());
        let timers =
            timers.or_insert_with(|| BY_MINUTES.map(|expression| cron(expression, zone.name())).into());
        let around = timers.iter().map(|timer| fires_around(timer, *change)).collect();
        match &first {
            None => first = Some(around),
            Some(first) => assert_eq!(around, *first, "{kind:?} in {}, {}", zone.name(), at(*change)),
        }
    }
}

/// The fires in the hours around a change, as seconds from it.
fn fires_around(timer: &Schedule, change: i64) -> Vec<(i64, bool)> {
    let (after, until) = (at(change - 2 * HOUR), at(change + 2 * HOUR));
    let fires = std::iter::successors(timer.next_after(after), |fire| timer.next_after(fire.at));
    let fires: Vec<_> = fires.take_while(|fire| fire.at <= until).collect();
    assert_eq!(timer.count_between(after, until), fires.len() as u64);
    fires.into_iter().map(|fire| (fire.at.as_seconds() - change, fire.note.is_some())).collect()
}

#[test]
fn clocks_of_the_pacific_and_the_west_of_america() {
    check(-13..-5);
}

#[test]
fn clocks_of_the_east_of_america_and_the_atlantic() {
    check(-5..0);
}

#[test]
fn clocks_of_west_africa_and_the_west_of_europe() {
    check(0..2);
}

#[test]
fn clocks_of_the_east_of_europe_and_the_near_east() {
    check(2..5);
}

#[test]
fn clocks_of_asia() {
    check(5..10);
}

#[test]
fn clocks_of_australia_and_the_islands() {
    check(10..15);
}
