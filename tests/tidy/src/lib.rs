//! The files of the project, for the rules about them in `tests/`.
//!
//! Deliberately absent: the rules themselves, and files that git ignores.

use std::io;
use std::path::{Path, PathBuf};

/// One file of the project.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is, from the root, with `/` between folders.
    pub path: String,
    full: PathBuf,
}

impl File {
    /// Its lines, numbered from 1; none where it is not text.
    #[must_use]
    pub fn lines(&self) -> Vec<(usize, String)> {
        let text = std::fs::read_to_string(&self.full).unwrap_or_default();
        text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
    }

    /// The part of its name after the last dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Whether it is written by a program.
    #[must_use]
    pub fn generated(&self) -> bool {
        self.path.starts_with("ui/src/contract/")
            || self.path.ends_with("package-lock.json")
            || self.path == "Cargo.lock"
    }
}

/// The root of the clone.
#[must_use]
pub fn root() -> PathBuf {
    // Cargo says where it runs; where this was built may be another clone that shares the target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&here);
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Every file that git knows or would take, sorted.
///
/// # Errors
/// This is not a git clone, or there is no git.
#[expect(clippy::disallowed_methods, reason = "git alone knows which files belong to the project")]
pub fn files() -> io::Result<Vec<File>> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let mut files: Vec<File> = names
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(|path| File { path: path.to_owned(), full: root().join(path) })
        .filter(|file| file.full.is_file())
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Every place where a line breaks a rule, as `path:line: text`.
pub fn places<'a>(
    files: impl IntoIterator<Item = &'a File>,
    breaks: impl Fn(&File, &str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.lines() {
            if breaks(file, &line) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    found
}
