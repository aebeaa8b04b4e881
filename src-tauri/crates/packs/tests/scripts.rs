//! The scripts of the core pack, run as the executor runs them: `name='value'` lines on standard input.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test of scripts runs them")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The exit code and standard output of a script.
fn run(shell: &str, script: &str, parameters: &[(&str, &str)]) -> (Option<i32>, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../packs/core/actions").join(script);
    let lines: String = parameters
        .iter()
        .map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', "'\\''")))
        .collect();
    let mut child =
        Command::new(shell).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A script that ends before it has read everything is no failure of the test.
    let _written = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

const AWKWARD: &[&str] = &[
    "",
    "-n",
    "\\t \\c",
    "it's \"quoted\"",
    "$HOME `id` $(id)",
    "two\nlines\n",
    "  spaces  ",
    "Zoë 🎉",
    "%s %d",
    "*",
];

#[test]
fn echo_prints_any_message_to_the_letter() {
    for shell in ["sh", "bash"] {
        for message in AWKWARD {
            assert_eq!(run(shell, "echo.sh", &[("message", message)]), (Some(0), format!("{message}\n")));
        }
    }
}

#[test]
fn shell_hands_over_script_and_arguments_untouched() {
    let script = "for arg in \"$@\"; do printf '[%s]' \"$arg\"; done; exit 3";
    for shell in ["sh", "bash"] {
        let count = AWKWARD.len().to_string();
        let names: Vec<String> = (0..AWKWARD.len()).map(|index| format!("args_{index}")).collect();
        let mut parameters =
            vec![("script", script), ("args", "[…]"), ("args_count", &count), ("shell", shell)];
        parameters.extend(names.iter().map(String::as_str).zip(AWKWARD.iter().copied()));
        let expected: String = AWKWARD.iter().map(|arg| format!("[{arg}]")).collect();
        assert_eq!(run("sh", "shell.sh", &parameters), (Some(3), expected));
    }
    assert_eq!(
        run("sh", "shell.sh", &[("script", "echo $#; cat; echo \"$0\"")]),
        (Some(0), "0\nsh\n".to_owned())
    );
}

#[test]
fn sleep_and_noop_end_well() {
    assert_eq!(run("sh", "sleep.sh", &[("seconds", "0")]), (Some(0), String::new()));
    assert_eq!(run("sh", "noop.sh", &[]), (Some(0), String::new()));
}
