//! Events on their way to the engine. Handing one over never waits: posting is the work of other tasks.

use crate::client::{CallError, Client};
use crate::run::Limits;
use model::{Ref, RuleId};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// One occurrence of a trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub trigger_ref: Ref,
    /// The facts, as the trigger's `output` schema describes them.
    pub payload: Map<String, Value>,
    /// The one rule that it is for; none means every rule of the trigger.
    pub rule: Option<RuleId>,
    /// What makes it this occurrence and no other: the engine takes a second post of it for the first, so that
    /// trying again is safe. At most 256 bytes.
    pub dedupe_key: String,
}

/// The events that wait are too many; the engine has been away or slow for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many events wait to be posted")]
pub struct Backlog;

/// Takes events to be posted, from any thread.
#[derive(Debug, Clone)]
pub struct Poster {
    queue: mpsc::Sender<Vec<u8>>,
}

#[derive(Serialize)]
struct Body<'a> {
    trigger_ref: &'a Ref,
    payload: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_instance_id: Option<String>,
    dedupe_key: &'a str,
}

impl Poster {
    /// Hands an event over at once. It is written down now, so that every try sends the same bytes.
    ///
    /// # Errors
    /// [`Backlog`] where as many events wait as may, or where the sensor is ending.
    pub fn post(&self, event: &Event) -> Result<(), Backlog> {
        let body = Body {
            trigger_ref: &event.trigger_ref,
            payload: &event.payload,
            trigger_instance_id: event.rule.map(|rule| format!("rule_{rule}")),
            dedupe_key: &event.dedupe_key,
        };
        let body = serde_json::to_vec(&body).map_err(|_| Backlog)?;
        self.queue.try_send(body).map_err(|_| Backlog)
    }
}

pub(crate) fn queue(limits: Limits) -> (Poster, mpsc::Receiver<Vec<u8>>) {
    let (queue, waiting) = mpsc::channel(limits.waiting_events);
    (Poster { queue }, waiting)
}

/// Posts what waits, several at once, until `closing` and then what is left. It ends when all is posted.
pub(crate) async fn deliver(
    mut waiting: mpsc::Receiver<Vec<u8>>,
    client: Arc<Client>,
    limits: Limits,
    closing: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.posts_in_flight));
    let posts = TaskTracker::new();
    let mut open = true;
    loop {
        let body = tokio::select! {
            biased;
            () = closing.cancelled(), if open => { waiting.close(); open = false; continue }
            body = waiting.recv() => body,
        };
        let Some(body) = body else { break };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let client = Arc::clone(&client);
        posts.spawn(async move {
            post(&client, body).await;
            drop(place);
        });
    }
    posts.close();
    posts.wait().await;
}

async fn post(client: &Client, body: Vec<u8>) {
    match client.post("/api/v1/events", body).await {
        Ok(_) | Err(CallError::Ending) => {}
        // A conflict says that the engine has an event of this key already: it lost nothing.
        Err(CallError::Refused { status: 409, message }) => tracing::debug!("an event was known: {message}"),
        Err(error) => tracing::error!("an event was not taken: {error}"),
    }
}
