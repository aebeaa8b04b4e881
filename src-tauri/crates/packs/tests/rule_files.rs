//! A rule goes to YAML and back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use model::{Ref, RuleBody};
use packs::{read_rule, write_rule};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::path::Path;

fn body(value: Value) -> RuleBody {
    serde_json::from_value(value).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    read_rule(Path::new("rule.yaml"), text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_is_written_for_people() {
    let rule = body(json!({
        "label": "Sort new invoices",
        "description": "",
        "trigger_ref": "core.file_changed",
        "trigger_params": {"path": "~/Downloads", "settle": 2, "version": "1.10"},
        "conditions": {"all": [
            {"field": "event.payload.name", "operator": "ends_with", "value": ".pdf"},
            {"none": [{"field": "event.payload.size", "operator": "less_than", "value": 20}]}]},
        "action_ref": "core.shell",
        "action_params": {"script": "set -e\nmv \"$1\" invoices/\n", "args": ["{{ event.payload.path }}"], "dry": "no"},
        "tags": ["files"],
    }));
    let name: Ref = "default.invoices".parse().unwrap();
    let text = write_rule(Some(&name), &rule).unwrap();
    insta::assert_snapshot!(text);
    let read = read_rule(Path::new("rule.yaml"), &text).unwrap();
    assert_eq!((read.r#ref, read.body, read.enabled), (Some(name), rule, false));
}

#[test]
fn files_of_either_dialect_are_read_and_what_is_wrong_has_a_place() {
    let text = "name: 1.10\ntrigger: core.intervaltimer # often\ntrigger_parameters: {interval: 5}\n\
                action: core.echo\naction_parameters:\n  message: no\nkeywords: [on, 2]\ntimeout: 30\nenabled: true\n";
    let read = read_rule(Path::new("rule.yaml"), text).unwrap();
    let expected = body(
        json!({"label": "1.10", "trigger_ref": "core.intervaltimer", "trigger_params": {"interval": 5},
        "action_ref": "core.echo", "action_params": {"message": "no"}, "tags": ["on", "2"], "timeout_seconds": 30}),
    );
    assert_eq!((read.r#ref, read.body, read.enabled), (None, expected, true));
    let wrong =
        "ref: Nope\nlabel: X\nname: Y\ntrigger_ref: nodot\naction_params: [1]\ntagz: []\nenabled: maybe\n";
    assert_eq!(
        faults(wrong),
        [
            "rule.yaml:3:1: error: `name` says the same as `label`; keep one",
            "rule.yaml:1:1: error: `action_ref` is missing",
            "rule.yaml:1:6: error: `ref`: `Nope` may not hold `N`: a pack is made of a to z, 0 to 9, _ and -",
            "rule.yaml:7:10: error: `enabled`: expected true or false",
            "rule.yaml:4:14: error: `trigger_ref`: `nodot` has no name: expected pack.name, such as core.echo",
            "rule.yaml:5:16: error: `action_params`: invalid type: sequence, expected a map",
            "rule.yaml:6:1: error: `tagz` is not known here; did you mean `tags`?",
        ]
    );
    assert_eq!(faults("label: [").len(), 1);
    assert_eq!(faults("- 1"), ["rule.yaml:1:1: error: expected the fields of a rule, found a list"]);
}

#[test]
fn a_rule_that_no_file_can_hold_is_not_written() {
    let deep = (0..70).fold(json!(1), |inner, _| Value::Array(vec![inner]));
    let rule = body(
        json!({"label": "x", "trigger_ref": "core.x", "action_ref": "core.x", "action_params": {"p": deep}}),
    );
    let message = write_rule(None, &rule).unwrap_err().message;
    assert_eq!(message, "the rule cannot be written as YAML: this lies deeper than 64 levels");
}

/// Texts that YAML could take for something else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "\\PC{0,12}",
        3 => "[-?:,\\[\\]{}#&*!|>'\"%@` .~=\\\\a0\\n\\t]{0,12}",
        1 => "[ \\n\\r\\t\\x00-\\x1f\\u{7f}-\\u{a0}\\u{2028}\\u{2029}\\u{feff}a]{0,6}",
        1 => prop::sample::select(vec![
            "no", "yes", "on", "off", "true", "True", "null", "~", "", "1.10", "010", "0x1F", "0o7", "1_000", "12:30",
            "1e3", ".5", "-.inf", ".nan", "2026-03-28", "=", "<<", "---", "...", "- a", "a: b", "a #b", "{{ x }}",
            "{{ event.payload.x }}", "%TAG", "!!str x", "&a", "*a", "|", ">-", "\u{1F600}", "a\n", "\na", "a\n\n", " a\n b",
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_text(), inner), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_map() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((any_text(), any_value()), 0..4).prop_map(|entries| entries.into_iter().collect())
}

fn any_body() -> impl Strategy<Value = RuleBody> {
    let texts = (any_text(), any_text(), prop::collection::vec(any_text(), 0..3));
    (texts, any_map(), any_value(), any_map(), any::<Option<u64>>()).prop_map(
        |((label, description, tags), trigger_params, conditions, action_params, timeout)| {
            body(json!({"label": label, "description": description, "tags": tags, "trigger_ref": "core.x",
                "trigger_params": trigger_params, "conditions": conditions, "action_ref": "core.y",
                "action_params": action_params, "timeout_seconds": timeout}))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_to_the_letter(body in any_body()) {
        let text = write_rule(None, &body);
        prop_assert!(text.is_ok(), "{:?}", text);
        let read = read_rule(Path::new("rule.yaml"), &text.unwrap()).unwrap();
        // Numbers keep their kind: `1.0` does not come back as `1`.
        prop_assert_eq!(serde_json::to_string(&read.body).unwrap(), serde_json::to_string(&body).unwrap());
    }
}
