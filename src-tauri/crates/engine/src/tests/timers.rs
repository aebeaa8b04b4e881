//! What timers remember, what they miss, and how they end.

use super::world::{World, every, fire, launched, memory, missed, tick, timed};
use crate::input::{Answer, Input, Refusal};
use crate::step::{Change, Effect, RuleChangeKind, Step};
use model::{Misfire, MissReason, Outcome, RuleId, RuleState, Timestamp, limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const ONCE: &str = "core.datetimetimer";
const CRON: &str = "core.crontimer";

/// So many seconds after the first instant of the stories.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn run_of(rule: RuleId, first: i64, last: i64, count: u64) -> Misfire {
    Misfire { rule, first: at(first), last: at(last), count, reason: MissReason::NotRunning }
}

/// What a step records as missed: first, last, how many, why.
fn told(step: &Step) -> Vec<(Timestamp, Timestamp, u64, MissReason)> {
    missed(step)
        .iter()
        .map(|entry| {
            let Misfire { first, last, count, reason, .. } = entry.misfire;
            (first, last, count, reason)
        })
        .collect()
}

fn sensors_hear(step: &Step) -> Vec<RuleChangeKind> {
    let heard = |effect: &Effect| match effect {
        Effect::TellSensors { what, .. } => Some(*what),
        _ => None,
    };
    step.effects.iter().filter_map(heard).collect()
}

fn field(step: &Step) -> (String, String) {
    match &step.answer {
        Err(Refusal::Invalid(fields)) => (fields[0].field.clone(), fields[0].message.clone()),
        other => panic!("{other:?}"),
    }
}

/// A fire of which its sensor says that another one follows, or that none does.
fn last_fire(trigger: &str, rule: RuleId, at: Timestamp, next: Option<Timestamp>) -> crate::input::NewEvent {
    let mut event = fire(trigger, rule, at);
    let mut payload = (*event.payload).clone();
    payload["next_fire_at"] = json!(next);
    event.payload = Arc::new(payload);
    event
}

/// Every ten seconds until the 25th.
fn until_25() -> model::RuleBody {
    timed("core.intervaltimer", json!({"interval": 10, "not_after": at(25)}))
}

#[test]
fn events_and_misfires_move_a_timer_on_alike() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    assert_eq!(world.state.timer(rule).handled_until, Some(at(0)), "it listens from now on");
    world.now = at(100);
    world.event(tick(rule, at(10)));
    let step = world.misfire(run_of(rule, 20, 50, 4));
    assert!(matches!(step.answer, Ok(Answer::Misfire(Some(_)))), "{:?}", step.answer);
    world.event(tick(rule, at(60)));
    let timer = world.state.timer(rule);
    assert_eq!((timer.handled_until, timer.last_scheduled_at), (Some(at(60)), Some(at(60))));
    assert_eq!(timer.execution_count, 2, "what was missed is no fire");
    for known in [run_of(rule, 20, 50, 4), run_of(rule, 60, 60, 1), run_of(rule, 5, 55, 6)] {
        let step = world.misfire(known);
        assert!(matches!(step.answer, Ok(Answer::Misfire(None))) && step.changes.is_empty(), "{step:?}");
    }
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn of_a_report_that_reaches_back_only_what_is_new_counts() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    world.now = at(100);
    world.event(tick(rule, at(30)));
    let step = world.misfire(run_of(rule, 20, 50, 4));
    assert_eq!(told(&step), [(at(40), at(50), 2, MissReason::NotRunning)]);
    world.now = at(105);
    world.switch("default.timer", false);
    world.switch("default.timer", true);
    world.now = at(130);
    let stale = world.misfire(run_of(rule, 60, 120, 7));
    assert!(
        stale.changes.is_empty(),
        "its sensor will hear that the rule listens anew and report what is after that"
    );
    assert_eq!(told(&world.misfire(run_of(rule, 110, 120, 2))).len(), 1);
}

#[test]
fn a_fire_of_an_instant_that_was_missed_is_turned_away() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    world.now = at(100);
    world.event(tick(rule, at(10)));
    world.misfire(run_of(rule, 30, 50, 3));
    let late = world.event(tick(rule, at(40)));
    assert!(matches!(&late.answer, Err(Refusal::Conflict(said)) if said.contains("recorded as missed")));
    assert!(late.changes.is_empty());
    let unknown = world.event(tick(rule, at(20)));
    assert!(unknown.answer.is_ok(), "an instant that nobody has missed may still fire, however late");
    assert_eq!(world.state.timer(rule).handled_until, Some(at(50)), "and puts nothing back");
}

#[test]
fn a_mark_of_a_clock_that_was_wrong_is_given_up() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    world.now = at(86_400 * 365);
    world.misfire(run_of(rule, 10, 86_400 * 365, 3_153_600));
    world.now = at(5);
    let again = world.event(tick(rule, at(10)));
    assert!(again.answer.is_ok(), "{:?}", again.answer);
    assert_eq!(world.state.timer(rule).handled_until, Some(at(10)));
    world.now = at(20);
    let ahead = world.misfire(Misfire { last: at(86_400), ..run_of(rule, 20, 0, 9) });
    assert!(field(&ahead).1.contains("still to come"));
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn what_was_planned_while_a_rule_was_off_is_told_when_it_is_on_again() {
    let mut world = World::new();
    let first = world.done(&mut Input::RuleCreate {
        r#ref: "default.timer".parse().unwrap(),
        body: every(10),
        enabled: true,
    });
    assert!(missed(&first).is_empty());
    let rule = world.state.rules.by_ref[&"default.timer".parse().unwrap()];
    world.event(tick(rule, at(10)));
    world.now = at(15);
    let off = world.switch("default.timer", false);
    assert!(missed(&off).is_empty(), "a fire may still be on its way");
    world.event(tick(rule, at(20)));
    world.now = at(61);
    let on = world.switch("default.timer", true);
    assert_eq!(told(&on), [(at(30), at(60), 4, MissReason::Disabled)]);
    assert_eq!(world.state.timer(rule).handled_until, Some(at(61)));
    world.now = at(62);
    world.switch("default.timer", false);
    assert!(missed(&world.switch("default.timer", true)).is_empty(), "nothing was planned meanwhile");
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn a_rule_that_was_never_on_has_missed_nothing() {
    let mut world = World::new();
    let cron = timed(CRON, json!({"expression": "* * * * *", "timezone": "UTC"}));
    world.create("default.timer", cron, false);
    world.now = at(3_600);
    let edited = world.update("default.timer", timed(CRON, json!({"expression": "*/2 * * * *"})));
    world.now = at(7_200);
    let on = world.switch("default.timer", true);
    assert!(missed(&edited).is_empty() && missed(&on).is_empty());
}

#[test]
fn the_old_schedule_counts_until_the_edit_and_the_new_one_after_it() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    world.now = at(15);
    let soon = world.update("default.timer", every(7));
    assert_eq!(
        told(&soon),
        [(at(10), at(10), 1, MissReason::Disabled)],
        "it could have fired a moment later"
    );
    assert!(matches!(world.event(tick(rule, at(10))).answer, Err(Refusal::Conflict(_))));
    world.event(tick(rule, at(22)));
    world.now = at(100);
    let late = world.update("default.timer", every(50));
    assert_eq!(told(&late), [(at(29), at(99), 11, MissReason::NotRunning)], "nobody was there to fire them");
    let timer = world.state.timer(rule);
    assert_eq!((timer.anchor, timer.handled_until), (Some(at(100)), Some(at(100))));
    world.switch("default.timer", false);
    world.now = at(160);
    let off = world.update("default.timer", every(3));
    assert_eq!(told(&off), [(at(150), at(150), 1, MissReason::Disabled)]);
    world.now = at(200);
    let on = world.switch("default.timer", true);
    assert!(missed(&on).is_empty(), "its new grid begins only now");
    assert_eq!(world.state.timer(rule).anchor, Some(at(200)));
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn an_edit_that_leaves_the_schedule_alone_leaves_its_memory_alone() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(60), true);
    world.now = at(130);
    world.event(tick(rule, at(60)));
    let before = world.state.timer(rule);
    let mut reworded = every(60);
    reworded.label = "In other words".to_owned();
    let same = [
        reworded,
        timed("core.intervaltimer", json!({"interval": 60, "misfire": "skip"})),
        timed("core.intervaltimer", json!({"interval": 60, "misfire": "all", "misfire_limit": 3})),
        timed("core.intervaltimer", json!({"type": "interval", "interval": 60.0, "unit": "seconds"})),
    ];
    for body in same {
        let step = world.update("default.timer", body);
        assert!(missed(&step).is_empty());
        assert_eq!(world.state.timer(rule), before);
    }
    let ending = json!({"interval": 60, "not_after": at(86_400)});
    let step = world.update("default.timer", timed("core.intervaltimer", ending));
    assert_eq!(told(&step).len(), 1, "the instants of the old schedule are told");
    let after = world.state.timer(rule);
    assert_eq!((after.anchor, after.handled_until), (before.anchor, Some(at(130))), "its grid stays");
}

#[test]
fn a_rule_that_comes_back_tells_what_it_missed() {
    let mut world = World::new();
    let rule = world.create("default.timer", every(10), true);
    let name: model::Ref = "default.timer".parse().unwrap();
    world.now = at(12);
    world.done(&mut Input::RuleDelete { r#ref: name.clone() });
    world.crash();
    world.now = at(35);
    let back = world.done(&mut Input::RuleRestore { r#ref: name });
    assert_eq!(told(&back), [(at(10), at(30), 3, MissReason::Disabled)]);
    assert_eq!(
        (world.state_of("default.timer"), world.state.timer(rule).anchor),
        (RuleState::Enabled, Some(at(0)))
    );
    assert!(matches!(world.event(tick(rule, at(10))).answer, Err(Refusal::Conflict(_))));
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn a_timer_that_has_fired_for_the_last_time_is_finished_in_the_same_step() {
    let mut world = World::new();
    let once = world.create("default.once", timed(ONCE, json!({"fire_at": at(20)})), true);
    let some = world.create("default.some", until_25(), true);
    let missed = world.create("default.missed", until_25(), true);
    world.now = at(30);
    let fired = world.event(last_fire(ONCE, once, at(20), None));
    assert_eq!(launched(&fired).len(), 1, "its last fire runs");
    assert_eq!(sensors_hear(&fired), [RuleChangeKind::Disabled]);
    assert_eq!(world.state_of("default.once"), RuleState::Finished);
    assert_eq!(world.state.timer(once).execution_count, 1);

    world.event(last_fire("core.intervaltimer", some, at(10), Some(at(20))));
    assert_eq!(world.state_of("default.some"), RuleState::Enabled);
    // A sensor that says nothing of what comes next: the schedule knows.
    world.event(tick(some, at(20)));
    assert_eq!(world.state_of("default.some"), RuleState::Finished);

    let step = world.misfire(run_of(missed, 10, 20, 2));
    assert_eq!(sensors_hear(&step), [RuleChangeKind::Disabled]);
    assert_eq!(world.state_of("default.missed"), RuleState::Finished);
    assert!(world.state.needed_sensors().is_empty());
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));

    let by_hand = world.done(&mut Input::RuleRun { r#ref: "default.once".parse().unwrap() });
    assert!(matches!(&by_hand.answer, Err(Refusal::Conflict(said)) if said.contains("has finished")));
}

#[test]
fn a_repeat_of_the_last_fire_finds_it_finished_and_changes_nothing() {
    let mut world = World::new();
    let once = world.create("default.once", timed(ONCE, json!({"fire_at": at(20)})), true);
    world.now = at(21);
    let event = last_fire(ONCE, once, at(20), None);
    world.event(event.clone());
    let again = world.event(event);
    assert!(matches!(again.answer, Ok(Answer::Event { created: false, .. })) && again.changes.is_empty());
    // One that was in flight when the rule ended reads so.
    let other = world.event(last_fire(ONCE, once, at(19), None));
    let outcome = other.changes.iter().find_map(|change| match change {
        Change::Decided { decision, .. } => Some(decision.outcome),
        _ => None,
    });
    assert_eq!(outcome, Some(Outcome::Disabled));
    assert_eq!(world.state_of("default.once"), RuleState::Finished);
}

#[test]
fn a_rule_whose_end_was_not_noticed_is_finished_at_the_next_start() {
    let mut world = World::new();
    let some = world.create("default.some", until_25(), true);
    world.create("default.on", every(10), true);
    world.now = at(30);
    // A sensor that is wrong about what comes next.
    world.event(last_fire("core.intervaltimer", some, at(20), Some(at(30))));
    assert_eq!(world.state_of("default.some"), RuleState::Enabled);
    let step = world.crash();
    assert_eq!(sensors_hear(&step), [RuleChangeKind::Disabled]);
    assert_eq!(world.state_of("default.some"), RuleState::Finished);
    assert_eq!(world.state_of("default.on"), RuleState::Enabled);
    assert!(sensors_hear(&world.crash()).is_empty(), "once");
}

#[test]
fn what_is_missed_while_the_engine_is_off_is_not_finished_before_it_is_told() {
    let mut world = World::new();
    let once = world.create("default.once", timed(ONCE, json!({"fire_at": at(20)})), true);
    world.now = at(1_000);
    world.crash();
    assert_eq!(world.state_of("default.once"), RuleState::Enabled, "its sensor has still to deal with it");
    world.misfire(run_of(once, 20, 20, 1));
    assert_eq!(world.state_of("default.once"), RuleState::Finished);
}

#[test]
fn a_one_shot_in_the_past_is_refused_when_it_is_switched_on() {
    let mut world = World::new();
    let past = || timed(ONCE, json!({"fire_at": at(-10)}));
    let create =
        |enabled| Input::RuleCreate { r#ref: "default.once".parse().unwrap(), body: past(), enabled };
    let step = world.done(&mut create(true));
    let (name, message) = field(&step);
    assert_eq!(name, "trigger_params.fire_at");
    assert!(message.contains("has passed") && message.contains("still to come"), "{message}");
    assert!(step.changes.is_empty());
    assert!(world.done(&mut create(false)).answer.is_ok(), "it may be written down");
    assert_eq!(field(&world.switch("default.once", true)).0, "trigger_params.fire_at");
    world.update("default.once", timed(ONCE, json!({"fire_at": at(10)})));
    assert!(world.switch("default.once", true).answer.is_ok());
    assert_eq!(field(&world.update("default.once", past())).0, "trigger_params.fire_at");
    assert_eq!(world.state_of("default.once"), RuleState::Enabled, "a refused edit leaves it as it was");
}

#[test]
fn a_recurrence_that_is_over_is_finished_at_once_and_the_answer_says_so() {
    let mut world = World::new();
    let over = || timed("core.intervaltimer", json!({"interval": 10, "not_after": at(-1)}));
    let create = Input::RuleCreate { r#ref: "default.over".parse().unwrap(), body: over(), enabled: true };
    let mut create = create;
    let step = world.done(&mut create);
    assert!(matches!(&step.answer, Ok(Answer::Rule(rule)) if rule.state == RuleState::Finished), "{step:?}");
    assert!(world.state.needed_sensors().is_empty());
    let again = world.switch("default.over", true);
    assert!(matches!(&again.answer, Ok(Answer::Rule(rule)) if rule.state == RuleState::Finished));
    assert!(again.changes.is_empty());

    world.create("default.on", every(10), true);
    let ended = world.update("default.on", over());
    assert_eq!(world.state_of("default.on"), RuleState::Finished);
    assert_eq!(sensors_hear(&ended), [RuleChangeKind::Disabled]);
    assert_eq!(memory(&world.state), memory(&world.rebuilt()));
}

#[test]
fn a_finished_rule_gets_other_times_and_goes_on() {
    let mut world = World::new();
    let once = world.create("default.once", timed(ONCE, json!({"fire_at": at(20)})), true);
    world.now = at(21);
    world.event(last_fire(ONCE, once, at(20), None));
    let mut reworded = timed(ONCE, json!({"fire_at": at(20)}));
    reworded.label = "Still finished".to_owned();
    world.update("default.once", reworded);
    assert_eq!(world.state_of("default.once"), RuleState::Finished);
    assert!(world.switch("default.once", false).changes.is_empty(), "it does not listen anyway");
    world.update("default.once", timed(ONCE, json!({"fire_at": at(40)})));
    assert_eq!(world.state_of("default.once"), RuleState::Disabled, "there is something to switch on");
    let on = world.switch("default.once", true);
    assert_eq!(sensors_hear(&on), [RuleChangeKind::Enabled]);
    world.now = at(41);
    world.event(last_fire(ONCE, once, at(40), None));
    assert_eq!(world.state_of("default.once"), RuleState::Finished);
    assert_eq!(world.state.timer(once).execution_count, 2, "a life long");
}

#[test]
fn a_one_shot_that_passed_while_its_rule_was_off_or_deleted_is_told() {
    let mut world = World::new();
    world.create("default.off", timed(ONCE, json!({"fire_at": at(20)})), true);
    world.create("default.gone", timed(ONCE, json!({"fire_at": at(20)})), true);
    world.switch("default.off", false);
    let gone: model::Ref = "default.gone".parse().unwrap();
    world.done(&mut Input::RuleDelete { r#ref: gone.clone() });
    world.now = at(30);
    assert!(world.switch("default.off", true).changes.is_empty(), "refused");
    let edited = world.update("default.off", timed(ONCE, json!({"fire_at": at(60)})));
    assert_eq!(told(&edited), [(at(20), at(20), 1, MissReason::Disabled)]);
    let back = world.done(&mut Input::RuleRestore { r#ref: gone });
    assert_eq!(told(&back), [(at(20), at(20), 1, MissReason::Disabled)]);
    assert_eq!(world.state_of("default.gone"), RuleState::Finished);
}

#[test]
fn what_is_wrong_with_a_timer_is_refused_by_the_name_of_its_field() {
    let mut world = World::new();
    for (trigger, params, expected) in [
        ("core.intervaltimer", json!({"interval": 10, "type": "cron"}), "type"),
        ("core.intervaltimer", json!({"interval": 10, "jitter_seconds": 11}), "jitter_seconds"),
        (
            "core.intervaltimer",
            json!({"interval": 10, "not_before": at(9), "not_after": at(8)}),
            "not_before",
        ),
        ("core.intervaltimer", json!({"interval": 10, "misfire": "twice"}), "misfire"),
        ("core.intervaltimer", json!({"interval": 10, "misfire_limit": 3}), "misfire_limit"),
        (CRON, json!({"expression": "0 0 30 2 *"}), "expression"),
        (CRON, json!({"expression": "61 * * * *"}), "expression"),
        (CRON, json!({"expression": "* * * * *", "timezone": "America/New_Yrok"}), "timezone"),
        (ONCE, json!({"fire_at": "tomorrow"}), "fire_at"),
        (ONCE, json!({}), "fire_at"),
    ] {
        let create = |enabled| Input::RuleCreate {
            r#ref: "default.bad".parse().unwrap(),
            body: timed(trigger, params.clone()),
            enabled,
        };
        for enabled in [false, true] {
            let step = world.done(&mut create(enabled));
            assert_eq!(field(&step).0, format!("trigger_params.{expected}"), "{params}: {step:?}");
        }
    }
}

#[test]
fn a_sign_of_life_tells_that_the_machine_has_slept() {
    let mut world = World::new();
    let slept = |step: &Step| {
        step.changes.iter().find_map(|change| match change {
            Change::Slept { started, ended } => Some((*started, *ended)),
            _ => None,
        })
    };
    let mut alive = |now: i64, asleep: u64| {
        world.now = at(now);
        slept(&world.done(&mut Input::Alive { slept: Duration::from_secs(asleep) }))
    };
    assert_eq!(alive(0, 500), None, "what it slept before the engine ran is not ours to tell");
    assert_eq!(alive(20, 500), None);
    assert_eq!(alive(40, 501), None, "two clocks are never read at the same instant");
    assert_eq!(alive(7_260, 7_701), Some((at(60), at(7_260))));
    assert_eq!(alive(7_280, 7_701), None);
    assert_eq!(alive(7_290, 9_701), Some((at(7_280), at(7_290))), "the clock was put back while it slept");
}

#[test]
fn a_report_speaks_only_of_rules_that_the_token_is_for() {
    let mut world = World::new();
    let timer = world.create("default.timer", every(10), true);
    let ping = world.create("default.ping", super::world::on_ping(Value::Null, "x"), true);
    world.now = at(50);
    let mut report = |rule, triggers: Option<&[&str]>| {
        let triggers = triggers.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
        world.done(&mut Input::Misfire { misfire: run_of(rule, 10, 20, 2), triggers })
    };
    for (rule, triggers, part) in [
        (timer, Some(&["lab.ping"][..]), "not for"),
        (ping, None, "no timer"),
        (RuleId(99), None, "no rule with the id 99"),
    ] {
        let (name, message) = field(&report(rule, triggers));
        assert!(name == "rule_id" && message.contains(part), "{name}: {message}");
    }
    assert!(report(timer, Some(&["core.intervaltimer", CRON])).answer.is_ok());
    let engines_own = Misfire { reason: MissReason::Disabled, ..run_of(timer, 30, 30, 1) };
    assert_eq!(field(&world.misfire(engines_own)).0, "reason");
    assert!(limits::CLOCK_WAIT > Duration::ZERO);
}
