//! What the first screen says.

use super::{EngineStatus, RuleLink, RunMark, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of thing needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// A rule's newest run did not end well.
    Run,
    /// A sensor is not well.
    Sensor,
    /// A rule cannot work.
    Rule,
    /// Planned instants of a rule were missed in the last 24 hours.
    Missed,
    /// A pack does not load.
    Pack,
}

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Attention {
    /// What kind of thing it is.
    pub kind: AttentionKind,
    /// What it is called.
    pub name: String,
    /// What happened, to read after the name: `failed twice in a row`.
    pub happened: String,
    /// The cause, in a line.
    pub cause: String,
    /// When.
    pub at: Time,
    /// The rule, where it is about one.
    pub rule: Option<RuleLink>,
    /// The run, where it is about one.
    pub run: Option<RunMark>,
    /// The ref of the sensor or pack, where it is about one.
    pub subject: Option<String>,
}

/// A rule and how it did lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleActivity {
    /// The rule.
    pub rule: RuleLink,
    /// Its newest run.
    pub last: RunMark,
    /// Its newest 50 runs, oldest first.
    pub recent: Vec<RunMark>,
    /// Of the finished ones among these, the per cent that completed.
    pub completed_percent: u32,
    /// Median of their durations, in milliseconds.
    pub median_ms: Option<i64>,
    /// 95th percentile of the same.
    pub p95_ms: Option<i64>,
}

/// The next fire of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct NextFire {
    /// When.
    pub at: Time,
    /// Which rule.
    pub rule: RuleLink,
    /// The trigger, for the icon.
    pub trigger_ref: String,
    /// What is odd about it.
    pub note: Option<String>,
}

/// What the first screen says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct NowView {
    /// The engine and its figures.
    pub engine: EngineStatus,
    /// Runs that ended in the last 24 hours.
    pub runs_24h: u32,
    /// Of them, those that did not complete.
    pub not_completed_24h: u32,
    /// What needs a person, newest first, 5 at most.
    pub attention: Vec<Attention>,
    /// How many more things need a person.
    pub attention_more: u32,
    /// Rules that ran, the busiest first, 8 at most.
    pub activity: Vec<RuleActivity>,
    /// Rules that ever ran or listen.
    pub active_rules: u32,
    /// The next fire of each rule, in order, 12 at most.
    pub next: Vec<NextFire>,
    /// Fires until midnight.
    pub fires_today: u32,
    /// Events of each of the last 30 minutes, oldest first.
    pub events_per_minute: Vec<u32>,
    /// Runs of each of the last 30 minutes, oldest first.
    pub runs_per_minute: Vec<u32>,
}
