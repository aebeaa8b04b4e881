//! Planned instants that were missed.

use super::{RuleLink, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why planned instants did not fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissReasonView {
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

/// Asks for a page of what was missed, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MisfireListRequest {
    /// Only of this rule.
    #[ts(optional)]
    pub rule: Option<String>,
    /// Only ids below this one.
    #[ts(optional)]
    pub before: Option<i64>,
    /// Rows, 1 to 200; 100 where absent.
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// A run of planned instants of one rule that were missed for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct MisfireRow {
    /// Its id.
    pub id: i64,
    /// Whose instants.
    pub rule: RuleLink,
    /// The first of them.
    pub first: Time,
    /// The last of them; the same where it is one.
    pub last: Time,
    /// How many.
    pub count: u64,
    /// Why.
    pub reason: MissReasonView,
    /// When it was recorded.
    pub recorded: Time,
}

/// A page of what was missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct MisfireList {
    /// Newest first.
    pub misfires: Vec<MisfireRow>,
    /// Ask on with `before` = this, where there may be more.
    pub next: Option<i64>,
}
