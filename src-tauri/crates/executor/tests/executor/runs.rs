//! What an action is given and what is made of what it gives back.

use crate::kit::{House, installed};
use model::{
    EventId, ExecutionStatus as Status, Exit, OutputFormat, ParameterDelivery, ParameterFormat, Runner,
    Schema,
};
use serde_json::{Map, Value, json};
use std::fs;
use store::output::Stream;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { return Map::new() };
    object
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_prints_a_line_and_completes() {
    let mut house = House::new();
    let ended = house.run_script("echo 'Hello, World!'").await;
    assert!(ended.started);
    assert_eq!((ended.status, ended.exit), (Status::Completed, Some(Exit::Code(0))));
    assert_eq!((ended.result, ended.error), (Some(json!("Hello, World!\n")), None));
    assert_eq!(house.text(ended.id, Stream::Stdout), b"Hello, World!\n");
    assert!(house.pieces(ended.id).1.ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_arrive_as_one_document_with_a_newline_then_the_end() {
    let parameters = object(json!({"text": "it's\n\"ä\"", "no": "no", "n": 1.5, "list": [1], "none": null}));
    for delivery in [ParameterDelivery::Stdin, ParameterDelivery::File] {
        let mut house = House::new();
        let mut action = house.action("cat \"${ATTUNE_PARAMETER_FILE:-/dev/stdin}\"");
        action.parameter_delivery = delivery;
        let mut launch = house.launch(action);
        launch.parameters = parameters.clone();
        let ended = house.run(launch).await;
        let document = format!("{}\n", serde_json::to_string(&parameters).unwrap());
        assert_eq!(ended.result, Some(json!(document)), "{ended:?}");
    }
    let mut house = House::new();
    let mut action = house.action("cat");
    (action.parameter_format, action.output_format) = (ParameterFormat::Yaml, OutputFormat::Yaml);
    let mut launch = house.launch(action);
    launch.parameters = parameters.clone();
    assert_eq!(house.run(launch).await.result, Some(Value::Object(parameters)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parameter_file_is_private_and_gone_afterwards() {
    let mut house = House::new();
    let script = "stat -c %a \"$ATTUNE_PARAMETER_FILE\" \"$(dirname \"$ATTUNE_PARAMETER_FILE\")\"; wc -c; ls -l /proc/self/fd/0 | grep -c /dev/null";
    let mut action = house.action(script);
    action.parameter_delivery = ParameterDelivery::File;
    let launch = house.launch(action);
    assert_eq!(house.run(launch).await.result, Some(json!("600\n700\n0\n1\n")));
    assert_eq!(fs::read_dir(house.path().join("parameters")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dotenv_survives_a_real_shell_to_the_letter() {
    let hostile = "it's $(touch pwned) `id` \"q\" \\ \n'; touch pwned; ' end\n\n";
    let parameters = json!({
        "message": hostile,
        "count": 3,
        "flag": true,
        "nothing": null,
        "args": ["a b", "", "-n", "it's"],
        "headers": {"accept": "text/plain", "deep": {"x": hostile}},
        "objects": [{"a": 1}],
    });
    let mut house = House::new();
    let script = r#"set -eu
. /dev/stdin
printf '%s|' "$message" "$count" "$flag" "$nothing" "$args" "$args_count" "$args_0" "$args_1" "$args_2" "$args_3" "$headers" "$objects"
[ -z "${objects_count:-}" ] && [ ! -e pwned ]"#;
    for first_line in ["#!/bin/sh", "#!/usr/bin/env bash"] {
        let mut action = house.action(&format!("{first_line}\n{script}"));
        action.parameter_format = ParameterFormat::Dotenv;
        let mut launch = house.launch(action);
        launch.parameters = object(parameters.clone());
        let ended = house.run(launch).await;
        let headers = parameters["headers"].to_string();
        let expected = format!(
            "{hostile}|3|true||[\"a b\",\"\",\"-n\",\"it's\"]|4|a b||-n|it's|{headers}|[{{\"a\":1}}]|"
        );
        assert_eq!(ended.result, Some(json!(expected)), "{ended:?}");
        assert_eq!((ended.status, house.text(ended.id, Stream::Stderr)), (Status::Completed, Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_megabytes_and_every_odd_character_arrive_in_every_format() {
    let hostile: String = ('\u{1}'..='\u{ff}').collect();
    let odd = format!(
        "{hostile}\r\n\t'\"\\$(id)`id`${{HOME}}🙂é\u{2028}\u{feff}\u{202e}  # not a comment: - [x]\n "
    );
    // bash takes a quadratic time over single quotes, so there are not many of them.
    let long = format!("it's {}", "10 MB of \"text\" $HOME\n".repeat(200_000)).repeat(2);
    let parameters = json!({"odd": odd, "long": long, "empty": "", "last": "end"});
    let mut house = House::new();
    house.file("odd", &odd, 0o644);
    house.file("long", &long, 0o644);
    let shell = r#"set -eu
. "${ATTUNE_PARAMETER_FILE:-/dev/stdin}"
printf %s "$odd" | cmp - odd
printf %s "$long" | cmp - long
[ -z "$empty" ] && echo "$last""#;
    let python = "import os, sys, json\nfile = os.environ.get('ATTUNE_PARAMETER_FILE')\n\
        given = json.load(open(file) if file else sys.stdin)\n\
        same = all(given[name] == open(name, newline='').read() for name in ['odd', 'long'])\n\
        print(given['last'] if same and given['empty'] == '' else 'other')\n";
    let mut scripts = vec![
        (Runner::Shell, ParameterFormat::Dotenv, format!("#!/bin/sh\n{shell}")),
        (Runner::Shell, ParameterFormat::Dotenv, format!("#!/bin/bash\n{shell}")),
    ];
    if installed("python3") {
        scripts.push((Runner::Python, ParameterFormat::Json, python.to_owned()));
    }
    for (runner, format, script) in scripts {
        for delivery in [ParameterDelivery::Stdin, ParameterDelivery::File] {
            let mut action = house.action(&script);
            (action.runner, action.parameter_format, action.parameter_delivery) = (runner, format, delivery);
            let mut launch = house.launch(action);
            launch.parameters = object(parameters.clone());
            let ended = house.run(launch).await;
            assert_eq!(ended.result, Some(json!("end\n")), "{runner:?} {delivery:?}: {:?}", ended.error);
        }
    }
    let mut action = house.action("cat");
    (action.parameter_format, action.output_format) = (ParameterFormat::Yaml, OutputFormat::Yaml);
    let mut launch = house.launch(action);
    launch.parameters =
        object(json!({"odd": odd, "no": "no", "octal": "010", "null": "null", "date": "2026-01-01"}));
    let given = launch.parameters.clone();
    assert_eq!(house.run(launch).await.result, Some(Value::Object(given)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nested_names_are_dotted_for_those_who_read_line_by_line() {
    let mut house = House::new();
    let mut action = house.action("grep -F .");
    action.parameter_format = ParameterFormat::Dotenv;
    let mut launch = house.launch(action);
    launch.parameters = object(json!({"a": {"b": {"c": "it's"}, "list": [1, 2], "empty": {}}}));
    let ended = house.run(launch).await;
    assert_eq!(ended.result, Some(json!("a.b.c='it'\\''s'\na.list='[1,2]'\na.empty='{}'\n")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_dotenv_cannot_carry_fails_before_anything_runs() {
    for (parameters, part) in [
        (json!({"message": "a\0b"}), "`message` holds a NUL character"),
        (json!({"a b; touch x": 1}), "`a b; touch x` cannot be written as dotenv"),
    ] {
        let mut house = House::new();
        let mut action = house.action("echo ran");
        action.parameter_format = ParameterFormat::Dotenv;
        let mut launch = house.launch(action);
        launch.parameters = object(parameters);
        let ended = house.run(launch).await;
        assert_eq!((ended.status, ended.started, ended.exit), (Status::Failed, false, None));
        assert!(ended.error.as_ref().unwrap().contains(part), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_is_the_documented_list() {
    let mut house = House::new();
    let mut action = house.action("");
    (action.runner, action.path) = (Runner::Native, Some("/usr/bin/env".into()));
    let mut launch = house.launch(action);
    launch.env = vec![("PACK_SAYS".into(), "hi".into()), ("ATTUNE_EXEC_ID".into(), "99".into())];
    launch.rule = Some("default.echo".parse().unwrap());
    launch.trigger = Some("core.intervaltimer".parse().unwrap());
    launch.event = Some(EventId(5));
    let ended = house.run(launch).await;
    let text = ended.result.unwrap().as_str().unwrap().replace(house.path().to_str().unwrap(), "DIR");
    let text = text.replace(house.path().file_name().unwrap().to_str().unwrap(), "HOUSE");
    let passed = [
        "PATH=",
        "HOME=",
        "LANG=",
        "LC_",
        "TZ=",
        "TMPDIR=",
        "XDG_",
        "DISPLAY=",
        "WAYLAND_DISPLAY=",
        "XAUTHORITY=",
        "DBUS_SESSION_BUS_ADDRESS=",
    ];
    let mut own: Vec<&str> =
        text.lines().filter(|line| !passed.iter().any(|name| line.starts_with(name))).collect();
    own.sort_unstable();
    assert_eq!(
        own,
        [
            "ATTUNE_ACTION=test.action",
            "ATTUNE_API_URL=http://127.0.0.1:4711",
            "ATTUNE_ARTIFACTS_DIR=DIR/artifacts/1",
            "ATTUNE_ATTEMPT=1",
            "ATTUNE_EVENT_ID=5",
            "ATTUNE_EXEC_ID=1",
            "ATTUNE_INSTANCE=HOUSE",
            "ATTUNE_PACK_REF=test",
            "ATTUNE_PARAMETER_DELIVERY=stdin",
            "ATTUNE_PARAMETER_FORMAT=json",
            "ATTUNE_PROGRESS_FILE=DIR/parameters/1-1.progress",
            "ATTUNE_RULE=default.echo",
            "ATTUNE_TRIGGER=core.intervaltimer",
            "PACK_SAYS=hi",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_in_its_packs_folder() {
    let mut house = House::new();
    let folder = house.path().canonicalize().unwrap();
    assert_eq!(house.run_script("pwd").await.result, Some(json!(format!("{}\n", folder.display()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_and_signals_decide_the_status() {
    let mut house = House::new();
    let failed = house.run_script("echo out; echo 'no such thing' >&2; exit 3").await;
    assert_eq!((failed.status, failed.exit), (Status::Failed, Some(Exit::Code(3))));
    assert_eq!(failed.error.unwrap(), "It ended with exit code 3: no such thing");
    let killed = house.run_script("kill -KILL $$").await;
    assert_eq!((killed.status, killed.exit), (Status::Failed, Some(Exit::Signal(9))));
    assert!(killed.error.unwrap().contains("SIGKILL"));
    for (code, status) in [(3, Status::Completed), (0, Status::Failed)] {
        let mut action = house.action(&format!("exit {code}"));
        action.success_codes = vec![3, 4];
        let launch = house.launch(action);
        assert_eq!(house.run(launch).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_that_is_not_what_was_declared_stays_text_and_the_run_completes() {
    let mut house = House::new();
    let mut action = house.action("echo '{\"a\": '");
    action.output_format = OutputFormat::Json;
    let launch = house.launch(action);
    let ended = house.run(launch).await;
    assert_eq!((ended.status, ended.result), (Status::Completed, Some(json!("{\"a\": \n"))));
    assert!(ended.error.unwrap().starts_with("The output is not JSON"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_point_that_cannot_run_fails_with_a_sentence() {
    let mut house = House::new();
    let plain = house.file("plain", "#!/bin/sh\n", 0o644);
    let absent = house.file("absent", "#!/opt/none/ruby\n", 0o755);
    let gone = house.path().join("gone");
    for (runner, path, part) in [
        (Runner::Shell, gone.clone(), "does not exist"),
        (Runner::Native, gone, "does not exist"),
        (Runner::Native, plain, "chmod +x"),
        (Runner::Native, absent, "`/opt/none/ruby`, which is not installed"),
        (Runner::Shell, house.path().to_path_buf(), "is not a file"),
    ] {
        let mut action = house.action("");
        (action.runner, action.path) = (runner, Some(path));
        let launch = house.launch(action);
        let ended = house.run(launch).await;
        assert_eq!((ended.status, ended.started, ended.exit), (Status::Failed, false, None));
        assert!(ended.error.as_ref().unwrap().contains(part), "{ended:?}");
    }
    let mut action = house.action("");
    action.folder = house.path().join("no-folder");
    let launch = house.launch(action);
    assert!(house.run(launch).await.error.unwrap().contains("working directory"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_is_not_installed_is_named_with_the_way_to_get_it() {
    let mut house = House::new();
    let mut action = house.action("");
    action.runner = Runner::Python;
    let mut launch = house.launch(action);
    launch.env = vec![("PATH".into(), "/nowhere".into())];
    let error = house.run(launch).await.error.unwrap();
    assert!(error.contains("`python3`, which is not on the PATH; install it"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_action_runs_where_python_is_installed() {
    let mut house = House::new();
    if !installed("python3") {
        return;
    }
    let mut action = house.action("import json, sys\nprint(json.dumps(json.load(sys.stdin)['n'] + 1))");
    (action.runner, action.output_format) = (Runner::Python, OutputFormat::Json);
    let mut launch = house.launch(action);
    launch.parameters = object(json!({"n": 41}));
    assert_eq!(house.run(launch).await.result, Some(json!(42)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_mebibytes_of_parameters_block_nobody() {
    let mut house = House::new();
    let mut launch = house.launch(house.action("exec <&-; echo done"));
    launch.parameters = object(json!({"text": "x".repeat(60 * 1024 * 1024)}));
    let ended = house.run(launch).await;
    assert_eq!((ended.status, ended.result), (Status::Completed, Some(json!("done\n"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_may_say_much_before_it_listens_to_much() {
    let mut house = House::new();
    let mut launch = house.launch(house.action("head -c 20000000 /dev/zero; wc -c >&2"));
    launch.parameters = object(json!({"text": "x".repeat(60 * 1024 * 1024)}));
    let ended = house.run(launch).await;
    assert_eq!(ended.status, Status::Completed);
    assert_eq!(house.text(ended.id, Stream::Stderr), b"62914572\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_parameters_than_can_be_passed_are_refused_before_anything_runs() {
    let mut house = House::new();
    let mut launch = house.launch(house.action("echo ran"));
    launch.parameters = object(json!({"text": "x".repeat(model::limits::PARAMETERS_BYTES)}));
    let ended = house.run(launch).await;
    assert!(!ended.started && ended.error.unwrap().contains("at most 67108864"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_an_action_prints_is_kept_nowhere() {
    let canary = "c4nary \"\u{e9}\" 1234567";
    let mut house = House::new();
    let script = r#"set -eu
. /dev/stdin
echo "it is $password"; printf '%s' "$password" | base64; echo "user:$password" | base64 >&2
for part in "${password%34567}" 34567; do printf %s "$part"; SLEEP 0.1; done
echo "50 $password" >"$ATTUNE_PROGRESS_FILE"
echo "failed with $password" >&2
exit 1"#;
    let mut action = house.action(script);
    action.parameter_format = ParameterFormat::Dotenv;
    action.parameters = Schema::parse(&json!({"password": {"type": "string", "secret": true}})).unwrap();
    let mut launch = house.launch(action);
    launch.parameters = object(json!({"password": canary}));
    let ended = house.run(launch).await;
    assert_eq!(ended.error.as_deref(), Some("It ended with exit code 1: failed with ***"));
    let out = String::from_utf8(house.text(ended.id, Stream::Stdout)).unwrap();
    assert!(out.starts_with("it is ***\n***") && out.ends_with("***"), "{out}");
    assert_eq!(ended.progress.last().unwrap().message, "***");
    let kept = format!("{ended:?}");
    assert!(!kept.contains("1234567") && !kept.contains("c4nary"), "{kept}");
    house.close();
    // Nothing that lies in the folder of the house has it, in any of its forms.
    let forms = [canary, "c4nary \\\"", "YzRuYXJ5ICLDqSIgMTIzNDU2"];
    let mut open = vec![house.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            for form in forms {
                let found = bytes.windows(form.len()).any(|part| part == form.as_bytes());
                assert!(!found, "{form} stands in {}", entry.path().display());
            }
        }
    }
}
