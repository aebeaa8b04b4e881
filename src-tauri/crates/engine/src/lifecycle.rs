//! Start in order, stop in order.

use crate::catalog::Catalog;
use crate::dispatcher::{Disk, Dispatcher};
use crate::effect::Performer;
use crate::feed::{Feed, NoticeReceiver, Topic};
use crate::input::{Answer, Envelope, Input, Refusal};
use crate::shared::Shared;
use crate::state::State;
use executor::Executor;
use fd_lock::RwLock as FileLock;
use model::{Clock, Timestamp, limits};
use sensors::{Roster, RosterConfig, TokenTable};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::output::{OutputReader, OutputWriter};
use store::{OpenError, Readers};
use tokio::sync::{mpsc, oneshot};

/// Expressions nest; their compiler recurses.
const ENGINE_STACK_BYTES: usize = 16 * 1024 * 1024;
/// How often the engine says that it is alive: the score knows when it did not run, and a full disk that has
/// space again is noticed also when nothing else happens.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// What an engine needs to know before it starts.
#[derive(Clone)]
pub struct Config {
    /// Where its data lie; made where it is missing.
    pub data_dir: PathBuf,
    /// Where its door is, or will be: told to sensors and actions.
    pub address: SocketAddr,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Free space below which nothing new is accepted, in bytes.
    pub reserve_bytes: u64,
}

impl Config {
    /// The usual engine.
    #[must_use]
    pub fn new(data_dir: PathBuf, address: SocketAddr) -> Self {
        Self {
            data_dir,
            address,
            clock: Arc::new(model::SystemClock),
            reserve_bytes: limits::DISK_RESERVE_BYTES,
        }
    }
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another engine works on the same data.
    #[error("another engine (process {pid}) is already working on {}; close it first, or choose another data folder", folder.display())]
    AlreadyRunning {
        /// The other one's process id; `unknown` where it could not be read.
        pid: String,
        /// The data folder.
        folder: PathBuf,
    },
    /// The data folder cannot be used.
    #[error("the data folder {} cannot be used: {source}", folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The system gives no thread or no randomness.
    #[error("the engine could not be started: {0}")]
    System(String),
}

struct Inner {
    inbox: mpsc::Sender<Envelope>,
    shared: Arc<Shared>,
    feed: Feed,
    readers: Readers,
    output: OutputReader,
    tokens: Arc<TokenTable>,
    clock: Arc<dyn Clock>,
    config: Config,
    started_at: Timestamp,
    roster: Roster,
    ending: Mutex<Option<Ending>>,
}

/// What is needed once, to end.
struct Ending {
    executor: Executor,
    output: OutputWriter,
    thread: std::thread::JoinHandle<()>,
    pulse: tokio::task::JoinHandle<()>,
    lock: File,
}

/// A running engine. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl Engine {
    /// Starts an engine: takes the lock, opens the database, reads the packs, settles what was left, starts
    /// the sensors that enabled rules need.
    ///
    /// # Errors
    /// [`StartError`], with nothing started.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let folder = config.data_dir.clone();
        let blocking = config.clone();
        let opened = tokio::task::spawn_blocking(move || open(&blocking))
            .await
            .map_err(|error| StartError::System(error.to_string()))??;
        tracing::info!(folder = %folder.display(), "the data folder is open");
        let engine = assemble(config, opened)?;
        engine.tell(Input::Begin).await;
        // Inputs are taken in order: with this answer the beginning is done, or the engine is known to be faulted.
        if let Err(refusal) = engine.sign_of_life().await {
            tracing::error!(%refusal, "the engine starts with a fault");
        }
        Ok(engine)
    }

    /// Sends an input and waits until what it leads to is committed.
    ///
    /// # Errors
    /// [`Refusal`], with nothing changed.
    pub async fn ask(&self, input: Input) -> Result<Answer, Refusal> {
        let (reply, answer) = oneshot::channel();
        let gone = || Refusal::Unavailable("the engine is on its way out".to_owned());
        self.0.inbox.send(Envelope { input, reply: Some(reply) }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Says that the engine is alive, and lets it notice that the machine has slept. The engine does so by itself,
    /// every now and then.
    ///
    /// # Errors
    /// [`Refusal`] where nothing can be recorded.
    pub async fn sign_of_life(&self) -> Result<(), Refusal> {
        self.ask(Input::Alive { slept: self.0.clock.slept() }).await.map(drop)
    }

    /// Sends an input that nobody waits for.
    pub async fn tell(&self, input: Input) {
        if self.0.inbox.send(Envelope { input, reply: None }).await.is_err() {
            tracing::debug!("an input came after the end");
        }
    }

    /// What everybody may read of the engine's memory.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// What is on disk.
    #[must_use]
    pub fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// What runs wrote.
    #[must_use]
    pub fn output(&self) -> &OutputReader {
        &self.0.output
    }

    /// The tokens that open the door.
    #[must_use]
    pub fn tokens(&self) -> &Arc<TokenTable> {
        &self.0.tokens
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// With what it was started.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// When it was started.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// The processes of sensors.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.0.roster
    }

    /// A place from which to watch what changes.
    #[must_use]
    pub fn watch(&self) -> NoticeReceiver {
        self.0.feed.subscribe()
    }

    /// Reads all packs again and puts them in force.
    ///
    /// # Errors
    /// [`Refusal`] where the engine is on its way out.
    pub async fn reload_packs(&self) -> Result<(), Refusal> {
        let (folder, before) = (packs_folder(&self.0.config.data_dir), self.0.shared.catalog());
        let catalog = tokio::task::spawn_blocking(move || Catalog::new(packs::load_all(&folder), &before))
            .await
            .map_err(|error| Refusal::Unavailable(error.to_string()))?;
        self.ask(Input::Packs(Arc::new(catalog))).await.map(drop)
    }

    /// Ends the engine: sensors first, then runs, then the thread that decides, then the databases. What
    /// still waits goes on after the next start. A second call does nothing.
    pub async fn stop(&self, deadline: Duration) {
        let Some(ending) = self.0.ending.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        ending.pulse.abort();
        self.tell(Input::Closing).await;
        self.0.roster.stop(limits::GRACE.min(deadline)).await;
        ending.executor.stop(deadline).await;
        let _ = self.ask(Input::End).await;
        let _ = tokio::task::spawn_blocking(move || {
            if ending.thread.join().is_err() {
                tracing::error!("the engine's thread panicked");
            }
            ending.output.close();
            drop(ending.lock);
        })
        .await;
    }
}

fn packs_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("packs")
}

struct Opened {
    lock: File,
    writer: store::Writer,
    readers: Readers,
    output_writer: OutputWriter,
    output: OutputReader,
    state: State,
    instance: String,
    feed: Feed,
}

/// Everything that touches the disk, in order.
fn open(config: &Config) -> Result<Opened, StartError> {
    let folder_error = |source| StartError::Folder { folder: config.data_dir.clone(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir).map_err(folder_error)?;
    let lock = take_lock(&config.data_dir)?;
    let feed = Feed::default();
    let (writer, readers) = store::open(&config.data_dir)?;
    let heard = feed.clone();
    let on_appended = move |id| heard.publish(BTreeSet::from([Topic::Output(id)]));
    let (output_writer, output) = store::output::open(&config.data_dir, on_appended)?;
    let snapshot = writer.load().map_err(|error| StartError::System(error.to_string()))?;
    let instance = snapshot.instance.clone();
    for pid in process::end_leftovers(&instance) {
        tracing::warn!(pid, "ended a process that an earlier engine had left behind");
    }
    let folder = packs_folder(&config.data_dir);
    packs::unpack_shipped(&folder).map_err(folder_error)?;
    let catalog = Catalog::new(packs::load_all(&folder), &Catalog::default());
    let state = State::new(snapshot, Arc::new(catalog));
    Ok(Opened { lock, writer, readers, output_writer, output, state, instance, feed })
}

/// Takes the data folder for this process alone. The lock dies with the process, whatever kills it.
fn take_lock(folder: &Path) -> Result<File, StartError> {
    let folder_error = |source| StartError::Folder { folder: folder.to_owned(), source };
    let path = folder.join("engine.lock");
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
    let mut lock = FileLock::new(file.map_err(folder_error)?);
    match lock.try_write() {
        Ok(mut held) => {
            held.set_len(0).and_then(|()| held.rewind()).map_err(folder_error)?;
            writeln!(held, "{}", std::process::id()).map_err(folder_error)?;
            // Kept open and locked until the end: the guard's own drop would unlock it.
            std::mem::forget(held);
        }
        Err(_) => {
            let mut pid = String::new();
            let _ = File::open(&path).and_then(|mut file| file.read_to_string(&mut pid));
            let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
            return Err(StartError::AlreadyRunning { pid, folder: folder.to_owned() });
        }
    }
    Ok(lock.into_inner())
}

/// Starts the threads and tasks around what was opened.
fn assemble(config: Config, opened: Opened) -> Result<Engine, StartError> {
    let Opened { lock, writer, readers, output_writer, output, state, instance, feed } = opened;
    let (inbox, receiver) = mpsc::channel(limits::INBOX);
    let shared = Arc::new(Shared::new(&state));
    let tokens = Arc::new(TokenTable::default());
    let executor = start_executor(&config, &instance, &output_writer, inbox.clone());
    let roster = start_roster(&config, &instance, &tokens, &shared, &executor, inbox.clone());
    let clock = config.clock.clone();
    let dispatcher = Dispatcher {
        state,
        writer,
        inbox: receiver,
        clock: clock.clone(),
        shared: shared.clone(),
        feed: feed.clone(),
        performer: Performer {
            executor: executor.clone(),
            roster: roster.clone(),
            shared: shared.clone(),
            clock: clock.clone(),
        },
        disk: Disk::new(config.data_dir.clone(), config.reserve_bytes),
        fault: None,
        since_checkpoint: 0,
    };
    let thread = std::thread::Builder::new()
        .name("engine".to_owned())
        // Expressions of rules are compiled and worked out on this thread.
        .stack_size(ENGINE_STACK_BYTES)
        .spawn(move || dispatcher.run())
        .map_err(|error| StartError::System(error.to_string()))?;
    let pulse = tokio::spawn(pulse(inbox.clone(), clock.clone()));
    let ending = Mutex::new(Some(Ending { executor, output: output_writer, thread, pulse, lock }));
    let started_at = clock.now();
    Ok(Engine(Arc::new(Inner {
        inbox,
        shared,
        feed,
        readers,
        output,
        tokens,
        clock,
        config,
        started_at,
        roster,
        ending,
    })))
}

async fn pulse(inbox: mpsc::Sender<Envelope>, clock: Arc<dyn Clock>) {
    let mut beat = tokio::time::interval(SIGN_OF_LIFE);
    loop {
        beat.tick().await;
        let input = Input::Alive { slept: clock.slept() };
        if inbox.send(Envelope { input, reply: None }).await.is_err() {
            return;
        }
    }
}

/// A place to leave news without waiting; it reaches the inbox in the order in which it was left. What can
/// pile up here is bounded by the children that there are.
fn in_order<T: Send + 'static>(
    inbox: mpsc::Sender<Envelope>,
    input: fn(T) -> Input,
) -> Arc<dyn Fn(T) + Send + Sync> {
    let (left, mut waiting) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(news) = waiting.recv().await {
            if inbox.send(Envelope { input: input(news), reply: None }).await.is_err() {
                return;
            }
        }
    });
    Arc::new(move |news| {
        let _ = left.send(news);
    })
}

/// What children learn of the engine.
fn urls(address: SocketAddr) -> (String, String) {
    (format!("http://{address}"), format!("ws://{address}/ws"))
}

fn start_executor(
    config: &Config,
    instance: &str,
    output: &OutputWriter,
    inbox: mpsc::Sender<Envelope>,
) -> Executor {
    let report = in_order(inbox, Input::Report);
    Executor::new(executor::Config {
        api_url: urls(config.address).0,
        artifacts_dir: config.data_dir.join("artifacts"),
        parameters_dir: config.data_dir.join("parameters"),
        environments_dir: config.data_dir.join("environments"),
        instance: instance.to_owned(),
        clock: config.clock.clone(),
        output: Arc::new(output.clone()),
        report,
    })
}

fn start_roster(
    config: &Config,
    instance: &str,
    tokens: &Arc<TokenTable>,
    shared: &Arc<Shared>,
    executor: &Executor,
    inbox: mpsc::Sender<Envelope>,
) -> Roster {
    let (api_url, notifier_url) = urls(config.address);
    let seen = shared.clone();
    Roster::start(RosterConfig {
        api_url,
        notifier_url,
        logs_dir: config.data_dir.join("logs"),
        state_dir: config.data_dir.join("sensors"),
        artifacts_dir: config.data_dir.join("artifacts"),
        instance: instance.to_owned(),
        runtimes: executor.runtimes().clone(),
        clock: config.clock.clone(),
        tokens: tokens.clone(),
        rules: Arc::new(move |sensor| rules_of(&seen, sensor)),
        report: in_order(inbox, Input::Sensor),
    })
}

/// The active rules of a sensor's triggers, as its environment tells them.
fn rules_of(shared: &Shared, sensor: &model::Sensor) -> Value {
    let rules = shared.rules();
    let active = rules
        .by_id
        .values()
        .filter(|rule| rule.enabled() && sensor.trigger_types.contains(&rule.body.trigger_ref));
    active
        .map(|rule| {
            json!({
                "id": rule.id,
                "ref": rule.r#ref,
                "trigger_ref": rule.body.trigger_ref,
                "config": rule.body.trigger_params,
                "active": true,
            })
        })
        .collect()
}
