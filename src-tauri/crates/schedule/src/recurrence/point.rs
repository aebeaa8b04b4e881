//! Where a recurrence starts or ends: a day, a local time or an instant, in the forms of RFC 5545 and RFC 3339.

use crate::parameters::local_time;
use crate::zone::Zone;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset};
use model::Timestamp;
use std::fmt;

/// One point in time, as precisely as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Day(Date),
    Local(DateTime),
    Instant(Timestamp),
}

impl Point {
    /// The forms of RFC 5545: `20261231`, `20261231T090000` and `20261231T090000Z`.
    pub(super) fn basic(text: &str) -> Option<Self> {
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        match shape.as_str() {
            "00000000" => text.parse().ok().map(Self::Day),
            "00000000T000000" | "00000000T000000Z" => {
                // A 61st second would be taken for the 60th.
                let civil: DateTime =
                    text.get(..15)?.parse().ok().filter(|_| text.get(13..15) != Some("60"))?;
                if text.ends_with('Z') { Some(Self::Instant(utc(civil))) } else { Some(Self::Local(civil)) }
            }
            _ => None,
        }
    }

    /// The forms of RFC 5545 and of RFC 3339: also `2026-12-31`, `2026-12-31T09:00` and `2026-12-31T09:00:00+01:00`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let day = || {
            let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            if shape == "0000-00-00" { text.parse().ok().map(Self::Day) } else { None }
        };
        let instant = || text.parse().ok().map(Self::Instant);
        Self::basic(text).or_else(instant).or_else(|| local_time(text).map(Self::Local)).or_else(day)
    }

    /// What clocks show at its end: the last second of a day.
    pub(super) fn local_end(self, zone: &Zone) -> DateTime {
        match self {
            Self::Day(day) => day.at(23, 59, 59, 0),
            Self::Local(civil) => civil,
            Self::Instant(at) => zone.civil(at),
        }
    }

    /// The last instant that does not lie after it. Of a local time that comes twice it is the second; of one that
    /// never comes, the second before the gap ends.
    pub(super) fn last_instant(self, zone: &Zone) -> Timestamp {
        let civil = match self {
            Self::Instant(at) => return at,
            Self::Day(_) | Self::Local(_) => self.local_end(zone),
        };
        match zone.rules().to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { after: offset, .. } => {
                let at = offset.to_timestamp(civil);
                at.map_or(Timestamp::MAX, |at| Timestamp::from_micros(at.as_microsecond()))
            }
            AmbiguousOffset::Gap { .. } => {
                zone.resolve(civil).map_or(Timestamp::MIN, |resolved| resolved.at.plus_micros(-1_000_000))
            }
        }
    }
}

/// The instant of a time in UTC; outside the range of instants the nearest end.
fn utc(civil: DateTime) -> Timestamp {
    match Offset::UTC.to_timestamp(civil) {
        Ok(at) => Timestamp::from_micros(at.as_microsecond()),
        Err(_) => Timestamp::MAX,
    }
}

/// As RFC 5545 writes it.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{}", day.strftime("%Y%m%d")),
            Self::Local(civil) => write!(f, "{}", civil.strftime("%Y%m%dT%H%M%S")),
            Self::Instant(at) => write!(f, "{}", Zone::utc().civil(*at).strftime("%Y%m%dT%H%M%SZ")),
        }
    }
}
