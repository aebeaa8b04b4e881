//! What runs print: `output.db`, with its own writer, so that a flood of text never delays an event.
//!
//! A chunk is kept as it came: which stream, where in the stream, when, which bytes. The beginning of an output
//! is appended; where it grows too long, whoever reads the process keeps the last part in memory and has it
//! written anew now and then ([`OutputWriter::replace_tail`]). What lies between is counted, not kept: readers
//! see it as a gap between the offsets of two chunks.
//!
//! Deliberately absent: how much is kept (the executor decides) and what the bytes mean.

mod reader;
mod writer;

pub use reader::{Cursor, OutputPage, OutputReader, Piece};
pub use writer::{End, Full, OutputWriter};

use crate::error::OpenError;
use crate::migrate::OUTPUT;
use crate::open::{Durability, open_file};
use model::{ExecutionId, Timestamp};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use std::path::Path;

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

/// Opens `output.db` in a data folder; both are made where they are missing. What an earlier engine left open is
/// ended. `on_appended` is called from the writer's thread after new output of an execution can be read.
///
/// # Errors
/// [`OpenError`]: a sentence that names the file, what was found and what to do.
pub fn open(
    folder: &Path,
    on_appended: impl Fn(ExecutionId) + Send + 'static,
) -> Result<(OutputWriter, OutputReader), OpenError> {
    let (path, conn) = open_file(folder, "output.db", &OUTPUT, Durability::Normal)?;
    let sqlite = |error: rusqlite::Error| OpenError::sqlite(&path, &error);
    conn.execute_batch("UPDATE output SET ended = 1 WHERE ended = 0").map_err(sqlite)?;
    let reader = OutputReader::open(&path)?;
    Ok((OutputWriter::start(conn, &path, Box::new(on_appended))?, reader))
}

#[cfg(test)]
pub(crate) fn open_limited(folder: &Path, pages: u32) -> Result<(OutputWriter, OutputReader), OpenError> {
    let (path, conn) = open_file(folder, "output.db", &OUTPUT, Durability::Normal)?;
    conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let reader = OutputReader::open(&path)?;
    Ok((OutputWriter::start(conn, &path, Box::new(|_| {}))?, reader))
}
