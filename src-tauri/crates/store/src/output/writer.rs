//! The thread that writes `output.db`.

use super::indexer::{Attempt, Indexer, ToDo};
use super::{Chunk, PerStream, Size};
use crate::error::{OpenError, is_full};
use model::ExecutionId;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Messages that wait for the thread; with chunks of 64 KiB this bounds its memory to 16 MiB.
const WAITING: usize = 256;
/// Messages that are written in one transaction.
const BATCH: usize = 256;
/// Pause before what could not be written for want of space is tried again.
const RETRY: Duration = Duration::from_secs(5);
const NO_SPACE: &str = "The disk was full: the rest of the output was not kept.";
const FAILED: &str = "The output could not be written: a part of it was not kept.";

/// The end of an attempt's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Whose.
    pub execution: ExecutionId,
    /// Of which start of it.
    pub attempt: u32,
    /// Bytes that each stream had in all, kept or not.
    pub written: PerStream<u64>,
}

/// So much waits to be written that the chunk was not taken; it is handed back.
#[derive(Debug, PartialEq, Eq)]
pub struct Full(pub Chunk);

/// Hands output to the thread that writes it. Cheap to clone. The thread ends when [`OutputWriter::close`] is called.
#[derive(Clone)]
pub struct OutputWriter {
    sender: SyncSender<Message>,
    threads: Arc<Mutex<Threads>>,
}

struct Threads {
    writer: Option<JoinHandle<()>>,
    indexer: Option<JoinHandle<()>>,
    to_do: Arc<ToDo>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.to_do.close();
    }
}

type Done = Box<dyn FnOnce() + Send>;

enum Message {
    Append(Chunk),
    Tail { execution: ExecutionId, attempt: u32, written: PerStream<u64>, chunks: Vec<Chunk> },
    End(End, Done),
    Flush(Done),
    Close,
}

impl OutputWriter {
    pub(super) fn start(
        conn: Connection,
        path: &Path,
        on_appended: Box<dyn Fn(ExecutionId) + Send>,
        to_do: Arc<ToDo>,
    ) -> Result<Self, OpenError> {
        let (sender, receiver) = sync_channel(WAITING);
        let work = Work { conn, on_appended, to_do: to_do.clone(), open: BTreeMap::new(), owed: Vec::new() };
        let thread = std::thread::Builder::new()
            .name("output-writer".to_owned())
            .spawn(move || work.run(&receiver))
            .map_err(|error| OpenError::system(path, &error))?;
        let threads = Threads { writer: Some(thread), indexer: None, to_do };
        Ok(Self { sender, threads: Arc::new(Mutex::new(threads)) })
    }

    /// Starts the thread that makes searchable what this one writes.
    pub(super) fn index_with(&self, indexer: Indexer, path: &Path) -> Result<(), OpenError> {
        let thread = std::thread::Builder::new()
            .name("output-indexer".to_owned())
            .spawn(move || indexer.run())
            .map_err(|error| OpenError::system(path, &error))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).indexer = Some(thread);
        Ok(())
    }

    /// Appends to the kept beginning of an output. Never blocks: where the disk is slower than the process, the chunk
    /// comes back.
    ///
    /// # Errors
    /// [`Full`] with the chunk.
    pub fn try_append(&self, chunk: Chunk) -> Result<(), Full> {
        match self.sender.try_send(Message::Append(chunk)) {
            Err(TrySendError::Full(Message::Append(chunk))) => Err(Full(chunk)),
            // After `close` there is nobody to write it: it is dropped.
            _ => Ok(()),
        }
    }

    /// The same, but waits where the disk is slower than the process.
    pub fn append(&self, chunk: Chunk) {
        let _closed = self.send(Message::Append(chunk));
    }

    /// Writes the last part of an output that has grown too long, in place of what was written so before.
    /// `written` is how much each stream has had by now, kept or not. Waits where the disk is slow.
    pub fn replace_tail(
        &self,
        execution: ExecutionId,
        attempt: u32,
        written: PerStream<u64>,
        chunks: Vec<Chunk>,
    ) {
        let _closed = self.send(Message::Tail { execution, attempt, written, chunks });
    }

    /// No more will come of this attempt. `then` is called, from the writer's thread, when all of it can be
    /// read, or at once where nothing can be written any more. Waits where the disk is slow.
    pub fn end(&self, end: End, then: impl FnOnce() + Send + 'static) {
        if let Err(Message::End(_, then)) = self.send(Message::End(end, Box::new(then))) {
            then();
        }
    }

    /// Waits until everything that was handed over before can be read.
    pub fn flush(&self) {
        let (done, is_done) = sync_channel(1);
        let tell = move || {
            // The receiver waits just below.
            let _told = done.send(());
        };
        if self.send(Message::Flush(Box::new(tell))).is_ok() {
            // An error says that the thread has ended.
            let _done = is_done.recv();
        }
    }

    /// Writes what waits and ends the threads. What comes later is dropped; what is not searchable yet becomes so after
    /// the next start.
    pub fn close(&self) {
        // Where it is closed already, there is nothing to do.
        let _closed = self.send(Message::Close);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.to_do.close();
        for thread in [threads.writer.take(), threads.indexer.take()].into_iter().flatten() {
            if thread.join().is_err() {
                tracing::error!("a thread that works on output has panicked");
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), Message> {
        self.sender.send(message).map_err(|SendError(message)| message)
    }
}

impl std::fmt::Debug for OutputWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OutputWriter")
    }
}

/// An attempt that has not ended.
#[derive(Clone, Default)]
struct Open {
    next_seq: i64,
    size: Size,
    tail_bytes: u64,
}

struct Work {
    conn: Connection,
    on_appended: Box<dyn Fn(ExecutionId) + Send>,
    to_do: Arc<ToDo>,
    open: BTreeMap<Attempt, Open>,
    /// Ends that could not be written yet.
    owed: Vec<(Attempt, Size)>,
}

impl Work {
    fn run(mut self, receiver: &Receiver<Message>) {
        loop {
            let first = match receiver.recv_timeout(RETRY) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => {
                    self.settle();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut batch = vec![first];
            batch.extend(receiver.try_iter().take(BATCH - 1));
            if self.take(batch) {
                return;
            }
        }
    }

    /// Writes a batch; says whether it was the last.
    fn take(&mut self, mut batch: Vec<Message>) -> bool {
        let last = batch.iter().position(|message| matches!(message, Message::Close));
        if let Some(last) = last {
            batch.truncate(last);
        }
        let before: BTreeMap<Attempt, Option<Open>> = batch
            .iter()
            .filter_map(Message::attempt)
            .map(|key| (key, self.open.get(&key).cloned()))
            .collect();
        let attempts: BTreeSet<Attempt> = before.keys().copied().collect();
        if let Err(error) = self.write(&batch) {
            tracing::warn!(%error, "output could not be written");
            for (key, open) in before {
                self.open.insert(key, open.unwrap_or_default());
            }
            self.give_up(&batch, if is_full(&error) { NO_SPACE } else { FAILED });
            self.settle();
        }
        for attempt in attempts {
            (self.on_appended)(attempt.0);
            let ended =
                |message: &Message| matches!(message, Message::End(..)) && message.attempt() == Some(attempt);
            self.to_do.mark(attempt, batch.iter().any(ended));
        }
        for message in batch {
            if let Message::End(_, done) | Message::Flush(done) = message {
                done();
            }
        }
        last.is_some()
    }

    fn write(&mut self, batch: &[Message]) -> rusqlite::Result<()> {
        let Self { conn, open, owed, to_do, .. } = self;
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (attempt, size) in owed.iter() {
            write_size(&transaction, *attempt, size)?;
        }
        let searched = to_do.searched();
        for (execution, attempt) in &searched {
            let sql = "UPDATE output SET searched = 1 WHERE execution = ?1 AND attempt = ?2";
            transaction.prepare_cached(sql)?.execute(params![execution.0, attempt])?;
        }
        let mut touched = BTreeSet::new();
        for message in batch {
            let Some(key) = message.attempt() else { continue };
            let state = match open.entry(key) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(Open::read(&transaction, key)?),
            };
            state.take(&transaction, key, message)?;
            touched.insert(key);
        }
        for key in touched {
            let Some(state) = open.get(&key) else { continue };
            write_size(&transaction, key, &state.size)?;
        }
        transaction.commit()?;
        to_do.forget_searched(&searched);
        owed.clear();
        open.retain(|_, state| !state.size.ended);
        Ok(())
    }

    /// The batch is lost: its attempts keep nothing more, and say so as soon as that can be written.
    fn give_up(&mut self, batch: &[Message], why: &str) {
        for message in batch {
            let Some(key) = message.attempt() else { continue };
            let state = self.open.entry(key).or_default();
            state.size.stopped.get_or_insert_with(|| why.to_owned());
            state.note(message);
            if state.size.ended {
                self.owed.push((key, state.size.clone()));
                self.open.remove(&key);
            }
        }
    }

    /// Tries again to write the ends that are owed, and writes down what has become searchable.
    fn settle(&mut self) {
        if (!self.owed.is_empty() || !self.to_do.searched().is_empty())
            && let Err(error) = self.write(&[])
        {
            tracing::debug!(%error, "the ends of some outputs are still to be written");
        }
    }
}

impl Open {
    /// The attempt as it lies in the database, where it was begun before.
    fn read(conn: &Connection, (execution, attempt): Attempt) -> rusqlite::Result<Self> {
        let size = super::reader::read_size(conn, execution, attempt)?.unwrap_or_default();
        let sql = "SELECT max(seq) FROM chunk WHERE execution = ?1 AND attempt = ?2";
        let last: Option<Option<i64>> = conn
            .prepare_cached(sql)?
            .query_row(params![execution.0, attempt], |row| row.get(0))
            .optional()?;
        Ok(Self { next_seq: last.flatten().unwrap_or(0) + 1, size, tail_bytes: 0 })
    }

    fn take(&mut self, conn: &Connection, key: Attempt, message: &Message) -> rusqlite::Result<()> {
        if self.size.stopped.is_none() {
            match message {
                Message::Append(chunk) => self.insert(conn, chunk, false)?,
                Message::Tail { chunks, .. } => {
                    let sql = "DELETE FROM chunk WHERE execution = ?1 AND attempt = ?2 AND tail = 1";
                    conn.prepare_cached(sql)?.execute(params![key.0.0, key.1])?;
                    self.size.kept_bytes -= std::mem::take(&mut self.tail_bytes);
                    chunks.iter().try_for_each(|chunk| self.insert(conn, chunk, true))?;
                }
                Message::End(..) | Message::Flush(_) | Message::Close => {}
            }
        }
        self.note(message);
        Ok(())
    }

    fn insert(&mut self, conn: &Connection, chunk: &Chunk, tail: bool) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT INTO chunk (execution, attempt, seq, stream, tail, at, offset, bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        statement.execute(params![
            chunk.execution.0,
            chunk.attempt,
            self.next_seq,
            chunk.stream,
            tail,
            chunk.at.as_micros(),
            number(chunk.offset),
            chunk.bytes
        ])?;
        self.next_seq += 1;
        let bytes = chunk.bytes.len() as u64;
        self.size.kept_bytes += bytes;
        self.tail_bytes += if tail { bytes } else { 0 };
        Ok(())
    }

    /// Counts what a message says, kept or not.
    fn note(&mut self, message: &Message) {
        match message {
            Message::Append(chunk) => {
                let written = self.size.written.of_mut(chunk.stream);
                *written = (*written).max(chunk.offset + chunk.bytes.len() as u64);
            }
            Message::Tail { written, .. } => self.size.written = *written,
            Message::End(end, _) => {
                self.size.written = end.written;
                self.size.ended = true;
            }
            Message::Flush(_) | Message::Close => {}
        }
    }
}

impl Message {
    fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::Append(chunk) => Some((chunk.execution, chunk.attempt)),
            Self::Tail { execution, attempt, .. } => Some((*execution, *attempt)),
            Self::End(end, _) => Some((end.execution, end.attempt)),
            Self::Flush(_) | Self::Close => None,
        }
    }
}

fn write_size(conn: &Connection, (execution, attempt): Attempt, size: &Size) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO output (execution, attempt, stdout_bytes, stderr_bytes, kept_bytes, ended, stopped) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT DO UPDATE SET stdout_bytes = excluded.stdout_bytes, stderr_bytes = excluded.stderr_bytes, \
         kept_bytes = excluded.kept_bytes, ended = excluded.ended, stopped = excluded.stopped",
    )?;
    statement.execute(params![
        execution.0,
        attempt,
        number(size.written.stdout),
        number(size.written.stderr),
        number(size.kept_bytes),
        size.ended,
        size.stopped
    ])?;
    Ok(())
}

pub(super) fn number(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
