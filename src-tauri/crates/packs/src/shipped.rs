//! The packs that come with the app: they are part of the program and are written to disk where they differ.

use crate::digest::{self, Content, Fingerprint};
use include_dir::{Dir, include_dir};
use model::PackRef;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../../packs");

/// The files of one shipped pack, by path relative to the pack.
fn files(pack: &'static Dir<'static>) -> BTreeMap<PathBuf, &'static [u8]> {
    fn gather(root: &Path, dir: &'static Dir<'static>, files: &mut BTreeMap<PathBuf, &'static [u8]>) {
        for file in dir.files() {
            let path = file.path().strip_prefix(root).unwrap_or(file.path());
            files.insert(path.to_path_buf(), file.contents());
        }
        for inner in dir.dirs() {
            gather(root, inner, files);
        }
    }
    let mut all = BTreeMap::new();
    gather(pack.path(), pack, &mut all);
    all
}

fn is_script(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!")
}

fn fingerprint(files: &BTreeMap<PathBuf, &'static [u8]>) -> io::Result<String> {
    let mut fingerprint = Fingerprint::default();
    for (path, bytes) in files {
        let executable = is_script(bytes);
        let mut bytes = *bytes;
        fingerprint.add(path, Content::File { executable, bytes: &mut bytes })?;
    }
    Ok(fingerprint.finish())
}

/// What the fingerprint of a shipped pack's folder is when nobody has touched it.
pub(crate) fn digest_of(name: &str) -> Option<String> {
    let pack = SHIPPED.get_dir(name)?;
    fingerprint(&files(pack)).ok()
}

/// Writes the shipped packs to the packs folder, each whole and only where what lies there differs.
/// Returns those that were written.
///
/// # Errors
/// Where the disk says no; what lay there before is still there.
pub fn unpack_shipped(packs_dir: &Path) -> io::Result<Vec<PackRef>> {
    folder(packs_dir)?;
    let mut written = Vec::new();
    for pack in SHIPPED.dirs() {
        let name = pack.path().to_string_lossy();
        let Ok(name) = name.parse::<PackRef>() else { continue };
        let files = files(pack);
        let place = packs_dir.join(name.as_str());
        if digest::of_folder(&place).ok() == Some(fingerprint(&files)?) {
            continue;
        }
        put(&place, packs_dir, &name, &files)?;
        written.push(name);
    }
    Ok(written)
}

/// A folder for this user alone.
fn folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn put(
    place: &Path,
    packs_dir: &Path,
    name: &PackRef,
    files: &BTreeMap<PathBuf, &'static [u8]>,
) -> io::Result<()> {
    let (new, old) = (packs_dir.join(format!(".{name}.new")), packs_dir.join(format!(".{name}.old")));
    remove(&new)?;
    remove(&old)?;
    folder(&new)?;
    for (path, bytes) in files {
        let path = new.join(path);
        if let Some(parent) = path.parent() {
            folder(parent)?;
        }
        let mode = if is_script(bytes) { 0o700 } else { 0o600 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    // A folder that is not empty cannot be renamed over, so the old one steps aside first.
    let stepped_aside = match fs::rename(place, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if let Err(error) = fs::rename(&new, place) {
        if stepped_aside {
            fs::rename(&old, place)?;
        }
        return Err(error);
    }
    remove(&old)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
