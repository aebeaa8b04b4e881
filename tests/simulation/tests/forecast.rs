//! What the forecast of a window says is what then fires in it, at every change of clocks.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own numbers fails by saying so")]

use jiff::tz::TimeZone;
use model::Timestamp;
use serde_json::{Value, json};
use simulation_tests::Machine;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Half of a window: the change lies in its middle.
const HALF: Duration = Duration::from_secs(4 * 3_600);

/// Every change of clocks from 2020 to 2037, once for all the zones that change in the same way: by instant and
/// offsets, with a zone that does so.
fn changes() -> BTreeMap<(i64, i32, i32), String> {
    let mut changes = BTreeMap::new();
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let from: jiff::Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    let to: jiff::Timestamp = "2038-01-01T00:00:00Z".parse().unwrap();
    for name in database.available() {
        let zone: TimeZone = database.get(name.as_str()).unwrap();
        for change in zone.following(from).take_while(|change| change.timestamp() < to) {
            let at = change.timestamp();
            let before = zone.to_offset(at - jiff::Span::new().seconds(1)).seconds();
            let key = (at.as_second(), before, change.offset().seconds());
            changes.entry(key).or_insert_with(|| name.as_str().to_owned());
        }
    }
    changes
}

/// Timers that have to do with the change: daily at a time that it touches, hourly, each quarter of an hour.
fn timers(zone: &str, local: jiff::civil::Time) -> Vec<(&'static str, Value)> {
    let daily = format!("{} {} * * *", 30 * (local.minute() / 30), local.hour());
    vec![
        ("core.crontimer", json!({ "expression": daily, "timezone": zone })),
        ("core.crontimer", json!({ "expression": "0 * * * *", "timezone": zone })),
        ("core.crontimer", json!({ "expression": "*/15 * * * *", "timezone": zone })),
        (
            "core.rruletimer",
            json!({ "freq": "DAILY", "by_hour": [local.hour()], "by_minute": [30], "by_second": [0],
                                    "dtstart": "2019-01-01T00:00:00", "timezone": zone }),
        ),
        ("core.intervaltimer", json!({ "interval": 40, "unit": "minutes", "jitter_seconds": 60 })),
    ]
}

fn window(machine: &mut Machine, at: i64, offset: i32, zone: &str) {
    let change = Timestamp::from_seconds(at);
    let start = change.minus(HALF);
    machine.set_clock(start.as_seconds() - machine.now().as_seconds());
    let local = jiff::Timestamp::from_second(at + i64::from(offset)).unwrap().to_zoned(TimeZone::UTC).time();
    let rules: Vec<_> = timers(zone, local)
        .iter()
        .enumerate()
        .filter_map(|(number, (trigger, params))| machine.make(&format!("t{at}_{number}"), trigger, params))
        .collect();
    let end = change.plus(HALF);
    let forecast: BTreeSet<_> = rules.iter().flat_map(|id| machine.forecast(*id, end)).collect();
    let before = machine.last_event();
    machine.pass(HALF * 2);
    let fired: BTreeSet<_> = machine.ledger_after(before).fired.into_iter().collect();
    assert_eq!(fired, forecast, "{zone} at {change}");
    rules.into_iter().for_each(|id| machine.delete(id));
}

/// A part of the changes, so that parts are run side by side.
fn part(number: usize, of: usize) {
    let changes: Vec<_> = changes().into_iter().collect();
    let mine = changes.chunks(changes.len().div_ceil(of)).nth(number).unwrap();
    let mut machine = Machine::new(number as u64, Timestamp::from_seconds(mine[0].0.0).minus(HALF * 3));
    for ((at, offset, _), zone) in mine {
        window(&mut machine, *at, *offset, zone);
    }
    machine.check();
}

#[test]
fn the_first_third_of_all_changes() {
    part(0, 3);
}

#[test]
fn the_second_third_of_all_changes() {
    part(1, 3);
}

#[test]
fn the_last_third_of_all_changes() {
    part(2, 3);
}
