//! A person's first quarter of an hour with the app, from an empty data folder to the second start.

use anyhow::{Context, Result};
use e2e_tests::seed::STARTER;
use e2e_tests::{Engine, Stage, Window, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OWN: &str = "default.echo_every_second";
const LABEL: &str = "Echo every second";

#[tokio::test]
async fn from_a_timer_to_the_screen_and_back_after_a_restart() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;

    // The starter rule is there, off; its switch turns it on.
    window.go("Rules").await?;
    window.engine().rule_is(STARTER, "disabled").await?;
    assert!(!window.shows_on(STARTER).await?);
    window.flip(STARTER).await?;
    window.engine().rule_is(STARTER, "enabled").await?;

    make_own_rule(&window).await?;
    both_fire_each_second(&window).await?;
    a_run_says_hello(&window).await?;
    let last = switched_off_nothing_comes(&window).await?;
    window.close().await?;

    // The second start finds everything there, and nothing new.
    let window = stage.open().await?;
    window.go("Rules").await?;
    for rule in [STARTER, OWN] {
        assert!(!window.shows_on(rule).await?, "{rule} is still off");
    }
    window.go("Events").await?;
    window.shows("core.intervaltimer").await?;
    a_run_says_hello(&window).await?;
    assert_eq!(newest_events(window.engine()).await?, last, "the same events as before, and no other");
    window.close().await
}

/// Makes `default.echo_every_second` in the form: the interval trigger, one second, echo.
async fn make_own_rule(window: &Window) -> Result<()> {
    window.click("button", "New rule").await?;
    window.write("Name", LABEL).await?;
    window.write("Every", "1").await?;
    window.choose("Unit", "seconds").await?;
    window.choose("Action", "core.echo").await?;
    window.write("Message", "Hello, World!").await?;
    window.click("button", "Save").await?;
    window.engine().rule_is(OWN, "enabled").await?;
    Ok(())
}

/// On the screen and in the record: each rule has one event a scheduled second, none twice, none missing.
async fn both_fire_each_second(window: &Window) -> Result<()> {
    window.go("Events").await?;
    for rule in [STARTER, OWN] {
        let events = until(&format!("six events of {rule}"), async || {
            let events = window.engine().events_of(rule).await?;
            Ok((events.len() >= 6).then_some(events))
        })
        .await?;
        let seconds: Vec<i64> = events.iter().rev().filter_map(scheduled_second).collect();
        assert_eq!(seconds.len(), events.len(), "each says for which second it is: {events:?}");
        let distinct: BTreeSet<i64> = seconds.iter().copied().collect();
        assert_eq!(distinct.len(), seconds.len(), "{rule}: none twice");
        let steps: Vec<i64> = seconds.windows(2).map(|pair| (pair[1] - pair[0]).rem_euclid(60)).collect();
        assert!(steps.iter().all(|step| *step == 1), "{rule}: none missing: {seconds:?}");
        // The page shows an event that came while it was open.
        let newest =
            events[0]["created"].as_str().and_then(|at| at.get(11..19)).context("a time")?.to_owned();
        window.shows(&newest).await?;
    }
    Ok(())
}

/// The second of the minute for which a timer's event is.
fn scheduled_second(event: &Value) -> Option<i64> {
    event["facts"]["scheduled_at"].as_str()?.get(17..19)?.parse().ok()
}

/// A run shows what its process wrote.
async fn a_run_says_hello(window: &Window) -> Result<()> {
    let run = window.open_run_of(LABEL).await?;
    window.shows("Hello, World!").await?;
    let output = window.engine().call("execution.output", json!({ "id": run })).await?;
    assert_eq!(output["chunks"][0]["data"], "Hello, World!\n");
    Ok(())
}

/// With both switches off nothing more comes. Answers the ids of the newest events.
async fn switched_off_nothing_comes(window: &Window) -> Result<Vec<i64>> {
    window.go("Rules").await?;
    for rule in [STARTER, OWN] {
        window.flip(rule).await?;
        window.engine().rule_is(rule, "disabled").await?;
    }
    // What was on its way when the switch fell has one second to arrive.
    window.engine().clock_goes_on(2).await?;
    let last = newest_events(window.engine()).await?;
    window.engine().clock_goes_on(3).await?;
    assert_eq!(newest_events(window.engine()).await?, last, "no more events come");
    Ok(last)
}

async fn newest_events(engine: &Engine) -> Result<Vec<i64>> {
    let list = engine.call("event.list", json!({ "limit": 20 })).await?;
    Ok(list["events"].as_array().context("events")?.iter().filter_map(|event| event["id"].as_i64()).collect())
}
