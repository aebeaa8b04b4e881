//! Tokens: 256 random bits, known here only as their SHA-256, alive only as long as this engine.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ExecutionId, Ref, Timestamp, limits};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything: the window, the command line.
    Admin,
    /// The protocol of one sensor and its triggers.
    Sensor {
        /// Which sensor.
        sensor: Ref,
        /// The triggers that it may post.
        triggers: Arc<[Ref]>,
    },
    /// What one running action may do.
    Execution {
        /// Which execution.
        id: ExecutionId,
        /// The triggers that its action may post.
        emits: Arc<[Ref]>,
    },
}

/// A token as its owner gets it; nobody else ever sees it again.
#[derive(Clone, PartialEq, Eq)]
pub struct FreshToken {
    /// The secret.
    pub secret: String,
    /// When its life ends; none for the admin's, which lives as long as the engine.
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for FreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FreshToken(…, expires_at: {:?})", self.expires_at)
    }
}

/// Why a token does not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not one of this engine's, or it was taken back.
    #[error("the token is not known to this engine; it may be from before the last start")]
    Unknown,
    /// Its life is over.
    #[error("the token has expired; ask for a new one before 80 % of its life is over")]
    Expired,
    /// It cannot be renewed: only a sensor's newest token can.
    #[error("this token cannot be renewed")]
    NotRenewable,
}

type Hash = [u8; 32];

struct Entry {
    scope: Scope,
    life: Option<Duration>,
    expires_at: Option<Timestamp>,
    /// Bounds the life also where the wall clock is put back.
    issued: Instant,
    /// A newer one has taken its place; it only lives on for posts in flight.
    replaced: bool,
}

impl Entry {
    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
            || self.life.is_some_and(|life| self.issued.elapsed() >= life)
    }
}

/// Every token that opens the door at present.
#[derive(Default)]
pub struct TokenTable {
    entries: Mutex<HashMap<Hash, Entry>>,
}

fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

impl TokenTable {
    /// Makes a token.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn issue(
        &self,
        scope: Scope,
        life: Option<Duration>,
        now: Timestamp,
    ) -> Result<FreshToken, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        let secret = format!("atn_{}", URL_SAFE_NO_PAD.encode(bytes));
        let expires_at = life.map(|life| now.plus(life));
        let entry = Entry { scope, life, expires_at, issued: Instant::now(), replaced: false };
        let mut entries = self.entries();
        entries.retain(|_, entry| !entry.is_over(now));
        entries.insert(hash(&secret), entry);
        Ok(FreshToken { secret, expires_at })
    }

    /// What a token opens. The look-up is by the hash of what was presented, so its time says nothing
    /// about any secret.
    ///
    /// # Errors
    /// [`TokenError::Unknown`] and [`TokenError::Expired`].
    pub fn check(&self, secret: &str, now: Timestamp) -> Result<Scope, TokenError> {
        let entries = self.entries();
        let entry = entries.get(&hash(secret)).ok_or(TokenError::Unknown)?;
        if entry.is_over(now) { Err(TokenError::Expired) } else { Ok(entry.scope.clone()) }
    }

    /// A new token in place of a sensor's old one, which lives on for posts in flight
    /// ([`limits::TOKEN_OVERLAP`]) but cannot be renewed again.
    ///
    /// # Errors
    /// [`TokenError`], also where the system has no randomness to give.
    pub fn renew(&self, secret: &str, now: Timestamp) -> Result<FreshToken, TokenError> {
        let (scope, life) = {
            let mut entries = self.entries();
            let entry = entries.get_mut(&hash(secret)).ok_or(TokenError::Unknown)?;
            if entry.is_over(now) {
                return Err(TokenError::Expired);
            }
            if entry.replaced || !matches!(entry.scope, Scope::Sensor { .. }) {
                return Err(TokenError::NotRenewable);
            }
            entry.replaced = true;
            let life = entry.life;
            let overlap = limits::TOKEN_OVERLAP;
            entry.expires_at =
                Some(entry.expires_at.map_or(now.plus(overlap), |end| end.min(now.plus(overlap))));
            entry.life = Some(entry.issued.elapsed() + overlap);
            (entry.scope.clone(), life)
        };
        self.issue(scope, life, now).map_err(|_| TokenError::NotRenewable)
    }

    /// Takes back every token of a sensor: its process is gone.
    pub fn revoke_sensor(&self, gone: &Ref) {
        self.entries()
            .retain(|_, entry| !matches!(&entry.scope, Scope::Sensor { sensor, .. } if sensor == gone));
    }

    /// Takes back every token of an execution: it has ended.
    pub fn revoke_execution(&self, ended: ExecutionId) {
        self.entries()
            .retain(|_, entry| !matches!(&entry.scope, Scope::Execution { id, .. } if *id == ended));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Hash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor() -> Scope {
        Scope::Sensor { sensor: "core.timer_sensor".parse().unwrap(), triggers: Arc::from([]) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000_000 + seconds)
    }

    const HOUR: Option<Duration> = Some(Duration::from_secs(3_600));

    #[test]
    fn a_token_opens_the_door_for_its_life_and_no_longer() {
        let table = TokenTable::default();
        let token = table.issue(sensor(), HOUR, at(0)).unwrap();
        assert_eq!(table.check(&token.secret, at(3_599)), Ok(sensor()));
        assert_eq!(table.check(&token.secret, at(3_600)), Err(TokenError::Expired));
        assert_eq!(table.check("atn_guess", at(0)), Err(TokenError::Unknown));
        assert!(!format!("{token:?}").contains(&token.secret));
    }

    #[test]
    fn a_renewed_token_leaves_a_short_overlap_and_renews_once() {
        let table = TokenTable::default();
        let old = table.issue(sensor(), HOUR, at(0)).unwrap();
        let new = table.renew(&old.secret, at(10)).unwrap();
        assert_eq!(table.renew(&old.secret, at(11)), Err(TokenError::NotRenewable));
        assert!(table.check(&old.secret, at(69)).is_ok());
        assert_eq!(table.check(&old.secret, at(70)), Err(TokenError::Expired));
        assert_eq!(new.expires_at, Some(at(3_610)));
    }

    #[test]
    fn an_action_cannot_renew_and_the_dead_have_no_tokens() {
        let table = TokenTable::default();
        let scope = Scope::Execution { id: ExecutionId(7), emits: Arc::from([]) };
        let action = table.issue(scope, None, at(0)).unwrap();
        assert_eq!(table.renew(&action.secret, at(1)), Err(TokenError::NotRenewable));
        table.revoke_execution(ExecutionId(7));
        assert_eq!(table.check(&action.secret, at(1)), Err(TokenError::Unknown));
        let sensor = table.issue(sensor(), HOUR, at(0)).unwrap();
        table.revoke_sensor(&"core.timer_sensor".parse().unwrap());
        assert_eq!(table.check(&sensor.secret, at(1)), Err(TokenError::Unknown));
    }

    #[test]
    fn a_clock_put_back_a_year_does_not_lengthen_a_life() {
        let table = TokenTable::default();
        let token = table.issue(sensor(), Some(Duration::ZERO), at(0)).unwrap();
        assert_eq!(table.check(&token.secret, at(-365 * 86_400)), Err(TokenError::Expired));
    }
}
