//! Which interpreter runs a script, and what is said where none does.

use crate::kit::Place;
use model::Runner;

#[tokio::test]
async fn shell_scripts_are_run_by_the_shell_that_they_ask_for() {
    let place = Place::new();
    for (script, shell) in [
        ("echo\n", "/sh"),
        ("#!/bin/sh\n", "/sh"),
        ("#!/bin/bash -e\n", "/bash"),
        ("#!/usr/bin/env bash\n", "/bash"),
    ] {
        place.file("pack/actions/a.sh", script);
        let command = place.command(Runner::Shell, "", "actions/a.sh").await.unwrap();
        assert!(command.program.to_str().unwrap().ends_with(shell), "{script}: {command:?}");
        assert_eq!(command.args.len(), 1);
    }
    let native = place.command(Runner::Native, "", "actions/a.sh").await.unwrap();
    assert!(native.program.ends_with("pack/actions/a.sh") && native.args.is_empty());
}

#[tokio::test]
async fn an_interpreter_is_asked_for_its_version_only_where_it_matters_and_only_once() {
    let mut place = Place::new();
    place.interpreter("python3", "Python 3.11.7");
    place.file("pack/actions/a.py", "print()");
    let command = place.command(Runner::Python, "", "actions/a.py").await.unwrap();
    assert_eq!(command.program, place.at("bin/python3"));
    assert_eq!(command.args[0], "-u", "what a script prints is seen at once");
    assert_eq!(place.asked(), "");
    for _ in 0..3 {
        place.command(Runner::Python, ">=3.9", "actions/a.py").await.unwrap();
    }
    assert_eq!(place.asked(), "python3\n");
    // Another file of that name is another interpreter.
    place.interpreter("python3", "Python 3.8.18");
    let error = place.command(Runner::Python, ">=3.9", "actions/a.py").await.unwrap_err();
    assert!(error.contains("3.8.18"), "{error}");
}

#[tokio::test]
async fn of_several_versions_one_that_will_do_is_taken() {
    let mut place = Place::new();
    for (name, says) in [
        ("python", "Python 2.7.18"),
        ("python3", "Python 3.8.18"),
        ("python3.10", "Python 3.10.1"),
        ("python3.12", "Python 3.12.1"),
        ("node", "v16.20.0"),
        ("node20", "v20.20.2"),
    ] {
        place.interpreter(name, says);
    }
    place.file("pack/actions/a", "");
    for (runner, versions, name) in [
        (Runner::Python, "", "python3"),
        (Runner::Python, ">=3.9", "python3.12"),
        (Runner::Python, ">=3.9,<3.12", "python3.10"),
        (Runner::Node, "", "node"),
        (Runner::Node, "^20", "node20"),
    ] {
        let command = place.command(runner, versions, "actions/a").await.unwrap();
        assert_eq!(command.program, place.at("bin").join(name), "{versions}");
    }
}

#[tokio::test]
async fn what_is_missing_or_too_old_is_told_with_the_way_to_get_it() {
    let mut place = Place::new();
    place.path = place.at("bin").display().to_string();
    place.file("pack/actions/a", "#!/bin/bash\n");
    for (runner, part) in [
        (Runner::Shell, "mine.run is run by `bash`, which is not on the PATH; install it"),
        (Runner::Python, "mine.run is run by Python, as `python3`, which is not on the PATH; install it"),
        (Runner::Node, "mine.run is run by Node.js, as `node`, which is not on the PATH; install it"),
    ] {
        let error = place.command(runner, "", "actions/a").await.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    // Python 2 is not Python here.
    place.interpreter("python", "Python 2.7.18");
    let error = place.command(Runner::Python, "", "actions/a").await.unwrap_err();
    assert!(error.contains("`python3`, which is not on the PATH"), "{error}");
    place.interpreter("python3", "Python 3.8.18");
    let error = place.command(Runner::Python, ">=3.9", "actions/a").await.unwrap_err();
    let found = format!(
        "needs Python >=3.9, but what is installed is 3.8.18 (`{}`); install one",
        place.at("bin/python3").display()
    );
    assert!(error.contains(&found), "{error}");
    place.interpreter("node", "v16.20.0");
    let error = place.command(Runner::Node, ">=18", "actions/a").await.unwrap_err();
    assert!(
        error.contains("needs Node.js >=18, but what is installed is 16.20.0")
            && error.contains("nodejs.org"),
        "{error}"
    );
}

#[tokio::test]
async fn an_interpreter_that_does_not_answer_is_passed_over() {
    let mut place = Place::new();
    place.interpreter("python3", "I am not Python");
    place.interpreter("python3.11", "Python 3.11.7");
    place.file("pack/actions/a.py", "");
    let command = place.command(Runner::Python, ">=3", "actions/a.py").await.unwrap();
    assert_eq!(command.program, place.at("bin/python3.11"));
}

#[tokio::test]
async fn python_finds_the_library_folder_of_its_pack() {
    let mut place = Place::new();
    place.interpreter("python3", "Python 3.11.7");
    place.file("pack/actions/a.py", "");
    let paths = |variables: &runtimes::Variables| {
        variables.iter().find(|(name, _)| name == "PYTHONPATH").map(|(_, value)| value.clone())
    };
    let (_, variables) = place.command_and_variables(Runner::Python, "", "actions/a.py").await.unwrap();
    assert_eq!(paths(&variables), None);
    place.file("pack/lib/tool.py", "");
    let (_, variables) = place.command_and_variables(Runner::Python, "", "actions/a.py").await.unwrap();
    assert_eq!(paths(&variables), Some(place.at("pack").canonicalize().unwrap().join("lib").into()));
}
