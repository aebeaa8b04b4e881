//! Cron expressions. `croner` says which days are meant; everything else is a set of numbers.

mod dates;
mod days;
mod expression;
mod field;
mod items;
mod sentence;
mod times;

use crate::parameters::Parameters;
use crate::wall::{Pace, Wall, Walled};
use crate::zone::Zone;
use days::Days;
use expression::Fields;
use items::Item;
use jiff::civil::{Date, DateTime, Time};
use model::Invalid;
use serde_json::{Map, Value, json};
use times::{DAY, Times};

/// The local times of one expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cron {
    /// As it was written, without blanks around it.
    expression: String,
    fields: Fields,
    days: Days,
    times: Times,
}

impl Cron {
    pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<Walled<Self>, Invalid> {
        const SUCH_AS: &str = "`30 8 * * 1-5` for 08:30 from Monday to Friday";
        parameters.check_type(&["cron"])?;
        parameters.check_names(&["expression", "timezone"])?;
        let Some(expression) = parameters.text("expression", SUCH_AS)? else {
            let message = format!("missing: expected 5 or 6 cron fields, such as {SUCH_AS}");
            return Err(Invalid::new("expression", message));
        };
        let wall = Self::read(expression)?;
        let zone = parameters.zone("timezone")?.unwrap_or_else(Zone::utc);
        let pace = wall.pace();
        Ok(Walled { wall, zone, pace })
    }

    fn read(expression: &str) -> Result<Self, Invalid> {
        let fields = Fields::read(expression)?;
        let (days, times) = (Days::read(&fields)?, Times::of(&fields));
        Ok(Self { expression: expression.trim().to_owned(), fields, days, times })
    }

    /// An hour field that holds every hour, or steps through all of them, means a rhythm and not times of day.
    fn pace(&self) -> Pace {
        let rhythm = self.times.hours.count_ones() == 24
            || matches!(self.fields.hours.0[..], [Item::Every(_) | Item::Range(0, 23, _)]);
        if rhythm { Pace::Elapsed } else { Pace::Once }
    }

    /// Milliseconds from one local time to the next, where that is the same in every zone.
    pub(crate) fn period_ms(&self) -> Option<i64> {
        let every = self.fields.seconds.all() && self.fields.minutes.all() && self.every_hour();
        every.then_some(1_000)
    }

    /// Whether it is the same in each hour of all days.
    fn every_hour(&self) -> bool {
        let days = self.fields.days.all() && self.fields.weekdays.all() && self.fields.months.all();
        days && self.times.hours.count_ones() == 24
    }

    pub(crate) fn describe(&self, zone: &Zone) -> Map<String, Value> {
        Map::from_iter([
            ("type".to_owned(), json!("cron")),
            ("expression".to_owned(), json!(self.expression)),
            ("timezone".to_owned(), json!(zone.name())),
        ])
    }
}

impl Wall for Cron {
    fn after(&self, at: DateTime) -> Option<DateTime> {
        let (mut day, from) = (at.date(), second(at.time()) + 1);
        if from < DAY
            && self.days.contains(day)
            && let Some(time) = self.times.next(from)
        {
            return moment(day, time);
        }
        day = self.days.next(day.tomorrow().ok()?)?;
        moment(day, self.times.next(0)?)
    }

    fn before(&self, at: DateTime) -> Option<DateTime> {
        let (mut day, end) = (at.date(), end(at.time()));
        if end > 0
            && self.days.contains(day)
            && let Some(time) = self.times.previous(end - 1)
        {
            return moment(day, time);
        }
        day = self.days.previous(day.yesterday().ok()?)?;
        moment(day, self.times.previous(DAY - 1)?)
    }

    fn count(&self, from: DateTime, to: DateTime) -> u64 {
        if to <= from {
            return 0;
        }
        let before = |at: DateTime| {
            if self.days.contains(at.date()) { self.times.count_before(end(at.time())) } else { 0 }
        };
        let whole = self.days.count(from.date(), to.date()) * self.times.count_before(DAY);
        (whole + before(to)).saturating_sub(before(from))
    }
}

/// The second of the day in which a time lies.
fn second(time: Time) -> u32 {
    let part = |value: i8| u32::from(value.unsigned_abs());
    part(time.hour()) * 3_600 + part(time.minute()) * 60 + part(time.second())
}

/// The first second of the day that is not before a time.
fn end(time: Time) -> u32 {
    second(time) + u32::from(time.subsec_nanosecond() > 0)
}

fn moment(day: Date, second: u32) -> Option<DateTime> {
    time(second).map(|time| day.to_datetime(time))
}

/// A second of the day as a time; none at its end.
fn time(second: u32) -> Option<Time> {
    let part = |value: u32| i8::try_from(value).ok();
    Time::new(part(second / 3_600)?, part(second / 60 % 60)?, part(second % 60)?, 0).ok()
}
