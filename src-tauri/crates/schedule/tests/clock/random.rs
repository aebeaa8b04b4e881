//! Schedules that nobody chose.

use super::oracle::{Asked, Found, Walk};
use super::{agree, at, cron, timer};
use jiff::civil::Date;
use model::{RuleId, Timestamp};
use proptest::prelude::*;
use schedule::{Schedule, Zone};
use serde_json::{Value, json};
use std::sync::LazyLock;

const HOUR: i64 = 3_600;
/// 2000-01-01 and 2100-01-01.
const YEARS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

static ZONES: LazyLock<Vec<String>> = LazyLock::new(Zone::names);

/// An item of a list of numbers.
fn item(least: u8, most: u8) -> impl Strategy<Value = String> {
    let value = least..=most;
    prop_oneof![
        4 => value.clone().prop_map(|value| value.to_string()),
        2 => (value.clone(), value.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (value.clone(), value, 1..=most).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
        1 => (1..=most).prop_map(|step| format!("*/{step}")),
    ]
}

fn list(least: u8, most: u8) -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just("*".to_owned()),
        2 => prop::collection::vec(item(least, most), 1..4).prop_map(|items| items.join(",")),
    ]
}

/// Days with and without letters.
fn day() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (1..=31_u8).prop_map(|day| format!("{day}W")),
        item(1, 31),
    ];
    let lists = prop::collection::vec(letters, 1..4).prop_map(|items| items.join(","));
    let lists = lists.prop_filter("not together", |list| {
        !(list.split(',').any(|item| item == "L") && list.contains("LW"))
    });
    prop_oneof![2 => Just("*".to_owned()), 1 => Just("?".to_owned()), 4 => lists]
}

fn weekday() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        (0..=7_u8).prop_map(|weekday| format!("{weekday}L")),
        (0..=7_u8, 1..=5_u8).prop_map(|(weekday, nth)| format!("{weekday}#{nth}")),
        (0..=3_u8, 4..=7_u8).prop_map(|(from, to)| format!("{from}-{to}#L")),
        item(0, 7),
        item(0, 7),
    ];
    let lists = (any::<bool>(), prop::collection::vec(letters, 1..4));
    let lists = lists.prop_map(|(both, items)| format!("{}{}", if both { "+" } else { "" }, items.join(",")));
    prop_oneof![2 => Just("*".to_owned()), 1 => Just("?".to_owned()), 4 => lists]
}

fn parsed(expression: &str, zone: &str) -> Option<Schedule> {
    let params = json!({"expression": expression, "timezone": zone});
    let parsed = Schedule::parse(&"core.crontimer".parse().unwrap(), params.as_object().unwrap(), None);
    parsed.map_err(|error| assert!(error.message.contains("this never fires"), "{expression}: {error}")).ok()
}

/// All fires in `(after, until]`.
fn enumerate(schedule: &Schedule, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let fires = std::iter::successors(schedule.next_after(after), |fire| schedule.next_after(fire.at));
    fires.map(|fire| fire.at).take_while(|at| *at <= until).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn three_days_anywhere_are_as_the_walk_finds_them(
        fields in (list(0, 59), list(0, 23), day(), list(1, 12), weekday()),
        zone in prop::sample::select(&ZONES[..]),
        after in YEARS,
    ) {
        let (minute, hour, day, month, weekday) = fields;
        let expression = format!("{minute} {hour} {day} {month} {weekday}");
        let Some(schedule) = parsed(&expression, &zone) else { return Ok(()) };
        let after = after - after % 60;
        let until = after + 72 * HOUR;
        let walk = Walk::new(Zone::parse(&zone).unwrap().rules(), after - 27 * HOUR, until + 27 * HOUR, 60);
        let found = walk.find(&Asked::read(&expression), after, until);
        agree(&schedule, after, until, &found, &format!("{expression} in {zone} after {}", at(after)));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_hour_of_seconds_is_as_the_walk_finds_it(
        fields in (list(0, 59), list(0, 59), list(0, 23)),
        zone in prop::sample::select(&ZONES[..]),
        after in YEARS,
    ) {
        let (second, minute, hour) = fields;
        let expression = format!("{second} {minute} {hour} * * *");
        let (schedule, until) = (cron(&expression, &zone), after + HOUR);
        let walk = Walk::new(Zone::parse(&zone).unwrap().rules(), after - 2 * HOUR, until + 2 * HOUR, 1);
        let found = walk.find(&Asked::read(&expression), after, until);
        agree(&schedule, after, until, &found, &format!("{expression} in {zone} after {}", at(after)));
    }
}

fn noon(date: Date) -> i64 {
    date.at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp().as_second()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn years_of_days_are_as_the_calendar_has_them(
        fields in (day(), list(1, 12), weekday()),
        year in 2000..=2090_i16,
    ) {
        let (day, month, weekday) = fields;
        let expression = format!("0 12 {day} {month} {weekday}");
        let asked = Asked::read(&expression);
        let days = |from: i16, to: i16| {
            let first = Date::new(from, 1, 1).unwrap();
            first.series(jiff::Span::new().days(1)).take_while(move |date| date.year() < to)
        };
        match parsed(&expression, "UTC") {
            // In 28 years each date comes on each weekday.
            None => prop_assert!(!days(2001, 2029).any(|date| asked.day(date)), "{expression} fires"),
            Some(schedule) => {
                let found: Vec<Found> = days(year, year + 5)
                    .filter(|date| asked.day(*date))
                    .map(|date| Found { at: noon(date), noted: false })
                    .collect();
                let (after, until) = (noon(Date::new(year, 1, 1).unwrap()) - 1, noon(Date::new(year + 5, 1, 1).unwrap()) - 1);
                agree(&schedule, after, until, &found, &expression);
            }
        }
    }

    #[test]
    fn the_window_cuts_and_jitter_delays_and_every_count_agrees(
        plan in prop_oneof![
            (1..=90_i64, prop::sample::select(vec!["seconds", "minutes", "hours"]))
                .prop_map(|(interval, unit)| ("core.intervaltimer", json!({"interval": interval, "unit": unit}))),
            (list(0, 59), list(0, 23), prop::sample::select(&ZONES[..])).prop_map(|(minute, hour, zone)| {
                ("core.crontimer", json!({"expression": format!("{minute} {hour} * * *"), "timezone": zone}))
            }),
        ],
        jitter in 1..=7_200_i64,
        window in (0..=400_000_i64, 0..=400_000_i64),
        start in YEARS,
        cuts in prop::collection::vec(-200_000_000_000..=600_000_000_000_i64, 6),
    ) {
        let (trigger, plain) = plan;
        let (first, last) = (at(start + window.0.min(window.1)), at(start + window.0.max(window.1)));
        let with = |more: Value| {
            let mut params = plain.clone();
            params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Schedule::parse(&trigger.parse().unwrap(), params.as_object().unwrap(), None)
        };
        let planned = enumerate(&timer(trigger, &plain), first.plus_micros(-1), last);
        let bounds = json!({"not_before": first, "not_after": last, "jitter_seconds": jitter});
        let schedule = match with(bounds) {
            Ok(schedule) => schedule.for_rule(RuleId(7)),
            Err(error) if error.field == "not_after" => {
                prop_assert!(planned.is_empty() && trigger == "core.crontimer", "{error}");
                return Ok(());
            }
            Err(error) => {
                prop_assert_eq!(&error.field, "jitter_seconds");
                let shortest = planned.windows(2).map(|pair| pair[1].micros_since(pair[0])).min();
                // The sample is not this window, so only a gap that is clearly longer speaks against it.
                prop_assert!(shortest.is_none_or(|gap| gap < (jitter + 3 * HOUR) * 1_000_000), "{error}");
                return Ok(());
            }
        };
        let fires = enumerate(&schedule, Timestamp::MIN, Timestamp::MAX);
        prop_assert_eq!(fires.len(), planned.len());
        for (fire, planned) in fires.iter().zip(&planned) {
            prop_assert!(fire >= planned && *fire <= last && fire.micros_since(*planned) < jitter * 1_000_000);
        }
        prop_assert!(fires.is_sorted_by(|before, after| before < after));
        let mut cuts: Vec<Timestamp> = cuts.into_iter().map(|micros| at(start).plus_micros(micros)).collect();
        cuts.extend(fires.iter().take(3).flat_map(|fire| [*fire, fire.plus_micros(-1)]));
        for after in &cuts {
            prop_assert_eq!(schedule.next_after(*after).map(|fire| fire.at), fires.iter().copied().find(|fire| fire > after));
            for until in &cuts {
                let between: Vec<Timestamp> = fires.iter().copied().filter(|fire| after < fire && fire <= until).collect();
                prop_assert_eq!(schedule.count_between(*after, *until), between.len() as u64);
                prop_assert_eq!(schedule.last_until(*after, *until).map(|fire| fire.at), between.last().copied());
            }
        }
    }
}
