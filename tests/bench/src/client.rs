//! A client as light as can be: one connection that is kept, bytes written and read by hand.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where to post, and with what in front.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) port: u16,
    head: String,
}

impl Target {
    pub(crate) fn new(port: u16, path: &str, token: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: "
        );
        Self { port, head }
    }
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    target: Target,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", target.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, target: target.clone(), request: Vec::new(), answer: Vec::new() })
    }

    /// Posts a body, waits for its `200` or `201`, and reads the answer's body.
    pub(crate) async fn post(&mut self, body: &str) -> Result<&[u8]> {
        self.request.clear();
        self.request.extend_from_slice(self.target.head.as_bytes());
        self.request.extend_from_slice(body.len().to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let body = loop {
            if let Some(body) = body_of(&self.answer)? {
                break body;
            }
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the connection ended before the answer");
            }
        };
        if !self.answer.starts_with(b"HTTP/1.1 20") {
            bail!("the post was not taken: {}", String::from_utf8_lossy(&self.answer));
        }
        Ok(&self.answer[body..])
    }
}

/// Where the body begins, once head and body are there; an answer says how long it is.
fn body_of(answer: &[u8]) -> Result<Option<usize>> {
    const NAME: &[u8] = b"content-length: ";
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = &answer[..end];
    let at = head.windows(NAME.len()).position(|bytes| bytes.eq_ignore_ascii_case(NAME));
    let length = at.map(|at| &head[at + NAME.len()..]).context("an answer without a length")?;
    let digits = length.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&length[..digits])?.parse()?;
    Ok((answer.len() >= end + 4 + length).then_some(end + 4))
}
