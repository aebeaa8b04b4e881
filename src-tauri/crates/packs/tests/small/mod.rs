//! A small pack to spoil, and what is told of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use packs::{Diagnostic, Loaded};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A good small pack, to be spoiled.
pub(crate) fn small_pack() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("pack.yaml", "ref: mine\nlabel: Mine\nversion: 1.0.0\n"),
        (
            "triggers/file_changed.yaml",
            "ref: mine.file_changed\nlabel: File changed\nparameters:\n  path: {type: string, required: true}\n",
        ),
        (
            "sensors/file_sensor.yaml",
            "ref: mine.file_sensor\nrunner_type: python\nentry_point: watch.py\ntrigger_types: [mine.file_changed]\n",
        ),
        ("sensors/watch.py", "print()\n"),
        (
            "actions/show.yaml",
            "ref: mine.show\nrunner_type: shell\nentry_point: show.sh\nparameters:\n  text: {type: string}\n  count: {type: integer, minimum: 1}\n",
        ),
        ("actions/show.sh", "#!/bin/sh\ntrue\n"),
        (
            "rules/show_it.yaml",
            "ref: mine.show_it\ntrigger_ref: mine.file_changed\ntrigger_params: {path: /tmp}\naction_ref: mine.show\n",
        ),
    ] {
        put(folder.path(), file, text.as_bytes());
    }
    folder
}

pub(crate) fn put(folder: &Path, file: &str, bytes: &[u8]) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub(crate) fn told(result: Result<Loaded, Vec<Diagnostic>>) -> String {
    let diagnostics = match result {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
