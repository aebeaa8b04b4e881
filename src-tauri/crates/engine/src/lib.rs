//! The engine: decide, write, apply; commit; then publish and perform.
//!
//! One thread decides and one connection writes; everything else sends it a value of the closed enum
//! [`Input`]. Inputs that wait together are decided one after the other, each on the memory that the one
//! before has left, and committed together. Nothing is answered, shown or done before the commit.
//! A commit that fails rebuilds memory from the file: what was decided in that batch never happened.
//!
//! Deliberately absent: HTTP, Tauri, wire formats, and any clock but the one in [`Config`].

mod catalog;
mod decide;
mod dispatcher;
mod effect;
pub mod feed;
mod input;
mod lifecycle;
mod meter;
mod plan;
mod record;
mod settle;
mod shared;
mod state;
mod step;
#[cfg(test)]
mod tests;

pub use catalog::{Catalog, PackEntry};
pub use decide::{body_faults, decide, rule_of_instance};
pub use input::{Answer, Input, NewEvent, Prior, Refusal};
pub use lifecycle::{Config, Engine, StartError};
pub use plan::{same_grid, same_schedule};
pub use settle::settle;
pub use shared::{RuleChange, Shared};
pub use state::{NextIds, Rules, SignOfLife, State};
pub use step::{Change, Effect, RuleChangeKind, Step};
