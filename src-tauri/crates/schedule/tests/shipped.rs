//! The trigger files of the shipped pack say the same as the code: what can be set, and what an event carries.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use model::{RuleId, Schema};
use schedule::{Schedule, TRIGGERS};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The file of a timer's trigger.
fn file(trigger: &str) -> Value {
    let name = trigger.strip_prefix("core.").unwrap();
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../packs/core/triggers/{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn examples(file: &Value) -> Vec<Map<String, Value>> {
    let examples = file["examples"].as_array().unwrap();
    assert!(!examples.is_empty());
    examples.iter().map(|example| example["parameters"].as_object().unwrap().clone()).collect()
}

#[test]
fn every_example_is_a_timer_that_its_own_schema_takes() {
    for trigger in TRIGGERS {
        let file = file(trigger);
        let schema = Schema::parse(&file["parameters"]).unwrap();
        for params in examples(&file) {
            let filled = Value::Object(schema.with_defaults(params.clone()));
            schema.check(&filled).unwrap_or_else(|errors| panic!("{trigger} {params:?}: {errors:?}"));
            let schedule = Schedule::parse(&trigger.parse().unwrap(), filled.as_object().unwrap(), None);
            let schedule = schedule.unwrap_or_else(|error| panic!("{trigger} {params:?}: {error}"));
            assert!(!schedule.sentence().is_empty());
        }
    }
}

#[test]
fn every_parameter_that_a_form_offers_is_known() {
    for trigger in TRIGGERS {
        let file = file(trigger);
        for name in file["parameters"].as_object().unwrap().keys() {
            let params = Map::from_iter([(name.clone(), json!({}))]);
            let refusal = Schedule::parse(&trigger.parse().unwrap(), &params, None).unwrap_err();
            assert!(!refusal.message.contains("has no parameter"), "{trigger} {name}: {refusal}");
        }
        let unknown = Map::from_iter([("no_such_parameter".to_owned(), json!(1))]);
        Schedule::parse(&trigger.parse().unwrap(), &unknown, None).unwrap_err();
    }
}

#[test]
fn the_payload_of_an_event_is_what_the_trigger_promises() {
    for trigger in TRIGGERS {
        let file = file(trigger);
        let output = Schema::parse(&file["output"]).unwrap();
        for mut params in examples(&file) {
            params.insert("jitter_seconds".to_owned(), json!(1));
            params.insert("not_before".to_owned(), json!("2020-01-01T00:00:00Z"));
            params.insert("not_after".to_owned(), json!("2040-01-01T00:00:00Z"));
            let schedule =
                Schedule::parse(&trigger.parse().unwrap(), &params, None).unwrap().for_rule(RuleId(1));
            let mut payload = schedule.describe();
            let facts: Vec<String> = payload.keys().cloned().collect();
            let told = json!({
                "scheduled_at": "2026-03-28T00:00:10Z", "fired_at": "2026-03-28T00:00:10.003Z", "delay_ms": 3,
                "execution_count": 1, "next_fire_at": null, "misfired": true, "missed_count": 2,
                "sensor_ref": "core.timer_sensor",
            });
            payload.extend(told.as_object().unwrap().clone());
            let payload = Value::Object(payload);
            output.check(&payload).unwrap_or_else(|errors| panic!("{trigger} {payload}: {errors:?}"));
            for fact in facts {
                assert!(output.property(&fact).is_some(), "{trigger} does not promise {fact}");
            }
        }
    }
}
