//! What the tests of looks share: a small world, its rules and its events.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use model::{
    Decision, Event, EventId, EventSource, Invalid, PackRef, Rule, RuleBody, RuleId, RuleState, TimerMemory,
    Timestamp,
};
use rules::{Circumstances, Facts, RuleBook};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(crate) struct World;

impl Facts for World {
    fn pack_config(&self, pack: &PackRef) -> Option<Map<String, Value>> {
        (pack.as_str() == "core").then(|| map(json!({"base_url": "http://localhost", "retries": 3})))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that a test can write `map(json!(…))`")]
pub(crate) fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

pub(crate) fn rule(id: i64, conditions: Value, action_params: Value) -> Rule {
    Rule {
        id: RuleId(id),
        r#ref: format!("default.rule_{id}").parse().unwrap(),
        body: RuleBody {
            label: format!("Rule {id}"),
            description: String::new(),
            trigger_ref: "core.file_changed".parse().unwrap(),
            trigger_params: Map::new(),
            conditions,
            action_ref: "core.echo".parse().unwrap(),
            action_params: map(action_params),
            tags: Vec::new(),
            timeout_seconds: None,
        },
        state: RuleState::Enabled,
        version: 7,
        timer: TimerMemory::default(),
        created: Timestamp::MIN,
        updated: Timestamp::MIN,
    }
}

pub(crate) fn event(payload: Value, target: Option<i64>) -> Event {
    Event {
        id: EventId(42),
        trigger: "core.file_changed".parse().unwrap(),
        payload: Arc::new(payload),
        source: EventSource::Person,
        rule: target.map(RuleId),
        dedupe_key: None,
        created: "2026-03-28T00:00:10Z".parse().unwrap(),
    }
}

pub(crate) fn look(conditions: Value, action_params: Value, payload: Value) -> Decision {
    let mut book = RuleBook::default();
    let _fault = book.put(&Arc::new(rule(1, conditions, action_params)), &World);
    book.decide(&event(payload, None), &Circumstances::default()).remove(0).decision
}

pub(crate) fn errors(result: Result<(), Vec<Invalid>>) -> Vec<String> {
    result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}
