//! What templates and expressions give, one line each, and that they are the library's language.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use minijinja::value::Serde;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn context() -> Map<String, Value> {
    let context = json!({
        "n": 7, "neg": -3, "half": 0.5, "zero": 0, "big": 18_446_744_073_709_551_615_u64,
        "yes": true, "no": false, "nil": null, "s": "report.txt", "e": "", "num": "3", "uni": "Grüße",
        "list": [3, 1, 2], "mixed": ["a", 1, null, [2]], "el": [], "map": {"b": 1, "a": {"c": "x"}}, "em": {},
        "rows": [{"name": "x", "size": 2}, {"name": "y", "size": 5}], "evil": "{{ n }} {% if %}", "a b": 1,
        "event": {"payload": {"name": "Zoë", "items": [{"id": 4}]}},
    });
    context.as_object().cloned().unwrap()
}

/// The value as JSON, or `!` and where and why not.
fn check(template: &str) -> String {
    match rules::render(&json!(template), &context()) {
        Ok(value) => value.to_string(),
        Err(fault) => format!("! {}: {}", fault.place.unwrap(), fault.message),
    }
}

#[test]
fn every_template_gives_what_the_table_says() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in include_str!("tables/templates.txt").lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        rows += 1;
        let (template, expected) = line.split_once(" => ").unwrap();
        let found = check(template).replace("; `| default(…)` gives a value in its place", "");
        if found != expected {
            wrong.push(format!("{template} => {found}"));
        }
    }
    assert!(rows >= 100, "{rows} rows");
    assert!(wrong.is_empty(), "{} rows are otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

/// Expressions of numbers, so that every operator is defined.
fn any_number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..20_i64).prop_map(|number| number.to_string()),
        Just("n".to_owned()),
        Just("neg".to_owned()),
        Just("half".to_owned()),
        Just("list[1]".to_owned()),
        Just("rows[0].size".to_owned()),
        Just("list[-1]".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            4 => (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "//", "%"]), inner.clone())
                .prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("-{a}")),
            1 => inner.clone().prop_map(|a| format!("{a} | abs")),
            1 => (inner.clone(), 0..3_u8).prop_map(|(a, b)| format!("({a}) ** {b}")),
            1 => (inner.clone(), any_truth_of(inner.clone()), inner)
                .prop_map(|(a, c, b)| format!("({a} if {c} else {b})")),
        ]
    })
}

fn any_truth_of(number: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let compare =
        (number.clone(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), number.clone())
            .prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let leaf = prop_oneof![
        compare,
        (number.clone(), number.clone(), number).prop_map(|(a, b, c)| format!("{a} < {b} <= {c}")),
        Just("yes".to_owned()),
        Just("no".to_owned()),
        Just("'port' in s".to_owned()),
        Just("n not in list".to_owned()),
        Just("n is odd".to_owned()),
        Just("n is not divisibleby 7".to_owned()),
        Just("s is string".to_owned()),
    ];
    leaf.prop_recursive(3, 20, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            inner.clone().prop_map(|a| format!("not {a}")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("s".to_owned()),
        Just("uni".to_owned()),
        Just("e".to_owned()),
        Just("'it\\'s'".to_owned()),
        Just("\"a\\u00e9\\n\"".to_owned()),
        Just("event.payload.name".to_owned()),
        Just("n".to_owned()),
        Just("rows[1]['name']".to_owned()),
    ];
    leaf.prop_recursive(4, 20, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} ~ {b}")),
            inner.clone().prop_map(|a| format!("({a}) | upper")),
            inner.clone().prop_map(|a| format!("({a}) | replace('e', '3')")),
            (inner.clone(), -4..5_i8, -4..9_i8, prop::sample::select(vec![1, 2, -1]))
                .prop_map(|(a, b, c, step)| format!("(({a}) | string)[{b}:{c}:{step}]")),
            inner.clone().prop_map(|a| format!("(({a}) ~ 'x')[1:]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(({a}) if n in list else ({b}))")),
        ]
    })
}

/// What the library itself makes of an expression, as JSON; none where it refuses.
fn by_the_library(source: &str) -> Option<Value> {
    let library = minijinja::Environment::new();
    let source = format!("({source}) | tojson");
    let value =
        library.compile_expression(&source).ok()?.eval(minijinja::Value::from(Serde(context()))).ok()?;
    serde_json::from_str(value.as_str()?).ok()
}

fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
        _ => ours == theirs,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_language_is_the_librarys(source in prop_oneof![any_number(), any_truth_of(any_number().boxed()), any_text()]) {
        match (rules::evaluate(&source, &context()), by_the_library(&source)) {
            (Ok(ours), Some(theirs)) => prop_assert!(alike(&ours, &theirs), "{}: {} and {}", source, ours, theirs),
            (Ok(ours), None) => prop_assert!(false, "{}: {} here, refused there", source, ours),
            // What is too large for JSON is refused by us alone.
            (Err(fault), Some(theirs)) => {
                prop_assert!(fault.message.contains("too large"), "{}: {}, there {}", source, fault.message, theirs);
            }
            (Err(_), None) => {}
        }
    }

    #[test]
    fn what_the_library_gives_is_given_here_too(source in any_text()) {
        let theirs = by_the_library(&source).unwrap();
        prop_assert_eq!(rules::evaluate(&source, &context()).map_err(|fault| fault.message), Ok(theirs), "{}", source);
    }
}
