//! Requests to the engine: one client, kept-alive connections, and the one place that decides what is tried again.

use crate::backoff::{Backoff, fraction};
use crate::environment::Environment;
use crate::fate::{Failure, Fate};
use crate::run::Limits;
use crate::token::Token;
use reqwest::{Method, StatusCode, header};
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a connection is kept for the next post.
const IDLE: Duration = Duration::from_secs(5);
/// How long one request may take. The engine answers in milliseconds; a stuck one is asked again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest wait that the engine may ask for with `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Why a request came to nothing for good.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CallError {
    /// The engine said no; asking again would get the same answer.
    #[error("the engine answered {status}: {message}")]
    Refused { status: u16, message: String },
    /// The engine's answer is not what the protocol says.
    #[error("the engine's answer cannot be read: {0}")]
    Malformed(String),
    /// The sensor is ending.
    #[error("the sensor is ending")]
    Ending,
}

/// What one try came to.
enum Try {
    Done(Vec<u8>),
    Unauthorized,
    Refused { status: u16, message: String },
    Later { wait: Option<Duration>, why: String },
}

/// Speaks to the engine on behalf of all tasks of the sensor.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    pub(crate) token: Token,
    pub(crate) fate: Arc<Fate>,
    limits: Limits,
    /// The sensor ends soon: no pause is worth what could still be posted.
    closing: CancellationToken,
    /// Since when nobody listens at the engine's address.
    silent_since: Mutex<Option<Instant>>,
}

impl Client {
    pub(crate) fn new(
        environment: &Environment,
        limits: Limits,
        fate: Arc<Fate>,
        closing: CancellationToken,
    ) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            // A proxy of the user's is not for the loopback.
            .no_proxy()
            .tcp_nodelay(true)
            // The door closes what is idle for as long as a head may take; a connection is let go well before.
            .pool_idle_timeout(IDLE)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::Sensor(format!("no HTTP client can be made: {error}")))?;
        let token = Token::new(
            &environment.token,
            environment.token_expires_at,
            environment.token_state_path.clone(),
        );
        let base = environment.api_url.clone();
        Ok(Self { http, base, token, fate, limits, closing, silent_since: Mutex::new(None) })
    }

    /// Reads a JSON document.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        let body = self.call(Method::GET, path, None).await?;
        serde_json::from_slice(&body).map_err(|error| CallError::Malformed(format!("{path}: {error}")))
    }

    /// Posts a JSON document and answers with the body of the answer.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, CallError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Tries until the engine takes it or says no: transport errors, 429 and 5xx are tried again with growing
    /// pauses, a 401 with a newer token, no other 4xx ever. The pause in which the sensor is told to end is cut short.
    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, CallError> {
        let mut backoff = Backoff::new(self.limits.first_pause, self.limits.longest_pause);
        let mut refused = 0;
        let mut hurried = self.closing.is_cancelled();
        for attempt in 1_u64.. {
            let pass = self.token.current();
            let once = self.once(method.clone(), path, body.clone(), &pass.text);
            let tried = tokio::select! {
                tried = once => tried,
                () = self.fate.sealed() => return Err(CallError::Ending),
            };
            let pause = match tried {
                Try::Done(answer) => return Ok(answer),
                Try::Refused { status, message } => return Err(CallError::Refused { status, message }),
                Try::Unauthorized => {
                    refused += 1;
                    if refused > self.limits.unauthorized {
                        self.fate.seal(Failure::Unauthorized);
                        return Err(CallError::Ending);
                    }
                    if self.token.replace(&pass.text).await { Duration::ZERO } else { backoff.pause() }
                }
                Try::Later { wait, why } => {
                    let pause =
                        wait.map(|wait| wait + fraction(wait / 10)).unwrap_or_else(|| backoff.pause());
                    // A long outage is said ever more seldom.
                    if attempt.is_power_of_two() {
                        tracing::warn!(%path, attempt, ?pause, "{why}; trying again");
                    }
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.closing.cancelled(), if !hurried => {
                    hurried = true;
                    backoff.reset();
                }
                () = self.fate.sealed() => return Err(CallError::Ending),
            }
        }
        Err(CallError::Ending)
    }

    async fn once(&self, method: Method, path: &str, body: Option<Vec<u8>>, token: &str) -> Try {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                if error.is_connect() {
                    self.silent()
                }
                return Try::Later { wait: None, why: sentence(&error) };
            }
        };
        self.heard();
        let status = response.status();
        let wait = retry_after(response.headers());
        let answer = match response.bytes().await {
            Ok(answer) => answer,
            Err(error) => return Try::Later { wait: None, why: sentence(&error) },
        };
        if status.is_success() {
            return Try::Done(answer.into());
        }
        match status {
            StatusCode::UNAUTHORIZED => Try::Unauthorized,
            StatusCode::TOO_MANY_REQUESTS => Try::Later { wait, why: message(status, &answer) },
            status if status.is_server_error() => Try::Later { wait, why: message(status, &answer) },
            status => Try::Refused { status: status.as_u16(), message: message(status, &answer) },
        }
    }

    /// Somebody answered at the engine's address.
    pub(crate) fn heard(&self) {
        *self.silent_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Nobody answered. After a while the engine is taken for gone, so that no sensor outlives it for long.
    pub(crate) fn silent(&self) {
        let mut since = self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        // A stop-watch and not the wall clock: while the machine sleeps the engine sleeps too.
        if since.get_or_insert_with(Instant::now).elapsed() >= self.limits.engine_gone {
            self.fate.seal(Failure::EngineGone(self.base.clone()));
        }
    }
}

/// Seconds, as the engine says them; a date is taken for no wish at all.
fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).ok()?.min(LONGEST_WAIT))
}

/// The engine's own sentence where its answer has one, on one line and not too long.
fn message(status: StatusCode, answer: &[u8]) -> String {
    let value: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
    let said = value.as_ref().and_then(|value| value.get("error")?.as_str());
    let said = said.or_else(|| status.canonical_reason()).unwrap_or("no reason given");
    let line: String = said.chars().take(300).flat_map(char::escape_debug).collect();
    format!("{} {line}", status.as_u16())
}

/// An error with its causes; the first alone only says that something failed.
fn sentence(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
