//! Instants on the wire: RFC 3339 with the offset of the user's zone, so that nobody else computes zones.

use jiff::tz::TimeZone;
use model::Timestamp;
use schedule::Zone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::LazyLock;
use ts_rs::TS;

static ZONE: LazyLock<TimeZone> = LazyLock::new(TimeZone::system);
/// Other names of UTC, by which systems call the user's zone.
const UTC: [&str; 9] =
    ["UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "Etc/Unknown"];

/// An instant, written with the local offset in force at that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

impl Time {
    /// The user's zone, such as `Europe/Berlin`.
    #[must_use]
    pub fn zone_name() -> String {
        ZONE.iana_name().unwrap_or("UTC").to_owned()
    }

    /// The user's zone.
    #[must_use]
    pub fn zone() -> &'static TimeZone {
        &ZONE
    }

    /// Whether this is the user's own zone.
    pub(crate) fn is_here(zone: &Zone) -> bool {
        let here = ZONE.iana_name().unwrap_or("UTC");
        zone.name() == here || (UTC.contains(&zone.name()) && UTC.contains(&here))
    }

    /// The user's zone as schedules know it; UTC where it is not among the zones inside the program.
    pub(crate) fn here() -> Zone {
        Zone::parse(&Self::zone_name()).unwrap_or_else(|_| Zone::utc())
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Offset of the user's zone at this instant, in seconds east of UTC.
    #[must_use]
    pub fn offset_seconds(self) -> i32 {
        ZONE.to_offset(self.instant()).seconds()
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = if self.0.as_micros() % 1_000_000 == 0 {
            "%Y-%m-%dT%H:%M:%S%:z"
        } else {
            "%Y-%m-%dT%H:%M:%S%.f%:z"
        };
        write!(f, "{}", self.instant().to_zoned(ZONE.clone()).strftime(format))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self)
    }
}

impl TS for Time {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &ts_rs::Config) -> String {
        "string".to_owned()
    }

    fn inline(config: &ts_rs::Config) -> String {
        Self::name(config)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
