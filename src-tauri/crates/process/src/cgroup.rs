//! A cgroup for each child, where the system hands us a part of its tree.
//!
//! No process gets out of its cgroup by itself, so this finds what neither the environment nor the brand can: what got
//! rid of both. Systems hand over a part only where they are asked to (systemd: `Delegate=yes`, best with
//! `DelegateSubgroup=`), and say so in an attribute of it; elsewhere nothing is touched. A child is moved just after
//! it was started: what it has started before that is found by the other means.

use rustix::process::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Processes and threads of one child, where the system lets us say: a fork bomb ends here.
const TASKS: &str = "512";
/// The attributes by which systemd says that a part of the tree is handed over.
const HANDED_OVER: [&str; 2] = ["user.delegate", "trusted.delegate"];

/// The cgroup of one child. It is removed with this value where nothing lives in it.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    /// Moves a process that has just been started into a cgroup of its own; none where we may not have any.
    pub(crate) fn of_child(pid: Pid) -> Option<Self> {
        static OURS: OnceLock<Option<PathBuf>> = OnceLock::new();
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let ours = OURS.get_or_init(handed_over).as_ref()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = ours.join(format!("attune-{}-{number}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let cgroup = Self(path);
        // Only where this controller is ours too.
        let _ = fs::write(cgroup.0.join("pids.max"), TASKS);
        match fs::write(cgroup.0.join("cgroup.procs"), pid.as_raw_pid().to_string()) {
            Ok(()) => Some(cgroup),
            Err(error) => {
                tracing::debug!(%error, "a child could not be moved into its cgroup");
                None
            }
        }
    }

    /// The processes in it, and in what they have made below it.
    pub(crate) fn members(&self) -> Vec<i32> {
        let mut members = Vec::new();
        for folder in below(&self.0) {
            let list = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            members.extend(list.lines().filter_map(|line| line.parse::<i32>().ok()));
        }
        members
    }

    /// Kills all of them at once, those too that are being started.
    pub(crate) fn kill(&self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The deepest first. What a child left behind on purpose keeps its own.
        for folder in below(&self.0).iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A cgroup and all below it, each after the one that it lies in.
fn below(top: &Path) -> Vec<PathBuf> {
    let mut all = vec![top.to_owned()];
    let mut next = 0;
    while let Some(folder) = all.get(next).cloned() {
        next += 1;
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        all.extend(
            entries
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
    all
}

/// The part of the tree that is ours, and that we are in.
fn handed_over() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let (root, mount) = mounts.lines().find_map(cgroup_mount)?;
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let own = mount.join(Path::new(own).strip_prefix(&root).ok()?);
    let is_ours = |folder: &&Path| HANDED_OVER.iter().any(|name| says_yes(folder, name));
    let ours = own.ancestors().take_while(|folder| folder.starts_with(&mount)).find(is_ours)?;
    // Where we are in it ourselves, the kernel does not allow this; then there is no limit of tasks.
    let _ = fs::write(ours.join("cgroup.subtree_control"), "+pids");
    remove_leftovers(ours);
    tracing::info!(folder = %ours.display(), "each child gets a cgroup of its own");
    Some(ours.to_owned())
}

/// Of a line of mountinfo about cgroup v2: what of the tree is mounted, and where.
fn cgroup_mount(line: &str) -> Option<(PathBuf, PathBuf)> {
    let (fields, kind) = line.split_once(" - ")?;
    let mut fields = fields.split(' ').skip(3);
    let (root, mount) = (fields.next()?, fields.next()?);
    kind.starts_with("cgroup2 ").then(|| (root.into(), mount.into()))
}

fn says_yes(folder: &Path, name: &str) -> bool {
    let mut value = [0; 8];
    rustix::fs::getxattr(folder, name, &mut value).is_ok_and(|length| value.get(..length) == Some(b"1"))
}

/// Empty ones that an engine which was killed has left.
fn remove_leftovers(ours: &Path) {
    for entry in fs::read_dir(ours).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with("attune-") {
            for folder in below(&entry.path()).iter().rev() {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_cgroups_is_found_among_others() {
        let line = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        assert_eq!(cgroup_mount(line), Some(("/".into(), "/sys/fs/cgroup/unified".into())));
        let line = "30 29 0:26 /docker/1 /sys/fs/cgroup rw shared:4 - cgroup2 cgroup rw,nsdelegate";
        assert_eq!(cgroup_mount(line), Some(("/docker/1".into(), "/sys/fs/cgroup".into())));
        assert_eq!(cgroup_mount("33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"), None);
        assert_eq!(cgroup_mount("nonsense"), None);
    }
}
