//! The limit: as little as does the same job. `axum`, one thread with one connection to SQLite, one row an event,
//! `synchronous = FULL`, what waits together committed together, answered after the commit. Beside it an echo that
//! keeps nothing, a bare start of a program after the commit, and a bare run of one to its end. Nothing is parsed, checked, decided or shown.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use rusqlite::Connection;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// As many as the engine takes into one transaction.
const BATCH: usize = model::limits::BATCH;

struct Row {
    body: Bytes,
    written: oneshot::Sender<i64>,
}

#[derive(Clone)]
struct Job {
    rows: mpsc::Sender<Row>,
    programs: Arc<Path>,
}

impl Job {
    async fn keep(&self, body: Bytes) -> Option<i64> {
        let (written, id) = oneshot::channel();
        self.rows.send(Row { body, written }).await.ok()?;
        id.await.ok()
    }
}

fn answer(id: Option<i64>) -> impl IntoResponse {
    let status = if id.is_some() { StatusCode::CREATED } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, [(CONTENT_TYPE, "application/json")], format!(r#"{{"data":{{"id":{}}}}}"#, id.unwrap_or(0)))
}

async fn event(State(job): State<Job>, body: Bytes) -> impl IntoResponse {
    answer(job.keep(body).await)
}

async fn echo(body: Bytes) -> impl IntoResponse {
    (StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], body)
}

fn spawn(program: &Path) -> std::io::Result<tokio::process::Child> {
    #[expect(clippy::disallowed_methods, reason = "the bare start is what the engine's is measured against")]
    let mut command = tokio::process::Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

async fn start(State(job): State<Job>, body: Bytes) -> impl IntoResponse {
    let id = job.keep(body).await;
    if let Ok(mut child) = spawn(&job.programs.join("mark")) {
        tokio::spawn(async move { child.wait().await });
    }
    answer(id)
}

async fn run(State(job): State<Job>) -> impl IntoResponse {
    let ended = match spawn(&job.programs.join("nothing")) {
        Ok(mut child) => child.wait().await.is_ok_and(|status| status.success()),
        Err(_) => false,
    };
    answer(ended.then_some(0))
}

/// Serves until its standard input ends; says its port on standard output.
#[expect(clippy::print_stdout, reason = "the process that started it reads the port there")]
pub(crate) async fn serve(folder: &Path, programs: &Path) -> Result<()> {
    let (rows, waiting) = mpsc::channel(model::limits::INBOX);
    let db = open(folder.join("limit.db"))?;
    std::thread::Builder::new().name("writer".to_owned()).spawn(move || write(&db, waiting))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let routes = Router::new()
        .route("/event", post(event))
        .route("/echo", post(echo))
        .route("/start", post(start))
        .route("/run", post(run))
        .with_state(Job { rows, programs: programs.into() });
    let (ended, ends) = oneshot::channel();
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    })?;
    tokio::select! {
        served = axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        }), routes) => served.context("the limit ended"),
        _ = ends => Ok(()),
    }
}

fn open(path: PathBuf) -> Result<Connection> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; \
         CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB NOT NULL);",
    )?;
    Ok(db)
}

fn write(db: &Connection, mut waiting: mpsc::Receiver<Row>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        // Where the database fails nobody hears an id, and the measurement ends with an error.
        let Ok(ids) = commit(db, &batch) else { return };
        for (row, id) in batch.into_iter().zip(ids) {
            let _ = row.written.send(id);
        }
    }
}

fn commit(db: &Connection, batch: &[Row]) -> rusqlite::Result<Vec<i64>> {
    let transaction = db.unchecked_transaction()?;
    let mut insert = transaction.prepare_cached("INSERT INTO event (body) VALUES (?1)")?;
    let ids = batch.iter().map(|row| insert.insert([&row.body[..]])).collect::<Result<_, _>>()?;
    drop(insert);
    transaction.commit()?;
    Ok(ids)
}
