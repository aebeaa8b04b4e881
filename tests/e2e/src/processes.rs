//! The processes of a stage, ended whatever becomes of the test.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process and its group; both end when this is dropped.
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id())
            && let Some(group) = Pid::from_raw(pid)
        {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// A program with exactly these variables, in a group of its own, that writes to a log.
#[expect(clippy::disallowed_methods, reason = "a test's own screen and driver are no children of the engine")]
pub(crate) fn start<S: AsRef<OsStr>>(
    program: &str,
    arguments: &[&str],
    environment: &[(String, S)],
    log: &Path,
    stdout: Option<Stdio>,
) -> io::Result<Guarded> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(stdout.map_or_else(|| log.try_clone().map(Stdio::from), Ok)?)
        .stderr(log)
        .process_group(0);
    let child = command.spawn();
    child
        .map(Guarded)
        .map_err(|error| io::Error::new(error.kind(), format!("{program} does not start: {error}")))
}

/// Ends every process whose environment names this folder: children that left their group.
pub(crate) fn end_all_of(folder: &Path) {
    let mark = folder.as_os_str().as_encoded_bytes();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let ours = environment.windows(mark.len()).any(|window| window == mark);
        if let Some(pid) = pid.filter(|pid| ours && *pid != rustix::process::getpid()) {
            // It may have ended between the look and this.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Whether a process is still there (one that has ended and was not asked for its status is not).
pub(crate) fn is_alive(pid: u64) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in brackets may hold anything; the state follows its end.
    status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
