//! Recurrences as RFC 5545 has them: `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR`.
//!
//! How local times become instants depends on how long a period is.
//!
//! - `DAILY` and longer: the local times of the rule, each once. One that a clock change skips fires at the first
//!   instant after the gap, several in one gap fire once; one that comes twice fires at the first.
//! - `HOURLY`, `MINUTELY` and `SECONDLY`: elapsed time from the start, so that no clock change makes a hole or an extra
//!   hour. What the rule says itself about days, minutes or seconds is held against the clock of the zone.
//! - The same with `BYHOUR`: whoever names hours means those that clocks show, so it is like the first. Where `BYHOUR`
//!   names all 24 it names none.
//!
//! Where RFC 5545 leaves a choice: a start that does not fit the rule does not fire; `COUNT` counts instants; a day as
//! `UNTIL` holds until its end; what a rule with `BYWEEKNO` counts by years are years of whole weeks; the 61st second
//! of a minute is its 60th. Deliberately absent: `EXDATE`, `RDATE`, and rules in sets.

mod calendar;
mod check;
mod elapsed;
mod pattern;
mod point;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod times;
mod words;

use crate::Fire;
use crate::parameters::{Parameters, show};
use crate::wall::{Pace, Walled};
use crate::zone::Zone;
use elapsed::Elapsed;
use jiff::civil::{Date, DateTime};
use model::{Invalid, Timestamp};
use pattern::Pattern;
use point::Point;
use read::Place;
use rule::{Freq, List, Part, Rule};
use serde_json::{Map, Value, json};

const MICROS: i64 = 1_000_000;

/// Where a recurrence starts that names no start, before its rule is first enabled: a Monday, and the first of its
/// month and year.
const START: DateTime = Date::constant(2001, 1, 1).at(0, 0, 0, 0);

/// A recurrence in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recurrence {
    rule: Rule,
    start: Start,
    local: Walled<Pattern>,
    /// Where it follows elapsed time: how many seconds the clocks of the start are ahead of UTC.
    elapsed: Option<i64>,
    /// The last instant that counts.
    last: Timestamp,
}

/// The start of a recurrence, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Start {
    at: Timestamp,
    /// What clocks show there, or were meant to show where a clock change skips it.
    civil: DateTime,
    /// Whether the parameters say it, not the first enabling.
    given: bool,
}

impl Recurrence {
    pub(crate) fn parse(parameters: &Parameters<'_>, anchor: Option<Timestamp>) -> Result<Self, Invalid> {
        parameters.check_type(&["rrule"])?;
        let mut names: Vec<&str> = Part::ALL.iter().map(|part| part.parameter()).collect();
        names.extend(["rule", "dtstart", "timezone"]);
        parameters.check_names(&names)?;
        let zone = parameters.zone("timezone")?.unwrap_or_else(Zone::utc);
        let (rule, place) = read::rule(parameters)?;
        let start = Start::read(parameters, &zone, anchor)?;
        let mut recurrence = Self::new(rule, start, zone);
        recurrence.check_that_it_fires(place)?;
        recurrence.end();
        Ok(recurrence)
    }

    /// The rule from its start, without its end.
    fn new(mut rule: Rule, start: Start, zone: Zone) -> Self {
        let short = rule.freq < Freq::Daily;
        if short && rule.list(List::Hour).len() == 24 {
            rule.set(List::Hour, Vec::new());
        }
        let follows = short && !rule.has(List::Hour);
        let offset = i64::from(zone.offset_seconds(start.at));
        // A start that clocks never show is where elapsed time begins nevertheless.
        let civil = if follows { zone.civil(start.at) } else { start.civil };
        let pace = if follows { Pace::Elapsed } else { Pace::Once };
        let local = Walled { wall: Pattern::new(&rule, civil), zone, pace };
        Self { rule, start, local, elapsed: follows.then_some(offset), last: Timestamp::MAX }
    }

    /// Refuses a rule for which no time is ever right. Without a start of its own, that is one for which no start is
    /// right: where it is first enabled is not known when it is saved.
    fn check_that_it_fires(&self, place: Place) -> Result<(), Invalid> {
        if self.next_after(self.start.just_before()).is_some()
            || (!self.start.given && self.fires_from_some_start())
        {
            return Ok(());
        }
        let mut whole = self.rule.clone();
        (whole.count, whole.until) = (None, None);
        let from =
            if self.start.given { format!("from its start, {}, ", self.start.civil) } else { String::new() };
        if self.local.wall.no_day() {
            let mut named = [List::MonthDay, List::YearDay, List::WeekNo].into_iter();
            return Err(match named.find(|list| self.rule.has(*list)) {
                Some(list) => place
                    .refuse(Part::List(list), format!("never fires: no year has a day that fits {whole}")),
                // The day comes from the start.
                None => place.refuse(
                    Part::List(List::Month),
                    format!("never fires: {from}no year has a day that fits {whole}"),
                ),
            });
        }
        let part = if self.rule.has(List::SetPos) { Part::List(List::SetPos) } else { Part::Interval };
        Err(place.refuse(part, format!("never fires: {from}no time fits {whole}")))
    }

    /// Whether it fires if every period counts, from a start whose day and time every rule has.
    fn fires_from_some_start(&self) -> bool {
        let mut rule = self.rule.clone();
        rule.interval = 1;
        let zone = self.local.zone.clone();
        let start = zone.resolve(START).map(|resolved| Start { at: resolved.at, civil: START, given: false });
        start.is_some_and(|start| Self::new(rule, start, zone).next_after(start.just_before()).is_some())
    }

    /// Takes `UNTIL` and `COUNT` into account.
    fn end(&mut self) {
        match self.rule.until {
            Some(Point::Instant(at)) => self.last = at,
            Some(until) if self.elapsed.is_some() => self.last = until.last_instant(&self.local.zone),
            Some(until) => self.local.wall.end(until.local_end(&self.local.zone)),
            None => {}
        }
        if let Some(last) = self.rule.count.and_then(|count| self.nth(count)) {
            self.last = last;
        }
    }

    /// The instant that is number `count` from the start; none where there are fewer.
    fn nth(&self, count: usize) -> Option<Timestamp> {
        if let Some(period) = self.period() {
            let passed = i64::try_from(count - 1).unwrap_or(i64::MAX);
            return Some(self.start.at.plus_micros(passed.saturating_mul(period).saturating_mul(MICROS)));
        }
        if let Some(elapsed) = self.elapsed() {
            return elapsed.nth(self.start.at.as_seconds(), count).map(Timestamp::from_seconds);
        }
        // Several local times of one gap are one instant, so that it may take more of them.
        let (mut planned, before) = (count, self.start.just_before());
        loop {
            let last = self.local.zone.resolve(self.local.wall.nth(planned - 1)?)?.at;
            let instants = usize::try_from(self.local.count_between(before, last)).unwrap_or(count);
            if instants >= count {
                return Some(last);
            }
            planned += count - instants;
        }
    }

    /// The first planned instant strictly after `after`.
    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Fire> {
        let after = after.max(self.start.just_before());
        let fire = match self.elapsed() {
            None => self.local.next_after(after),
            Some(elapsed) => elapsed.next(after.as_seconds() + 1, i64::MAX).and_then(|at| elapsed.fire(at)),
        };
        fire.filter(|fire| fire.at <= self.last)
    }

    /// The newest planned instant in `(after, until]`.
    pub(crate) fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        let (after, until) = self.cut(after, until);
        match self.elapsed() {
            None => self.local.last_until(after, until),
            Some(elapsed) => elapsed.fire(elapsed.last(after.as_seconds() + 1, until.as_seconds())?),
        }
    }

    /// How many planned instants lie in `(after, until]`.
    pub(crate) fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        let (after, until) = self.cut(after, until);
        match (self.elapsed(), self.period()) {
            (None, _) => self.local.count_between(after, until),
            (Some(_), Some(period)) => {
                let start = self.start.at.as_seconds();
                let passed = |at: Timestamp| (at.as_seconds() - start).div_euclid(period);
                u64::try_from(passed(until) - passed(after)).unwrap_or(0)
            }
            (Some(elapsed), None) => elapsed.count(after.as_seconds() + 1, until.as_seconds()),
        }
    }

    /// The question `(after, until]`, cut to what lies between start and end.
    fn cut(&self, after: Timestamp, until: Timestamp) -> (Timestamp, Timestamp) {
        (after.max(self.start.just_before()), until.min(self.last))
    }

    /// Seconds from one instant to the next, where that never changes.
    fn period(&self) -> Option<i64> {
        let unit = self.rule.freq.seconds()?;
        self.rule.plain().then_some(self.rule.interval * unit)
    }

    /// Its instants, where it follows elapsed time.
    fn elapsed(&self) -> Option<Elapsed<'_>> {
        self.elapsed.map(|offset| Elapsed { local: &self.local, offset })
    }

    pub(crate) fn zone(&self) -> &Zone {
        &self.local.zone
    }

    /// Whether its instants are the same whenever the rule is first enabled. One that has none is left to the engine.
    pub(crate) fn fixed(&self) -> bool {
        self.start.given && self.next_after(Timestamp::MIN).is_some()
    }

    pub(crate) fn sentence(&self) -> String {
        words::sentence(&self.rule, self.start.civil, &self.local.zone)
    }

    pub(crate) fn period_ms(&self) -> Option<i64> {
        self.period().map(|seconds| seconds * 1_000)
    }

    pub(crate) fn describe(&self) -> Map<String, Value> {
        Map::from_iter([
            ("type".to_owned(), json!("rrule")),
            ("rule".to_owned(), json!(self.rule.to_string())),
            ("dtstart".to_owned(), json!(self.start.civil.to_string())),
            ("timezone".to_owned(), json!(self.local.zone.name())),
        ])
    }
}

impl Start {
    /// Reads `dtstart`; without it the rule starts where it was first enabled.
    fn read(parameters: &Parameters<'_>, zone: &Zone, anchor: Option<Timestamp>) -> Result<Self, Invalid> {
        let text = parameters.text("dtstart", "2026-03-28T09:30")?;
        let given = text.is_some();
        let at_instant = |at: Timestamp| Self { at, civil: zone.civil(at), given };
        let at_local =
            |civil: DateTime| zone.resolve(civil).map(|resolved| Self { at: resolved.at, civil, given });
        let Some(text) = text else {
            let anchor = anchor.map(|at| at_instant(Timestamp::from_seconds(at.as_seconds())));
            return anchor
                .or_else(|| at_local(START))
                .ok_or_else(|| Self::refuse("the start is out of range"));
        };
        let found = show(&Value::from(text));
        let start = match Point::parse(&text.trim().to_ascii_uppercase()) {
            Some(Point::Instant(at)) if at.as_micros() % MICROS != 0 => {
                return Err(Self::refuse(format!("found {found}, expected a time in whole seconds")));
            }
            Some(Point::Instant(at)) => Some(at_instant(at)),
            Some(Point::Local(civil)) => at_local(civil),
            Some(Point::Day(day)) => at_local(day.at(0, 0, 0, 0)),
            None => {
                return Err(Self::refuse(format!(
                    "{found} is not a time: expected a local time such as 2026-03-28T09:30, or RFC 3339 with an \
                     offset, such as 2026-03-28T09:30:00+01:00"
                )));
            }
        };
        start.ok_or_else(|| {
            Self::refuse(format!("{found} is out of range: expected a time in the years 1970 to 9999"))
        })
    }

    fn refuse(message: impl AsRef<str>) -> Invalid {
        Invalid::new("dtstart", format!("RFC 5545, DTSTART: {}", message.as_ref()))
    }

    /// The instant after which it is the first.
    fn just_before(self) -> Timestamp {
        self.at.plus_micros(-1)
    }
}
