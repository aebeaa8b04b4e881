//! One run from launch to end.

use crate::output::{Collector, pump};
use crate::progress::ProgressFile;
use crate::secrets::Secrets;
use crate::start::{Started, start};
use crate::{Config, Launch, Report, result};
use model::{ExecutionId, ExecutionStatus, Exit, Usage, limits};
use runtimes::Runtimes;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::output::Stream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Of the time in which a run must end after its main process, what is left for writing it down.
const WRITING_DOWN: Duration = Duration::from_millis(300);

/// How soon after its start a run is first looked at; then after twice the time, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(5);

/// What all runs share.
pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) grace: Duration,
    pub(crate) runtimes: Runtimes,
}

/// How a run ended, before it has been told.
struct Outcome {
    status: ExecutionStatus,
    exit: Option<Exit>,
    result: Option<Value>,
    error: Option<String>,
    usage: Option<Usage>,
}

impl Outcome {
    fn failed(error: String) -> Self {
        Self { status: ExecutionStatus::Failed, exit: None, result: None, error: Some(error), usage: None }
    }

    fn cancelled() -> Self {
        Self { status: ExecutionStatus::Cancelled, exit: None, result: None, error: None, usage: None }
    }
}

/// Tells the end of a run, once, when it is dropped: also when the run's task breaks.
struct Ending<F: FnOnce()> {
    house: Arc<House>,
    execution: ExecutionId,
    attempt: u32,
    outcome: Option<Outcome>,
    forget: Option<F>,
}

impl<F: FnOnce()> Drop for Ending<F> {
    fn drop(&mut self) {
        if let Some(forget) = self.forget.take() {
            forget();
        }
        let outcome = self.outcome.take().unwrap_or_else(|| {
            Outcome::failed(
                "The engine lost sight of this run through a fault of its own; its log says more.".to_owned(),
            )
        });
        (self.house.config.report)(Report::Finished {
            execution: self.execution,
            attempt: self.attempt,
            at: self.house.config.clock.now(),
            status: outcome.status,
            exit: outcome.exit,
            result: outcome.result,
            error: outcome.error,
            usage: outcome.usage,
        });
    }
}

/// Runs one attempt and reports what becomes of it. `forget` is called just before its end is reported.
pub(crate) async fn run(house: Arc<House>, launch: Launch, cancel: CancellationToken, forget: impl FnOnce()) {
    let mut ending = Ending {
        house: Arc::clone(&house),
        execution: launch.execution,
        attempt: launch.attempt,
        outcome: None,
        forget: Some(forget),
    };
    ending.outcome = Some(outcome(&house, launch, &cancel).await);
}

async fn outcome(house: &House, mut launch: Launch, cancel: &CancellationToken) -> Outcome {
    // An environment may have to be built first, and nobody waits for that who does not want the run any more.
    let started = tokio::select! {
        biased;
        () = cancel.cancelled() => return Outcome::cancelled(),
        started = start(house, &mut launch) => started,
    };
    let mut started = match started {
        Ok(started) => started,
        Err(error) => return Outcome::failed(error),
    };
    let (config, child) = (&house.config, &mut started.child);
    (config.report)(Report::Started {
        execution: launch.execution,
        attempt: launch.attempt,
        pid: child.pid(),
        at: config.clock.now(),
    });
    let cut = CancellationToken::new();
    let streams = [(Stream::Stdout, child.stdout.take()), (Stream::Stderr, child.stderr.take())];
    let (output, clock) = (Arc::clone(&config.output), Arc::clone(&config.clock));
    let mut reading = tokio::spawn(pump(
        Collector::new(&launch, started.secrets.clone()),
        streams,
        output,
        clock,
        cut.clone(),
    ));
    let (cause, exit) = watch(house, &launch, &mut started, cancel).await;
    let collector = match timeout(limits::DRAIN.saturating_sub(WRITING_DOWN), &mut reading).await {
        Ok(read) => read,
        Err(_) => {
            cut.cancel();
            reading.await
        }
    };
    let usage = started.child.let_go();
    match (exit, collector) {
        (Ok(exit), Ok(collector)) => Outcome { usage, ..judge(&launch, cause, exit, &collector) },
        (Err(error), _) => Outcome::failed(format!("The system could not say how it ended: {error}.")),
        (_, Err(error)) => Outcome::failed(format!("Its output could not be read: {error}.")),
    }
}

/// Why a run came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    Itself,
    Cancel,
    Timeout,
}

async fn watch(
    house: &House,
    launch: &Launch,
    started: &mut Started,
    cancel: &CancellationToken,
) -> (EndedBy, io::Result<Exit>) {
    let Started { child, progress, secrets, .. } = started;
    let time_is_up = async {
        match launch.timeout {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(time_is_up);
    let mut pause = FIRST_LOOK;
    let ended_by = loop {
        tokio::select! {
            biased;
            exit = child.wait() => {
                tell_progress(house, launch, progress, secrets);
                return (EndedBy::Itself, exit);
            }
            () = cancel.cancelled() => break EndedBy::Cancel,
            () = &mut time_is_up => break EndedBy::Timeout,
            () = sleep(pause) => {
                child.look_at_memory();
                tell_progress(house, launch, progress, secrets);
                pause = (pause * 2).min(limits::PROGRESS_EVERY);
            }
        }
    };
    child.look_at_memory();
    (ended_by, child.stop().await)
}

fn tell_progress(house: &House, launch: &Launch, progress: &mut ProgressFile, secrets: &Secrets) {
    if let Some(mut progress) = progress.news() {
        progress.message = secrets.mask_text(&progress.message);
        let (execution, attempt) = (launch.execution, launch.attempt);
        (house.config.report)(Report::Progress {
            execution,
            attempt,
            at: house.config.clock.now(),
            progress,
        });
    }
}

fn judge(launch: &Launch, ended_by: EndedBy, exit: Exit, collector: &Collector) -> Outcome {
    let action = &launch.action;
    let (stdout, length) = collector.stdout();
    let reading = result::read(action.output_format, stdout, length);
    let reading_is_whole = reading.oddity.is_none();
    let is_success = match exit {
        Exit::Code(code) if action.success_codes.is_empty() => code == 0,
        Exit::Code(code) => action.success_codes.contains(&code),
        Exit::Signal(_) => false,
    };
    let (status, error) = match ended_by {
        EndedBy::Itself if is_success => (ExecutionStatus::Completed, reading.oddity),
        EndedBy::Itself => (ExecutionStatus::Failed, Some(result::failure(exit, collector.last_words()))),
        EndedBy::Cancel => (ExecutionStatus::Cancelled, None),
        EndedBy::Timeout => {
            let limit = launch.timeout.unwrap_or_default();
            let sentence =
                format!("It ran longer than the {} it may take, and was stopped.", duration(limit));
            (ExecutionStatus::Timeout, Some(sentence))
        }
    };
    // The half-written document of a run that did not end well is output, not a result.
    let result = reading.value.filter(|_| status == ExecutionStatus::Completed || reading_is_whole);
    Outcome { status, exit: Some(exit), result, error, usage: None }
}

fn duration(limit: Duration) -> String {
    let seconds = limit.as_secs();
    match seconds {
        0 => format!("{} ms", limit.as_millis()),
        _ if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ if limit.subsec_millis() == 0 => format!("{seconds} s"),
        _ => format!("{} s", limit.as_secs_f64()),
    }
}
