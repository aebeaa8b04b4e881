//! Keeps the raw head of a request beside the HTTP parser, for the one question that the parser answers by
//! silently choosing: whether a request has both `Content-Length` and `Transfer-Encoding`.

use model::limits;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that came on a connection since its last answer, as far as a head may reach.
#[derive(Debug, Default)]
pub(crate) struct SeenBytes(Mutex<Vec<u8>>);

impl SeenBytes {
    fn note(&self, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = limits::HEAD_BYTES.saturating_sub(seen.len());
        seen.extend_from_slice(&bytes[..room.min(bytes.len())]);
    }

    /// A request is answered: what comes next is the next one.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether the head that was just read is chunked and says nothing else of its length. A head that came
    /// before the answer to the request before it (pipelining) is not here to be looked at: the answer is no.
    pub(crate) fn is_chunked_alone(&self) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&seen).to_ascii_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
        head.contains("\ntransfer-encoding:") && !head.contains("\ncontent-length")
    }
}

/// A connection whose incoming bytes are also noted.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    seen: Arc<SeenBytes>,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, seen: Arc<SeenBytes>) -> Self {
        Self { inner, seen }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.seen.note(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lengths_are_seen() {
        let alone = |head: &str| {
            let seen = SeenBytes::default();
            seen.note(head.as_bytes());
            seen.is_chunked_alone()
        };
        assert!(alone("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        assert!(!alone("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert!(!alone("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length : 3\r\n\r\n"));
        assert!(!alone("0\r\n\r\n"), "the rest of a body is no head");
    }
}
