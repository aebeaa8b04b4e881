//! Why something that was written could not be read or worked out, and where.

use crate::language::{Failure, Place, Wrong};
use model::{Invalid, Reason};

/// Why a text could not be read or worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The dotted path of the text, such as `action_params.message`; empty for the whole.
    pub path: String,
    /// Where in the text.
    pub place: Option<Place>,
    /// What was found, what was expected, what to do.
    pub message: String,
}

impl Fault {
    pub(crate) fn wrong(path: &str, wrong: Wrong) -> Self {
        Self { path: path.to_owned(), place: Some(wrong.place), message: wrong.message }
    }

    pub(crate) fn failed(path: &str, failure: &Failure) -> Self {
        let message = failure.message().to_owned();
        Self { path: path.to_owned(), place: Some(failure.place), message }
    }

    pub(crate) fn whole(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), place: None, message: message.into() }
    }

    fn sentence(&self) -> String {
        match self.place {
            Some(place) => format!("{place}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

impl From<Fault> for Invalid {
    fn from(fault: Fault) -> Self {
        let message = fault.sentence();
        Self::new(fault.path, message)
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        let message = Some(fault.sentence());
        Self { path: fault.path, message, ..Self::default() }
    }
}
