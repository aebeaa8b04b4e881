//! What plans the instants of a timer, before the window, jitter and zone of words come in.

use crate::cron::Cron;
use crate::datetime::Datetime;
use crate::interval::Interval;
use crate::parameters::Parameters;
use crate::recurrence::Recurrence;
use crate::wall::Walled;
use crate::zone::Zone;
use crate::{CRON, DATETIME, Fire, INTERVAL, RECURRENCE, TRIGGERS};
use model::{Invalid, Timestamp, nearest};
use serde_json::{Map, Value};

/// One variant a trigger of [`TRIGGERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Interval(Interval),
    Cron(Box<Walled<Cron>>),
    Datetime(Datetime),
    Recurrence(Box<Recurrence>),
}

impl Kind {
    /// Reads the parameters that belong to this kind alone.
    pub(crate) fn parse(
        trigger: &str,
        params: &Map<String, Value>,
        anchor: Option<Timestamp>,
    ) -> Result<Self, Invalid> {
        match trigger {
            INTERVAL => Interval::parse(&Parameters::new(INTERVAL, params), anchor).map(Self::Interval),
            CRON => Cron::parse(&Parameters::new(CRON, params)).map(|cron| Self::Cron(Box::new(cron))),
            DATETIME => Datetime::parse(&Parameters::new(DATETIME, params)).map(Self::Datetime),
            RECURRENCE => Recurrence::parse(&Parameters::new(RECURRENCE, params), anchor)
                .map(|recurrence| Self::Recurrence(Box::new(recurrence))),
            other => Err(not_a_timer(other)),
        }
    }

    /// The first planned instant strictly after `after`.
    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Fire> {
        match self {
            Self::Interval(interval) => interval.next_after(after).map(Fire::from),
            Self::Cron(cron) => cron.next_after(after),
            Self::Datetime(once) => once.next_after(after),
            Self::Recurrence(recurrence) => recurrence.next_after(after),
        }
    }

    /// The newest planned instant in `(after, until]`.
    pub(crate) fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        match self {
            Self::Interval(interval) => interval.last_until(after, until).map(Fire::from),
            Self::Cron(cron) => cron.last_until(after, until),
            Self::Datetime(once) => once.last_until(after, until),
            Self::Recurrence(recurrence) => recurrence.last_until(after, until),
        }
    }

    /// How many planned instants lie in `(after, until]`.
    pub(crate) fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        match self {
            Self::Interval(interval) => interval.count_between(after, until),
            Self::Cron(cron) => cron.count_between(after, until),
            Self::Datetime(once) => u64::from(once.last_until(after, until).is_some()),
            Self::Recurrence(recurrence) => recurrence.count_between(after, until),
        }
    }

    /// The zone of its local times; none where it has no local times.
    pub(crate) fn zone(&self) -> Option<&Zone> {
        match self {
            Self::Interval(_) => None,
            Self::Cron(cron) => Some(&cron.zone),
            Self::Datetime(once) => once.zone(),
            Self::Recurrence(recurrence) => Some(recurrence.zone()),
        }
    }

    /// Whether its instants are the same whenever the rule is first enabled.
    pub(crate) fn fixed(&self) -> bool {
        match self {
            Self::Interval(interval) => interval.has_own_anchor(),
            Self::Cron(_) | Self::Datetime(_) => true,
            Self::Recurrence(recurrence) => recurrence.fixed(),
        }
    }

    /// In words, with the zone.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Interval(interval) => interval.sentence(),
            Self::Cron(cron) => cron.wall.sentence(&cron.zone),
            Self::Datetime(once) => once.sentence(),
            Self::Recurrence(recurrence) => recurrence.sentence(),
        }
    }

    /// Milliseconds from one instant to the next, where that never changes.
    pub(crate) fn period_ms(&self) -> Option<i64> {
        match self {
            Self::Interval(interval) => Some(interval.seconds() * 1_000),
            Self::Cron(cron) => cron.wall.period_ms(),
            Self::Datetime(_) => None,
            Self::Recurrence(recurrence) => recurrence.period_ms(),
        }
    }

    /// Its type and the parameters that matter.
    pub(crate) fn describe(&self) -> Map<String, Value> {
        match self {
            Self::Interval(interval) => interval.describe(),
            Self::Cron(cron) => cron.wall.describe(&cron.zone),
            Self::Datetime(once) => once.describe(),
            Self::Recurrence(recurrence) => recurrence.describe(),
        }
    }
}

fn not_a_timer(trigger: &str) -> Invalid {
    let hint = match nearest(trigger, TRIGGERS.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("expected {}", TRIGGERS.join(", ")),
    };
    Invalid::new("trigger_ref", format!("`{trigger}` is not a timer; {hint}"))
}
