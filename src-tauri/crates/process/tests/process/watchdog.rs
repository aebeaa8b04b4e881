//! An engine is killed where it stands; nothing that it started outlives it for long.

use crate::shapes::{Place, SHAPES};
use process::{INSTANCE, Watchdog, end_leftovers};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for the process that plays the engine: where it works.
const FOLDER: &str = "ATTUNE_TEST_ENGINE";
const TREES: usize = 20;

/// Starts trees of every shape, and stays until it is killed.
async fn be_the_engine(place: &Place) {
    let instance = place.path().display().to_string();
    let _watchdog = Watchdog::start(&instance);
    let mut children = Vec::new();
    for (number, (_, script, _)) in SHAPES.iter().cycle().take(TREES).enumerate() {
        let number = number.to_string();
        let mark = [(INSTANCE, instance.as_str()), ("ATTUNE_EXEC_ID", &number)];
        children.push(place.start(script, Duration::from_secs(300), &mark));
    }
    std::future::pending::<()>().await;
}

#[expect(clippy::disallowed_methods, reason = "the engine that is killed is this test, started once more")]
fn start_an_engine(place: &Place, name: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(FOLDER, place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap()
}

fn expected() -> usize {
    SHAPES.iter().cycle().take(TREES).map(|(_, _, processes)| processes).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_engine_ran_is_ended_by_the_watchdog() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return be_the_engine(&Place::at(folder.into())).await;
    }
    let place = Place::new();
    let instance = place.path().display().to_string();
    let mut engine = start_an_engine(&place, "watchdog::what_a_killed_engine_ran_is_ended_by_the_watchdog");
    // The watchdog names the folder too.
    let all = expected() + 1;
    place.wait_for("all trees stand", |count| count >= all).await;
    engine.kill().unwrap();
    engine.wait().unwrap();
    let killed = Instant::now();
    place.wait_for("nothing is left, the watchdog neither", |count| count == 0).await;
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    assert_eq!(end_leftovers(&instance), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_starts_at_once_ends_the_old_watchdog_and_is_not_harmed_by_it() {
    let place = Place::new();
    let instance = place.path().display().to_string();
    let watchdog = Watchdog::start(&instance);
    place.wait_for("the watchdog watches", |count| count == 1).await;
    let old = instance.clone();
    let ended = tokio::task::spawn_blocking(move || end_leftovers(&old)).await.unwrap();
    assert_eq!((ended.len(), place.alive()), (1, 0));
    drop(watchdog);
    let mark = [(INSTANCE, instance.as_str())];
    let mut child = place.start("SLEEP 300", Duration::ZERO, &mark);
    place.wait_for("the new engine's child runs", |count| count == 2).await;
    child.stop().await.unwrap();
    assert_eq!(place.alive(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_ends_in_order_takes_its_watchdog_along_and_nothing_else() {
    let place = Place::new();
    let instance = place.path().display().to_string();
    let watchdog = Watchdog::start(&instance);
    place.wait_for("the watchdog watches", |count| count == 1).await;
    let mut child = place.start("setsid SLEEP 300 & exit 0", Duration::ZERO, &[(INSTANCE, &instance)]);
    assert_eq!(child.wait().await.unwrap(), model::Exit::Code(0));
    place.wait_for("what it left behind runs", |count| count == 2).await;
    drop(watchdog);
    place.wait_for("the watchdog is gone", |count| count == 1).await;
    child.stop().await.unwrap();
}
