//! Packs and what they supply.

use super::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// A kind of thing that can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TriggerView {
    /// Its name.
    pub r#ref: String,
    /// Its name for people.
    pub label: String,
    /// What it means.
    pub description: String,
    /// JSON Schema of the parameters, in the order of the form.
    pub parameters: Value,
    /// JSON Schema of the payload.
    pub output: Value,
    /// The sensor that watches for it.
    pub sensor: Option<String>,
}

/// Every trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct TriggerList {
    /// In order of ref.
    pub triggers: Vec<TriggerView>,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ActionView {
    /// Its name.
    pub r#ref: String,
    /// Its name for people.
    pub label: String,
    /// What it does.
    pub description: String,
    /// What runs it: `shell`, `python`, `node`, `native`.
    pub runner: String,
    /// JSON Schema of the parameters, in the order of the form.
    pub parameters: Value,
    /// How long it may run, in seconds; 0 for ever.
    pub timeout_seconds: u64,
}

/// Every action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ActionList {
    /// In order of ref.
    pub actions: Vec<ActionView>,
}

/// Something to say about a file of a pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct DiagnosticView {
    /// `error` or `warning`.
    pub severity: String,
    /// The file, relative to the pack.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// A sentence.
    pub message: String,
}

/// A pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PackView {
    /// Its name.
    pub r#ref: String,
    /// Its name for people.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Its version.
    pub version: String,
    /// Where it lies.
    pub folder: String,
    /// Its triggers.
    pub triggers: Vec<String>,
    /// Its sensors.
    pub sensors: Vec<String>,
    /// Its actions.
    pub actions: Vec<String>,
    /// Its starter rules.
    pub rules: Vec<String>,
    /// What is wrong or odd; with an error in it, nothing of the pack is in force.
    pub diagnostics: Vec<DiagnosticView>,
    /// Whether it is in force.
    pub loaded: bool,
}

/// Every pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PackList {
    /// In order of ref.
    pub packs: Vec<PackView>,
}

/// Asks what is wrong with a pack folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PackValidateRequest {
    /// The folder, absolute.
    pub folder: String,
}

/// What is wrong with a pack folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct PackValidation {
    /// Whether it would load.
    pub ok: bool,
    /// What is wrong or odd.
    pub diagnostics: Vec<DiagnosticView>,
}

/// Where a sensor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SensorStateView {
    /// Its process is being started.
    Starting,
    /// It runs.
    Running,
    /// No enabled rule needs it.
    Stopped,
    /// It cannot be started.
    Failed,
    /// It died and waits to be started again.
    Backoff,
}

/// A sensor and its process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct SensorView {
    /// Its name.
    pub r#ref: String,
    /// Its name for people.
    pub label: String,
    /// The triggers that it serves.
    pub triggers: Vec<String>,
    /// Enabled rules that need it.
    pub rules: u32,
    /// Where it stands.
    pub state: SensorStateView,
    /// Since when.
    pub since: Time,
    /// Its process.
    pub pid: Option<u32>,
    /// Failures in a row.
    pub failures: u32,
    /// When it is started again.
    pub next_try_at: Option<Time>,
    /// Why it stands there, such as `exited with code 1`.
    pub last_error: Option<String>,
    /// The end of its log, at most 40 lines.
    pub log_tail: Vec<String>,
}

/// Every sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct SensorList {
    /// In order of ref.
    pub sensors: Vec<SensorView>,
}

/// Names one sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct SensorRequest {
    /// Its ref.
    pub r#ref: String,
}
