//! Child processes, for actions and sensors alike: the one home of starting, watching and ending them.
//!
//! A child is started directly (never through a shell), in a process group of its own, with exactly the
//! environment that it is given and nothing open but its three standard streams. It ends as a tree: the
//! group, every process that carries its mark, in its environment or as a brand that is handed down whatever
//! a program does with its environment, all their descendants, and its cgroup where it can have one.
//!
//! Deliberately absent: what the bytes mean, timeouts, and any memory of a child that has ended. Linux only: it
//! stands on process descriptors and `/proc`.

mod brand;
mod cgroup;
mod child;
mod environment;
mod fault;
mod tree;
mod usage;
mod watchdog;

pub use child::{Child, Pipe};
pub use environment::{INSTANCE, base_environment, beside_us, find_program};
pub use fault::SpawnError;
pub use tree::end_leftovers;
pub use watchdog::Watchdog;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What a child reads on its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing: end of file at once.
    #[default]
    Null,
    /// These bytes, then end of file. They are written while the outputs are read, so no size can block; a
    /// child that does not want them is no error.
    Bytes(Vec<u8>),
    /// Nothing, and end of file when the [`Child`] goes or this program ends, whatever ends it.
    Held,
}

/// Everything that is needed to start one child.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The program: an absolute path; nothing is searched for.
    pub program: PathBuf,
    /// Its arguments, passed as they are.
    pub args: Vec<OsString>,
    /// Its whole environment; see [`base_environment`].
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// What it reads.
    pub stdin: Stdin,
    /// The time between SIGTERM and SIGKILL in [`Child::stop`].
    pub grace: Duration,
    /// Names and values that are added to the environment and by which its descendants are known, wherever
    /// they go. Together they must belong to this child alone; empty means that only the group and the
    /// descendants are found.
    pub mark: Vec<(String, String)>,
}

/// Starts a child. Returns once its program has been loaded, so every reason not to run is known here.
///
/// Must be called within a tokio runtime that has its drivers on.
///
/// # Errors
/// [`SpawnError`]: one sentence that says what is missing and what to do.
pub fn spawn(spec: Spec) -> Result<Child, SpawnError> {
    child::spawn(spec)
}
