//! Engine, contract and door, put together: what the window and `attune serve` start and stop.

use crate::listener::Listener;
use crate::page::Page;
use crate::runtime_file::{RuntimeFile, RuntimeInfo};
use crate::server::Door;
use api::{Api, ApiError};
use engine::Engine;
use model::{Clock, SystemClock};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// How long streams get to say goodbye.
const GOODBYES: Duration = Duration::from_secs(1);

/// What a studio needs to know before it starts.
#[derive(Clone)]
pub struct StudioConfig {
    /// Where its data lie; made where it is missing.
    pub data_dir: PathBuf,
    /// The port of its door on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The folder of a built page to serve at `/`.
    pub web: Option<PathBuf>,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

impl StudioConfig {
    /// The usual studio: a free port, no page, the machine's clock.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self { data_dir, port: 0, web: None, clock: Arc::new(SystemClock) }
    }
}

/// Why a studio does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken.
    #[error("port {port} of 127.0.0.1 cannot be used: {source}; choose another one, or 0 for a free one")]
    Port {
        /// Which port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// There is no page to serve.
    #[error("{} holds no index.html: build the page first, or name another folder", .0.display())]
    NoPage(PathBuf),
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] engine::StartError),
    /// The system gives no randomness for tokens.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Nobody could find the engine.
    #[error("the runtime file {} cannot be written: {source}", path.display())]
    RuntimeFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A running engine behind an open door.
pub struct Studio {
    engine: Engine,
    api: Api,
    door: Arc<Door>,
    listener: Listener,
    address: SocketAddr,
    runtime_file: RuntimeFile,
}

impl Studio {
    /// Binds the port, starts the engine, opens the door and says where it is.
    ///
    /// # Errors
    /// [`StartError`], with nothing left running.
    pub async fn start(config: StudioConfig) -> Result<Self, StartError> {
        if let Some(web) = config.web.as_ref().filter(|web| !web.join("index.html").is_file()) {
            return Err(StartError::NoPage(web.clone()));
        }
        let port_error = |source| StartError::Port { port: config.port, source };
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(port_error)?;
        let address = socket.local_addr().map_err(port_error)?;
        let engine_config = engine::Config {
            clock: Arc::clone(&config.clock),
            ..engine::Config::new(config.data_dir.clone(), address)
        };
        let engine = Engine::start(engine_config).await?;
        match open(&config, &engine, address) {
            Ok((api, runtime_file)) => {
                let page = config.web.as_deref().map(|folder| Page::new(folder, address.port()));
                let door = Arc::new(Door::new(api.clone(), config.clock, address.port(), page));
                let listener = Listener::start(socket, Arc::clone(&door));
                tracing::info!(%address, "the door is open");
                Ok(Self { engine, api, door, listener, address, runtime_file })
            }
            Err(error) => {
                engine.stop(Duration::ZERO).await;
                Err(error)
            }
        }
    }

    /// The contract of the engine inside.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Where its door is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The file by which others find it.
    #[must_use]
    pub fn runtime_file(&self) -> &Path {
        self.runtime_file.path()
    }

    /// Ends everything in order: no new connection, then sensors and runs, then streams and connections,
    /// then the runtime file. `deadline` is what sensors and runs get to end by themselves.
    pub async fn stop(self, deadline: Duration) {
        self.listener.close();
        self.engine.stop(deadline).await;
        self.door.ends.cancel();
        self.door.stream_tasks.close();
        let _ = timeout(GOODBYES, self.door.stream_tasks.wait()).await;
        self.listener.end().await;
        drop(self.runtime_file);
        tracing::info!("the engine has stopped");
    }
}

/// What comes between the engine's start and the opening of the door.
fn open(
    config: &StudioConfig,
    engine: &Engine,
    address: SocketAddr,
) -> Result<(Api, RuntimeFile), StartError> {
    let api = Api::new(engine.clone())?;
    let info = RuntimeInfo {
        pid: std::process::id(),
        address: address.to_string(),
        token: api.admin_token(),
        data_dir: config.data_dir.canonicalize().unwrap_or_else(|_| config.data_dir.clone()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: engine.started_at(),
    };
    let runtime_file =
        RuntimeFile::write(&info).map_err(|(path, source)| StartError::RuntimeFile { path, source })?;
    Ok((api, runtime_file))
}
