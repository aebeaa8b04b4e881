//! One request, from its checks to its answer.

use crate::connection::Place;
use crate::framing::SeenBytes;
use crate::page::Page;
use crate::rates::Rates;
use crate::refusal::{Refusal, json_response};
use crate::route::{Endpoint, Found, Route};
use crate::{body, gate, notifier, openapi, route, sensor};
use api::{Api, Caller};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::header::ALLOW;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use model::{Clock, limits};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all requests share.
pub(crate) struct Door {
    pub(crate) api: Api,
    pub(crate) clock: Arc<dyn Clock>,
    port: u16,
    page: Option<Page>,
    rates: Rates,
    streams: Arc<Semaphore>,
    /// Every open stream; waited for at the end.
    pub(crate) stream_tasks: TaskTracker,
    /// Ends every stream.
    pub(crate) ends: CancellationToken,
}

/// What one connection knows of itself.
pub(crate) struct Connection {
    pub(crate) place: Place,
    pub(crate) seen: Arc<SeenBytes>,
}

impl Door {
    pub(crate) fn new(api: Api, clock: Arc<dyn Clock>, port: u16, page: Option<Page>) -> Self {
        Self {
            api,
            clock,
            port,
            page,
            rates: Rates::new(),
            streams: Arc::new(Semaphore::new(limits::STREAMS)),
            stream_tasks: TaskTracker::new(),
            ends: CancellationToken::new(),
        }
    }

    /// Answers a request. Nothing of it is logged but what it was for: a query may hold a token by mistake.
    pub(crate) async fn answer(&self, request: Request<Incoming>, connection: &Connection) -> Response<Body> {
        let response = match self.serve(request, connection).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        };
        connection.seen.forget();
        response
    }

    async fn serve(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
    ) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        gate::check_host(&parts, self.port)?;
        gate::check_origin(&parts)?;
        if gate::is_chunked(&parts.headers)? && !connection.seen.is_chunked_alone() {
            return Err(Refusal::malformed("a request says its length in one way only").and_close());
        }
        let path = parts.uri.path().to_owned();
        let found = route::find(&parts.method, &path);
        let known = match &found {
            Found::Route(route, _) if route.scopes.is_empty() => return Ok(health()),
            Found::Route(route, _) => Some(*route),
            Found::OtherMethod(_) => None,
            Found::Nothing => match &self.page {
                Some(page) if page.serves(&parts.method, &path) => return page.answer(parts).await,
                _ => None,
            },
        };
        let token = gate::token(&parts, known)?.to_owned();
        let caller = self.api.authenticate(&token)?;
        connection.place.trust();
        match found {
            Found::Route(route, raw) => {
                gate::check_scope(route, &caller)?;
                self.run(Asked { route, name: sensor::decode(raw)?, parts, body, caller, token }).await
            }
            Found::OtherMethod(method) => Err(other_method(method.as_str())),
            Found::Nothing => Err(Refusal::not_found("there is nothing at this path")),
        }
    }

    async fn run(&self, asked: Asked) -> Result<Response<Body>, Refusal> {
        let Asked { route, name, parts, body, caller, token } = asked;
        match route.endpoint {
            Endpoint::Health => Ok(health()),
            Endpoint::PostEvent => {
                self.rates.check(&caller)?;
                let body = body::read_json(&parts, body).await?;
                sensor::post_event(&self.api, &caller, body).await
            }
            Endpoint::PostMisfire => {
                self.rates.check(&caller)?;
                let body = body::read_json(&parts, body).await?;
                sensor::post_misfire(&self.api, &caller, body).await
            }
            Endpoint::Rpc => {
                let request = body::read_json(&parts, body).await?.unwrap_or(Value::Null);
                let answer = self.api.call(&name, request).await?;
                Ok(json_response(StatusCode::OK, answer.to_string()))
            }
            Endpoint::TriggerRules => sensor::rules(&self.api, &caller, &name, parts.uri.query()),
            Endpoint::Rule => sensor::rule(&self.api, &caller, &name),
            Endpoint::Trigger => sensor::trigger(&self.api, &caller, &name),
            Endpoint::Refresh => {
                body::read_json(&parts, body).await?;
                sensor::refresh(&self.api, self.clock.now(), &token)
            }
            Endpoint::OpenApi => Ok(json_response(StatusCode::OK, openapi::document())),
            Endpoint::Notifier => self.open_stream(parts, caller, token).await,
        }
    }

    async fn open_stream(
        &self,
        mut parts: Parts,
        caller: Caller,
        token: String,
    ) -> Result<Response<Body>, Refusal> {
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(|_| {
            Refusal::new(StatusCode::UPGRADE_REQUIRED, "invalid", "this path speaks WebSocket only")
        })?;
        let Ok(place) = Arc::clone(&self.streams).try_acquire_owned() else {
            let message = format!("{} streams are open already; close one", limits::STREAMS);
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
        };
        let stream = notifier::Stream::new(self.api.clone(), caller, token, self.ends.clone(), place);
        let tracker = self.stream_tasks.clone();
        Ok(upgrade
            .protocols([gate::SUBPROTOCOL])
            .max_message_size(limits::STREAM_FRAME_BYTES)
            .max_frame_size(limits::STREAM_FRAME_BYTES)
            .on_upgrade(move |socket| tracker.track_future(stream.run(socket))))
    }
}

/// A request that has passed the gate.
struct Asked {
    route: &'static Route,
    /// The named part of the path.
    name: String,
    parts: Parts,
    body: Incoming,
    caller: Caller,
    token: String,
}

fn health() -> Response<Body> {
    const HEALTH: &str = concat!(r#"{"status":"ok","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);
    json_response(StatusCode::OK, HEALTH)
}

fn other_method(method: &str) -> Refusal {
    let message = format!("this path takes {method} only");
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    match HeaderValue::from_str(method) {
        Ok(value) => refusal.with(ALLOW, value),
        Err(_) => refusal,
    }
}
