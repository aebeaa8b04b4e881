//! Files that runs leave for people: a folder for each execution, which goes again where nothing was left.
//!
//! What lies there was written by whoever wrote the action, so it is listed and opened without following links.

use model::{ExecutionId, Timestamp, limits};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A file that a run left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its name within the folder of its execution, folders in it included.
    pub name: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last written.
    pub modified_at: Timestamp,
}

/// The folder of an execution within that of all artifacts.
#[must_use]
pub fn folder(artifacts: &Path, execution: ExecutionId) -> PathBuf {
    artifacts.join(execution.to_string())
}

/// The files that an execution left, by name, at most [`limits::ARTIFACTS`]; links and other things that are not
/// plain files are left out.
///
/// # Errors
/// What the system says of the folder; none where nothing was left.
pub fn list(artifacts: &Path, execution: ExecutionId) -> io::Result<Vec<Artifact>> {
    let root = folder(artifacts, execution);
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inside) = open.pop() {
        let entries = match fs::read_dir(root.join(&inside)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // Of the entry itself, not of what a link leads to.
            let (meta, name) = (entry.metadata()?, inside.join(entry.file_name()));
            if meta.is_dir() {
                open.push(name);
            } else if meta.is_file() {
                let micros = meta.mtime().saturating_mul(1_000_000).saturating_add(meta.mtime_nsec() / 1_000);
                found.push(Artifact { name, bytes: meta.len(), modified_at: Timestamp::from_micros(micros) });
            }
            if found.len() + open.len() > limits::ARTIFACTS {
                open.clear();
                break;
            }
        }
    }
    found.truncate(limits::ARTIFACTS);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Opens a file that an execution left, to read it.
///
/// # Errors
/// Where it is not there, leads out of the folder, or goes through a link; and what else the system says.
pub fn open(artifacts: &Path, execution: ExecutionId, name: &Path) -> io::Result<File> {
    let root = File::open(folder(artifacts, execution))?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let file = File::from(openat2(&root, name, flags, Mode::empty(), inside)?);
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a plain file"))
}

/// The folder of a run that has begun. It is removed with this value where it is empty.
#[derive(Debug)]
pub(crate) struct ArtifactsFolder(PathBuf);

impl ArtifactsFolder {
    pub(crate) fn make(artifacts: &Path, execution: ExecutionId) -> io::Result<Self> {
        let path = folder(artifacts, execution);
        let one = |folder: &Path| DirBuilder::new().mode(0o700).create(folder);
        let made = one(&path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(artifacts).and_then(|()| one(&path))
            }
            // An earlier attempt left something. A link in its place leads where somebody else wants it.
            io::ErrorKind::AlreadyExists if path.symlink_metadata()?.is_dir() => Ok(()),
            _ => Err(error),
        });
        made.map(|()| Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ArtifactsFolder {
    fn drop(&mut self) {
        // Where something was left it is not empty, and stays.
        let _ = fs::remove_dir(&self.0);
    }
}
