//! Runs a second of a program that does nothing, as many at once as the engine lets run.

use crate::Effort;
use crate::client::{Client, Target};
use crate::measure::median;
use crate::report::{Report, Row, Target as Goal, Unit};
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use model::limits;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

const EVENT: &str = r#"{"trigger_ref":"bench.do","payload":{}}"#;
/// Runs that are asked for in one round, for each second that a round is to take.
const A_SECOND: u32 = 600;
const LOOK: Duration = Duration::from_millis(5);
/// Longer than a round takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(stage: &Stage, effort: Effort, report: &mut Report) -> Result<()> {
    let count = A_SECOND * u32::try_from(effort.round.as_secs())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let start = Instant::now();
        post(&stage.events, count).await?;
        settled(stage).await?;
        ours.push(f64::from(count) / start.elapsed().as_secs_f64());
        let start = Instant::now();
        post(&stage.run, count).await?;
        theirs.push(f64::from(count) / start.elapsed().as_secs_f64());
    }
    let failed = stage.engine.call("execution.list", &json!({ "status": ["failed"], "limit": 1 })).await?;
    ensure!(failed["executions"].as_array().is_some_and(Vec::is_empty), "a run has failed: {failed}");
    let what = format!("runs a second of `true`, {} at once", limits::RUNNING);
    report.add(Row::ratio("F6", what, Unit::PerSecond, median(ours), median(theirs), Goal::AtLeast(0.5)));
    Ok(())
}

/// As many clients as runs go at once; the limit answers when its run has ended.
async fn post(target: &Target, count: u32) -> Result<()> {
    let mut posting = JoinSet::new();
    let clients = u32::try_from(limits::RUNNING)?;
    for number in 0..clients {
        let mut client = Client::connect(target).await?;
        let share = count / clients + u32::from(number < count % clients);
        posting.spawn(async move {
            for _ in 0..share {
                client.post(EVENT).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted??;
    }
    Ok(())
}

/// Until nothing runs and nothing waits.
async fn settled(stage: &Stage) -> Result<()> {
    let start = Instant::now();
    loop {
        let status = stage.engine.call("engine.status", &json!({})).await?;
        let number = |name: &str| status[name].as_u64().with_context(|| format!("{name} in {status}"));
        if number("running")? + number("waiting")? == 0 {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "the runs do not end: {status}");
        sleep(LOOK).await;
    }
}
