//! Entry points: the script or binary that a pack names, found and looked at before anything runs it.

use model::Runner;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// How the programs that come with the app are called; nothing else is looked for beside it.
const SHIPPED_PREFIX: &str = "attune-";

/// A program that comes with the app: it lies beside the running one.
#[must_use]
pub fn shipped_program(name: &str) -> Option<PathBuf> {
    if !is_shipped_name(name) {
        return None;
    }
    let running = std::env::current_exe().ok()?;
    let beside = running.parent()?;
    // Test binaries lie one folder deeper than the programs.
    let folders = [Some(beside), beside.parent()];
    folders.into_iter().flatten().map(|folder| folder.join(name)).find(|path| is_executable(path))
}

/// Whether a program of the app may be called so.
pub(crate) fn is_shipped_name(name: &str) -> bool {
    name.starts_with(SHIPPED_PREFIX) && !name.contains(['/', '\0'])
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// The file that `name` means in `folder` of the pack, or why there is none that can be run.
pub(crate) fn find(pack: &Path, folder: &str, name: &str, runner: Runner) -> Result<PathBuf, String> {
    let shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    if name.contains('\0') {
        return Err(format!("`{shown}` holds a NUL"));
    }
    let relative = Path::new(name);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain {
        return Err(format!("`{shown}` leads out of the pack; name a file in its folder `{folder}`"));
    }
    let path = pack.join(folder).join(relative);
    let found = path.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file `{folder}/{shown}` in the pack"),
        _ => format!("`{folder}/{shown}` cannot be reached: {error}"),
    })?;
    if !found.starts_with(pack) {
        return Err(format!("`{folder}/{shown}` is a link to a place outside of the pack"));
    }
    check(&found, &format!("{folder}/{shown}"), runner)?;
    Ok(found)
}

fn check(path: &Path, shown: &str, runner: Runner) -> Result<(), String> {
    let data = path.metadata().map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    if !data.is_file() {
        return Err(format!("`{shown}` is not a file"));
    }
    if runner == Runner::Native && data.permissions().mode() & 0o111 == 0 {
        return Err(format!("`{shown}` is not executable; run `chmod +x` on it"));
    }
    let mut head = [0_u8; 256];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    let length = match (read, runner) {
        (Ok(0), _) => return Err(format!("`{shown}` is empty")),
        (Ok(length), _) => length,
        // A binary may be executable and yet not readable.
        (Err(_), Runner::Native) => return Ok(()),
        (Err(error), _) => return Err(format!("`{shown}` cannot be read: {error}")),
    };
    let first_line =
        head.get(..length).unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let windows_line = first_line.starts_with(b"#!") && first_line.ends_with(b"\r");
    if windows_line && matches!(runner, Runner::Native | Runner::Shell) {
        return Err(format!(
            "`{shown}` has Windows line ends, which no shell can run; save it with LF line ends"
        ));
    }
    Ok(())
}
