//! The runtime file: how other programs of the same user find the running engine and its token.
//!
//! It lies in the user's runtime folder (`$XDG_RUNTIME_DIR/attune-studio`), else in the data folder. It is
//! written whole under another name and then renamed, so that a link planted at its place is replaced and
//! never followed.

use model::Timestamp;
use rustix::fs::OFlags;
use rustix::process::{Pid, getuid, test_kill_process};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Nothing of ours is longer.
const LARGEST: u64 = 64 * 1024;

/// Where a running engine is, and the token that opens its door.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeInfo {
    /// The engine's process.
    pub pid: u32,
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// The admin token of this start.
    pub token: String,
    /// The folder with all data.
    pub data_dir: PathBuf,
    /// The program's version.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
}

impl std::fmt::Debug for RuntimeInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "engine {} at {} on {}", self.pid, self.address, self.data_dir.display())
    }
}

/// Why no engine was found.
#[derive(Debug, thiserror::Error)]
pub enum NoEngine {
    /// None was started on this data folder, or it has ended in order.
    #[error("no engine is running on {}", .0.display())]
    NotRunning(PathBuf),
    /// The engine that wrote the runtime file is gone.
    #[error("no engine is running on {}: the last one, process {pid}, ended without saying so", data_dir.display())]
    Stale {
        /// The data folder.
        data_dir: PathBuf,
        /// The process that is gone.
        pid: u32,
    },
    /// There is a runtime file, but it is not to be trusted.
    #[error("the runtime file {} is not used: {reason}", path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Finds the engine that runs on a data folder.
///
/// # Errors
/// There is none, or its runtime file is not to be trusted.
pub fn find_engine(data_dir: &Path) -> Result<RuntimeInfo, NoEngine> {
    let Ok(canonical) = data_dir.canonicalize() else {
        return Err(NoEngine::NotRunning(data_dir.to_owned()));
    };
    for path in candidates(&canonical) {
        let untrusted = |reason: String| NoEngine::Untrusted { path: path.clone(), reason };
        let text = match read_own(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(untrusted(error.to_string())),
        };
        let info: RuntimeInfo =
            serde_json::from_slice(&text).map_err(|error| untrusted(format!("it is damaged: {error}")))?;
        if !is_alive(info.pid) {
            return Err(NoEngine::Stale { data_dir: canonical, pid: info.pid });
        }
        return Ok(info);
    }
    Err(NoEngine::NotRunning(canonical))
}

fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// Where the file may lie, the best place first.
fn candidates(data_dir: &Path) -> Vec<PathBuf> {
    let digest = hex::encode(&Sha256::digest(data_dir.as_os_str().as_bytes())[..4]);
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let in_runtime = runtime.map(|folder| folder.join("attune-studio").join(format!("engine-{digest}.json")));
    in_runtime.into_iter().chain([data_dir.join("engine.json")]).collect()
}

/// Reads a file that only we can have written; a link is not followed.
fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let refused = |reason: &str| io::Error::new(io::ErrorKind::PermissionDenied, reason.to_owned());
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != getuid().as_raw() {
        return Err(refused("it is not a file of yours"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(refused("others may read or write it; expected mode 0600"));
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// The written runtime file; gone when dropped.
#[derive(Debug)]
pub(crate) struct RuntimeFile {
    path: PathBuf,
    text: Vec<u8>,
}

impl RuntimeFile {
    /// Writes the file, in the data folder where the runtime folder is missing or not ours.
    pub(crate) fn write(info: &RuntimeInfo) -> Result<Self, (PathBuf, io::Error)> {
        let mut last = (info.data_dir.clone(), io::Error::from(io::ErrorKind::NotFound));
        let text = serde_json::to_vec_pretty(info).map_err(|error| (info.data_dir.clone(), error.into()))?;
        for path in candidates(&info.data_dir) {
            match write_own(&path, &text) {
                Ok(()) => return Ok(Self { path, text }),
                Err(error) => {
                    tracing::debug!(path = %path.display(), %error, "no runtime file here");
                    last = (path, error);
                }
            }
        }
        Err(last)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RuntimeFile {
    fn drop(&mut self) {
        // The next engine may have written its own by now.
        if read_own(&self.path).is_ok_and(|text| text == self.text) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn write_own(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    own_folder(folder)?;
    let fresh = folder.join(format!(".engine-{}.new", std::process::id()));
    let _ = std::fs::remove_file(&fresh);
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file: File =
        OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(&fresh)?;
    let written = file.write_all(text).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

/// Makes sure that the folder is a folder, ours, and closed to everybody else.
fn own_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = std::fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != getuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder is not yours"));
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn info(data_dir: &Path, pid: u32) -> RuntimeInfo {
        RuntimeInfo {
            pid,
            address: "127.0.0.1:1".to_owned(),
            token: "secret".to_owned(),
            data_dir: data_dir.canonicalize().unwrap(),
            version: "0".to_owned(),
            started_at: Timestamp::MIN,
        }
    }

    #[test]
    fn the_file_is_private_and_goes_with_its_engine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.json");
        write_own(&path, b"{}").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let file = RuntimeFile { path: path.clone(), text: b"{}".to_vec() };
        drop(file);
        assert!(!path.exists());

        write_own(&path, b"another").unwrap();
        drop(RuntimeFile { path: path.clone(), text: b"{}".to_vec() });
        assert!(path.exists(), "it belongs to another engine by now");
    }

    #[test]
    fn a_planted_link_is_replaced_and_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("engine.json"));
        std::fs::write(&victim, "precious").unwrap();
        symlink(&victim, &path).unwrap();
        assert!(read_own(&path).is_err());
        write_own(&path, b"{}").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        assert!(std::fs::symlink_metadata(&path).unwrap().is_file());

        let linked = folder.path().join("linked");
        symlink(folder.path(), &linked).unwrap();
        assert!(write_own(&linked.join("engine.json"), b"{}").is_err(), "the folder is a link");
    }

    #[test]
    fn a_file_that_others_may_write_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.json");
        write_own(&path, b"{}").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(read_own(&path).unwrap_err().to_string().contains("0600"));
    }

    #[test]
    fn a_dead_engine_is_told_from_a_living_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(find_engine(folder.path()), Err(NoEngine::NotRunning(_))));
        // A process id that Linux never gives.
        let dead = info(folder.path(), 0x7fff_fffe);
        let place = folder.path().canonicalize().unwrap().join("engine.json");
        write_own(&place, &serde_json::to_vec(&dead).unwrap()).unwrap();
        assert!(matches!(find_engine(folder.path()), Err(NoEngine::Stale { .. })));
        let alive = info(folder.path(), std::process::id());
        write_own(&place, &serde_json::to_vec(&alive).unwrap()).unwrap();
        assert_eq!(find_engine(folder.path()).unwrap(), alive);
        assert!(!format!("{alive:?}").contains("secret"));
    }
}
