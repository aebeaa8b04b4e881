//! The types of the contract. Each has one name in Rust and the same in TypeScript.

mod engine;
mod event;
mod execution;
mod misfire;
mod now;
mod pack;
mod rule;
mod schedule;
mod score;
mod time;

pub use engine::*;
pub use event::*;
pub use execution::*;
pub use misfire::*;
pub use now::*;
pub use pack::*;
pub use rule::*;
pub use schedule::*;
pub use score::*;
pub use time::Time;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request without fields, or an answer that only says that it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Empty {}

/// A rule as others name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RuleLink {
    /// Its id.
    pub id: i64,
    /// Its name for machines.
    pub r#ref: String,
    /// Its name for people.
    pub label: String,
}

/// One wrong place of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct FieldError {
    /// Dotted path, such as `trigger_params.interval`; empty for the whole.
    pub field: String,
    /// A sentence.
    pub message: String,
}

impl From<model::Invalid> for FieldError {
    fn from(invalid: model::Invalid) -> Self {
        Self { field: invalid.field, message: invalid.message }
    }
}
