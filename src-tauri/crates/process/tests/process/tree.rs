//! Ending a child ends all that it started, however it tried to get away.

use crate::shapes::{Place, SHAPES};
use process::{Spec, Stdin, base_environment, end_leftovers, spawn};
use std::ffi::OsString;
use std::fs;
use std::time::{Duration, Instant};

fn unique_mark(place: &Place) -> [(&'static str, String); 1] {
    [("ATTUNE_EXEC_ID", place.path().display().to_string())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shape_of_a_tree_is_ended_to_the_last_process() {
    for (name, script, processes) in SHAPES {
        let place = Place::new();
        let mark = unique_mark(&place);
        let mark: Vec<_> = mark.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut child = place.start(script, Duration::from_millis(300), &mark);
        place.wait_for(name, |count| count >= processes).await;
        child.stop().await.unwrap();
        assert_eq!(place.alive(), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_child_ends_its_tree_too() {
    for (name, script, processes) in SHAPES {
        let place = Place::new();
        let mark = unique_mark(&place);
        let mark: Vec<_> = mark.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let child = place.start(script, Duration::from_secs(300), &mark);
        place.wait_for(name, |count| count >= processes).await;
        drop(child);
        place.wait_for(name, |count| count == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_by_itself_when_told_to_is_not_killed() {
    let place = Place::new();
    let script = "trap 'echo bye >said; exit 7' TERM; SLEEP 300 & wait";
    let mut child = place.start(script, Duration::from_secs(300), &[]);
    place.wait_for("ready", |count| count == 2).await;
    assert_eq!(child.stop().await.unwrap(), model::Exit::Code(7));
    assert_eq!(fs::read_to_string(place.path().join("said")).unwrap(), "bye\n");
    assert_eq!(place.alive(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_child_left_behind_after_a_good_end_is_left_alone() {
    let place = Place::new();
    let mut child =
        place.start("setsid SLEEP 300 & exit 0", Duration::from_millis(100), &[("INSTANCE_OF", "x")]);
    assert_eq!(child.wait().await.unwrap(), model::Exit::Code(0));
    place.wait_for("the background process", |count| count == 1).await;
    // Somebody else's wish to end everything of this child still finds it.
    child.stop().await.unwrap();
    place.wait_for("ended", |count| count == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers_of_an_earlier_engine_are_found_by_their_instance() {
    let mine = Place::new();
    let other = Place::new();
    let script = "(nohup setsid SLEEP 300 >/dev/null 2>&1 &); trap '' TERM; SLEEP 302; :";
    let instance = mine.path().display().to_string();
    let others = other.path().display().to_string();
    let child = mine.start(script, Duration::ZERO, &[(process::INSTANCE, &instance)]);
    let untouched = other.start(script, Duration::ZERO, &[(process::INSTANCE, &others)]);
    mine.wait_for("ready", |count| count == 3).await;
    other.wait_for("ready", |count| count == 3).await;
    let ended = tokio::task::spawn_blocking(move || end_leftovers(&instance)).await.unwrap();
    assert_eq!(ended.len(), 3);
    assert_eq!((mine.alive(), other.alive()), (0, 3));
    drop((child, untouched));
    other.wait_for("ended", |count| count == 0).await;
    assert_eq!(end_leftovers("nobody has this instance"), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_children_leave_no_zombie_and_no_descriptor() {
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let zombies = || {
        let me = std::process::id().to_string();
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("stat")).ok())
            .filter(|stat| stat.rsplit(')').next().unwrap().split_whitespace().nth(1) == Some(&me))
            .count()
    };
    let run = async || {
        let spec = Spec {
            program: "/bin/sh".into(),
            args: [OsString::from("-c"), "cat >/dev/null; echo x".into()].into(),
            env: base_environment::<OsString, OsString>([]),
            cwd: "/".into(),
            stdin: Stdin::Bytes(b"x".to_vec()),
            grace: Duration::ZERO,
            mark: Vec::new(),
        };
        let mut child = spawn(spec).unwrap();
        child.wait().await.unwrap()
    };
    run().await;
    let before = descriptors();
    for _ in 0..100 {
        assert_eq!(run().await, model::Exit::Code(0));
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while (descriptors(), zombies()) != (before, 0) {
        assert!(
            Instant::now() < deadline,
            "{} descriptors of {before}, {} zombies",
            descriptors(),
            zombies()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
