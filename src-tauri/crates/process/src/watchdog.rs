//! The watchdog: one small process that outlives the engine when somebody kills it, and ends what it left running.
//!
//! It reads an input that nobody ever writes to. The other end is open in the engine alone, so the input ends with the
//! engine, whatever ends that; then the watchdog does what the next engine would do at its start. It carries the
//! mark of its data folder itself: an engine that starts meanwhile ends it with the rest and does its work.

use crate::{INSTANCE, Spec, Stdin, base_environment, beside_us, spawn};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// How the program is called; it lies beside ours.
const PROGRAM: &str = "attune-watchdog";
/// Pause before one that has ended is started again.
const AGAIN: Duration = Duration::from_secs(5);

/// A watchdog for as long as this value lives, and for what is left when this program does not end in order.
#[derive(Debug)]
pub struct Watchdog(Option<AbortHandle>);

impl Watchdog {
    /// Starts one for a data folder. Where its program is missing, the log says what that means.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(instance: &str) -> Self {
        let Some(program) = beside_us(PROGRAM) else {
            tracing::warn!(
                "`{PROGRAM}` does not lie beside this program: should the engine be killed, what it runs goes on until it is started again"
            );
            return Self(None);
        };
        Self(Some(tokio::spawn(keep(program, instance.to_owned())).abort_handle()))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(keeping) = &self.0 {
            keeping.abort();
        }
    }
}

/// Keeps one alive.
async fn keep(program: PathBuf, instance: String) {
    loop {
        let spec = Spec {
            program: program.clone(),
            args: vec![instance.clone().into()],
            env: base_environment::<String, String>([]),
            cwd: "/".into(),
            stdin: Stdin::Held,
            grace: Duration::ZERO,
            mark: vec![
                (INSTANCE.to_owned(), instance.clone()),
                ("ATTUNE_WATCHDOG".to_owned(), std::process::id().to_string()),
            ],
        };
        match spawn(spec) {
            Ok(mut child) => match child.wait().await {
                Ok(exit) => tracing::warn!(?exit, "the watchdog has ended; another is started"),
                Err(error) => tracing::warn!(%error, "the watchdog cannot be watched"),
            },
            Err(error) => tracing::warn!(%error, "the watchdog cannot be started"),
        }
        sleep(AGAIN).await;
    }
}
