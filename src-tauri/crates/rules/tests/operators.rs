//! Every operator beside every kind of value, present, absent, null, nested and in lists: one line each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use model::Outcome;
use rules::{Circumstances, Zone, check_conditions, eval_condition};
use serde_json::{Value, json};

/// What the table's fields are found in.
fn payload() -> Value {
    json!({
        "n": 10, "f": 0.5, "neg": -3, "zero": 0, "t": true, "nil": null,
        "big": 9_007_199_254_740_993_i64, "u": 18_446_744_073_709_551_615_u64,
        "s": "report.txt", "e": "", "num": "3", "uni": "Grüße",
        "list": ["a", "b", 3, null], "el": [], "map": {"k": "v", "3": 1}, "em": {},
        "deep": {"a": {"b": [{"c": 1}, {"c": null}]}, "size": 7}, "dot.key": 1,
        "at": "2026-03-28T22:15:00Z", "local": "2026-03-29T07:30:00", "day": "2026-03-29", "clock": "07:30",
    })
}

/// `yes`, `no` or `error`, with the sentence behind it; `refused` where saving refuses it.
fn check(field: &str, operator: &str, value: Option<Value>) -> String {
    let dot = if field.starts_with('[') { "" } else { "." };
    let mut leaf = json!({"field": format!("event.payload{dot}{field}"), "operator": operator});
    if let Some(value) = value {
        leaf["value"] = value;
    }
    let conditions = json!({"all": [leaf]});
    if let Err(errors) = check_conditions(&conditions) {
        return format!("refused: {}", errors[0].message);
    }
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let around = Circumstances { zone: &berlin, ..Circumstances::default() };
    let event = json!({"created": "2026-03-28T00:00:10Z", "payload": payload()});
    let looked = eval_condition(&conditions, &event, None, &around).unwrap();
    let told = match looked.outcome {
        Outcome::Matched => "yes",
        Outcome::Unmatched => "no",
        _ => "error",
    };
    let message = looked.reason.and_then(|reason| reason.message);
    message.map_or(told.to_owned(), |message| format!("{told}: {message}"))
}

#[test]
fn every_operator_means_what_the_table_says() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in include_str!("tables/operators.txt").lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        rows += 1;
        let (asked, expected) = line.split_once(" => ").unwrap();
        let mut words = asked.trim().splitn(3, ' ');
        let (field, operator) = (words.next().unwrap(), words.next().unwrap());
        let value = words.next().map(|text| serde_json::from_str(text.trim()).unwrap());
        let found = check(field, operator, value);
        if found != expected.trim() {
            wrong.push(format!("{} => {found}", asked.trim_end()));
        }
    }
    assert!(rows >= 200, "{rows} rows");
    assert!(wrong.is_empty(), "{} rows are otherwise:\n{}", wrong.len(), wrong.join("\n"));
}
