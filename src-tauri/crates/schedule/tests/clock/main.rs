//! Schedules in local time against a slow second opinion: whatever clocks do, each planned time fires once, in order.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod changes;
mod oracle;
mod random;

use model::Timestamp;
use oracle::Found;
use schedule::Schedule;
use serde_json::{Value, json};

/// A cron timer of an expression in a zone.
fn cron(expression: &str, zone: &str) -> Schedule {
    timer("core.crontimer", &json!({"expression": expression, "timezone": zone}))
}

fn timer(trigger: &str, params: &Value) -> Schedule {
    let params = params.as_object().unwrap();
    Schedule::parse(&trigger.parse().unwrap(), params, None)
        .unwrap_or_else(|error| panic!("{params:?}: {error}"))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// All that a schedule says about `(after, until]` must be what was found there.
fn agree(schedule: &Schedule, after: i64, until: i64, found: &[Found], what: &str) {
    let mut fires = Vec::new();
    let mut last = at(after);
    while let Some(fire) = schedule.next_after(last).filter(|fire| fire.at <= at(until)) {
        assert!(fire.at > last, "{what}: {} is not after {last}", fire.at);
        last = fire.at;
        fires.push(fire);
        assert!(fires.len() <= found.len() + 1, "{what}: a fire too many, {last}");
    }
    let told: Vec<Found> =
        fires.iter().map(|fire| Found { at: fire.at.as_seconds(), noted: fire.note.is_some() }).collect();
    assert_eq!(told, found, "{what}");
    // From anywhere, and at and just before a fire.
    let even = (0..=60).map(|part| at(after).plus_micros((until - after) * part * 1_000_000 / 60));
    let fire = fires.get(fires.len() / 2).map(|fire| fire.at);
    for place in even.chain(fire).chain(fire.map(|fire| fire.plus_micros(-1))) {
        let passed = fires.partition_point(|fire| fire.at <= place);
        let next = schedule.next_after(place).filter(|fire| fire.at <= at(until));
        assert_eq!(next.as_ref(), fires.get(passed), "{what}, after {place}");
        let last = schedule.last_until(at(after), place);
        assert_eq!(last.as_ref(), passed.checked_sub(1).map(|last| &fires[last]), "{what}, until {place}");
        assert_eq!(schedule.count_between(at(after), place), passed as u64, "{what}, until {place}");
        assert_eq!(
            schedule.count_between(place, at(until)),
            (fires.len() - passed) as u64,
            "{what}, after {place}"
        );
    }
}
