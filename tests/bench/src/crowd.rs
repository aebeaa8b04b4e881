//! Ten thousand timers, a thousand of them due in the same second: how long until each is on the disk.

use crate::client::Client;
use crate::engine::{Engine, PATIENCE};
use crate::measure::Latencies;
use crate::report::{Report, Row, Target as Goal, Unit};
use anyhow::{Context, Result, ensure};
use model::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const TIMERS: u32 = 10_000;
const DUE: u32 = 1_000;
/// Clients that make the rules; more only wait for each other.
const CLIENTS: u32 = 8;
/// From the last of the far timers to the crowded second: enough to make the thousand on a busy machine.
const AHEAD: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3_600);
const PAGE: u32 = 200;

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    let home = tempfile::tempdir()?;
    let engine = Engine::start(home.path()).await?;
    let now = SystemClock.now();
    make(&engine, DUE..TIMERS, now.plus(HOUR / 2)).await?;
    let crowded = Timestamp::from_seconds(SystemClock.now().plus(AHEAD).as_seconds());
    make(&engine, 0..DUE, crowded).await?;
    ensure!(SystemClock.now() < crowded, "the rules were not made before they were due");
    let late = acknowledged(&engine, crowded).await?;
    engine.stop().await?;
    tell(&late, report)
}

/// Rules whose timers are due each hour, first at `first`; their conditions never hold.
async fn make(engine: &Engine, numbers: std::ops::Range<u32>, first: Timestamp) -> Result<()> {
    let anchor = first.minus(HOUR);
    let target = engine.target("/api/v1/rpc/rule.create");
    let mut makers = JoinSet::new();
    for maker in 0..CLIENTS {
        let (numbers, target) = (numbers.clone(), target.clone());
        makers.spawn(async move {
            let mut client = Client::connect(&target).await?;
            for number in numbers.skip(maker as usize).step_by(CLIENTS as usize) {
                let draft = json!({
                    "label": format!("timer {number}"),
                    "trigger_ref": "core.intervaltimer",
                    "trigger_params": { "interval": 1, "unit": "hours", "anchor": anchor },
                    "conditions": { "field": "event.payload.delay_ms", "operator": "less_than", "value": -1 },
                    "action_ref": "core.noop",
                });
                let rule =
                    json!({ "ref": format!("default.timer_{number}"), "draft": draft, "enabled": true });
                client.post(&rule.to_string()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(made) = makers.join_next().await {
        made??;
    }
    Ok(())
}

/// Waits for the events of the crowded second; how late each was.
async fn acknowledged(engine: &Engine, crowded: Timestamp) -> Result<Vec<Duration>> {
    let due = crowded.to_string();
    let start = Instant::now();
    loop {
        let (mut late, mut rules, mut before) = (Vec::new(), HashSet::new(), Value::Null);
        loop {
            let mut request = json!({ "trigger": "core.intervaltimer", "limit": PAGE });
            if !before.is_null() {
                request["before"] = before;
            }
            let page = engine.call("event.list", &request).await?;
            for event in page["events"].as_array().context("a list of events")? {
                if event["facts"]["scheduled_at"].as_str() == Some(&due) {
                    rules.insert(event["rule"]["id"].to_string());
                    let created: Timestamp = event["created"].as_str().context("an instant")?.parse()?;
                    late.push(Duration::from_micros(u64::try_from(created.micros_since(crowded))?));
                }
            }
            before = page["next"].clone();
            if before.is_null() {
                break;
            }
        }
        ensure!(rules.len() == late.len(), "a timer fired twice for one instant");
        if late.len() >= DUE as usize || start.elapsed() > AHEAD + PATIENCE {
            return Ok(late);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn tell(late: &[Duration], report: &mut Report) -> Result<()> {
    let mut latencies = Latencies::new()?;
    late.iter().for_each(|late| latencies.add(*late));
    let missing = f64::from(DUE) - f64::from(u32::try_from(late.len())?);
    let what = format!("timers missed of {DUE} due in one second, {TIMERS} armed");
    report.add(Row::absolute("F5", what, Unit::Count, missing, None, Goal::Under(1.0)));
    for (name, quantile, goal) in [("p99", 0.99, 500.0), ("all", 1.0, 1_000.0)] {
        let what = format!("timers due together, acknowledged, {name}");
        report.add(Row::absolute("F5", what, Unit::Millis, latencies.ms(quantile), None, Goal::Under(goal)));
    }
    Ok(())
}
