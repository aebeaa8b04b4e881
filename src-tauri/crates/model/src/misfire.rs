//! Planned instants that did not become events of their own.

use crate::{Invalid, MisfireId, RuleId, Timestamp};
use serde::{Deserialize, Serialize};

/// Why planned instants did not fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissReason {
    /// The machine slept.
    Asleep,
    /// The engine, or the sensor of the timers, did not run.
    NotRunning,
    /// The rule was switched off, or was given another schedule before they could fire.
    Disabled,
    /// The clock was put forward over them.
    ClockChanged,
    /// More were missed than `misfire_limit` lets fire.
    Limit,
}

impl MissReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Asleep, Self::NotRunning, Self::Disabled, Self::ClockChanged, Self::Limit];

    /// The word used in the database, the API and the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asleep => "asleep",
            Self::NotRunning => "not_running",
            Self::Disabled => "disabled",
            Self::ClockChanged => "clock_changed",
            Self::Limit => "limit",
        }
    }
}

/// A run of planned instants of one rule, without a gap, that were missed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misfire {
    /// Whose instants.
    pub rule: RuleId,
    /// The first planned instant of the run.
    pub first: Timestamp,
    /// The last one; the same as the first where it is one instant.
    pub last: Timestamp,
    /// How many instants lie in `first..=last`, at least 1.
    pub count: u64,
    /// Why.
    pub reason: MissReason,
}

impl Misfire {
    /// Checks what a sensor reports.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.last < self.first {
            let message =
                format!("the last missed instant ({}) lies before the first ({})", self.last, self.first);
            return Err(Invalid::new("last", message));
        }
        if self.count == 0 || (self.first == self.last && self.count != 1) {
            let message = format!(
                "found {}, expected the number of planned instants from `first` to `last`",
                self.count
            );
            return Err(Invalid::new("count", message));
        }
        Ok(())
    }
}

/// A misfire as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisfireEntry {
    /// Its id.
    pub id: MisfireId,
    /// What was missed.
    pub misfire: Misfire,
    /// The version of the rule whose schedule planned the instants.
    pub rule_version: u32,
    /// When it was recorded.
    pub recorded: Timestamp,
}
