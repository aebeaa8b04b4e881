//! Trees of processes that try to get away, and the place from which they run.

use process::{Child, Spec, Stdin, base_environment, spawn};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with a `sleep` of its own: its processes are told from all others by their command line alone.
pub(crate) struct Place {
    path: PathBuf,
    /// Removed with this value; none where it is another's.
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy("/bin/sleep", folder.path().join("sleep")).unwrap();
        Self { path: folder.path().to_owned(), _folder: Some(folder) }
    }

    /// The same place, in another process.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, _folder: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn alive(&self) -> usize {
        let ours = self.path().as_os_str().as_bytes();
        let entries = fs::read_dir("/proc").unwrap();
        let pids =
            entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok()?.parse::<u32>().ok());
        pids.filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.windows(ours.len()).any(|part| part == ours)
        })
        .count()
    }

    pub(crate) async fn wait_for(&self, what: &str, count: impl Fn(usize) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !count(self.alive()) {
            assert!(Instant::now() < deadline, "{what}: {} processes", self.alive());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn start(&self, script: &str, grace: Duration, mark: &[(&str, &str)]) -> Child {
        // A tree that starts itself again must find its own script.
        let count = fs::read_dir(self.path()).unwrap().count();
        let file = self.path().join(format!("run-{count}.sh"));
        fs::write(&file, script.replace("SLEEP", self.path().join("sleep").to_str().unwrap())).unwrap();
        let env = base_environment([("RUN", file.clone())]);
        spawn(Spec {
            program: "/bin/sh".into(),
            args: vec![file.into()],
            env,
            cwd: self.path().to_path_buf(),
            stdin: Stdin::Null,
            grace,
            mark: mark.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        })
        .unwrap()
    }
}

/// The ways to outlive one's starter, and how many processes each has when it is ready.
pub(crate) const SHAPES: [(&str, &str, usize); 10] = [
    ("a child", "SLEEP 300; exit 0", 2),
    ("in the background", "SLEEP 300 & SLEEP 301 & wait", 3),
    ("in a session of its own", "setsid SLEEP 300 & wait", 2),
    (
        "double fork and nohup",
        "(nohup setsid sh -c 'SLEEP 300 & SLEEP 301; :' >/dev/null 2>&1 &); SLEEP 302; :",
        5,
    ),
    ("deaf to TERM", "trap '' TERM; setsid SLEEP 300 & while :; do SLEEP 301; done", 3),
    (
        "starts again when told to end",
        "trap 'setsid sh \"$RUN\" & exit' TERM; SLEEP 300 & wait; SLEEP 301",
        2,
    ),
    ("without its environment", "env -i SLEEP 300 & wait", 2),
    ("halted", "SLEEP 300 & kill -STOP $$", 2),
    (
        "without environment, group or parent",
        "while grep -q 'file locks *unlimited' /proc/$$/limits; do :; done; (env -i setsid SLEEP 300 &); SLEEP 301; :",
        3,
    ),
    (
        "fifty, each the parent of the next, the last a daemon",
        "n=${1:-50}; if [ $n = 1 ]; then (nohup setsid SLEEP 300 >/dev/null 2>&1 &); SLEEP 301; else sh \"$0\" $((n - 1)); fi; :",
        52,
    ),
];
