//! Output as it comes: read, gathered into chunks, handed to the store; bounded whatever the child does.
//!
//! The beginning of an output is appended chunk by chunk. Beyond that only the last part is held, in memory, and
//! written anew a few times a second. What lies between is known exactly by its offsets and not kept. Where the
//! store is slower than the child, the child waits, nothing grows.

use crate::Launch;
use crate::secrets::Secrets;
use model::{Clock, ExecutionId, Timestamp, limits};
use process::Pipe;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use store::output::{Chunk, End, Full, OutputWriter, PerStream, Stream};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// The size of a chunk, and of what is read at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;
/// How long bytes are gathered before they are handed on.
const GATHER: Duration = Duration::from_millis(30);
/// How often a tail that has changed is written anew.
const TAIL_EVERY: Duration = Duration::from_millis(250);
/// Pause before the store is asked again where it was busy.
const BUSY: Duration = Duration::from_millis(5);
/// While fewer chunks than this come in one gathering, each change of stream begins a new one, so that the order
/// of the two streams is kept.
const SWITCHES: u32 = 64;
/// Pieces of a tail that each know their own time.
const TAIL_PIECES: usize = 512;
/// What is kept of standard error for the sentence that says why a run failed.
const LAST_WORDS: usize = 1024;
const HEAD_BYTES: u64 = limits::OUTPUT_BYTES - limits::OUTPUT_TAIL_BYTES;

/// What an attempt has written so far: what is still to be handed on, the tail, and what the result is read from.
pub(crate) struct Collector {
    execution: ExecutionId,
    attempt: u32,
    written: PerStream<u64>,
    secrets: Secrets,
    /// What may be the beginning of a secret.
    held: PerStream<Vec<u8>>,
    /// How much more of both streams is appended as it comes.
    head_left: u64,
    gathering: PerStream<Option<Chunk>>,
    switches: u32,
    ready: VecDeque<Chunk>,
    tail: PerStream<VecDeque<Chunk>>,
    tail_bytes: PerStream<u64>,
    tail_changed: bool,
    result: Vec<u8>,
    last_words: Vec<u8>,
}

impl Collector {
    pub(crate) fn new(launch: &Launch, secrets: Secrets) -> Self {
        Self {
            execution: launch.execution,
            attempt: launch.attempt,
            written: PerStream::default(),
            secrets,
            held: PerStream::default(),
            head_left: HEAD_BYTES,
            gathering: PerStream::default(),
            switches: 0,
            ready: VecDeque::new(),
            tail: PerStream::default(),
            tail_bytes: PerStream::default(),
            tail_changed: false,
            result: Vec::new(),
            last_words: Vec::new(),
        }
    }

    /// The beginning of standard output, and how long all of it was.
    pub(crate) fn stdout(&self) -> (&[u8], u64) {
        (&self.result, self.written.stdout)
    }

    /// The end of standard error.
    pub(crate) fn last_words(&self) -> &[u8] {
        &self.last_words
    }

    /// Takes what one read brought, without the secrets in it.
    fn take(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) {
        if self.secrets.is_empty() {
            return self.push(stream, at, bytes);
        }
        let clean = self.secrets.mask(self.held.of_mut(stream), bytes, true);
        self.push(stream, at, &clean);
    }

    /// Nothing more comes: what looked like the beginning of a secret was none.
    fn take_held(&mut self, at: Timestamp) {
        for stream in Stream::BOTH {
            let clean = self.secrets.mask(self.held.of_mut(stream), &[], false);
            self.push(stream, at, &clean);
        }
    }

    fn push(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) {
        match stream {
            Stream::Stdout => {
                let room = size(limits::RESULT_BYTES).saturating_sub(self.result.len());
                self.result.extend(bytes.iter().take(room));
            }
            Stream::Stderr => {
                self.last_words.extend(bytes.iter().skip(bytes.len().saturating_sub(LAST_WORDS)));
                let excess = self.last_words.len().saturating_sub(LAST_WORDS);
                self.last_words.drain(..excess);
            }
        }
        let (head, tail) = bytes.split_at(bytes.len().min(size(self.head_left)));
        if !head.is_empty() {
            self.push_head(stream, at, head);
        }
        if !tail.is_empty() {
            self.push_tail(stream, at, tail);
        }
    }

    fn push_head(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) {
        let other = if stream == Stream::Stdout { Stream::Stderr } else { Stream::Stdout };
        if self.switches < SWITCHES
            && let Some(chunk) = self.gathering.of_mut(other).take()
        {
            self.switches += 1;
            self.ready.push_back(chunk);
        }
        let chunk = self.chunk(stream, at);
        let gathered = self.gathering.of_mut(stream).get_or_insert(chunk);
        gathered.bytes.extend_from_slice(bytes);
        if gathered.bytes.len() >= CHUNK {
            self.ready.extend(self.gathering.of_mut(stream).take());
        }
        self.count(stream, bytes);
        self.head_left -= bytes.len() as u64;
    }

    fn push_tail(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) {
        let fresh = self.chunk(stream, at);
        let pieces = self.tail.of_mut(stream);
        let fits = |last: &&mut Chunk, pieces: usize| {
            last.bytes.len() + bytes.len() <= CHUNK
                && (pieces >= TAIL_PIECES || at.micros_since(last.at) < 250_000)
        };
        let count = pieces.len();
        match pieces.back_mut().filter(|last| fits(last, count)) {
            Some(last) => last.bytes.extend_from_slice(bytes),
            None => pieces.push_back(Chunk { bytes: bytes.to_vec(), ..fresh }),
        }
        *self.tail_bytes.of_mut(stream) += bytes.len() as u64;
        self.tail_changed = true;
        self.count(stream, bytes);
        self.trim();
    }

    /// Drops the oldest of the stream that holds more, so that a flood on one never pushes out the few words on
    /// the other.
    fn trim(&mut self) {
        loop {
            let held = self.tail_bytes;
            let excess = (held.stdout + held.stderr).saturating_sub(limits::OUTPUT_TAIL_BYTES);
            if excess == 0 {
                return;
            }
            let stream = if held.stdout >= held.stderr { Stream::Stdout } else { Stream::Stderr };
            let pieces = self.tail.of_mut(stream);
            let Some(oldest) = pieces.front_mut() else { return };
            let drop = oldest.bytes.len().min(size(excess));
            if drop == oldest.bytes.len() {
                pieces.pop_front();
            } else {
                oldest.bytes.drain(..drop);
                oldest.offset += drop as u64;
            }
            *self.tail_bytes.of_mut(stream) -= drop as u64;
        }
    }

    fn chunk(&self, stream: Stream, at: Timestamp) -> Chunk {
        let offset = *self.written.of(stream);
        Chunk { execution: self.execution, attempt: self.attempt, stream, offset, at, bytes: Vec::new() }
    }

    fn count(&mut self, stream: Stream, bytes: &[u8]) {
        *self.written.of_mut(stream) += bytes.len() as u64;
    }

    fn is_gathering(&self) -> bool {
        self.gathering.stdout.is_some() || self.gathering.stderr.is_some()
    }

    /// What was gathered is ready, however little it is.
    fn close_gathering(&mut self) {
        let mut chunks: Vec<_> =
            [self.gathering.stdout.take(), self.gathering.stderr.take()].into_iter().flatten().collect();
        chunks.sort_by_key(|chunk| chunk.at);
        self.ready.extend(chunks);
        self.switches = 0;
    }

    /// The tail in the order in which it came, where it has changed.
    fn take_tail(&mut self) -> Option<Vec<Chunk>> {
        std::mem::take(&mut self.tail_changed).then(|| {
            let mut chunks: Vec<_> = self.tail.stdout.iter().chain(&self.tail.stderr).cloned().collect();
            chunks.sort_by_key(|chunk| chunk.at);
            chunks
        })
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Reads both streams to their ends, or until `cut`, and hands everything to the store. When this is done, all
/// that is kept can be read there. What background processes write after the cut is read and forgotten: a closed
/// pipe would kill them.
pub(crate) async fn pump(
    mut collector: Collector,
    streams: [(Stream, Option<Pipe>); 2],
    store: Arc<OutputWriter>,
    clock: Arc<dyn Clock>,
    cut: CancellationToken,
) -> Collector {
    let [(_, mut stdout), (_, mut stderr)] = streams;
    let mut buffer = vec![0; CHUNK];
    let mut gathered_at = Instant::now();
    let mut tail_at = Instant::now();
    while stdout.is_some() || stderr.is_some() {
        let was_gathering = collector.is_gathering();
        tokio::select! {
            () = readable(stdout.as_ref()) => take(&mut collector, Stream::Stdout, &mut stdout, &mut buffer, &*clock),
            () = readable(stderr.as_ref()) => take(&mut collector, Stream::Stderr, &mut stderr, &mut buffer, &*clock),
            () = sleep_until(gathered_at + GATHER), if was_gathering => collector.close_gathering(),
            () = sleep_until(tail_at + TAIL_EVERY), if collector.tail_changed => {}
            () = cut.cancelled() => break,
        }
        if !was_gathering {
            gathered_at = Instant::now();
        }
        append(&mut collector, &store).await;
        if collector.tail_changed && tail_at.elapsed() >= TAIL_EVERY {
            replace_tail(&mut collector, &store).await;
            tail_at = Instant::now();
        }
    }
    for pipe in [stdout, stderr].into_iter().flatten() {
        tokio::spawn(forget(pipe));
    }
    collector.take_held(clock.now());
    collector.close_gathering();
    append(&mut collector, &store).await;
    replace_tail(&mut collector, &store).await;
    end(&collector, store).await;
    collector
}

async fn readable(pipe: Option<&Pipe>) {
    match pipe {
        // An error shows itself again when it is read.
        Some(pipe) => {
            let _ = pipe.readable().await;
        }
        None => std::future::pending().await,
    }
}

fn take(
    collector: &mut Collector,
    stream: Stream,
    pipe: &mut Option<Pipe>,
    buffer: &mut [u8],
    clock: &dyn Clock,
) {
    let Some(open) = pipe else { return };
    match open.try_read(buffer) {
        Ok(0) => *pipe = None,
        Ok(count) => collector.take(stream, clock.now(), buffer.get(..count).unwrap_or_default()),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted) => {}
        Err(error) => {
            tracing::warn!(%error, "the output of a run could not be read further");
            *pipe = None;
        }
    }
}

async fn append(collector: &mut Collector, store: &OutputWriter) {
    while let Some(mut chunk) = collector.ready.pop_front() {
        while let Err(Full(back)) = store.try_append(chunk) {
            chunk = back;
            sleep(BUSY).await;
        }
    }
}

async fn replace_tail(collector: &mut Collector, store: &Arc<OutputWriter>) {
    let Some(chunks) = collector.take_tail() else { return };
    let (store, execution, attempt) = (Arc::clone(store), collector.execution, collector.attempt);
    let written = collector.written;
    // It may wait for the disk; an error would only say that the runtime ends.
    let _ =
        tokio::task::spawn_blocking(move || store.replace_tail(execution, attempt, written, chunks)).await;
}

async fn end(collector: &Collector, store: Arc<OutputWriter>) {
    let end = End { execution: collector.execution, attempt: collector.attempt, written: collector.written };
    let (done, is_done) = tokio::sync::oneshot::channel();
    let handed = tokio::task::spawn_blocking(move || {
        store.end(end, move || {
            let _ = done.send(());
        })
    });
    if handed.await.is_ok() {
        // An error says that the writer has been closed: nobody can read anything any more.
        let _ = is_done.await;
    }
}

/// Reads slowly what nobody wants, until its writers have ended.
async fn forget(pipe: Pipe) {
    let mut buffer = vec![0; 4096];
    while pipe.readable().await.is_ok() {
        match pipe.try_read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            _ => sleep(BUSY).await,
        }
    }
}
