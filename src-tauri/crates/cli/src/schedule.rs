//! `attune schedule` and `attune misfire`: when timers fire, and what they missed.

use crate::arguments::{Forecast, MisfireList, Next};
use crate::client::Client;
use crate::failure::Failure;
use crate::lists::word;
use crate::screen::Screen;
use crate::text::{inline, moment, table};
use api::ApiError;
use api::wire::{
    FireView, MisfireListRequest, MisfireRow, ScheduleFires, ScheduleForecast, ScheduleForecastRequest, Time,
};
use model::{Clock, Invalid, Ref, SystemClock, Timestamp};
use schedule::Schedule;
use serde_json::{Map, Value};

/// The next fires of a schedule that no rule has yet. Pure but for the clock, where no instant is given.
pub(crate) fn next(screen: &Screen, asked: &Next) -> Result<(), Failure> {
    let trigger: Ref = asked
        .trigger
        .parse()
        .map_err(|error: Invalid| Failure::Usage(format!("--trigger: {}", error.message)))?;
    let params = parameters(&asked.params)?;
    let after: Timestamp = match &asked.after {
        Some(text) => text.parse().map_err(|error| Failure::Usage(format!("--after: {error}")))?,
        None => SystemClock.now(),
    };
    // An interval without an anchor starts its grid when its rule is switched on: as if that were now. What comes
    // after a given instant is the same whenever it is asked.
    let anchor = asked.after.is_none().then_some(after);
    let schedule = Schedule::parse(&trigger, &params, anchor)
        .map_err(|invalid| Failure::Refused(ApiError::from(invalid)))?;
    let answer = ScheduleFires::of(&schedule, after, asked.count as usize);
    screen.show(&answer, || {
        let rows: Vec<Vec<String>> = answer.fires.iter().map(fire_row).collect();
        let zone = answer.zone.as_ref().map_or_else(String::new, |zone| format!(" ({zone})"));
        let head = format!("{}{}\n", inline(&answer.sentence), inline(&zone));
        if rows.is_empty() {
            return format!("{head}It does not fire after {}.\n", moment(Time(after)));
        }
        head + &fire_table(answer.zone.is_some(), &["TIME", "THERE", "NOTE"], &rows)
    })
}

fn parameters(text: &str) -> Result<Map<String, Value>, Failure> {
    match door::read_json(text.as_bytes()) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err(Failure::Usage("--params is not a JSON object, such as '{\"interval\":60}'".to_owned())),
        Err(error) => Err(Failure::Usage(format!("--params is not JSON: {error}"))),
    }
}

fn fire_row(fire: &FireView) -> Vec<String> {
    vec![moment(fire.at), there(fire.local.as_deref()), fire.note.clone().unwrap_or_default()]
}

/// Local time of another zone, to the second, with its offset.
fn there(local: Option<&str>) -> String {
    local.map(|text| text.replacen('T', " ", 1)).unwrap_or_default()
}

/// A table whose second column, the clocks of another zone, is left out where all rows are of this one.
fn fire_table(elsewhere: bool, head: &[&str], rows: &[Vec<String>]) -> String {
    if elsewhere {
        return table(head, rows);
    }
    let without = |row: &[String]| {
        row.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, cell)| cell.clone()).collect()
    };
    let head: Vec<&str> = head.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, cell)| *cell).collect();
    table(&head, &rows.iter().map(|row| without(row)).collect::<Vec<_>>())
}

/// Which rules will fire.
pub(crate) async fn forecast(client: &Client, screen: &Screen, asked: Forecast) -> Result<(), Failure> {
    let request = ScheduleForecastRequest { from: None, hours: asked.hours, rule: asked.rule };
    let answer: ScheduleForecast = client.call("schedule.forecast", &request).await?;
    screen.show(&answer, || forecast_text(&answer))
}

fn forecast_text(answer: &ScheduleForecast) -> String {
    if answer.fires.is_empty() && answer.bands.is_empty() {
        return format!("nothing fires until {}\n", moment(answer.to));
    }
    let mut text = String::new();
    if !answer.fires.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .fires
            .iter()
            .map(|fire| {
                let note = fire.note.clone().unwrap_or_default();
                vec![moment(fire.at), there(fire.local.as_deref()), fire.rule.r#ref.clone(), note]
            })
            .collect();
        let elsewhere = answer.fires.iter().any(|fire| fire.local.is_some());
        text += &fire_table(elsewhere, &["TIME", "THERE", "RULE", "NOTE"], &rows);
    }
    if !answer.bands.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .bands
            .iter()
            .map(|band| {
                let (from, to) = (moment(band.from), moment(band.to));
                vec![from, to, band.rule.r#ref.clone(), band.fires.to_string(), band.sentence.clone()]
            })
            .collect();
        text += "\nToo many to list:\n";
        text += &table(&["FIRST", "LAST", "RULE", "FIRES", "WHEN"], &rows);
    }
    if answer.left_out > 0 {
        text += &format!("\n{} more rules fire.\n", answer.left_out);
    }
    if !answer.collisions.is_empty() {
        let rows: Vec<Vec<String>> = answer
            .collisions
            .iter()
            .map(|collision| {
                let names: Vec<&str> = collision.rules.iter().map(|rule| rule.r#ref.as_str()).collect();
                vec![moment(collision.at), collision.count.to_string(), names.join(", ")]
            })
            .collect();
        text += "\nIn the same second:\n";
        text += &table(&["TIME", "RULES", "WHICH"], &rows);
    }
    text
}

/// What timers missed.
pub(crate) async fn misfires(client: &Client, screen: &Screen, asked: MisfireList) -> Result<(), Failure> {
    let request =
        MisfireListRequest { rule: asked.rule, before: asked.page.before, limit: Some(asked.page.limit) };
    let answer: api::wire::MisfireList = client.call("misfire.list", &request).await?;
    screen.show(&answer, || {
        let row = |row: &MisfireRow| {
            vec![
                row.id.to_string(),
                row.rule.r#ref.clone(),
                row.count.to_string(),
                moment(row.first),
                moment(row.last),
                word(&row.reason).replace('_', " "),
                moment(row.recorded),
            ]
        };
        let head = &["ID", "RULE", "FIRES", "FIRST", "LAST", "WHY", "RECORDED"];
        table(head, &answer.misfires.iter().map(row).collect::<Vec<_>>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_an_object() {
        assert_eq!(parameters(r#"{"interval": 5}"#).unwrap()["interval"], 5);
        for (text, part) in [("[1]", "not a JSON object"), ("{", "not JSON"), ("1e400", "not JSON")] {
            let error = parameters(text).unwrap_err();
            assert!(matches!(&error, Failure::Usage(message) if message.contains(part)), "{error}");
        }
    }

    #[test]
    fn another_zone_has_a_column_only_where_there_is_one() {
        let rows = vec![vec!["1".to_owned(), String::new(), "x".to_owned()]];
        assert_eq!(fire_table(false, &["TIME", "THERE", "NOTE"], &rows), "TIME  NOTE\n1     x\n");
        assert_eq!(
            fire_table(true, &["TIME", "THERE", "NOTE"], &rows),
            "TIME  THERE  NOTE\n1            x\n"
        );
    }
}
