//! Every clock change of every zone from 2020 to 2037, against rules that are gone through by hand.

use crate::ask::rule;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};
use model::Timestamp;
use schedule::Zone;
use std::collections::BTreeSet;

/// One clock change, in one of the zones that have it.
#[derive(Clone, Debug)]
struct Change {
    zone: String,
    tz: TimeZone,
    /// The first instant with the new time.
    at: i64,
    /// What clocks would show there without it, and what they show.
    from: DateTime,
    to: DateTime,
}

fn local(tz: &TimeZone, at: i64) -> DateTime {
    tz.to_datetime(Instant::from_second(at).unwrap())
}

/// All changes that differ in anything but the name of the zone.
fn changes() -> Vec<Change> {
    let (first, end): (Instant, Instant) =
        ("2020-01-01T00:00:00Z".parse().unwrap(), "2038-01-01T00:00:00Z".parse().unwrap());
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for zone in Zone::names() {
        let tz = Zone::parse(&zone).unwrap().rules().clone();
        for change in tz.following(first).map(|change| change.timestamp()).take_while(|at| *at < end) {
            let at = change.as_second();
            let before = tz.to_offset(change.checked_sub(1.second()).unwrap());
            let (from, to) = (before.to_datetime(change), local(&tz, at));
            if from != to && seen.insert((at, from, to)) {
                all.push(Change { zone: zone.clone(), tz: tz.clone(), at, from, to });
            }
        }
    }
    all
}

impl Change {
    /// The first instant from which on clocks have shown this time or a later one: of two the first, of none the end
    /// of the gap. It is looked for minute by minute.
    fn first_at(&self, civil: DateTime) -> i64 {
        let guess = self.at + civil.duration_since(self.to).as_secs();
        let moved = self.to.duration_since(self.from).as_mins().abs() + 1;
        (-moved..=moved).map(|minutes| guess + minutes * 60).find(|at| local(&self.tz, *at) >= civil).unwrap()
    }

    /// The days around it.
    fn days(&self) -> impl Iterator<Item = Date> {
        let first = self.from.date().checked_sub(2.days()).unwrap();
        (0..6).map(move |day| first.checked_add(day.days()).unwrap())
    }
}

const NEAR: i64 = 3 * 86_400;

/// Checks what a rule plans in the three days around a change.
fn check(change: &Change, text: &str, start: DateTime, expected: impl IntoIterator<Item = i64>) {
    let schedule = rule(text, &start.to_string(), &change.zone);
    let (after, until) = (change.at - 86_400, change.at + 86_400);
    let expected: BTreeSet<i64> = expected.into_iter().filter(|at| *at > after && *at <= until).collect();
    let (after, until) = (Timestamp::from_seconds(after), Timestamp::from_seconds(until));
    let fires = schedule.fires(after, expected.len() + 1);
    let found: Vec<i64> =
        fires.iter().filter(|fire| fire.at <= until).map(|fire| fire.at.as_seconds()).collect();
    let told = format!("{text} from {start} around {change:?}");
    assert_eq!(found, expected.iter().copied().collect::<Vec<_>>(), "{told}");
    assert_eq!(schedule.count_between(after, until), expected.len() as u64, "{told}");
    let last = expected.last().map(|at| Timestamp::from_seconds(*at));
    assert_eq!(schedule.last_until(after, until).map(|fire| fire.at), last, "{told}");
}

/// Checks a rule that names these times of these days: each comes once.
fn check_once(change: &Change, text: &str, start: DateTime, days: impl Fn(Date) -> bool, times: &[Time]) {
    let walls = change
        .days()
        .filter(|day| days(*day))
        .flat_map(|day| times.iter().map(move |time| day.to_datetime(*time)));
    check(change, text, start, walls.map(|civil| change.first_at(civil)));
}

/// Checks a rule that follows elapsed time: so many minutes, where clocks show a planned time.
fn check_elapsed(
    change: &Change,
    text: &str,
    start: DateTime,
    minutes: i64,
    planned: impl Fn(DateTime) -> bool,
) {
    let started = change.tz.to_timestamp(start).unwrap().as_second();
    let period = minutes * 60;
    let first = (change.at - NEAR - started) / period;
    let steps = (first..first + 2 * NEAR / period).map(|step| started + step * period);
    check(change, text, start, steps.filter(|at| planned(local(&change.tz, *at))));
}

/// A start a year before, at a time that no change skips.
fn year_before(change: &Change) -> DateTime {
    let day =
        change.from.date().checked_sub(1.year()).unwrap().first_of_month().checked_add(9.days()).unwrap();
    day.at(12, 10, 0, 0)
}

fn name(day: Weekday) -> &'static str {
    crate::literal::name(day)
}

#[test]
fn a_time_of_day_comes_once_a_day() {
    let changes = changes();
    assert!(changes.len() > 300, "{} changes", changes.len());
    for change in &changes {
        let (from, to) = (change.from, change.to);
        let middle = from.checked_add(to.duration_since(from) / 2).unwrap();
        for time in [from, to, middle, from.checked_sub(10.minutes()).unwrap()] {
            let start = year_before(change).date().to_datetime(time.time());
            check_once(change, "FREQ=DAILY", start, |_| true, &[time.time()]);
            let by_day = format!("FREQ=WEEKLY;BYDAY={}", name(from.weekday()));
            check_once(change, &by_day, start, |day| day.weekday() == from.weekday(), &[time.time()]);
        }
    }
}

#[test]
fn several_times_of_day_come_once_each_and_those_of_one_gap_together() {
    for change in &changes() {
        let (hour, other) = (change.from.hour(), change.to.hour());
        let hours = format!("BYHOUR={hour},{other}");
        let start = year_before(change).date().at(0, 0, 0, 0);
        let each = |minutes: &[i8]| -> Vec<Time> {
            let hours = BTreeSet::from([hour, other]);
            hours
                .into_iter()
                .flat_map(|hour| minutes.iter().map(move |minute| Time::constant(hour, *minute, 0, 0)))
                .collect()
        };
        let quarters = each(&[0, 15, 30, 45]);
        check_once(change, &format!("FREQ=DAILY;{hours};BYMINUTE=0,15,30,45"), start, |_| true, &quarters);
        check_once(change, &format!("FREQ=MINUTELY;INTERVAL=15;{hours}"), start, |_| true, &quarters);
        check_once(change, &format!("FREQ=HOURLY;BYMINUTE=30;{hours}"), start, |_| true, &each(&[30]));
    }
}

#[test]
fn hours_follow_elapsed_time() {
    for change in &changes() {
        let start = year_before(change);
        check_elapsed(change, "FREQ=HOURLY", start, 60, |_| true);
        check_elapsed(change, "FREQ=HOURLY;INTERVAL=7", start, 7 * 60, |_| true);
        let day = change.to.weekday();
        let by_day = format!("FREQ=HOURLY;INTERVAL=2;BYDAY={}", name(day));
        check_elapsed(change, &by_day, start, 120, |civil| civil.weekday() == day);
    }
}

#[test]
fn quarters_of_an_hour_follow_elapsed_time() {
    for change in &changes() {
        let start = year_before(change);
        check_elapsed(change, "FREQ=MINUTELY;INTERVAL=15", start, 15, |_| true);
        let day = change.to.weekday();
        let by_day = format!("FREQ=MINUTELY;INTERVAL=15;BYDAY={}", name(day));
        check_elapsed(change, &by_day, start, 15, |civil| civil.weekday() == day);
        let on_the_clock = |civil: DateTime| civil.minute() % 30 == 0;
        check_elapsed(change, "FREQ=MINUTELY;BYMINUTE=0,30", start, 1, on_the_clock);
    }
}
