//! An engine is killed; what it ran does not go on without it, also where nobody starts it again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{PackFiles, World, echo_every, wait_until};
use serde_json::json;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How long what an engine ran may outlive it.
const PROMISED: Duration = Duration::from_secs(5);

/// The ways to outlive one's starter, and how many processes each has when it is ready.
const SHAPES: [(&str, &str, usize); 6] = [
    ("child", "SLEEP 300; :", 2),
    ("background", "SLEEP 300 & SLEEP 301 & wait", 3),
    ("session", "setsid SLEEP 300 & wait", 2),
    ("nohup", "(nohup setsid sh -c 'SLEEP 300 & SLEEP 301; :' >/dev/null 2>&1 &); SLEEP 302; :", 5),
    ("deaf", "trap '' TERM; setsid SLEEP 300 & while :; do SLEEP 301; done", 3),
    ("again", "trap 'setsid sh \"$0\" & exit' TERM; SLEEP 300 & wait; SLEEP 301", 2),
];

/// Processes that have something to do with a folder: by their command line or their environment.
fn alive(folder: &Path) -> usize {
    let ours = folder.as_os_str().as_bytes();
    let names = |path: std::path::PathBuf| {
        let text = std::fs::read(path).unwrap_or_default();
        text.windows(ours.len()).any(|part| part == ours)
    };
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let others = processes.filter(|path| path.file_name() != Some(std::process::id().to_string().as_ref()));
    others.filter(|path| names(path.join("cmdline")) || names(path.join("environ"))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_killed_engine_ran_goes_on_without_it() {
    let tools = tempfile::tempdir().unwrap();
    let sleep = tools.path().join("sleep");
    std::fs::copy("/bin/sleep", &sleep).unwrap();
    let mut pack = PackFiles::new("lab");
    for (name, script, _) in SHAPES {
        pack =
            pack.action(name, &format!("#!/bin/sh\n{}\n", script.replace("SLEEP", sleep.to_str().unwrap())));
    }
    let mut world = World::process_with(&[pack], &[]).await;
    world.must("rule.create", echo_every("default.tick", 1, "tick")).await;
    for (name, ..) in SHAPES {
        world.must("action.run", json!({ "action_ref": format!("lab.{name}") })).await;
    }
    // The engine, its watchdog, the timer sensor, and all trees.
    let all: usize = SHAPES.iter().map(|(_, _, processes)| processes).sum();
    let folder = world.home().to_owned();
    wait_until("all trees stand", Duration::from_secs(60), || async {
        let count = alive(&folder);
        if count >= all + 3 { Ok(()) } else { Err(format!("{count} processes of {}", all + 3)) }
    })
    .await;
    world.kill().await;
    wait_until("nothing is left", PROMISED, || async {
        let count = alive(&folder);
        if count == 0 { Ok(()) } else { Err(format!("{count} processes")) }
    })
    .await;
    // Whoever starts it again finds what ran abandoned.
    world.start_process().await;
    for (name, ..) in SHAPES {
        let abandoned = json!({ "status": ["abandoned"], "action": format!("lab.{name}") });
        let runs = world.must("execution.list", abandoned).await;
        assert_eq!(runs["executions"].as_array().unwrap().len(), 1, "{name}: {runs}");
    }
}
