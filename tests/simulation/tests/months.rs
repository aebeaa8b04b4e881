//! Months of a machine to which everything happens that happens to machines.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own numbers fails by saying so")]

use model::Timestamp;
use serde_json::{Value, json};
use simulation_tests::{Chance, Machine};
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Timers of every kind, policy and zone.
fn timers() -> Vec<(&'static str, Value)> {
    let (interval, cron) = ("core.intervaltimer", "core.crontimer");
    let (once, rrule) = ("core.datetimetimer", "core.rruletimer");
    vec![
        (interval, json!({ "interval": 7, "unit": "minutes" })),
        (interval, json!({ "interval": 1, "unit": "hours", "misfire": "all", "misfire_limit": 5 })),
        (interval, json!({ "interval": 90, "unit": "minutes", "jitter_seconds": 600, "misfire": "skip" })),
        (cron, json!({ "expression": "*/15 * * * *", "timezone": "Europe/Berlin" })),
        (cron, json!({ "expression": "30 2 * * *", "timezone": "America/New_York", "misfire": "all" })),
        (cron, json!({ "expression": "0 9 * * MON-FRI", "timezone": "Asia/Tokyo", "misfire": "skip" })),
        (cron, json!({ "expression": "0 0 L * *", "timezone": "Australia/Lord_Howe" })),
        (
            cron,
            json!({ "expression": "5 */2 * * *", "timezone": "America/Sao_Paulo", "jitter_seconds": 240 }),
        ),
        (once, json!({ "fire_at": "2026-04-02T02:30:00", "timezone": "Europe/London" })),
        (once, json!({ "fire_at": "2026-03-29T02:30:00", "timezone": "Europe/Berlin", "misfire": "skip" })),
        (
            rrule,
            json!({ "freq": "DAILY", "by_hour": [6, 18], "by_minute": [0], "by_second": [0],
                        "timezone": "Europe/Paris", "misfire": "all", "misfire_limit": 3 }),
        ),
        (
            rrule,
            json!({ "rule": "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=12;BYMINUTE=0;BYSECOND=0;COUNT=9",
                        "timezone": "America/Los_Angeles" }),
        ),
        (rrule, json!({ "freq": "HOURLY", "interval": 5, "misfire": "skip" })),
    ]
}

fn live(seed: u64, start: &str, days: u64) {
    let start: Timestamp = start.parse().unwrap();
    let mut machine = Machine::new(seed, start);
    let mut chance = Chance::new(seed ^ 0xA77E);
    let timers = timers();
    let mut rules: Vec<_> = timers
        .iter()
        .enumerate()
        .filter_map(|(number, (trigger, params))| machine.make(&format!("timer_{number}"), trigger, params))
        .collect();
    let end = start.plus(Duration::from_secs(days * DAY));
    let mut made = timers.len();
    while machine.now() < end {
        let seconds = |chance: &mut Chance, most: u64| Duration::from_secs(1 + chance.below(most));
        match chance.below(40) {
            0..=19 => machine.pass(seconds(&mut chance, 6 * HOUR)),
            20..=22 => machine.sleep(seconds(&mut chance, 10 * HOUR)),
            23 => machine.sleep(seconds(&mut chance, 3 * DAY)),
            24..=25 => machine.kill(seconds(&mut chance, 10 * MINUTE)),
            26 => machine.kill(seconds(&mut chance, DAY)),
            27 => machine.kill_sensor(seconds(&mut chance, 5 * MINUTE)),
            28..=29 => {
                machine.sleep(seconds(&mut chance, 2 * HOUR));
                machine.kill_sensor_while_it_posts(usize::try_from(chance.below(6)).unwrap());
            }
            30..=31 => machine.set_clock(i64::try_from(chance.below(5 * HOUR)).unwrap()),
            32 => machine.set_clock(-i64::try_from(chance.below(2 * HOUR)).unwrap()),
            33..=35 => {
                let rule = *chance.pick(&rules);
                machine.switch(rule, !machine.rule(rule).enabled());
            }
            36..=37 => {
                let (rule, (trigger, params)) = (*chance.pick(&rules), chance.pick(&timers));
                machine.edit(rule, trigger, params);
            }
            38 => {
                let place = usize::try_from(chance.below(rules.len() as u64)).unwrap();
                machine.delete(rules.swap_remove(place));
                let (trigger, params) = chance.pick(&timers);
                rules.extend(machine.make(&format!("timer_{made}"), trigger, params));
                made += 1;
            }
            _ => machine.check(),
        }
    }
    machine.check();
}

#[test]
fn three_months_with_the_clocks_going_forward_in_spring() {
    for seed in 0..6 {
        live(seed, "2026-02-20T00:00:00Z", 90);
    }
}

#[test]
fn three_months_with_the_clocks_going_back_in_autumn() {
    for seed in 100..106 {
        live(seed, "2026-09-10T00:00:00Z", 90);
    }
}
