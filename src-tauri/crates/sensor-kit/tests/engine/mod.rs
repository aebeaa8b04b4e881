//! An engine of a few lines that answers as a test tells it to, over real HTTP and a real notifier stream.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use model::{TimerMemory, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
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
    /// While it is shut, posts arrive and get no answer.
    gate: watch::Sender<bool>,
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
    /// The events that were taken, each once.
    pub(crate) events: Vec<Value>,
    /// The reports of missed instants that were taken, each once.
    pub(crate) misfires: Vec<Value>,
    /// The events by their keys.
    keys: HashMap<String, usize>,
    /// How many posts of each rule are under way now.
    under_way: BTreeMap<i64, usize>,
    /// The most posts that were ever under way at once: of one rule, and of all.
    pub(crate) crowd: (usize, usize),
    /// The sub-protocols of the last stream.
    pub(crate) protocols: String,
}

impl Seen {
    pub(crate) fn count(&self, request: &str) -> usize {
        self.requests.iter().filter(|seen| seen.starts_with(request)).count()
    }

    /// The same key is the same event, what was missed does not fire any more, and a rule remembers how far it got.
    fn take_event(&mut self, body: &Value) -> u16 {
        let key = body["dedupe_key"].as_str().unwrap().to_owned();
        if let Some(known) = self.keys.get(&key) {
            return if self.events[*known] == *body { 200 } else { 409 };
        }
        let planned = body["payload"]
            .get("scheduled_at")
            .map(|at| (rule_of(body), instant(at), instant(&body["payload"]["fired_at"])));
        if planned.is_some_and(|(rule, at, now)| self.is_handled(rule, at, now) && self.is_missed(rule, at)) {
            return 409;
        }
        self.keys.insert(key, self.events.len());
        self.events.push(body.clone());
        if let Some((rule, at, now)) = planned {
            self.remember(rule, at, now, true);
        }
        201
    }

    /// A report of what has come to its end already is no news.
    fn take_misfire(&mut self, body: &Value) -> u16 {
        let (rule, first, last) = (rule_of(body), instant(&body["first"]), instant(&body["last"]));
        // Reports carry no time of their own; their newest instant is about as old as they are.
        if self.is_handled(rule, first, last) {
            return 200;
        }
        self.misfires.push(body.clone());
        self.remember(rule, last, last, false);
        201
    }

    /// Up to where a rule's instants have come to their end.
    pub(crate) fn handled_until(&self, rule: i64) -> Option<Timestamp> {
        let rule = self.rules.iter().find(|known| known["id"] == rule)?;
        rule["handled_until"].as_str().map(|text| text.parse().unwrap())
    }

    fn is_handled(&self, rule: i64, at: Timestamp, now: Timestamp) -> bool {
        let wild = |mark: &Timestamp| *mark > now.plus(model::limits::CLOCK_WAIT);
        self.handled_until(rule).filter(|mark| !wild(mark)).is_some_and(|mark| at <= mark)
    }

    fn is_missed(&self, rule: i64, at: Timestamp) -> bool {
        let holds = |known: &Value| instant(&known["first"]) <= at && at <= instant(&known["last"]);
        self.misfires.iter().any(|known| rule_of(known) == rule && holds(known))
    }

    fn remember(&mut self, id: i64, at: Timestamp, now: Timestamp, fired: bool) {
        let mut memory = TimerMemory { handled_until: self.handled_until(id), ..TimerMemory::default() };
        memory.handle(at, now);
        if let Some(rule) = self.rules.iter_mut().find(|known| known["id"] == id) {
            rule["handled_until"] = json!(memory.handled_until);
            if fired {
                rule["last_scheduled_at"] = json!(at);
                rule["execution_count"] = json!(rule["execution_count"].as_u64().unwrap_or(0) + 1);
            }
        }
    }
}

pub(crate) fn rule(id: i64, params: &Value) -> Value {
    json!({"id": id, "ref": format!("default.rule_{id}"), "trigger_ref": "core.intervaltimer", "enabled": true,
        "trigger_params": params, "anchor": null, "last_scheduled_at": null, "handled_until": null,
        "live_since": null, "execution_count": 0})
}

/// The rule that a post is for.
pub(crate) fn rule_of(body: &Value) -> i64 {
    let name = body["trigger_instance_id"].as_str().and_then(|name| name.strip_prefix("rule_"));
    name.map_or_else(|| body["rule_id"].as_i64().unwrap(), |id| id.parse().unwrap())
}

/// An instant in a field.
pub(crate) fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
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
            .route("/api/v1/misfires", post(misfire))
            .route("/auth/refresh", post(refresh))
            .route("/ws", get(stream))
            .with_state(inner);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let engine = Self(Arc::new(Inner {
            address,
            seen: Mutex::new(seen),
            happened: watch::Sender::new(0),
            streams: broadcast::Sender::new(64),
            gate: watch::Sender::new(true),
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

    /// Posts get no answer from here on, until the gate opens again.
    pub(crate) fn shut_gate(&self) {
        self.0.gate.send_replace(false);
    }

    /// Posts are answered again.
    pub(crate) fn open_gate(&self) {
        self.0.gate.send_replace(true);
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
        self.stir();
    }

    /// Lets everybody who waits look again.
    fn stir(&self) {
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
    posted(&engine, "POST event", &headers, body, Seen::take_event).await
}

async fn misfire(
    State(known): Known,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response, Refusal> {
    let engine = engine(known).await;
    posted(&engine, "POST misfire", &headers, body, Seen::take_misfire).await
}

async fn posted(
    engine: &Engine,
    request: &str,
    headers: &HeaderMap,
    body: Value,
    take: fn(&mut Seen, &Value) -> u16,
) -> Result<Response, Refusal> {
    let token = engine.admit(headers)?;
    let rule = rule_of(&body);
    engine.with(|seen| {
        seen.posts.push((token, body.clone()));
        *seen.under_way.entry(rule).or_default() += 1;
        let (own, all) = (seen.under_way[&rule], seen.under_way.values().sum());
        seen.crowd = (seen.crowd.0.max(own), seen.crowd.1.max(all));
    });
    engine.saw(request);
    engine.0.gate.subscribe().wait_for(|open| *open).await.unwrap();
    let (status, wait) = engine.with(|seen| {
        if let Some(own) = seen.under_way.get_mut(&rule) {
            *own -= 1;
        }
        let scripted = seen.answers.pop_front();
        scripted.unwrap_or_else(|| (take(seen, &body), None))
    });
    engine.stir();
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
