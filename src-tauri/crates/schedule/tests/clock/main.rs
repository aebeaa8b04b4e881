//! Schedules in local time against a slow second opinion: whatever clocks do, each planned time fires once, in order.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

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
    let count = |after: i64, until: i64| schedule.count_between(at(after), at(until));
    assert_eq!(count(after, until), found.len() as u64, "{what}");
    assert_eq!(schedule.last_until(at(after), at(until)).as_ref(), fires.last(), "{what}");
    // From the middle, and at and just before a fire.
    let place = fires.len() / 2;
    if let Some(fire) = fires.get(place) {
        let middle = fire.at.as_seconds();
        assert_eq!(
            (count(after, middle), count(middle, until)),
            (place as u64 + 1, (fires.len() - place - 1) as u64),
            "{what}"
        );
        assert_eq!(schedule.last_until(at(after), fire.at).as_ref(), Some(fire), "{what}");
        let before = fire.at.plus_micros(-1);
        assert_eq!(
            schedule.last_until(at(after), before).as_ref(),
            place.checked_sub(1).map(|n| &fires[n]),
            "{what}"
        );
        assert_eq!(schedule.count_between(at(after), before), place as u64, "{what}");
    }
}
