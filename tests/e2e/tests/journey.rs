//! A person's first quarter of an hour with the app, from an empty data folder to the second start.

use anyhow::{Context, Result};
use e2e_tests::seed::STARTER;
use e2e_tests::{Engine, Stage, Window, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OWN: &str = "default.echo_every_second";

#[tokio::test]
async fn from_a_timer_to_the_screen_and_back_after_a_restart() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;

    // The starter rule is there, off; its switch turns it on.
    window.go("Rules").await?;
    let starter = window.engine().rule_is(STARTER, "disabled").await?;
    let starter_label = starter["label"].as_str().context("a label")?.to_owned();
    window.click("switch", &starter_label).await?;
    window.engine().rule_is(STARTER, "enabled").await?;

    make_own_rule(&window).await?;
    both_fire_each_second(&window).await?;
    let run = a_run_says_hello(&window).await?;
    let last = switched_off_nothing_comes(&window, &starter_label).await?;
    window.close().await?;

    // The second start finds everything there, and nothing new.
    let window = stage.open().await?;
    window.go("Rules").await?;
    for label in [starter_label.as_str(), "Echo every second"] {
        let switch = window.find("switch", label).await?;
        assert_eq!(switch.attr("aria-checked").await?.as_deref(), Some("false"), "{label} is still off");
    }
    assert_eq!(newest_events(window.engine()).await?, last, "the same events as before, and no other");
    window.go("Events").await?;
    window.shows("core.intervaltimer").await?;
    window.go("Runs").await?;
    window.open_run(run).await?;
    window.shows("Hello, World!").await?;
    window.close().await
}

/// Makes `default.echo_every_second` in the form: the interval trigger, one second, echo.
async fn make_own_rule(window: &Window) -> Result<()> {
    window.click("button", "New rule").await?;
    window.write("Name", "Echo every second").await?;
    window.write("Every", "1").await?;
    window.choose("Unit", "seconds").await?;
    window.choose("Action", "core.echo").await?;
    window.write("message", "Hello, World!").await?;
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

/// A completed run shows what its process wrote.
async fn a_run_says_hello(window: &Window) -> Result<i64> {
    window.go("Runs").await?;
    let run = until("a completed run of the own rule", async || {
        let runs = window.engine().executions().await?;
        let own = runs.into_iter().find(|run| run["rule"]["ref"] == OWN && run["status"] == "completed");
        Ok(own.and_then(|run| run["id"].as_i64()))
    })
    .await?;
    window.open_run(run).await?;
    window.shows("Hello, World!").await?;
    let output = window.engine().call("execution.output", json!({ "id": run })).await?;
    assert_eq!(output["chunks"][0]["data"], "Hello, World!\n");
    Ok(run)
}

/// With both switches off nothing more comes. Answers the ids of the newest events.
async fn switched_off_nothing_comes(window: &Window, starter_label: &str) -> Result<Vec<i64>> {
    window.go("Rules").await?;
    window.click("switch", starter_label).await?;
    window.engine().rule_is(STARTER, "disabled").await?;
    // By now only one switch of this kind is on; the labels may be alike.
    window.click("switch", "Echo every second").await?;
    window.engine().rule_is(OWN, "disabled").await?;
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
