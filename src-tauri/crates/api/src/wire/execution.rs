//! Executions and their output.

use super::{RuleLink, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatusView {
    /// Waits for a free place.
    Requested,
    /// Its surroundings are being prepared.
    Scheduling,
    /// About to start.
    Scheduled,
    /// Its process runs.
    Running,
    /// Its process has been told to stop.
    Canceling,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Its time was up.
    Timeout,
    /// Somebody stopped it.
    Cancelled,
    /// The engine died while it ran.
    Abandoned,
}

/// Asks for a page of executions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionListRequest {
    /// Only these statuses; empty for all.
    #[ts(optional)]
    pub status: Option<Vec<ExecutionStatusView>>,
    /// Only of this rule.
    #[ts(optional)]
    pub rule: Option<String>,
    /// Only of this action.
    #[ts(optional)]
    pub action: Option<String>,
    /// Only asked for from this instant on.
    #[ts(optional)]
    pub from: Option<Time>,
    /// Only asked for before this instant.
    #[ts(optional)]
    pub to: Option<Time>,
    /// Only ids below this one: the page after it.
    #[ts(optional)]
    pub before: Option<i64>,
    /// Only ids above this one: what came since.
    #[ts(optional)]
    pub after: Option<i64>,
    /// Rows, 1 to 200; 100 where absent.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// One row of the list of executions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ExecutionRow {
    /// Its id.
    pub id: i64,
    /// Where it stands.
    pub status: ExecutionStatusView,
    /// The rule that asked for it; null where a person did.
    pub rule: Option<RuleLink>,
    /// What ran.
    pub action_ref: String,
    /// The event behind it.
    pub event: Option<i64>,
    /// The enforcement behind it.
    pub enforcement: Option<i64>,
    /// The execution that it repeats.
    pub rerun_of: Option<i64>,
    /// Why it ran, in plain words: `1 s timer fired at 21:00:00`, `started by you`.
    pub why: String,
    /// Which start this is, from 1; 0 before the first.
    pub attempt: u32,
    /// When it was asked for.
    pub requested_at: Time,
    /// When its process started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// From start to end, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Exit code of its process.
    pub exit_code: Option<i32>,
    /// The signal that ended its process.
    pub signal: Option<i32>,
    /// Why it did not end well, or what was odd about its output.
    pub error: Option<String>,
}

/// A page of executions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ExecutionList {
    /// Newest first.
    pub executions: Vec<ExecutionRow>,
    /// Ask on with `before` = this, where there may be more.
    pub next: Option<i64>,
}

/// Names one execution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ExecutionRequest {
    /// Its id.
    pub id: i64,
}

/// How much an execution wrote, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OutputSize {
    /// To standard output.
    pub stdout_bytes: u64,
    /// To standard error.
    pub stderr_bytes: u64,
    /// Of both, what is kept.
    pub kept_bytes: u64,
    /// Of both, what was dropped from the middle.
    pub dropped_bytes: u64,
}

/// An execution with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ExecutionDetail {
    /// The row.
    pub execution: ExecutionRow,
    /// With what it ran.
    pub parameters: Map<String, Value>,
    /// What it returned.
    pub result: Option<Value>,
    /// How long it may run, in milliseconds; 0 for ever.
    pub timeout_ms: u64,
    /// Its process while it runs.
    pub pid: Option<u32>,
    /// How much it wrote.
    pub output: OutputSize,
    /// Median duration of this rule's last runs, in milliseconds.
    pub usual_ms: Option<i64>,
    /// 95th percentile of the same.
    pub usual_p95_ms: Option<i64>,
}

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamView {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How output travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputEncoding {
    /// As text; bytes that are not UTF-8 become U+FFFD.
    #[default]
    Text,
    /// As base64 (RFC 4648), byte for byte.
    Base64,
}

/// Asks for output from a place on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionOutputRequest {
    /// Whose.
    pub id: i64,
    /// `next` of the page before; absent from the start.
    #[serde(default)]
    #[ts(optional)]
    pub cursor: Option<String>,
    /// Bytes, 1 to 1,048,576; 262,144 where absent.
    #[serde(default)]
    #[ts(optional)]
    pub limit_bytes: Option<u32>,
    /// Only the last `limit_bytes`, where no cursor is given.
    #[serde(default)]
    pub tail: bool,
    /// Only this stream.
    #[serde(default)]
    #[ts(optional)]
    pub stream: Option<StreamView>,
    /// How it travels.
    #[serde(default)]
    pub encoding: OutputEncoding,
}

/// A piece of output, as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OutputChunk {
    /// From which stream.
    pub stream: StreamView,
    /// Where in its stream it begins, in bytes.
    pub offset: u64,
    /// When it came, in milliseconds after the start.
    pub at_ms: i64,
    /// The text, or base64.
    pub data: String,
    /// Bytes dropped from its stream just before it; 0 for none.
    pub dropped_before: u64,
}

/// A page of output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OutputPage {
    /// In the order in which they came.
    pub chunks: Vec<OutputChunk>,
    /// Where to ask on.
    pub next: String,
    /// Whether there is more already.
    pub more: bool,
    /// Whether no more will come.
    pub ended: bool,
    /// How much there is in all.
    pub size: OutputSize,
}

/// Asks to run an execution again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionRerunRequest {
    /// Which.
    pub id: i64,
    /// With these parameters instead of the same.
    #[serde(default)]
    #[ts(optional)]
    pub parameters: Option<Map<String, Value>>,
}

/// Asks to run an action by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRunRequest {
    /// Which action.
    pub action_ref: String,
    /// With what.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// How long it may run, in seconds; 0 for ever, absent as the action says.
    #[serde(default)]
    #[ts(optional)]
    pub timeout_seconds: Option<u64>,
}
