//! The window for everybody: nothing wrong by axe-core, everything by keyboard, and its own frame works.

use anyhow::{Context, Result};
use e2e_tests::{SCREENS, Stage, Stroke, Window, seed, until};
use serde_json::{Value, json};

/// Runs axe-core in the page and answers its violations, one line each.
async fn violations(window: &Window, place: &str) -> Result<Vec<String>> {
    const RUN: &str = "const done = arguments[arguments.length - 1]; \
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }) \
           .then((found) => done(found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`)), \
                 (error) => done([String(error)]))";
    window.settles().await?;
    let found = window.script_async(RUN, vec![]).await?;
    let lines = found.as_array().context("axe answers a list")?;
    Ok(lines.iter().filter_map(Value::as_str).map(|line| format!("{place}: {line}")).collect())
}

#[tokio::test]
async fn no_screen_shuts_anybody_out() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    seed::seed(window.engine()).await?;
    let axe = e2e_tests::axe()?;
    window.script(&axe, vec![]).await?;
    let mut found = Vec::new();
    for theme in ["dark", "light"] {
        window.use_theme(theme).await?;
        for screen in SCREENS {
            window.go(screen).await?;
            found.extend(violations(&window, &format!("{screen}, {theme}")).await?);
        }
        window.open_run_of("Snapshot documents").await?;
        found.extend(violations(&window, &format!("a run, {theme}")).await?);
        window.go("Rules").await?;
        window.click("button", "New rule").await?;
        window.find("textbox", "Name").await?;
        found.extend(violations(&window, &format!("the editor, {theme}")).await?);
        for timer in ["Cron", "Date and time", "Recurrence"] {
            window.click("radio", timer).await?;
            window.find("combobox", "Time zone").await?;
            window.find("grid", "Fires of the next weeks").await?;
            found.extend(violations(&window, &format!("{timer}, {theme}")).await?);
        }
        window.click("button", "Options").await?;
        window.find("textbox", "Not before, date").await?;
        found.extend(violations(&window, &format!("the options of a timer, {theme}")).await?);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    window.close().await
}

#[tokio::test]
async fn a_rule_is_made_with_keys_alone() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    window.press(Stroke::Char('g')).await?;
    window.press(Stroke::Char('r')).await?;
    window.find("heading", "Rules").await?;
    window.press(Stroke::Char('n')).await?;
    window.find("textbox", "Name").await?;
    window.tab_to("Name").await?;
    window.type_text("Keys alone").await?;
    window.tab_to("Message").await?;
    window.type_text("made by keys").await?;
    window.press(Stroke::Control('s')).await?;
    let rule = window.engine().rule_is("default.keys_alone", "enabled").await?;
    assert_eq!(rule["trigger_ref"], "core.intervaltimer");
    assert_eq!(rule["action_params"]["message"], "made by keys");
    window.close().await
}

#[tokio::test]
async fn the_window_s_own_frame_works_and_leads_nowhere_else() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    let size = async || window.script("return [innerWidth, innerHeight]", vec![]).await;
    assert_eq!(size().await?, json!([1440, 900]));
    window.click("button", "Maximise").await?;
    until("the window fills the screen", async || Ok((size().await? == json!([1600, 1000])).then_some(())))
        .await?;

    // A page that was led astray stays where it is, and reaches nobody.
    let before = window.script("return location.href", vec![]).await?;
    window
        .script("location.href = 'https://example.com/'; window.open('https://example.com/')", vec![])
        .await?;
    let fetched = "const done = arguments[arguments.length - 1]; \
        fetch('http://127.0.0.1:9/').then(() => done('reached'), (error) => done(String(error)))";
    assert_ne!(window.script_async(fetched, vec![]).await?, "reached");
    assert_eq!(window.script("return location.href", vec![]).await?, before);

    // Of the bridge only our two commands and the title bar's are open.
    let read = "const [command, args] = arguments, done = arguments[arguments.length - 1]; \
        window.__TAURI_INTERNALS__.invoke(command, args).then((answer) => done({ answer }), (error) => done({ error }))";
    let asked = window
        .script_async(read, vec![json!("rpc"), json!({ "command": "engine.status", "request": {} })])
        .await?;
    assert_eq!(asked["answer"]["state"], "running");
    for command in [
        "plugin:window|set_title",
        "plugin:event|listen",
        "plugin:path|resolve_directory",
        "plugin:app|version",
    ] {
        let refused = window.script_async(read, vec![json!(command), json!({})]).await?;
        assert!(
            refused["error"].as_str().is_some_and(|error| error.contains("not allowed")),
            "{command}: {refused}"
        );
    }
    window.close().await
}
