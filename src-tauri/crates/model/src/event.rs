//! Events, what each rule decided about them, and the enforcements that follow.

use crate::{EnforcementId, EventId, ExecutionId, Ref, RuleId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who posted an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "ref", rename_all = "snake_case")]
pub enum EventSource {
    /// A sensor process.
    Sensor(Ref),
    /// A running action.
    Execution(ExecutionId),
    /// A person, by the window or the command line.
    Person,
}

/// One occurrence of a trigger. Immutable.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub trigger: Ref,
    /// The facts, as the trigger's `output` schema describes them.
    pub payload: Arc<Value>,
    /// Who posted it.
    pub source: EventSource,
    /// The one rule that it is for (`trigger_instance_id`); none means every rule of the trigger.
    pub rule: Option<RuleId>,
    /// Together with the source, the identity under which it may be posted again without happening again.
    pub dedupe_key: Option<String>,
    /// When the engine received it.
    pub created: Timestamp,
}

/// What a rule made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The conditions hold: an enforcement follows.
    Matched,
    /// A condition was false.
    Unmatched,
    /// A condition or a template could not be worked out.
    Error,
    /// A limit of the rule or of the engine held it back.
    Throttled,
    /// The rule is held because it fired too often or in a circle.
    Quarantined,
    /// The rule was disabled when the event came.
    Disabled,
}

impl Outcome {
    /// The word used in the database, the API and the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Unmatched => "unmatched",
            Self::Error => "error",
            Self::Throttled => "throttled",
            Self::Quarantined => "quarantined",
            Self::Disabled => "disabled",
        }
    }
}

/// Why a decision is not `matched`: the first condition that was false with the values on both sides, or
/// what could not be worked out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Where in the rule: `all.1` in the conditions, `action_params.message` in a template.
    pub path: String,
    /// What the condition looked at, such as `event.payload.size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How it compared, such as `greater_than`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The value in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// The value in the event; absent where the field does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// A sentence, where values do not say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// One rule's look at one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whose look.
    pub rule: RuleId,
    /// The version of the rule that looked.
    pub rule_version: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Why not, unless matched.
    pub reason: Option<Reason>,
    /// The rendered action parameters, where matched.
    pub parameters: Option<Map<String, Value>>,
}

/// One rule firing for one event; unique for the pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Enforcement {
    /// Its id.
    pub id: EnforcementId,
    /// The event.
    pub event: EventId,
    /// The rule.
    pub rule: RuleId,
    /// How far it got.
    pub status: EnforcementStatus,
    /// When the rule fired.
    pub created: Timestamp,
}

/// How far an enforcement got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnforcementStatus {
    /// The rule fired; its execution is not yet requested.
    Created,
    /// Its execution is requested.
    Processed,
    /// Its rule was disabled or gone before it ran.
    Disabled,
}

impl EnforcementStatus {
    /// The word used in the database, the API and the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Processed => "processed",
            Self::Disabled => "disabled",
        }
    }
}
