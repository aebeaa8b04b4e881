//! Packs: folders of YAML and scripts, read into the model with diagnostics that name the place.
//!
//! A pack loads whole or not at all. Everything that is wrong is told at once, each with file, line and
//! column; what is merely odd (an unknown key) is a warning beside a pack that loads. Deliberately absent:
//! running anything of a pack, the database, and the network.

mod digest;
mod entry;
mod fields;
mod folder;
mod parts;
mod rule_file;
mod runtimes;
mod schemas;
mod shipped;
mod yaml;

pub use entry::shipped_program;
pub use folder::{load, load_all};
pub use rule_file::{WrittenRule, read_rule, write_rule};
pub use shipped::unpack_shipped;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The pack does not load.
    Error,
    /// The pack loads; whoever wrote it wants to know.
    Warning,
}

/// Something about a pack that whoever wrote it should know, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the pack's folder; `.` for the folder itself.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What was found, what was expected, what to do; a sentence.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {severity}: {}", self.file.display(), self.line, self.column, self.message)
    }
}

/// A pack that loads.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The pack.
    pub pack: model::Pack,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
}
