//! What a sensor says, on its way to the engine. Handing it over never waits: posting is the work of other tasks.

use crate::client::{CallError, Client};
use crate::lanes::Lanes;
use crate::run::Limits;
use model::{Misfire, MissReason, Ref, RuleId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

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

/// As much waits to be posted as may; the engine has been away or slow for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many events wait to be posted")]
pub struct Backlog;

/// Takes what is to be posted, from any thread.
///
/// What belongs to one rule, events and misfire reports alike, is posted in the order in which it was handed over:
/// each is sent only when the engine has answered the one before. Different rules do not wait for each other.
#[derive(Debug, Clone)]
pub struct Poster {
    queue: mpsc::UnboundedSender<Post>,
    /// One for each post that waits or is under way.
    places: Arc<Semaphore>,
}

/// One request, written down when it was handed over, so that every try sends the same bytes.
#[derive(Debug)]
pub(crate) struct Post {
    /// Whose turn it takes; what is for no single rule waits for nobody.
    pub(crate) rule: Option<RuleId>,
    kind: Kind,
    body: Vec<u8>,
    /// Given back with the answer.
    _place: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Event,
    Misfire,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Event => "/api/v1/events",
            Self::Misfire => "/api/v1/misfires",
        }
    }

    /// In a sentence of the log.
    fn words(self) -> &'static str {
        match self {
            Self::Event => "an event",
            Self::Misfire => "a report of missed instants",
        }
    }
}

#[derive(Serialize)]
struct EventBody<'a> {
    trigger_ref: &'a Ref,
    payload: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_instance_id: Option<String>,
    dedupe_key: &'a str,
}

#[derive(Serialize)]
struct MisfireBody {
    rule_id: RuleId,
    first: Timestamp,
    last: Timestamp,
    count: u64,
    reason: MissReason,
}

impl Poster {
    /// Hands an event over at once. It is written down now, so that every try sends the same bytes.
    ///
    /// # Errors
    /// [`Backlog`] where as much waits as may, or where the sensor is ending.
    pub fn post(&self, event: &Event) -> Result<(), Backlog> {
        let body = EventBody {
            trigger_ref: &event.trigger_ref,
            payload: &event.payload,
            trigger_instance_id: event.rule.map(|rule| format!("rule_{rule}")),
            dedupe_key: &event.dedupe_key,
        };
        self.hand_over(event.rule, Kind::Event, &body)
    }

    /// Hands over at once that planned instants of a rule were missed. It keeps its place among the events of
    /// that rule.
    ///
    /// # Errors
    /// [`Backlog`] where as much waits as may, or where the sensor is ending.
    pub fn report(&self, missed: &Misfire) -> Result<(), Backlog> {
        let body = MisfireBody {
            rule_id: missed.rule,
            first: missed.first,
            last: missed.last,
            count: missed.count,
            reason: missed.reason,
        };
        self.hand_over(Some(missed.rule), Kind::Misfire, &body)
    }

    /// How many more may be handed over now. A sensor that is the only one to post can wait for room instead of
    /// losing what it has to say.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.queue.is_closed() { 0 } else { self.places.available_permits() }
    }

    fn hand_over(&self, rule: Option<RuleId>, kind: Kind, body: &impl Serialize) -> Result<(), Backlog> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Backlog)?;
        let body = serde_json::to_vec(body).map_err(|_| Backlog)?;
        self.queue.send(Post { rule, kind, body, _place: place }).map_err(|_| Backlog)
    }
}

pub(crate) fn queue(limits: Limits) -> (Poster, mpsc::UnboundedReceiver<Post>) {
    let (queue, waiting) = mpsc::unbounded_channel();
    (Poster { queue, places: Arc::new(Semaphore::new(limits.waiting_events)) }, waiting)
}

/// Posts what waits, rules side by side and each in its order, until `closing` and then what is left. It ends when
/// all is posted, or when one of its tasks has died.
pub(crate) async fn deliver(
    mut waiting: mpsc::UnboundedReceiver<Post>,
    client: Arc<Client>,
    limits: Limits,
    closing: CancellationToken,
) {
    let mut lanes: Lanes<Post> = Lanes::default();
    // Ended with this task, also where it is aborted: nothing is posted after the sensor's end.
    let mut posts = JoinSet::new();
    let mut open = true;
    let mut more = true;
    loop {
        while posts.len() < limits.posts_in_flight
            && let Some(post) = lanes.next()
        {
            let client = Arc::clone(&client);
            posts.spawn(async move {
                let rule = post.rule;
                send(&client, post).await;
                rule
            });
        }
        tokio::select! {
            biased;
            () = closing.cancelled(), if open => { waiting.close(); open = false }
            Some(answered) = posts.join_next() => match answered {
                Ok(rule) => lanes.answered(rule),
                // Whose turn it was is not known any more, so the order can no longer be kept.
                Err(_) => return,
            },
            post = waiting.recv(), if more => match post {
                Some(post) => lanes.take(post.rule, post),
                None => more = false,
            },
            else => return,
        }
    }
}

async fn send(client: &Client, post: Post) {
    let Post { rule, kind, body, _place: place } = post;
    let rule = rule.map_or_else(|| "every".to_owned(), |rule| rule.to_string());
    match client.post(kind.path(), body).await {
        Ok(_) | Err(CallError::Ending) => {}
        // A conflict says that the engine has an event of this key already: it lost nothing.
        Err(CallError::Refused { status: 409, message }) => {
            tracing::debug!(%rule, "{} was known: {message}", kind.words());
        }
        Err(error) => tracing::error!(%rule, "{} was not taken: {error}", kind.words()),
    }
    drop(place);
}
