//! Bytes as no well-behaved client would send them, and the pack that the tests of the door share.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use harness::PackFiles;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer takes; the longest limit of the door is 10 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the door without any HTTP library between.
#[derive(Debug)]
pub struct Raw(TcpStream);

/// What came back, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnswer {
    /// The status; 0 where nothing came before the connection ended.
    pub status: u16,
    /// Head and body, as they came.
    pub text: String,
}

impl Raw {
    /// Connects.
    ///
    /// # Panics
    /// Where the door is shut.
    pub async fn connect(port: u16) -> Self {
        Self(TcpStream::connect(("127.0.0.1", port)).await.expect("the door takes connections"))
    }

    /// Sends bytes; false once the other side takes no more.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads until the other side ends the connection.
    ///
    /// # Panics
    /// Where it does not end it.
    pub async fn read_to_end(&mut self) -> RawAnswer {
        let mut bytes = Vec::new();
        // A reset after the answer is an end as well.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the connection ends in time");
        RawAnswer::of(&bytes)
    }

    /// Reads one answer whose body has a declared length.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn read_answer(&mut self) -> RawAnswer {
        let mut bytes = Vec::new();
        let mut piece = [0_u8; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    return RawAnswer::of(&bytes);
                }
            }
            let read = timeout(PATIENCE, self.0.read(&mut piece)).await.expect("an answer comes in time");
            match read {
                Ok(0) | Err(_) => return RawAnswer::of(&bytes),
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
            }
        }
    }
}

impl RawAnswer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, text }
    }
}

/// Sends one request and reads to the end of the connection.
///
/// # Panics
/// Where the door is shut or the connection does not end.
pub async fn exchange(port: u16, request: impl AsRef<[u8]>) -> RawAnswer {
    let mut raw = Raw::connect(port).await;
    raw.send(request).await;
    raw.read_to_end().await
}

/// Two triggers with a sensor each, one of them with a schema.
#[must_use]
pub fn lab() -> PackFiles {
    let strict = "ref: lab.strict\nlabel: Strict\ndescription: For a test.\n\
                  output:\n  value: {type: integer, required: true}\n";
    PackFiles::new("lab")
        .trigger("ping")
        .file("triggers/strict.yaml", strict)
        .sensor("watcher", "ping", "#!/bin/sh\nexec sleep 600\n")
        .sensor("other", "strict", "#!/bin/sh\nexec sleep 600\n")
        .action("emit", "#!/bin/sh\necho done\n")
}
