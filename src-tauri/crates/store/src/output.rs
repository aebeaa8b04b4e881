//! What runs print: `output.db`, with its own writer, so that a flood of text never delays an event.
//!
//! A chunk is kept as it came: which stream, where in the stream, when, which bytes. The beginning of an output
//! is appended; where it grows too long, whoever reads the process keeps the last part in memory and has it
//! written anew now and then ([`OutputWriter::replace_tail`]). What lies between is counted, not kept: readers
//! see it as a gap between the offsets of two chunks.
//!
//! Beside it lies `search.db`: the words of what was printed, and where they stand. It is made behind the writer by a
//! thread of its own, so that neither a process nor the writer ever waits for it, and it can be lost: then it is
//! made anew.
//!
//! Deliberately absent: how much is kept (the executor decides) and what the bytes mean.

mod indexer;
mod reader;
mod search;
mod text;
mod writer;

pub use reader::{Cursor, OutputPage, OutputReader, Piece};
#[cfg(test)]
pub(crate) use search::PASSAGES;
pub use search::{Hit, NotASearchKey, SearchKey, SearchPage};
pub use text::plain;
pub use writer::{End, Full, OutputWriter};

use crate::error::OpenError;
use crate::migrate::{OUTPUT, SEARCH};
use crate::open::{Durability, open_file, open_to_read};
use indexer::{Indexer, ToDo};
use model::{ExecutionId, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// Which of a process's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Both, standard output first.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    fn number(self) -> i64 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
        }
    }
}

impl ToSql for Stream {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.number()))
    }
}

impl FromSql for Stream {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::BOTH
            .into_iter()
            .find(|stream| stream.number() == number)
            .ok_or(FromSqlError::OutOfRange(number))
    }
}

/// One value for each stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerStream<T> {
    /// Of standard output.
    pub stdout: T,
    /// Of standard error.
    pub stderr: T,
}

impl<T> PerStream<T> {
    /// The value of one stream.
    pub fn of(&self, stream: Stream) -> &T {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }

    /// The same, to change it.
    pub fn of_mut(&mut self, stream: Stream) -> &mut T {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

/// Bytes that a process wrote at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whose.
    pub execution: ExecutionId,
    /// Of which start of it.
    pub attempt: u32,
    /// To which stream.
    pub stream: Stream,
    /// Where in the stream they begin; what was dropped counts.
    pub offset: u64,
    /// When they came.
    pub at: Timestamp,
    /// The bytes; some 64 KiB at most.
    pub bytes: Vec<u8>,
}

/// How much an attempt wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes that each stream had in all, as far as known.
    pub written: PerStream<u64>,
    /// Of both, what is kept.
    pub kept_bytes: u64,
    /// Whether no more will come.
    pub ended: bool,
    /// Why a part of it could not be kept, a sentence.
    pub stopped: Option<String>,
}

impl Size {
    /// Bytes of both streams that are not kept.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        (self.written.stdout + self.written.stderr).saturating_sub(self.kept_bytes)
    }
}

/// Opens `output.db` and `search.db` in a data folder; all are made where they are missing, and `search.db` also where it
/// cannot be used. What an earlier engine left open is ended. `on_appended` is called from the writer's thread after new
/// output of an execution can be read.
///
/// # Errors
/// [`OpenError`]: a sentence that names the file, what was found and what to do.
pub fn open(
    folder: &Path,
    on_appended: impl Fn(ExecutionId) + Send + 'static,
) -> Result<(OutputWriter, OutputReader), OpenError> {
    let opened = open_file(folder, "output.db", &OUTPUT, Durability::Normal)?;
    start(folder, opened, Box::new(on_appended))
}

fn start(
    folder: &Path,
    (path, conn): (PathBuf, Connection),
    on_appended: Box<dyn Fn(ExecutionId) + Send>,
) -> Result<(OutputWriter, OutputReader), OpenError> {
    let sqlite = |error: rusqlite::Error| OpenError::sqlite(&path, &error);
    conn.execute_batch("UPDATE output SET ended = 1 WHERE ended = 0").map_err(sqlite)?;
    let (index_path, index, is_new) = open_index(folder)?;
    if is_new {
        conn.execute_batch("UPDATE output SET searched = 0 WHERE searched = 1").map_err(sqlite)?;
    }
    let reader = OutputReader::open(&path, &index_path)?;
    let to_do = Arc::new(ToDo::default());
    let output = open_to_read(&path)?;
    let writer = OutputWriter::start(conn, &path, on_appended, Arc::clone(&to_do))?;
    writer.index_with(Indexer::new(index, output, to_do), &index_path)?;
    Ok((writer, reader))
}

/// Opens the index, a new one where there is none that can be used: it holds nothing that is not in `output.db`.
fn open_index(folder: &Path) -> Result<(PathBuf, Connection, bool), OpenError> {
    const NAME: &str = "search.db";
    let was_there = folder.join(NAME).exists();
    let unusable = match open_file(folder, NAME, &SEARCH, Durability::Normal) {
        Ok((path, index)) => return Ok((path, index, !was_there)),
        Err(error) => error,
    };
    tracing::warn!(%unusable, "the index of output cannot be used and is made anew");
    for name in [NAME.to_owned(), format!("{NAME}-wal"), format!("{NAME}-shm")] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::system(&path, &error));
            }
            _ => {}
        }
    }
    let (path, index) = open_file(folder, NAME, &SEARCH, Durability::Normal)?;
    Ok((path, index, true))
}

#[cfg(test)]
pub(crate) fn open_limited(folder: &Path, pages: u32) -> Result<(OutputWriter, OutputReader), OpenError> {
    let (path, conn) = open_file(folder, "output.db", &OUTPUT, Durability::Normal)?;
    conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    start(folder, (path, conn), Box::new(|_| {}))
}
