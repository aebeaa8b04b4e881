//! Speed, told as ratios to what this machine can do at all, both measured in one run.
//!
//! The engine is the program as people have it: `attune serve`, beside this one in the target folder, on a data
//! folder of its own. The limit is a second process, as little as does the same job ([`limit`]). Rounds of the two
//! take turns, so that what else the machine does meets both. Deliberately absent: targets in absolute time where a
//! ratio can be had, and any switch that makes the engine faster here than it is elsewhere.

mod client;
mod crowd;
mod engine;
mod events;
mod idle;
mod limit;
mod measure;
mod report;
mod runs;
mod stage;
mod starts;
mod timer;

use anyhow::Result;
use clap::{Parser, Subcommand};
use report::Report;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measures events, acknowledgements, starts, timers and idleness beside this machine's own limit.
#[derive(Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// A short look: about a minute and a half
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The timer and the idle engine for five minutes each
    #[arg(long)]
    full: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// The other process, whose speed is the limit
    #[command(hide = true)]
    Limit { folder: PathBuf, programs: PathBuf },
}

/// How long each measurement takes.
#[derive(Clone, Copy)]
struct Effort {
    rounds: u32,
    round: Duration,
    starts: u32,
    timer: Duration,
}

impl Effort {
    fn of(arguments: &Arguments) -> Self {
        let (rounds, seconds, starts, timer) = match (arguments.quick, arguments.full) {
            (true, _) => (2, 1, 60, 12),
            (false, false) => (4, 2, 300, 60),
            (false, true) => (6, 3, 600, 300),
        };
        Self { rounds, round: Duration::from_secs(seconds), starts, timer: Duration::from_secs(timer) }
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(Part::Limit { folder, programs }) = &arguments.part {
        runtime.block_on(limit::serve(folder, programs))?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = runtime.block_on(measure_all(Effort::of(&arguments), !arguments.json))?;
    report.print(arguments.json);
    Ok(ExitCode::SUCCESS)
}

async fn measure_all(effort: Effort, talk: bool) -> Result<Report> {
    let mut stage = Stage::set().await?;
    let mut report = Report::begin(talk);
    report.step("events a second and their acknowledgement");
    events::measure(&stage, effort, &mut report).await?;
    report.step("from an event to the start of a process");
    let start_limit = starts::measure(&mut stage, effort, &mut report).await?;
    report.step("runs a second");
    runs::measure(&stage, effort, &mut report).await?;
    report.step("the lateness of a timer of one second");
    timer::measure(&mut stage, effort, start_limit, &mut report).await?;
    stage.strike().await?;
    report.step("a thousand timers due in one second");
    crowd::measure(&mut report).await?;
    report.step("an idle engine");
    idle::measure(effort, &mut report).await?;
    Ok(report)
}
