//! Runs actions: parameters in, a child process, its output as it comes, a result, one final status.
//!
//! Each run is one task that owns its child from start to end. The engine decides what runs and when
//! ([`queue`] is its memory of who waits), records the start, and only then calls [`Executor::launch`]; what
//! happens comes back through one callback as [`Report`]s, `Started` before `Finished`, and exactly one
//! `Finished` for each launch, whatever breaks. Deliberately absent: retries, the database of executions, and
//! any decision whether something should run.

mod command;
mod job;
mod output;
mod parameters;
pub mod queue;
mod result;

pub use output::{Chunk, Gap, OutputSink, Stream};

use model::{Action, Clock, EventId, ExecutionId, ExecutionStatus, Exit, Ref, Timestamp, limits};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all runs of one engine share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where actions reach the engine, such as `http://127.0.0.1:4711`.
    pub api_url: String,
    /// The mark of the data folder, by which its processes are found again.
    pub instance: String,
    /// Where actions leave files for people.
    pub artifacts: PathBuf,
    /// A folder of the engine's own for parameter files; made when it is first needed, for this user only.
    pub scratch: PathBuf,
    /// The folder of the program itself: actions without a path of their own lie beside it.
    pub programs: PathBuf,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl Config {
    /// The house's limits around the places that the engine knows.
    #[must_use]
    pub fn new(api_url: String, instance: String, artifacts: PathBuf, scratch: PathBuf) -> Self {
        let programs = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_path_buf()));
        let programs = programs.unwrap_or_default();
        Self { api_url, instance, artifacts, scratch, programs, grace: limits::GRACE }
    }
}

/// What made an execution necessary, where a person did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The rule that fired.
    pub rule: Ref,
    /// The trigger of its event.
    pub trigger: Ref,
    /// The event.
    pub event: EventId,
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
    /// What made it necessary.
    pub cause: Option<Cause>,
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
    /// It ended; all of its output has been handed to the sink.
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
    },
}

/// Who is told; called from the runtime's threads, must not block for long.
pub type Reporter = Arc<dyn Fn(Report) + Send + Sync>;

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
    surroundings: Arc<job::Surroundings>,
    running: Arc<Running>,
    tasks: TaskTracker,
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
    /// An executor that runs nothing yet. Its tasks live on `runtime`, which needs its drivers on.
    pub fn new(
        runtime: Handle,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn OutputSink>,
        report: Reporter,
        config: Config,
    ) -> Self {
        let surroundings = Arc::new(job::Surroundings { clock, sink, report, config });
        Self(Arc::new(Inner { runtime, surroundings, running: Arc::default(), tasks: TaskTracker::new() }))
    }

    /// Starts a run and returns at once; its start must be recorded already.
    pub fn launch(&self, launch: Launch) {
        let id = launch.execution;
        let cancel = CancellationToken::new();
        self.0.running.lock().insert(id, cancel.clone());
        let running = Arc::clone(&self.0.running);
        let job = job::run(Arc::clone(&self.0.surroundings), launch, cancel, move || {
            running.lock().remove(&id);
        });
        self.0.tasks.spawn_on(job, &self.0.runtime);
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
