//! What people write in a schema and in values, and what they are told.

use super::*;

fn interval() -> Schema {
    Schema::parse(&json!({
        "unit": {"type": "string", "enum": ["seconds", "minutes", "hours", "days"], "default": "seconds",
                 "required": true},
        "interval": {"type": "integer", "minimum": 1, "default": 60, "required": true},
        "anchor": {"type": "string", "format": "date-time"},
        "type": {"type": "string", "const": "interval"},
    }))
    .unwrap()
}

fn told(schema: &Schema, values: &Value) -> String {
    let errors = schema.check(values).err().unwrap_or_default();
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[test]
fn a_flat_form_becomes_one_json_schema() {
    let document = interval().document().clone();
    assert_eq!(document["type"], "object");
    assert_eq!(document["required"], json!(["unit", "interval"]));
    assert_eq!(document["properties"]["interval"], json!({"type": "integer", "minimum": 1, "default": 60}));
    assert_eq!(
        interval().properties().map(|(name, _)| name).collect::<Vec<_>>(),
        ["unit", "interval", "anchor", "type"]
    );
}

#[test]
fn a_whole_json_schema_means_the_same() {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "properties": {"size": {"type": "integer", "minimum": 0}}, "required": ["size"]});
    let flat = json!({"size": {"type": "integer", "minimum": 0, "required": true}});
    let (whole, flat) = (Schema::parse(&whole).unwrap(), Schema::parse(&flat).unwrap());
    assert_eq!(whole, flat);
    assert_eq!(told(&whole, &json!({"size": -1})), "size: expected at least 0, found -1\n");
}

#[test]
fn each_wrong_value_is_told_with_what_was_expected() {
    for (values, expected) in [
        (json!({"unit": "seconds", "interval": 10}), ""),
        (
            json!({"unit": "minuts", "interval": 1}),
            "unit: expected seconds, minutes, hours or days, found the text `minuts`; did you mean `minutes`?\n",
        ),
        (
            json!({"unit": 5, "interval": 0}),
            "unit: expected seconds, minutes, hours or days, found 5\ninterval: expected at least 1, found 0\n",
        ),
        (
            json!({"unit": "days", "interval": "10"}),
            "interval: expected a whole number, found the text `10`\n",
        ),
        (json!({"unit": "days", "interval": 1.5}), "interval: expected a whole number, found 1.5\n"),
        (json!({"unit": "days"}), "interval: is missing: expected a whole number of at least 1\n"),
        (
            json!({"unit": "days", "interval": 1, "intervall": 2}),
            "intervall: is not known; did you mean `interval`?\n",
        ),
        (
            json!({"unit": "days", "interval": 1, "colour": 2}),
            "colour: is not known; known are unit, interval, anchor, type\n",
        ),
        (
            json!({"unit": "days", "interval": 1, "anchor": "noon"}),
            "anchor: expected a time such as 2026-03-28T09:30:00+01:00, found the text `noon`\n",
        ),
        (
            json!({"unit": "days", "interval": 1, "type": "cron"}),
            "type: expected the text `interval`, found the text `cron`\n",
        ),
        (json!([1, 2]), "expected a map of names to values, found a list of 2 items\n"),
    ] {
        assert_eq!(told(&interval(), &values), expected, "{values}");
    }
}

#[test]
fn payloads_may_say_more_than_the_schema() {
    let values = json!({"unit": "days", "interval": 1, "more": true});
    interval().check_open(&values).unwrap();
    interval().check(&values).unwrap_err();
    let open =
        Schema::parse(&json!({"type": "object", "properties": {}, "additionalProperties": true})).unwrap();
    open.check(&values).unwrap();
}

#[test]
fn any_takes_every_object_and_the_empty_form_takes_no_value() {
    Schema::any().check(&json!({"x": [1]})).unwrap();
    Schema::any().check(&json!(3)).unwrap_err();
    let none = Schema::parse(&json!({})).unwrap();
    none.check(&json!({})).unwrap();
    assert_eq!(told(&none, &json!({"x": 1})), "x: is not known: nothing can be set here\n");
}

#[test]
fn defaults_fill_what_is_missing_and_nothing_else() {
    let given = Map::from_iter([("interval".to_owned(), json!(5))]);
    assert_eq!(Value::Object(interval().with_defaults(given)), json!({"interval": 5, "unit": "seconds"}));
}

#[test]
fn a_secret_is_never_repeated() {
    let schema =
        Schema::parse(&json!({"token": {"type": "string", "secret": true, "minLength": 20}})).unwrap();
    assert!(schema.is_secret("token") && !schema.is_secret("other"));
    assert_eq!(
        told(&schema, &json!({"token": "hunter2"})),
        "token: expected at least 20 characters, found what was given\n"
    );
}

#[test]
fn positions_order_the_properties() {
    let schema = Schema::parse(&json!({"b": {"type": "string", "position": 2}, "c": {"type": "string"},
        "a": {"type": "string", "position": 1}}))
    .unwrap();
    assert_eq!(schema.properties().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn values_that_are_not_known_yet_are_excused() {
    let template = |value: &Value| value.as_str().is_some_and(|text| text.contains("{{"));
    interval()
        .check_except(&json!({"unit": "days", "interval": "{{ event.payload.n }}"}), &template)
        .unwrap();
    let errors =
        interval().check_except(&json!({"unit": "dayz", "interval": "{{ x }}"}), &template).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    interval().check_except(&json!({"interval": "{{ x }}"}), &template).unwrap_err();
}

#[test]
fn a_wrong_schema_names_the_place() {
    for (schema, expected) in [
        (json!([]), "a schema is a map of names to descriptions"),
        (json!({"a": "string"}), "a: expected a description such as {type: string, description: …}"),
        (
            json!({"a": {"type": "int"}}),
            "a.type: `int` is not a type: expected string, number, integer, boolean, array or object; did you mean `integer`?",
        ),
        (
            json!({"a": {"type": "strin"}}),
            "a.type: `strin` is not a type: expected string, number, integer, boolean, array or object; did you mean `string`?",
        ),
        (
            json!({"a": {"type": "integer", "minimum": "1"}}),
            "a.minimum: expected a number, found the text `1`",
        ),
        (
            json!({"a": {"type": "integer", "default": "x"}}),
            "a.default: expected a whole number, found the text `x`",
        ),
        (json!({"a": {"required": "yes"}}), "a.required: expected true or false"),
        (json!({"a": {"secret": 1}}), "a.secret: expected true or false"),
        (
            json!({"type": "array", "items": {}}),
            "type: the values have names, so the type of the whole is `object`",
        ),
        (
            json!({"a": {"pattern": "(?=x)"}}),
            "a.pattern: the text `(?=x)` is not supported as a regular expression (no look-around, no back-reference, bounded size)",
        ),
        (
            json!({"a": {"pattern": "(a{1000}){1000}"}}),
            "a.pattern: the text `(a{1000}){1000}` is not supported as a regular expression (no look-around, no back-reference, bounded size)",
        ),
    ] {
        assert_eq!(Schema::parse(&schema).unwrap_err().to_string(), expected, "{schema}");
    }
}

#[test]
fn references_stay_inside_and_never_go_in_circles() {
    for target in ["http://127.0.0.1:1/x.json", "file:///etc/passwd", "other.json", "#name"] {
        let error = Schema::parse(&json!({"a": {"$ref": target}})).unwrap_err();
        assert!(error.message.contains("outside of this schema"), "{target}: {error}");
    }
    let circle = Schema::parse(&json!({"a": {"properties": {"b": {"$ref": "#/properties/a"}}}})).unwrap_err();
    assert!(circle.message.contains("leads back to itself"), "{circle}");
    let mut bomb = json!({"type": "object", "$defs": {"d0": {"type": "string"}}});
    for level in 1..40 {
        let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
        bomb["$defs"][format!("d{level}")] = json!({"allOf": [below, below]});
    }
    bomb["properties"] = json!({"a": {"$ref": "#/$defs/d39"}});
    let error = Schema::parse(&bomb).unwrap_err();
    assert!(error.message.contains("more than"), "{error}");
    let mut deep = json!({"type": "string"});
    for _ in 0..500 {
        deep = json!({"type": "object", "properties": {"x": deep}});
    }
    assert!(Schema::parse(&deep).unwrap_err().message.contains("levels deep"));
    let good = json!({"type": "object", "$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}});
    Schema::parse(&good).unwrap().check(&json!({"a": 1})).unwrap();
}

#[test]
fn a_hostile_pattern_costs_linear_time() {
    let schema = Schema::parse(&json!({"a": {"type": "string", "pattern": "^(a+)+$"}})).unwrap();
    schema.check(&json!({"a": "a".repeat(100_000) + "!"})).unwrap_err();
}

#[test]
fn keywords_that_mean_nothing_are_doubted_with_the_nearest_one() {
    let doubts = Schema::doubts(&json!({"a": {"type": "string", "minlength": 1, "colour": 2,
        "items": {"requird": true}}}));
    assert_eq!(
        doubts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "a.minlength: `minlength` means nothing here; did you mean `minLength`?",
            "a.colour: `colour` means nothing here",
            "a.items.requird: `requird` means nothing here; did you mean `required`?"
        ]
    );
}
