//! What a run finds around it: variables, interpreters, the environment of its pack; and what is gone afterwards.

use crate::kit::{House, installed};
use model::{ExecutionStatus as Status, Runner};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// Set for the process that plays the engine.
const AGAIN: &str = "ATTUNE_TEST_AGAIN";
/// What an engine may have been started with and no action may see.
const HOSTILE: [&str; 20] = [
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "BASH_ENV",
    "ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PERL5OPT",
    "PERL5LIB",
    "RUBYOPT",
    "GIT_DIR",
    "GIT_SSH_COMMAND",
    "APPIMAGE",
    "APPDIR",
    "OWD",
    "ATTUNE_API_TOKEN",
    "SHELLOPTS",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_engines_own_environment_leads_a_run_astray() {
    if std::env::var_os(AGAIN).is_none() {
        return run_again("surroundings::nothing_of_the_engines_own_environment_leads_a_run_astray");
    }
    let mut house = House::new();
    let mut action = house.action("");
    (action.runner, action.path) = (Runner::Native, Some("/usr/bin/env".into()));
    let launch = house.launch(action);
    let result = house.run(launch).await.result.unwrap();
    let names: BTreeSet<&str> =
        result.as_str().unwrap().lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let golden = BTreeSet::from([
        "ATTUNE_ACTION",
        "ATTUNE_API_URL",
        "ATTUNE_ARTIFACTS_DIR",
        "ATTUNE_ATTEMPT",
        "ATTUNE_EXEC_ID",
        "ATTUNE_INSTANCE",
        "ATTUNE_PACK_REF",
        "ATTUNE_PARAMETER_DELIVERY",
        "ATTUNE_PARAMETER_FORMAT",
        "ATTUNE_PROGRESS_FILE",
        "DBUS_SESSION_BUS_ADDRESS",
        "DISPLAY",
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "TMPDIR",
        "TZ",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "XDG_RUNTIME_DIR",
    ]);
    assert_eq!(names, golden);
}

/// Starts this test once more, as an engine that somebody has started with everything set.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine with another environment is this test, started once more"
)]
fn run_again(name: &str) {
    let passed = ["LANG", "LC_ALL", "TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env_clear()
        .envs(HOSTILE.map(|name| (name, "")))
        // These would lead the test itself astray, too, where they meant something.
        .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("XDG_RUNTIME_DIR", "/tmp"), (AGAIN, "1")])
        .envs(passed.map(|name| (name, if name == "TMPDIR" { "/tmp" } else { "x" })))
        .env("DBUS_SESSION_BUS_ADDRESS", "x")
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert!(String::from_utf8_lossy(&again.stdout).contains("1 passed"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_will_not_do_fails_before_anything_runs() {
    if !installed("python3") {
        return;
    }
    let mut house = House::new();
    let mut action = house.action("print('ran')");
    (action.runner, action.runtime_version) = (Runner::Python, ">=99".parse().unwrap());
    let launch = house.launch(action.clone());
    let ended = house.run(launch).await;
    assert_eq!((ended.status, ended.started), (Status::Failed, false));
    let error = ended.error.unwrap();
    assert!(error.starts_with("test.action needs Python >=99, but what is installed is 3."), "{error}");
    action.runtime_version = ">=3".parse().unwrap();
    let launch = house.launch(action);
    assert_eq!(house.run(launch).await.result, Some(json!("ran\n")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_pack_needs_is_there_when_its_action_starts() {
    if !installed("python3") {
        return;
    }
    let mut house = House::new();
    house.file("requirements.txt", "--no-index\n", 0o644);
    let mut action = house.action("import sys\nprint(sys.prefix)");
    action.runner = Runner::Python;
    let launches = [house.launch(action.clone()), house.launch(action.clone())];
    for launch in launches {
        house.executor.launch(launch);
    }
    let ended = [house.ended().await, house.ended().await];
    let environments = house.path().join("environments/test");
    for ended in &ended {
        let result = ended.result.as_ref().unwrap().as_str().unwrap();
        assert!(result.starts_with(environments.to_str().unwrap()), "{ended:?}");
    }
    let heard: Vec<_> =
        ended.iter().flat_map(|ended| &ended.progress).map(|said| said.message.as_str()).collect();
    assert!(heard.contains(&"python3 -m venv"), "{heard:?}");
    assert_eq!(house.executor.runtimes().environments(&"test".parse().unwrap()).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_an_environment_who_has_been_cancelled() {
    let mut house = House::new();
    house.file("requirements.txt", "x\n", 0o644);
    // An interpreter whose environments take for ever.
    let python = "#!/bin/sh\n[ \"$1\" = --version ] && echo Python 3.11.1 && exit\nexec SLEEP 300\n";
    fs::create_dir(house.path().join("bin")).unwrap();
    house.file("bin/python3", &python.replace("SLEEP", house.path().join("sleep").to_str().unwrap()), 0o755);
    let mut action = house.action("");
    action.runner = Runner::Python;
    let mut launch = house.launch(action);
    launch.env = vec![("PATH".to_owned(), house.path().join("bin").display().to_string())];
    let id = launch.execution;
    house.executor.launch(launch);
    house
        .until("the environment is being built", |house| {
            !house.executor.runtimes().environments(&"test".parse().unwrap()).is_empty()
        })
        .await;
    house.executor.cancel(id);
    let ended = house.ended().await;
    assert_eq!((ended.status, ended.started), (Status::Cancelled, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_used_is_told_at_its_end() {
    let mut house = House::new();
    let ended = house.run_script("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").await;
    let usage = ended.usage.unwrap();
    assert!((1..60_000).contains(&(usage.user_ms + usage.system_ms)), "{usage:?}");
    assert!((1 << 16..50 << 20).contains(&usage.peak_memory_bytes.unwrap()), "{usage:?}");
    let mut gone = house.action("");
    gone.path = Some(house.path().join("gone"));
    let launch = house.launch(gone);
    assert_eq!(house.run(launch).await.usage, None);
}

/// What one process holds: descriptors, threads, children, and the files of its runs.
fn held(house: &House) -> (usize, usize, usize, usize) {
    let me = std::process::id().to_string();
    let count = |folder: &str| fs::read_dir(folder).map_or(0, Iterator::count);
    let is_child =
        |stat: String| stat.rsplit(')').next()?.split_whitespace().nth(1).map(|parent| parent == me);
    let children = fs::read_dir("/proc").unwrap().filter(|entry| {
        let stat = fs::read_to_string(entry.as_ref().unwrap().path().join("stat"));
        stat.ok().and_then(is_child).unwrap_or(false)
    });
    let files = ["parameters", "artifacts"].map(|name| count(house.path().join(name).to_str().unwrap()));
    (count("/proc/self/fd"), count("/proc/self/task"), children.count(), files.iter().sum())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_runs_leave_nothing_behind() {
    let mut house = House::new();
    let mut action = house.action("cat >/dev/null; echo done");
    action.parameter_delivery = model::ParameterDelivery::File;
    let run = async |house: &mut House, runs: usize| {
        for _ in 0..runs / 8 {
            for _ in 0..8 {
                let launch = house.launch(action.clone());
                house.executor.launch(launch);
            }
            for _ in 0..8 {
                assert_eq!(house.ended().await.status, Status::Completed);
            }
        }
    };
    run(&mut house, 64).await;
    // Threads that nobody needs end after a while by themselves.
    let settled = async |house: &House, wanted: Option<(usize, usize, usize, usize)>| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let (before, now) = (held(house), {
                tokio::time::sleep(Duration::from_millis(200)).await;
                held(house)
            });
            if wanted
                .map_or(before == now, |wanted| now.0 <= wanted.0 && now.1 <= wanted.1 && now.2 <= wanted.2)
            {
                return now;
            }
            assert!(Instant::now() < deadline, "{now:?}, wanted {wanted:?}");
        }
    };
    let before = settled(&house, None).await;
    run(&mut house, 1_000).await;
    let after = settled(&house, Some(before)).await;
    assert_eq!(after.3, 0, "files were left");
}
