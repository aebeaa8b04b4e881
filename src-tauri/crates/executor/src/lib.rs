//! Runs actions: parameters in, a child process, its output as it comes, a result, one final status.
//!
//! Each run is one task that owns its child from start to end. The engine decides what runs and when
//! ([`queue`] is its memory of who waits), records the start, and only then calls [`Executor::launch`]; what
//! happens comes back through one callback as [`Report`]s, `Started` before `Finished`, and exactly one
//! `Finished` for each launch, whatever breaks. Deliberately absent: retries, the database of executions, and
//! any decision whether something should run.

pub mod artifacts;
mod command;
mod job;
mod output;
mod parameters;
mod progress;
pub mod queue;
mod result;
mod secrets;
mod start;

use model::{
    Action, Clock, EventId, ExecutionId, ExecutionStatus, Exit, Progress, Ref, Timestamp, Usage, limits,
};
use process::Watchdog;
use runtimes::Runtimes;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::output::OutputWriter;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who is told; called from the runtime's threads, must not block for long.
pub type Reporter = Arc<dyn Fn(Report) + Send + Sync>;

/// What all runs of one engine share.
#[derive(Clone)]
pub struct Config {
    /// Where actions reach the engine, such as `http://127.0.0.1:4711`.
    pub api_url: String,
    /// Where actions leave files for people, in a folder for each execution.
    pub artifacts_dir: PathBuf,
    /// A folder for the files of runs under way, parameters and progress; made when it is first needed, for this
    /// user only.
    pub parameters_dir: PathBuf,
    /// Where environments of packs lie; made when the first is built.
    pub environments_dir: PathBuf,
    /// The mark of the data folder, by which its processes are found again.
    pub instance: String,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// Where output goes.
    pub output: Arc<OutputWriter>,
    /// Who is told what becomes of each launch.
    pub report: Reporter,
}

/// One attempt of one execution, ready to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Which execution.
    pub execution: ExecutionId,
    /// Which start of it, from 1.
    pub attempt: u32,
    /// What runs.
    pub action: Arc<Action>,
    /// With what: defaults applied, checked against the action's schema.
    pub parameters: Map<String, Value>,
    /// The environment that the pack declares.
    pub env: Vec<(String, String)>,
    /// The rule that asked for it.
    pub rule: Option<Ref>,
    /// The trigger of its event.
    pub trigger: Option<Ref>,
    /// The event that made it necessary.
    pub event: Option<EventId>,
    /// How long it may run; none means as long as it likes.
    pub timeout: Option<Duration>,
}

/// What became of a launch.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Its process started.
    Started {
        /// Which execution.
        execution: ExecutionId,
        /// Which start of it.
        attempt: u32,
        /// Its process.
        pid: u32,
        /// When.
        at: Timestamp,
    },
    /// It says how far it is; before its start, how far its environment is built. Comes a few times in its first
    /// moments, then once in [`limits::PROGRESS_EVERY`] at most.
    Progress {
        /// Which execution.
        execution: ExecutionId,
        /// Which start of it.
        attempt: u32,
        /// When.
        at: Timestamp,
        /// How far.
        progress: Progress,
    },
    /// It ended; all of its output that is kept can be read.
    Finished {
        /// Which execution.
        execution: ExecutionId,
        /// Which start of it.
        attempt: u32,
        /// When.
        at: Timestamp,
        /// One of `completed`, `failed`, `timeout`, `cancelled`.
        status: ExecutionStatus,
        /// How its process ended; none where it never started.
        exit: Option<Exit>,
        /// What it returned.
        result: Option<Value>,
        /// Why it did not end well, or what was odd about its output.
        error: Option<String>,
        /// What its process used; none where it never started.
        usage: Option<Usage>,
    },
}

/// What [`Executor::stop`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Executions that were cancelled by it.
    pub cancelled: Vec<ExecutionId>,
    /// Those of them that had not ended at the deadline; they are left to be killed with the runtime.
    pub unfinished: Vec<ExecutionId>,
}

/// Runs actions. Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

struct Inner {
    runtime: Handle,
    house: Arc<job::House>,
    running: Arc<Running>,
    tasks: TaskTracker,
    _watchdog: Watchdog,
}

/// The runs that have not ended, and the way to tell each to stop.
#[derive(Default)]
struct Running(Mutex<HashMap<ExecutionId, CancellationToken>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<ExecutionId, CancellationToken>> {
        // The map is whole between any two of its calls, so a panic elsewhere cannot have torn it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor {
    /// An executor that runs nothing yet. Its tasks live on the runtime within which this is called.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_grace(config, limits::GRACE)
    }

    /// The same with another time between SIGTERM and SIGKILL.
    #[must_use]
    pub fn with_grace(config: Config, grace: Duration) -> Self {
        let runtimes = Runtimes::new(config.environments_dir.clone(), &config.instance);
        let watchdog = Watchdog::start(&config.instance);
        Self(Arc::new(Inner {
            runtime: Handle::current(),
            house: Arc::new(job::House { config, grace, runtimes }),
            running: Arc::default(),
            tasks: TaskTracker::new(),
            _watchdog: watchdog,
        }))
    }

    /// What runs the scripts of packs, with the environments that were built for them.
    #[must_use]
    pub fn runtimes(&self) -> &Runtimes {
        &self.0.house.runtimes
    }

    /// Starts a run and returns at once; its start must be recorded already.
    pub fn launch(&self, launch: Launch) {
        let id = launch.execution;
        let cancel = CancellationToken::new();
        self.0.running.lock().insert(id, cancel.clone());
        let running = Arc::clone(&self.0.running);
        let job = job::run(Arc::clone(&self.0.house), launch, cancel, move || {
            running.lock().remove(&id);
        });
        self.0.tasks.spawn_on(job, &self.0.runtime);
    }

    /// Reports that a run could not be started, and why: its start is recorded, so its end must be too.
    pub fn decline(&self, execution: ExecutionId, attempt: u32, error: String) {
        let config = &self.0.house.config;
        (config.report)(Report::Finished {
            execution,
            attempt,
            at: config.clock.now(),
            status: ExecutionStatus::Failed,
            exit: None,
            result: None,
            error: Some(error),
            usage: None,
        });
    }

    /// Tells a run to end as `cancelled`: SIGTERM to all its processes, the grace, SIGKILL. Unknown or already
    /// ended runs are left as they are.
    pub fn cancel(&self, execution: ExecutionId) {
        if let Some(cancel) = self.0.running.lock().get(&execution) {
            cancel.cancel();
        }
    }

    /// How many runs have not ended.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.running.lock().len()
    }

    /// Cancels all runs and waits until they have ended and reported, or the deadline has passed.
    pub async fn stop(&self, deadline: Duration) -> Stopped {
        let mut cancelled: Vec<_> = self.0.running.lock().keys().copied().collect();
        cancelled.sort_unstable();
        for id in &cancelled {
            self.cancel(*id);
        }
        self.0.tasks.close();
        let _ = tokio::time::timeout(deadline, self.0.tasks.wait()).await;
        let running = self.0.running.lock();
        let unfinished = cancelled.iter().copied().filter(|id| running.contains_key(id)).collect();
        drop(running);
        Stopped { cancelled, unfinished }
    }
}
