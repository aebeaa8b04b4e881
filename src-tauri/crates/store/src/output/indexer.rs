//! The thread that makes output searchable: it reads what has been written, and keeps the words of it in a database of
//! its own.
//!
//! It runs behind the writer, with a lower priority, and nobody waits for it: a flood of text delays only what can be
//! found. What it keeps is derived; where it is lost or broken it is made anew.

use super::text::{each_word, is_text, plain};
use super::{PerStream, Stream};
use crate::error::QueryError;
use model::ExecutionId;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long what was written waits for more before it is read.
const GATHER: Duration = Duration::from_millis(500);
/// Output of one attempt that is read in one turn, in bytes; then others have theirs.
const TURN: usize = 512 * 1024;
/// Bytes of lines whose words are kept together. A search reads them again to find the line.
const PASSAGE: usize = 4 * 1024;
/// A line that is longer is parted here.
const LINE: usize = 16 * 1024;
/// Pause after something could not be written or read.
const AGAIN: Duration = Duration::from_secs(10);

pub(super) type Attempt = (ExecutionId, u32);

/// What the indexer has still to do; it grows with the number of attempts, not with their output.
#[derive(Debug, Default)]
pub(super) struct ToDo {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Attempts with new output, and whether they have ended.
    attempts: BTreeMap<Attempt, bool>,
    /// Attempts of which everything is known, to be written down in `output.db`.
    searched: BTreeSet<Attempt>,
    closed: bool,
}

impl ToDo {
    /// An attempt has new output, or its last.
    pub(super) fn mark(&self, attempt: Attempt, has_ended: bool) {
        *self.lock().attempts.entry(attempt).or_default() |= has_ended;
        self.changed.notify_all();
    }

    /// Nothing more comes; what is left over is done after the next start.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Attempts of which everything is known and nobody has written that down.
    pub(super) fn searched(&self) -> BTreeSet<Attempt> {
        self.lock().searched.clone()
    }

    pub(super) fn forget_searched(&self, written: &BTreeSet<Attempt>) {
        self.lock().searched.retain(|attempt| !written.contains(attempt));
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Each change is one step, so a panic elsewhere cannot have torn it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work and a moment more; none when there will be no more.
    fn take(&self) -> Option<BTreeMap<Attempt, bool>> {
        let idle = |waiting: &mut Waiting| waiting.attempts.is_empty() && !waiting.closed;
        let waiting = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let more = self.changed.wait_timeout_while(waiting, GATHER, |waiting| !waiting.closed);
        let (mut waiting, _timeout) = more.unwrap_or_else(PoisonError::into_inner);
        if waiting.closed { None } else { Some(std::mem::take(&mut waiting.attempts)) }
    }

    fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits, unless the end comes.
    fn pause(&self, time: Duration) {
        let _ = self.changed.wait_timeout_while(self.lock(), time, |waiting| !waiting.closed);
    }
}

/// Lines that have been read of one stream and are not kept yet.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where in the stream they begin, and in which chunk.
    offset: u64,
    seq: i64,
}

/// How far an attempt has been read.
#[derive(Debug, Default)]
struct Reading {
    seq: i64,
    lines: PerStream<Lines>,
}

/// A chunk as it lies in the database.
struct Row {
    seq: i64,
    stream: Stream,
    offset: u64,
    bytes: Vec<u8>,
}

pub(super) struct Indexer {
    /// `search.db`.
    index: Connection,
    /// `output.db`, to read.
    output: Connection,
    to_do: Arc<ToDo>,
    readings: BTreeMap<Attempt, Reading>,
}

impl Indexer {
    pub(super) fn new(index: Connection, output: Connection, to_do: Arc<ToDo>) -> Self {
        Self { index, output, to_do, readings: BTreeMap::new() }
    }

    pub(super) fn run(mut self) {
        yield_to_others();
        if let Err(error) = self.find_what_was_left() {
            tracing::warn!(%error, "older output cannot be made searchable");
        }
        while let Some(work) = self.to_do.take() {
            let mut turns: VecDeque<(Attempt, bool)> = work.into_iter().collect();
            while let Some((attempt, has_ended)) = turns.pop_front() {
                if self.to_do.is_closed() {
                    return;
                }
                match self.turn(attempt, has_ended) {
                    Ok(true) => turns.push_back((attempt, has_ended)),
                    Ok(false) if has_ended => {
                        self.to_do.lock().searched.insert(attempt);
                    }
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(%error, "output cannot be made searchable; it is tried again");
                        self.readings.remove(&attempt);
                        self.to_do.mark(attempt, has_ended);
                        self.to_do.pause(AGAIN);
                    }
                }
            }
        }
    }

    /// Output of earlier engines that is not searchable, the newest first in its turn.
    fn find_what_was_left(&self) -> Result<(), QueryError> {
        let mut statement =
            self.output.prepare("SELECT execution, attempt, ended FROM output WHERE searched = 0")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.to_do.mark((ExecutionId(row.get(0)?), row.get(1)?), row.get(2)?);
        }
        Ok(())
    }

    /// Reads on in one attempt; says whether there is more already.
    fn turn(&mut self, attempt: Attempt, has_ended: bool) -> Result<bool, QueryError> {
        let mut reading = match self.readings.remove(&attempt) {
            Some(reading) => reading,
            None => {
                self.forget(attempt)?;
                Reading::default()
            }
        };
        let (rows, more) = self.read(attempt, reading.seq, has_ended)?;
        let transaction = self.index.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in rows {
            reading.seq = row.seq;
            let lines = reading.lines.of_mut(row.stream);
            if lines.offset + lines.bytes.len() as u64 != row.offset {
                // What lay between is not kept: the line before ends here.
                lines.keep(&transaction, attempt, row.stream, Take::All)?;
                lines.offset = row.offset;
            }
            if lines.bytes.is_empty() {
                lines.seq = row.seq;
            }
            lines.bytes.extend_from_slice(&row.bytes);
            lines.keep(&transaction, attempt, row.stream, Take::Full)?;
            if lines.bytes.len() <= row.bytes.len() {
                lines.seq = row.seq;
            }
        }
        if !more {
            for stream in Stream::BOTH {
                let take = if has_ended { Take::All } else { Take::Lines };
                reading.lines.of_mut(stream).keep(&transaction, attempt, stream, take)?;
            }
        }
        transaction.commit()?;
        if more || !has_ended {
            self.readings.insert(attempt, reading);
        }
        Ok(more)
    }

    /// What is known of an attempt from a time of which nobody knows how far it came.
    fn forget(&mut self, (execution, attempt): Attempt) -> rusqlite::Result<()> {
        let of_it = "SELECT id FROM passage WHERE execution = ?1 AND attempt = ?2";
        let transaction = self.index.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let key = params![execution.0, attempt];
        transaction.prepare_cached(&format!("DELETE FROM word WHERE rowid IN ({of_it})"))?.execute(key)?;
        transaction
            .prepare_cached("DELETE FROM passage WHERE execution = ?1 AND attempt = ?2")?
            .execute(key)?;
        transaction.commit()
    }

    /// The next chunks. The tail of an output that has not ended may still be replaced, so it is not read before.
    fn read(
        &self,
        (execution, attempt): Attempt,
        after: i64,
        has_ended: bool,
    ) -> Result<(Vec<Row>, bool), QueryError> {
        let mut statement = self.output.prepare_cached(
            "SELECT seq, stream, offset, bytes FROM chunk \
             WHERE execution = ?1 AND attempt = ?2 AND seq > ?3 AND (tail = 0 OR ?4) ORDER BY seq",
        )?;
        let mut rows = statement.query(params![execution.0, attempt, after, has_ended])?;
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            if bytes >= TURN {
                return Ok((taken, true));
            }
            let row = Row {
                seq: row.get(0)?,
                stream: row.get(1)?,
                offset: row.get::<_, i64>(2)?.unsigned_abs(),
                bytes: row.get(3)?,
            };
            bytes += row.bytes.len();
            taken.push(row);
        }
        Ok((taken, false))
    }
}

/// How much of the lines that have been read is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// Whole passages.
    Full,
    /// Whole lines, also few of them.
    Lines,
    /// Everything: what has no end gets none.
    All,
}

impl Lines {
    /// Keeps the words of what can be taken.
    fn keep(
        &mut self,
        index: &Connection,
        attempt: Attempt,
        stream: Stream,
        take: Take,
    ) -> rusqlite::Result<()> {
        let mut rest = self.bytes.as_slice();
        let mut offset = self.offset;
        while let Some((passage, after)) =
            passage(rest, take).and_then(|length| rest.split_at_checked(length))
        {
            insert(index, attempt, (stream, self.seq, offset), passage)?;
            offset += passage.len() as u64;
            rest = after;
        }
        let taken = self.bytes.len() - rest.len();
        self.bytes.drain(..taken);
        self.offset = offset;
        Ok(())
    }
}

/// The length of the next passage; none where it has to wait.
fn passage(bytes: &[u8], take: Take) -> Option<usize> {
    if bytes.is_empty() || (take == Take::Full && bytes.len() < PASSAGE) {
        return None;
    }
    let enough = bytes.get(..PASSAGE).unwrap_or(bytes);
    let end_of_line = |at: usize| at + 1;
    let last_line = enough.iter().rposition(|byte| *byte == b'\n').map(end_of_line);
    // Where no line ends so soon, one long line is a passage, or a part of it.
    let long_line = || bytes.iter().take(LINE).position(|byte| *byte == b'\n').map(end_of_line);
    let part = || (bytes.len() >= LINE || take == Take::All).then_some(bytes.len().min(LINE));
    last_line.or_else(long_line).or_else(part)
}

fn insert(
    index: &Connection,
    (execution, attempt): Attempt,
    (stream, seq, offset): (Stream, i64, u64),
    passage: &[u8],
) -> rusqlite::Result<()> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for line in passage.split(|byte| *byte == b'\n').filter(|line| is_text(line)) {
        each_word(&plain(line), |word| {
            if !found.contains(word) {
                found.insert(word.to_owned());
            }
        });
    }
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = found.into_iter().collect();
    let mut statement = index.prepare_cached(
        "INSERT INTO passage (execution, attempt, stream, seq, offset, length) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let id = statement.insert(params![
        execution.0,
        attempt,
        stream,
        seq,
        super::writer::number(offset),
        super::writer::number(passage.len() as u64)
    ])?;
    index
        .prepare_cached("INSERT INTO word (rowid, words) VALUES (?1, ?2)")?
        .execute(params![id, found.join(" ")])?;
    Ok(())
}

/// Events and output come first.
fn yield_to_others() {
    // On Linux this is the thread's own, as everything about scheduling is.
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10) {
        tracing::debug!(%error, "the thread that makes output searchable keeps its priority");
    }
}
