//! What is left open of the past, against counting it one by one.

use super::*;
use model::Ref;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

fn every(seconds: i64) -> Schedule {
    let trigger: Ref = "core.intervaltimer".parse().unwrap();
    let params = json!({"interval": seconds});
    Schedule::parse(&trigger, params.as_object().unwrap(), None).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn run(first: i64, last: i64, every: i64) -> Run {
    let count = u64::try_from((last - first) / every + 1).unwrap();
    Run { first: at(first), last: Fire::from(at(last)), count }
}

#[test]
fn what_fired_is_skipped_and_what_did_not_is_open() {
    let schedule = every(10);
    let mut history = History::new(at(95));
    for second in [100, 110, 120] {
        assert_eq!(history.next(&schedule).unwrap().at, at(second));
        history.fired(at(second));
    }
    // Missed are 130 and 140.
    history.move_to(at(140));
    assert_eq!(history.next(&schedule).unwrap().at, at(150));
    history.fired(at(150));
    assert_eq!(history.mark(), at(150));
    // The clock was put back by a lot.
    history.mark = at(75);
    assert_eq!(history.next(&schedule).unwrap().at, at(80));
    assert_eq!(
        history.runs(&schedule, at(80), at(165)),
        [run(80, 90, 10), run(130, 140, 10), run(160, 160, 10)]
    );
    history.mark = at(95);
    assert_eq!(history.next(&schedule).unwrap().at, at(130));
}

#[test]
fn no_run_reaches_over_a_mark_that_was_given_up() {
    let schedule = every(10);
    let mut history = History::new(at(20_000));
    assert!(!history.put_back(at(9_200)), "three hours are waited for");
    assert!(history.put_back(at(9_195)));
    assert_eq!(history.next(&schedule).unwrap().at, at(9_200));
    let runs = history.runs(&schedule, at(9_200), at(20_025));
    assert_eq!(runs, [run(9_200, 20_000, 10), run(20_010, 20_020, 10)]);
    assert_eq!(history.runs(&schedule, at(9_200), at(20_000)), [run(9_200, 20_000, 10)]);
    assert_eq!(history.runs(&schedule, at(20_010), at(20_030)), [run(20_010, 20_030, 10)]);
}

#[test]
fn the_past_stays_small_however_often_it_is_interrupted() {
    let schedule = every(1);
    let mut history = History::new(at(0));
    for second in (2..2_000).step_by(2) {
        history.move_to(at(second - 1));
        assert_eq!(history.next(&schedule).unwrap().at, at(second));
        history.fired(at(second));
    }
    assert_eq!(history.blocks.len(), BLOCKS);
    history.mark = at(1_990);
    assert_eq!(history.next(&schedule).unwrap().at, at(1_991));
}

#[test]
fn an_unbroken_past_is_one_block() {
    let schedule = every(3);
    let mut history = History::new(at(0));
    for _ in 0..1_000 {
        let next = history.next(&schedule).unwrap().at;
        history.fired(next);
    }
    assert_eq!(history.blocks, [(at(3), at(3_000))]);
}

#[test]
fn a_run_is_shortened_by_its_newest_instants() {
    let schedule = every(7);
    let whole = run(70, 7_000, 7);
    assert_eq!(whole.without_newest(&schedule, 0), Some(whole.clone()));
    assert_eq!(whole.without_newest(&schedule, 1), Some(run(70, 6_993, 7)));
    assert_eq!(whole.without_newest(&schedule, 100), Some(run(70, 6_300, 7)));
    assert_eq!(whole.without_newest(&schedule, whole.count - 1), Some(run(70, 70, 7)));
    assert_eq!(whole.without_newest(&schedule, whole.count), None);
    assert_eq!(whole.without_newest(&schedule, u64::MAX), None);
}

#[test]
fn ten_years_of_seconds_cost_no_more_than_a_minute_of_them() {
    let (schedule, until) = (every(1), 315_360_000);
    let runs = History::new(at(0)).runs(&schedule, at(1), at(until));
    assert_eq!(runs, [run(1, until, 1)]);
    assert_eq!(runs[0].without_newest(&schedule, 10_000), Some(run(1, until - 10_000, 1)));
}

proptest! {
    #[test]
    fn runs_hold_every_instant_that_did_not_fire_and_no_other(
        interval in 1..9_i64,
        fired in prop::collection::vec((1..200_i64, 1..20_usize), 0..12),
        span in 1..300_i64,
        taken in 0..40_u64,
    ) {
        let schedule = every(interval);
        let mut history = History::new(at(0));
        let mut known = BTreeSet::new();
        for (from, count) in fired {
            history.mark = at(from);
            for _ in 0..count {
                let next = history.next(&schedule).unwrap().at;
                prop_assert!(known.insert(next), "{next} is told twice");
                history.fired(next);
            }
        }
        history.mark = at(0);
        let first = history.next(&schedule).unwrap().at;
        let until = first.plus_micros(span * 1_000_000);
        let open: Vec<Timestamp> = std::iter::successors(Some(first), |at| Some(schedule.next_after(*at)?.at))
            .take_while(|at| *at <= until)
            .filter(|at| !known.contains(at))
            .collect();
        let runs = history.runs(&schedule, first, until);
        let inside = |runs: &[Run]| -> Vec<Timestamp> {
            let of = |run: &Run| {
                let all = schedule.fires(before(run.first), usize::try_from(run.count).unwrap());
                assert_eq!(all.last().map(|fire| fire.at), Some(run.last.at));
                all.into_iter().map(|fire| fire.at).collect::<Vec<_>>()
            };
            runs.iter().flat_map(of).collect()
        };
        prop_assert_eq!(&inside(&runs), &open);
        let newest = runs.last().unwrap();
        let left: Vec<Run> = newest.without_newest(&schedule, taken).into_iter().collect();
        let all = inside(std::slice::from_ref(newest));
        let kept = all.len().saturating_sub(usize::try_from(taken).unwrap());
        prop_assert_eq!(&inside(&left), &all[..kept]);
    }
}
