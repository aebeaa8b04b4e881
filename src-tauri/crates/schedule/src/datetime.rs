//! One-shots: a single instant.

use crate::Fire;
use crate::parameters::{Moment, Parameters};
use crate::words::{clock, day};
use crate::zone::Zone;
use jiff::civil::DateTime;
use model::{Invalid, Timestamp};
use serde_json::{Map, Value, json};

/// One instant, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Datetime {
    fire: Fire,
    written: String,
    /// What clocks show there at that instant, or were meant to show.
    civil: DateTime,
    zone: Option<Zone>,
}

impl Datetime {
    pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<Self, Invalid> {
        parameters.check_type(&["datetime", "date_time"])?;
        parameters.check_names(&["fire_at", "timezone"])?;
        let zone = parameters.zone("timezone")?;
        let Some(Moment { at, civil, note, written }) = parameters.moment("fire_at", zone.as_ref())? else {
            let message = "missing: expected when to fire, such as 2026-03-28T09:30:00+01:00, or a local time \
                           such as 2026-03-28T09:30 with `timezone`";
            return Err(Invalid::new("fire_at", message));
        };
        Ok(Self { fire: Fire { at, note }, written, civil, zone })
    }

    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Fire> {
        (self.fire.at > after).then(|| self.fire.clone())
    }

    pub(crate) fn last_until(&self, after: Timestamp, until: Timestamp) -> Option<Fire> {
        (after < self.fire.at && self.fire.at <= until).then(|| self.fire.clone())
    }

    pub(crate) fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    pub(crate) fn sentence(&self) -> String {
        let zone = match &self.zone {
            Some(zone) => format!(", {}", zone.spoken()),
            None => " UTC".to_owned(),
        };
        format!("Once, on {} at {}{zone}", day(self.civil.date()), clock(self.civil.time()))
    }

    pub(crate) fn describe(&self) -> Map<String, Value> {
        let mut facts = Map::from_iter([
            ("type".to_owned(), json!("datetime")),
            ("fire_at".to_owned(), json!(self.written)),
        ]);
        if let Some(zone) = &self.zone {
            facts.insert("timezone".to_owned(), json!(zone.name()));
        }
        facts
    }
}
