//! Instants, stored as microseconds since 1970-01-01T00:00:00Z.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// An instant in UTC, to the microsecond. Written as RFC 3339 (`2026-03-28T00:00:10Z`), read from RFC 3339
/// with any offset; between the years 1970 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the earliest instant.
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59Z, the latest instant that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_000_000);

    /// From microseconds since the epoch; outside the range it is the nearest end.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// From milliseconds since the epoch; outside the range it is the nearest end.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self::from_micros(millis.saturating_mul(1_000))
    }

    /// From seconds since the epoch; outside the range it is the nearest end.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0 / 1_000
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Microseconds from `earlier` to this instant; negative where `earlier` is later.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Milliseconds from `earlier` to this instant; negative where `earlier` is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.micros_since(earlier) / 1_000
    }

    /// This instant moved by a number of microseconds, kept in range.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// This instant moved forward, kept in range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        self.plus_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
    }

    /// This instant moved back, kept in range.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        self.plus_micros(-i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
    }

    fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a time: expected RFC 3339 with an offset, such as 2026-03-28T09:30:00+01:00")]
pub struct NotATime {
    found: String,
}

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let not_a_time = || NotATime { found: text.chars().take(64).collect() };
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| not_a_time())?;
        let micros = parsed.timestamp_micros();
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) { Ok(Self(micros)) } else { Err(not_a_time()) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for text in ["2026-03-28T00:00:10Z", "2026-03-28T00:00:10.250Z", "2026-03-28T00:00:10.000001Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_offset_is_taken_into_account_and_a_missing_one_is_refused() {
        let berlin: Timestamp = "2026-03-28T01:00:10+01:00".parse().unwrap();
        assert_eq!(berlin.to_string(), "2026-03-28T00:00:10Z");
        let error = "2026-03-28T01:00:10".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("with an offset"), "{error}");
        assert!("0001-01-01T00:00:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn arithmetic_stays_in_range() {
        assert_eq!(Timestamp::MAX.plus(Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(Duration::from_secs(1)), Timestamp::MIN);
    }
}
