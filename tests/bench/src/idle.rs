//! What the engine and its sensor take while nothing is due.

use crate::Effort;
use crate::engine::Engine;
use crate::report::{Report, Row, Target as Goal, Unit};
use anyhow::{Context, Result};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const TIMERS: u32 = 100;
/// What the start left to do is done by then.
const SETTLE: Duration = Duration::from_secs(3);

/// What the processes have taken so far.
#[derive(Default)]
struct Taken {
    /// Processor time and wake-ups of each thread, by its folder in `/proc`: threads come and go.
    threads: BTreeMap<PathBuf, (Duration, u64)>,
    /// Proportional set size: shared pages count in part.
    pss_bytes: u64,
}

impl Taken {
    /// Processor time and wake-ups since an earlier look, of the threads that are there.
    fn since(&self, earlier: &Self) -> (Duration, u64) {
        let mut sum = (Duration::ZERO, 0);
        for (thread, (cpu, wake_ups)) in &self.threads {
            let (before, woken) = earlier.threads.get(thread).copied().unwrap_or_default();
            sum.0 += cpu.saturating_sub(before);
            sum.1 += wake_ups.saturating_sub(woken);
        }
        sum
    }
}

pub(crate) async fn measure(effort: Effort, report: &mut Report) -> Result<()> {
    let home = tempfile::tempdir()?;
    let engine = Engine::start(home.path()).await?;
    for number in 0..TIMERS {
        let draft = json!({
            "label": format!("far {number}"),
            "trigger_ref": "core.intervaltimer",
            "trigger_params": { "interval": 30 + number, "unit": "days" },
            "action_ref": "core.noop",
        });
        let rule = json!({ "ref": format!("default.far_{number}"), "draft": draft, "enabled": true });
        engine.call("rule.create", &rule).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let processes = family(engine.pid().context("the engine has ended before its time")?);
    let (before, start) = (taken(&processes)?, Instant::now());
    tokio::time::sleep(effort.timer).await;
    let (after, span) = (taken(&processes)?, start.elapsed().as_secs_f64());
    engine.stop().await?;
    let (cpu, wake_ups) = after.since(&before);
    #[expect(clippy::cast_precision_loss, reason = "counts and bytes of a few minutes")]
    let (wake_ups, megabytes) = (wake_ups as f64, after.pss_bytes as f64 / 1e6);
    let cpu = cpu.as_secs_f64() / span * 100.0;
    let what = |what: &str| format!("idle, {TIMERS} timers, {} processes: {what}", processes.len());
    report.add(Row::absolute("F9", what("CPU of a core"), Unit::Percent, cpu, None, Goal::Under(0.2)));
    let a_second = wake_ups / span;
    report.add(Row::absolute("F9", what("wake-ups"), Unit::PerSecond, a_second, None, Goal::Under(2.0)));
    report.add(Row::absolute(
        "F9",
        what("memory (PSS)"),
        Unit::Megabytes,
        megabytes,
        None,
        Goal::Under(40.0),
    ));
    Ok(())
}

/// A process and all that it has started.
fn family(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        next += 1;
        let children =
            tasks(process).into_iter().filter_map(|task| fs::read_to_string(task.join("children")).ok());
        for list in children {
            found.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}

fn tasks(process: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn taken(processes: &[u32]) -> Result<Taken> {
    let mut sum = Taken::default();
    for process in processes {
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))
            .with_context(|| format!("process {process} has ended"))?;
        sum.pss_bytes += field(&rollup, "Pss:").context("Pss")? * 1_024;
        for task in tasks(*process) {
            let stat = fs::read_to_string(task.join("schedstat"))?;
            let nanos = stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
            let cpu = Duration::from_nanos(nanos.context("schedstat")?);
            let status = fs::read_to_string(task.join("status"))?;
            let wake_ups = field(&status, "voluntary_ctxt_switches:").context("context switches")?;
            sum.threads.insert(task, (cpu, wake_ups));
        }
    }
    Ok(sum)
}

/// The number after a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}
