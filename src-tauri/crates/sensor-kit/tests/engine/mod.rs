//! An engine of a few lines that answers as a test tells it to, over real HTTP and a real notifier stream.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// How long a test waits for what must happen.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

struct Inner {
    address: std::net::SocketAddr,
    seen: Mutex<Seen>,
    /// Counts everything that happens, so that a test can wait for it.
    happened: watch::Sender<u64>,
    streams: broadcast::Sender<Frame>,
    server: tokio::task::AbortHandle,
}

#[derive(Clone, Debug)]
enum Frame {
    Text(String),
    Close,
}

/// What the engine knows, and what it has seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) rules: Vec<Value>,
    /// Rows of a page; so few that every list has several.
    pub(crate) page: usize,
    /// The tokens that open the door.
    pub(crate) tokens: Vec<String>,
    /// The answers to the next posts; 201 after the last.
    pub(crate) answers: VecDeque<(u16, Option<&'static str>)>,
    /// The answer to a refresh.
    pub(crate) refreshed: Value,
    /// Every request in order, such as `GET /health`, the notifier's subscriptions among them.
    pub(crate) requests: Vec<String>,
    /// Every post: its token and its body.
    pub(crate) posts: Vec<(String, Value)>,
    /// The events that were taken.
    pub(crate) events: Vec<Value>,
    /// The sub-protocols of the last stream.
    pub(crate) protocols: String,
}

impl Seen {
    pub(crate) fn count(&self, request: &str) -> usize {
        self.requests.iter().filter(|seen| seen.starts_with(request)).count()
    }
}

pub(crate) fn rule(id: i64, params: &Value) -> Value {
    json!({"id": id, "ref": format!("default.rule_{id}"), "trigger_ref": "core.intervaltimer", "enabled": true,
        "trigger_params": params, "anchor": null, "last_scheduled_at": null, "execution_count": 0})
}

impl Engine {
    pub(crate) async fn start(rules: Vec<Value>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen { rules, page: 2, tokens: vec!["first".to_owned()], ..Seen::default() };
        let (ready, inner) = watch::channel(None::<Engine>);
        let routes = Router::new()
            .route("/health", get(health))
            .route("/api/v1/triggers/{trigger}/rules", get(rules_of_trigger))
            .route("/api/v1/rules/{rule}", get(one_rule))
            .route("/api/v1/events", post(event))
            .route("/auth/refresh", post(refresh))
            .route("/ws", get(stream))
            .with_state(inner);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let engine = Self(Arc::new(Inner {
            address,
            seen: Mutex::new(seen),
            happened: watch::Sender::new(0),
            streams: broadcast::Sender::new(64),
            server: serving.abort_handle(),
        }));
        ready.send_replace(Some(engine.clone()));
        engine
    }

    /// The variables of a sensor of this engine.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let address = self.0.address;
        [
            ("ATTUNE_API_URL", format!("http://{address}")),
            ("ATTUNE_NOTIFIER_WS_URL", format!("ws://{address}/ws")),
            ("ATTUNE_API_TOKEN", "first".to_owned()),
            ("ATTUNE_SENSOR_ID", "1".to_owned()),
            ("ATTUNE_SENSOR_REF", "core.timer_sensor".to_owned()),
            ("ATTUNE_SENSOR_TRIGGER_TYPES", "[\"core.intervaltimer\"]".to_owned()),
            ("ATTUNE_SENSOR_TRIGGERS", "[]".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Looks at, or changes, what the engine knows.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.0.seen.lock().unwrap())
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        let mut happened = self.0.happened.subscribe();
        let waiting = async {
            while !self.with(|seen| holds(seen)) {
                happened.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
            let requests = self.with(|seen| seen.requests.clone());
            panic!("{what}: not in time; requests: {:?}", requests.iter().rev().take(50).collect::<Vec<_>>());
        }
    }

    /// Tells the streams of a change of a rule.
    pub(crate) fn tell(&self, kind: &str, rule: &Value) {
        let payload = json!({"event_type": kind, "rule_id": rule["id"], "rule_ref": rule["ref"],
            "trigger_ref": rule["trigger_ref"], "trigger_params": rule["trigger_params"],
            "active": !matches!(kind, "RuleDisabled" | "RuleDeleted")});
        self.notify(
            &json!({"type": "notification", "notification_type": "rule_updated", "entity_type": "rule",
            "entity_id": rule["id"], "payload": payload, "timestamp": "2026-03-28T00:00:00Z"}),
        );
    }

    pub(crate) fn notify(&self, frame: &Value) {
        self.0.streams.send(Frame::Text(frame.to_string())).unwrap();
    }

    /// Ends every stream.
    pub(crate) fn close_streams(&self) {
        self.0.streams.send(Frame::Close).unwrap();
    }

    /// The engine dies: nobody listens any more.
    pub(crate) fn die(&self) {
        self.0.server.abort();
        let _streams = self.0.streams.send(Frame::Close);
    }

    fn saw(&self, request: impl Into<String>) {
        self.with(|seen| seen.requests.push(request.into()));
        self.0.happened.send_modify(|count| *count += 1);
    }

    /// The token of a request, if it opens the door.
    fn admit(&self, headers: &HeaderMap) -> Result<String, Refusal> {
        let header = headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        if self.with(|seen| seen.tokens.contains(&token)) {
            return Ok(token);
        }
        self.saw("401");
        let answer = json!({"error": "no such token", "code": "unauthorized"});
        Err((StatusCode::UNAUTHORIZED, Json(answer)))
    }
}

type Refusal = (StatusCode, Json<Value>);
type Known = State<watch::Receiver<Option<Engine>>>;

/// The engine behind a request; the first requests may come before it is whole.
async fn engine(mut known: watch::Receiver<Option<Engine>>) -> Engine {
    known.wait_for(Option::is_some).await.unwrap().clone().unwrap()
}

async fn health(State(known): Known) -> Json<Value> {
    engine(known).await.saw("GET /health");
    Json(json!({"status": "ok", "version": "0.1.0"}))
}

async fn rules_of_trigger(
    State(known): Known,
    Path(trigger): Path<String>,
    Query(query): Query<BTreeMap<String, usize>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let engine = engine(known).await;
    engine.admit(&headers)?;
    let page = query["page"];
    let answer = engine.with(|seen| {
        let (rows, total) = (seen.page, seen.rules.len());
        let items: Vec<Value> = seen.rules.iter().skip((page - 1) * rows).take(rows).cloned().collect();
        let pages = total.div_ceil(rows);
        json!({"items": items, "pagination": {"page": page, "page_size": rows, "total_items": total,
            "total_pages": pages, "has_previous": page > 1, "has_next": page < pages}})
    });
    engine.saw(format!("GET rules of {trigger} page {page}"));
    Ok(Json(answer))
}

async fn one_rule(
    State(known): Known,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let engine = engine(known).await;
    engine.admit(&headers)?;
    engine.saw(format!("GET rule {name}"));
    let rule = engine.with(|seen| seen.rules.iter().find(|rule| rule["ref"] == name).cloned());
    rule.map(|rule| Json(json!({"data": rule})))
        .ok_or_else(|| (StatusCode::NOT_FOUND, Json(json!({"error": "no such rule"}))))
}

async fn event(
    State(known): Known,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response, Refusal> {
    let engine = engine(known).await;
    let token = engine.admit(&headers)?;
    let answer = engine.with(|seen| {
        let (status, wait) = seen.answers.pop_front().unwrap_or((201, None));
        seen.posts.push((token, body.clone()));
        if status == 201 {
            seen.events.push(body);
        }
        (status, wait)
    });
    engine.saw("POST event");
    let (status, wait) = answer;
    let text = Json(json!({"error": "as the test says", "code": "scripted", "data": {"id": 1}}));
    let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
    if let Some(wait) = wait {
        response.headers_mut().insert("retry-after", wait.parse().unwrap());
    }
    Ok(response)
}

async fn refresh(State(known): Known, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let engine = engine(known).await;
    engine.admit(&headers)?;
    let answer = engine.with(|seen| {
        seen.tokens.push(seen.refreshed["token"].as_str().unwrap().to_owned());
        seen.refreshed.clone()
    });
    engine.saw("POST refresh");
    Ok(Json(answer))
}

async fn stream(
    State(known): Known,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let engine = engine(known).await;
    engine.admit(&headers)?;
    let protocols = headers["sec-websocket-protocol"].to_str().unwrap().to_owned();
    engine.with(|seen| seen.protocols = protocols);
    Ok(upgrade.protocols(["attune.v1"]).on_upgrade(move |socket| follow(engine, socket)))
}

async fn follow(engine: Engine, mut socket: WebSocket) {
    let mut frames = engine.0.streams.subscribe();
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Ok(Frame::Text(text)) => if socket.send(Message::text(text)).await.is_err() { return },
                Ok(Frame::Close) | Err(_) => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => engine.saw(format!("WS {text}")),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}
