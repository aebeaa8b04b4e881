//! What is true of every rule: its instants are those of the standard's words, and those of another reader where that
//! one is right.

use crate::ask::{parse, rule};
use crate::literal::Spec;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan};
use model::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use schedule::Schedule;
use serde_json::json;

const FREQS: [&str; 7] = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"];

/// In half of the cases nothing, else a few of these.
fn few(values: Vec<i16>, most: usize) -> impl Strategy<Value = Vec<i16>> {
    prop_oneof![Just(Vec::new()), subsequence(values, 1..=most)]
}

fn from_both_ends(most: i16) -> Vec<i16> {
    (-most..=most).filter(|number| *number != 0).collect()
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (0_i8..7).prop_map(|day| Weekday::from_monday_zero_offset(day).unwrap())
}

/// Numbers before weekdays: none, or as many as a month or a year has.
fn days(freq: &'static str) -> impl Strategy<Value = Vec<(i16, Weekday)>> {
    let nth = match freq {
        "YEARLY" | "MONTHLY" => prop_oneof![2 => Just(0_i16), 1 => select(from_both_ends(5))].boxed(),
        _ => Just(0).boxed(),
    };
    prop_oneof![Just(Vec::new()), proptest::collection::vec((nth, weekday()), 1..4)]
}

fn start() -> impl Strategy<Value = DateTime> {
    (1996_i16..2030, 1_i16..=366, 0_i8..24, 0_i8..60, 0_i8..60).prop_map(
        |(year, day, hour, minute, second)| {
            let days = i64::from(day - 1).days();
            Date::constant(year, 1, 1).checked_add(days).unwrap().at(hour, minute, second, 0)
        },
    )
}

/// Any rule that the standard allows, with lists that are not too long to be gone through by hand.
fn spec() -> impl Strategy<Value = Spec> {
    select(FREQS.to_vec()).prop_flat_map(|freq| {
        let yearly = freq == "YEARLY";
        let short = ["HOURLY", "MINUTELY", "SECONDLY"].contains(&freq);
        let only = |wanted: bool, values: Vec<i16>, most: usize| {
            if wanted { few(values, most).boxed() } else { Just(Vec::new()).boxed() }
        };
        let dates = (
            few((1..=12).collect(), 6),
            only(yearly, from_both_ends(53), 20),
            only(yearly || short, from_both_ends(366), 200),
            only(freq != "WEEKLY", from_both_ends(31), 20),
            days(freq),
        );
        let times = (few((0..24).collect(), 5), few((0..60).collect(), 5), few((0..60).collect(), 3));
        let rest = (1_i32..9, few(from_both_ends(4), 3), weekday(), start());
        (dates, times, rest).prop_map(move |(dates, times, (interval, mut positions, week_start, start))| {
            let (months, weeks, year_days, month_days, days) = dates;
            let (hours, minutes, seconds) = times;
            let others = [&months, &weeks, &year_days, &month_days, &hours, &minutes, &seconds];
            if days.is_empty() && others.iter().all(|list| list.is_empty()) {
                positions.clear();
            }
            let days =
                if weeks.is_empty() { days } else { days.into_iter().map(|(_, day)| (0, day)).collect() };
            Spec {
                freq,
                interval,
                months,
                weeks,
                year_days,
                month_days,
                days,
                hours,
                minutes,
                seconds,
                positions,
                week_start,
                start,
            }
        })
    })
}

/// How much of it is gone through by hand.
fn window(freq: &str) -> Span {
    match freq {
        "YEARLY" => 5.years(),
        "MONTHLY" => 18.months(),
        "WEEKLY" | "DAILY" => 9.months(),
        "HOURLY" => 15.days(),
        "MINUTELY" => 20.hours(),
        _ => 40.minutes(),
    }
}

fn instant(civil: DateTime) -> Timestamp {
    Timestamp::from_seconds(jiff::tz::Offset::UTC.to_timestamp(civil).unwrap().as_second())
}

/// Checks every question about the span from `from` to before `to` against what it holds.
fn check_span(
    schedule: &Schedule,
    from: Timestamp,
    to: Timestamp,
    expected: &[Timestamp],
) -> Result<(), TestCaseError> {
    let (before, last) = (from.plus_micros(-1), to.plus_micros(-1));
    let fires = schedule.fires(before, expected.len() + 1);
    let inside: Vec<Timestamp> = fires.iter().map(|fire| fire.at).filter(|at| *at <= last).collect();
    prop_assert_eq!(&inside, expected);
    prop_assert_eq!(schedule.count_between(before, last), expected.len() as u64);
    prop_assert_eq!(schedule.last_until(before, last).map(|fire| fire.at), expected.last().copied());
    for pair in expected.windows(2).take(20) {
        prop_assert!(pair[0] < pair[1]);
        let middle = pair[0].plus_micros(pair[1].micros_since(pair[0]) / 2);
        prop_assert_eq!(schedule.next_after(middle).map(|fire| fire.at), Some(pair[1]));
        prop_assert_eq!(schedule.last_until(before, middle).map(|fire| fire.at), Some(pair[0]));
        prop_assert_eq!(schedule.next_after(pair[1].plus_micros(-1)).map(|fire| fire.at), Some(pair[1]));
        prop_assert_eq!(schedule.count_between(pair[0], pair[1]), 1);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn a_rule_plans_what_the_words_of_the_standard_say(spec in spec(), years in 0_i32..30, days in 0_i32..300) {
        let parsed = parse(&json!({"rule": spec.rule(), "dtstart": spec.start.to_string()}), None);
        let far = spec.start.checked_add(years.years().days(days)).unwrap();
        for from in [spec.start, far] {
            let to = from.checked_add(window(spec.freq)).unwrap();
            let expected: Vec<Timestamp> = spec.between(from, to).into_iter().map(instant).collect();
            match &parsed {
                Ok(schedule) => check_span(schedule, instant(from), instant(to), &expected)?,
                // One that is refused has nothing to plan anywhere.
                Err(error) => {
                    prop_assert!(error.message.contains("never fires"), "{}", error);
                    prop_assert_eq!(&expected, &Vec::<Timestamp>::new());
                }
            }
        }
    }

    #[test]
    fn the_count_ends_a_rule_where_that_many_have_fired(spec in spec(), count in 1_usize..40) {
        let whole = parse(&json!({"rule": spec.rule(), "dtstart": spec.start.to_string()}), None);
        prop_assume!(whole.is_ok());
        let fires = whole.unwrap().fires(Timestamp::MIN, count);
        let counted = rule(&format!("{};COUNT={count}", spec.rule()), &spec.start.to_string(), "UTC");
        prop_assert_eq!(counted.fires(Timestamp::MIN, count + 1), fires);
    }
}

/// What the crate `rrule` plans: it reads local times as if they were UTC, and knows no other zone here.
fn plain(rule: &str, start: DateTime, count: usize) -> Vec<Timestamp> {
    let text = format!("DTSTART:{}\nRRULE:{rule}", start.strftime("%Y%m%dT%H%M%SZ"));
    let set: rrule::RRuleSet = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    set.into_iter().take(count).map(|at| Timestamp::from_seconds(at.timestamp())).collect()
}

/// Rules that the other reader gets right. It does not know the fifth last weekday, lets plain and numbered weekdays
/// shut one another out, takes the first week for shorter than it is where positions count, knows no negative weeks, and
/// loses instants where the days of short periods are limited; what is rare it gives up.
fn easy() -> impl Strategy<Value = Spec> {
    spec().prop_map(|mut spec| {
        let numbered = spec.days.iter().any(|(nth, _)| *nth != 0);
        spec.days.retain(|(nth, _)| (*nth != 0) == numbered && *nth != -5);
        spec.weeks.clear();
        if spec.freq == "WEEKLY" {
            spec.positions.clear();
        }
        if ["HOURLY", "MINUTELY", "SECONDLY"].contains(&spec.freq) {
            (spec.interval, spec.months, spec.days) = (1, Vec::new(), Vec::new());
            (spec.year_days, spec.month_days) = (Vec::new(), Vec::new());
        } else if !spec.days.is_empty() || !spec.year_days.is_empty() {
            spec.month_days.clear();
        }
        if !spec.year_days.is_empty() {
            (spec.days, spec.months) = (Vec::new(), Vec::new());
        }
        spec.start = spec.start.with().day(spec.start.day().min(28)).build().unwrap();
        let lists =
            [&spec.months, &spec.year_days, &spec.month_days, &spec.hours, &spec.minutes, &spec.seconds];
        if spec.days.is_empty() && lists.iter().all(|list| list.is_empty()) {
            spec.positions.clear();
        }
        spec
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn moving_the_start_forward_by_whole_periods_changes_nothing(spec in easy(), periods in 0_i64..200) {
        let parsed = parse(&json!({"rule": spec.rule(), "dtstart": spec.start.to_string()}), None);
        prop_assume!(parsed.is_ok());
        let forward = periods * i64::from(spec.interval);
        let forward = match spec.freq {
            "YEARLY" => (periods % 20 * i64::from(spec.interval)).years(),
            "MONTHLY" => forward.months(),
            "WEEKLY" => forward.weeks(),
            "DAILY" => forward.days(),
            "HOURLY" => forward.hours(),
            "MINUTELY" => forward.minutes(),
            _ => forward.seconds(),
        };
        let near = spec.start.checked_add(forward).unwrap();
        let expected = plain(&spec.rule(), near, 12);
        let fires = parsed.unwrap().fires(instant(near).plus_micros(-1), expected.len());
        let moved: Vec<Timestamp> = fires.into_iter().map(|fire| fire.at).collect();
        prop_assert_eq!(moved, expected);
    }
}
