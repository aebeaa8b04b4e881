//! The life of a sensor: start, follow, end.

use crate::backoff::Backoff;
use crate::client::{CallError, Client};
use crate::environment::Environment;
use crate::events::{self, Poster};
use crate::fate::{Distress, Failure, Fate};
use crate::notifier::{Stream, StreamError};
use crate::renewal;
use crate::rules::{self, Rule};
use model::{Ref, RuleId};
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_appender::non_blocking::WorkerGuard;

/// What a sensor is to the kit: somebody who is told which rules there are. The calls come one after the other
/// and must not wait for anything.
pub trait Sensor: Send {
    /// All enabled rules: at the start, and whenever the kit may have missed a change. Rules that the sensor
    /// knows already and that have not changed are to be left alone.
    fn replace(&mut self, rules: Vec<Rule>);
    /// One rule is new, enabled or changed.
    fn put(&mut self, rule: Rule);
    /// One rule no longer listens.
    fn remove(&mut self, rule: RuleId);
    /// The end: from here on no event may be posted.
    fn stop(&mut self);
}

/// What a sensor gets at its start.
pub struct Start {
    /// Takes its events.
    pub poster: Poster,
    /// Ends it where it cannot go on.
    pub distress: Distress,
    /// Its own name.
    pub sensor_ref: Ref,
    /// Its own configuration.
    pub config: std::collections::BTreeMap<String, String>,
}

/// How long and how much; the defaults are those of the protocol.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Posts under way at once, of as many rules.
    pub posts_in_flight: usize,
    /// Events and reports that wait for their turn or their answer; beyond it [`Poster::post`] says so.
    pub waiting_events: usize,
    /// First pause after a failed try; doubles.
    pub first_pause: Duration,
    /// Longest pause between two tries.
    pub longest_pause: Duration,
    /// Refusals of the token (401) in one call before it is taken for dead.
    pub unauthorized: u32,
    /// How long nobody may listen at the engine's address.
    pub engine_gone: Duration,
    /// Time to post what is left at the end.
    pub flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            posts_in_flight: 32,
            waiting_events: 50_000,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            unauthorized: 5,
            engine_gone: Duration::from_secs(60),
            // The engine kills after 5 s; half a second is left for the exit itself.
            flush: Duration::from_millis(4_500),
        }
    }
}

/// Runs a sensor as a whole process: environment, log on stderr, signals, exit code. 0 after SIGTERM or SIGINT, 2
/// for a wrong environment, 1 for every other failure.
pub fn main<S: Sensor>(make: impl FnOnce(Start) -> Result<S, Failure>) -> ExitCode {
    let _log = start_log();
    let failure = match whole(make) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    tracing::error!("{failure}");
    ExitCode::from(if matches!(failure, Failure::Environment(_)) { 2 } else { 1 })
}

fn whole<S: Sensor>(make: impl FnOnce(Start) -> Result<S, Failure>) -> Result<(), Failure> {
    let environment = Environment::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Sensor(format!("no threads can be started: {error}")))?;
    let ended = runtime.block_on(async {
        let stop =
            stop_signal().map_err(|error| Failure::Sensor(format!("no signals can be heard: {error}")))?;
        run(environment, Limits::default(), stop, make).await
    });
    // Whatever still waits for the network must not hold the process.
    runtime.shutdown_background();
    ended
}

const LIBRARIES: [&str; 6] = ["tungstenite", "tokio_tungstenite", "reqwest", "hyper", "hyper_util", "mio"];

/// stderr is the sensor's log; the level is the engine's choice. Lines are written by a thread of their own, so
/// that a log that nobody reads for a while delays no event; what is logged last is written when the guard is
/// dropped.
fn start_log() -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let level = std::env::var("ATTUNE_LOG_LEVEL").unwrap_or_default();
    let level = level.parse().unwrap_or(tracing::Level::INFO);
    // The libraries below would write whole requests, tokens included.
    let filter =
        LIBRARIES.iter().fold(level.to_string(), |filter, library| format!("{filter},{library}=warn"));
    let log = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter);
    // Where a log is there already, it is good enough.
    let _known = log.try_init();
    guard
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _heard = tokio::signal::ctrl_c().await;
    })
}

/// Runs a sensor until `stop`, then flushes; or until it cannot go on.
///
/// # Errors
/// The [`Failure`] that ended it.
pub async fn run<S: Sensor>(
    environment: Environment,
    limits: Limits,
    stop: impl Future<Output = ()>,
    make: impl FnOnce(Start) -> Result<S, Failure>,
) -> Result<(), Failure> {
    let fate = Arc::new(Fate::default());
    let closing = CancellationToken::new();
    let client = Arc::new(Client::new(&environment, limits, Arc::clone(&fate), closing.clone())?);
    let (poster, waiting) = events::queue(limits);
    let start = Start {
        poster,
        distress: Distress::new(Arc::clone(&fate)),
        sensor_ref: environment.sensor_ref.clone(),
        config: environment.config.clone(),
    };
    let mut sensor = make(start)?;
    let mut delivery = tokio::spawn(events::deliver(waiting, Arc::clone(&client), limits, closing.clone()));
    tracing::info!(sensor = %environment.sensor_ref, "started");
    let mut posting = true;
    tokio::select! {
        () = stop => tracing::info!("told to stop"),
        () = fate.sealed() => {}
        () = renewal::renew(&client) => {}
        () = attend(&client, &environment, limits, &mut sensor) => {}
        // Nobody closed it: it has died, and a sensor that cannot post must not seem to work.
        _ = &mut delivery => {
            posting = false;
            fate.seal(Failure::Sensor("the task that posts events has died".to_owned()));
        }
    }
    sensor.stop();
    closing.cancel();
    if posting && timeout(limits.flush, &mut delivery).await.is_err() {
        delivery.abort();
        tracing::error!("some events could not be posted before the end");
    }
    fate.cause().map_or(Ok(()), Err)
}

/// Keeps the sensor's rules true. It ends only with the sensor.
async fn attend<S: Sensor>(client: &Client, environment: &Environment, limits: Limits, sensor: &mut S) {
    let mut backoff = Backoff::new(limits.first_pause, limits.longest_pause);
    let mut greeted = false;
    loop {
        let attended = if greeted {
            listen(client, environment, sensor).await
        } else {
            greet(client, environment, sensor).await
        };
        match attended {
            Ok(Attended::Greeted) => {
                greeted = true;
                continue;
            }
            Ok(Attended::Lost) => backoff.reset(),
            Ok(Attended::Unheard) => {}
            Err(CallError::Ending) => return client.fate.sealed().await,
            Err(error) => tracing::warn!("{error}; trying again"),
        }
        tokio::time::sleep(backoff.pause()).await;
    }
}

/// How far one round of [`attend`] got.
enum Attended {
    /// The engine is there and its rules are known.
    Greeted,
    /// The stream was open and is lost.
    Lost,
    /// The stream could not be opened.
    Unheard,
}

/// The first look: is the engine there, and which rules are there. Timers tick from here on, also while the stream
/// cannot be opened.
async fn greet<S: Sensor>(
    client: &Client,
    environment: &Environment,
    sensor: &mut S,
) -> Result<Attended, CallError> {
    let _health: serde_json::Value = client.get("/health").await?;
    sensor.replace(rules::read_all(client, &environment.trigger_types).await?);
    Ok(Attended::Greeted)
}

/// One life of the stream: open, read all rules (what changed before is in them, what changes after is in the
/// stream), follow.
async fn listen<S: Sensor>(
    client: &Client,
    environment: &Environment,
    sensor: &mut S,
) -> Result<Attended, CallError> {
    let stream = match Stream::open(client, environment).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!("{error}");
            if matches!(error, StreamError::Unauthorized) {
                // The calls below find out whether there is a newer token, and end the sensor if there is none.
                sensor.replace(rules::read_all(client, &environment.trigger_types).await?);
            }
            return Ok(Attended::Unheard);
        }
    };
    sensor.replace(rules::read_all(client, &environment.trigger_types).await?);
    stream.follow(client, sensor).await?;
    tracing::info!("reading all rules again");
    Ok(Attended::Lost)
}
