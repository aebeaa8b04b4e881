//! `attune` as a child process.

use crate::programs::program;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// A running `attune serve`. It dies with this value.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    log: PathBuf,
}

/// A command of `attune` with a clean environment: a home and a runtime folder of the world's own.
pub(crate) fn attune<A: AsRef<OsStr>>(home: &Path, data_dir: &Path, arguments: &[A]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a test starts what the engine must not")]
    let mut command = Command::new(program("attune"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("TZ", "Europe/Berlin")
        .env("ATTUNE_DATA_DIR", data_dir)
        .args(arguments);
    command
}

/// Runs a command of `attune` to its end.
///
/// # Panics
/// Where it cannot be started.
pub(crate) fn run<A: AsRef<OsStr>>(home: &Path, data_dir: &Path, arguments: &[A], input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = attune(home, data_dir, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("attune can be started");
    let mut stdin = process.stdin.take().expect("its input is a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // It may end before it has read everything.
            let _ = stdin.write_all(input);
        });
        process.wait_with_output().expect("attune ends")
    })
}

impl Child {
    pub(crate) fn serve<A: AsRef<OsStr>>(home: &Path, data_dir: &Path, arguments: &[A]) -> Self {
        let log = home.join("serve.log");
        let open = || File::options().create(true).append(true).open(&log).expect("a log can be written");
        let mut command = attune(home, data_dir, &["serve"]);
        command.args(arguments).stdin(Stdio::null()).stdout(open()).stderr(open());
        let process = command.spawn().expect("attune can be started");
        Self { process, log }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it has said so far, log and output.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// How it ended, where it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// Where it has not within 20 s.
    pub async fn end(&mut self) -> ExitStatus {
        let start = std::time::Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "attune serve does not end:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
