//! Names, sizes and contents of files.
#![expect(clippy::expect_used, reason = "a test that cannot read the project fails by saying so")]

use tidy_tests::{File, files, places, root};

/// Marks of work that is not done. They are put together here, so that this file has none.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("unimplem", "ented!"),
    concat!("to", "do!("),
];

/// Marks of tests that do not run, by the language of the file.
const SKIPPED_RUST: &[&str] = &[concat!("#[ig", "nore")];
const SKIPPED_PAGE: &[&str] =
    &["it.sk", "test.sk", "describe.sk", "it.on", "test.on", "describe.on", "it.to", "test.to"];

/// Names that say nothing about what is inside.
const SAYS_NOTHING: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "manager", "managers", "service", "services",
    "handler", "handlers",
];

/// What stands at the top; beside it only names that begin with a dot.
const TOP: &[&str] =
    &["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "icons", "packs", "src-tauri", "tests", "ui"];

const CODE: &[&str] = &["rs", "ts", "svelte", "css", "js", "html", "toml", "sh", "yaml"];

/// The most lines a file of code may have.
const LONGEST: usize = 500;

fn code() -> Vec<File> {
    let all = files().expect("a git clone");
    assert!(all.len() > 50, "git lists the project");
    all.into_iter().filter(|file| CODE.contains(&file.extension()) && !file.generated()).collect()
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn the_top_holds_only_what_the_house_has() {
    let mut strange: Vec<String> = files()
        .expect("a git clone")
        .iter()
        .filter_map(|file| file.path.split('/').next().map(str::to_owned))
        .filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()))
        .collect();
    strange.dedup();
    none(&strange, "these do not belong at the top");
}

#[test]
fn names_say_what_is_inside() {
    let vague: Vec<String> = files()
        .expect("a git clone")
        .iter()
        .filter(|file| {
            let mut parts = file.path.split('/');
            parts.any(|part| part.split('.').next().is_some_and(|stem| SAYS_NOTHING.contains(&stem)))
        })
        .map(|file| file.path.clone())
        .collect();
    none(&vague, "name these by what they are about");
}

#[test]
fn no_file_is_longer_than_can_be_held_in_mind() {
    let long: Vec<String> = code()
        .iter()
        .filter(|file| matches!(file.extension(), "rs" | "ts" | "svelte" | "css" | "js"))
        .map(|file| (file.lines().len(), &file.path))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none(&long, "part these by what they are about");
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_skipped() {
    let found = places(&code(), |file, line| {
        let skipped = match file.extension() {
            "rs" => SKIPPED_RUST.iter().any(|mark| line.contains(mark)),
            "ts" => SKIPPED_PAGE.iter().any(|mark| line.trim_start().starts_with(mark)),
            _ => false,
        };
        skipped || UNFINISHED.iter().any(|mark| line.contains(mark))
    });
    none(&found, "finish these");
}

#[test]
fn exceptions_from_lints_carry_their_reason() {
    let never = [concat!("#[al", "low"), concat!("#![al", "low"), concat!("@ts-ig", "nore")];
    let disabled = concat!("eslint-dis", "able");
    let found = places(&code(), |_, line| {
        never.iter().any(|mark| line.contains(mark)) || (line.contains(disabled) && !line.contains(" -- "))
    });
    none(&found, "write `#[expect(…, reason = …)]`, a reason after ` -- `, or mend the cause");
}

#[test]
fn nothing_tells_where_it_was_made() {
    let here = root().display().to_string();
    let home = format!("{}/", std::env::var("HOME").unwrap_or_default());
    let mut machine = vec![here, home, concat!("../sha", "red").to_owned()];
    // An absent or very short one would be found everywhere.
    machine.retain(|place| place.len() > 4);
    let found = places(&code(), |_, line| machine.iter().any(|place| line.contains(place)));
    none(&found, "these are places of one machine");
}

#[test]
fn only_the_window_knows_tauri() {
    let bridge = [concat!("@tauri", "-apps"), concat!("__TAU", "RI")];
    let library = [concat!("tauri", "::"), concat!("tauri_", "build")];
    let found = places(&code(), |file, line| match file.extension() {
        "ts" | "svelte" => {
            !file.path.starts_with("ui/src/host/") && bridge.iter().any(|name| line.contains(name))
        }
        "rs" => {
            !file.path.starts_with("src-tauri/src/")
                && file.path != "src-tauri/build.rs"
                && library.iter().any(|name| line.contains(name))
        }
        _ => false,
    });
    none(&found, "only ui/src/host and src-tauri/src know what the window is made of");
}

#[test]
fn what_comes_from_outside_is_shown_as_text() {
    let marks = [
        concat!("{@ht", "ml"),
        concat!("inner", "HTML"),
        concat!("outer", "HTML"),
        concat!("insertAdjacent", "HTML"),
    ];
    let page = code().into_iter().filter(|file| file.path.starts_with("ui/src/")).collect::<Vec<_>>();
    let found = places(&page, |_, line| marks.iter().any(|mark| line.contains(mark)));
    none(&found, "markup from data could run as a script");
}
