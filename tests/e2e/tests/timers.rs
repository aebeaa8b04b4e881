//! Timers in the window: made with the keyboard, looked at before they are saved, and gone when they are finished.

use anyhow::{Context, Result};
use e2e_tests::{Stage, Stroke, Window, until};
use serde_json::{Value, json};

/// Opens the form of a new rule with keys, names it, and chooses the timer so many arrows right of the first.
async fn new_rule(window: &Window, name: &str, arrows: usize) -> Result<()> {
    window.press(Stroke::Char('g')).await?;
    window.press(Stroke::Char('r')).await?;
    window.find("heading", "Rules").await?;
    window.press(Stroke::Char('n')).await?;
    window.tab_to("Name").await?;
    window.type_text(name).await?;
    window.tab_to("Interval").await?;
    for _ in 0..arrows {
        window.press(Stroke::Right).await?;
    }
    Ok(())
}

/// What a text field holds.
async fn value_of(window: &Window, name: &str) -> Result<String> {
    let field = window.find("textbox", name).await?;
    Ok(field.prop("value").await?.unwrap_or_default())
}

/// Waits until a text field holds this.
async fn holds(window: &Window, name: &str, text: &str) -> Result<()> {
    until(&format!("{name} holds {text}"), async || Ok((value_of(window, name).await? == text).then_some(())))
        .await
}

#[tokio::test]
async fn a_cron_rule_is_made_with_keys_alone_and_its_preview_is_what_the_engine_will_do() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    let zone = window.engine().call("engine.status", json!({})).await?["zone"].clone();
    new_rule(&window, "Photo backup", 1).await?;

    // Typed, the text sets the rulers; on the rulers, marks set the text.
    window.tab_to("Cron expression").await?;
    window.press(Stroke::Control('a')).await?;
    window.type_text("30 14 * * *").await?;
    window.tab_to("Hour 0").await?;
    window.press(Stroke::Right).await?;
    window.press(Stroke::Right).await?;
    window.press(Stroke::Space).await?;
    holds(&window, "Cron expression", "30 2,14 * * *").await?;
    window.tab_to("Sunday").await?;
    for _ in 0..5 {
        window.press(Stroke::ShiftRight).await?;
    }
    holds(&window, "Cron expression", "30 2,14 * * 0-5").await?;
    assert_eq!(value_of(&window, "Weekday").await?, "0-5");

    // The list shows the engine's own fires, the calendar its days.
    window.shows("Every day except Saturdays at 02:30 and 14:30").await?;
    let params = json!({ "expression": "30 2,14 * * 0-5", "timezone": zone });
    let asked = json!({ "trigger_ref": "core.crontimer", "trigger_params": params, "count": 10 });
    until("the preview shows what the engine foretells", async || {
        let fires = window.engine().call("schedule.next", asked.clone()).await?;
        let fires: Vec<Value> =
            fires["fires"].as_array().context("fires")?.iter().map(|fire| fire["at"].clone()).collect();
        let shown = "return [...document.querySelectorAll('[aria-label=\"Next fires\"] time')].map((time) => time.dateTime)";
        Ok((window.script(shown, vec![]).await? == json!(fires)).then_some(()))
    })
    .await?;
    window.find("grid", "Fires of the next weeks").await?;

    window.tab_to("Message").await?;
    window.type_text("backed up").await?;
    window.press(Stroke::Control('s')).await?;
    let rule = window.engine().rule_is("default.photo_backup", "enabled").await?;
    assert_eq!(rule["trigger_ref"], "core.crontimer");
    assert_eq!(rule["trigger_params"], params);
    window.close().await
}

#[tokio::test]
async fn a_wrong_cron_expression_says_where_and_is_mended_in_one_click() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    new_rule(&window, "Odd", 1).await?;
    window.write("Cron expression", "30 2,14 * * 0-8").await?;
    window.shows("^ column 15").await?;
    window.shows("There is no weekday 8.").await?;
    window.shows("Nothing to show until When is complete.").await?;
    window.click("button", "7").await?;
    holds(&window, "Cron expression", "30 2,14 * * 0-7").await?;
    window.shows("any weekday").await?;

    // What marks cannot show stays text, and both kinds of it become a rule.
    window.write("Cron expression", "0 9 L * *").await?;
    window.shows("says more than marks can show").await?;
    window.press(Stroke::Control('s')).await?;
    let rule = window.engine().rule_is("default.odd", "enabled").await?;
    assert_eq!(rule["trigger_params"]["expression"], "0 9 L * *");
    window.close().await
}

#[tokio::test]
async fn a_recurrence_is_made_of_fields_and_shown_in_words() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    new_rule(&window, "Bins out", 3).await?;
    window.write("Every", "2").await?;
    window.write("From, date", "2031-01-06").await?;
    window.write("From, time", "19:00").await?;
    for day in ["Monday", "Thursday"] {
        let button = window.find("button", day).await?;
        if button.attr("aria-pressed").await?.as_deref() != Some("true") {
            window.click("button", day).await?;
        }
    }
    // The form began with the weekday of tomorrow.
    let others = "for (const day of document.querySelectorAll('[aria-label=\"On these days\"] [aria-pressed=true]')) \
        if (!['Monday', 'Thursday'].includes(day.ariaLabel)) day.click()";
    window.script(others, vec![]).await?;
    window.shows("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH").await?;
    window.shows("Every 2 weeks on Monday and Thursday at 19:00").await?;
    window.press(Stroke::Control('s')).await?;
    let rule = window.engine().rule_is("default.bins_out", "enabled").await?;
    assert_eq!(rule["trigger_params"]["by_day"], json!(["MO", "TH"]));
    assert_eq!(rule["trigger_params"]["dtstart"], "2031-01-06T19:00");
    window.close().await
}

#[tokio::test]
async fn a_one_shot_fires_once_and_is_then_shown_as_finished() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    let soon = window.engine().instant_ahead(6).await?;
    let draft = json!({
        "label": "Tea is ready", "trigger_ref": "core.datetimetimer", "trigger_params": { "fire_at": soon },
        "action_ref": "core.echo", "action_params": { "message": "Tea" },
    });
    window.engine().call("rule.create", json!({ "draft": draft, "enabled": true })).await?;
    window.go("Rules").await?;
    window.engine().rule_is("default.tea_is_ready", "finished").await?;
    window.click("radio", "Finished").await?;
    window.shows("Tea is ready").await?;
    assert!(!window.shows_on("default.tea_is_ready").await?, "its switch is off");
    assert_eq!(window.engine().events_of("default.tea_is_ready").await?.len(), 1, "it fired once");

    // Its time has passed: the switch stays off and says why.
    window.flip("default.tea_is_ready").await?;
    window.shows("Still off:").await?;
    window.close().await
}
