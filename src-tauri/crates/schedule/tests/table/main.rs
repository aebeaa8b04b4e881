//! What people write and what they get, as tables. Each row goes through the same check.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use model::{Invalid, Timestamp};
use schedule::{Fire, Schedule};
use serde_json::{Map, Value, json};

fn parse(timer: &str, params: &Map<String, Value>) -> Result<Schedule, Invalid> {
    Schedule::parse(&format!("core.{timer}timer").parse().unwrap(), params, None)
}

/// The rows of a table, each with its columns.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    rows.map(|row| row.split(" | ").map(str::trim).collect()).collect()
}

/// An instant; a date alone is its midnight in UTC.
fn at(text: &str) -> Timestamp {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Fires with their notes in parentheses, and whether they end with `end`.
fn fires(mut text: &str) -> (Vec<Fire>, bool) {
    let mut fires: Vec<Fire> = Vec::new();
    while !text.is_empty() {
        if text == "end" {
            return (fires, true);
        }
        if let Some(rest) = text.strip_prefix('(') {
            let (note, rest) = rest.split_once(')').unwrap();
            fires.last_mut().unwrap().note = Some(note.to_owned());
            text = rest.trim();
        } else {
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            fires.push(Fire::from(at(word)));
            text = rest.trim();
        }
    }
    (fires, false)
}

/// What a timer must do after an instant: fire so and no other way, or be refused with these words.
fn check(timer: &str, params: &Value, after: &str, must: &str) {
    let what = format!("{timer} {params} after {after}");
    let parsed = parse(timer, params.as_object().unwrap());
    if let Some(refusal) = must.strip_prefix('!') {
        let told = parsed.map(|schedule| schedule.sentence()).map_err(|error| error.to_string());
        assert_eq!(told, Err(refusal.to_owned()), "{what}");
        return;
    }
    let schedule = parsed.unwrap_or_else(|error| panic!("{what}: {error}"));
    let (expected, ends) = fires(must);
    assert_eq!(schedule.fires(at(after), expected.len() + usize::from(ends)), expected, "{what}");
    let Some(last) = expected.last() else { return };
    assert_eq!(schedule.count_between(at(after), last.at), expected.len() as u64, "{what}");
    assert_eq!(schedule.last_until(at(after), last.at).as_ref(), Some(last), "{what}");
}

/// A table of cron expressions in zones.
fn check_cron(table: &str) -> usize {
    let rows = rows(table);
    for row in &rows {
        let [expression, zone, after, must] = row[..] else { panic!("{row:?}") };
        check("cron", &json!({"expression": expression, "timezone": zone}), after, must);
    }
    rows.len()
}

#[test]
fn expressions_fire_on_the_days_and_at_the_times_they_name() {
    assert!(check_cron(include_str!("fires.txt")) > 120);
}

#[test]
fn clock_changes_leave_no_hole_and_no_extra_fire() {
    assert!(check_cron(include_str!("changes.txt")) > 40);
}

#[test]
fn wrong_expressions_are_refused_with_place_reason_and_nearest_right_one() {
    for row in rows(include_str!("refused.txt")) {
        let [expression, why] = row[..] else { panic!("{row:?}") };
        check("cron", &json!({"expression": expression}), "2026-03-28", &format!("!expression: {why}"));
    }
}

#[test]
fn the_nearest_right_expression_is_right() {
    for row in rows(include_str!("refused.txt")) {
        let [expression, why] = row[..] else { panic!("{row:?}") };
        let hint = why.rsplit_once("id you mean `").map(|(_, hint)| hint.trim_end_matches("`?"));
        let Some(hint) = hint else { continue };
        let found = why.split('`').nth(1).unwrap();
        let (_, rest) = why.split_once(" at column ").unwrap();
        let column: usize = rest.split(':').next().unwrap().parse().unwrap();
        let start = expression.char_indices().nth(column - 1).unwrap().0;
        // Where a comma or a strange character is shown, the hint is for the whole field; a step's is, too.
        let field_start = expression[..start].rfind(' ').map_or(0, |blank| blank + 1);
        let field_end = expression[start..].find(' ').map_or(expression.len(), |blank| start + blank);
        let field = format!("{}{hint}{}", &expression[..field_start], &expression[field_end..]);
        let piece = expression.get(start..start + found.len()) == Some(found);
        let exact = format!(
            "{}{hint}{}",
            &expression[..start],
            &expression[(start + found.len()).min(expression.len())..]
        );
        let right = |text: &str| parse("cron", json!({"expression": text}).as_object().unwrap()).is_ok();
        assert!((piece && right(&exact)) || right(&field), "{expression}: {exact} and {field} are wrong");
    }
}

#[test]
fn expressions_read_as_sentences() {
    for row in rows(include_str!("sentences.txt")) {
        let [expression, zone, sentence] = row[..] else { panic!("{row:?}") };
        let params = json!({"expression": expression, "timezone": zone});
        let schedule =
            parse("cron", params.as_object().unwrap()).unwrap_or_else(|error| panic!("{row:?}: {error}"));
        assert_eq!(schedule.sentence(), sentence, "{expression}");
    }
}

#[test]
fn every_other_parameter_does_what_it_says() {
    for row in rows(include_str!("others.txt")) {
        let [timer, after, must] = row[..] else { panic!("{row:?}") };
        let (timer, params) = timer.split_once(' ').unwrap();
        let params = serde_json::from_str(params).unwrap_or_else(|error| panic!("{params}: {error}"));
        check(timer, &params, after, must);
    }
}
