//! Timers under a clock that is steered by hand.

use super::*;
use crate::deed::{Fired, Late};
use model::MissReason;
use serde_json::{Value, json};
use std::time::Duration;

const START: &str = "2026-03-28T00:00:00Z";

fn at(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "the instants of these tests are small")]
    let micros = (seconds * 1e6) as i64;
    START.parse::<Timestamp>().unwrap().plus_micros(micros)
}

fn rule(id: i64, params: &Value) -> Rule {
    let rule = json!({"id": id, "ref": format!("default.r{id}"), "trigger_ref": "core.intervaltimer",
        "trigger_params": params, "anchor": START});
    serde_json::from_value(rule).unwrap()
}

fn seconds(id: i64, interval: i64) -> Rule {
    rule(id, &json!({"interval": interval}))
}

/// The clocks where nothing is wrong with them.
fn moment(now: Timestamp) -> Moment {
    Moment { now, slept: Duration::ZERO, awake: Duration::from_micros(now.as_micros().unsigned_abs()) }
}

/// Everything that is due by `now`, as deeds.
fn deeds(agenda: &mut Agenda, now: Timestamp) -> Vec<Deed> {
    std::iter::from_fn(|| agenda.pop(moment(now))).collect()
}

/// What fires by `now`: rule, seconds since the start, how many it stands for where some were missed.
fn due(agenda: &mut Agenda, now: Timestamp) -> Vec<(i64, f64, Option<u64>)> {
    fires(&deeds(agenda, now))
}

fn fires(deeds: &[Deed]) -> Vec<(i64, f64, Option<u64>)> {
    let fired = deeds.iter().filter_map(|deed| match deed {
        Deed::Fired(fired) => Some(fired),
        Deed::Missed(_) => None,
    });
    let missed = |late| match late {
        Late::No => None,
        Late::Itself => Some(1),
        Late::For(missed) => Some(missed),
    };
    fired.map(|fired| (fired.rule.0, since_start(fired.at), missed(fired.late))).collect()
}

/// What was missed: rule, first and last in seconds since the start, how many, why.
fn misses(deeds: &[Deed]) -> Vec<(i64, f64, f64, u64, MissReason)> {
    let missed = deeds.iter().filter_map(|deed| match deed {
        Deed::Fired(_) => None,
        Deed::Missed(missed) => Some(missed),
    });
    missed
        .map(|one| (one.rule.0, since_start(one.first), since_start(one.last), one.count, one.reason))
        .collect()
}

fn since_start(at: Timestamp) -> f64 {
    at.micros_since(self::at(0.0)) as f64 / 1e6
}

fn pop(agenda: &mut Agenda, now: Timestamp) -> Fired {
    match agenda.pop(moment(now)) {
        Some(Deed::Fired(fired)) => fired,
        other => panic!("expected a fire, found {other:?}"),
    }
}

#[test]
fn timers_fire_in_the_order_of_their_instants_each_on_its_own_grid() {
    let mut agenda = Agenda::default();
    agenda.replace(vec![seconds(1, 2), seconds(2, 3)], at(0.5));
    assert_eq!(agenda.next(), Some(at(2.0)));
    assert_eq!(due(&mut agenda, at(1.9)), []);
    assert_eq!(due(&mut agenda, at(2.0)), [(1, 2.0, None)]);
    assert_eq!(due(&mut agenda, at(6.001)), [(2, 3.0, None), (1, 4.0, None), (1, 6.0, None), (2, 6.0, None)]);
    assert_eq!(agenda.next(), Some(at(8.0)));
}

#[test]
fn the_event_tells_everything_about_the_fire() {
    let mut agenda = Agenda::default();
    agenda.put(Rule { execution_count: 41, ..rule(7, &json!({"interval": 15, "unit": "minutes"})) }, at(1.0));
    let event = pop(&mut agenda, at(900.25)).event(&"core.timer_sensor".parse().unwrap(), at(900.25));
    assert_eq!(event.dedupe_key, "rule_7@2026-03-28T00:15:00Z");
    assert_eq!((event.trigger_ref.as_str(), event.rule), ("core.intervaltimer", Some(RuleId(7))));
    assert_eq!(
        Value::from(event.payload),
        json!({
            "type": "interval", "interval": 15, "unit": "minutes", "interval_seconds": 900,
            "scheduled_at": "2026-03-28T00:15:00Z", "fired_at": "2026-03-28T00:15:00.250Z", "delay_ms": 250,
            "execution_count": 42, "next_fire_at": "2026-03-28T00:30:00Z", "misfired": false,
            "sensor_ref": "core.timer_sensor",
        })
    );
}

#[test]
fn what_was_planned_while_the_sensor_was_away_makes_one_late_fire() {
    let mut agenda = Agenda::default();
    let known = Rule { last_scheduled_at: Some(at(10.0)), live_since: Some(at(16.5)), ..seconds(1, 2) };
    agenda.replace(vec![known, seconds(2, 2)], at(17.0));
    let deeds = deeds(&mut agenda, at(17.01));
    assert_eq!(fires(&deeds), [(1, 16.0, Some(3))]);
    assert_eq!(misses(&deeds), [(1, 12.0, 14.0, 2, MissReason::NotRunning)]);
    assert_eq!(due(&mut agenda, at(18.0)), [(1, 18.0, None), (2, 18.0, None)]);
}

#[test]
fn nothing_is_caught_up_where_nothing_was_missed() {
    let mut agenda = Agenda::default();
    agenda.replace(vec![Rule { last_scheduled_at: Some(at(16.0)), ..seconds(1, 2) }], at(17.0));
    assert_eq!(due(&mut agenda, at(17.5)), []);
    assert_eq!(due(&mut agenda, at(18.0)), [(1, 18.0, None)]);
}

#[test]
fn reading_all_rules_again_leaves_known_timers_alone_and_ends_those_that_are_gone() {
    let mut agenda = Agenda::default();
    let first = Rule { last_scheduled_at: Some(at(0.0)), ..seconds(1, 1) };
    agenda.replace(vec![first.clone(), seconds(2, 1)], at(0.5));
    assert_eq!(due(&mut agenda, at(1.0)), [(1, 1.0, None), (2, 1.0, None)]);
    // The engine's answer is a little behind: it does not know of the last fire yet.
    agenda.replace(vec![first, seconds(3, 5)], at(1.2));
    assert_eq!(due(&mut agenda, at(2.0)), [(1, 2.0, None)]);
    assert_eq!(due(&mut agenda, at(3.0)), [(1, 3.0, None)]);
}

#[test]
fn an_edit_of_something_else_leaves_the_phase_alone_and_others_are_never_touched() {
    let mut agenda = Agenda::default();
    agenda.replace(vec![seconds(1, 10), seconds(2, 10)], at(1.0));
    agenda.put(seconds(1, 10), at(7.0));
    assert_eq!(due(&mut agenda, at(10.0)), [(1, 10.0, None), (2, 10.0, None)]);
    agenda.put(seconds(1, 3), at(13.0));
    assert_eq!(due(&mut agenda, at(15.0)), [(1, 15.0, None)]);
    assert_eq!(due(&mut agenda, at(20.0)), [(1, 18.0, None), (2, 20.0, None)]);
}

#[test]
fn an_edit_keeps_counting_and_never_repeats_an_instant_of_the_old_schedule() {
    let mut agenda = Agenda::default();
    agenda.put(seconds(1, 2), at(0.1));
    pop(&mut agenda, at(2.0));
    agenda.put(seconds(1, 1), at(2.0));
    let next = pop(&mut agenda, at(3.0));
    assert_eq!((next.at, next.count), (at(3.0), 2));
}

#[test]
fn a_removed_timer_is_silent_and_comes_back_without_repeating_an_instant() {
    let mut agenda = Agenda::default();
    agenda.put(seconds(1, 1), at(0.1));
    assert_eq!(due(&mut agenda, at(5.0)).len(), 5);
    agenda.remove(RuleId(1), at(5.0));
    assert_eq!((agenda.next(), due(&mut agenda, at(9.0))), (None, vec![]));
    // Enabled again by somebody whose clock was put back meanwhile.
    agenda.put(seconds(1, 1), at(2.0));
    assert_eq!(agenda.next(), Some(at(6.0)));
}

#[test]
fn a_wrong_rule_is_left_out_and_costs_no_other() {
    let mut agenda = Agenda::default();
    agenda.replace(vec![rule(1, &json!({"interval": 0})), seconds(2, 1)], at(0.0));
    assert_eq!(due(&mut agenda, at(1.0)), [(2, 1.0, None)]);
    agenda.put(rule(2, &json!({"interval": "soon"})), at(1.5));
    assert_eq!(agenda.next(), None);
    agenda.put(seconds(2, 1), at(2.5));
    assert_eq!(agenda.next(), Some(at(3.0)));
}

#[test]
fn a_short_stall_loses_no_instant_and_a_sleep_makes_one_fire() {
    let mut agenda = Agenda::default();
    agenda.put(seconds(1, 1), at(0.0));
    assert_eq!(due(&mut agenda, at(3.5)), [(1, 1.0, None), (1, 2.0, None), (1, 3.0, None)]);
    assert_eq!(due(&mut agenda, at(93.5)), [(1, 93.0, Some(90))]);
    assert_eq!(due(&mut agenda, at(94.0)), [(1, 94.0, None)]);
}

#[test]
fn a_clock_put_back_a_little_waits_and_never_fires_an_instant_twice() {
    let mut agenda = Agenda::default();
    agenda.put(seconds(1, 1), at(0.0));
    assert_eq!(due(&mut agenda, at(5.0)).len(), 5);
    assert_eq!(due(&mut agenda, at(3.0)), []);
    assert_eq!(agenda.next(), Some(at(6.0)));
    assert_eq!(due(&mut agenda, at(6.0)), [(1, 6.0, None)]);
}

#[test]
fn ten_years_forward_and_back_miss_once_and_go_on() {
    const YEARS: f64 = 3_650.0 * 86_400.0;
    let mut agenda = Agenda::default();
    agenda.put(seconds(1, 1), at(0.0));
    assert_eq!(due(&mut agenda, at(2.0)).len(), 2);
    assert_eq!(due(&mut agenda, at(YEARS)), [(1, YEARS, Some(315_359_998))]);
    assert_eq!(due(&mut agenda, at(1.5)), []);
    assert_eq!(due(&mut agenda, at(4.0)), [(1, 3.0, None), (1, 4.0, None)]);
}

#[test]
fn ten_thousand_timers_of_one_second_all_fire() {
    let mut agenda = Agenda::default();
    agenda.replace((0..10_000).map(|id| seconds(id, 1)).collect(), at(0.0));
    let fired: HashSet<i64> = due(&mut agenda, at(1.0)).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(fired.len(), 10_000);
    assert_eq!(due(&mut agenda, at(1.0)), []);
}

mod laws;
mod policies;
