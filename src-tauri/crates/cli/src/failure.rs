//! How a command ends badly, and with which exit code.

use api::ApiError;
use std::io;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The engine said no.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// It ran, and the answer is that something is not well; it has been said already.
    #[error("")]
    Said,
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// There is no engine to ask.
    #[error("{0}")]
    NoEngine(String),
    /// Output cannot be written, or a file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Anything else, with its cause.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// Whether it is nothing but a reader that has seen enough, such as `head`.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::NoEngine(_) => 3,
            _ if self.is_closed_pipe() => 0,
            _ => 1,
        })
    }
}
