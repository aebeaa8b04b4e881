//! Brings a database to the present format: one SQL file a step, one transaction for all of them.
//!
//! Each step that was taken is recorded with a hash of its text, so that a database made by other steps is
//! noticed instead of misread.

use crate::error::OpenError;
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};
use std::path::Path;

/// One kind of database: its mark in the file and its steps, the first leading to format 1.
pub(crate) struct Format {
    /// SQLite's `application_id`.
    pub(crate) application_id: i32,
    /// The SQL of each step.
    pub(crate) steps: &'static [&'static str],
}

/// The database of the engine's memory.
pub(crate) const STATE: Format = Format {
    application_id: 0x4174_7453,
    steps: &[
        include_str!("../migrations/state/001_begin.sql"),
        include_str!("../migrations/state/002_misfires.sql"),
        include_str!("../migrations/state/003_rule_memory.sql"),
    ],
};

/// The database of what runs print.
pub(crate) const OUTPUT: Format = Format {
    application_id: 0x4174_744F,
    steps: &[
        include_str!("../migrations/output/001_begin.sql"),
        include_str!("../migrations/output/002_searched.sql"),
    ],
};

/// The database of the words in that.
pub(crate) const SEARCH: Format =
    Format { application_id: 0x4174_7446, steps: &[include_str!("../migrations/search/001_begin.sql")] };

impl Format {
    /// The newest format that this program knows.
    pub(crate) fn newest(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// Whether a database is one of this format that this program knows. Changes nothing.
    pub(crate) fn check(&self, conn: &Connection, path: &Path) -> Result<(), OpenError> {
        let have = self.recognise(conn, path)?;
        self.compare_history(conn, path, have)
    }

    /// Takes the steps that are missing. `copy` is called before the first of them where the database is not
    /// new, with the format that it has.
    pub(crate) fn migrate(
        &self,
        conn: &mut Connection,
        path: &Path,
        copy: impl FnOnce(&Connection, u32) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let sqlite = |error: rusqlite::Error| OpenError::sqlite(path, &error);
        let have = self.recognise(conn, path)?;
        if have == self.newest() {
            return Ok(());
        }
        if have > 0 {
            copy(conn, have)?;
        }
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        self.take_steps(&transaction, have).map_err(sqlite)?;
        transaction.commit().map_err(sqlite)?;
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(sqlite)
    }

    /// The format of a database; 0 for a new one.
    fn recognise(&self, conn: &Connection, path: &Path) -> Result<u32, OpenError> {
        let sqlite = |error: rusqlite::Error| OpenError::sqlite(path, &error);
        let number =
            |pragma: &str| conn.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i32>(0));
        let application_id = number("application_id").map_err(sqlite)?;
        let version = number("user_version").map_err(sqlite)?;
        if application_id == 0 && version == 0 {
            let tables: i64 =
                conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
            return if tables == 0 { Ok(0) } else { Err(OpenError::Foreign(path.to_owned())) };
        }
        if application_id != self.application_id {
            return Err(OpenError::Foreign(path.to_owned()));
        }
        let found = u32::try_from(version).map_err(|_| OpenError::NotADatabase(path.to_owned()))?;
        if found > self.newest() {
            return Err(OpenError::Newer { path: path.to_owned(), found, known: self.newest() });
        }
        Ok(found)
    }

    fn compare_history(&self, conn: &Connection, path: &Path, have: u32) -> Result<(), OpenError> {
        for (step, sql) in (1..=have).zip(self.steps) {
            let recorded: Option<Vec<u8>> = conn
                .query_row("SELECT hash FROM migration WHERE step = ?1", [step], |row| row.get(0))
                .map(Some)
                .or_else(|error| match error {
                    rusqlite::Error::QueryReturnedNoRows => Ok(None),
                    error => Err(OpenError::sqlite(path, &error)),
                })?;
            if recorded.as_deref() != Some(hash(sql).as_slice()) {
                return Err(OpenError::OtherHistory { path: path.to_owned(), step });
            }
        }
        Ok(())
    }

    fn take_steps(&self, conn: &Connection, have: u32) -> rusqlite::Result<()> {
        conn.execute_batch(
            "CREATE TABLE IF NOT EXISTS migration (step INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT",
        )?;
        for (step, sql) in (1..).zip(self.steps).filter(|(step, _)| *step > have) {
            conn.execute_batch(sql)?;
            conn.execute("INSERT INTO migration (step, hash) VALUES (?1, ?2)", (step, hash(sql)))?;
        }
        conn.pragma_update(None, "application_id", self.application_id)?;
        conn.pragma_update(None, "user_version", self.newest())
    }
}

/// Line ends do not count: a checkout may change them.
fn hash(sql: &str) -> Vec<u8> {
    Sha256::digest(sql.replace("\r\n", "\n").as_bytes()).to_vec()
}

#[cfg(test)]
mod tests;
