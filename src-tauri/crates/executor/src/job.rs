//! One run from launch to end.

use crate::output::{Collector, pump};
use crate::parameters::{self, ParameterFile};
use crate::{Config, Launch, Report, command, result};
use model::{ExecutionId, ExecutionStatus, Exit, ParameterDelivery, ParameterFormat, limits};
use process::{Child, Spec, Stdin};
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::output::Stream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Of the time in which a run must end after its main process, what is left for writing it down.
const WRITING_DOWN: Duration = Duration::from_millis(300);

/// What all runs share.
pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) grace: Duration,
}

/// How a run ended, before it has been told.
struct Outcome {
    status: ExecutionStatus,
    exit: Option<Exit>,
    result: Option<Value>,
    error: Option<String>,
}

impl Outcome {
    fn failed(error: String) -> Self {
        Self { status: ExecutionStatus::Failed, exit: None, result: None, error: Some(error) }
    }

    fn cancelled() -> Self {
        Self { status: ExecutionStatus::Cancelled, exit: None, result: None, error: None }
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
    if cancel.is_cancelled() {
        return Outcome::cancelled();
    }
    // Kept to the end: it removes itself.
    let (mut child, _file) = match start(house, &mut launch) {
        Ok(started) => started,
        Err(error) => return Outcome::failed(error),
    };
    let config = &house.config;
    (config.report)(Report::Started {
        execution: launch.execution,
        attempt: launch.attempt,
        pid: child.pid(),
        at: config.clock.now(),
    });
    let cut = CancellationToken::new();
    let streams = [(Stream::Stdout, child.stdout.take()), (Stream::Stderr, child.stderr.take())];
    let (output, clock) = (Arc::clone(&config.output), Arc::clone(&config.clock));
    let mut reading = tokio::spawn(pump(Collector::new(&launch), streams, output, clock, cut.clone()));
    let (cause, exit) = watch(&mut child, launch.timeout, cancel).await;
    let collector = match timeout(limits::DRAIN.saturating_sub(WRITING_DOWN), &mut reading).await {
        Ok(read) => read,
        Err(_) => {
            cut.cancel();
            reading.await
        }
    };
    match (exit, collector) {
        (Ok(exit), Ok(collector)) => judge(&launch, cause, exit, &collector),
        (Err(error), _) => Outcome::failed(format!("The system could not say how it ended: {error}.")),
        (_, Err(error)) => Outcome::failed(format!("Its output could not be read: {error}.")),
    }
}

/// Everything that must come before the process, and nothing else: somebody waits for it to start.
fn start(house: &House, launch: &mut Launch) -> Result<(Child, Option<ParameterFile>), String> {
    let config = &house.config;
    let action = Arc::clone(&launch.action);
    let document = parameters::document(&launch.parameters, action.parameter_format)?;
    // They may be large and have been written down.
    launch.parameters.clear();
    let (stdin, file) = match action.parameter_delivery {
        ParameterDelivery::Stdin => (Stdin::Bytes(document), None),
        ParameterDelivery::File => {
            let extension = match action.parameter_format {
                ParameterFormat::Json => "json",
                ParameterFormat::Dotenv => "env",
                ParameterFormat::Yaml => "yaml",
            };
            let name = format!("{}-{}.{extension}", launch.execution, launch.attempt);
            let file = ParameterFile::write(&config.parameters_dir, &name, &document).map_err(|error| {
                format!(
                    "The parameter file could not be written in `{}`: {error}.",
                    config.parameters_dir.display()
                )
            })?;
            (Stdin::Null, Some(file))
        }
    };
    let env = command::environment(launch, config, file.as_ref().map(ParameterFile::path));
    let line = command::command_line(&action, &env)?;
    let spec = Spec {
        program: line.program,
        args: line.args,
        env,
        cwd: action.folder.clone(),
        stdin,
        grace: house.grace,
        mark: command::mark(launch, config),
    };
    let child = process::spawn(spec).map_err(|error| format!("{error}."))?;
    Ok((child, file))
}

/// Why a run came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    Itself,
    Cancel,
    Timeout,
}

async fn watch(
    child: &mut Child,
    limit: Option<Duration>,
    cancel: &CancellationToken,
) -> (EndedBy, io::Result<Exit>) {
    let time_is_up = async {
        match limit {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let ended_by = tokio::select! {
        biased;
        exit = child.wait() => return (EndedBy::Itself, exit),
        () = cancel.cancelled() => EndedBy::Cancel,
        () = time_is_up => EndedBy::Timeout,
    };
    (ended_by, child.stop().await)
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
    Outcome { status, exit: Some(exit), result, error }
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
