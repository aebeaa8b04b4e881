//! What has changed, merged for a moment: watchers then read again what they show.

use engine::feed::{Notice, NoticeReceiver};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use ts_rs::TS;

/// How long notices are gathered before a watcher hears of them.
const MERGE: Duration = Duration::from_millis(50);

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UiEvent {
    /// These topics changed: `rules`, `events`, `executions`, `execution:12`, `output:12`, `sensors`,
    /// `packs`, `engine`.
    Feed {
        /// Counts commits.
        seq: u64,
        /// What changed.
        topics: Vec<String>,
    },
    /// Something was missed: read everything again.
    Resync,
}

/// One watcher's place in the feed.
pub struct Feed {
    notices: NoticeReceiver,
}

impl Feed {
    pub(crate) fn new(notices: NoticeReceiver) -> Self {
        Self { notices }
    }

    /// The next thing to hear, merged over 50 ms; none once the engine has stopped.
    pub async fn next(&mut self) -> Option<UiEvent> {
        let (mut seq, mut topics) = match self.notices.next().await? {
            Notice::Changed { seq, topics } => (seq, topics.into_iter().collect::<BTreeSet<_>>()),
            Notice::Lagged => return Some(UiEvent::Resync),
        };
        let until = Instant::now() + MERGE;
        while let Ok(Some(notice)) = timeout_at(until, self.notices.next()).await {
            match notice {
                Notice::Changed { seq: newer, topics: more } => {
                    seq = newer;
                    topics.extend(more);
                }
                Notice::Lagged => return Some(UiEvent::Resync),
            }
        }
        Some(UiEvent::Feed { seq, topics: topics.into_iter().map(|topic| topic.to_string()).collect() })
    }
}
