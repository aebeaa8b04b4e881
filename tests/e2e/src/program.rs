//! The app started by hand, without a driver.

use crate::processes::{Guarded, start};
use crate::until;
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;

/// The app as a process.
pub struct Program {
    process: Guarded,
    log: PathBuf,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote.
    pub said: String,
}

impl Program {
    pub(crate) fn start(environment: &[(String, String)], log: PathBuf) -> Result<Self> {
        let app = crate::window::app()?;
        let app = app.to_str().context("a path in UTF-8")?;
        Ok(Self { process: start(app, &[], environment, &log, None)?, log })
    }

    /// Asks it to end, as the system does when it shuts down.
    ///
    /// # Errors
    /// It is gone already.
    pub fn terminate(&self) -> Result<()> {
        let pid = i32::try_from(self.process.0.id()).ok().and_then(Pid::from_raw).context("a pid")?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It goes on.
    pub async fn ends(&mut self) -> Result<Ended> {
        let status = until("the app ends", async || Ok(self.process.0.try_wait()?)).await?;
        Ok(Ended { code: status.code(), said: std::fs::read_to_string(&self.log)? })
    }
}
