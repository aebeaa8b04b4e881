//! The coming days of a schedule, on the clocks of its zone.

use crate::wire::{CalendarDay, FireView, Time};
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Timestamp;
use schedule::Schedule;

/// `count` days from the one on which `now` lies.
pub(super) fn days(schedule: &Schedule, zone: &TimeZone, now: Timestamp, count: u32) -> Vec<CalendarDay> {
    let today = zone.to_datetime(Time(now).instant()).date();
    let date = |n: u32| today.checked_add(Span::new().days(i64::from(n))).ok();
    (0..count).filter_map(|n| day(schedule, zone, now, date(n)?, date(n + 1)?)).collect()
}

fn day(schedule: &Schedule, zone: &TimeZone, now: Timestamp, date: Date, next: Date) -> Option<CalendarDay> {
    let (start, end) = (midnight(zone, date)?, midnight(zone, next)?);
    // A day begins with its first instant; what has passed of today fires no more.
    let (after, until) = (now.max(start.plus_micros(-1)), end.plus_micros(-1));
    let fires = if after < until { schedule.count_between(after, until) } else { 0 };
    let first = if fires > 0 { schedule.next_after(after) } else { None };
    Some(CalendarDay {
        date: date.to_string(),
        fires,
        first: first.map(|fire| FireView::new(schedule, fire)),
        note: note(zone, start, end),
    })
}

/// The first instant of a day; of one that the zone skips, the first after it.
fn midnight(zone: &TimeZone, date: Date) -> Option<Timestamp> {
    let midnight = date.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_micros(midnight.timestamp().as_microsecond()))
}

/// Says where the clocks are changed on a day.
fn note(zone: &TimeZone, start: Timestamp, end: Timestamp) -> Option<String> {
    if start == end {
        return Some("This day does not exist: the clocks go over it.".to_owned());
    }
    let (from, to) = (Time(start).instant(), Time(end).instant());
    // A change at the first instant of a day belongs to it: the day before has its whole length.
    let before = from.checked_sub(Span::new().nanoseconds(1)).ok()?;
    let change = zone.following(before).take_while(|change| change.timestamp() < to).find_map(|change| {
        let was = zone.to_offset(change.timestamp().checked_sub(Span::new().nanoseconds(1)).ok()?);
        let by = change.offset().seconds() - was.seconds();
        let at = was.to_datetime(change.timestamp()).time();
        (by != 0).then_some((by, at))
    })?;
    let (by, at) = change;
    let direction = if by > 0 { "forward" } else { "back" };
    Some(format!("The clocks go {direction} by {} at {}.", length(by.unsigned_abs()), at.strftime("%H:%M")))
}

/// Seconds in words: `1 hour`, `30 minutes`.
fn length(seconds: u32) -> String {
    let plural = |count: u32, unit: &str| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    let parts = [(seconds / 3_600, "hour"), (seconds % 3_600 / 60, "minute"), (seconds % 60, "second")];
    let said: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| plural(count, unit)).collect();
    said.join(" ")
}

#[cfg(test)]
mod tests;
