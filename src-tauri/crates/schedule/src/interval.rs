//! Intervals: a fixed grid of instants from an anchor. No drift, whatever happens between two instants.

use crate::parameters::Parameters;
use model::{Invalid, Timestamp, limits};
use serde_json::{Map, Value, json};

const MICROS: i64 = 1_000_000;

/// The instants `anchor + k × interval` for k = 0, 1, 2, …: none lies before the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// In units, at least 1 and at most [`limits::INTERVAL_SECONDS`] long.
    every: i64,
    unit: Unit,
    anchor: Timestamp,
    /// Whether the parameters name the anchor.
    own_anchor: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    const WORDS: [(&str, Self); 4] = [
        ("seconds", Self::Seconds),
        ("minutes", Self::Minutes),
        ("hours", Self::Hours),
        ("days", Self::Days),
    ];

    /// The word of the parameter, and one of it in a sentence.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Seconds => ("seconds", "second"),
            Self::Minutes => ("minutes", "minute"),
            Self::Hours => ("hours", "hour"),
            Self::Days => ("days", "day"),
        }
    }

    /// Real elapsed seconds: a day is 24 hours, also where the local clock is changed.
    fn seconds(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 3_600,
            Self::Days => 86_400,
        }
    }

    /// The largest interval in this unit.
    fn longest(self) -> i64 {
        limits::INTERVAL_SECONDS / self.seconds()
    }
}

impl Interval {
    pub(crate) fn parse(parameters: &Parameters<'_>, anchor: Option<Timestamp>) -> Result<Self, Invalid> {
        parameters.check_type(&["interval"])?;
        parameters.check_names(&["interval", "unit", "anchor"])?;
        let every = parameters.at_least_one("interval")?;
        let unit = parameters.word("unit", &Unit::WORDS, Unit::Seconds)?;
        let own = parameters.instant("anchor")?;
        let anchor = own.or(anchor).unwrap_or(Timestamp::MIN);
        let every = every.filter(|every| *every <= unit.longest()).ok_or_else(|| {
            let (units, _) = unit.words();
            Invalid::new(
                "interval",
                format!("too long: expected at most {} {units}, a hundred years", unit.longest()),
            )
        })?;
        Ok(Self { every, unit, anchor, own_anchor: own.is_some() })
    }

    pub(crate) fn has_own_anchor(&self) -> bool {
        self.own_anchor
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.every * self.unit.seconds()
    }

    /// How many instants lie at or before `until`.
    fn count_until(&self, until: Timestamp) -> i64 {
        if until < self.anchor { 0 } else { until.micros_since(self.anchor) / (self.seconds() * MICROS) + 1 }
    }

    /// The instant with this index, none beyond the end of time. The index is at most one more than the count
    /// of instants until the end of time, so that the product stays far below 2^63.
    fn instant(&self, index: i64) -> Option<Timestamp> {
        let micros = self.anchor.as_micros() + index * self.seconds() * MICROS;
        (micros <= Timestamp::MAX.as_micros()).then(|| Timestamp::from_micros(micros))
    }

    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        self.instant(self.count_until(after))
    }

    pub(crate) fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        u64::try_from(self.count_until(until) - self.count_until(after)).unwrap_or(0)
    }

    pub(crate) fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        if self.count_between(after, until) == 0 { None } else { self.instant(self.count_until(until) - 1) }
    }

    pub(crate) fn sentence(&self) -> String {
        let (units, unit) = self.unit.words();
        if self.every == 1 { format!("Every {unit}") } else { format!("Every {} {units}", self.every) }
    }

    pub(crate) fn describe(&self) -> Map<String, Value> {
        let (units, _) = self.unit.words();
        Map::from_iter([
            ("type".to_owned(), json!("interval")),
            ("interval".to_owned(), json!(self.every)),
            ("unit".to_owned(), json!(units)),
            ("interval_seconds".to_owned(), json!(self.seconds())),
        ])
    }
}
