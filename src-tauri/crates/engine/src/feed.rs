//! Tells who watches that something was committed. The feed carries notices, reads carry data: nothing
//! arrives torn, and who lags is told to read everything again.

use model::ExecutionId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Notices that wait for one slow watcher before it is told to read everything again.
const BACKLOG: usize = 1_024;

/// Something that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The engine's state and figures.
    Engine,
    /// Rules.
    Rules,
    /// Packs and what they supply.
    Packs,
    /// Sensor processes.
    Sensors,
    /// Events, decisions, enforcements.
    Events,
    /// Planned instants that were missed.
    Misfires,
    /// Executions, all of them.
    Executions,
    /// One execution.
    Execution(ExecutionId),
    /// The output of one execution.
    Output(ExecutionId),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.write_str("engine"),
            Self::Rules => f.write_str("rules"),
            Self::Packs => f.write_str("packs"),
            Self::Sensors => f.write_str("sensors"),
            Self::Events => f.write_str("events"),
            Self::Misfires => f.write_str("misfires"),
            Self::Executions => f.write_str("executions"),
            Self::Execution(id) => write!(f, "execution:{id}"),
            Self::Output(id) => write!(f, "output:{id}"),
        }
    }
}

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// These topics changed.
    Changed {
        /// Counts notices.
        seq: u64,
        /// What changed.
        topics: Vec<Topic>,
    },
    /// Notices were missed.
    Lagged,
}

type Message = Arc<(u64, BTreeSet<Topic>)>;

/// Where notices are published.
#[derive(Clone)]
pub struct Feed {
    sender: broadcast::Sender<Message>,
    seq: Arc<AtomicU64>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, seq: Arc::default() }
    }
}

impl Feed {
    /// Tells everybody who watches. Costs next to nothing while nobody does.
    pub fn publish(&self, topics: BTreeSet<Topic>) {
        if topics.is_empty() {
            return;
        }
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        // An error only says that nobody watches.
        let _ = self.sender.send(Arc::new((seq, topics)));
    }

    /// A place from which to watch, from now on.
    #[must_use]
    pub fn subscribe(&self) -> NoticeReceiver {
        NoticeReceiver(self.sender.subscribe())
    }
}

/// One watcher's place.
pub struct NoticeReceiver(broadcast::Receiver<Message>);

impl NoticeReceiver {
    /// The next notice; none once the engine is gone.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(message) => {
                Some(Notice::Changed { seq: message.0, topics: message.1.iter().copied().collect() })
            }
            Err(RecvError::Lagged(_)) => Some(Notice::Lagged),
            Err(RecvError::Closed) => None,
        }
    }
}
