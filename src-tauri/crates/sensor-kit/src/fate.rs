//! Why a sensor ends before it is told to, known to every task at once.

use crate::environment::EnvironmentError;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Why a sensor cannot go on. The process ends with a code other than 0, and the engine decides what then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The environment is not that of a sensor.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The engine no longer takes the token, and there is no newer one.
    #[error("the engine refuses the token of this sensor (401), also after waiting for a new one")]
    Unauthorized,
    /// Nobody listens at the engine's address any more.
    #[error("nobody listens at {0} any more: the engine is gone, and a sensor has no work without it")]
    EngineGone(String),
    /// The sensor itself cannot work here.
    #[error("{0}")]
    Sensor(String),
}

/// The end that all tasks of a sensor share.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    cause: OnceLock<Failure>,
    sealed: CancellationToken,
}

impl Fate {
    /// The first failure counts; those that follow from it do not.
    pub(crate) fn seal(&self, failure: Failure) {
        let _first = self.cause.set(failure);
        self.sealed.cancel();
    }

    /// Waits for the failure, for ever where all goes well.
    pub(crate) async fn sealed(&self) {
        self.sealed.cancelled().await;
    }

    pub(crate) fn cause(&self) -> Option<Failure> {
        self.cause.get().cloned()
    }
}

/// Ends a sensor that cannot go on, from any of its threads.
#[derive(Debug, Clone)]
pub struct Distress(Arc<Fate>);

impl Distress {
    pub(crate) fn new(fate: Arc<Fate>) -> Self {
        Self(fate)
    }

    /// The sensor ends with this sentence and a code other than 0, so that the engine starts it anew.
    pub fn call(&self, why: impl Into<String>) {
        self.0.seal(Failure::Sensor(why.into()));
    }
}
