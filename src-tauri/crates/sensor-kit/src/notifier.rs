//! The notifier stream: what happens to rules while the sensor runs.

use crate::client::{CallError, Client};
use crate::environment::Environment;
use crate::rules::{self, Rule};
use crate::run::Sensor;
use futures_util::{SinkExt, StreamExt};
use model::{Ref, RuleId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long the engine may take to open the stream and to take the subscriptions.
const OPENING: Duration = Duration::from_secs(10);
/// A stream that is silent for this long is asked whether it lives; one that stays silent as long again does not.
const SILENCE: Duration = Duration::from_secs(30);

/// An open stream with its subscriptions in force.
pub(crate) struct Stream {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What arrived while the subscriptions were made.
    early: Vec<Utf8Bytes>,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// The token was refused.
    #[error("the notifier refuses the token (401)")]
    Unauthorized,
    /// Anything else: it may work later.
    #[error("the notifier stream cannot be opened: {0}")]
    Failed(String),
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    payload: Value,
}

#[derive(Deserialize)]
struct Notice {
    event_type: String,
    rule_id: RuleId,
    rule_ref: Ref,
    #[serde(default)]
    active: Option<bool>,
}

/// What the stream asks for.
enum Ask {
    Nothing,
    /// Everything is to be read again.
    Everything,
}

impl Stream {
    /// Connects, subscribes to every trigger, and waits until the engine has read the subscriptions: rules that
    /// are read after this cannot change unheard.
    pub(crate) async fn open(client: &Client, environment: &Environment) -> Result<Self, StreamError> {
        let opening = async {
            let mut socket = connect(client, &environment.notifier_url).await?;
            let failed = |error: Error| StreamError::Failed(error.to_string());
            for trigger in &environment.trigger_types {
                let subscribe = json!({"type": "subscribe", "filter": format!("trigger_ref:{trigger}")});
                socket.send(Message::text(subscribe.to_string())).await.map_err(failed)?;
            }
            // Frames are read in order, so the answer to a ping after the subscriptions says that they were read.
            socket.send(Message::Ping("subscribed".into())).await.map_err(failed)?;
            let mut early = Vec::new();
            loop {
                match socket.next().await {
                    Some(Ok(Message::Pong(_))) => return Ok(Self { socket, early }),
                    Some(Ok(Message::Text(text))) => early.push(text),
                    Some(Ok(Message::Close(_))) | None => {
                        return Err(StreamError::Failed("it was closed at once".to_owned()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(failed(error)),
                }
            }
        };
        timeout(OPENING, opening)
            .await
            .unwrap_or_else(|_| Err(StreamError::Failed("no answer in time".to_owned())))
    }

    /// Passes changes on to the sensor until the stream ends or everything is to be read again.
    pub(crate) async fn follow<S: Sensor>(
        mut self,
        client: &Client,
        sensor: &mut S,
    ) -> Result<(), CallError> {
        for text in std::mem::take(&mut self.early) {
            if let Ask::Everything = take(&text, client, sensor).await? {
                return Ok(());
            }
        }
        let mut asked: Option<Instant> = None;
        loop {
            let message = match timeout(SILENCE, self.socket.next()).await {
                Ok(message) => message,
                Err(_) if asked.is_some() => return Ok(()),
                Err(_) => {
                    asked = Some(Instant::now());
                    if self.socket.send(Message::Ping("alive".into())).await.is_err() {
                        return Ok(());
                    }
                    continue;
                }
            };
            asked = None;
            match message {
                Some(Ok(Message::Text(text))) => {
                    if let Ask::Everything = take(&text, client, sensor).await? {
                        return Ok(());
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            }
        }
    }
}

async fn connect(
    client: &Client,
    url: &str,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, StreamError> {
    let failed = |why: String| StreamError::Failed(why);
    let mut request = url.into_client_request().map_err(|error| failed(error.to_string()))?;
    let token = client.token.current().text;
    for (name, value) in [
        ("sec-websocket-protocol", format!("attune.v1, attune.jwt.{token}")),
        ("authorization", format!("Bearer {token}")),
    ] {
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| failed("the token holds characters that a header cannot carry".to_owned()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    match connect_async(request).await {
        Ok((socket, _)) => {
            client.heard();
            Ok(socket)
        }
        Err(Error::Http(response)) if response.status() == 401 => Err(StreamError::Unauthorized),
        Err(Error::Io(error)) => {
            client.silent();
            Err(failed(error.to_string()))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// One frame. What is not known is passed over: a newer engine may say more.
async fn take<S: Sensor>(text: &str, client: &Client, sensor: &mut S) -> Result<Ask, CallError> {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else {
        tracing::warn!("the notifier sent something that is no notification");
        return Ok(Ask::Everything);
    };
    match (frame.kind.as_str(), frame.entity_type.as_deref()) {
        ("notification", Some("rule") | None) => change(frame.payload, client, sensor).await,
        // The engine could not keep up with this stream and left something out.
        ("resync", _) => Ok(Ask::Everything),
        ("error", _) => {
            tracing::error!("the notifier says: {}", frame.payload);
            Ok(Ask::Nothing)
        }
        _ => Ok(Ask::Nothing),
    }
}

async fn change<S: Sensor>(payload: Value, client: &Client, sensor: &mut S) -> Result<Ask, CallError> {
    let Ok(notice) = Notice::deserialize(&payload) else {
        tracing::warn!("a notification about a rule cannot be read; reading all rules again");
        return Ok(Ask::Everything);
    };
    let listens = match notice.event_type.as_str() {
        "RuleDisabled" | "RuleDeleted" => false,
        "RuleCreated" | "RuleUpdated" | "RuleEnabled" => notice.active != Some(false),
        other => {
            tracing::debug!("passing over a notification of kind {other}");
            return Ok(Ask::Nothing);
        }
    };
    tracing::info!(rule = %notice.rule_ref, kind = %notice.event_type, "a rule has changed");
    if !listens {
        sensor.remove(notice.rule_id);
        return Ok(Ask::Nothing);
    }
    let rule = match whole(payload, notice.rule_id) {
        Some(rule) => Some(rule),
        None => rules::read_one(client, &notice.rule_ref).await?,
    };
    match rule.filter(|rule| rule.enabled) {
        Some(rule) => sensor.put(rule),
        None => sensor.remove(notice.rule_id),
    }
    Ok(Ask::Nothing)
}

/// The rule in the notification itself, where the engine put all of it there.
fn whole(mut payload: Value, id: RuleId) -> Option<Rule> {
    let fields = payload.as_object_mut()?;
    let complete = ["trigger_params", "anchor", "last_scheduled_at", "handled_until", "execution_count"];
    if !complete.iter().all(|name| fields.contains_key(*name)) {
        return None;
    }
    fields.insert("id".to_owned(), json!(id));
    Rule::read(payload)
}
