//! The token of a sensor, and the file through which the engine hands over the next one.

use model::{Clock, SystemClock, Timestamp};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// One token and its life by the wall clock, which goes on while the machine sleeps.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) text: Arc<str>,
    obtained: Timestamp,
    expires: Option<Timestamp>,
}

impl Pass {
    fn new(text: &str, expires: Option<Timestamp>) -> Self {
        Self { text: Arc::from(text), obtained: SystemClock.now(), expires }
    }

    /// When to ask for the next one: at 80 % of its life.
    fn renew_at(&self) -> Option<Timestamp> {
        let life = self.expires?.micros_since(self.obtained).max(0);
        Some(self.obtained.plus_micros(life / 5 * 4))
    }
}

/// The token that every request of this sensor carries.
pub(crate) struct Token {
    pass: RwLock<Pass>,
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct State {
    token: String,
    expires_at: Timestamp,
}

impl Token {
    pub(crate) fn new(text: &str, expires: Option<Timestamp>, file: Option<PathBuf>) -> Self {
        Self { pass: RwLock::new(Pass::new(text, expires)), file }
    }

    pub(crate) fn current(&self) -> Pass {
        self.pass.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over a token that the engine gave.
    pub(crate) fn adopt(&self, text: &str, expires: Option<Timestamp>) {
        *self.pass.write().unwrap_or_else(PoisonError::into_inner) = Pass::new(text, expires);
    }

    /// Takes the token of the state file where it lives longer than the present one.
    pub(crate) async fn look(&self) {
        let Some(state) = self.state().await else { return };
        let current = self.current();
        if *state.token != *current.text && current.expires.is_none_or(|expires| state.expires_at > expires) {
            self.adopt(&state.token, Some(state.expires_at));
        }
    }

    /// After `refused` was refused: takes whatever other token there is by now, and says whether there is one.
    pub(crate) async fn replace(&self, refused: &str) -> bool {
        if *self.current().text != *refused {
            return true;
        }
        match self.state().await {
            Some(state) if state.token != refused => {
                self.adopt(&state.token, Some(state.expires_at));
                true
            }
            _ => false,
        }
    }

    /// How long until the token is to be renewed; none where it has no end.
    pub(crate) fn renew_in(&self) -> Option<Duration> {
        let micros = self.current().renew_at()?.micros_since(SystemClock.now());
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    async fn state(&self) -> Option<State> {
        read(self.file.as_deref()?).await
    }
}

/// The engine replaces the file whole, so it is either complete or not there yet. A file that cannot be read is
/// no reason to end: the present token may still be good.
async fn read(file: &Path) -> Option<State> {
    let text = match tokio::fs::read(file).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the token state file cannot be read");
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(state) => Some(state),
        // The error of the parser could repeat a part of the token.
        Err(_) => {
            tracing::warn!(file = %file.display(), "the token state file is not {{\"token\",\"expires_at\"}}");
            None
        }
    }
}
