//! The engine as a whole.

use super::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the engine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineState {
    /// At work.
    Running,
    /// It cannot record, so it accepts nothing; `fault` says why.
    Faulted,
    /// On its way out.
    Stopping,
}

/// The engine and its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EngineStatus {
    /// The program's version.
    pub version: String,
    /// What it is doing.
    pub state: EngineState,
    /// Why it is faulted.
    pub fault: Option<String>,
    /// The wall clock.
    pub now: Time,
    /// The user's zone, such as `Europe/Berlin`.
    pub zone: String,
    /// When it started.
    pub started_at: Time,
    /// Its process id.
    pub pid: u32,
    /// Where its data lie.
    pub data_dir: String,
    /// Where its door is: `127.0.0.1:PORT`.
    pub address: String,
    /// Events a second, over the last ten seconds.
    pub events_per_second: f64,
    /// Executions that wait for a place.
    pub waiting: u32,
    /// Executions that run.
    pub running: u32,
    /// Executions that may run at once.
    pub places: u32,
    /// Rules that exist.
    pub rules: u32,
    /// Rules that listen.
    pub rules_enabled: u32,
    /// Sensors that are wanted.
    pub sensors: u32,
    /// Sensors that run.
    pub sensors_running: u32,
}
