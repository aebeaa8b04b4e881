//! Events: how many a second, and how long until each is acknowledged.
//!
//! Each event has a `dedupe_key` of its own, as a sensor's has, is looked at by one rule whose condition does not
//! hold, and is acknowledged when it is on the disk.

use crate::Effort;
use crate::client::{Client, Target};
use crate::measure::{Latencies, median};
use crate::report::{Report, Row, Target as Goal, Unit};
use crate::stage::Stage;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Not counted: connections are made, caches filled.
const WARM_UP: Duration = Duration::from_millis(200);

/// What clients saw of one side.
struct Seen {
    per_second: Vec<f64>,
    latencies: Latencies,
}

impl Seen {
    fn new() -> Result<Self> {
        Ok(Self { per_second: Vec::new(), latencies: Latencies::new()? })
    }

    async fn round(
        &mut self,
        target: &Target,
        clients: usize,
        length: Duration,
        keys: &Arc<AtomicU64>,
    ) -> Result<()> {
        let (count, time, latencies) = flood(target, clients, length, keys).await?;
        #[expect(clippy::cast_precision_loss, reason = "a count of a few seconds")]
        self.per_second.push(count as f64 / time.as_secs_f64());
        self.latencies.join(&latencies)
    }
}

pub(crate) async fn measure(stage: &Stage, effort: Effort, report: &mut Report) -> Result<()> {
    let keys = Arc::new(AtomicU64::new(1));
    let mut rows = Vec::new();
    for clients in [1, 8, 64] {
        let (mut engine, mut limit, mut echo) = (Seen::new()?, Seen::new()?, Seen::new()?);
        for _ in 0..effort.rounds {
            engine.round(&stage.events, clients, effort.round, &keys).await?;
            limit.round(&stage.limit, clients, effort.round, &keys).await?;
            echo.round(&stage.echo, clients, effort.round / 2, &keys).await?;
        }
        let what = format!("events a second, {clients} client{}", if clients == 1 { "" } else { "s" });
        let (ours, theirs) = (median(engine.per_second), median(limit.per_second));
        let row = Row::ratio("F1", what, Unit::PerSecond, ours, theirs, Goal::AtLeast(0.5));
        report.add(row.beside("bare echo", median(echo.per_second)));
        if clients == 1 {
            for (name, quantile, goal) in [("p50", 0.5, 1.5), ("p99", 0.99, 3.0)] {
                let (ours, theirs) = (engine.latencies.ms(quantile), limit.latencies.ms(quantile));
                let what = format!("acknowledged, {name}");
                rows.push(Row::ratio("F2", what, Unit::Millis, ours, theirs, Goal::AtMost(goal)));
            }
        }
    }
    rows.into_iter().for_each(|row| report.add(row));
    Ok(())
}

/// Clients that post one event after the other; how many were acknowledged in how long.
async fn flood(
    target: &Target,
    clients: usize,
    length: Duration,
    keys: &Arc<AtomicU64>,
) -> Result<(u64, Duration, Latencies)> {
    let mut posting = JoinSet::new();
    let start = Instant::now() + WARM_UP;
    let end = start + length;
    for _ in 0..clients {
        let (mut client, keys) = (Client::connect(target).await?, Arc::clone(keys));
        posting.spawn(async move {
            let (mut count, mut latencies) = (0_u64, Latencies::new()?);
            loop {
                let body = event(keys.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                if sent >= end {
                    return anyhow::Ok((count, latencies));
                }
                client.post(&body).await?;
                let now = Instant::now();
                if sent >= start && now <= end {
                    count += 1;
                    latencies.add(now - sent);
                }
            }
        });
    }
    let (mut count, mut latencies) = (0, Latencies::new()?);
    while let Some(client) = posting.join_next().await {
        let (own, seen) = client??;
        count += own;
        latencies.join(&seen)?;
    }
    Ok((count, length, latencies))
}

fn event(number: u64) -> String {
    format!(
        r#"{{"trigger_ref":"bench.tick","payload":{{"n":{number},"name":"a sensor saw something","at":"2026-01-01T00:00:00Z"}},"dedupe_key":"bench-{number}"}}"#
    )
}
