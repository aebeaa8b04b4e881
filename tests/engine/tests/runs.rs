//! Runs that do not simply end by themselves.

use engine_tests::{PATIENCE, is_alive, process_of, quiet, run, run_until, stdout};
use harness::{World, wait_until};
use model::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::time::Duration;

async fn gone(pid: u32) {
    wait_until("the process is gone", PATIENCE, || async move {
        if is_alive(pid) { Err(format!("process {pid} lives")) } else { Ok(()) }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_cancelled_ends_with_its_process() {
    let world = World::start().await;
    let id = run(&world, "core.sleep", json!({"seconds": 600})).await;
    let pid = process_of(&world, id).await;
    let row = world.must("execution.cancel", json!({ "id": id })).await;
    assert_eq!(row["status"], "canceling");
    let ended = world.ended(id).await;
    assert_eq!((&ended["execution"]["status"], &ended["pid"]), (&json!("cancelled"), &Value::Null));
    gone(pid).await;
    let again = world.rpc("execution.cancel", json!({ "id": id })).await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (409, &json!("conflict")),
        "there is nothing left to cancel"
    );
}

#[tokio::test]
async fn a_run_whose_time_is_up_is_stopped_and_says_so() {
    let world = World::start().await;
    let request = json!({"action_ref": "core.sleep", "parameters": {"seconds": 600}, "timeout_seconds": 1});
    let id = world.must("action.run", request).await["id"].as_i64().unwrap();
    let pid = process_of(&world, id).await;
    let ended = world.ended(id).await;
    assert_eq!((&ended["execution"]["status"], &ended["timeout_ms"]), (&json!("timeout"), &json!(1_000)));
    assert!(ended["execution"]["error"].as_str().unwrap().contains("1 s"), "{ended}");
    gone(pid).await;
}

#[tokio::test]
async fn a_run_whose_process_is_killed_has_failed_and_names_the_signal() {
    let world = World::start().await;
    let id = run(&world, "core.sleep", json!({"seconds": 600})).await;
    let pid = process_of(&world, id).await;
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    let ended = world.ended(id).await;
    let row = &ended["execution"];
    assert_eq!(
        (&row["status"], &row["signal"], &row["exit_code"]),
        (&json!("failed"), &json!(9), &Value::Null)
    );
    assert!(row["error"].as_str().unwrap().contains("SIGKILL"), "{row}");
}

#[tokio::test]
async fn a_run_that_fails_says_how_and_with_which_last_words() {
    let world = World::start().await;
    let id =
        run(&world, "core.shell", json!({"script": "echo first; echo 'no such thing' >&2; exit 3"})).await;
    let ended = world.ended(id).await;
    let row = &ended["execution"];
    assert_eq!((&row["status"], &row["exit_code"]), (&json!("failed"), &json!(3)));
    assert!(row["error"].as_str().unwrap().contains("no such thing"), "{row}");
    assert_eq!(stdout(&world, id).await, "first\n");
}

#[tokio::test]
async fn of_twenty_runs_eight_are_under_way_at_once_in_the_order_of_asking() {
    let world = World::start().await;
    let gate = world.home().join("gate");
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(run_until(&world, &gate).await);
    }
    wait_until("all places are taken", PATIENCE, || async {
        let status = world.must("engine.status", json!({})).await;
        let running = world.must("execution.list", json!({"status": ["running"]})).await;
        let running = running["executions"].as_array().unwrap().len();
        let full = running == 8 && status["running"] == 8 && status["waiting"] == 12;
        if full { Ok(()) } else { Err(format!("{running} of {status}")) }
    })
    .await;
    let last = *runs.last().unwrap();
    let cancelled = world.must("execution.cancel", json!({ "id": last })).await;
    assert_eq!(cancelled["status"], "cancelled", "one that waits is gone at once");
    std::fs::write(&gate, "").unwrap();
    quiet(&world).await;

    let mut spans = Vec::new();
    for id in &runs[..19] {
        let row = world.ended(*id).await["execution"].clone();
        assert_eq!(row["status"], "completed", "{row}");
        let at = |name: &str| -> Timestamp { row[name].as_str().unwrap().parse().unwrap() };
        spans.push((at("started_at"), at("finished_at")));
    }
    for (start, _) in &spans {
        let at_once = spans.iter().filter(|(from, to)| from <= start && start < to).count();
        assert!(at_once <= 8, "{at_once} runs at once");
    }
    let ninth_waited = spans[..8].iter().any(|(_, end)| *end <= spans[8].0);
    assert!(ninth_waited, "the ninth started before any of the first eight had ended");
}

#[tokio::test]
async fn an_action_that_writes_without_end_or_reads_nothing_harms_nobody() {
    let world = World::start().await;
    let flood = json!({"script": "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo end"});
    let flood = run(&world, "core.shell", flood).await;
    let deaf = run(&world, "core.shell", json!({"script": "exec <&-; echo heard nothing"})).await;
    assert_eq!(world.ended(deaf).await["execution"]["status"], "completed");
    let what = format!("run {flood} ends");
    let world = &world;
    let ended = wait_until(&what, Duration::from_secs(90), || async move {
        let detail = world.must("execution.show", json!({ "id": flood })).await;
        if detail["execution"]["finished_at"].is_null() {
            Err(detail["output"].to_string())
        } else {
            Ok(detail)
        }
    })
    .await;
    assert_eq!(ended["execution"]["status"], "completed", "{ended}");
    let output = &ended["output"];
    assert_eq!(output["stdout_bytes"], 100_000_005);
    let kept = output["kept_bytes"].as_u64().unwrap();
    assert!(
        kept <= model::limits::OUTPUT_BYTES
            && output["dropped_bytes"].as_u64().unwrap() == 100_000_005 - kept
    );
    let tail = json!({"id": flood, "tail": true, "limit_bytes": 100});
    let tail = world.must("execution.output", tail).await;
    let last = tail["chunks"].as_array().unwrap().last().unwrap();
    assert!(last["data"].as_str().unwrap().ends_with("\nend\n"), "the end is kept: {last}");
}
