//! The next token before the present one ends.

use crate::client::{CallError, Client};
use model::Timestamp;
use model::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How often the state file is looked at. The old token stays good for a minute after a rotation, and a refused one is
/// looked up at once, so this is soon enough; and a life reckoned by the wall clock must be looked at again after
/// the machine has slept.
const LOOK: Duration = Duration::from_secs(30);
/// After a renewal that did not work out, the next try.
const AGAIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Renewed {
    token: Option<String>,
    access_token: Option<String>,
    expires_at: Option<Timestamp>,
    expires_in: Option<u64>,
}

/// Keeps the token young, for ever.
pub(crate) async fn renew(client: &Client) {
    loop {
        client.token.look().await;
        let wait = match client.token.renew_in() {
            Some(wait) if wait.is_zero() => match refresh(client).await {
                Ok(()) => Duration::ZERO,
                Err(CallError::Ending) => return,
                Err(error) => {
                    tracing::warn!("the token is not renewed yet: {error}");
                    AGAIN
                }
            },
            Some(wait) => wait.min(LOOK),
            None => LOOK,
        };
        // Never a busy loop, also where the engine gives tokens that are born old.
        tokio::time::sleep(wait.max(Duration::from_millis(100))).await;
    }
}

async fn refresh(client: &Client) -> Result<(), CallError> {
    let answer = client.post("/auth/refresh", b"{}".to_vec()).await?;
    let malformed = |why: &str| CallError::Malformed(format!("/auth/refresh: {why}"));
    let mut answer: Value = serde_json::from_slice(&answer).map_err(|_| malformed("no JSON"))?;
    let body = match answer.get_mut("data") {
        Some(data) => data.take(),
        None => answer,
    };
    let renewed: Renewed = serde_json::from_value(body).map_err(|_| malformed("not a token and its end"))?;
    let token = renewed.token.or(renewed.access_token).ok_or_else(|| malformed("no token"))?;
    let expires_in = || Some(SystemClock.now().plus(Duration::from_secs(renewed.expires_in?)));
    client.token.adopt(&token, renewed.expires_at.or_else(expires_in));
    tracing::info!("the token is renewed");
    Ok(())
}
