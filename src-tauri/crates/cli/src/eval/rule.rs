//! What rules are made of: conditions, templates, expressions.

use super::{Wrong, check_names, text};
use model::{Invalid, Outcome, Timestamp};
use rules::{Circumstances, Fault, Zone};
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// Whether conditions hold for an event, and why not.
pub(super) fn condition(question: &Fields) -> Result<Fields, Wrong> {
    check_names(question, &["id", "do", "conditions", "event", "previous", "timezone"])?;
    let conditions = question.get("conditions").unwrap_or(&Value::Null);
    let missing = || Invalid::new("event", "missing: expected the event, such as {\"payload\": …}");
    let previous = event(question, "previous")?;
    let event = event(question, "event")?.ok_or_else(missing)?;
    if let Some(created) = event.get("created") {
        let told = created.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        told.ok_or_else(|| Invalid::new("event.created", "expected an instant in RFC 3339"))?;
    }
    let zone = match question.get("timezone") {
        Some(Value::String(name)) => Zone::named(name)?,
        None | Some(Value::Null) => Zone::utc().clone(),
        Some(_) => return Err(Invalid::new("timezone", "expected a name such as Europe/Berlin").into()),
    };
    let around = Circumstances { zone: &zone, ..Circumstances::default() };
    let looked = rules::eval_condition(conditions, event, previous, &around).map_err(first)?;
    let mut answer = Map::from_iter([
        ("matched".to_owned(), json!(looked.outcome == Outcome::Matched)),
        ("outcome".to_owned(), json!(looked.outcome)),
    ]);
    if let Some(reason) = looked.reason {
        answer.insert("reason".to_owned(), json!(reason));
    }
    Ok(answer)
}

/// A value with its templates rendered.
pub(super) fn render(question: &Fields) -> Result<Fields, Wrong> {
    check_names(question, &["id", "do", "template", "context"])?;
    let template = question.get("template");
    let template = template.ok_or_else(|| Invalid::new("template", "missing: expected what to render"))?;
    let value = rules::render(template, context(question)?).map_err(|fault| wrong("template", fault))?;
    Ok(Map::from_iter([("value".to_owned(), value)]))
}

/// The value of an expression.
pub(super) fn expression(question: &Fields) -> Result<Fields, Wrong> {
    check_names(question, &["id", "do", "expression", "context"])?;
    let source = text(question, "expression", "an expression, such as event.payload.size > 3")?;
    let value = rules::evaluate(source, context(question)?).map_err(|fault| wrong("expression", fault))?;
    Ok(Map::from_iter([("value".to_owned(), value)]))
}

fn context(question: &Fields) -> Result<&Fields, Invalid> {
    static NOTHING: std::sync::LazyLock<Fields> = std::sync::LazyLock::new(Map::new);
    match question.get("context") {
        Some(Value::Object(context)) => Ok(context),
        None => Ok(&NOTHING),
        Some(_) => Err(Invalid::new("context", "expected an object: the names that may be used")),
    }
}

fn event<'q>(question: &'q Fields, name: &str) -> Result<Option<&'q Value>, Invalid> {
    match question.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(event @ Value::Object(_)) => Ok(Some(event)),
        Some(_) => Err(Invalid::new(name, "expected an event: an object such as {\"payload\": …}")),
    }
}

fn first(errors: Vec<Invalid>) -> Wrong {
    errors.into_iter().next().map_or_else(|| Wrong::plain("the conditions cannot be read"), Wrong::from)
}

fn wrong(field: &str, fault: Fault) -> Wrong {
    let field = if fault.path.is_empty() { field.to_owned() } else { format!("{field}.{}", fault.path) };
    let column = fault.place.and_then(|place| usize::try_from(place.column).ok());
    let line = fault.place.map(|place| place.line);
    Wrong { field: Some(field), line, column, ..Wrong::plain(fault.message) }
}
