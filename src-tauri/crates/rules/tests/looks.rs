//! A person wrote a rule, an event came: what the rule made of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use model::{Decision, Outcome, RuleId, RuleState};
use proptest::prelude::*;
use rules::{Circumstances, RuleBook, check_conditions, eval_condition};
use serde_json::{Value, json};
use std::sync::Arc;
use world::{World, errors, event, look, rule};

/// `matched {parameters}`, or the outcome with its reason in one line.
fn told(decision: &Decision) -> String {
    let outcome = decision.outcome.as_str();
    if let Some(parameters) = &decision.parameters {
        return format!("{outcome} {}", Value::Object(parameters.clone()));
    }
    format!("{outcome} {}", serde_json::to_string(&decision.reason).unwrap())
}

#[test]
fn an_event_is_looked_at_by_the_enabled_rules_of_its_trigger_or_by_the_one_it_is_for() {
    let mut other = rule(3, json!({}), json!({}));
    other.body.trigger_ref = "core.webhook".parse().unwrap();
    let mut disabled = rule(2, json!({}), json!({}));
    disabled.state = RuleState::Disabled;
    let rules =
        [rule(4, json!([]), json!({})), rule(1, json!(null), json!({})), disabled, other].map(Arc::new);
    let (mut book, faults) = RuleBook::compile(&rules, &World);
    assert_eq!(faults, []);
    let who = |book: &RuleBook, target| {
        let decisions = book.decide(&event(json!({}), target), &Circumstances::default());
        decisions
            .iter()
            .map(|it| &it.decision)
            .map(|it| (it.rule.0, it.rule_version, it.outcome))
            .collect::<Vec<_>>()
    };
    assert_eq!(who(&book, None), [(1, 7, Outcome::Matched), (4, 7, Outcome::Matched)]);
    assert_eq!(who(&book, Some(4)), [(4, 7, Outcome::Matched)]);
    assert_eq!(who(&book, Some(2)), [(2, 7, Outcome::Disabled)]);
    assert_eq!(who(&book, Some(3)), [], "a rule of another trigger");
    assert_eq!(who(&book, Some(9)), [], "no rule");
    book.remove(RuleId(4));
    assert_eq!(who(&book, None), [(1, 7, Outcome::Matched)]);
    let mut moved = rule(1, json!({}), json!({}));
    moved.body.trigger_ref = "core.webhook".parse().unwrap();
    book.put(&Arc::new(moved), &World).unwrap();
    assert_eq!(who(&book, None), []);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn comparisons_are_typed_and_say_why_they_are_false() {
    let payload = json!({"size": 10, "name": "report.txt", "tags": ["a", "b"], "nested": {"deep": [{"x": null}]},
        "big": 9_007_199_254_740_993_i64, "ratio": 0.5, "flag": true, "a.b": 1});
    let leaf = |field: &str, operator: &str, value: Value| {
        let conditions = json!({"all": [{"field": field, "operator": operator, "value": value}]});
        let decision = look(conditions, json!({}), payload.clone());
        let message = decision.reason.and_then(|reason| reason.message);
        format!("{}{}", decision.outcome.as_str(), message.map(|it| format!(": {it}")).unwrap_or_default())
    };
    for (field, operator, value, expected) in [
        ("event.payload.size", "equals", json!(10), "matched"),
        ("event.payload.size", "equals", json!(10.0), "matched"),
        ("event.payload.size", "equals", json!("10"), "unmatched: a number is never equal to text"),
        ("event.payload.big", "equals", json!(9_007_199_254_740_992_i64), "unmatched"),
        ("event.payload.size", "not_equals", json!(11), "matched"),
        (
            "event.payload.siz",
            "not_equals",
            json!(11),
            "unmatched: `event.payload.siz` does not exist; did you mean `event.payload.size`?",
        ),
        ("event.payload.size", "less_than", json!(10), "unmatched"),
        ("event.payload.size", "less_than_or_equal", json!(10), "matched"),
        ("event.payload.size", "greater_than", json!(9.5), "matched"),
        ("event.payload.name", "greater_than_or_equal", json!("a"), "matched"),
        (
            "event.payload.name",
            "less_than",
            json!(3),
            "unmatched: `less_than` cannot compare text with a number",
        ),
        (
            "event.payload.tags",
            "less_than",
            json!(3),
            "unmatched: `less_than` cannot compare a list with a number",
        ),
        ("event.payload.tags", "contains", json!("a"), "matched"),
        ("event.payload.tags", "not_contains", json!("a"), "unmatched"),
        ("event.payload.name", "contains", json!("port"), "matched"),
        ("event.payload.nested", "contains", json!("deep"), "matched"),
        (
            "event.payload.size",
            "contains",
            json!("1"),
            "unmatched: `contains` cannot compare a number with text",
        ),
        ("event.payload.name", "starts_with", json!("report"), "matched"),
        ("event.payload.name", "ends_with", json!(".txt"), "matched"),
        (
            "event.payload.flag",
            "starts_with",
            json!("t"),
            "unmatched: `starts_with` cannot compare true or false with text",
        ),
        ("event.payload.name", "matches", json!("^re.*t$"), "matched"),
        (
            "event.payload.size",
            "matches",
            json!("1"),
            "unmatched: `matches` cannot compare a number with text",
        ),
        ("event.payload.size", "in", json!([9, 10]), "matched"),
        ("event.payload.size", "not_in", json!([9, 10]), "unmatched"),
        ("event.payload.ratio", "is_between", json!([0, 1]), "matched"),
        (
            "event.payload.size",
            "is_between",
            json!(["a", "b"]),
            "unmatched: `is_between` cannot compare a number with text",
        ),
        ("event.payload.nested.deep[0].x", "exists", json!(null), "matched"),
        ("event.payload.nested.deep.0.x", "equals", json!(null), "matched"),
        ("event.payload[\"a.b\"]", "equals", json!(1), "matched"),
        ("event.payload.none", "exists", json!(null), "unmatched"),
        ("event.payload.none", "not_exists", json!(null), "matched"),
        (
            "event.payload.name.more",
            "equals",
            json!(1),
            "unmatched: `event.payload.name.more` does not exist",
        ),
        ("event.trigger", "equals", json!("core.file_changed"), "matched"),
        ("event.id", "equals", json!(42), "matched"),
        ("event.created", "starts_with", json!("2026-03-28"), "matched"),
    ] {
        assert_eq!(leaf(field, operator, value.clone()), expected, "{field} {operator} {value}");
    }
}

#[test]
fn the_first_false_condition_is_the_reason_with_the_values_on_both_sides() {
    let conditions = json!({"all": [
        {"field": "event.payload.kind", "operator": "equals", "value": "file"},
        {"any": [
            {"field": "event.payload.size", "operator": "greater_than", "value": 100},
            {"field": "event.payload.name", "operator": "ends_with", "value": ".pdf"},
        ]},
        {"none": [{"field": "event.payload.name", "operator": "starts_with", "value": "."}]},
    ]});
    let look = |payload| told(&look(conditions.clone(), json!({}), payload));
    insta::assert_snapshot!(look(json!({"kind": "file", "size": 200, "name": "a.txt"})), @"matched {}");
    insta::assert_snapshot!(look(json!({"kind": "folder", "size": 200, "name": "a"})), @r#"unmatched {"path":"all.0","field":"event.payload.kind","operator":"equals","expected":"file","actual":"folder"}"#);
    insta::assert_snapshot!(look(json!({"kind": "file", "size": 20, "name": "a"})), @r#"unmatched {"path":"all.1.any.0","field":"event.payload.size","operator":"greater_than","expected":100,"actual":20,"message":"none of the 2 conditions holds"}"#);
    insta::assert_snapshot!(look(json!({"kind": "file", "size": 200, "name": ".a"})), @r#"unmatched {"path":"all.2.none.0","field":"event.payload.name","operator":"starts_with","expected":".","actual":".a","message":"this holds, and it must not"}"#);
    insta::assert_snapshot!(look(json!({})), @r#"unmatched {"path":"all.0","field":"event.payload.kind","operator":"equals","expected":"file","message":"`event.payload.kind` does not exist"}"#);
}

#[test]
fn an_expression_is_a_condition_too() {
    let look = |source: &str, payload| told(&look(json!({"expression": source}), json!({}), payload));
    assert_eq!(
        look("event.payload.size > 3 and event.payload.name is string", json!({"size": 4, "name": "x"})),
        "matched {}"
    );
    insta::assert_snapshot!(look("event.payload.size > 3", json!({"size": 1})), @r#"unmatched {"path":"expression","message":"the expression is false"}"#);
    insta::assert_snapshot!(look("event.payload.siz", json!({"size": 1})), @r#"unmatched {"path":"expression","message":"column 1: `event.payload.siz` does not exist; did you mean `event.payload.size`?; `| default(…)` gives a value in its place"}"#);
    insta::assert_snapshot!(look("event.payload.size / 0 > 1", json!({"size": 1})), @r#"error {"path":"expression","message":"column 20: a number cannot be divided by zero"}"#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_conditions_are_refused_with_their_place() {
    let deep = (0..100).fold(json!({"all": []}), |inner, _| json!({"all": [inner]}));
    let many = json!({"all": vec![json!({"field": "event.id", "operator": "exists"}); 1_001]});
    for (conditions, expected) in [
        (
            json!("x"),
            "conditions: expected a tree of all, any and none, a list, or {expression: …}, found text",
        ),
        (json!({"al": []}), "conditions: `al` is not known here; did you mean `all`?"),
        (json!({"all": {}}), "conditions.all: expected a list of conditions, found a map"),
        (
            json!({"all": [], "any": []}),
            "conditions: expected exactly one of all, any, none, expression, or {field, operator, value}",
        ),
        (
            json!({"all": [{"field": "event.payload.x", "operator": "equal", "value": 1}]}),
            "conditions.all.0.operator: there is no operator `equal`; did you mean `equals`?",
        ),
        (
            json!({"all": [{"field": "event.payload.x", "operator": "changed", "value": 3}]}),
            "conditions.all.0.value: `changed` takes no value: it compares with the event before",
        ),
        (
            json!({"all": [{"field": "size", "operator": "equals", "value": 1}]}),
            "conditions.all.0.field: `size` is no path into an event; did you mean `event.payload.size`?",
        ),
        (
            json!({"all": [{"field": "event.paylod.x", "operator": "exists"}]}),
            "conditions.all.0.field: an event has no `paylod`; did you mean `event.payload`?",
        ),
        (
            json!({"all": [{"field": "event.payload..x", "operator": "exists"}]}),
            "conditions.all.0.field: `event.payload..x` is no path: a name is missing between its dots",
        ),
        (
            json!([{"operator": "exists"}]),
            "conditions.all.0: `field` is missing: expected a path such as event.payload.size",
        ),
        (json!([{"field": "x"}]), "conditions.all.0: `operator` is missing: expected one such as equals"),
        (json!([{"field": "x", "operator": "equals"}]), "conditions.all.0.value: `equals` needs a value"),
        (
            json!([{"field": "x", "operator": "in", "value": 3}]),
            "conditions.all.0.value: `in` needs a list of values, found a number",
        ),
        (
            json!([{"field": "x", "operator": "is_between", "value": [3, 1]}]),
            "conditions.all.0.value: `is_between` needs a list of two numbers or two texts, the smaller one first",
        ),
        (
            json!([{"field": "x", "operator": "less_than", "value": [1]}]),
            "conditions.all.0.value: `less_than` needs a number or text, found a list",
        ),
        (
            json!([{"field": "x", "operator": "matches", "value": "(?=x)"}]),
            "conditions.all.0.value: look-around and back-references are not supported in regular expressions",
        ),
        (
            json!([{"field": "x", "operator": "matches", "value": "(x)\\1"}]),
            "conditions.all.0.value: look-around and back-references are not supported in regular expressions",
        ),
        (
            json!([{"field": "x", "operator": "matches", "value": "(a{1000}){1000}"}]),
            "conditions.all.0.value: the regular expression is too large",
        ),
        (
            json!([{"field": "x", "operator": "matches", "value": "("}]),
            "conditions.all.0.value: this is no regular expression: unclosed group",
        ),
        (
            json!([{"field": "x", "operator": "equals", "valu": 1}]),
            "conditions.all.0: `valu` is not known here; did you mean `value`?",
        ),
        (
            json!({"expression": "event.payload.size >"}),
            "conditions.expression: column 21: expected a value, found the end of the expression",
        ),
        (
            json!({"expression": "evnt.payload"}),
            "conditions.expression: column 1: `evnt` is not known; did you mean `event`?",
        ),
        (
            json!({"expression": 3}),
            "conditions.expression: expected text such as event.payload.size > 3, found a number",
        ),
        (deep, "conditions: the conditions lie deeper than 64 levels"),
        (many, "conditions: a rule has at most 1000 conditions"),
    ] {
        assert_eq!(errors(check_conditions(&conditions)), [expected], "{conditions}");
    }
}

#[test]
fn a_regular_expression_that_would_backtrack_for_ever_does_not() {
    let conditions = json!([{"field": "text", "operator": "matches", "value": "(a+)+$"}]);
    let decision = look(conditions.clone(), json!({}), json!({"text": "a".repeat(1024 * 1024 - 1) + "!"}));
    assert_eq!(decision.outcome, Outcome::Unmatched);
    let decision = look(conditions, json!({}), json!({"text": "a".repeat(1024 * 1024 + 1)}));
    assert!(decision.reason.unwrap().message.unwrap().contains("too long for `matches`"));
}

#[test]
fn a_faulty_rule_is_told_and_decides_error() {
    let mut book = RuleBook::default();
    let wrong = rule(5, json!({"expression": "1 +"}), json!({"p": "{{ x }}"}));
    let fault = book.put(&Arc::new(wrong), &World).unwrap_err();
    assert_eq!(fault.rule, RuleId(5));
    assert_eq!(
        fault.errors.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(),
        ["conditions.expression", "action_params.p"]
    );
    let decision = book.decide(&event(json!({}), None), &Circumstances::default()).remove(0).decision;
    assert_eq!(
        (decision.outcome, decision.reason.unwrap().path.as_str()),
        (Outcome::Error, "conditions.expression")
    );
}

#[test]
fn conditions_can_be_asked_about_an_event_that_is_not_recorded() {
    let conditions = json!([{"field": "size", "operator": "greater_than", "value": 3}]);
    let around = Circumstances::default();
    let ask = |payload| eval_condition(&conditions, &json!({"payload": payload}), None, &around).unwrap();
    let looked = ask(json!({"size": 4}));
    assert_eq!((looked.outcome, looked.reason), (Outcome::Matched, None));
    let looked = ask(json!({"size": 2}));
    let reason = looked.reason.unwrap();
    assert_eq!(looked.outcome, Outcome::Unmatched);
    assert_eq!((reason.path.as_str(), reason.actual), ("all.0", Some(json!(2))));
    eval_condition(&json!(3), &json!({}), None, &around).unwrap_err();
}

#[test]
fn large_values_are_not_copied_into_reasons() {
    let conditions = json!([{"field": "v", "operator": "equals", "value": 1}]);
    for payload in [json!({"v": "x".repeat(100_000)}), json!({"v": vec![1; 10_000]})] {
        let reason = look(conditions.clone(), json!({}), payload).reason.unwrap();
        assert!(reason.actual.unwrap().to_string().len() < 600);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        (-3.0..3.0_f64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        prop::collection::vec((-2..3_i64).prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({"a": 1})),
    ]
}

fn any_leaf() -> impl Strategy<Value = (String, String, Value)> {
    ("[abc](\\.[ab])?", prop::sample::select(rules::OPERATORS.to_vec()), any_value())
        .prop_map(|(field, operator, value)| (field, operator.to_owned(), value))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_flat_list_is_a_tree_of_all_and_every_look_is_the_same(
        leaves in prop::collection::vec(any_leaf(), 1..4),
        payload in prop::collection::hash_map("[abc]", any_value(), 0..4),
    ) {
        let list = |prefix: &str| leaves.iter().map(|(field, operator, value)| {
            json!({"field": format!("{prefix}{field}"), "operator": operator, "value": value})
        }).collect::<Vec<_>>();
        let (flat, tree) = (json!(list("")), json!({"all": list("event.payload.")}));
        let payload = json!(payload);
        let (first, second) = (look(flat.clone(), json!({}), payload.clone()), look(tree, json!({}), payload.clone()));
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(&first, &look(flat, json!({}), payload));
        if first.outcome == Outcome::Unmatched {
            let reason = first.reason.unwrap();
            prop_assert!(reason.path.starts_with("all.") && reason.field.is_some());
        }
    }

    #[test]
    fn no_text_at_all_makes_a_template_panic(text in "[-{}%|*().\\[\\]'\"a-e0-3 ~+,:é\\\\]{0,40}") {
        let source = format!("{{{{{text}}}}}");
        let _decision = look(json!({"expression": text}), json!({"p": source, "q": text}), json!({"a": 1}));
    }
}

#[test]
fn an_event_that_says_nothing_matches_nothing_and_breaks_nothing() {
    for payload in [json!({}), json!(null), json!([]), json!("x"), json!(5), json!({"size": null})] {
        for conditions in [
            json!([{"field": "size", "operator": "greater_than", "value": 1}]),
            json!({"any": [{"field": "event.payload.size", "operator": "less_than", "value": 1}]}),
            json!({"expression": "event.payload.size > 1"}),
            json!({"expression": "event.payload.size + 1"}),
            json!({"expression": "event.payload.size | upper and event.payload.more"}),
        ] {
            let decision =
                look(conditions.clone(), json!({"p": "{{ event.payload.size }}"}), payload.clone());
            assert_eq!(decision.outcome, Outcome::Unmatched, "{conditions} on {payload}");
            assert!(decision.reason.is_some());
        }
    }
}
