//! Ten thousand timers, a thousand of them or all due in the same second: how long until each is on the disk, and how
//! long the first screen takes to be answered meanwhile.

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
const SOME: u32 = 1_000;
/// Clients that make the rules; more only wait for each other.
const CLIENTS: u32 = 8;
/// From the last of the far timers to the crowded second: enough to make the thousand on a busy machine.
const AHEAD: Duration = Duration::from_secs(20);
/// The same where all are made for it.
const FAR_AHEAD: Duration = Duration::from_secs(90);
/// From the crowded second on, the first screen is asked for again and again for so long.
const WATCH: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(50);
const HOUR: Duration = Duration::from_secs(3_600);
const PAGE: u32 = 200;

/// What was seen of a crowded second.
struct Seen {
    late: Latencies,
    count: usize,
    answers: Latencies,
}

pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    let some = crowd(SOME, AHEAD).await?;
    let what = |what: &str| format!("{SOME} of {TIMERS} timers due in one second: {what}");
    report.add(missing("F5", what("missed"), SOME, &some)?);
    for (name, quantile, goal) in [("p99", 0.99, 500.0), ("all", 1.0, 1_000.0)] {
        let late = some.late.ms(quantile);
        let what = what(&format!("acknowledged, {name}"));
        report.add(Row::absolute("F5", what, Unit::Millis, late, None, Goal::Under(goal)));
    }
    let all = crowd(TIMERS, FAR_AHEAD).await?;
    let what = |what: &str| format!("{TIMERS} timers due in one second: {what}");
    report.add(missing("T6", what("missed"), TIMERS, &all)?);
    report.add(Row::absolute(
        "T6",
        what("decided, all"),
        Unit::Millis,
        all.late.ms(1.0),
        None,
        Goal::Under(5_000.0),
    ));
    let screen = all.answers.ms(0.99);
    report.add(Row::absolute(
        "T6",
        what("first screen, p99"),
        Unit::Millis,
        screen,
        None,
        Goal::Under(100.0),
    ));
    Ok(())
}

fn missing(id: &'static str, what: String, due: u32, seen: &Seen) -> Result<Row> {
    let missing = f64::from(due) - f64::from(u32::try_from(seen.count)?);
    Ok(Row::absolute(id, what, Unit::Count, missing, None, Goal::Under(1.0)))
}

/// An engine of its own, in which so many of the timers fall on one second.
async fn crowd(due: u32, ahead: Duration) -> Result<Seen> {
    let home = tempfile::tempdir()?;
    let engine = Engine::start(home.path()).await?;
    make(&engine, due..TIMERS, SystemClock.now().plus(HOUR / 2)).await?;
    let crowded = Timestamp::from_seconds(SystemClock.now().plus(ahead).as_seconds());
    make(&engine, 0..due, crowded).await?;
    let left = crowded.micros_since(SystemClock.now());
    let left = u64::try_from(left).context("the rules were not made before they were due")?;
    tokio::time::sleep(Duration::from_micros(left)).await;
    let answers = watch(&engine).await?;
    let late = acknowledged(&engine, crowded, due).await?;
    engine.stop().await?;
    let mut latencies = Latencies::new()?;
    late.iter().for_each(|late| latencies.add(*late));
    Ok(Seen { late: latencies, count: late.len(), answers })
}

/// Asks for the first screen, as a window does.
async fn watch(engine: &Engine) -> Result<Latencies> {
    let (mut answers, start) = (Latencies::new()?, Instant::now());
    while start.elapsed() < WATCH {
        let asked = Instant::now();
        engine.call("now.read", &json!({})).await?;
        answers.add(asked.elapsed());
        tokio::time::sleep(LOOK).await;
    }
    Ok(answers)
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
async fn acknowledged(engine: &Engine, crowded: Timestamp, due: u32) -> Result<Vec<Duration>> {
    let planned = crowded.to_string();
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
                if event["facts"]["scheduled_at"].as_str() == Some(&planned) {
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
        if late.len() >= due as usize || start.elapsed() > PATIENCE {
            return Ok(late);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
