//! One child from start to end.

use crate::tree::Tree;
use crate::{SpawnError, Spec, Stdin, usage};
use model::{Exit, Usage};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, waitid};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Once};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::unix::pipe;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{Instant, sleep, timeout_at};
use wait4::Wait4;

/// The reading end of one of a child's outputs. Nothing is read before it is asked for, and the pipe between
/// holds 64 KiB, so what is not read makes the child wait and not this program grow.
pub type Pipe = pipe::Receiver;

/// How often the rest of a tree is looked for while its grace runs.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A program that was written a moment ago is "busy" while any fork made meanwhile holds it open.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// A started child. Dropping it kills its whole tree.
pub struct Child {
    pid: u32,
    /// Its standard output; taken by whoever reads it.
    pub stdout: Option<Pipe>,
    /// Its standard error; taken by whoever reads it.
    pub stderr: Option<Pipe>,
    held: Arc<Held>,
    ended: AsyncFd<OwnedFd>,
    exit: Option<Exit>,
    grace: Duration,
    writer: Option<AbortHandle>,
    /// An input that ends when this value goes, or this program.
    _input: Option<OwnedFd>,
    /// The highest memory that was seen so far, in bytes.
    peak_memory: u64,
}

/// The process itself. It is not reaped before the last user of this value is gone: until then its number, and
/// so the number of its group, belongs to nobody else.
struct Held {
    /// None once a thread waits for its end.
    process: Option<std::process::Child>,
    tree: Tree,
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("pid", &self.pid).field("exit", &self.exit).finish_non_exhaustive()
    }
}

pub(crate) fn spawn(mut spec: Spec) -> Result<Child, SpawnError> {
    check(&spec)?;
    let stdin = std::mem::take(&mut spec.stdin);
    let process = start(&spec, &stdin).map_err(|source| SpawnError::explain(&spec, source))?;
    // Where it runs but cannot be watched (no descriptors left), dropping it ends it.
    Child::watch(process, &spec, stdin)
        .map_err(|source| SpawnError::Refused { program: spec.program, source })
}

fn check(spec: &Spec) -> Result<(), SpawnError> {
    use std::os::unix::ffi::OsStrExt;
    let wrong = spec
        .env
        .iter()
        .map(|(name, _)| name.as_bytes())
        .chain(spec.mark.iter().map(|(name, _)| name.as_bytes()));
    for name in wrong {
        if name.is_empty() || name.contains(&b'=') {
            let name = String::from_utf8_lossy(name);
            return Err(SpawnError::Unspeakable(format!(
                "`{name}` cannot be the name of an environment variable"
            )));
        }
    }
    let values = spec.env.iter().flat_map(|(name, value)| [name, value]).chain(&spec.args);
    let marks = spec.mark.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    if values.map(|text| text.as_bytes()).chain(marks).any(|text| text.contains(&0)) {
        let sentence =
            "an argument or environment variable holds a NUL character, which no program can receive";
        return Err(SpawnError::Unspeakable(sentence.to_owned()));
    }
    Ok(())
}

/// Nothing here may need code between fork and exec: only then does the standard library use `posix_spawn`,
/// which costs the same however large this program is. It also empties the signal mask and makes SIGPIPE
/// deadly again, and every descriptor that Rust opens closes at exec. What this program itself was handed open by
/// whoever started it is marked to close too.
#[expect(clippy::disallowed_methods, reason = "this is the one home of child processes")]
fn start(spec: &Spec, stdin: &Stdin) -> io::Result<std::process::Child> {
    static HANDED_OPEN: Once = Once::new();
    HANDED_OPEN.call_once(|| close_fds::set_fds_cloexec_threadsafe(3, &[]));
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .envs(spec.mark.iter().map(|(name, value)| (name, value)))
        .current_dir(&spec.cwd)
        .process_group(0)
        .stdin(if matches!(stdin, Stdin::Null) { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut tries = 0;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                tries += 1;
                std::thread::sleep(BUSY_PAUSE);
            }
            result => return result,
        }
    }
}

impl Child {
    fn watch(mut process: std::process::Child, spec: &Spec, stdin: Stdin) -> io::Result<Self> {
        let pid = Pid::from_child(&process);
        let outputs = (process.stdout.take(), process.stderr.take());
        let input = process.stdin.take().map(OwnedFd::from);
        let held = Arc::new(Held { process: Some(process), tree: Tree::of_child(pid, &spec.mark) });
        #[expect(deprecated, reason = "what replaces it is unsafe; an OwnedFd cannot change under it")]
        let ended = AsyncFd::with_interest(pidfd_open(pid, PidfdFlags::empty())?, Interest::READABLE)?;
        let pipe_of = |end: Option<OwnedFd>| end.map(Pipe::from_owned_fd).transpose();
        let stdout = pipe_of(outputs.0.map(OwnedFd::from))?;
        let stderr = pipe_of(outputs.1.map(OwnedFd::from))?;
        let (writer, input) = match (input, stdin) {
            (Some(end), Stdin::Bytes(bytes)) => (Some(write(pipe::Sender::from_owned_fd(end)?, bytes)), None),
            (input, _) => (None, input),
        };
        Ok(Self {
            pid: pid.as_raw_pid().unsigned_abs(),
            stdout,
            stderr,
            held,
            ended,
            exit: None,
            grace: spec.grace,
            writer,
            _input: input,
            peak_memory: 0,
        })
    }

    /// Its process number, which is also the number of its group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the end of its main process; what that process started may live on. May be called again, and
    /// may be dropped while it waits.
    ///
    /// # Errors
    /// Where the system cannot say how it ended.
    pub async fn wait(&mut self) -> io::Result<Exit> {
        loop {
            if let Some(exit) = self.exit {
                return Ok(exit);
            }
            let mut ready = self.ended.readable().await?;
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
            match waitid(WaitId::PidFd(ready.get_inner().as_fd()), look) {
                Ok(Some(status)) => {
                    self.exit = Some(match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Exit::Code(code),
                        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
                    });
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends it with all that it started: SIGTERM to the whole tree, the grace of its [`Spec`] for all of them,
    /// then SIGKILL until nothing is left. Returns how the main process ended, which may have been before.
    ///
    /// # Errors
    /// Where the system cannot say how it ended.
    pub async fn stop(&mut self) -> io::Result<Exit> {
        let deadline = Instant::now() + self.grace;
        self.on_tree(|tree| {
            tree.signal(Signal::TERM);
            // A process that somebody halted must wake up to hear it.
            tree.signal(Signal::CONT);
        })
        .await;
        let _ = timeout_at(deadline, self.wait()).await;
        while Instant::now() < deadline && self.on_tree(Tree::is_alive).await.unwrap_or(false) {
            sleep(LOOK_AGAIN).await;
        }
        self.on_tree(Tree::kill).await;
        self.wait().await
    }

    /// Looks at how much memory it takes, with all that it has started: only what was seen can be told at its end.
    /// Costs a few microseconds a process.
    pub fn look_at_memory(&mut self) {
        if self.exit.is_none()
            && let Some(leader) = self.held.tree.leader()
        {
            self.peak_memory = self.peak_memory.max(usage::peak_memory(leader));
        }
    }

    /// Lets go of a child whose main process has ended, and tells what it used: that process and those of its
    /// descendants whose ends it waited for. None where it has not ended, or the system does not say.
    #[must_use]
    pub fn let_go(mut self) -> Option<Usage> {
        self.exit?;
        let process = &mut Arc::get_mut(&mut self.held)?.process;
        let used = process.as_mut()?.try_wait4().ok()??.rusage;
        // It is reaped: its number may be a stranger's from here on.
        *process = None;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Some(Usage {
            user_ms: millis(used.utime),
            system_ms: millis(used.stime),
            peak_memory_bytes: usage::judge_peak(used.maxrss, self.peak_memory),
        })
    }

    /// Does a thing that reads the process table, away from the threads that must not block.
    async fn on_tree<T: Send + 'static>(&self, look: impl FnOnce(&Tree) -> T + Send + 'static) -> Option<T> {
        let held = Arc::clone(&self.held);
        spawn_blocking(move || look(&held.tree)).await.ok()
    }
}

fn write(mut stdin: pipe::Sender, bytes: Vec<u8>) -> AbortHandle {
    let writing = tokio::spawn(async move {
        if let Err(error) = stdin.write_all(&bytes).await {
            tracing::debug!(%error, "a child did not read all of its input");
        }
    });
    writing.abort_handle()
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(writer) = &self.writer {
            writer.abort();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // Where it has ended, what it left behind is not ours to judge.
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        self.tree.signal_group(Signal::KILL);
        let tree = self.tree.clone();
        std::thread::spawn(move || {
            tree.kill();
            let _ = process.wait();
        });
    }
}
