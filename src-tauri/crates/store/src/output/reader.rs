//! Reading output from a place on, also while it grows.

use super::{PerStream, Size, Stream};
use crate::error::{OpenError, QueryError};
use crate::readers::Pool;
use model::{ExecutionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// How far somebody has read. Stays good while the tail is written anew: nothing comes twice, and what was
/// dropped meanwhile is a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Chunks up to this one are done.
    seq: i64,
    /// Where each stream goes on, in bytes from its beginning.
    next: PerStream<u64>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.seq, self.next.stdout, self.next.stderr)
    }
}

/// A text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is not a place in an output: hand back `next` of the page before as it was")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.split('.').map(|part| part.parse::<u64>().map_err(|_| NotACursor));
        let mut part = || parts.next().unwrap_or(Err(NotACursor));
        let seq = i64::try_from(part()?).map_err(|_| NotACursor)?;
        let next = PerStream { stdout: part()?, stderr: part()? };
        if parts.next().is_none() { Ok(Self { seq, next }) } else { Err(NotACursor) }
    }
}

/// Bytes of one stream, as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From which stream.
    pub stream: Stream,
    /// Where in the stream they begin.
    pub offset: u64,
    /// When they came.
    pub at: Timestamp,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Bytes of the stream just before that are not kept; 0 for none.
    pub dropped_before: u64,
}

/// A part of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPage {
    /// In the order in which they came.
    pub pieces: Vec<Piece>,
    /// Where to read on.
    pub next: Cursor,
    /// Whether there is more already.
    pub more: bool,
    /// How much there is in all.
    pub size: Size,
}

/// Reads `output.db` and `search.db`. Cheap to clone; usable from any thread.
#[derive(Clone, Debug)]
pub struct OutputReader {
    pub(super) pool: Arc<Pool>,
    /// Of `search.db`.
    pub(super) index: Arc<Pool>,
}

impl OutputReader {
    pub(super) fn open(path: &Path, index: &Path) -> Result<Self, OpenError> {
        Ok(Self { pool: Arc::new(Pool::open(path, 2)?), index: Arc::new(Pool::open(index, 2)?) })
    }

    /// How much an attempt wrote; nothing at all where it is not known.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn size(&self, execution: ExecutionId, attempt: u32) -> Result<Size, QueryError> {
        self.pool.read(|conn| Ok(read_size(conn, execution, attempt)?.unwrap_or_default()))
    }

    /// Reads from a place on, at most `limit` bytes (at least one piece where there is any), of one stream or both.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn read(
        &self,
        execution: ExecutionId,
        attempt: u32,
        from: Cursor,
        stream: Option<Stream>,
        limit: usize,
    ) -> Result<OutputPage, QueryError> {
        self.pool.read(|conn| {
            let size = read_size(conn, execution, attempt)?.unwrap_or_default();
            let mut page = OutputPage { pieces: Vec::new(), next: from, more: false, size };
            let mut room = limit.max(1);
            let mut statement = conn.prepare_cached(
                "SELECT seq, stream, at, offset, bytes FROM chunk \
                 WHERE execution = ?1 AND attempt = ?2 AND seq > ?3 ORDER BY seq",
            )?;
            let mut rows = statement.query(params![execution.0, attempt, from.seq])?;
            while let Some(row) = rows.next()? {
                if room == 0 {
                    page.more = true;
                    break;
                }
                room -= page.take(row, stream, room)?;
            }
            Ok(page)
        })
    }

    /// The place from which on the last `bytes` bytes of an output lie, as far as they are kept.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn near_end(
        &self,
        execution: ExecutionId,
        attempt: u32,
        stream: Option<Stream>,
        bytes: usize,
    ) -> Result<Cursor, QueryError> {
        self.pool.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT seq, stream, offset, length(bytes) FROM chunk \
                 WHERE execution = ?1 AND attempt = ?2 ORDER BY seq DESC",
            )?;
            let mut rows = statement.query(params![execution.0, attempt])?;
            let mut wanted = bytes as u64;
            // A stream without a chunk in the part that is wanted goes on where it stands.
            let written = read_size(conn, execution, attempt)?.unwrap_or_default().written;
            let mut cursor = Cursor { seq: 0, next: written };
            while let Some(row) = rows.next()? {
                let (seq, of): (i64, Stream) = (row.get(0)?, row.get(1)?);
                let (offset, length) = (get_u64(row, 2)?, get_u64(row, 3)?);
                if stream.is_some_and(|stream| stream != of) {
                    continue;
                }
                if wanted < length {
                    // Of this chunk only the end is wanted, or nothing.
                    *cursor.next.of_mut(of) = offset + length - wanted;
                    cursor.seq = if wanted == 0 { seq } else { seq - 1 };
                    return Ok(cursor);
                }
                wanted -= length;
                *cursor.next.of_mut(of) = offset;
            }
            Ok(Cursor::default())
        })
    }
}

impl OutputPage {
    /// Takes a row, as far as there is room and it is new; returns how many bytes that were.
    fn take(&mut self, row: &Row<'_>, only: Option<Stream>, room: usize) -> Result<usize, QueryError> {
        let (seq, stream): (i64, Stream) = (row.get(0)?, row.get(1)?);
        let (offset, bytes) = (get_u64(row, 3)?, row.get_ref(4)?.as_blob().unwrap_or_default());
        let next = self.next.next.of_mut(stream);
        let known = usize::try_from(next.saturating_sub(offset)).unwrap_or(usize::MAX);
        let new = bytes.get(known..).unwrap_or_default();
        if only.is_some_and(|only| only != stream) || new.is_empty() {
            self.next.seq = seq;
            return Ok(0);
        }
        let taken = new.get(..room).unwrap_or(new);
        let start = offset + known as u64;
        let dropped_before = start - *next;
        *next = start + taken.len() as u64;
        if taken.len() == new.len() {
            self.next.seq = seq;
        } else {
            self.more = true;
        }
        let at = Timestamp::from_micros(row.get(2)?);
        self.pieces.push(Piece { stream, offset: start, at, bytes: taken.to_vec(), dropped_before });
        Ok(taken.len())
    }
}

pub(super) fn read_size(
    conn: &Connection,
    execution: ExecutionId,
    attempt: u32,
) -> rusqlite::Result<Option<Size>> {
    let mut statement = conn.prepare_cached(
        "SELECT stdout_bytes, stderr_bytes, kept_bytes, ended, stopped FROM output \
         WHERE execution = ?1 AND attempt = ?2",
    )?;
    statement
        .query_row(params![execution.0, attempt], |row| {
            Ok(Size {
                written: PerStream { stdout: get_u64(row, 0)?, stderr: get_u64(row, 1)? },
                kept_bytes: get_u64(row, 2)?,
                ended: row.get(3)?,
                stopped: row.get(4)?,
            })
        })
        .optional()
}

fn get_u64(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|value| value.unsigned_abs())
}
