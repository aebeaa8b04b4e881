//! Time zones, by their names in the IANA database that is bundled with the program.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use model::{Invalid, nearest};
use std::sync::LazyLock;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
static UTC: Zone = Zone(TimeZone::UTC);

/// A time zone, such as Europe/Berlin.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of an IANA name.
    ///
    /// # Errors
    /// Where there is none of this name; names the nearest.
    pub fn named(name: &str) -> Result<Self, Invalid> {
        if let Ok(zone) = ZONES.get(name) {
            return Ok(Self(zone));
        }
        let known: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let hint = near.map_or("expected a name such as Europe/Berlin".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        let shown: String = name.chars().take(60).collect();
        Err(Invalid::new("timezone", format!("there is no time zone `{shown}`; {hint}")))
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> &'static Self {
        &UTC
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub(crate) fn rules(&self) -> TimeZone {
        self.0.clone()
    }
}
