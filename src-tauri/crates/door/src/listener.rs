//! Accepting connections, and ending them.

use crate::connection::Connections;
use crate::framing::{SeenBytes, Watched};
use crate::server::{Connection, Door};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::limits;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A pause where the system has no descriptor left, instead of a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a request under way may take once the door closes.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The tasks behind an open door.
pub(crate) struct Listener {
    /// No new connection from here on.
    closed: CancellationToken,
    /// Connections end with the answer under way.
    ends: CancellationToken,
    tasks: TaskTracker,
}

impl Listener {
    pub(crate) fn start(listener: TcpListener, door: Arc<Door>) -> Self {
        let this = Self {
            closed: CancellationToken::new(),
            ends: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let (closed, ends, tasks) = (this.closed.clone(), this.ends.clone(), this.tasks.clone());
        this.tasks.spawn(async move {
            let accepting = accept(&listener, &door, &ends, &tasks);
            // Dropping the listener refuses who comes from now on.
            let _ = closed.run_until_cancelled(accepting).await;
        });
        this
    }

    /// Takes no new connection. Sensors that are about to end still post over theirs.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Lets answers under way go out, then ends every connection.
    pub(crate) async fn end(self) {
        self.close();
        self.ends.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn accept(listener: &TcpListener, door: &Arc<Door>, ends: &CancellationToken, tasks: &TaskTracker) {
    let connections = Arc::new(Connections::default());
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = connections.admit() else {
            tracing::warn!("{} connections are open; another one is refused", limits::CONNECTIONS);
            continue;
        };
        let connection = Connection { place, seen: Arc::default() };
        tasks.spawn(serve(stream, connection, Arc::clone(door), ends.clone()));
    }
}

async fn serve(stream: TcpStream, connection: Connection, door: Arc<Door>, ends: CancellationToken) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let seen: Arc<SeenBytes> = Arc::clone(&connection.seen);
    let connection = Arc::new(connection);
    let place = Arc::clone(&connection);
    let service = service_fn(move |request| {
        let (door, connection) = (Arc::clone(&door), Arc::clone(&connection));
        async move { Ok::<_, Infallible>(door.answer(request, &connection).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIMEOUT)
        .max_header_size(limits::HEAD_BYTES)
        .serve_connection(TokioIo::new(Watched::new(stream, seen)), service)
        .with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = place.place.evicted() => Ok(()),
        () = ends.cancelled() => {
            served.as_mut().graceful_shutdown();
            timeout(LAST_ANSWERS, served).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}
