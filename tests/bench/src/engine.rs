//! The engine under test: `attune serve`, beside this program, with a home, a data folder and a runtime folder of
//! its own.

use crate::client::{Client, Target};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Longer than a start or an end takes on the busiest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// A running engine.
pub(crate) struct Engine {
    process: Child,
    port: u16,
    token: String,
}

/// The data folder of an engine whose home this is.
pub(crate) fn data_dir(home: &Path) -> PathBuf {
    home.join("data")
}

/// Writes files into a folder; those that begin with `#!` can be run.
pub(crate) fn write_pack(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        std::fs::write(&path, content)?;
        if content.starts_with("#!") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

impl Engine {
    pub(crate) async fn start(home: &Path) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("attune");
        ensure!(program.is_file(), "{} is missing: run `cargo xtask bench`", program.display());
        let log = home.join("serve.log");
        DirBuilder::new().mode(0o700).create(home.join("run"))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the engine is a process of its own, as people have it"
        )]
        let process = Command::new(program)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("ATTUNE_DATA_DIR", data_dir(home))
            .args(["serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let start = Instant::now();
        loop {
            if let Some((port, token)) = runtime_file(home) {
                return Ok(Self { process, port, token });
            }
            if start.elapsed() > PATIENCE {
                bail!("the engine does not say where it is:\n{}", std::fs::read_to_string(&log)?);
            }
            sleep(LOOK).await;
        }
    }

    pub(crate) fn target(&self, path: &str) -> Target {
        Target::new(self.port, path, &self.token)
    }

    /// Runs a command of the contract.
    pub(crate) async fn call(&self, command: &str, request: &Value) -> Result<Value> {
        let mut client = Client::connect(&self.target(&format!("/api/v1/rpc/{command}"))).await?;
        Ok(serde_json::from_slice(client.post(&request.to_string()).await?)?)
    }

    /// Its process, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.pid().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        kill_process(pid.context("the engine has ended before its time")?, Signal::TERM)?;
        timeout(PATIENCE, self.process.wait()).await.context("the engine does not end")??;
        Ok(())
    }
}

/// Port and token, once they are written.
fn runtime_file(home: &Path) -> Option<(u16, String)> {
    let mut files = std::fs::read_dir(home.join("run").join("attune-studio")).ok()?.flatten();
    files.find_map(|file| {
        let info: Value = serde_json::from_slice(&std::fs::read(file.path()).ok()?).ok()?;
        let port = info["address"].as_str()?.rsplit(':').next()?.parse().ok()?;
        Some((port, info["token"].as_str()?.to_owned()))
    })
}
