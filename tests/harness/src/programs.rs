//! The built programs, beside the tests that use them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder with the programs: `target/debug`. They are built where they are missing; whoever changes
/// them builds them before the tests, as `cargo xtask test` does.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().expect("a test knows its own file");
        // A test lies in `deps`, a program above it.
        let here = test.parent().expect("a file lies in a folder");
        let folder = if here.ends_with("deps") { here.parent().unwrap_or(here) } else { here };
        let missing = ["attune", "attune-core-timer-sensor", "attune-watchdog"]
            .iter()
            .any(|name| !folder.join(name).is_file());
        if missing {
            build();
        }
        folder.to_owned()
    })
}

#[expect(clippy::disallowed_methods, reason = "a test starts what the engine must not")]
fn build() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = std::process::Command::new(cargo)
        .args(["build", "--quiet", "--package", "cli", "--package", "timer-sensor", "--package", "process"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the programs could not be built");
}

/// The path of a built program, such as `attune`.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    folder().join(name)
}
