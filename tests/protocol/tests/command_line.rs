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

/// A zone in which nobody runs these tests.
const CHATHAM: &str = r#"{"expression":"30 3 * * *","timezone":"Pacific/Chatham"}"#;

#[tokio::test]
async fn the_fires_of_a_timer_are_told_without_an_engine() {
    let mut world = World::process().await;
    world.stop().await;
    let next = ["schedule", "next", "--trigger", "core.crontimer", "--params", CHATHAM];
    let asked = [&next[..], &["--after", "2026-09-25T12:00:00Z", "--count", "2"]].concat();
    let answer = ok_json(&world, &asked).await;
    assert_eq!(answer["zone"], "Pacific/Chatham");
    let local: Vec<&str> =
        answer["fires"].as_array().unwrap().iter().map(|fire| fire["local"].as_str().unwrap()).collect();
    assert_eq!(local, ["2026-09-26T03:30:00+12:45", "2026-09-27T03:45:00+13:45"], "the second after the gap");
    assert!(answer["fires"][1]["note"].is_string() && answer["fires"][0]["note"].is_null());
    let people = ok(&world, &asked).await;
    assert!(people.contains("2026-09-27 03:45:00+13:45") && people.contains("THERE"), "{people}");
    assert!(ok(&world, &next).await.lines().count() > 10, "from now on");

    for (arguments, code, part) in [
        (
            &["--trigger", "core.crontimer", "--params", r#"{"expression":"61 * * * *"}"#][..],
            1,
            "expression: ",
        ),
        (&["--trigger", "core.crontimr"], 1, "did you mean `core.crontimer`?"),
        (&["--trigger", "crontimer"], 2, "--trigger: "),
        (&["--trigger", "core.crontimer", "--params", "[]"], 2, "--params is not a JSON object"),
        (&["--trigger", "core.crontimer", "--params", CHATHAM, "--after", "noon"], 2, "--after: "),
    ] {
        let refused = world.attune(&[&["schedule", "next"][..], arguments].concat(), "").await;
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(text(&refused.stderr).contains(part), "{arguments:?}: {}", text(&refused.stderr));
    }
}

#[tokio::test]
async fn a_person_reads_what_timers_will_do_and_what_they_missed() {
    let world = World::process().await;
    assert!(ok(&world, &["schedule", "forecast"]).await.contains("nothing fires until"));
    for (name, params) in [
        ("Often", r#"{"interval":1,"unit":"minutes"}"#),
        ("Twice", r#"{"interval":12,"unit":"hours"}"#),
        ("Zone", CHATHAM),
    ] {
        let trigger = if name == "Zone" { "core.crontimer" } else { "core.intervaltimer" };
        let rule = json!({
            "label": name, "trigger_ref": trigger, "action_ref": "core.noop", "enabled": true,
            "trigger_params": serde_json::from_str::<Value>(params).unwrap(),
        });
        let file = world.home().join(format!("{name}.json"));
        std::fs::write(&file, rule.to_string()).unwrap();
        let made = ok(&world, &["rule", "create", "--file", file.to_str().unwrap()]).await;
        assert!(made.contains("is made and on"), "{made}");
    }
    let told = ok(&world, &["schedule", "forecast"]).await;
    for part in ["default.twice", "default.zone", "THERE", "Too many to list", "Every minute"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let zone = ok_json(&world, &["schedule", "forecast", "--hours", "48", "--rule", "default.zone"]).await;
    assert_eq!((zone["fires"].as_array().unwrap().len(), &zone["bands"]), (2, &json!([])));
    assert!(ok(&world, &["rule", "show", "default.zone"]).await.contains("Pacific/Chatham"));

    let rule = ok_json(&world, &["rule", "show", "default.often"]).await["id"].as_i64().unwrap();
    ok(&world, &["rule", "disable", "default.often"]).await;
    let now = ok_json(&world, &["status"]).await["now"].clone();
    let missed = json!({"rule_id": rule, "first": now, "last": now, "count": 1, "reason": "clock_changed"});
    let answer = world.post("/api/v1/misfires", &world.info().token, &missed).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let ledger = ok(&world, &["misfire", "list", "--rule", "default.often"]).await;
    assert!(ledger.contains("clock changed") && ledger.contains("default.often"), "{ledger}");
    assert_eq!(ok_json(&world, &["misfire", "list", "--rule", "default.zone"]).await["misfires"], json!([]));

    let over = [
        "rule",
        "create",
        "--label",
        "Over",
        "--trigger",
        "core.intervaltimer",
        "--param",
        "interval=60",
        "--param",
        "not_after=2026-01-01T00:00:00Z",
        "--action",
        "core.noop",
        "--enabled",
    ];
    assert!(ok(&world, &over).await.contains("has finished"));
    assert!(ok(&world, &["rule", "enable", "default.over"]).await.contains("has finished"));
    assert!(ok(&world, &["rule", "list"]).await.contains("finished"));
}
