//! The script itself: whether it can be read, which shell it asks for, and how it is passed on.

use crate::{Program, Variables};
use model::Runner;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Where the program is. What the pack does not bring along lies in the folder of the running program.
pub(crate) fn entry(program: &Program<'_>) -> PathBuf {
    let beside = || process::beside_us(program.entry_point);
    program.path.map(Path::to_path_buf).or_else(beside).unwrap_or_else(|| program.entry_point.into())
}

/// `bash` where the first line of the script asks for it, else `sh`.
pub(crate) fn shell_of(entry: &Path, name: &str) -> Result<&'static str, String> {
    let mut head = Vec::new();
    open(entry, name)?.take(128).read_to_end(&mut head).map_err(|error| unreadable(entry, name, &error))?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let Some(words) = line.strip_prefix("#!") else { return Ok("sh") };
    let asks_for_bash = words.split_whitespace().take(2).any(|word| word.rsplit('/').next() == Some("bash"));
    Ok(if asks_for_bash { "bash" } else { "sh" })
}

pub(crate) fn check_readable(entry: &Path, name: &str) -> Result<(), String> {
    open(entry, name).map(drop)
}

fn open(entry: &Path, name: &str) -> Result<File, String> {
    let file = File::open(entry).map_err(|error| unreadable(entry, name, &error))?;
    match file.metadata() {
        Ok(meta) if meta.is_file() => Ok(file),
        _ => Err(format!("The entry point `{name}` is not a file: `{}`.", entry.display())),
    }
}

fn unreadable(entry: &Path, name: &str, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        let place = entry.display();
        return format!("The entry point `{name}` does not exist: there is no file `{place}`.");
    }
    format!("The entry point `{name}` cannot be read: {}: {error}.", entry.display())
}

/// How an interpreter gets its script. Python must not keep back what it prints: somebody watches.
pub(crate) fn arguments(runner: Runner, entry: &Path) -> Vec<OsString> {
    let script = entry.as_os_str().to_owned();
    if runner == Runner::Python { vec!["-u".into(), script] } else { vec![script] }
}

/// Python finds the modules in the folder `lib` of its pack.
pub(crate) fn lead_to_library(program: &Program<'_>, variables: &mut Variables) {
    let library = program.folder.join("lib");
    if program.runner == Runner::Python && library.is_dir() {
        put_first(variables, "PYTHONPATH", &library);
    }
}

/// Puts a folder at the head of a list of folders.
pub(crate) fn put_first(variables: &mut Variables, name: &str, folder: &Path) {
    let Some((_, value)) = variables.iter_mut().find(|(known, _)| known == name) else {
        variables.push((name.into(), folder.into()));
        return;
    };
    let old = std::mem::replace(value, folder.into());
    if !old.is_empty() {
        value.push(OsStr::new(":"));
        value.push(old);
    }
}
