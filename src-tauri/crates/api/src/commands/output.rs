//! Output of executions, from a place on: as text for people, as bytes for programs.

use super::execution::output_size;
use crate::wire::{ExecutionOutputRequest, OutputChunk, OutputEncoding, OutputPage, StreamView};
use crate::{Api, ApiError, Code};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Execution, Timestamp};
use store::output::{Cursor, PerStream, Piece, Stream};

/// Bytes of a page where the request does not say, and at most.
const PAGE_BYTES: u32 = 256 * 1024;
const MOST_BYTES: u32 = 1024 * 1024;

/// How far somebody has read: the place in the output, and the bytes of a character whose rest had not come.
#[derive(Default)]
struct Place {
    cursor: Cursor,
    begun: PerStream<Vec<u8>>,
}

impl Place {
    fn read(text: &str) -> Result<Self, ApiError> {
        let wrong = || {
            let message = "that is not a place in an output: hand back `next` of the page before as it was";
            ApiError::from(model::Invalid::new("cursor", message))
        };
        let mut parts = text.split('~');
        let cursor = parts.next().unwrap_or_default().parse().map_err(|_| wrong())?;
        let mut begun = || hex::decode(parts.next().unwrap_or_default()).map_err(|_| wrong());
        let begun = PerStream { stdout: begun()?, stderr: begun()? };
        if begun.stdout.len() > 3 || begun.stderr.len() > 3 {
            return Err(wrong());
        }
        Ok(Self { cursor, begun })
    }

    fn write(&self) -> String {
        let PerStream { stdout, stderr } = &self.begun;
        if stdout.is_empty() && stderr.is_empty() {
            return self.cursor.to_string();
        }
        format!("{}~{}~{}", self.cursor, hex::encode(stdout), hex::encode(stderr))
    }

    /// Text of a piece; a character that is not whole yet waits for the next piece of its stream.
    fn text(&mut self, stream: Stream, bytes: &[u8]) -> String {
        let begun = self.begun.of_mut(stream);
        begun.extend_from_slice(bytes);
        let whole = begun.len() - unfinished(begun);
        let rest = begun.split_off(whole);
        let text = String::from_utf8_lossy(begun).into_owned();
        *begun = rest;
        text
    }
}

/// Bytes at the end that begin a character (UTF-8, RFC 3629) whose rest is missing: 0 to 3.
fn unfinished(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => 0,
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        Err(_) => {
            let tail = bytes.len().saturating_sub(3);
            (tail..bytes.len())
                .find(|start| begins_unfinished(&bytes[*start..]))
                .map_or(0, |start| bytes.len() - start)
        }
    }
}

fn begins_unfinished(bytes: &[u8]) -> bool {
    let starts = bytes.first().is_some_and(|byte| *byte >= 0xC2);
    starts
        && std::str::from_utf8(bytes)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

impl From<Stream> for StreamView {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
        }
    }
}

impl Api {
    pub(crate) async fn execution_output(
        &self,
        request: ExecutionOutputRequest,
    ) -> Result<OutputPage, ApiError> {
        let run = self.execution(request.id).await?;
        let output = self.engine.output().clone();
        let limit = request.limit_bytes.unwrap_or(PAGE_BYTES).clamp(1, MOST_BYTES) as usize;
        let stream = request.stream.map(|stream| match stream {
            StreamView::Stdout => Stream::Stdout,
            StreamView::Stderr => Stream::Stderr,
        });
        let mut place = request.cursor.as_deref().map(Place::read).transpose()?.unwrap_or_default();
        let (from, tail) = (place.cursor, request.tail && request.cursor.is_none());
        let (id, attempt) = (run.id, run.attempt);
        let page = tokio::task::spawn_blocking(move || {
            let from = if tail { output.near_end(id, attempt, stream, limit)? } else { from };
            output.read(id, attempt, from, stream, limit)
        });
        let page = page.await.map_err(|error| ApiError::new(Code::Internal, error.to_string()))??;
        place.cursor = page.next;
        let begin = run.started_at.unwrap_or(run.requested_at);
        let mut chunks: Vec<OutputChunk> =
            page.pieces.iter().map(|piece| chunk(&mut place, piece, begin, request.encoding)).collect();
        let ended = run.status.is_final()
            && (page.size.ended || page.size == store::output::Size::default())
            && !page.more;
        if ended {
            chunks.extend(last_bytes(&mut place, &run));
        }
        Ok(OutputPage { chunks, next: place.write(), more: page.more, ended, size: output_size(&page.size) })
    }
}

fn chunk(place: &mut Place, piece: &Piece, begin: Timestamp, encoding: OutputEncoding) -> OutputChunk {
    let data = match encoding {
        OutputEncoding::Base64 => STANDARD.encode(&piece.bytes),
        OutputEncoding::Text => place.text(piece.stream, &piece.bytes),
    };
    OutputChunk {
        stream: piece.stream.into(),
        offset: piece.offset,
        at_ms: piece.at.millis_since(begin).max(0),
        data,
        dropped_before: piece.dropped_before,
    }
}

/// Characters that were begun and never finished.
fn last_bytes(place: &mut Place, run: &Execution) -> Vec<OutputChunk> {
    let begin = run.started_at.unwrap_or(run.requested_at);
    let at_ms = run.finished_at.map_or(0, |end| end.millis_since(begin).max(0));
    let mut chunks = Vec::new();
    for stream in [Stream::Stdout, Stream::Stderr] {
        let rest = std::mem::take(place.begun.of_mut(stream));
        if !rest.is_empty() {
            let data = String::from_utf8_lossy(&rest).into_owned();
            chunks.push(OutputChunk { stream: stream.into(), offset: 0, at_ms, data, dropped_before: 0 });
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_comes_in_two_pieces_is_one_character() {
        let mut place = Place::default();
        let bytes = "é→🙂".as_bytes();
        for cut in 0..=bytes.len() {
            let text = place.text(Stream::Stdout, &bytes[..cut]) + &place.text(Stream::Stdout, &bytes[cut..]);
            assert_eq!(text, "é→🙂", "cut at {cut}");
        }
        assert_eq!(place.text(Stream::Stdout, b"a\xffb\xe2\x86"), "a\u{fffd}b");
        let mut later = Place::read(&place.write()).unwrap();
        assert_eq!(later.text(Stream::Stdout, b"\x92!"), "→!");
        assert!(Place::read("nonsense").is_err());
    }
}
