//! The rules that a sensor serves, read over HTTP.

use crate::client::{CallError, Client};
use model::{Ref, RuleId, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Rows of one page; the engine may give fewer.
const PAGE_ROWS: usize = model::limits::PAGE_ROWS;
/// Pages read before a list is taken for endless, however few rows the engine puts on each.
const PAGES: usize = model::limits::RULES;
/// How often a list that changes while it is read is read anew before it is taken as it is.
const READINGS: usize = 5;

/// One enabled rule of a trigger, as far as its sensor needs to know it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Rule {
    /// Its id, which never changes.
    pub id: RuleId,
    /// Its name.
    #[serde(rename = "ref", alias = "rule_ref")]
    pub name: String,
    /// The trigger that it listens to.
    pub trigger_ref: Ref,
    /// How the trigger is set up for this rule.
    #[serde(default, deserialize_with = "or_empty")]
    pub trigger_params: Map<String, Value>,
    /// Whether it listens.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For timers: the rule's first enabling, where the grid of an interval starts.
    #[serde(default)]
    pub anchor: Option<Timestamp>,
    /// For timers: the last planned instant that became an event.
    #[serde(default)]
    pub last_scheduled_at: Option<Timestamp>,
    /// For timers: every planned instant up to here has fired or was recorded as missed.
    #[serde(default)]
    pub handled_until: Option<Timestamp>,
    /// For timers: since when the engine runs; planned instants between `handled_until` and here were missed.
    #[serde(default)]
    pub live_since: Option<Timestamp>,
    /// For timers: the fires in the life of the rule.
    #[serde(default)]
    pub execution_count: u64,
}

fn yes() -> bool {
    true
}

fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Rule {
    /// A rule from the engine; one that cannot be read is logged and left out, so that it costs no other rule.
    pub(crate) fn read(value: Value) -> Option<Self> {
        let id = value.get("id").cloned().unwrap_or_default();
        serde_json::from_value(value)
            .inspect_err(
                |error| tracing::error!(rule = %id, "a rule cannot be read and is left out: {error}"),
            )
            .ok()
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Value>,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Deserialize, Default)]
struct Pagination {
    #[serde(default)]
    total_items: Option<u64>,
    #[serde(default)]
    has_next: bool,
}

#[derive(Deserialize)]
struct One {
    data: Value,
}

/// The enabled rules of all triggers, every page.
pub(crate) async fn read_all(client: &Client, triggers: &[Ref]) -> Result<Vec<Rule>, CallError> {
    let mut rules = Vec::new();
    for trigger in triggers {
        match of_trigger(client, trigger).await {
            Ok(values) => rules.extend(values.into_iter().filter_map(Rule::read).filter(|rule| rule.enabled)),
            // One trigger that the engine does not have must not silence the others.
            Err(error @ CallError::Refused { .. }) => {
                tracing::error!(%trigger, "the rules of a trigger cannot be read: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

/// A rule that is made or deleted between two pages shifts the others, and one could slip through; so a list
/// whose total changes while it is read is read again.
async fn of_trigger(client: &Client, trigger: &Ref) -> Result<Vec<Value>, CallError> {
    for reading in 1.. {
        let (values, steady) = pages(client, trigger).await?;
        if steady || reading == READINGS {
            return Ok(values);
        }
    }
    Ok(Vec::new())
}

async fn pages(client: &Client, trigger: &Ref) -> Result<(Vec<Value>, bool), CallError> {
    let (mut values, mut total, mut steady) = (Vec::new(), None, true);
    for page in 1..=PAGES {
        let path = format!("/api/v1/triggers/{trigger}/rules?page={page}&page_size={PAGE_ROWS}");
        let Page { items, pagination } = client.get(&path).await?;
        steady &= page == 1 || total == pagination.total_items;
        total = pagination.total_items;
        let last = !pagination.has_next || items.is_empty();
        values.extend(items);
        if last {
            break;
        }
    }
    Ok((values, steady))
}

/// One rule as it stands; none where it is gone or cannot be read.
pub(crate) async fn read_one(client: &Client, name: &Ref) -> Result<Option<Rule>, CallError> {
    match client.get::<One>(&format!("/api/v1/rules/{name}")).await {
        Ok(One { data }) => Ok(Rule::read(data)),
        Err(CallError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
