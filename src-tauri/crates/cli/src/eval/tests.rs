//! Lines in, lines out.

use super::*;

fn ask_all(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    run(input, &mut output).unwrap();
    String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ask_one(input: &str) -> Value {
    let mut answers = ask_all(input.as_bytes());
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

#[test]
fn a_schedule_tells_its_fires() {
    let answer = ask_one(
        r#"{"id":1,"do":"schedule","trigger_ref":"core.intervaltimer","trigger_params":{"interval":10},"after":"2026-03-28T00:00:00Z","count":2}"#,
    );
    let expected = r#"{"id":1,"ok":true,"fires":[{"at":"2026-03-28T00:00:10Z","note":null},{"at":"2026-03-28T00:00:20Z","note":null}]}"#;
    assert_eq!(answer.to_string(), expected);
}

#[test]
fn local_times_are_told_as_instants_with_what_a_clock_change_does_to_them() {
    let ask = |expression: &str| {
        let question = json!({
            "id": 1, "do": "schedule", "trigger_ref": "core.crontimer", "after": "2026-03-28T12:00:00Z", "count": 2,
            "trigger_params": {"expression": expression, "timezone": "Europe/Berlin"},
        });
        ask_one(&question.to_string())
    };
    let skipped = "02:30 is skipped as clocks go forward. Fires at 03:00, the first moment after.";
    assert_eq!(
        ask("30 2 * * *")["fires"],
        json!([{"at": "2026-03-29T01:00:00Z", "note": skipped}, {"at": "2026-03-30T00:30:00Z", "note": null}])
    );
    let error = &ask("0 0 8 * * MOM")["error"];
    assert_eq!(error["field"], "expression");
    assert_eq!(error["message"], "weekday `MOM` at column 11: did you mean `MON`?");
}

#[test]
fn what_is_wrong_is_named_by_field() {
    let base = json!({
        "id": "x", "do": "schedule", "trigger_ref": "core.intervaltimer",
        "trigger_params": {"interval": 10}, "after": "2026-03-28T00:00:00Z", "count": 5,
    });
    for (field, value, reported, part) in [
        ("do", json!(3), "do", "expected a text"),
        ("trigger_ref", json!("core.intervaltimr"), "trigger_ref", "core.intervaltimer"),
        ("trigger_ref", json!("nodot"), "trigger_ref", "expected pack.name"),
        ("trigger_params", json!([]), "trigger_params", "expected an object"),
        ("trigger_params", json!({"interval": 0}), "interval", "at least 1"),
        ("trigger_params", json!({"interval": "60"}), "interval", "whole number"),
        ("trigger_params", json!({"interval": 5, "unit": "minuts"}), "unit", "minutes"),
        ("trigger_params", json!({}), "interval", "missing"),
        ("after", json!("yesterday"), "after", "is not a time"),
        ("after", json!(null), "after", "expected a text"),
        ("count", json!(0), "count", "from 1 to 1000"),
        ("count", json!(1001), "count", "from 1 to 1000"),
        ("count", json!("5"), "count", "from 1 to 1000"),
        ("cuont", json!(5), "cuont", "did you mean `count`?"),
    ] {
        let mut question = base.clone();
        question[field] = value;
        let answer = ask_one(&question.to_string());
        assert_eq!(answer["id"], "x");
        assert_eq!(answer["ok"], false);
        assert_eq!(answer["error"]["code"], "invalid");
        assert_eq!(answer["error"]["field"], reported, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    }
    let mut question = base;
    question.as_object_mut().unwrap().shift_remove("after");
    assert_eq!(ask_one(&question.to_string())["error"]["field"], "after");
}

#[test]
fn no_line_ends_the_conversation() {
    let mut input =
        b"\n  \r\n{\"id\":1,\n[]\n\xff\xfe\n{\"id\":7,\"do\":\"schedule\",\"x\":1e400}\n".to_vec();
    input.extend(std::iter::repeat_n(b'[', 3 * limits::BODY_BYTES));
    input.push(b'\n');
    input.extend_from_slice(b"{\"id\":9}");
    let answers = ask_all(&input);
    let ids: Vec<String> = answers.iter().map(|answer| answer["id"].to_string()).collect();
    assert_eq!(ids, ["null", "null", "null", "7", "null", "9"]);
    assert!(answers.iter().all(|answer| answer["ok"] == false && answer["error"]["code"] == "invalid"));
    assert_eq!(answers[0]["error"]["column"], 8);
    assert!(answers[4]["error"]["message"].as_str().unwrap().contains("at most 1048576 bytes"));
}

#[test]
fn conditions_say_whether_they_hold_and_why_not() {
    for (question, expected) in [
        (
            json!({"conditions": {"all": [
                {"field": "event.payload.kind", "operator": "equals", "value": "file"},
                {"field": "event.payload.size", "operator": "greater_than", "value": 5}]},
                "event": {"payload": {"kind": "file", "size": 10}}}),
            json!({"id": 1, "ok": true, "matched": true, "outcome": "matched"}),
        ),
        (
            json!({"conditions": [
                {"field": "kind", "operator": "exists"},
                {"field": "size", "operator": "equals", "value": 10}],
                "event": {"payload": {"kind": "file", "size": "10"}}}),
            json!({"id": 1, "ok": true, "matched": false, "outcome": "unmatched", "reason": {
                "path": "all.1", "field": "event.payload.size", "operator": "equals", "expected": 10,
                "actual": "10", "message": "text is never equal to a number"}}),
        ),
        (
            json!({"conditions": {"expression": "event.payload.n / 0"}, "event": {"payload": {"n": 1}}}),
            json!({"id": 1, "ok": true, "matched": false, "outcome": "error", "reason": {
                "path": "expression", "message": "column 17: a number cannot be divided by zero"}}),
        ),
        (
            json!({"conditions": [{"field": "n", "operator": "changed"}],
                "event": {"payload": {"n": 1}}, "previous": {"payload": {"n": 2}}}),
            json!({"id": 1, "ok": true, "matched": true, "outcome": "matched"}),
        ),
        (
            json!({"conditions": [{"operator": "time_between", "value": ["22:00", "06:00"]}],
                "event": {"payload": {}, "created": "2026-03-28T21:30:00Z"}, "timezone": "Europe/Berlin"}),
            json!({"id": 1, "ok": true, "matched": true, "outcome": "matched"}),
        ),
        (
            json!({"conditions": [{"field": "n", "operator": "matches", "value": "(?=a)"}],
                "event": {"payload": {}}}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "conditions.all.0.value",
                "message": "look-around and back-references are not supported in regular expressions"}}),
        ),
        (
            json!({"conditions": []}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "event",
                "message": "missing: expected the event, such as {\"payload\": …}"}}),
        ),
    ] {
        let mut asked = json!({"id": 1, "do": "condition"});
        asked.as_object_mut().unwrap().extend(question.as_object().unwrap().clone());
        assert_eq!(ask_one(&asked.to_string()), expected, "{asked}");
    }
}

#[test]
fn templates_and_expressions_are_worked_out_with_the_names_that_are_given() {
    let context = json!({"event": {"payload": {"n": 7, "name": "Zoë"}}, "task": {"exit_code": 0}});
    for (part, expected) in [
        (
            json!({"do": "render", "template": {"a": ["{{ event.payload.n }}", "n={{ event.payload.n }}"], "b": 1}}),
            json!({"id": 1, "ok": true, "value": {"a": [7, "n=7"], "b": 1}}),
        ),
        (
            json!({"do": "render", "template": "{{ task.exit_cod }}"}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "template", "line": 1, "column": 4,
                "message": "`task.exit_cod` does not exist; did you mean `task.exit_code`?; `| default(…)` gives a value in its place"}}),
        ),
        (
            json!({"do": "render", "template": {"x": ["a\n {{ 1 + }}"]}}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "template.x.0", "line": 2, "column": 8,
                "message": "expected a value, found the end of the expression"}}),
        ),
        (
            json!({"do": "expression", "expression": "event.payload.n > 3 and task.exit_code == 0"}),
            json!({"id": 1, "ok": true, "value": true}),
        ),
        (
            json!({"do": "expression", "expression": "evnt.payload"}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "expression", "line": 1, "column": 1,
                "message": "`evnt` does not exist; did you mean `event`?; `| default(…)` gives a value in its place"}}),
        ),
        (
            json!({"do": "expression", "expression": "key('x')"}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "expression", "line": 1, "column": 1,
                "message": "`key(…)` may stand in a parameter that is secret only: what it gives is for nobody's eyes"}}),
        ),
        (
            json!({"do": "expression"}),
            json!({"id": 1, "ok": false, "error": {"code": "invalid", "field": "expression",
                "message": "missing: expected an expression, such as event.payload.size > 3"}}),
        ),
    ] {
        let mut asked = json!({"id": 1, "context": context});
        asked.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        assert_eq!(ask_one(&asked.to_string()), expected, "{asked}");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    for (asked, part) in [
        ("shedule", "did you mean `schedule`?"),
        ("dance", "expected schedule, condition, render, expression"),
    ] {
        let answer = ask_one(&json!({"id": 1, "do": asked}).to_string());
        assert_eq!(answer["error"]["code"], "unknown_operation");
        assert_eq!(answer["error"]["field"], "do");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    }
}
