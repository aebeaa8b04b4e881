//! Copies of a live database.

use crate::error::OpenError;
use crate::open::open_to_read;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// Writes a copy of the database file `source` to `target`, as it stands at one instant, while it is in use. The
/// copy is checked and complete, or `target` is as it was before.
///
/// # Errors
/// [`OpenError`] about the file that stood in the way.
pub fn backup(source: &Path, target: &Path) -> Result<(), OpenError> {
    copy(&open_to_read(source)?, target)
}

/// The same from an open connection.
pub(crate) fn copy(source: &Connection, target: &Path) -> Result<(), OpenError> {
    let unfinished = target.with_extension("unfinished");
    let result = write_copy(source, &unfinished)
        .and_then(|()| fs::rename(&unfinished, target).map_err(|error| OpenError::system(target, &error)));
    if result.is_err() {
        // What is left of a copy that failed helps nobody; the first error is the one to tell.
        let _gone = fs::remove_file(&unfinished);
    }
    result
}

fn write_copy(source: &Connection, path: &Path) -> Result<(), OpenError> {
    let system = |error: std::io::Error| OpenError::system(path, &error);
    let sqlite = |error: rusqlite::Error| OpenError::sqlite(path, &error);
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(system(error)),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(system)?;
    let mut copy = Connection::open(path).map_err(sqlite)?;
    let steps = Backup::new(source, &mut copy).map_err(sqlite)?;
    // All pages in one step: one instant, and the write-ahead log lets the writer go on meanwhile.
    while steps.step(-1).map_err(sqlite)? != StepResult::Done {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(steps);
    // A copy is one file: no log beside it.
    copy.execute_batch("PRAGMA journal_mode = DELETE").map_err(sqlite)?;
    let verdict: String =
        copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(sqlite)?;
    if verdict != "ok" {
        return Err(OpenError::Damaged { path: path.to_owned(), reason: verdict });
    }
    copy.close().map_err(|(_, error)| sqlite(error))?;
    file.sync_all().map_err(system)
}
