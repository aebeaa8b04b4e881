//! A slow second opinion, which knows neither the cron library nor how local times are resolved: it walks through
//! real time step by step, looks at the clock, and compares what it shows with what was asked, field by field.

use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::HashSet;

/// A cron expression of five or six fields with numbers only.
pub(crate) struct Asked {
    times: [Vec<bool>; 3],
    months: Vec<bool>,
    day: String,
    weekday: String,
    /// Whether it follows real time: the hours are written as all of them, or as a step through all of them.
    rhythm: bool,
}

/// Whether a value is in a list such as `1,5-9/2,*/15`. Parts with letters are passed over.
fn listed(list: &str, value: i64, least: i64) -> bool {
    list.split(',').any(|part| {
        let (range, step) =
            part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, 99),
            Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
            None => match range.parse() {
                Ok(only) => (only, only),
                Err(_) => return false,
            },
        };
        from <= value && value <= to && (value - from) % step == 0
    })
}

impl Asked {
    pub(crate) fn read(expression: &str) -> Self {
        let mut fields: Vec<&str> = expression.split(' ').collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let [second, minute, hour, day, month, weekday] = fields[..] else { panic!("{expression}") };
        let all = |list: &str, most: i64| (0..=most).map(|value| listed(list, value, 0)).collect();
        let whole = hour.strip_prefix("0-23").or_else(|| hour.strip_prefix('*'));
        Self {
            times: [all(second, 59), all(minute, 59), all(hour, 23)],
            months: (0..=12).map(|value| listed(month, value, 1)).collect(),
            day: day.to_owned(),
            weekday: weekday.to_owned(),
            rhythm: whole.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// Whether it asks for the local time that a clock shows.
    fn time(&self, civil: DateTime) -> bool {
        let parts = [civil.second(), civil.minute(), civil.hour()];
        let time = parts.iter().zip(&self.times).all(|(part, asked)| asked[usize::try_from(*part).unwrap()]);
        time && self.day(civil.date())
    }

    /// Whether it asks for a day. Either day field is enough where neither has a star.
    pub(crate) fn day(&self, date: Date) -> bool {
        if !self.months[usize::try_from(date.month()).unwrap()] {
            return false;
        }
        let (weekdays, both) =
            self.weekday.strip_prefix('+').map_or((self.weekday.as_str(), false), |rest| (rest, true));
        let (day, weekday) = (day_of_month(&self.day, date), day_of_week(weekdays, date));
        let star = |field: &str| field.contains('*') || field.contains('?');
        if both || star(&self.day) || star(weekdays) { day && weekday } else { day || weekday }
    }
}

fn weekend(date: Date) -> bool {
    date.weekday().to_monday_one_offset() > 5
}

fn day_of_month(field: &str, date: Date) -> bool {
    let (last, day) = (i64::from(date.days_in_month()), i64::from(date.day()));
    let on = |day: i64| Date::new(date.year(), date.month(), i8::try_from(day).unwrap()).unwrap();
    // Of all days of the month from Monday to Friday the one with the smallest distance; of two the earlier for a
    // Saturday, which is nearer to Friday, the later for a Sunday, which is nearer to Monday.
    let nearest =
        |target: i64| (1..=last).filter(|day| !weekend(on(*day))).min_by_key(|day| (day - target).abs());
    let letters = field.split(',').any(|part| match part {
        "L" => day == last,
        "LW" => (1..=last).rev().find(|day| !weekend(on(*day))) == Some(day),
        _ => match part.strip_suffix('W').map(|target| target.parse::<i64>().unwrap()) {
            Some(target) => target <= last && nearest(target) == Some(day),
            None => false,
        },
    });
    letters || listed(field, day, 1)
}

fn day_of_week(field: &str, date: Date) -> bool {
    let weekday = i64::from(date.weekday().to_sunday_zero_offset());
    let day = i64::from(date.day());
    let is = |list: &str| listed(list, weekday, 0) || (weekday == 0 && listed(list, 7, 0));
    field.split(',').any(|part| {
        if let Some((weekdays, nth)) = part.split_once('#') {
            let right = if nth == "L" {
                day + 7 > i64::from(date.days_in_month())
            } else {
                (day - 1) / 7 + 1 == nth.parse::<i64>().unwrap()
            };
            return right && is(weekdays);
        }
        if let Some(weekdays) = part.strip_suffix('L') {
            return day + 7 > i64::from(date.days_in_month()) && is(weekdays);
        }
        is(part)
    })
}

/// A stretch of real time, in steps, and what clocks showed at each.
pub(crate) struct Walk {
    step: i64,
    times: Vec<(i64, DateTime)>,
    twice: HashSet<DateTime>,
}

/// One instant that the walk finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// Seconds since the epoch.
    pub(crate) at: i64,
    /// Whether a clock change had a hand in it.
    pub(crate) noted: bool,
}

impl Walk {
    /// Walks from `from` to `to`, in seconds since the epoch.
    pub(crate) fn new(tz: &TimeZone, from: i64, to: i64, step: i64) -> Self {
        let mut walk = Self { step, times: Vec::new(), twice: HashSet::new() };
        let mut seen = HashSet::new();
        let mut at = from;
        while at <= to {
            let shown = tz.to_datetime(Instant::from_second(at).unwrap());
            if !seen.insert(shown) {
                walk.twice.insert(shown);
            }
            walk.times.push((at, shown));
            at += step;
        }
        walk
    }

    /// When clocks first show a local time or one after it.
    pub(crate) fn reaches(&self, local: DateTime) -> Found {
        let (at, shown) = *self.times.iter().find(|(_, shown)| *shown >= local).unwrap();
        Found { at, noted: shown != local || self.twice.contains(&local) }
    }

    /// What an expression plans in `(after, until]`, which lies well within the walk.
    pub(crate) fn find(&self, asked: &Asked, after: i64, until: i64) -> Vec<Found> {
        let mut found = Vec::new();
        let mut latest = self.times[0].1;
        for (at, shown) in self.times.iter().copied().skip(1) {
            let inside = after < at && at <= until;
            if asked.rhythm {
                if inside && asked.time(shown) {
                    found.push(Found { at, noted: self.twice.contains(&shown) });
                }
                continue;
            }
            // Every local time that clocks have not shown before, up to the one they show now.
            let (mut due, mut noted) = (false, self.twice.contains(&shown));
            while latest < shown {
                latest = latest.saturating_add(jiff::SignedDuration::from_secs(self.step));
                if inside && asked.time(latest) {
                    due = true;
                    noted |= latest != shown;
                }
            }
            if due {
                found.push(Found { at, noted });
            }
        }
        found
    }
}
