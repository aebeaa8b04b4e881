//! The command line against a real engine.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use harness::World;
use serde_json::{Value, json};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn ok(world: &World, arguments: &[&str]) -> String {
    let output = world.attune(arguments, "").await;
    assert!(output.status.success(), "attune {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

async fn ok_json(world: &World, arguments: &[&str]) -> Value {
    let output = ok(world, &[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&output)
        .unwrap_or_else(|error| panic!("attune {arguments:?} --json: {error}: {output}"))
}

#[tokio::test]
async fn a_person_makes_a_rule_runs_it_and_reads_what_it_wrote() {
    let world = World::process().await;
    let made = ok(
        &world,
        &[
            "rule",
            "create",
            "--label",
            "Hello often",
            "--trigger",
            "core.intervaltimer",
            "--param",
            "interval=1",
            "--param",
            "unit=seconds",
            "--action",
            "core.echo",
            "--set",
            "message=5",
            "--enabled",
        ],
    )
    .await;
    assert!(made.contains("default.hello_often"), "{made}");
    let rule = ok_json(&world, &["rule", "show", "default.hello_often"]).await;
    assert_eq!(
        (&rule["trigger_params"]["interval"], &rule["action_params"]["message"]),
        (&json!(1), &json!("5"))
    );
    assert!(ok(&world, &["rule", "list"]).await.contains("Every second"));

    world.events(json!({"trigger": "core.intervaltimer"}), 1, std::time::Duration::from_secs(20)).await;
    let off = ok(&world, &["rule", "disable", "default.hello_often"]).await;
    assert!(off.contains("is off"));
    let listed = ok_json(&world, &["execution", "list", "--rule", "default.hello_often"]).await;
    let run = listed["executions"].as_array().unwrap().last().unwrap()["id"].as_i64().unwrap();
    world.ended(run).await;
    assert_eq!(ok(&world, &["execution", "output", &run.to_string()]).await, "5\n");
    assert!(ok(&world, &["execution", "show", &run.to_string()]).await.contains("completed"));
    assert!(ok(&world, &["event", "list"]).await.contains("matched → run"));
    assert!(ok(&world, &["enforcement", "list"]).await.contains("default.hello_often"));
    assert!(ok(&world, &["sensor", "list"]).await.contains("core.timer_sensor"));
    assert!(ok(&world, &["pack", "list"]).await.contains("loaded"));
    ok(&world, &["rule", "delete", "default.hello_often"]).await;
    let gone = world.attune(&["rule", "show", "default.hello_often"], "").await;
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).contains("there is no rule"), "{}", text(&gone.stderr));
}

#[tokio::test]
async fn an_action_is_followed_to_its_end() {
    let world = World::process().await;
    assert_eq!(
        ok(&world, &["action", "run", "core.echo", "--set", "message=Hello", "--wait"]).await,
        "Hello\n"
    );
    let failed =
        world.attune(&["action", "run", "core.shell", "--set", "script=echo no; exit 3", "--wait"], "").await;
    assert_eq!((failed.status.code(), text(&failed.stdout)), (Some(1), "no\n".to_owned()));
    let bytes = r"script=printf 'a\000\377\033[31m\n'";
    let raw = world.attune(&["action", "run", "core.shell", "--set", bytes, "--wait"], "").await;
    assert_eq!(raw.stdout, b"a\0\xff\x1b[31m\n", "a pipe gets every byte");
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_said_by_field() {
    let world = World::process().await;
    let create = |param: &'static str| {
        let arguments = [
            "rule",
            "create",
            "--label",
            "Bad",
            "--trigger",
            "core.intervaltimer",
            "--param",
            "interval=5",
            "--param",
            param,
            "--action",
            "core.echo",
        ];
        let world = &world;
        async move { world.attune(&arguments, "").await }
    };
    for (param, part) in [
        ("interval=0", "interval"),
        ("interval=-1", "interval"),
        ("interval=soon", "interval"),
        ("interval=1000000000000000000", "interval"),
        ("unit=minuts", "minutes"),
    ] {
        let output = create(param).await;
        assert_eq!(output.status.code(), Some(1), "{param}");
        assert!(text(&output.stderr).contains(part), "{param}: {}", text(&output.stderr));
    }
    assert_eq!(
        world.must("rule.list", json!({})).await["rules"].as_array().unwrap().len(),
        1,
        "only the starter rule"
    );
    let usage = world.attune(&["rule", "create", "--label", "x"], "").await;
    assert_eq!(usage.status.code(), Some(2));
}

#[tokio::test]
async fn questions_and_packs_need_no_engine() {
    let mut world = World::process().await;
    world.stop().await;
    let question = r#"{"id":1,"do":"schedule","trigger_ref":"core.intervaltimer","trigger_params":{"interval":10,"unit":"seconds"},"after":"2026-03-28T00:00:00Z","count":1}"#;
    let output = world.attune(&["eval"], &format!("{question}\n\nnonsense\n")).await;
    assert!(output.status.success());
    let answers = text(&output.stdout);
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(lines[0], r#"{"id":1,"ok":true,"fires":[{"at":"2026-03-28T00:00:10Z","note":null}]}"#);
    assert!(lines[1].starts_with(r#"{"id":null,"ok":false,"error":{"code":"invalid","#), "{answers}");

    let pack = harness::PackFiles::new("broken").file("actions/x.yaml", "ref: broken.x\nrunner_type: shel\n");
    let folder = pack.write(world.data_dir());
    let output = world.attune(&["pack", "validate", folder.to_str().unwrap()], "").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("actions/x.yaml:"), "{}", text(&output.stdout));
    let status = world.attune(&["status"], "").await;
    assert_eq!(status.status.code(), Some(3));
}
