//! Where answers go.

use crate::failure::Failure;
use crate::text;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// Standard output, as tables for people or as JSON for scripts.
pub(crate) struct Screen {
    json: bool,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// An answer in one of its two forms.
    pub(crate) fn show(
        &self,
        answer: &impl Serialize,
        people: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let value: Value = serde_json::to_value(answer).map_err(io::Error::from)?;
            self.write(&format!("{}\n", text::json(&value)))
        } else {
            self.write(&people())
        }
    }

    /// Text that is already safe.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        self.write_bytes(text.as_bytes())
    }

    /// Bytes as they are.
    pub(crate) fn write_bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }
}

/// A sentence on standard error.
pub(crate) fn complain(message: &str) {
    let mut plain = text::Plain::default();
    let text = plain.push(message) + &plain.finish();
    let _ = writeln!(io::stderr().lock(), "attune: {text}");
}
