//! The coming days of a schedule, on the clocks of its zone.

use crate::wire::{CalendarDay, FireView};
use jiff::Span;
use jiff::civil::Date;
use model::Timestamp;
use schedule::{Schedule, Zone};

/// `count` days from the one on which `now` lies.
pub(super) fn days(schedule: &Schedule, zone: &Zone, now: Timestamp, count: u32) -> Vec<CalendarDay> {
    let today = zone.date(now);
    let date = |n: u32| today.checked_add(Span::new().days(i64::from(n))).ok();
    (0..count).filter_map(|n| day(schedule, zone, now, date(n)?, date(n + 1)?)).collect()
}

fn day(schedule: &Schedule, zone: &Zone, now: Timestamp, date: Date, next: Date) -> Option<CalendarDay> {
    let (start, end) = (zone.day_start(date)?, zone.day_start(next)?);
    // A day holds its first instant, and the last one before the next day.
    let (before, last) = (start.plus_micros(-1), end.plus_micros(-1));
    // What has passed of today fires no more.
    let after = now.max(before);
    let fires = if after < last { schedule.count_between(after, last) } else { 0 };
    let first = if fires > 0 { schedule.next_after(after) } else { None };
    let note = if start == end {
        Some("This day does not exist: the clocks go over it.".to_owned())
    } else {
        zone.change_between(before, last)
    };
    let first = first.map(|fire| FireView::new(schedule, fire));
    Some(CalendarDay { date: date.to_string(), fires, first, note })
}

#[cfg(test)]
mod tests;
