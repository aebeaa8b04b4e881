//! The score: real past, real forecast.

use super::{ExecutionStatusView, MissReasonView, RuleLink, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for the thin score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// Start of the past.
    pub from: Time,
    /// End of the future.
    pub to: Time,
    /// Width of a bin, in minutes: 1, 2, 5, 10, 15 or 30.
    pub bin_minutes: u32,
    /// Only this rule.
    #[serde(default)]
    #[ts(optional)]
    pub rule: Option<String>,
}

/// Runs that ended in a stretch of time, by how they ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScorePast {
    /// Start of the stretch.
    pub at: Time,
    /// Ended well.
    pub completed: u32,
    /// Ended badly.
    pub failed: u32,
    /// Their time was up.
    pub timeout: u32,
    /// Stopped by somebody.
    pub cancelled: u32,
    /// Lost with the engine.
    pub abandoned: u32,
}

/// Forecast fires of a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScoreFuture {
    /// Start of the stretch.
    pub at: Time,
    /// Fires.
    pub fires: u32,
}

/// What stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// The engine was not running.
    Stopped,
    /// The machine slept.
    Asleep,
}

/// A time in which nothing could happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScoreSpan {
    /// Its start.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// Why.
    pub kind: SpanKind,
}

/// From an instant on, the user's zone has this offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ZoneOffset {
    /// From when on.
    pub from: Time,
    /// Seconds east of UTC.
    pub offset_seconds: i32,
}

/// The thin score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Score {
    /// The wall clock.
    pub now: Time,
    /// The user's zone.
    pub zone: String,
    /// Its offsets from `from` to `to`, the first one at `from`: for labels of axes.
    pub offsets: Vec<ZoneOffset>,
    /// Width of a bin, in minutes.
    pub bin_minutes: u32,
    /// Bins that are not empty.
    pub past: Vec<ScorePast>,
    /// Runs under way.
    pub running: u32,
    /// Bins that are not empty.
    pub future: Vec<ScoreFuture>,
    /// Times in which nothing could happen.
    pub spans: Vec<ScoreSpan>,
}

/// Asks for the lanes of the large score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanesRequest {
    /// Start of the window.
    pub from: Time,
    /// End of the window.
    pub to: Time,
    /// Lanes of single rules, 1 to 20; the rest share one more.
    pub lanes: u32,
}

/// A run on a lane; runs that lie too close are joined, then `count` is above 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LaneRun {
    /// The run, or the worst of the joined ones.
    pub id: i64,
    /// How it stands.
    pub status: ExecutionStatusView,
    /// Its start.
    pub at: Time,
    /// From start to end or to now, in milliseconds.
    pub duration_ms: i64,
    /// How many runs it stands for.
    pub count: u32,
    /// What it said, in a line.
    pub error: Option<String>,
}

/// Forecast fires too close to draw one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LaneBand {
    /// Its start.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// Its words: `every 5 min`.
    pub text: String,
}

/// Planned instants of a lane that were missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct LaneMissed {
    /// The first of them.
    pub at: Time,
    /// The last of them; the same where it is one.
    pub until: Time,
    /// How many.
    pub count: u64,
    /// Why.
    pub reason: MissReasonView,
}

/// One lane of the large score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Lane {
    /// Its rule; null for everything else.
    pub rule: Option<RuleLink>,
    /// 95th percentile of the durations: full height.
    pub p95_ms: Option<i64>,
    /// Its past, oldest first.
    pub runs: Vec<LaneRun>,
    /// What it missed, oldest first, the newest 200.
    pub missed: Vec<LaneMissed>,
    /// Its future, 500 at most.
    pub fires: Vec<Time>,
    /// Its future where fires are too close.
    pub bands: Vec<LaneBand>,
}

/// The lanes of the large score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Lanes {
    /// The wall clock.
    pub now: Time,
    /// The user's zone offsets from `from` to `to`.
    pub offsets: Vec<ZoneOffset>,
    /// The busiest rules first, everything else last.
    pub lanes: Vec<Lane>,
    /// Times in which nothing could happen.
    pub spans: Vec<ScoreSpan>,
}
