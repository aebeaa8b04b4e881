//! A fingerprint over everything in a folder: it changes when, and only when, something there does.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Files of one pack; more than that is not a pack but a mistake.
const FILES: usize = 20_000;
/// Folders that running a pack fills.
const MADE_BY_RUNNING: &[&str] = &["__pycache__", "node_modules"];

/// What counts of one file.
pub(crate) enum Content<'a> {
    File { executable: bool, bytes: &'a mut dyn Read },
    Link(PathBuf),
}

/// Gathers files in the order of their paths.
#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(crate) fn add(&mut self, path: &Path, content: Content<'_>) -> io::Result<()> {
        self.field(path.as_os_str().as_bytes());
        match content {
            Content::Link(target) => {
                self.0.update(b"l");
                self.field(target.as_os_str().as_bytes());
            }
            Content::File { executable, bytes } => {
                self.0.update(if executable { b"x" } else { b"f" });
                let mut inner = Sha256::new();
                let mut buffer = vec![0_u8; 64 * 1024];
                loop {
                    let length = bytes.read(&mut buffer)?;
                    if length == 0 {
                        break;
                    }
                    inner.update(buffer.get(..length).unwrap_or_default());
                }
                self.0.update(inner.finalize());
            }
        }
        Ok(())
    }

    /// The length before the bytes: no two lists of fields make the same stream.
    fn field(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// SHA-256 over the names, contents and executable bits of a folder's files, in hex. Hidden files and what
/// running leaves behind do not count; links count as links.
pub(crate) fn of_folder(folder: &Path) -> io::Result<String> {
    let mut files = BTreeMap::new();
    gather(folder, folder, &mut files)?;
    let mut fingerprint = Fingerprint::default();
    for (relative, data) in files {
        let path = folder.join(&relative);
        if data.is_symlink() {
            fingerprint.add(&relative, Content::Link(fs::read_link(&path)?))?;
        } else {
            let executable = data.permissions().mode() & 0o111 != 0;
            fingerprint.add(&relative, Content::File { executable, bytes: &mut File::open(&path)? })?;
        }
    }
    Ok(fingerprint.finish())
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, fs::Metadata>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || MADE_BY_RUNNING.contains(&name.as_ref()) {
            continue;
        }
        let path = entry.path();
        let data = path.symlink_metadata()?;
        if data.is_dir() {
            gather(root, &path, files)?;
        } else if data.is_file() || data.is_symlink() {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            files.insert(relative, data);
            if files.len() > FILES {
                return Err(io::Error::other(format!("the folder holds more than {FILES} files")));
            }
        }
    }
    Ok(())
}
