//! A timer of one second: from its planned instant to the start of its action's process.

use crate::Effort;
use crate::measure::{Latencies, median};
use crate::report::{Report, Row, Target as Goal, Unit};
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use model::{Clock, SystemClock, Timestamp};
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::Timespec;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SECOND: i64 = 1_000_000;
/// The sleeper wakes this long after the timer's instants, so that the two do not meet.
const ASIDE: i64 = SECOND / 2;

struct Fire {
    planned: Timestamp,
    late: Duration,
}

pub(crate) async fn measure(
    stage: &mut Stage,
    effort: Effort,
    start: Latencies,
    report: &mut Report,
) -> Result<()> {
    stage.clear();
    enable(stage).await?;
    // The sensor starts with its first rule; its first fire may be late for that.
    let first = fire(stage).await?;
    let over = Arc::new(AtomicBool::new(false));
    let sleeper = sleep_beside(first.planned.as_micros() + ASIDE, Arc::clone(&over));
    let (begin, mut fires) = (Instant::now(), Vec::new());
    while begin.elapsed() < effort.timer {
        fires.push(fire(stage).await?);
    }
    over.store(true, Ordering::Relaxed);
    let sleep = tokio::task::spawn_blocking(move || sleeper.join())
        .await?
        .map_err(|_| anyhow::anyhow!("the sleeper has died"))??;
    stage.engine.call("rule.disable", &json!({ "ref": "default.second" })).await?;
    tell(&fires, &sleep, &start, report)
}

async fn enable(stage: &Stage) -> Result<()> {
    let draft = json!({
        "label": "second",
        "trigger_ref": "core.intervaltimer",
        "trigger_params": { "interval": 1, "unit": "seconds" },
        "action_ref": "bench.mark",
        "action_params": { "at": "{{ event.payload.scheduled_at }}" },
    });
    let rule = json!({ "ref": "default.second", "draft": draft, "enabled": true });
    stage.engine.call("rule.create", &rule).await?;
    Ok(())
}

async fn fire(stage: &mut Stage) -> Result<Fire> {
    let sign = stage.sign().await?;
    let parameters: Value = serde_json::from_str(&sign.line)?;
    let planned: Timestamp = parameters["at"].as_str().context("a planned instant")?.parse()?;
    let late = u64::try_from(sign.clock.micros_since(planned)).context("a fire before its instant")?;
    Ok(Fire { planned, late: Duration::from_micros(late) })
}

/// What the kernel alone makes of the same task: once a second, to the instant.
fn sleep_beside(first: i64, over: Arc<AtomicBool>) -> std::thread::JoinHandle<Result<Latencies>> {
    std::thread::spawn(move || {
        let mut latencies = Latencies::new()?;
        let mut next = first;
        while !over.load(Ordering::Relaxed) {
            next += SECOND;
            let until = Timespec { tv_sec: next / SECOND, tv_nsec: next % SECOND * 1_000 };
            clock_nanosleep_absolute(ClockId::Realtime, &until)?;
            let late = SystemClock.now().micros_since(Timestamp::from_micros(next));
            latencies.add(Duration::from_micros(u64::try_from(late).unwrap_or(0)));
        }
        Ok(latencies)
    })
}

fn tell(fires: &[Fire], sleep: &Latencies, start: &Latencies, report: &mut Report) -> Result<()> {
    ensure!(fires.len() > 4, "the timer has fired {} times only", fires.len());
    let mut late = Latencies::new()?;
    fires.iter().for_each(|fire| late.add(fire.late));
    for (name, quantile, goal) in [("p50", 0.5, 2.5), ("p99", 0.99, 6.0), ("max", 1.0, 50.0)] {
        let limit = sleep.ms(quantile) + start.ms(quantile);
        let what = format!("timer late, {name}");
        report.add(Row::absolute(
            "F4",
            what,
            Unit::Millis,
            late.ms(quantile),
            Some(limit),
            Goal::Under(goal),
        ));
    }
    let missing =
        fires.windows(2).filter(|two| two[1].planned.micros_since(two[0].planned) != SECOND).count();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let missing = missing as f64;
    let what = format!("planned seconds missed or repeated, of {}", fires.len());
    report.add(Row::absolute("F4", what, Unit::Count, missing, None, Goal::Under(1.0)));
    let of = |part: &[Fire]| median(part.iter().map(|fire| fire.late.as_secs_f64() * 1e3).collect());
    let quarter = fires.len() / 4;
    let drift = of(&fires[fires.len() - quarter..]) - of(&fires[..quarter]);
    let what = "drift, last quarter to first".to_owned();
    report.add(Row::absolute("F4", what, Unit::Millis, drift, None, Goal::Under(1.0)));
    Ok(())
}
