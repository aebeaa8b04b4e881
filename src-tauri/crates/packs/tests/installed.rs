//! The packs folder of a person: the shipped packs in it, and the others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod small;

use model::{OutputFormat, ParameterFormat, Runner};
use packs::{Loaded, load, load_all, unpack_shipped};
use serde_json::{Value, json};
use small::{put, small_pack, told};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../packs/core")
}

#[test]
fn the_core_pack_is_as_its_readers_expect() {
    let copy = tempfile::tempdir().unwrap();
    unpack_shipped(copy.path()).unwrap();
    // The timer's program lies beside the tests only where the whole house was built.
    put(&copy.path().join("core"), "sensors/attune-core-timer-sensor", b"#!/bin/sh\n");
    let program = copy.path().join("core/sensors/attune-core-timer-sensor");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let Loaded { pack, warnings } = load(&copy.path().join("core")).unwrap();
    assert_eq!(warnings, []);
    let timer = pack.triggers.iter().find(|trigger| trigger.r#ref.as_str() == "core.intervaltimer").unwrap();
    assert_eq!(
        timer.parameters.properties().map(|(name, _)| name).collect::<Vec<_>>(),
        [
            "unit",
            "interval",
            "anchor",
            "misfire",
            "misfire_limit",
            "jitter_seconds",
            "not_before",
            "not_after",
            "type"
        ]
    );
    timer.parameters.check(&json!({"type": "interval", "interval": 1, "unit": "seconds"})).unwrap();
    timer.parameters.check(&json!({"interval": 0, "unit": "seconds"})).unwrap_err();
    let payload = json!({"type": "interval", "scheduled_at": "2026-03-28T00:00:10Z", "fired_at": "2026-03-28T00:00:10.003Z",
        "delay_ms": 3, "execution_count": 1, "next_fire_at": "2026-03-28T00:00:11Z", "misfired": false,
        "sensor_ref": "core.timer_sensor", "interval_seconds": 1, "interval": 1, "unit": "seconds"});
    timer.output.check_open(&payload).unwrap();
    let mut served = pack.sensors[0].trigger_types.clone();
    served.sort();
    let timers: Vec<_> = pack.triggers.iter().map(|trigger| trigger.r#ref.clone()).collect();
    assert_eq!(served, timers, "every trigger of the pack has its sensor");
    let actions: Vec<&str> = pack.actions.iter().map(|action| action.r#ref.as_str()).collect();
    assert_eq!(actions, ["core.echo", "core.noop", "core.shell", "core.sleep"]);
    let echo = &pack.actions[0];
    assert_eq!(
        Value::Object(echo.parameters.with_defaults(serde_json::Map::new())),
        json!({"message": "Hello, World!"})
    );
    assert_eq!(
        (echo.runner, echo.parameter_format, echo.output_format, echo.timeout_seconds),
        (Runner::Shell, ParameterFormat::Dotenv, OutputFormat::Text, Some(30))
    );
    let rule = &pack.rules[0];
    assert_eq!((rule.r#ref.as_str(), rule.body.action_ref.as_str()), ("core.echo_every_second", "core.echo"));
}

#[test]
fn the_shipped_packs_are_put_in_place_and_put_back() {
    let data = tempfile::tempdir().unwrap();
    let packs_dir = data.path().join("packs");
    let written = unpack_shipped(&packs_dir).unwrap();
    assert_eq!(written.iter().map(ToString::to_string).collect::<Vec<_>>(), ["core"]);
    let mode = |path: &str| fs::metadata(packs_dir.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("core"), mode("core/actions"), mode("core/pack.yaml"), mode("core/actions/echo.sh")),
        (0o700, 0o700, 0o600, 0o700)
    );
    assert_eq!(unpack_shipped(&packs_dir).unwrap(), [], "nothing differs");
    assert_eq!(
        fs::read(packs_dir.join("core/pack.yaml")).unwrap(),
        fs::read(shipped().join("pack.yaml")).unwrap()
    );
    put(&packs_dir, "core/actions/echo.sh", b"#!/bin/sh\necho changed\n");
    put(&packs_dir, "core/actions/more.sh", b"x");
    let told = load_all(&packs_dir).remove(0).1.map(drop).unwrap_err();
    assert!(told.iter().any(|one| one.message.contains("these are not its files")
        || one.message.contains("attune-core-timer-sensor")));
    assert_eq!(unpack_shipped(&packs_dir).unwrap().len(), 1);
    assert!(!packs_dir.join("core/actions/more.sh").exists());
    let left: Vec<_> = fs::read_dir(&packs_dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["core"], "nothing is left behind");
}

#[test]
fn an_installed_pack_lies_in_the_folder_of_its_name() {
    let packs_dir = tempfile::tempdir().unwrap();
    let small = small_pack();
    for name in ["mine", "other", ".hidden"] {
        copy(small.path(), &packs_dir.path().join(name));
    }
    put(packs_dir.path(), "file", b"not a pack");
    let all = load_all(packs_dir.path());
    let told: Vec<String> = all
        .into_iter()
        .map(|(folder, result)| format!("{} {}", folder.file_name().unwrap().to_string_lossy(), told(result)))
        .collect();
    assert_eq!(
        told,
        [
            "mine ",
            "other pack.yaml:1:1: error: the pack is called `mine` but lies in the folder `other`; rename one of them"
        ]
    );
    assert!(load_all(&packs_dir.path().join("nowhere")).is_empty());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).map(drop).unwrap()
        }
    }
}
