//! Timeout, cancel and stop end the whole tree and say so.

use crate::kit::House;
use model::ExecutionStatus as Status;
use std::time::Duration;
use store::output::Stream;

/// The ways to outlive one's starter, and how many processes each has when it is ready.
const SHAPES: [(&str, &str, usize); 7] = [
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
        "trap 'setsid sh ./action.sh & exit' TERM; SLEEP 300 & wait; SLEEP 301",
        2,
    ),
    (
        "fifty, each the parent of the next, the last a daemon",
        "n=${1:-50}; if [ $n = 1 ]; then (nohup setsid SLEEP 300 >/dev/null 2>&1 &); SLEEP 301; else sh \"$0\" $((n - 1)); fi; :",
        52,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_ends_every_shape_of_a_tree() {
    for (name, script, processes) in SHAPES {
        let mut house = House::new();
        let launch = house.launch(house.action(script));
        let id = launch.execution;
        house.executor.launch(launch);
        house.until(name, |house| house.alive() >= processes).await;
        house.executor.cancel(id);
        let ended = house.ended().await;
        assert_eq!((ended.status, ended.error), (Status::Cancelled, None), "{name}");
        assert_eq!(house.alive(), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_ends_every_shape_of_a_tree() {
    for (name, script, _) in SHAPES {
        let mut house = House::new();
        let mut launch = house.launch(house.action(script));
        launch.timeout = Some(Duration::from_millis(400));
        let ended = house.run(launch).await;
        assert_eq!(ended.status, Status::Timeout, "{name}");
        assert_eq!(ended.error.unwrap(), "It ran longer than the 400 ms it may take, and was stopped.");
        assert_eq!(house.alive(), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_action_says_on_its_way_out_is_kept() {
    let mut house = House::with_grace(Duration::from_secs(60));
    let launch = house.launch(house.action("trap 'echo bye; exit 0' TERM; echo ready; SLEEP 300 & wait"));
    let id = launch.execution;
    house.executor.launch(launch);
    house.until("ready", |house| house.text(id, Stream::Stdout) == b"ready\n").await;
    house.executor.cancel(id);
    let ended = house.ended().await;
    assert_eq!(ended.status, Status::Cancelled);
    assert_eq!(house.text(id, Stream::Stdout), b"ready\nbye\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_the_executor_cancels_all_and_waits_for_their_ends() {
    let mut house = House::new();
    let action = house.action("trap '' TERM; SLEEP 300 & SLEEP 301; :");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let launch = house.launch(action.clone());
        ids.push(launch.execution);
        house.executor.launch(launch);
    }
    house.until("all run", |house| house.alive() == 9).await;
    let stopped = house.executor.stop(Duration::from_secs(20)).await;
    assert_eq!((&stopped.cancelled, stopped.unfinished.len()), (&ids, 0));
    assert_eq!((house.alive(), house.executor.running()), (0, 0));
    for _ in ids {
        assert_eq!(house.ended().await.status, Status::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_passes_names_what_had_not_ended() {
    let mut house = House::with_grace(Duration::from_secs(600));
    let launch = house.launch(house.action("trap '' TERM; SLEEP 300 & SLEEP 301; :"));
    let id = launch.execution;
    house.executor.launch(launch);
    house.until("it runs", |house| house.alive() == 3).await;
    let stopped = house.executor.stop(Duration::from_millis(50)).await;
    assert_eq!(stopped.unfinished, [id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_at_once_or_twice_or_too_late_ends_in_one_report() {
    let mut house = House::new();
    let launch = house.launch(house.action("SLEEP 300"));
    let id = launch.execution;
    house.executor.launch(launch);
    house.executor.cancel(id);
    house.executor.cancel(id);
    assert_eq!(house.ended().await.status, Status::Cancelled);
    house.executor.cancel(id);
    // The next report is the next run's.
    assert_eq!(house.run_script("exit 0").await.status, Status::Completed);
}
