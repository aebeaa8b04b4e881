//! What becomes of instants that could not fire in time, under each policy and for each reason.

use super::*;
use crate::hand::Hand;
use crate::time::Time;

const HOUR: u64 = 3_600;

/// Three timers of ten seconds that differ in their policy: 1 skips, 2 fires once, 3 fires all up to four.
fn three() -> (Hand, Agenda) {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    agenda.look(hand.moment());
    agenda.replace(
        vec![
            rule(1, &json!({"interval": 10, "misfire": "skip"})),
            rule(2, &json!({"interval": 10})),
            rule(3, &json!({"interval": 10, "misfire": "all", "misfire_limit": 4})),
        ],
        hand.moment().now,
    );
    (hand, agenda)
}

fn told(hand: &Hand, agenda: &mut Agenda) -> Vec<Deed> {
    std::iter::from_fn(|| agenda.pop(hand.moment())).collect()
}

/// The deeds of one rule.
fn of(deeds: &[Deed], rule: i64) -> Vec<Deed> {
    let rule_of = |deed: &Deed| match deed {
        Deed::Fired(fired) => fired.rule.0,
        Deed::Missed(missed) => missed.rule.0,
    };
    deeds.iter().filter(|deed| rule_of(deed) == rule).cloned().collect()
}

#[test]
fn after_a_sleep_each_rule_is_dealt_with_by_its_policy() {
    let (hand, mut agenda) = three();
    hand.pass(Duration::from_secs(5));
    assert_eq!(told(&hand, &mut agenda), []);
    hand.sleep(Duration::from_secs(90));
    let deeds = told(&hand, &mut agenda);
    // Woken at 95: what was planned up to 60 was missed, what came after is only late.
    let skip = of(&deeds, 1);
    assert_eq!(misses(&skip), [(1, 10.0, 60.0, 6, MissReason::Asleep)]);
    assert_eq!(fires(&skip), [(1, 70.0, None), (1, 80.0, None), (1, 90.0, None)]);
    // One fire stands for all.
    let once = of(&deeds, 2);
    assert_eq!(misses(&once), [(2, 10.0, 80.0, 8, MissReason::Asleep)]);
    assert_eq!(fires(&once), [(2, 90.0, Some(9))]);
    // The newest four fire one by one.
    let all = of(&deeds, 3);
    assert_eq!(misses(&all), [(3, 10.0, 20.0, 2, MissReason::Limit)]);
    let made_up = [(3, 30.0, Some(1)), (3, 40.0, Some(1)), (3, 50.0, Some(1)), (3, 60.0, Some(1))];
    let late = [(3, 70.0, None), (3, 80.0, None), (3, 90.0, None)];
    assert_eq!(fires(&all), [made_up.as_slice(), &late].concat());
    hand.pass(Duration::from_secs(5));
    let next = told(&hand, &mut agenda);
    assert_eq!(fires(&next), [(1, 100.0, None), (2, 100.0, None), (3, 100.0, None)]);
}

#[test]
fn the_events_of_missed_instants_say_so_and_only_events_are_counted() {
    let (hand, mut agenda) = three();
    hand.sleep(Duration::from_secs(8 * HOUR));
    let deeds = told(&hand, &mut agenda);
    let payloads = |rule| -> Vec<(u64, Value, Value, Value)> {
        let events = of(&deeds, rule).into_iter().filter_map(|deed| match deed {
            Deed::Fired(fired) => Some(fired.event(&"core.timer_sensor".parse().unwrap(), hand.moment().now)),
            Deed::Missed(_) => None,
        });
        let parts = events.map(|event| event.payload).map(|payload| {
            let field = |name: &str| payload.get(name).cloned().unwrap_or_default();
            (
                field("execution_count").as_u64().unwrap(),
                field("misfired"),
                field("missed_count"),
                field("delay_ms"),
            )
        });
        parts.collect()
    };
    assert_eq!(payloads(2), [(1, json!(true), json!(2_880), json!(0))]);
    let all = payloads(3);
    let (made_up, late) = all.split_at(4);
    assert_eq!(made_up[0], (1, json!(true), Value::Null, json!(70_000)));
    assert!(made_up.iter().all(|(_, misfired, missed, _)| *misfired == json!(true) && missed.is_null()));
    assert!(late.iter().all(|(_, misfired, missed, _)| *misfired == json!(false) && missed.is_null()));
    assert_eq!(all.last().unwrap().0, 8);
}

#[test]
fn a_clock_that_is_put_forward_misses_what_lies_between() {
    let (hand, mut agenda) = three();
    hand.pass(Duration::from_secs(5));
    told(&hand, &mut agenda);
    hand.step(3 * 3_600 * 1_000_000);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&deeds, 1)), [(1, 10.0, 10_770.0, 1_077, MissReason::ClockChanged)]);
    assert_eq!(misses(&of(&deeds, 2)), [(2, 10.0, 10_790.0, 1_079, MissReason::ClockChanged)]);
    assert_eq!(fires(&of(&deeds, 2)), [(2, 10_800.0, Some(1_080))]);
    assert_eq!(misses(&of(&deeds, 3)), [(3, 10.0, 10_730.0, 1_073, MissReason::Limit)]);
}

#[test]
fn a_small_step_forward_misses_nothing() {
    let (hand, mut agenda) = three();
    hand.pass(Duration::from_secs(9));
    told(&hand, &mut agenda);
    hand.step(25_000_000);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&deeds), []);
    assert_eq!(fires(&of(&deeds, 1)), [(1, 10.0, None), (1, 20.0, None), (1, 30.0, None)]);
}

#[test]
fn a_sensor_that_was_stopped_says_that_it_did_not_run() {
    let (hand, mut agenda) = three();
    hand.pass(Duration::from_secs(95));
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&deeds, 1)), [(1, 10.0, 60.0, 6, MissReason::NotRunning)]);
    assert_eq!(misses(&of(&deeds, 2)), [(2, 10.0, 80.0, 8, MissReason::NotRunning)]);
}

#[test]
fn each_sleep_explains_its_own_instants() {
    let (hand, mut agenda) = three();
    hand.sleep(Duration::from_secs(100));
    told(&hand, &mut agenda);
    hand.pass(Duration::from_secs(100));
    let stopped = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&stopped, 1)), [(1, 110.0, 160.0, 6, MissReason::NotRunning)]);
    hand.sleep(Duration::from_secs(100));
    let slept = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&slept, 1)), [(1, 210.0, 260.0, 6, MissReason::Asleep)]);
}

#[test]
fn what_passed_while_the_engine_was_off_is_missed_and_what_came_after_its_start_is_late() {
    let hand = Hand::new(at(3_601.5));
    let mut agenda = Agenda::default();
    let known = |id, policy| Rule {
        handled_until: Some(at(3_540.0)),
        live_since: Some(at(3_595.5)),
        execution_count: 7,
        ..rule(id, &json!({"interval": 5, "misfire": policy}))
    };
    agenda.look(hand.moment());
    agenda.replace(vec![known(1, "skip"), known(2, "once"), known(3, "all")], hand.moment().now);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&deeds, 1)), [(1, 3_545.0, 3_595.0, 11, MissReason::NotRunning)]);
    assert_eq!(fires(&of(&deeds, 1)), [(1, 3_600.0, None)]);
    assert_eq!(misses(&of(&deeds, 2)), [(2, 3_545.0, 3_590.0, 10, MissReason::NotRunning)]);
    assert_eq!(fires(&of(&deeds, 2)), [(2, 3_595.0, Some(11)), (2, 3_600.0, None)]);
    let all = of(&deeds, 3);
    assert_eq!((misses(&all), fires(&all).len()), (vec![], 12));
    let Some(Deed::Fired(last)) = all.last() else { panic!("{all:?}") };
    assert_eq!((last.at, last.late, last.count), (at(3_600.0), Late::No, 19));
}

#[test]
fn a_sensor_that_died_under_a_running_engine_makes_up_for_what_it_missed() {
    let hand = Hand::new(at(1_000.0));
    let mut agenda = Agenda::default();
    let known = |id, policy| Rule {
        handled_until: Some(at(900.0)),
        live_since: Some(at(0.0)),
        ..rule(id, &json!({"interval": 10, "misfire": policy}))
    };
    agenda.replace(vec![known(1, "skip"), known(2, "once")], hand.moment().now);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&deeds, 1)), [(1, 910.0, 960.0, 6, MissReason::NotRunning)]);
    assert_eq!(fires(&of(&deeds, 1)).len(), 4);
    assert_eq!(misses(&of(&deeds, 2)), [(2, 910.0, 990.0, 9, MissReason::NotRunning)]);
    assert_eq!(fires(&of(&deeds, 2)), [(2, 1_000.0, Some(10))]);
}

#[test]
fn a_rule_that_was_just_enabled_loses_nothing_on_its_way_to_the_sensor() {
    let hand = Hand::new(at(10.4));
    let mut agenda = Agenda::default();
    agenda.put(Rule { handled_until: Some(at(9.9)), ..seconds(1, 10) }, hand.moment().now);
    assert_eq!(fires(&told(&hand, &mut agenda)), [(1, 10.0, None)]);
}

#[test]
fn a_changed_rule_fires_by_its_old_schedule_until_the_change_and_by_the_new_one_after_it() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    agenda.replace(vec![seconds(1, 4), seconds(2, 4)], at(0.0));
    hand.pass(Duration::from_secs(3));
    told(&hand, &mut agenda);
    // Changed at 8.5 and told at 9: 4 and 8 are of the old schedule, 9 is of the new one.
    hand.pass(Duration::from_secs(6));
    agenda.look(hand.moment());
    agenda.put(Rule { handled_until: Some(at(8.5)), ..seconds(1, 3) }, hand.moment().now);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(fires(&of(&deeds, 1)), [(1, 4.0, None), (1, 8.0, None), (1, 9.0, None)]);
    assert_eq!(fires(&of(&deeds, 2)), [(2, 4.0, None), (2, 8.0, None)]);
    hand.pass(Duration::from_secs(3));
    assert_eq!(fires(&told(&hand, &mut agenda)), [(1, 12.0, None), (2, 12.0, None)]);
}

#[test]
fn a_rule_that_is_changed_right_after_a_sleep_ends_its_old_schedule_by_its_policy() {
    let (hand, mut agenda) = three();
    told(&hand, &mut agenda);
    hand.sleep(Duration::from_secs(90));
    hand.pass(Duration::from_secs(12));
    // Changed at 95 and heard of at 102: the old schedule ends with 90, and 100 is of the new one.
    let changed = |id, policy: &str| Rule {
        handled_until: Some(at(95.0)),
        ..rule(id, &json!({"interval": 50, "misfire": policy}))
    };
    agenda.look(hand.moment());
    agenda.put(changed(1, "skip"), hand.moment().now);
    agenda.put(changed(2, "once"), hand.moment().now);
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&of(&deeds, 1)), [(1, 10.0, 70.0, 7, MissReason::Asleep)]);
    assert_eq!(fires(&of(&deeds, 1)), [(1, 80.0, None), (1, 90.0, None), (1, 100.0, None)]);
    assert_eq!(misses(&of(&deeds, 2)), [(2, 10.0, 80.0, 8, MissReason::Asleep)]);
    assert_eq!(fires(&of(&deeds, 2)), [(2, 90.0, Some(9)), (2, 100.0, None)]);
}

#[test]
fn another_policy_for_missed_instants_is_no_other_schedule() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    agenda.put(rule(1, &json!({"interval": 10})), at(0.0));
    hand.pass(Duration::from_secs(20));
    assert_eq!(told(&hand, &mut agenda).len(), 2);
    // The engine has not heard of the last fire yet when its policy is changed.
    let skips = rule(1, &json!({"interval": 10, "misfire": "skip"}));
    agenda.put(Rule { handled_until: Some(at(10.0)), execution_count: 1, ..skips }, hand.moment().now);
    assert_eq!(told(&hand, &mut agenda), []);
    hand.sleep(Duration::from_secs(100));
    let deeds = told(&hand, &mut agenda);
    assert_eq!(misses(&deeds), [(1, 30.0, 80.0, 6, MissReason::Asleep)]);
    let Some(Deed::Fired(first)) = deeds.get(1) else { panic!("{deeds:?}") };
    assert_eq!(first.count, 3);
}

#[test]
fn a_timer_that_was_planned_anew_is_not_silenced_by_what_the_engine_remembers_of_a_wrong_clock() {
    let hand = Hand::new(at(20_000.0));
    let mut agenda = Agenda::default();
    let known = |policy: &str| Rule {
        handled_until: Some(at(20_000.0)),
        ..rule(1, &json!({"interval": 10, "misfire": policy}))
    };
    agenda.look(hand.moment());
    agenda.put(known("once"), hand.moment().now);
    // Put back by five hours, and then forward to where the old mark is near enough to be waited for.
    hand.step(-18_000_000_000);
    agenda.look(hand.moment());
    hand.step(9_000_000_000);
    told(&hand, &mut agenda);
    for policy in ["once", "skip"] {
        agenda.put(known(policy), hand.moment().now);
        assert_eq!(agenda.next(), Some(at(11_010.0)), "{policy}");
    }
}

#[test]
fn what_was_due_when_a_rule_was_switched_off_fires_and_nothing_after_it() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    agenda.replace(vec![seconds(1, 1), seconds(2, 1)], at(0.0));
    hand.pass(Duration::from_millis(2_500));
    agenda.remove(RuleId(1), hand.moment().now);
    hand.pass(Duration::from_secs(2));
    let deeds = told(&hand, &mut agenda);
    assert_eq!(fires(&of(&deeds, 1)), [(1, 1.0, None), (1, 2.0, None)]);
    assert_eq!(fires(&of(&deeds, 2)).len(), 4);
}

#[test]
fn a_rule_that_was_switched_off_and_on_unheard_is_not_made_up_for_twice() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    agenda.put(rule(1, &json!({"interval": 10})), at(0.0));
    // Nobody looked for a minute; meanwhile the engine has recorded what passed until 55.
    hand.pass(Duration::from_secs(62));
    agenda.look(hand.moment());
    agenda
        .put(Rule { handled_until: Some(at(55.0)), ..rule(1, &json!({"interval": 10})) }, hand.moment().now);
    let deeds = told(&hand, &mut agenda);
    assert_eq!((misses(&deeds), fires(&deeds)), (vec![], vec![(1, 60.0, None)]));
}

#[test]
fn a_schedule_that_has_ended_is_no_longer_waited_for() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    let ends = rule(1, &json!({"interval": 2, "not_after": "2026-03-28T00:00:05Z"}));
    agenda.put(ends, at(0.0));
    hand.pass(Duration::from_secs(5));
    let Deed::Fired(last) = told(&hand, &mut agenda).pop().unwrap() else { panic!("the last one fires") };
    assert_eq!((last.at, last.next, agenda.next()), (at(4.0), None, None));
    // Also where its last instants are missed.
    let ends = rule(2, &json!({"interval": 2, "not_after": "2026-03-28T01:00:00Z", "misfire": "skip"}));
    agenda.put(ends, hand.moment().now);
    hand.sleep(Duration::from_secs(2 * HOUR));
    assert_eq!(misses(&told(&hand, &mut agenda)), [(2, 6.0, 3_600.0, 1_798, MissReason::Asleep)]);
    assert_eq!(agenda.next(), None);
}

#[test]
fn jitter_differs_between_rules_and_is_told_as_planned() {
    let hand = Hand::new(at(0.0));
    let mut agenda = Agenda::default();
    let params = json!({"interval": 60, "jitter_seconds": 50});
    agenda.replace((1..=20).map(|id| rule(id, &params)).collect(), at(0.0));
    hand.pass(Duration::from_secs(115));
    let (mut instants, deeds) = (HashSet::new(), told(&hand, &mut agenda));
    for deed in deeds {
        let Deed::Fired(fired) = deed else { continue };
        let schedule = schedule::Schedule::parse(&fired.trigger, params.as_object().unwrap(), Some(at(0.0)));
        let planned = schedule.unwrap().for_rule(fired.rule).next_after(fired.at.plus_micros(-1)).unwrap();
        assert_eq!(planned.at, fired.at);
        assert!(fired.at > at(0.0));
        instants.insert(fired.at);
    }
    assert!(instants.len() > 10, "{instants:?}");
}

#[test]
fn new_rules_of_time_count_from_now_on_and_a_past_plan_is_not_fired_again() {
    // A new version of the zone table moves the instants of a rule while the sensor is restarted: here by its
    // parameters.
    let hand = Hand::new(at(100.0));
    let mut agenda = Agenda::default();
    let moved = json!({"interval": 60, "anchor": "2026-03-28T00:00:30Z", "misfire": "all"});
    let known = Rule { handled_until: Some(at(60.0)), live_since: Some(at(99.0)), ..rule(1, &moved) };
    agenda.replace(vec![known], hand.moment().now);
    assert_eq!(fires(&told(&hand, &mut agenda)), [(1, 90.0, Some(1))]);
    assert_eq!(agenda.next(), Some(at(150.0)));
}

#[test]
fn the_event_of_a_night_in_which_the_clock_changes_says_what_it_did_to_the_instant() {
    let hand = Hand::new(at(86_400.0));
    let mut agenda = Agenda::default();
    let params = json!({"expression": "30 2 * * *", "timezone": "Europe/Berlin"});
    let nightly = Rule { trigger_ref: "core.crontimer".parse().unwrap(), ..rule(5, &params) };
    agenda.put(nightly, hand.moment().now);
    // There is no half past two in this night, and there is one in the next.
    let notes: Vec<(String, Option<String>)> = [4_000, 86_400]
        .into_iter()
        .map(|span| {
            hand.pass(Duration::from_secs(span));
            let deeds = told(&hand, &mut agenda);
            let Some(Deed::Fired(fired)) = deeds.last() else { panic!("{deeds:?}") };
            let payload = fired.event(&"core.timer_sensor".parse().unwrap(), hand.moment().now).payload;
            assert_eq!((&payload["type"], &payload["expression"]), (&json!("cron"), &json!("30 2 * * *")));
            let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
            (text("scheduled_at").unwrap(), text("note"))
        })
        .collect();
    assert_eq!(notes[0].0, "2026-03-29T01:00:00Z");
    assert!(notes[0].1.as_ref().is_some_and(|note| note.contains("02:30")), "{notes:?}");
    assert_eq!(notes[1], ("2026-03-30T00:30:00Z".to_owned(), None));
}
