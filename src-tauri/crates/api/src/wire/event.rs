//! Events, decisions and enforcements.

use super::{ExecutionRow, RuleLink, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// Asks for a page of events, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventListRequest {
    /// Only this trigger.
    #[ts(optional)]
    pub trigger: Option<String>,
    /// Only events that this rule looked at.
    #[ts(optional)]
    pub rule: Option<String>,
    /// Only payloads that hold this text.
    #[ts(optional)]
    pub text: Option<String>,
    /// Only from this instant on.
    #[ts(optional)]
    pub from: Option<Time>,
    /// Only before this instant.
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

/// What a rule made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeView {
    /// The conditions hold.
    Matched,
    /// A condition was false.
    Unmatched,
    /// A condition or template could not be worked out.
    Error,
    /// A limit held it back.
    Throttled,
    /// The rule is held.
    Quarantined,
    /// The rule was disabled.
    Disabled,
}

/// One rule's look at an event, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Pip {
    /// Whose look.
    pub rule: RuleLink,
    /// What came of it.
    pub outcome: OutcomeView,
    /// The run that followed.
    pub execution: Option<super::RunMark>,
}

/// One row of the list of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventRow {
    /// Its id.
    pub id: i64,
    /// What happened.
    pub trigger_ref: String,
    /// Who posted it: the ref of a sensor, `execution:12`, or `person`.
    pub source: String,
    /// The rule that it is for, where it is for one.
    pub rule: Option<RuleLink>,
    /// When the engine received it.
    pub created: Time,
    /// The plain top-level values of the payload: at most 12, texts cut at 120 characters.
    pub facts: Map<String, Value>,
    /// The rules that looked, in short.
    pub pips: Vec<Pip>,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventList {
    /// Newest first.
    pub events: Vec<EventRow>,
    /// Ask on with `before` = this, where there may be more.
    pub next: Option<i64>,
}

/// Names one event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventRequest {
    /// Its id.
    pub id: i64,
}

/// Why a rule did not fire: the first false condition with the values on both sides, or a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ReasonView {
    /// Where in the rule, such as `all.1`.
    pub path: String,
    /// What the condition looked at.
    pub field: Option<String>,
    /// How it compared.
    pub operator: Option<String>,
    /// The value in the rule.
    pub expected: Option<Value>,
    /// The value in the event.
    pub actual: Option<Value>,
    /// A sentence, where values do not say it all.
    pub message: Option<String>,
}

/// One rule's look at an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct DecisionView {
    /// Whose look.
    pub rule: RuleLink,
    /// The version of the rule that looked.
    pub rule_version: u32,
    /// What came of it.
    pub outcome: OutcomeView,
    /// Why not.
    pub reason: Option<ReasonView>,
    /// The enforcement that followed.
    pub enforcement: Option<i64>,
    /// The run that followed.
    pub execution: Option<ExecutionRow>,
}

/// An event with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventDetail {
    /// The row.
    pub event: EventRow,
    /// The whole payload.
    pub payload: Value,
    /// Under which name it may be posted again without happening again.
    pub dedupe_key: Option<String>,
    /// The rules that looked.
    pub decisions: Vec<DecisionView>,
}

/// Asks how many events there were over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventHistogramRequest {
    /// Only this trigger.
    #[serde(default)]
    #[ts(optional)]
    pub trigger: Option<String>,
    /// From this instant.
    pub from: Time,
    /// To this instant.
    pub to: Time,
    /// Into how many bins, 1 to 400; a bin is whole minutes.
    pub bins: u32,
}

/// Events of a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventBin {
    /// Events.
    pub events: u32,
    /// Of them, those that fired a rule.
    pub fired: u32,
}

/// How many events there were over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventHistogram {
    /// Start of the first bin.
    pub from: Time,
    /// Width of a bin, in milliseconds.
    pub bin_ms: i64,
    /// The bins.
    pub bins: Vec<EventBin>,
}

/// Asks for a page of enforcements, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnforcementListRequest {
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

/// One rule firing for one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EnforcementRow {
    /// Its id.
    pub id: i64,
    /// The event.
    pub event: i64,
    /// The rule.
    pub rule: RuleLink,
    /// `created`, `processed` or `disabled`.
    pub status: String,
    /// When the rule fired.
    pub created: Time,
    /// The run that followed.
    pub execution: Option<super::RunMark>,
}

/// A page of enforcements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EnforcementList {
    /// Newest first.
    pub enforcements: Vec<EnforcementRow>,
    /// Ask on with `before` = this, where there may be more.
    pub next: Option<i64>,
}
