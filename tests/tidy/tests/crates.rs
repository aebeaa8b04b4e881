//! Which room may use which, and one table of versions.
#![expect(clippy::expect_used, reason = "a test that cannot read the project fails by saying so")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use tidy_tests::{File, files};

/// Each crate of the product and exactly the rooms it uses. The direction is down this list; cargo refuses circles,
/// this refuses short cuts.
const USES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("schedule", &["model"]),
    ("rules", &["model"]),
    ("packs", &["model", "rules"]),
    ("process", &["model"]),
    ("runtimes", &["model", "process"]),
    ("store", &["model"]),
    ("sensors", &["model", "process", "runtimes"]),
    ("executor", &["model", "process", "runtimes", "store"]),
    ("engine", &["executor", "model", "packs", "process", "rules", "schedule", "sensors", "store"]),
    ("api", &["engine", "executor", "model", "packs", "rules", "schedule", "sensors", "store"]),
    ("door", &["api", "engine", "model"]),
    ("sensor-kit", &["model"]),
    ("timer-sensor", &["model", "schedule", "sensor-kit"]),
    ("cli", &["api", "door", "model", "packs", "rules", "schedule"]),
    ("attune-studio", &["api", "door"]),
    ("xtask", &[]),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(tidy_tests::root().join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata")
}

fn manifests() -> Vec<File> {
    let all = files().expect("a git clone");
    all.into_iter().filter(|file| file.path.ends_with("/Cargo.toml")).collect()
}

/// The rows of the sections of a manifest whose name ends so, as name and the rest of the line.
fn rows(manifest: &File, section: &str) -> Vec<(String, String)> {
    let mut inside = false;
    let mut rows = Vec::new();
    for (_, line) in manifest.lines() {
        if let Some(head) = line.strip_prefix('[') {
            inside = head.trim_end_matches(']').ends_with(section);
        } else if inside && let Some((name, rest)) = line.split_once('=') {
            let name = name.trim().trim_end_matches(".workspace").to_owned();
            let shared = line.contains(".workspace");
            rows.push((name, if shared { "workspace = true".to_owned() } else { rest.to_owned() }));
        }
    }
    rows
}

#[test]
fn each_room_uses_what_the_table_says() {
    let metadata = metadata();
    let names: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &metadata.packages {
        let product = package.manifest_path.as_str().contains("/src-tauri/");
        if product {
            let uses = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
            found.insert(
                package.name.as_str(),
                uses.map(|used| used.name.as_str()).filter(|used| names.contains(used)).collect(),
            );
        }
    }
    let table: BTreeMap<&str, BTreeSet<&str>> =
        USES.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for name in found.keys().chain(table.keys()).collect::<BTreeSet<_>>() {
        if found.get(name) != table.get(name) {
            wrong.push(format!("{name}: uses {:?}, the table says {:?}", found.get(name), table.get(name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_only_points_down() {
    let place = |name: &str| USES.iter().position(|(row, _)| *row == name);
    for (name, uses) in USES {
        for used in *uses {
            assert!(place(used) < place(name), "{name} stands above {used} in the table");
        }
    }
}

#[test]
fn versions_stand_in_one_table_and_each_is_used() {
    let root =
        files().expect("a git clone").into_iter().find(|file| file.path == "Cargo.toml").expect("the root");
    let table: BTreeSet<String> =
        rows(&root, "workspace.dependencies").into_iter().map(|(name, _)| name).collect();
    assert!(table.contains("serde"), "the table is read");
    let mut used = BTreeSet::new();
    for manifest in manifests() {
        for (name, rest) in rows(&manifest, "dependencies") {
            assert!(rest.contains("workspace = true"), "{}: {name} has a version of its own", manifest.path);
            used.insert(name);
        }
    }
    let unused: Vec<&String> = table.difference(&used).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?} of the table of versions");
}

#[test]
fn every_crate_is_under_the_lints_of_the_workspace() {
    for manifest in manifests() {
        let rows = rows(&manifest, "lints");
        assert!(
            rows.iter().any(|(name, rest)| name == "workspace" && rest.contains("true")),
            "{}",
            manifest.path
        );
    }
}
