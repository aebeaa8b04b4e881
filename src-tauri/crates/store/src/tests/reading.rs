//! Questions and their answers.

use super::world::{World, decision, enforcement, missed, rule, run, second, timer_event};
use crate::{
    EnforcementFilter, EventFilter, ExecutionFilter, LaneOf, Listed, Page, QueryError, Record, Usual,
};
use model::{EventId, ExecutionStatus as S, Outcome, Reason, RuleId, Transition};
use serde_json::json;
use std::sync::Arc;

/// Two rules fire by turns, 60 times each; each tenth run of the second fails.
fn two_rules() -> World {
    let mut world = World::new();
    let rules = [rule(1, "default.one"), rule(2, "default.two")];
    world.commit(&[Record::RuleSaved(&rules[0]), Record::RuleSaved(&rules[1])]);
    for id in 1..=120 {
        let ended = if id % 20 == 0 { S::Failed } else { S::Completed };
        world.timer_fires(id, &rules[usize::from(id % 2 == 0)], ended);
    }
    world
}

/// All pages of a list, one after the other.
fn all<T>(mut page: impl FnMut(Page) -> Listed<T>, id: impl Fn(&T) -> i64) -> Vec<i64> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let listed = page(Page { before, after: None, limit: 7 });
        assert!(listed.rows.len() <= 7);
        ids.extend(listed.rows.iter().map(&id));
        match listed.next {
            Some(next) => before = Some(next),
            None => return ids,
        }
    }
}

fn newest_first(ids: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[test]
fn executions_come_page_by_page_through_every_filter() {
    let world = two_rules();
    let ids = |filter: ExecutionFilter| {
        all(|page| world.readers.read(|view| view.executions(&filter, page)).unwrap(), |run| run.id.0)
    };
    let base = ExecutionFilter::default;
    assert_eq!(ids(base()), newest_first(1..=120));
    assert_eq!(ids(ExecutionFilter { rule: Some(RuleId(2)), ..base() }), newest_first((2..=120).step_by(2)));
    assert_eq!(ids(ExecutionFilter { statuses: vec![S::Failed], ..base() }), [120, 100, 80, 60, 40, 20]);
    assert!(
        ids(ExecutionFilter { statuses: vec![S::Failed, S::Running], rule: Some(RuleId(1)), ..base() })
            .is_empty()
    );
    let most = ExecutionFilter { statuses: vec![S::Completed, S::Timeout], rule: Some(RuleId(2)), ..base() };
    assert_eq!(ids(most), newest_first((2..=120).step_by(2).filter(|id| id % 20 != 0)));
    let action = |name: &str| ExecutionFilter { action: Some(name.parse().unwrap()), ..base() };
    assert_eq!(ids(action("core.echo")).len(), 120);
    assert!(ids(action("core.nothing")).is_empty());
    let span = ExecutionFilter { from: Some(second(30)), to: Some(second(90)), ..base() };
    assert_eq!(ids(span), newest_first(30..90));
    let since = world
        .readers
        .read(|view| view.executions(&base(), Page { before: None, after: Some(117), limit: 10 }));
    assert_eq!(since.unwrap().rows.iter().map(|run| run.id.0).collect::<Vec<_>>(), [120, 119, 118]);
}

#[test]
fn waiting_and_failed_ones_are_listed_together_in_order() {
    let mut world = two_rules();
    let waiting: Vec<_> = (121..=140).map(|id| run(id, Some(RuleId(1)))).collect();
    world.commit(&waiting.iter().map(Record::ExecutionNew).collect::<Vec<_>>());
    let filter = ExecutionFilter { statuses: vec![S::Requested, S::Failed], ..ExecutionFilter::default() };
    let ids = all(|page| world.readers.read(|view| view.executions(&filter, page)).unwrap(), |run| run.id.0);
    assert_eq!(ids, newest_first((121..=140).chain((20..=120).step_by(20))));
    let open = world.readers.read(|view| view.open_executions(3)).unwrap();
    assert_eq!(open.iter().map(|run| run.id.0).collect::<Vec<_>>(), [121, 122, 123]);
}

#[test]
fn events_come_page_by_page_through_every_filter() {
    let mut world = two_rules();
    let mut odd = timer_event(121, RuleId(1));
    odd.trigger = "core.other".parse().unwrap();
    odd.payload = Arc::new(json!({"path": "C:\\Users\\Zoë \"x\""}));
    world.commit(&[
        Record::Event { event: &odd, body_hash: &[0; 32] },
        Record::Decision { event: &odd, decision: &decision(RuleId(2), Outcome::Disabled) },
    ]);
    let ids = |filter: EventFilter| {
        all(|page| world.readers.read(|view| view.events(&filter, page)).unwrap(), |event| event.id.0)
    };
    let base = EventFilter::default;
    assert_eq!(ids(base()), newest_first(1..=121));
    assert_eq!(ids(EventFilter { trigger: Some("core.other".parse().unwrap()), ..base() }), [121]);
    assert!(ids(EventFilter { trigger: Some("core.never".parse().unwrap()), ..base() }).is_empty());
    let seen = EventFilter { rule: Some(RuleId(2)), ..base() };
    assert_eq!(ids(seen), newest_first((2..=120).step_by(2).chain([121])));
    for text in ["c:\\users\\zoË", "Zoë \"X\"", "path\":"] {
        let found = ids(EventFilter { text: Some(text.to_owned()), ..base() });
        assert_eq!(found, if text.starts_with("path") { vec![] } else { vec![121] }, "{text}");
    }
    let span = EventFilter {
        from: Some(second(60)),
        to: Some(second(63)),
        text: Some("timer".to_owned()),
        ..base()
    };
    assert_eq!(ids(span), [62, 61, 60]);
    let never = EventFilter { from: Some(second(9_000)), ..base() };
    assert!(ids(never).is_empty());
    let stored = world.readers.read(|view| view.events_by_id(&[EventId(121), EventId(500)])).unwrap();
    assert_eq!(stored, [odd]);
}

#[test]
fn a_clock_that_was_set_back_loses_no_event_of_a_span() {
    let mut world = World::new();
    for (id, at) in [(1, 0), (2, 3_600), (3, 7_200), (4, 1_800), (5, 5_400), (6, 9_000)] {
        let mut event = timer_event(id, RuleId(1));
        event.created = second(at);
        world.commit(&[Record::Event { event: &event, body_hash: &[0; 32] }]);
    }
    let filter = EventFilter { from: Some(second(1_000)), to: Some(second(6_000)), ..EventFilter::default() };
    let listed = world.readers.read(|view| view.events(&filter, Page::newest(10))).unwrap();
    assert_eq!(listed.rows.iter().map(|event| event.id.0).collect::<Vec<_>>(), [5, 4, 2]);
}

#[test]
fn one_event_tells_who_looked_and_what_followed() {
    let mut world = two_rules();
    let reason = Reason { path: "all.0".to_owned(), expected: Some(json!(5)), ..Reason::default() };
    let event = timer_event(121, RuleId(1));
    let mut silent = decision(RuleId(2), Outcome::Unmatched);
    silent.reason = Some(reason.clone());
    let fired = enforcement(121, RuleId(1));
    let asked_for = run(121, Some(RuleId(1)));
    let mut again = run(122, Some(RuleId(1)));
    (again.event, again.enforcement, again.rerun_of) = (Some(event.id), None, Some(asked_for.id));
    world.commit(&[
        Record::Event { event: &event, body_hash: &[0; 32] },
        Record::Decision { event: &event, decision: &decision(RuleId(1), Outcome::Matched) },
        Record::Enforcement(&fired),
        Record::ExecutionNew(&asked_for),
        Record::Decision { event: &event, decision: &silent },
        Record::ExecutionNew(&again),
    ]);

    let detail = world.readers.read(|view| view.event(event.id)).unwrap().unwrap();
    assert_eq!(detail.event, event);
    let [matched, unmatched] = detail.decisions.as_slice() else { panic!("{:?}", detail.decisions) };
    assert_eq!(
        (matched.rule, matched.outcome, &matched.enforcement),
        (RuleId(1), Outcome::Matched, &Some(fired))
    );
    assert_eq!(matched.execution.as_ref().unwrap().mark().id, asked_for.id);
    assert_eq!((unmatched.outcome, &unmatched.reason), (Outcome::Unmatched, &Some(reason)));
    assert_eq!((unmatched.enforcement.is_none(), unmatched.execution.is_none()), (true, true));
    assert_eq!(detail.again.iter().map(|run| run.id).collect::<Vec<_>>(), [again.id]);

    let pips = world.readers.read(|view| view.pips(&[event.id, EventId(20)])).unwrap();
    let told: Vec<_> = pips
        .iter()
        .map(|pip| (pip.event.0, pip.rule.0, pip.outcome, pip.execution.map(|run| run.id.0)))
        .collect();
    let expected = [
        (121, 1, Outcome::Matched, Some(121)),
        (121, 2, Outcome::Unmatched, None),
        (20, 2, Outcome::Matched, Some(20)),
    ];
    assert_eq!(told, expected);
    assert_eq!(world.readers.read(|view| view.event(EventId(999))).unwrap(), None);
}

#[test]
fn enforcements_come_page_by_page() {
    let world = two_rules();
    let ids = |rule: Option<RuleId>| {
        let filter = EnforcementFilter { rule };
        all(
            |page| world.readers.read(|view| view.enforcements(filter, page)).unwrap(),
            |row| {
                assert_eq!(row.execution.unwrap().id.0, row.enforcement.id.0);
                row.enforcement.id.0
            },
        )
    };
    assert_eq!(ids(None), newest_first(1..=120));
    assert_eq!(ids(Some(RuleId(1))), newest_first((1..=120).step_by(2)));
    assert!(ids(Some(RuleId(3))).is_empty());
}

#[test]
fn strips_medians_and_last_runs() {
    let mut world = two_rules();
    let running = run(121, Some(RuleId(1)));
    world.commit(&[Record::ExecutionNew(&running)]);
    let last = world.readers.read(|view| view.last_executions()).unwrap();
    assert_eq!(
        last[&RuleId(1)],
        crate::Mark { status: S::Requested, started_at: None, finished_at: None, ..last[&RuleId(1)] }
    );
    assert_eq!((last[&RuleId(1)].id.0, last[&RuleId(2)].id.0), (121, 120));
    let recent =
        world.readers.read(|view| view.recent_executions(&[RuleId(2), RuleId(7), RuleId(1)], 50)).unwrap();
    let told: Vec<_> =
        recent.iter().map(|(rule, marks)| (rule.0, marks.len(), marks[0].id.0, marks[49].id.0)).collect();
    assert_eq!(told, [(2, 50, 22, 120), (1, 50, 23, 121)]);
    // A run of these takes as many milliseconds as its id says.
    assert_eq!(Usual::of(&recent[1].1), Some(Usual { median_ms: 71, p95_ms: 115 }));
    assert_eq!(Usual::of(&[]), None);
}

#[test]
fn a_rule_is_in_trouble_until_a_run_completes() {
    let mut world = two_rules();
    let troubles = |world: &World| {
        let (troubles, all) = world.readers.read(|view| view.troubles(5)).unwrap();
        (
            troubles
                .iter()
                .map(|trouble| (trouble.rule.0, trouble.run.id.0, trouble.streak))
                .collect::<Vec<_>>(),
            all,
        )
    };
    assert_eq!(troubles(&world), (vec![(2, 120, 1)], 1));
    let rules = [rule(1, "default.one"), rule(2, "default.two")];
    world.timer_fires(121, &rules[0], S::Timeout);
    world.timer_fires(122, &rules[1], S::Failed);
    assert_eq!(troubles(&world), (vec![(2, 122, 2), (1, 121, 1)], 2));
    // A run that was cancelled says nothing about its rule.
    let cancelled = run(123, Some(RuleId(2))).apply(Transition::Cancel, second(124)).unwrap();
    world.commit(&[Record::ExecutionNew(&run(123, Some(RuleId(2))))]);
    world.commit(&[Record::ExecutionChanged(&cancelled)]);
    assert_eq!(troubles(&world), (vec![(2, 122, 2), (1, 121, 1)], 2));
    world.timer_fires(125, &rules[1], S::Completed);
    world.commit(&[Record::RuleDeleted { id: RuleId(1), at: second(130) }]);
    assert_eq!(troubles(&world), (vec![], 0));
    assert_eq!(world.readers.read(|view| view.rules_that_ran()).unwrap(), 2);
}

#[test]
fn the_score_is_drawn_from_sums() {
    let world = two_rules();
    let (from, to) = (second(0), second(300));
    let told = |rule: Option<i64>, bin| -> Vec<_> {
        let bins = world.readers.read(|view| view.activity(rule.map(RuleId), from, to, bin)).unwrap();
        bins.iter()
            .map(|bin| (bin.at.seconds_after_dawn(), bin.ended.status, bin.ended.count, bin.ended.last.0))
            .collect()
    };
    let by_minute = [
        (0, S::Completed, 57, 59),
        (0, S::Failed, 2, 40),
        (60, S::Completed, 57, 119),
        (60, S::Failed, 3, 100),
        (120, S::Failed, 1, 120),
    ];
    assert_eq!(told(None, 1), by_minute);
    assert_eq!(told(Some(1), 1), [(0, S::Completed, 30, 59), (60, S::Completed, 30, 119)]);
    assert_eq!(told(None, 5), [(0, S::Completed, 114, 119), (0, S::Failed, 6, 120)]);
    let ended = world.readers.read(|view| view.ended(Some(RuleId(2)), from, to)).unwrap();
    assert_eq!(ended.iter().map(|sum| (sum.count, sum.max_ms)).collect::<Vec<_>>(), [(54, 118), (6, 120)]);
    let busiest = world.readers.read(|view| view.busiest(from, to, 5)).unwrap();
    assert_eq!(busiest, [(RuleId(1), 60), (RuleId(2), 60)]);
    let timer = "core.intervaltimer".parse().unwrap();
    let bins = world.readers.read(|view| view.event_bins(Some(&timer), from, to, 1)).unwrap();
    assert_eq!(
        bins.iter().map(|bin| (bin.events, bin.fired)).collect::<Vec<_>>(),
        [(59, 59), (60, 60), (1, 1)]
    );
}

#[test]
fn a_lane_holds_what_was_under_way() {
    let mut world = two_rules();
    let old = run(121, Some(RuleId(2)));
    let mut later = timer_event(122, RuleId(1));
    later.created = second(90_000);
    let mut latest = run(122, Some(RuleId(1)));
    latest.requested_at = second(90_000);
    world.commit(&[Record::ExecutionNew(&old), Record::ExecutionNew(&latest)]);
    let lane = |of: LaneOf<'_>, from, to, limit| {
        let lane = world.readers.read(|view| view.lane(of, second(from), second(to), limit)).unwrap();
        (lane.runs.iter().map(|run| run.id.0).collect::<Vec<_>>(), lane.complete)
    };
    assert_eq!(lane(LaneOf::Rule(RuleId(1)), 10, 16, 100), (vec![15, 13, 11], true));
    assert_eq!(lane(LaneOf::Others(&[RuleId(1)]), 10, 16, 100), (vec![14, 12, 10], true));
    assert_eq!(lane(LaneOf::Rule(RuleId(1)), 10, 100, 3), (vec![99, 97, 95], false));
    // One that waits since yesterday is still under way today.
    assert_eq!(lane(LaneOf::Rule(RuleId(2)), 80_000, 95_000, 100), (vec![121], true));
    assert_eq!(lane(LaneOf::Rule(RuleId(1)), 80_000, 95_000, 100), (vec![122], true));
}

#[test]
fn the_engine_remembers_when_it_ran() {
    let mut world = World::new();
    world.commit(&[Record::EngineStarted(second(0)), Record::EngineAlive(second(60))]);
    world.commit(&[
        Record::EngineStarted(second(100)),
        Record::EngineAlive(second(160)),
        Record::EngineStopped(second(170)),
    ]);
    world.commit(&[Record::EngineStarted(second(300))]);
    let spans = |from, to| -> Vec<_> {
        let spans = world.readers.read(|view| view.engine_spans(second(from), second(to))).unwrap();
        spans.iter().map(|span| (span.started, span.alive, span.stopped)).collect()
    };
    let died = (second(0), second(60), None);
    let stopped = (second(100), second(170), Some(second(170)));
    let now = (second(300), second(300), None);
    assert_eq!(spans(-10, 1_000), [died, stopped, now]);
    assert_eq!(spans(10, 120), [died, stopped]);
    assert_eq!(spans(200, 250), []);
    assert_eq!(spans(350, 400), [now]);
}

#[test]
fn a_question_without_end_is_cut() {
    let world = World::new();
    let error = world.readers.read(|view| view.ask_for_ever()).unwrap_err();
    assert!(matches!(error, QueryError::TooSlow), "{error}");
    // The connection is as good as before.
    for _ in 0..5 {
        assert_eq!(world.readers.read(|view| view.rules_that_ran()).unwrap(), 0);
    }
}

#[test]
fn many_threads_read_while_one_writes() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    world.commit(&[Record::RuleSaved(&echo)]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let readers = world.readers.clone();
            scope.spawn(move || {
                loop {
                    let (events, pips) = readers
                        .read(|view| {
                            let events = view.events(&EventFilter::default(), Page::newest(5))?.rows;
                            let ids: Vec<_> = events.iter().map(|event| event.id).collect();
                            Ok((ids, view.pips(&[EventId(100)])?))
                        })
                        .unwrap();
                    if events.first() == Some(&EventId(100)) {
                        // What is seen together was written together.
                        assert!(pips[0].execution.is_some());
                        return;
                    }
                }
            });
        }
        for id in 1..=100 {
            world.timer_fires(id, &echo, S::Completed);
        }
    });
}

trait AfterDawn {
    fn seconds_after_dawn(self) -> i64;
}

impl AfterDawn for model::Timestamp {
    fn seconds_after_dawn(self) -> i64 {
        self.as_seconds() - super::world::DAWN
    }
}

#[test]
fn what_was_missed_comes_page_by_page_and_by_time() {
    let mut world = World::new();
    let (one, two) = (RuleId(1), RuleId(2));
    for id in 1..=40 {
        let rule = if id % 2 == 0 { two } else { one };
        world.commit(&[Record::Missed(&missed(id, rule, id * 10, id * 10 + 4))]);
    }
    let ids =
        |rule| all(|page| world.readers.read(|view| view.misfires(rule, page)).unwrap(), |entry| entry.id.0);
    assert_eq!(ids(None), newest_first(1..=40));
    assert_eq!(ids(Some(two)), newest_first((2..=40).step_by(2)));
    let stored = world.readers.read(|view| view.misfires(Some(one), Page::newest(1))).unwrap().rows;
    assert_eq!(stored, [missed(39, one, 390, 394)]);

    let within = |of: LaneOf<'_>, from, to, limit| {
        let found = world.readers.read(|view| view.missed(of, second(from), second(to), limit)).unwrap();
        found.iter().map(|entry| entry.id.0).collect::<Vec<_>>()
    };
    assert_eq!(within(LaneOf::Rule(one), 54, 90, 10), [5, 7], "a run that reaches into the time is in it");
    assert_eq!(within(LaneOf::Others(&[one]), 0, 85, 10), [2, 4, 6, 8]);
    assert_eq!(within(LaneOf::Others(&[]), 0, 1_000, 3), [38, 39, 40], "the newest, oldest first");
}

#[test]
fn the_sleep_of_the_machine_is_told_by_time() {
    let mut world = World::new();
    for (started, ended) in [(10, 20), (50, 60), (50, 70), (90, 95)] {
        world.commit(&[Record::Slept { started: second(started), ended: second(ended) }]);
    }
    let told = |from, to| {
        let spans = world.readers.read(|view| view.sleep_spans(second(from), second(to))).unwrap();
        let seconds = |at: model::Timestamp| at.micros_since(second(0)) / 1_000_000;
        spans.iter().map(|span| (seconds(span.started), seconds(span.ended))).collect::<Vec<_>>()
    };
    assert_eq!(told(0, 1_000), [(10, 20), (50, 70), (90, 95)]);
    assert_eq!(told(15, 50), [(10, 20)]);
    assert_eq!(told(20, 90), [(50, 70)]);
}
