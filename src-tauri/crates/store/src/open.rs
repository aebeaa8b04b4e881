//! Opening a database file: what may lie there, how it is set up, who may read it.

use crate::error::OpenError;
use crate::migrate::{Format, STATE};
use crate::readers::Readers;
use crate::writer::Writer;
use model::limits;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Opens `state.db` in a data folder; both are made where they are missing. Only one [`Writer`] may be open at
/// a time: the caller holds the lock of the data folder.
///
/// # Errors
/// [`OpenError`]: a sentence that names the file, what was found and what to do. What was found is left as it is.
pub fn open(folder: &Path) -> Result<(Writer, Readers), OpenError> {
    let (path, conn) = open_file(folder, "state.db", &STATE, Durability::Full)?;
    let readers = Readers::open(&path)?;
    Ok((Writer::new(conn, path), readers))
}

/// Bytes that are free for this user on the file system of a path.
///
/// # Errors
/// What the system says of the path.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(path)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// What survives a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Every transaction that was committed.
    Full,
    /// A consistent state, perhaps without the last transactions.
    Normal,
}

/// Opens a database for writing and brings it to the present format.
pub(crate) fn open_file(
    folder: &Path,
    name: &str,
    format: &Format,
    durability: Durability,
) -> Result<(PathBuf, Connection), OpenError> {
    let folder = make_folder(folder)?;
    let path = folder.join(name);
    make_file(&path)?;
    let sqlite = |error: rusqlite::Error| OpenError::sqlite(&path, &error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut conn = Connection::open_with_flags(&path, flags).map_err(sqlite)?;
    // Until the file is known to be ours, closing it must not touch it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sqlite)?;
    secure(&conn).map_err(sqlite)?;
    let backups = folder.join("backups");
    format.check(&conn, &path)?;
    set_up(&conn, durability).map_err(sqlite)?;
    format.migrate(&mut conn, &path, |conn, have| {
        if backups.is_symlink() {
            return Err(OpenError::Link(backups));
        }
        make_folder(&backups)?;
        let stem = name.strip_suffix(".db").unwrap_or(name);
        crate::backup::copy(conn, &backups.join(format!("{stem}-before-format-{}.db", have + 1)))
    })?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(sqlite)?;
    Ok((path, conn))
}

/// Opens a database that [`open_file`] has opened, for reading only.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |error: rusqlite::Error| OpenError::sqlite(path, &error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    secure(&conn).map_err(sqlite)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;")
        .map_err(sqlite)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// The file may have been changed by anybody: nothing in it may run code or name columns that it does not have.
fn secure(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // No memory mapping: a file that shrinks under it would end the program instead of a query.
    conn.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON;")
}

fn set_up(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    // The engine checkpoints when it is idle; the automatic one is for when it never is.
    let pages = limits::WAL_BYTES / 4 / 4096;
    let limit = limits::WAL_BYTES / 4;
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = ON; \
         PRAGMA checkpoint_fullfsync = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; \
         PRAGMA wal_autocheckpoint = {pages}; PRAGMA journal_size_limit = {limit};"
    ))?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Makes a folder that only its owner may enter; one that was there keeps its rights, for it may have other uses.
fn make_folder(folder: &Path) -> Result<PathBuf, OpenError> {
    let system = |error: io::Error| OpenError::system(folder, &error);
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(system)?;
    }
    folder.canonicalize().map_err(system)
}

/// Makes an empty file that only its owner may read, or checks the one that is there without changing a byte.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let system = |error: io::Error| OpenError::system(path, &error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(system)?;
            return Ok(());
        }
        Err(error) => return Err(system(error)),
        Ok(found) if found.is_symlink() => return Err(OpenError::Link(path.to_owned())),
        Ok(found) if !found.is_file() => return Err(OpenError::NotAFile(path.to_owned())),
        Ok(_) => {}
    }
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(system)?;
    check_head(&file, path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(system)
}

/// A file that is not SQLite's is noticed before SQLite sees it.
fn check_head(file: &File, path: &Path) -> Result<(), OpenError> {
    const MARK: &[u8] = b"SQLite format 3\0";
    let mut head = Vec::new();
    file.take(MARK.len() as u64).read_to_end(&mut head).map_err(|error| OpenError::system(path, &error))?;
    if head.is_empty() || head == MARK { Ok(()) } else { Err(OpenError::NotADatabase(path.to_owned())) }
}
