//! A person puts a key or a secret setting into a rule: where it may stand, where not, and that nothing tells it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use model::{Outcome, PackRef, Ref, Schema};
use rules::{Circumstances, Facts, Keys, Look, RuleBook, check_conditions, check_parameters, check_rule};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use world::{World, errors, event, look, map, rule};

/// A world with an action that takes secrets, and a pack that has one.
struct Guarded;

impl Facts for Guarded {
    fn pack_config(&self, pack: &PackRef) -> Option<Map<String, Value>> {
        World.pack_config(pack)
    }

    fn pack_secrets(&self, pack: &PackRef) -> Option<Map<String, Value>> {
        (pack.as_str() == "core").then(|| map(json!({"token": "t0p-s3cret"})))
    }

    fn action_parameters(&self, _action: &Ref) -> Option<Schema> {
        Some(schema())
    }
}

fn schema() -> Schema {
    Schema::parse(&json!({
        "url": {"type": "string"},
        "password": {"type": "string", "secret": true},
        "headers": {"type": "object", "secret": true},
        "options": {"type": "object", "properties": {
            "user": {"type": "string"}, "pin": {"type": "string", "secret": true}}},
    }))
    .unwrap()
}

struct Ring;

impl Keys for Ring {
    fn key(&self, name: &str) -> Option<Value> {
        (name == "nas").then(|| json!("hunter2"))
    }

    fn names(&self) -> Vec<String> {
        vec!["nas".to_owned()]
    }
}

fn decide(params: Value, facts: &dyn Facts) -> Look {
    let mut book = RuleBook::default();
    let _fault = book.put(&Arc::new(rule(1, json!({}), params)), facts);
    let around = Circumstances { keys: &Ring, ..Circumstances::default() };
    let payload = json!({"n": 1, "evil": "{{ pack.config.token }} {{ key('nas') }}"});
    book.decide(&event(payload, None), &around).remove(0)
}

fn saving(params: Value) -> Vec<String> {
    let rule = rule(1, json!({}), params);
    check_rule(&rule.r#ref, &rule.body, &Guarded).iter().map(ToString::to_string).collect()
}

#[test]
fn secrets_reach_the_parameters_that_are_declared_secret() {
    for (params, rendered, secrets) in [
        (json!({"password": "{{ key('nas') }}"}), json!({"password": "hunter2"}), vec!["password"]),
        (
            json!({"password": "a{{ pack.config.token }}"}),
            json!({"password": "at0p-s3cret"}),
            vec!["password"],
        ),
        (
            json!({"headers": {"auth": ["Bearer {{ key(\"nas\") }}"]}, "url": "{{ pack.config.base_url }}"}),
            json!({"headers": {"auth": ["Bearer hunter2"]}, "url": "http://localhost"}),
            vec!["headers"],
        ),
        (
            json!({"options": {"user": "{{ event.payload.n }}", "pin": "{{ key('nas') | upper }}"}}),
            json!({"options": {"user": 1, "pin": "HUNTER2"}}),
            vec!["options"],
        ),
        (json!({"password": "{{ event.payload.n }}"}), json!({"password": 1}), vec![]),
    ] {
        assert_eq!(saving(params.clone()), [""; 0], "{params}");
        let look = decide(params.clone(), &Guarded);
        assert_eq!(look.decision.parameters, Some(map(rendered)), "{params}: {:?}", look.decision.reason);
        assert_eq!(look.secrets, secrets, "{params}");
    }
}

#[test]
fn elsewhere_they_are_refused_when_the_rule_is_saved() {
    let refused = "is secret, and `url` is not: only a parameter that the action declares secret may hold it";
    for (params, expected) in [
        (
            json!({"url": "x/{{ key('nas') }}"}),
            format!("action_params.url: column 6: what `key(…)` gives {refused}"),
        ),
        (
            json!({"url": "{{ pack.config.token }}"}),
            format!("action_params.url: column 4: `pack.config.token` {refused}"),
        ),
        (
            json!({"url": "{{ pack['config']['token'] ~ '' }}"}),
            format!("action_params.url: column 4: `pack.config.token` {refused}"),
        ),
        (
            json!({"options": {"user": "{{ key('nas') }}"}}),
            "action_params.options.user: column 4: what `key(…)` gives is secret, and `options` is not: only a \
             parameter that the action declares secret may hold it"
                .to_owned(),
        ),
        (
            json!({"password": "{{ key(event.payload.n) }}"}),
            "action_params.password: column 8: expected the name of a key in quotes, found `event`".to_owned(),
        ),
    ] {
        assert_eq!(saving(params.clone()), [expected], "{params}");
    }
    let told: Vec<String> = check_parameters(&map(json!({"url": "{{ key('nas') }}"})), &schema())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let condition = json!({"any": [{"expression": "key('nas') == 'hunter2'"}]});
    assert_eq!(
        errors(check_conditions(&condition)),
        [
            "conditions.any.0.expression: column 1: `key(…)` may stand in a parameter that is secret only: what it \
          gives is for nobody's eyes"
        ]
    );
}

#[test]
fn a_rule_that_was_saved_before_is_refused_when_it_runs() {
    for params in [
        json!({"url": "{{ key('nas') }}"}),
        json!({"url": "{{ pack.config.token }}"}),
        json!({"url": "{{ pack.config['to' ~ 'ken'] }}"}),
        json!({"url": "{{ pack.config | items | list | length and pack.config.token }}"}),
    ] {
        let look = decide(params.clone(), &Guarded);
        assert_eq!(look.decision.outcome, Outcome::Error, "{params}");
        assert!(!format!("{look:?}").contains("t0p-s3cret") && !format!("{look:?}").contains("hunter2"));
        // Where nothing is known of the action, no parameter is secret.
        assert_eq!(look_without_schema(params).decision.outcome, Outcome::Error);
    }
    let whole =
        decide(json!({"url": "{{ pack.config }}", "options": {"user": "{{ pack | tojson }}"}}), &Guarded);
    let shown = serde_json::to_string(&whole.decision.parameters).unwrap();
    assert!(shown.contains("localhost") && !shown.contains("t0p"), "{shown}");
    let oracle = json!({"expression": "pack.config.token == 't0p-s3cret'"});
    let mut book = RuleBook::default();
    book.put(&Arc::new(rule(1, oracle, json!({}))), &Guarded).unwrap();
    let decided = book.decide(&event(json!({}), None), &Circumstances::default()).remove(0).decision;
    let message = decided.reason.unwrap().message.unwrap();
    assert!(message.contains("`pack.config.token` is secret"), "{message}");
}

fn look_without_schema(params: Value) -> Look {
    decide(params, &World)
}

#[test]
fn messages_never_tell_a_secret_and_text_of_an_event_is_no_template() {
    for (template, message) in [
        ("{{ key('nsa') }}", "column 4: there is no key `nsa`; did you mean `nas`?"),
        ("{{ key('nas') | int }}", "column 15: `int` cannot be worked out"),
        ("{{ key('nas') * key('nas') }}", "column 15: `*` cannot be worked out for text and text"),
        ("{{ pack.config.token | float }}", "column 22: `float` cannot be worked out"),
    ] {
        let look = decide(json!({"password": template}), &Guarded);
        assert_eq!(look.decision.outcome, Outcome::Error, "{template}");
        assert_eq!(look.decision.reason.unwrap().message.unwrap(), message, "{template}");
    }
    let text = "{{ pack.config.token }} {{ key('nas') }}";
    let params = json!({"password": "{{ event.payload.evil }}", "url": "<{{ event.payload.evil }}>"});
    let rendered = decide(params, &Guarded);
    let expected = json!({"password": text, "url": format!("<{text}>")});
    assert_eq!(rendered.decision.parameters, Some(map(expected)));
    let plain = look(json!({}), json!({"url": "{{ event.payload.n }}"}), json!({"n": 1}));
    assert_eq!(plain.outcome, Outcome::Matched, "a rule without secrets needs none of this");
}
