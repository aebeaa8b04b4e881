//! Where a sensor stands.

use model::{Ref, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a sensor's process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorState {
    /// Its process is being started.
    Starting,
    /// Its process runs.
    Running,
    /// Nobody needs it.
    Stopped,
    /// It cannot be started at all: its program is missing or cannot run.
    Failed,
    /// It died and rests before the next start.
    Backoff,
}

/// A sensor's process, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorStatus {
    /// Which sensor.
    pub sensor: Ref,
    /// Where it stands.
    pub state: SensorState,
    /// Since when.
    pub since: Timestamp,
    /// Its process.
    pub pid: Option<u32>,
    /// Failures in a row; from the third on it needs a person.
    pub failures: u32,
    /// When it is started again.
    pub next_try_at: Option<Timestamp>,
    /// Why it stands there, a sentence.
    pub last_error: Option<String>,
}

impl SensorStatus {
    /// A sensor that nobody has needed yet.
    #[must_use]
    pub fn stopped(sensor: Ref, since: Timestamp) -> Self {
        Self {
            sensor,
            state: SensorState::Stopped,
            since,
            pid: None,
            failures: 0,
            next_try_at: None,
            last_error: None,
        }
    }
}
