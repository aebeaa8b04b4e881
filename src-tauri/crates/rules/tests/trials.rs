//! Rules beside a plain reading of what they say, and trials of rules beside what the engine would do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use model::{Event, Outcome, Rule, RuleId};
use proptest::prelude::*;
use rules::{
    Backtest, Change, Circumstances, Facts, RuleBook, RuleMemory, Zone, check_conditions, full_conditions,
};
use serde_json::{Value, json};
use std::sync::Arc;
use world::{World, errors, event, look, rule};

/// A plain reading of conditions, as their table of operators says it, without compiling anything.
mod plain {
    use serde_json::Value;

    pub(super) fn holds(conditions: &Value, event: &Value, before: Option<&Value>) -> bool {
        let Some((name, inner)) = conditions.as_object().and_then(|map| map.iter().next()) else {
            return true;
        };
        let each = || inner.as_array().unwrap().iter().map(|one| holds(one, event, before));
        match name.as_str() {
            "all" => each().all(|holds| holds),
            "any" => each().count() == 0 || each().any(|holds| holds),
            "none" => !each().any(|holds| holds),
            _ => leaf(conditions, event, before),
        }
    }

    fn find<'v>(event: &'v Value, field: &str) -> Option<&'v Value> {
        field.split('.').skip(1).try_fold(event, |here, name| here.get(name))
    }

    fn number(value: &Value) -> Option<f64> {
        value.as_f64()
    }

    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
            }
            (a, b) if a.is_number() && b.is_number() => number(a) == number(b),
            (a, b) => a == b,
        }
    }

    fn before(a: &Value, b: &Value) -> Option<bool> {
        match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Some(a < b),
            _ => Some(number(a)? < number(b)?),
        }
    }

    fn has(whole: &Value, part: &Value) -> Option<bool> {
        match whole {
            Value::String(text) => Some(text.contains(part.as_str()?)),
            Value::Array(items) => Some(items.iter().any(|item| same(item, part))),
            Value::Object(map) => Some(map.contains_key(part.as_str()?)),
            _ => None,
        }
    }

    fn leaf(leaf: &Value, event: &Value, previous: Option<&Value>) -> bool {
        let (field, value) = (leaf["field"].as_str().unwrap(), &leaf["value"]);
        let found = find(event, field);
        let operator = leaf["operator"].as_str().unwrap();
        if operator == "exists" || operator == "not_exists" {
            return found.is_some() == (operator == "exists");
        }
        let Some(found) = found else { return false };
        let texts = found.as_str().zip(value.as_str());
        let holds = match operator {
            "equals" => Some(same(found, value)),
            "not_equals" => Some(!same(found, value)),
            "less_than" => before(found, value),
            "less_than_or_equal" => before(value, found).map(|less| !less),
            "greater_than" => before(value, found),
            "greater_than_or_equal" => before(found, value).map(|less| !less),
            "contains" => has(found, value),
            "not_contains" => has(found, value).map(|has| !has),
            "starts_with" => texts.map(|(text, part)| text.starts_with(part)),
            "ends_with" => texts.map(|(text, part)| text.ends_with(part)),
            "in" => Some(value.as_array().unwrap().iter().any(|item| same(item, found))),
            "not_in" => Some(!value.as_array().unwrap().iter().any(|item| same(item, found))),
            "is_between" => before(found, &value[0]).zip(before(&value[1], found)).map(|(a, b)| !a && !b),
            _ => previous.map(|event| find(event, field).is_none_or(|before| !same(before, found))),
        };
        holds.unwrap_or(false)
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, -1.5, 1.0]).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        prop::collection::vec((-1..2_i64).prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({"a": 1})),
    ]
}

fn any_payload() -> impl Strategy<Value = Value> {
    let nested = prop_oneof![
        3 => any_value(),
        1 => prop::collection::hash_map("[ab]", any_value(), 0..3).prop_map(|map| json!(map)),
    ];
    prop::collection::hash_map("[abc]", nested, 0..4).prop_map(|map| json!(map))
}

/// A comparison that may be saved.
fn any_leaf() -> impl Strategy<Value = Value> {
    let operators = rules::OPERATORS.iter().copied();
    let operators = operators.filter(|name| !["matches", "time_between", "weekday_in"].contains(name));
    let field = "event\\.payload\\.[abc](\\.[ab])?";
    (field, prop::sample::select(operators.collect::<Vec<_>>()), any_value(), any_value()).prop_filter_map(
        "a value that the operator takes",
        |(field, operator, a, b)| {
            let value = match operator {
                "in" | "not_in" => json!([a, b]),
                "is_between" => json!([a, b]),
                _ => a,
            };
            let leaf = match operator {
                "changed" | "exists" | "not_exists" => json!({"field": field, "operator": operator}),
                _ => json!({"field": field, "operator": operator, "value": value}),
            };
            check_conditions(&leaf).is_ok().then_some(leaf)
        },
    )
}

fn any_conditions() -> impl Strategy<Value = Value> {
    any_leaf().prop_recursive(3, 12, 3, |inner| {
        (prop::sample::select(vec!["all", "any", "none"]), prop::collection::vec(inner, 0..4))
            .prop_map(|(group, inner)| json!({ group: inner }))
    })
}

/// A rule that asks this, with parameters that some events cannot render.
fn asking(conditions: &Value) -> Rule {
    rule(
        1,
        conditions.clone(),
        json!({"p": "{{ event.payload.a }}", "q": "{{ event.payload.b | default(0) }}"}),
    )
}

/// What the engine does: each rule that looks remembers what it asks to remember.
fn live(rule: &Rule, events: &[Event]) -> Vec<Outcome> {
    let (book, _) = RuleBook::compile(&[Arc::new(rule.clone())], &World);
    let mut memory = RuleMemory::default();
    let mut outcomes = Vec::new();
    for event in events {
        let mut looks = book.decide(event, &Circumstances { memory: &memory, ..Circumstances::default() });
        let look = looks.remove(0);
        outcomes.push(look.decision.outcome);
        if let Some(remember) = look.remember {
            memory.put(RuleId(1), remember);
        }
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn compiled_rules_mean_what_they_say(conditions in any_conditions(), payloads in prop::collection::vec(any_payload(), 1..6)) {
        let rule = rule(1, conditions.clone(), json!({}));
        let events: Vec<Event> = payloads.iter().map(|payload| event(payload.clone(), None)).collect();
        let outcomes = live(&rule, &events);
        for (index, outcome) in outcomes.iter().enumerate() {
            let wrapped = |at: usize| json!({ "payload": payloads[at] });
            let before = index.checked_sub(1).map(wrapped);
            let expected = plain::holds(&conditions, &wrapped(index), before.as_ref());
            prop_assert_eq!(*outcome == Outcome::Matched, expected, "{} on {:?}", conditions, &payloads[..=index]);
        }
    }

    #[test]
    fn the_full_form_is_its_own_and_means_the_same(conditions in any_conditions(), payloads in prop::collection::vec(any_payload(), 1..4)) {
        let full = full_conditions(&conditions).unwrap();
        prop_assert_eq!(&full_conditions(&full).unwrap(), &full);
        let read: Value = serde_json::from_str(&full.to_string()).unwrap();
        prop_assert_eq!(&read, &full);
        let events: Vec<Event> = payloads.iter().map(|payload| event(payload.clone(), None)).collect();
        prop_assert_eq!(live(&asking(&conditions), &events), live(&asking(&full), &events));
    }

    #[test]
    fn a_backtest_decides_as_the_engine_did(
        (draft, saved) in (any_conditions(), any_conditions()),
        payloads in prop::collection::vec(any_payload(), 1..8),
    ) {
        let (draft, saved) = (asking(&draft), asking(&saved));
        let events: Vec<Event> = payloads.iter().map(|payload| event(payload.clone(), None)).collect();
        let mut backtest = Backtest::new(&draft, Some(&saved), &World, Zone::utc()).unwrap();
        let mut verdicts = Vec::new();
        for event in &events {
            let look = backtest.look(event);
            let verdict = backtest.feed(event).unwrap();
            prop_assert_eq!(look.decision.outcome, verdict.draft, "counting and looking agree");
            prop_assert_eq!(look.decision.parameters.is_some(), verdict.draft == Outcome::Matched);
            verdicts.push(verdict);
        }
        let drafted: Vec<Outcome> = verdicts.iter().map(|verdict| verdict.draft).collect();
        let kept: Vec<Outcome> = verdicts.iter().filter_map(|verdict| verdict.saved).collect();
        prop_assert_eq!(drafted, live(&draft, &events));
        prop_assert_eq!(kept, live(&saved, &events));
        let summary = backtest.summary();
        prop_assert_eq!(summary.matched + summary.unmatched + summary.errors, summary.events);
        prop_assert_eq!(summary.matched + summary.gone, summary.saved_matched + summary.new);
        for count in backtest.counts() {
            prop_assert_eq!(count.passes + count.stops + count.errors, summary.events, "{:?}", count);
        }
        let changed = verdicts.iter().filter(|verdict| verdict.change != Change::Same).count();
        prop_assert_eq!(u64::try_from(changed).unwrap(), summary.new + summary.gone);
    }
}

#[test]
fn counts_say_what_each_condition_lets_through_and_follow_a_none_group() {
    let conditions = json!({"all": [
        {"field": "event.payload.name", "operator": "ends_with", "value": ".pdf"},
        {"any": [
            {"field": "event.payload.name", "operator": "matches", "value": "invoice"},
            {"field": "event.payload.origin", "operator": "contains", "value": "billing."},
        ]},
        {"none": [
            {"field": "event.payload.path", "operator": "starts_with", "value": "/tmp/"},
            {"none": [{"field": "event.payload.size", "operator": "greater_than", "value": 10}]},
        ]},
        {"expression": "100 / event.payload.size > 1"},
    ]});
    let mut backtest = Backtest::new(&rule(9, conditions, json!({})), None, &World, Zone::utc()).unwrap();
    for payload in [
        json!({"name": "invoice.pdf", "origin": "x", "path": "/home/invoice.pdf", "size": 20}),
        json!({"name": "invoice.txt", "origin": "billing.example", "path": "/tmp/invoice.txt", "size": 20}),
        json!({"name": "a.pdf", "path": "/tmp/a.pdf", "size": 5}),
        json!({"name": "b.pdf", "path": "/home/b.pdf", "size": 0}),
    ] {
        backtest.feed(&event(payload, Some(77))).unwrap();
    }
    let told: Vec<String> = backtest
        .counts()
        .iter()
        .map(|count| format!("{} {}/{}/{}", count.path, count.passes, count.stops, count.errors))
        .collect();
    assert_eq!(
        told,
        [
            // The last event divides by zero, but another condition stops it before.
            "all 1/3/0",
            "all.0 3/1/0",
            "all.1.any 2/2/0",
            "all.1.any.0 2/2/0",
            "all.1.any.1 1/3/0",
            // Two lie in /tmp, and of the two others one is too small.
            "all.2.none 1/3/0",
            "all.2.none.0 2/2/0",
            // A group inside: it lets through what is large enough, and so does what is in it.
            "all.2.none.1.none 2/2/0",
            "all.2.none.1.none.0 2/2/0",
            "all.3.expression 3/0/1",
        ]
    );
    let summary = backtest.summary();
    assert_eq!((summary.events, summary.matched, summary.unmatched, summary.errors), (4, 1, 3, 0));
    assert_eq!((summary.saved_matched, summary.new, summary.gone), (0, 0, 0), "there is no saved rule");
}

#[test]
fn a_draft_is_shown_beside_the_saved_rule() {
    let asks = |size: i64| json!([{"field": "size", "operator": "greater_than", "value": size}]);
    let mut saved = rule(4, asks(10), json!({}));
    saved.state = model::RuleState::Disabled;
    let draft = rule(4, asks(5), json!({"text": "{{ event.payload.size }} B"}));
    let mut backtest = Backtest::new(&draft, Some(&saved), &World, Zone::utc()).unwrap();
    let changes: Vec<(Outcome, Change)> = [3, 7, 20]
        .map(|size| backtest.feed(&event(json!({"size": size}), None)).unwrap())
        .iter()
        .map(|verdict| (verdict.draft, verdict.change))
        .collect();
    assert_eq!(
        changes,
        [
            (Outcome::Unmatched, Change::Same),
            (Outcome::Matched, Change::New),
            (Outcome::Matched, Change::Same)
        ]
    );
    let shown = backtest.look(&event(json!({"size": 7}), None));
    assert_eq!(shown.decision.parameters.unwrap()["text"], "7 B");
    let mut elsewhere = event(json!({"size": 7}), None);
    elsewhere.trigger = "core.webhook".parse().unwrap();
    assert_eq!(backtest.feed(&elsewhere), None, "an event of another trigger");
    let mut moved = saved;
    moved.body.trigger_ref = "core.webhook".parse().unwrap();
    let mut backtest = Backtest::new(&draft, Some(&moved), &World, Zone::utc()).unwrap();
    let verdict = backtest.feed(&event(json!({"size": 7}), None)).unwrap();
    assert_eq!((verdict.saved, verdict.change), (None, Change::New), "the saved rule listens elsewhere");
    let faulty = Backtest::new(&rule(4, json!({"al": []}), json!({})), None, &World, Zone::utc());
    assert_eq!(faulty.err().unwrap()[0].field, "conditions");
}

/// Facts that the trials' rules do not need, so that the trait's own answers are used.
struct Nothing;

impl Facts for Nothing {
    fn pack_config(&self, _pack: &model::PackRef) -> Option<serde_json::Map<String, Value>> {
        None
    }
}

#[test]
fn what_changed_is_told_by_the_event_before_and_remembered_only_when_it_differs() {
    let conditions = json!({"any": [
        {"field": "event.payload.state", "operator": "changed"},
        {"field": "event.payload.other", "operator": "changed"},
    ]});
    let (book, _) = RuleBook::compile(&[Arc::new(rule(1, conditions, json!({})))], &Nothing);
    let mut memory = RuleMemory::default();
    let mut story = Vec::new();
    for payload in [
        json!({"state": "on"}),
        json!({"state": "on", "size": 1}),
        json!({"state": "off"}),
        json!({}),
        json!({"state": "off"}),
        json!({"state": 1}),
        json!({"state": 1.0}),
        json!({"state": "1"}),
        json!({"state": "1", "other": null}),
        json!({"state": "1", "other": null}),
    ] {
        let around = Circumstances { memory: &memory, ..Circumstances::default() };
        let look = book.decide(&event(payload, None), &around).remove(0);
        story.push((look.decision.outcome == Outcome::Matched, look.remember.is_some()));
        if let Some(remember) = look.remember {
            // It survives being stored.
            let stored = serde_json::to_string(&remember).unwrap();
            memory.put(RuleId(1), serde_json::from_str(&stored).unwrap());
        }
    }
    assert_eq!(
        story,
        [
            (false, true),
            (false, false),
            (true, true),
            (false, true),
            (true, true),
            (true, true),
            (false, true),
            (true, true),
            (true, true),
            (false, false),
        ]
    );
    memory.forget(RuleId(1));
    assert_eq!(memory, RuleMemory::default());
}

#[test]
fn every_form_of_conditions_has_one_full_form() {
    for (written, full) in [
        (json!(null), json!({})),
        (json!([]), json!({})),
        (
            json!([{"field": "a", "operator": "exists"}, {"expression": "event.id > 3"}]),
            json!({"all": [{"field": "event.payload.a", "operator": "exists"}, {"expression": "event.id > 3"}]}),
        ),
        (
            json!([{"field": "a.0", "operator": "equals", "value": 1}, {"field": "event.payload['b c']", "operator": "exists"}]),
            json!({"all": [{"field": "event.payload.a.0", "operator": "equals", "value": 1},
                {"field": "event.payload[\"b c\"]", "operator": "exists"}]}),
        ),
        (
            json!({"any": [{}, {"expression": " {{ event.id > 3 }}"},
                {"operator": "time_between", "value": "22:00-06:00", "timezone": "Europe/Berlin"}]}),
            json!({"any": [{}, {"expression": " event.id > 3 "}, {"field": "event.created", "operator": "time_between",
                "value": "22:00-06:00", "timezone": "Europe/Berlin"}]}),
        ),
    ] {
        assert_eq!(full_conditions(&written), Ok(full.clone()), "{written}");
        let looks = |conditions| look(conditions, json!({}), json!({"a": [1], "b c": 2})).outcome;
        assert_eq!(looks(written), looks(full));
    }
    let refused = full_conditions(&json!({"any": [{"expression": "1 +"}]})).map(drop);
    assert_eq!(
        errors(refused),
        ["conditions.any.0.expression: column 4: expected a value, found the end of the expression"]
    );
}
