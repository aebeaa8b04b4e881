//! What a person has on the screen after some use: rules that fire, runs that ended well, badly and not yet.

use crate::{Engine, until};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The ref of the rule that is shipped, switched off.
pub const STARTER: &str = "core.echo_every_second";

/// Makes rules, switches the starter rule on and waits until there is something of everything to see.
///
/// # Errors
/// The engine refuses, or nothing happens.
pub async fn seed(engine: &Engine) -> Result<()> {
    let rules = [
        (
            "Site health check",
            "Asks the site whether it is well",
            5,
            "seconds",
            "echo",
            json!({ "message": "200 OK in 38 ms" }),
        ),
        ("Snapshot documents", "Copies Documents into the archive", 4, "seconds", "shell", shell(LOCKED)),
        (
            "Transcode recordings",
            "Makes small films of large ones",
            30,
            "seconds",
            "shell",
            shell("echo started; sleep 600"),
        ),
        ("Weekly report", "Sums up the week", 7, "days", "echo", json!({ "message": "Nothing to report." })),
    ];
    for (label, description, interval, unit, action, parameters) in rules {
        let draft = json!({
            "label": label,
            "description": description,
            "trigger_ref": "core.intervaltimer",
            "trigger_params": { "unit": unit, "interval": interval },
            "action_ref": format!("core.{action}"),
            "action_params": parameters,
        });
        let rule = engine.call("rule.create", json!({ "draft": draft, "enabled": true })).await?;
        if interval > 5 {
            let r#ref = rule["ref"].as_str().context("a ref")?;
            engine.call("rule.run", json!({ "ref": r#ref })).await?;
        }
    }
    timers(engine).await?;
    engine.call("rule.enable", json!({ "ref": STARTER })).await?;
    until("runs that completed, failed and run", async || {
        let runs = engine.executions().await?;
        let count = |status: &str| runs.iter().filter(|run| run["status"] == status).count();
        Ok((count("completed") >= 8 && count("failed") >= 2 && count("running") >= 1).then_some(()))
    })
    .await
}

/// Makes a rule for clocks far away, one that is finished, and one that missed some fires while it was off.
async fn timers(engine: &Engine) -> Result<()> {
    let soon = engine.instant_ahead(6).await?;
    let each_second = json!({ "unit": "seconds", "interval": 1 });
    for (label, description, trigger, parameters) in [
        (
            "Market opens",
            "Before New York wakes up",
            "crontimer",
            json!({ "expression": "30 9 * * 1-5", "timezone": "America/New_York" }),
        ),
        ("Tea is ready", "Three minutes are over", "datetimetimer", json!({ "fire_at": soon })),
        ("Pulse", "Once a second", "intervaltimer", each_second),
    ] {
        let draft = json!({
            "label": label,
            "description": description,
            "trigger_ref": format!("core.{trigger}"),
            "trigger_params": parameters,
            "action_ref": "core.noop",
        });
        engine.call("rule.create", json!({ "draft": draft, "enabled": true })).await?;
    }
    engine.rule_is("default.tea_is_ready", "finished").await?;
    engine.call("rule.disable", json!({ "ref": "default.pulse" })).await?;
    engine.clock_goes_on(3).await?;
    engine.call("rule.enable", json!({ "ref": "default.pulse" })).await?;
    engine.call("rule.disable", json!({ "ref": "default.pulse" })).await?;
    Ok(())
}

const LOCKED: &str =
    "echo 'open repository'\necho 'unable to create lock: already locked by PID 40112' >&2\nexit 1\n";

fn shell(script: &str) -> Value {
    json!({ "script": script })
}
