//! `attune eval`: pure questions, one JSON document a line, one answer a line. Nothing that comes in ends it.

mod rule;
#[cfg(test)]
mod tests;

use model::{Invalid, Ref, Timestamp, limits, nearest};
use schedule::Schedule;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};

/// Fires that one question may ask for.
const FIRES: u64 = 1_000;
/// Fires where the question does not say how many.
const USUAL_FIRES: u64 = 10;
/// What can be asked.
const QUESTIONS: [&str; 4] = ["schedule", "condition", "render", "expression"];

/// Answers questions until the input ends.
///
/// # Errors
/// Only where input or output itself fails.
pub(crate) fn run(input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    while let Some(whole) = read_line(&mut input, &mut line)? {
        let answer = if !whole {
            refuse(&Value::Null, &Wrong::plain(format!("a line has at most {} bytes", limits::BODY_BYTES)))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            answer(line.trim_ascii_end())
        };
        writeln!(output, "{}", crate::text::json(&answer))?;
        // Whoever waits for an answer before the next question must get it.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

/// The next line without its end; false where it was too long and is cut. None at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let longest = limits::BODY_BYTES as u64;
    if input.by_ref().take(longest + 1).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() as u64 <= longest {
        return Ok(Some(true));
    }
    // The rest of the line is passed over without being kept.
    loop {
        let piece = input.fill_buf()?;
        if piece.is_empty() {
            return Ok(Some(false));
        }
        let end = piece.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(piece.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(false));
        }
    }
}

/// Why a question has no answer.
struct Wrong {
    code: &'static str,
    message: String,
    field: Option<String>,
    line: Option<u32>,
    column: Option<usize>,
}

impl Wrong {
    fn plain(message: impl Into<String>) -> Self {
        Self { code: "invalid", message: message.into(), field: None, line: None, column: None }
    }
}

impl From<Invalid> for Wrong {
    fn from(invalid: Invalid) -> Self {
        let field = Some(invalid.field).filter(|field| !field.is_empty());
        Self { field, ..Self::plain(invalid.message) }
    }
}

fn refuse(id: &Value, wrong: &Wrong) -> Value {
    let mut error = json!({ "code": wrong.code, "message": wrong.message });
    if let Some(field) = &wrong.field {
        error["field"] = json!(field);
    }
    if let Some(line) = wrong.line {
        error["line"] = json!(line);
    }
    if let Some(column) = wrong.column {
        error["column"] = json!(column);
    }
    json!({ "id": id, "ok": false, "error": error })
}

fn answer(line: &[u8]) -> Value {
    let question = match door::read_json(line) {
        Ok(Value::Object(question)) => question,
        Ok(_) => {
            return refuse(
                &Value::Null,
                &Wrong::plain("a question is a JSON object, such as {\"id\":1,\"do\":\"schedule\",…}"),
            );
        }
        Err(error) => {
            let wrong = Wrong { column: Some(error.column), ..Wrong::plain(error.message) };
            return refuse(&id_of(line), &wrong);
        }
    };
    let id = question.get("id").cloned().unwrap_or(Value::Null);
    match ask(&question) {
        Ok(mut answer) => {
            let mut whole = Map::from_iter([("id".to_owned(), id), ("ok".to_owned(), Value::Bool(true))]);
            whole.append(&mut answer);
            Value::Object(whole)
        }
        Err(wrong) => refuse(&id, &wrong),
    }
}

/// The id of a question that is JSON, only not as we take it: too deep, or with a number that cannot be kept.
fn id_of(line: &[u8]) -> Value {
    #[derive(Deserialize)]
    struct OnlyId {
        id: Value,
    }
    serde_json::from_slice::<OnlyId>(line).map_or(Value::Null, |only| only.id)
}

fn ask(question: &Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    let what = match question.get("do") {
        Some(Value::String(what)) => what.as_str(),
        Some(_) => return Err(Invalid::new("do", "expected a text, such as `schedule`").into()),
        None => return Err(Invalid::new("do", "missing: expected what to do, such as `schedule`").into()),
    };
    match what {
        "schedule" => fires(question),
        "condition" => rule::condition(question),
        "render" => rule::render(question),
        "expression" => rule::expression(question),
        unknown => Err(unknown_operation(unknown)),
    }
}

fn unknown_operation(name: &str) -> Wrong {
    let shown: String = name.chars().take(60).collect();
    let hint = match nearest(name, QUESTIONS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected {}", QUESTIONS.join(", ")),
    };
    let message = format!("`{shown}` is nothing that can be asked; {hint}");
    Wrong { code: "unknown_operation", field: Some("do".to_owned()), ..Wrong::plain(message) }
}

fn fires(question: &Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    check_names(question, &["id", "do", "trigger_ref", "trigger_params", "after", "count"])?;
    let trigger: Ref = text(question, "trigger_ref", "the ref of a timer, such as core.intervaltimer")?
        .parse()
        .map_err(|error: Invalid| Invalid::new("trigger_ref", error.message))?;
    let params = match question.get("trigger_params") {
        Some(Value::Object(params)) => params.clone(),
        None => Map::new(),
        Some(_) => return Err(Invalid::new("trigger_params", "expected an object of parameters").into()),
    };
    let after = text(question, "after", "an instant; nothing here knows what time it is")?
        .parse::<Timestamp>()
        .map_err(|error| Invalid::new("after", error.to_string()))?;
    let count = count(question.get("count"))?;
    let schedule = Schedule::parse(&trigger, &params, None)?;
    Ok(Map::from_iter([("fires".to_owned(), json!(schedule.fires(after, count)))]))
}

fn check_names(question: &Map<String, Value>, known: &[&str]) -> Result<(), Invalid> {
    let Some(unknown) = question.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let shown: String = unknown.chars().take(60).collect();
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected {}", known.join(", ")),
    };
    Err(Invalid::new(shown.clone(), format!("there is no field `{shown}`; {hint}")))
}

fn text<'q>(question: &'q Map<String, Value>, name: &str, expected: &str) -> Result<&'q str, Invalid> {
    match question.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Invalid::new(name, format!("expected a text: {expected}"))),
        None => Err(Invalid::new(name, format!("missing: expected {expected}"))),
    }
}

fn count(value: Option<&Value>) -> Result<usize, Invalid> {
    let count = match value {
        None => Some(USUAL_FIRES),
        Some(value) => value.as_u64().filter(|count| (1..=FIRES).contains(count)),
    };
    count
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| Invalid::new("count", format!("expected a whole number from 1 to {FIRES}")))
}
