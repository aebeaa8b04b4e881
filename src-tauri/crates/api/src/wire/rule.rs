//! Rules.

use super::{FieldError, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// Whether a rule listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleStateView {
    /// It listens.
    Enabled,
    /// It is switched off.
    Disabled,
    /// Its schedule has no further instant.
    Finished,
}

/// A rule as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleView {
    /// Its id.
    pub id: i64,
    /// Its name for machines, such as `default.echo_every_second`.
    pub r#ref: String,
    /// The part of the ref before the dot.
    pub pack: String,
    /// Its name for people.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Words to group rules by.
    pub tags: Vec<String>,
    /// When: the trigger.
    pub trigger_ref: String,
    /// When: how the trigger is set up.
    pub trigger_params: Map<String, Value>,
    /// If.
    pub conditions: Value,
    /// Then: the action.
    pub action_ref: String,
    /// Then: its parameters, with templates.
    pub action_params: Map<String, Value>,
    /// How long its runs may take, in seconds; 0 for ever, null as the action says.
    pub timeout_seconds: Option<u64>,
    /// Whether it listens.
    pub state: RuleStateView,
    /// Counts saved changes, from 1.
    pub version: u32,
    /// Why it cannot work at present: a trigger or action that is gone, a condition that does not compile.
    pub fault: Option<String>,
    /// When, in plain words: `Every 15 minutes`.
    pub sentence: String,
    /// The zone whose clocks its schedule follows, where that is not the user's own: `America/New_York`.
    pub zone: Option<String>,
    /// How often its timer has fired; 0 for rules without a schedule.
    pub execution_count: u64,
    /// The next instant of its schedule while it is enabled; null for rules without one.
    pub next_fire: Option<Time>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub updated: Time,
}

/// A run, as strips and lists draw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RunMark {
    /// Its id.
    pub id: i64,
    /// Where it stands.
    pub status: super::ExecutionStatusView,
    /// When it was asked for.
    pub at: Time,
    /// From start to end, in milliseconds.
    pub duration_ms: Option<i64>,
}

/// One row of the list of rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleRow {
    /// The rule.
    pub rule: RuleView,
    /// Its newest run.
    pub last: Option<RunMark>,
}

/// Every rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleList {
    /// In order of label.
    pub rules: Vec<RuleRow>,
}

/// Asks for the newest runs of some rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleRecentRequest {
    /// Ids of rules, 200 at most.
    pub rules: Vec<i64>,
    /// Runs of each, 1 to 50.
    pub count: u32,
}

/// The newest runs of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleRecent {
    /// The rule's id.
    pub rule: i64,
    /// Its runs, oldest first.
    pub runs: Vec<RunMark>,
}

/// The newest runs of some rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleRecentList {
    /// One entry a rule that has runs.
    pub rules: Vec<RuleRecent>,
}

/// Names one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleRequest {
    /// Its ref.
    pub r#ref: String,
}

/// What a person writes in the form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleDraft {
    /// Its name for people.
    pub label: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Words to group rules by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// When: the trigger.
    pub trigger_ref: String,
    /// When: how the trigger is set up.
    #[serde(default)]
    pub trigger_params: Map<String, Value>,
    /// If: `null` or `{}` for always, a tree `{"all":[{"field","operator","value"}]}`, a flat list, or `{"expression"}`.
    #[serde(default)]
    pub conditions: Value,
    /// Then: the action.
    pub action_ref: String,
    /// Then: its parameters, with templates.
    #[serde(default)]
    pub action_params: Map<String, Value>,
    /// How long its runs may take, in seconds; 0 for ever, null as the action says.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
}

/// Asks for a new rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleCreateRequest {
    /// Its ref; made from the label in the pack `default` where absent.
    #[serde(default)]
    #[ts(optional)]
    pub r#ref: Option<String>,
    /// Its content.
    pub draft: RuleDraft,
    /// Whether it listens at once.
    pub enabled: bool,
}

/// Asks for a new version of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleUpdateRequest {
    /// Its ref.
    pub r#ref: String,
    /// Its new content.
    pub draft: RuleDraft,
    /// The version that was edited; another one since then is a conflict. Absent: whatever is there.
    #[serde(default)]
    #[ts(optional)]
    pub version: Option<u32>,
}

/// Asks what the engine thinks of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleCheckRequest {
    /// The ref of the saved rule, or the wished one of a new rule.
    #[serde(default)]
    #[ts(optional)]
    pub r#ref: Option<String>,
    /// The draft.
    pub draft: RuleDraft,
    /// Whether the rule is new: then its ref must be free.
    #[serde(default)]
    pub new: bool,
}

/// What the engine thinks of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleCheck {
    /// The ref that it has or would get.
    pub r#ref: String,
    /// What is wrong, with fields such as `label`, `trigger_params.interval`, `conditions.all.1.value`,
    /// `action_params.message`; empty where it can be saved.
    pub errors: Vec<FieldError>,
    /// When, in plain words; empty while the trigger's parameters are wrong.
    pub sentence: String,
    /// The next ten fires; empty for rules without a schedule.
    pub fires: Vec<super::FireView>,
}
