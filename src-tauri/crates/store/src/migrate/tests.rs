//! From format to format, with steps of a made-up database.

use super::Format;
use crate::error::OpenError;
use crate::open::{Durability, open_file};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

const FIRST: &str = "CREATE TABLE note (text TEXT NOT NULL) STRICT;";
const SECOND: &str = "ALTER TABLE note ADD COLUMN at INTEGER NOT NULL DEFAULT 0;";
const OLD: Format = Format { application_id: 77, steps: &[FIRST] };
const NEW: Format = Format { application_id: 77, steps: &[FIRST, SECOND] };

fn open(folder: &Path, format: &Format) -> Result<Connection, OpenError> {
    open_file(folder, "notes.db", format, Durability::Full).map(|(_, conn)| conn)
}

fn old_with_a_note() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), &OLD).unwrap().execute("INSERT INTO note VALUES ('keep me')", []).unwrap();
    folder
}

#[test]
fn an_older_database_is_copied_then_brought_forward() {
    let folder = old_with_a_note();
    let conn = open(folder.path(), &NEW).unwrap();
    let note: (String, i64) = conn.query_row("SELECT text, at FROM note", [], |row| row.try_into()).unwrap();
    assert_eq!(note, ("keep me".to_owned(), 0));

    let copy = Connection::open(folder.path().join("backups/notes-before-format-2.db")).unwrap();
    let kept: String = copy.query_row("SELECT text FROM note", [], |row| row.get(0)).unwrap();
    let version: u32 = copy.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!((kept.as_str(), version), ("keep me", 1));
    drop((conn, copy));
    // Once there, it is just opened.
    open(folder.path(), &NEW).unwrap();
}

#[test]
fn a_step_that_fails_leaves_the_old_format() {
    const BROKEN: Format = Format {
        application_id: 77,
        steps: &[FIRST, "ALTER TABLE note ADD COLUMN at; CREATE TABLE note (again);"],
    };
    let folder = old_with_a_note();
    open(folder.path(), &BROKEN).unwrap_err();
    let conn = open(folder.path(), &OLD).unwrap();
    let columns: i64 =
        conn.query_row("SELECT count(*) FROM pragma_table_info('note')", [], |row| row.get(0)).unwrap();
    assert_eq!(columns, 1);
}

#[test]
fn a_database_made_by_other_steps_is_refused_and_left_alone() {
    const OTHER: Format =
        Format { application_id: 77, steps: &["CREATE TABLE note (text BLOB) STRICT;", SECOND] };
    let folder = old_with_a_note();
    let path = folder.path().join("notes.db");
    let before = fs::read(&path).unwrap();
    let error = open(folder.path(), &OTHER).unwrap_err();
    assert!(matches!(error, OpenError::OtherHistory { step: 1, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_program_refuses_what_a_newer_one_made() {
    let folder = old_with_a_note();
    drop(open(folder.path(), &NEW).unwrap());
    let error = open(folder.path(), &OLD).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 2, known: 1, .. }), "{error}");
}
