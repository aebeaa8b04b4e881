//! Connections that only read, shared by all threads.

use crate::error::{OpenError, QueryError};
use crate::open::open_to_read;
use crate::view::View;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Questions that are answered at once.
const CONNECTIONS: usize = 4;
/// How long one may take: an old reader keeps the write-ahead log from being emptied.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;

/// A few connections for reading `state.db`. Cheap to clone; usable from any thread.
#[derive(Clone, Debug)]
pub struct Readers(Arc<Pool>);

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Pool::open(path, CONNECTIONS)?)))
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Asks questions that all see the database at the same instant. Blocks: first until a connection is free, then
    /// for as long as the questions take, 5 s at most.
    ///
    /// # Errors
    /// [`QueryError`], also whatever `questions` returns.
    pub fn read<T>(
        &self,
        questions: impl FnOnce(&View<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        self.0.read(|conn| questions(&View::new(conn)))
    }
}

/// Connections to one file that only read.
#[derive(Debug)]
pub(crate) struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    returned: Condvar,
}

#[derive(Debug)]
struct Reader {
    conn: Connection,
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl Pool {
    pub(crate) fn open(path: &Path, connections: usize) -> Result<Self, OpenError> {
        let idle = (0..connections).map(|_| Reader::open(path)).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), idle: Mutex::new(idle), returned: Condvar::new() })
    }

    pub(crate) fn read<T>(
        &self,
        questions: impl FnOnce(&Connection) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let lent = Lent { pool: self, reader: Some(self.take()?) };
        lent.ask(questions)
    }

    fn take(&self) -> Result<Reader, QueryError> {
        let idle = lock(&self.idle);
        let waited = self.returned.wait_timeout_while(idle, LONGEST, |idle| idle.is_empty());
        let (mut idle, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        idle.pop().ok_or(QueryError::Busy)
    }
}

/// Gives the connection back however the questions end.
struct Lent<'a> {
    pool: &'a Pool,
    reader: Option<Reader>,
}

impl Lent<'_> {
    fn ask<T>(&self, questions: impl FnOnce(&Connection) -> Result<T, QueryError>) -> Result<T, QueryError> {
        let Some(reader) = &self.reader else { return Err(QueryError::Busy) };
        *lock(&reader.deadline) = Some(Instant::now() + LONGEST);
        // Also where the questions panic, the transaction ends when this goes out of scope.
        let one_instant = reader.conn.unchecked_transaction()?;
        let answer = questions(&reader.conn);
        *lock(&reader.deadline) = None;
        one_instant.finish()?;
        answer
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            lock(&self.pool.idle).push(reader);
            self.pool.returned.notify_one();
        }
    }
}

impl Reader {
    fn open(path: &Path) -> Result<Self, OpenError> {
        let mut conn = open_to_read(path)?;
        let deadline: Arc<Mutex<Option<Instant>>> = Arc::default();
        let watched = deadline.clone();
        let overdue = move || lock(&watched).is_some_and(|deadline| Instant::now() > deadline);
        conn.progress_handler(STEPS, Some(overdue)).map_err(|error| OpenError::sqlite(path, &error))?;
        Ok(Self { conn, deadline })
    }
}

/// A thread that panicked while it held the lock left a whole value: each is set in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
