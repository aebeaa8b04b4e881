//! What can go wrong with a database, told by what can be done about it.

use rusqlite::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};

/// Why a database cannot be opened. Each is a sentence for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A link in its place: it could lead anywhere.
    #[error("{} is a symbolic link; put the database file itself there, or point the data folder elsewhere", .0.display())]
    Link(PathBuf),
    /// Something else than a file in its place.
    #[error("{} is not a file but a folder or device; move it away, then start again", .0.display())]
    NotAFile(PathBuf),
    /// A file, but not SQLite's.
    #[error("{} is not a database, or its beginning is damaged; move it away to begin anew, or put a backup in its place", .0.display())]
    NotADatabase(PathBuf),
    /// SQLite's, but not ours.
    #[error("{} is the database of another program; move it away, or point the data folder elsewhere", .0.display())]
    Foreign(PathBuf),
    /// Written by a later version.
    #[error(
        "{} was written by a newer Attune Studio (format {found}; this one knows up to {known}); \
         it was left as it is: install the newer version again",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// Its format was made by steps that differ from those of this program.
    #[error(
        "{} was brought to format {step} by a different build of Attune Studio; \
         it was left as it is: use that build, or put a backup in its place",
        path.display()
    )]
    OtherHistory {
        /// The file.
        path: PathBuf,
        /// The first step that differs.
        step: u32,
    },
    /// It may not be written.
    #[error("{} cannot be written: {reason}; give your user the right to write the file and its folder", path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No space is left.
    #[error("there is no space left for {}; free some, then start again", .0.display())]
    StorageFull(PathBuf),
    /// Its content is damaged.
    #[error("{} is damaged ({reason}); move it away and put a backup in its place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// Another program holds it.
    #[error("{} is in use by another program; close that one, then start again", .0.display())]
    Busy(PathBuf),
    /// Anything else of the system or of SQLite.
    #[error("{} cannot be opened: {reason}", path.display())]
    Other {
        /// The file or folder.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
}

impl OpenError {
    pub(crate) fn system(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, reason: error.to_string() }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull(path),
            _ => Self::Other { path, reason: error.to_string() },
        }
    }

    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, reason: error.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, reason: error.to_string() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            _ if is_full(error) => Self::StorageFull(path),
            _ => Self::Other { path, reason: error.to_string() },
        }
    }
}

/// Why nothing was written: all of the transaction is undone.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// No space is left. It can recover by itself once there is.
    #[error("there is no space left on the disk of the database")]
    StorageFull(#[source] rusqlite::Error),
    /// Anything else: the file cannot be trusted until it was read anew.
    #[error("the database could not be written: {0}")]
    Failed(#[from] WriteFault),
}

/// What stood in the way of a write.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WriteFault(#[from] Fault);

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("a value cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl CommitError {
    /// Whether the disk is full.
    #[must_use]
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Self::StorageFull(_))
    }
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) {
            Self::StorageFull(error)
        } else {
            Self::Failed(WriteFault(Fault::Sqlite(error)))
        }
    }
}

impl From<serde_json::Error> for CommitError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(WriteFault(Fault::Json(error)))
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It took too long and was cut, so that it does not hold up the writer's housekeeping.
    #[error("the question took longer than {} s; ask for less", crate::readers::LONGEST.as_secs())]
    TooSlow,
    /// Every reader was busy all the time.
    #[error("the database is busy with other questions; try again")]
    Busy,
    /// A row that this program cannot have written.
    #[error("the database holds a value that cannot be read: {0}")]
    Unreadable(String),
    /// Anything else.
    #[error("the database could not be read: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            _ if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Self::TooSlow,
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Unreadable(error.to_string()),
            error => Self::Sqlite(error),
        }
    }
}

/// Whether an error means that the disk is full. The shared-memory file of the write-ahead log reports that in
/// its own way.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}
