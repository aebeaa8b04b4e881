//! The work of a search is bounded, whatever the rule and its start.

use super::Recurrence;
use super::calendar::{Days, first_day, first_day_of_month, first_week, month_of, week_year_of, year_of};
use super::pattern::{civil_of, last_of, seconds_of, steps};
use super::rule::{ByDay, Freq, List, Rule};
use super::times::{Times, bits};
use crate::effort;
use crate::parameters::Parameters;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use model::{Invalid, Timestamp, limits};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

fn parse(rule: &str, start: &str, zone: &str) -> Result<Recurrence, Invalid> {
    let params = json!({"rule": rule, "dtstart": start, "timezone": zone});
    Recurrence::parse(&Parameters::new("core.rruletimer", params.as_object().unwrap()), None)
}

/// Steps of one search that are fine: each takes some ten nanoseconds, and 10 ms are promised.
const MOST: u64 = 250_000;

/// Rules for which a search from their start, or from period to period, would be long.
const WORST: [&str; 54] = [
    "FREQ=SECONDLY",
    "FREQ=SECONDLY;INTERVAL=2147483647",
    "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=125999;BYHOUR=18;BYMINUTE=48;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=102599;BYMONTH=1,2,3,4,5,6,7,8,9,10,11;BYHOUR=11;BYMINUTE=13;BYSECOND=17",
    "FREQ=SECONDLY;INTERVAL=7;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=61;BYHOUR=23;BYMINUTE=59;BYSECOND=59",
    "FREQ=SECONDLY;INTERVAL=3599;BYHOUR=0;BYMINUTE=0;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=86401;BYMINUTE=0;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=7919;BYHOUR=5;BYMINUTE=7;BYSECOND=11",
    "FREQ=SECONDLY;INTERVAL=11;BYSECOND=59",
    "FREQ=SECONDLY;INTERVAL=11;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=23;BYMINUTE=59;BYSECOND=59",
    "FREQ=SECONDLY;BYYEARDAY=366;BYDAY=FR;BYMINUTE=59",
    "FREQ=SECONDLY;BYYEARDAY=-366;BYDAY=SU;BYSECOND=59",
    "FREQ=SECONDLY;INTERVAL=59;BYYEARDAY=100;BYHOUR=12;BYMINUTE=30",
    "FREQ=SECONDLY;BYSECOND=1,3,5,7,9,11,13,15,17,19,21,23,25,27,29;BYSETPOS=1",
    "FREQ=MINUTELY",
    "FREQ=MINUTELY;INTERVAL=2147483647",
    "FREQ=MINUTELY;INTERVAL=1439",
    "FREQ=MINUTELY;INTERVAL=7;BYHOUR=3;BYMINUTE=0",
    "FREQ=MINUTELY;INTERVAL=1441;BYHOUR=12;BYMINUTE=0",
    "FREQ=MINUTELY;INTERVAL=1439;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=MINUTELY;INTERVAL=10007;BYDAY=MO;BYHOUR=0",
    "FREQ=MINUTELY;BYMONTHDAY=29;BYMONTH=2;BYDAY=MO",
    "FREQ=MINUTELY;BYSECOND=0,30;BYSETPOS=-1;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY",
    "FREQ=HOURLY;INTERVAL=2147483647",
    "FREQ=HOURLY;INTERVAL=25;BYHOUR=0;BYDAY=MO;BYMONTHDAY=1",
    "FREQ=HOURLY;INTERVAL=7;BYHOUR=3",
    "FREQ=HOURLY;INTERVAL=23;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY;INTERVAL=1009;BYDAY=SU",
    "FREQ=HOURLY;BYYEARDAY=366;BYDAY=SA;BYMINUTE=59;BYSECOND=59",
    "FREQ=HOURLY;INTERVAL=167;BYDAY=TH;BYHOUR=0",
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=2147483647",
    "FREQ=DAILY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;INTERVAL=97;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;INTERVAL=13;BYMONTHDAY=31;BYDAY=TH;BYMONTH=12",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=DAILY;INTERVAL=365;BYMONTH=1;BYMONTHDAY=1",
    "FREQ=WEEKLY;INTERVAL=2147483647",
    "FREQ=WEEKLY;INTERVAL=53;BYMONTH=2",
    "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-7",
    "FREQ=WEEKLY;INTERVAL=313;BYDAY=TH;BYMONTH=1;BYSETPOS=1",
    "FREQ=MONTHLY;INTERVAL=2147483647",
    "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=1;BYDAY=5TH",
    "FREQ=MONTHLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=1TU,-1TU",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=5MO;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3;BYSETPOS=-16",
    "FREQ=YEARLY;INTERVAL=2147483647",
    "FREQ=YEARLY;BYDAY=53SU;BYYEARDAY=366",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=12;BYMONTHDAY=31",
    "FREQ=YEARLY;INTERVAL=28;BYWEEKNO=-53;BYDAY=TH",
    "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15;BYDAY=MO,TU;BYMINUTE=0,30;BYSETPOS=366,-366",
];

#[test]
fn the_next_instant_takes_few_steps_whatever_the_start() {
    for rule in WORST {
        for (start, zone) in [
            ("1970-01-01T00:00:00", "UTC"),
            ("1970-01-01T00:00:00", "America/New_York"),
            ("2024-02-29T23:59:59", "Europe/Berlin"),
            ("2026-03-29T02:30:00", "Australia/Lord_Howe"),
        ] {
            let (recurrence, steps) = effort::of(|| parse(rule, start, zone));
            assert!(steps <= MOST, "{rule} from {start}: {steps} steps to read it");
            let Ok(recurrence) = recurrence else { continue };
            for after in [
                "1970-01-01T00:00:00Z",
                "2026-06-01T12:00:00Z",
                "2399-12-31T00:00:00Z",
                "9990-01-01T00:00:00Z",
            ] {
                let after: Timestamp = after.parse().unwrap();
                let (next, steps) = effort::of(|| recurrence.next_after(after));
                assert!(steps <= MOST, "{rule} from {start} after {after}: {steps} steps to {next:?}");
                assert!(next.is_none_or(|next| next.at > after), "{rule} from {start}");
            }
        }
    }
}

#[test]
fn a_rule_that_never_fires_is_refused_in_few_steps() {
    for rule in [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
        "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1;BYHOUR=3",
        "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=9",
        "FREQ=DAILY;INTERVAL=7;BYDAY=WE",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366;BYDAY=MO;BYSETPOS=2",
    ] {
        for zone in ["UTC", "Europe/Berlin"] {
            let (refused, steps) = effort::of(|| parse(rule, "2025-01-06T00:00:00", zone));
            refused.expect_err(rule);
            assert!(steps <= 600_000, "{rule}: {steps} steps");
        }
    }
}

#[test]
fn days_of_many_years_are_where_the_calendar_has_them() {
    let mut date = Date::constant(1895, 1, 1);
    for day in first_day(1895)..first_day(2305) {
        let (year, month) = (i64::from(date.year()), i64::from(date.month()));
        assert_eq!(seconds_of(date.to_datetime(jiff::civil::Time::midnight())), day * 86_400, "{date}");
        assert_eq!(civil_of(day * 86_400 + 86_399), Some(date.at(23, 59, 59, 0)), "{date}");
        assert_eq!((year_of(day), month_of(day)), (year, year * 12 + month - 1), "{date}");
        assert_eq!(day - first_day_of_month(month_of(day)), i64::from(date.day()) - 1, "{date}");
        let iso: ISOWeekDate = date.iso_week_date();
        assert_eq!(week_year_of(day, 0), i64::from(iso.year()), "{date}");
        assert_eq!((day - first_week(i64::from(iso.year()), 0)) / 7 + 1, i64::from(iso.week()), "{date}");
        date = date.tomorrow().unwrap();
    }
}

/// The days of a yearly rule with one list of numbers.
fn days_with(list: List, numbers: &[i16], week_start: u8) -> Days {
    let mut rule = Rule::new(Freq::Yearly);
    rule.set(list, numbers.to_vec());
    rule.week_start = week_start;
    Days::new(rule)
}

#[test]
fn each_day_is_known_by_its_numbers() {
    let week = |number: i16| (number, days_with(List::WeekNo, &[number], 0));
    let (first, last) = ([1, 2, 26, 52, 53].map(week), [-1, -2, -52, -53].map(week));
    let year_day =
        [1, 60, 365, 366, -1, -365, -366].map(|number| (number, days_with(List::YearDay, &[number], 0)));
    let month_day = [1, 29, 31, -1, -29, -31].map(|number| (number, days_with(List::MonthDay, &[number], 0)));
    let mut date = Date::constant(1999, 12, 1);
    for day in first_day(1999) + 334..first_day(2031) {
        let iso = date.iso_week_date();
        let (number, all) = (i16::from(iso.week()), i16::from(iso.weeks_in_year()));
        for (wanted, days) in &first {
            assert_eq!(days.has(day), number == *wanted, "{date} in week {wanted}");
        }
        for (wanted, days) in &last {
            assert_eq!(days.has(day), number - all - 1 == *wanted, "{date} in week {wanted}");
        }
        let (of_year, of_month) = (date.day_of_year(), i16::from(date.day()));
        for (wanted, days) in &year_day {
            let from_end = of_year - date.days_in_year() - 1;
            assert_eq!(
                days.has(day),
                of_year == *wanted || from_end == *wanted,
                "{date} as {wanted} of its year"
            );
        }
        for (wanted, days) in &month_day {
            let from_end = of_month - i16::from(date.days_in_month()) - 1;
            assert_eq!(
                days.has(day),
                of_month == *wanted || from_end == *wanted,
                "{date} as {wanted} of its month"
            );
        }
        date = date.tomorrow().unwrap();
    }
}

#[test]
fn weeks_may_begin_on_any_day() {
    for week_start in 0..7 {
        let days = days_with(List::WeekNo, &[1], week_start);
        let begins = Weekday::from_monday_zero_offset(week_start.cast_signed()).unwrap();
        for year in 1998..2030 {
            // Week 1 is the one that holds 4 January, whatever day it begins on.
            let fourth = Date::constant(year, 1, 4);
            let start = fourth.tomorrow().unwrap().nth_weekday(-1, begins).unwrap();
            let start = seconds_of(start.to_datetime(jiff::civil::Time::midnight())) / 86_400;
            let inside: Vec<i64> = (start - 20..start + 30).filter(|day| days.has(*day)).collect();
            assert_eq!(inside, (start..start + 7).collect::<Vec<_>>(), "week 1 of {year} from {begins:?}");
        }
    }
}

#[test]
fn allowed_days_are_counted_and_found_over_the_ends_of_years() {
    let mut rule = Rule::new(Freq::Weekly);
    rule.days = vec![ByDay { nth: 0, weekday: 0 }, ByDay { nth: 0, weekday: 6 }];
    let days = Days::new(rule);
    for start in first_day(2019)..first_day(2022) {
        for end in [start, start + 1, start + 7, start + 400] {
            let inside: Vec<i64> = (start..end).filter(|day| days.has(*day)).collect();
            assert_eq!(days.count(start, end), inside.len() as i64);
            assert_eq!(days.next(start, end - 1, &mut steps()), inside.first().copied());
            assert_eq!(days.nth(1, start, end), inside.get(1).copied());
        }
    }
}

#[test]
fn times_of_day_are_found_by_place_and_by_number() {
    let product =
        Times::Product { hours: bits(&[0, 9, 23]), minutes: bits(&[0, 1, 59]), seconds: bits(&[0, 30, 59]) };
    let mut all = Vec::new();
    for hour in [0, 9, 23] {
        all.extend(
            [0, 1, 59]
                .iter()
                .flat_map(|minute| [0, 30, 59].map(|second| hour * 3_600 + minute * 60 + second)),
        );
    }
    for times in [product.clone(), Times::Chosen(all.clone())] {
        assert_eq!(times.len(), 27);
        for second in 0..86_400 {
            let place = all.partition_point(|time| *time < second);
            assert_eq!(times.next(second), all.get(place).copied(), "at or after {second}");
            assert_eq!(times.before(second), place as i64, "before {second}");
        }
        let numbered: Vec<Option<i64>> = (0..28).map(|index| times.nth(index)).collect();
        assert_eq!(numbered, all.iter().copied().map(Some).chain([None]).collect::<Vec<_>>());
    }
    assert_eq!(product.choose(&[-1, 1, 27, 28, -28, 2]), Times::Chosen(vec![all[0], all[1], all[26]]));
}

#[test]
fn the_last_of_any_set_is_found_from_its_first_ones() {
    let set = [3, 4, 10, 500, 501, 90_000];
    for from in [0, 3, 5, 501, 502] {
        for until in [0, 2, 3, 4, 9, 10, 11, 499, 500, 501, 89_999, 90_000, 1_000_000] {
            let next = |from: i64, until: i64| set.into_iter().find(|number| (from..=until).contains(number));
            let expected = set.into_iter().rev().find(|number| (from..=until).contains(number));
            assert_eq!(last_of(from, until, next), expected, "from {from} until {until}");
        }
    }
}

/// Intervals that lie close to what a day, an hour or a minute divides, so that the same time comes back late.
fn awkward_interval() -> impl Strategy<Value = i64> {
    let near =
        |unit: i64, most: i64| (1..most, -3_i64..4).prop_map(move |(times, off)| (times * unit + off).max(1));
    prop_oneof![
        1_i64..100,
        near(86_400, 30),
        near(3_600, 48),
        near(60, 3_000),
        1..=limits::RECURRENCE_INTERVAL
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_rule_that_is_accepted_comes_near_the_end_of_its_steps(
        freq in select(vec!["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "MONTHLY", "YEARLY"]),
        interval in awkward_interval(),
        days in select(vec!["", ";BYDAY=MO", ";BYMONTH=2;BYMONTHDAY=29", ";BYMONTHDAY=13;BYDAY=FR"]),
        hours in subsequence((0..24).collect::<Vec<_>>(), 0..=2),
        minutes in subsequence((0..60).collect::<Vec<_>>(), 0..=2),
        seconds in subsequence((0..60).collect::<Vec<_>>(), 0..=2),
    ) {
        let mut rule = format!("FREQ={freq};INTERVAL={interval}{days}");
        for (part, numbers) in [("BYHOUR", hours), ("BYMINUTE", minutes), ("BYSECOND", seconds)] {
            if !numbers.is_empty() {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                rule += &format!(";{part}={}", numbers.join(","));
            }
        }
        let parsed = parse(&rule, "2026-01-05T08:13:20", "Europe/Berlin");
        prop_assume!(parsed.is_ok());
        let recurrence = parsed.unwrap();
        let mut after: Timestamp = "2026-01-05T07:13:20Z".parse().unwrap();
        for _ in 0..3 {
            let (next, steps) = effort::of(|| recurrence.next_after(after));
            prop_assert!(steps <= u64::from(limits::RECURRENCE_STEPS) * 2 / 3, "{rule} after {after}: {steps} steps");
            let Some(next) = next else { break };
            after = next.at;
        }
    }
}
