//! Asking a running engine: commands over HTTP, news over a WebSocket.

use crate::failure::Failure;
use api::{ApiError, Code, UiEvent};
use door::{NoEngine, RuntimeInfo};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const TIMEOUT: Duration = Duration::from_secs(30);

/// A running engine.
pub(crate) struct Client {
    http: reqwest::Client,
    info: RuntimeInfo,
}

fn no_engine(error: &NoEngine, data_dir: &Path, named: bool) -> Failure {
    let option = if named { format!(" --data-dir '{}'", data_dir.display()) } else { String::new() };
    Failure::NoEngine(format!("{error}\nStart one with `attune serve{option}`, or open the window."))
}

impl Client {
    /// Finds the engine of a data folder by its runtime file.
    pub(crate) fn find(data_dir: Option<PathBuf>) -> Result<Self, Failure> {
        let named = data_dir.is_some();
        let data_dir = door::data_dir(data_dir).map_err(|error| Failure::Usage(error.to_string()))?;
        let info = door::find_engine(&data_dir).map_err(|error| no_engine(&error, &data_dir, named))?;
        // A proxy in the environment is for the net, not for this machine.
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
        let http = http.map_err(|error| Failure::Other(error.into()))?;
        Ok(Self { http, info })
    }

    fn gone(&self) -> Failure {
        Failure::NoEngine(format!(
            "the engine (process {}) does not answer at {}; is it just starting or ending?",
            self.info.pid, self.info.address
        ))
    }

    /// Runs a command of the contract.
    pub(crate) async fn call<A: DeserializeOwned>(
        &self,
        command: &str,
        request: &impl Serialize,
    ) -> Result<A, Failure> {
        let url = format!("http://{}/api/v1/rpc/{command}", self.info.address);
        let sent = self.http.post(url).bearer_auth(&self.info.token).json(request).send().await;
        let response = sent.map_err(|_| self.gone())?;
        let good = response.status().is_success();
        let status = response.status();
        let body = response.bytes().await.map_err(|_| self.gone())?;
        if !good {
            let unreadable =
                |_| ApiError::new(Code::Internal, format!("the engine answered {status} without saying why"));
            return Err(Failure::Refused(serde_json::from_slice(&body).unwrap_or_else(unreadable)));
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::Other(anyhow::anyhow!("the engine's answer to {command} is not understood: {error}"))
        })
    }

    /// Begins to hear what changes.
    pub(crate) async fn watch(&self) -> Result<News, Failure> {
        let mut request = format!("ws://{}/ws", self.info.address)
            .into_client_request()
            .map_err(|error| Failure::Other(error.into()))?;
        let token = HeaderValue::from_str(&format!("Bearer {}", self.info.token));
        request.headers_mut().insert("authorization", token.map_err(|error| Failure::Other(error.into()))?);
        let stream = TcpStream::connect(&self.info.address).await.map_err(|_| self.gone())?;
        let (mut socket, _) = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream))
            .await
            .map_err(|_| self.gone())?;
        let subscribe = Message::text(r#"{"type":"subscribe","filter":"feed"}"#);
        socket.send(subscribe).await.map_err(|_| self.gone())?;
        let mut news = News(socket);
        // Only what comes after this answer is sure to be told.
        while let Some(text) = news.text().await {
            if text.contains(r#""subscribed""#) {
                return Ok(news);
            }
        }
        Err(self.gone())
    }
}

/// What changes, as it changes.
pub(crate) struct News(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl News {
    async fn text(&mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next piece of news; none once the engine has gone.
    pub(crate) async fn next(&mut self) -> Option<UiEvent> {
        loop {
            if let Ok(event) = serde_json::from_str(&self.text().await?) {
                return Some(event);
            }
        }
    }
}
