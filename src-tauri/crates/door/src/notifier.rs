//! The notifier: one WebSocket that tells a sensor of changed rules and the person's page of everything.
//!
//! What a client misses because it reads too slowly is never made up for: its stream is closed, and whoever
//! opens it again reads everything anew.

use crate::gate::scope;
use crate::json;
use crate::route::Scope;
use api::{Api, Caller, Feed, UiEvent};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use engine::{RuleChange, RuleChangeKind};
use futures_util::future::BoxFuture;
use model::limits;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How often a silent client is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);
/// A client that takes no frame for so long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Subscriptions of one stream.
const FILTERS: usize = 64;

/// Close codes of RFC 6455.
mod code {
    pub(super) const AWAY: u16 = 1001;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const TRY_AGAIN: u16 = 1013;
}

/// Why a stream ends.
struct End {
    code: u16,
    reason: &'static str,
}

/// The other side is gone or breaks the protocol: there is nobody to tell.
const GONE: End = End { code: 0, reason: "" };

/// One client's stream.
pub(crate) struct Stream {
    api: Api,
    caller: Caller,
    token: String,
    ends: CancellationToken,
    /// The triggers of whose rules it hears.
    triggers: BTreeSet<String>,
    /// The next thing of the feed, with the feed; for ever pending while it is not subscribed.
    feed: BoxFuture<'static, (Option<UiEvent>, Feed)>,
    subscribed: bool,
    _place: OwnedSemaphorePermit,
}

/// The feed loses what it has gathered when its future is dropped half-way, so the future is kept.
async fn advance(mut feed: Feed) -> (Option<UiEvent>, Feed) {
    let event = feed.next().await;
    (event, feed)
}

impl Stream {
    pub(crate) fn new(
        api: Api,
        caller: Caller,
        token: String,
        ends: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let feed = Box::pin(pending());
        Self { api, caller, token, ends, triggers: BTreeSet::new(), feed, subscribed: false, _place: place }
    }

    /// Serves the client until either side ends it.
    pub(crate) async fn run(mut self, mut socket: WebSocket) {
        let end = self.serve(&mut socket).await;
        if end.code != 0 {
            let frame = CloseFrame { code: end.code, reason: end.reason.into() };
            // A client that is gone cannot be told.
            let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await;
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let ends = self.ends.clone();
        let mut changes = self.api.rule_changes();
        let greeting = Instant::now() + limits::STREAM_GREETING;
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let step = tokio::select! {
                () = ends.cancelled() => Err(End { code: code::AWAY, reason: "the engine stops" }),
                () = sleep_until(greeting), if !self.subscribed => {
                    Err(End { code: code::POLICY, reason: "nothing was subscribed in time" })
                }
                frame = socket.recv() => {
                    heard = Instant::now();
                    match frame {
                        Some(Ok(frame)) => self.hear(frame),
                        _ => Err(GONE),
                    }
                }
                change = changes.recv() => match change {
                    Ok(change) => Ok(self.about_rule(&change)),
                    Err(RecvError::Lagged(_)) => {
                        Err(End { code: code::TRY_AGAIN, reason: "too slow: changes were missed, read the rules again" })
                    }
                    Err(RecvError::Closed) => Err(End { code: code::AWAY, reason: "the engine stops" }),
                },
                (event, feed) = &mut self.feed => match event {
                    Some(event) => {
                        self.feed = Box::pin(advance(feed));
                        Ok(serde_json::to_string(&event).ok().map(Message::text))
                    }
                    None => Err(End { code: code::AWAY, reason: "the engine stops" }),
                },
                _ = pings.tick() => {
                    if heard.elapsed() > PING * 3 { Err(GONE) } else { Ok(Some(Message::Ping(Vec::new().into()))) }
                }
            };
            let frame = match step {
                Ok(Some(frame)) => frame,
                Ok(None) => continue,
                Err(end) => return end,
            };
            if self.api.authenticate(&self.token).is_err() {
                return End { code: code::POLICY, reason: "the token is no longer valid" };
            }
            if !matches!(timeout(SEND_TIMEOUT, socket.send(frame)).await, Ok(Ok(()))) {
                return GONE;
            }
        }
    }

    /// A frame from the client: it may subscribe, and nothing else.
    fn hear(&mut self, frame: Message) -> Result<Option<Message>, End> {
        let text = match frame {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(None),
            Message::Binary(_) => return Err(End { code: code::POLICY, reason: "frames are JSON texts" }),
            Message::Close(_) => return Err(GONE),
        };
        let answer = match json::read(text.as_bytes()) {
            Ok(message) => self.subscribe(&message),
            Err(error) => Err(format!("the frame is not JSON: {error}")),
        };
        let answer = match answer {
            Ok(filter) => json!({ "type": "subscribed", "filter": filter }),
            Err(message) => json!({ "type": "error", "code": "invalid", "message": message }),
        };
        Ok(Some(Message::text(answer.to_string())))
    }

    fn subscribe(&mut self, message: &Value) -> Result<String, String> {
        let filter = message.get("filter").and_then(Value::as_str);
        let (Some("subscribe"), Some(filter)) = (message.get("type").and_then(Value::as_str), filter) else {
            return Err("expected {\"type\":\"subscribe\",\"filter\":\"trigger_ref:…\"}".to_owned());
        };
        match filter.strip_prefix("trigger_ref:") {
            Some(trigger) if self.may_watch(trigger) => {
                if self.triggers.len() >= FILTERS {
                    return Err(format!("one stream has at most {FILTERS} subscriptions"));
                }
                self.triggers.insert(trigger.to_owned());
            }
            Some(_) => return Err("a sensor hears of its own triggers only".to_owned()),
            None if filter == "feed" && scope(&self.caller) == Scope::Admin => {
                self.feed = Box::pin(advance(self.api.feed()));
            }
            None => return Err("there is no such filter: expected `trigger_ref:…`".to_owned()),
        }
        self.subscribed = true;
        Ok(filter.to_owned())
    }

    fn may_watch(&self, trigger: &str) -> bool {
        match &self.caller {
            Caller::Admin => true,
            Caller::Sensor { triggers, .. } => triggers.iter().any(|own| own.as_str() == trigger),
            Caller::Execution { .. } => false,
        }
    }

    fn about_rule(&self, change: &Arc<RuleChange>) -> Option<Message> {
        let (rule, timer) = (&change.rule, &change.timer);
        if !self.triggers.contains(rule.body.trigger_ref.as_str()) {
            return None;
        }
        let notification = json!({
            "type": "notification",
            "notification_type": "rule_updated",
            "entity_type": "rule",
            "entity_id": rule.id,
            "payload": {
                "event_type": change.what.as_str(),
                "rule_id": rule.id,
                "rule_ref": rule.r#ref,
                "trigger_ref": rule.body.trigger_ref,
                "trigger_params": rule.body.trigger_params,
                "active": rule.enabled() && change.what != RuleChangeKind::Deleted,
                "anchor": timer.anchor,
                "last_scheduled_at": timer.last_scheduled_at,
                "handled_until": timer.handled_until,
                "execution_count": timer.execution_count,
            },
            "timestamp": change.at,
        });
        Some(Message::text(notification.to_string()))
    }
}
