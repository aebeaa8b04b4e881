//! The database of an engine that does not run.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params};
use std::path::Path;
use tempfile::TempDir;

/// A copy of `state.db` with its log, so that a look at what a crash left changes nothing of it.
#[derive(Debug)]
pub struct Ledger {
    db: Connection,
    _copy: TempDir,
}

impl Ledger {
    /// Copies and opens the database of a data folder.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        let copy = tempfile::tempdir().expect("a folder can be made");
        for name in ["state.db", "state.db-wal"] {
            let from = data_dir.join(name);
            if from.exists() {
                std::fs::copy(from, copy.path().join(name)).expect("a file can be copied");
            }
        }
        let db = Connection::open(copy.path().join("state.db")).expect("the database can be opened");
        Self { db, _copy: copy }
    }

    /// The first column of every row.
    ///
    /// # Panics
    /// Where the question makes no sense.
    pub fn column<T: FromSql>(&self, sql: &str, params: impl Params) -> Vec<T> {
        let mut statement = self.db.prepare(sql).expect("a question that makes sense");
        let rows = statement.query_map(params, |row| row.get(0)).expect("an answer");
        rows.map(|value| value.expect("a value of that type")).collect()
    }

    /// The only value of the only row.
    ///
    /// # Panics
    /// Where the question makes no sense.
    pub fn value<T: FromSql>(&self, sql: &str) -> T {
        self.db.query_row(sql, [], |row| row.get(0)).expect("one value")
    }
}
