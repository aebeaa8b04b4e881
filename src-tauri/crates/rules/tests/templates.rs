//! A person wrote a template: what it renders to, and how little harm a hostile one does.

mod world;

use model::Outcome;
use rules::{check_parameters, check_templates};
use serde_json::json;
use world::{errors, look, map};

#[test]
fn templates_keep_their_type_alone_and_make_text_among_text() {
    let payload = json!({"n": 7, "big": 18_446_744_073_709_551_615_u64, "half": 0.5, "list": [1, {"b": 1, "a": 2}],
        "none": null, "name": "Zoë \"x\"", "evil": "{{ pack.config.base_url }}", "ok": true});
    for (template, expected) in [
        (json!("{{ event.payload.n }}"), json!(7)),
        (json!("{{event.payload.big}}"), json!(18_446_744_073_709_551_615_u64)),
        (json!("{{ event.payload.half }}"), json!(0.5)),
        (json!("{{ event.payload.list }}"), json!([1, {"b": 1, "a": 2}])),
        (json!("{{ event.payload.none }}"), json!(null)),
        (json!("{{ event.payload.ok }}"), json!(true)),
        (json!("n = {{ event.payload.n }}"), json!("n = 7")),
        (json!(" {{ event.payload.n }}"), json!(" 7")),
        (json!("{{ event.payload.n }}{{ event.payload.n }}"), json!("77")),
        (json!("{{ event.payload.list }}."), json!("[1,{\"b\":1,\"a\":2}].")),
        (json!("<{{ event.payload.name }}>"), json!("<Zoë \"x\">")),
        (json!("a  {{- event.payload.n -}}  b"), json!("a7b")),
        (json!("{{ event.payload.evil }}"), json!("{{ pack.config.base_url }}")),
        (json!("{{ event.payload.missing | default('x') }}"), json!("x")),
        (json!("{{ event.payload.n * 2 + 1 }}"), json!(15)),
        (json!("{{ (event.payload.n + 1) * event.payload.half }}"), json!(4.0)),
        (json!("{{ event.payload.list | length * 3 }}"), json!(6)),
        (json!("{{ event.payload.list[0] * 3 }}"), json!(3)),
        (json!("{{ 'big' if event.payload.n > 5 else 'small' }}"), json!("big")),
        (json!("{{ {'a': {'b': event.payload.n}} }}"), json!({"a": {"b": 7}})),
        (json!("{{ '}}' }}"), json!("}}")),
        (json!("{{ '{{' }}"), json!("{{")),
        (
            json!("{{ event.id }} {{ event.trigger }} {{ event.created }}"),
            json!("42 core.file_changed 2026-03-28T00:00:10Z"),
        ),
        (json!("{{ pack.config.retries }}"), json!(3)),
        (
            json!("{{ system.rule.ref }} {{ system.rule.id }} {{ system.timestamp }}"),
            json!("default.rule_1 1 2026-03-28T00:00:10Z"),
        ),
        (
            json!({"deep": ["{{ event.payload.n }}", {"x": "{{ event.payload.ok }}"}], "plain": 1}),
            json!({"deep": [7, {"x": true}], "plain": 1}),
        ),
        (json!("date +%s; printf '{%s}' ${x%y} ${#x}"), json!("date +%s; printf '{%s}' ${x%y} ${#x}")),
        (json!("{{ event.payload.list | tojson }}"), json!("[1,{\"b\":1,\"a\":2}]")),
        (json!("{{ event.payload.name | upper }}"), json!("ZOË \"X\"")),
        (json!("{{ event.payload.list | map(attribute='a') | list | length }}"), json!(2)),
        (json!("{{ event.payload.n is even }}"), json!(false)),
        (json!("{{ event.payload.n is not divisibleby(2) }}"), json!(true)),
        (json!("{{ event.payload.n not in [1, 2] }}"), json!(true)),
        (json!("{{ '3' == 3 }}"), json!(false)),
    ] {
        let decision = look(json!({}), json!({"p": template}), payload.clone());
        assert_eq!(decision.parameters, Some(map(json!({"p": expected}))), "{template}: {decision:?}");
    }
}

#[test]
fn a_template_that_cannot_be_worked_out_says_which_name_does_not_exist() {
    for (template, expected) in [
        (
            "{{ event.payload.nam }}",
            "column 4: `event.payload.nam` does not exist; did you mean `event.payload.name`?",
        ),
        (
            "{{ [event.payload.nam] }}",
            "column 5: `event.payload.nam` does not exist; did you mean `event.payload.name`?",
        ),
        ("{{ event.payload.a.b.c }}", "column 4: `event.payload.a` does not exist"),
        (
            "x {{ pack.config.retris }}",
            "column 6: `pack.config.retris` does not exist; did you mean `pack.config.retries`?",
        ),
        ("{{ event.payload.list[9] }}", "column 4: `event.payload.list[9]` does not exist"),
        ("{{ event.payload.list * 3 }}", "column 23: `*` cannot be worked out for a list and a number"),
        ("{{ 9 ** 999 }}", "column 6: the result is too large for a number"),
    ] {
        let decision = look(json!({}), json!({"q": [template]}), json!({"name": "x", "list": [1]}));
        let reason = decision.reason.unwrap_or_default();
        assert_eq!(decision.outcome, Outcome::Error, "{template}");
        assert_eq!(reason.path, "action_params.q.0", "{template}");
        let message = reason.message.unwrap();
        assert!(message.starts_with(expected), "{template}: {message}");
    }
}

#[test]
fn wrong_templates_are_refused_with_place_and_column() {
    for (template, expected) in [
        ("é {{ evnt.payload }}", "action_params.p: column 6: `evnt` is not known; did you mean `event`?"),
        (
            "{{ event.payloads.x }}",
            "action_params.p: column 4: `event.payloads` does not exist; did you mean `event.payload`?",
        ),
        (
            "{{ system.rule.name }}",
            "action_params.p: column 4: `system.rule.name` does not exist; did you mean `system.rule.id`?",
        ),
        (
            "{{ event.payload.x | uper }}",
            "action_params.p: column 22: there is no filter `uper`; did you mean `upper`?",
        ),
        (
            "{{ event.payload.x is evn }}",
            "action_params.p: column 23: there is no test `evn`; did you mean `even`?",
        ),
        ("{{ }}", "action_params.p: column 3: the expression is empty"),
        ("docker --format '{{.Names}}'", "action_params.p: column 20: expected a value, found `.`"),
        (
            "{{ event.payload.x",
            "action_params.p: column 1: `{{` has no `}}`; where the braces themselves are meant, write {{ '{{' }}",
        ),
        (
            "{% if x %}y{% endif %}",
            "action_params.p: column 1: statements such as {% if %} are not supported; write {{ a if b else c }}",
        ),
        (
            "{{ 'x }}",
            "action_params.p: column 1: `{{` has no `}}`; where the braces themselves are meant, write {{ '{{' }}",
        ),
    ] {
        let found = errors(check_templates(&map(json!({"p": template}))));
        assert_eq!(found, [expected], "{template}");
    }
}

#[test]
fn parameters_are_checked_where_they_are_known_already() {
    let schema =
        model::Schema::parse(&json!({"message": {"type": "string", "required": true, "default": "hi"},
        "count": {"type": "integer", "minimum": 1}}))
        .unwrap();
    let told =
        |params| check_parameters(&map(params), &schema).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(json!({})), [""; 0]);
    assert_eq!(told(json!({"count": "{{ event.payload.n }}"})), [""; 0]);
    assert_eq!(told(json!({"count": 0})), ["action_params.count: expected at least 1, found 0"]);
    assert_eq!(told(json!({"mesage": "x"})), ["action_params.mesage: is not known; did you mean `message`?"]);
}
