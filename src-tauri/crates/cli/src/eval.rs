//! `attune eval`: pure questions, one JSON document a line, one answer a line. Nothing that comes in ends it.

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
const QUESTIONS: [&str; 1] = ["schedule"];

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
    message: String,
    field: Option<String>,
    column: Option<usize>,
}

impl Wrong {
    fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), field: None, column: None }
    }
}

impl From<Invalid> for Wrong {
    fn from(invalid: Invalid) -> Self {
        let field = Some(invalid.field).filter(|field| !field.is_empty());
        Self { message: invalid.message, field, column: None }
    }
}

fn refuse(id: &Value, wrong: &Wrong) -> Value {
    let mut error = json!({ "code": "invalid", "message": wrong.message });
    if let Some(field) = &wrong.field {
        error["field"] = json!(field);
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
            let wrong = Wrong { message: error.message, field: None, column: Some(error.column) };
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
        unknown => {
            let shown: String = unknown.chars().take(60).collect();
            let hint = match nearest(unknown, QUESTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected {}", QUESTIONS.join(", ")),
            };
            Err(Invalid::new("do", format!("`{shown}` is nothing that can be asked; {hint}")).into())
        }
    }
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

#[cfg(test)]
mod tests {
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
            ("do", json!("shedule"), "do", "did you mean `schedule`?"),
            ("do", json!("dance"), "do", "expected schedule"),
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
}
