//! Where the system hands over a part of its cgroups, nothing gets away.

use crate::shapes::{Place, SHAPES};
use rustix::fs::XattrFlags;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Set for the process that plays the engine: the part of the tree that it is given.
const PART: &str = "ATTUNE_TEST_CGROUP";

/// A part of the tree, handed over as systemd does it; none where this user may not do that.
fn hand_over() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?.split(' ').nth(4)?;
    let part = Path::new(mount).join(format!("attune-test-{}", std::process::id()));
    fs::create_dir(&part).ok()?;
    let said = rustix::fs::setxattr(&part, "user.delegate", b"1", XattrFlags::empty());
    if said.is_err() || !part.join("cgroup.kill").exists() {
        fs::remove_dir(&part).unwrap();
        return None;
    }
    Some(part)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine with a part of the tree is this test, started once more"
)]
fn run_again(part: &Path, name: &str) -> std::process::Output {
    let test = std::env::current_exe().unwrap();
    Command::new(test).args(["--exact", name, "--nocapture"]).env(PART, part).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_got_rid_of_every_mark_is_found_by_its_cgroup() {
    let Some(part) = std::env::var_os(PART).map(PathBuf::from) else {
        let Some(part) = hand_over() else { return };
        let again = run_again(&part, "cgroup::what_got_rid_of_every_mark_is_found_by_its_cgroup");
        let left =
            fs::read_dir(&part).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
        fs::remove_dir(&part).unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(left, 0, "cgroups were left");
        return;
    };
    fs::write(part.join("cgroup.procs"), std::process::id().to_string()).unwrap();
    // No environment, no brand, no group, no parent.
    let away = "while ! grep -q attune-test.*/attune- /proc/$$/cgroup; do :; done\n\
        (env -i setsid bash -c 'ulimit -S -x unlimited; SLEEP 300 & SLEEP 301 & SLEEP 302; :' &)\nSLEEP 303; :";
    let shapes = SHAPES.iter().copied().chain([("rid of every mark", away, 6)]);
    for (name, script, processes) in shapes {
        let place = Place::new();
        let mut child = place.start(script, Duration::from_millis(300), &[("ATTUNE_EXEC_ID", name)]);
        place.wait_for(name, |count| count >= processes).await;
        child.stop().await.unwrap();
        assert_eq!(place.alive(), 0, "{name}");
        let child = place.start(script, Duration::from_secs(300), &[("ATTUNE_EXEC_ID", name)]);
        place.wait_for(name, |count| count >= processes).await;
        drop(child);
        place.wait_for(name, |count| count == 0).await;
    }
    // The last of them is removed when the thread that kills has seen that nothing is left.
    for _ in 0..1_000 {
        if fs::read_dir(&part).unwrap().all(|entry| !entry.unwrap().path().is_dir()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // This process must be out of it before it can be removed.
    fs::write(part.parent().unwrap().join("cgroup.procs"), std::process::id().to_string()).unwrap();
}
