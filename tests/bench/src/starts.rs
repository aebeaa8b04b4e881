//! From an event to the start of its action's process, one at a time with a rest between, as it is on a quiet day.

use crate::Effort;
use crate::client::{Client, Target};
use crate::measure::Latencies;
use crate::report::{Report, Row, Target as Goal, Unit};
use crate::stage::Stage;
use anyhow::Result;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Between two events: the process before has ended and is recorded.
const REST: Duration = Duration::from_millis(15);
/// Of one side, before it is the other's turn.
const TURN: u32 = 20;
const EVENT: &str = r#"{"trigger_ref":"bench.go","payload":{}}"#;

pub(crate) async fn measure(stage: &mut Stage, effort: Effort, report: &mut Report) -> Result<Latencies> {
    let (mut engine, mut limit) = (Latencies::new()?, Latencies::new()?);
    let (marks, start) = (stage.events.clone(), stage.start.clone());
    // The first starts fill caches.
    for target in [&marks, &start] {
        turn(stage, target, 5, &mut Latencies::new()?).await?;
    }
    for _ in 0..effort.starts / TURN {
        turn(stage, &marks, TURN, &mut engine).await?;
        turn(stage, &start, TURN, &mut limit).await?;
    }
    for (name, quantile, goal) in [("p50", 0.5, 1.3), ("p99", 0.99, 2.5)] {
        let (ours, theirs) = (engine.ms(quantile), limit.ms(quantile));
        let what = format!("event to process, {name}");
        report.add(Row::ratio("F3", what, Unit::Millis, ours, theirs, Goal::AtMost(goal)));
    }
    Ok(limit)
}

async fn turn(stage: &mut Stage, target: &Target, count: u32, latencies: &mut Latencies) -> Result<()> {
    let mut client = Client::connect(target).await?;
    stage.clear();
    for _ in 0..count {
        let posted = Instant::now();
        client.post(EVENT).await?;
        latencies.add(stage.sign().await?.at.duration_since(posted));
        sleep(REST).await;
    }
    Ok(())
}
