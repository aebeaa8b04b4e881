//! The expression language: minijinja's, read and worked out here, with its filters and tests.
//!
//! Reading (`words`, `parse`) makes a tree of bounded size and depth, so that nothing after it can exhaust the
//! stack. Working out (`evaluate`) pays for every step, so that time and memory are bounded too: what the
//! library itself does not count (repeated lists, joined lists, lists made into text) is done by `operators`.
//! Values compare and add as they do in conditions: text is never a number, and what cannot be compared is
//! told instead of ordered somehow. Deliberately absent: statements, functions, methods, assignments, loaders.

mod evaluate;
mod library;
mod names;
mod operators;
mod parse;
mod tree;
mod values;
mod words;

pub(crate) use evaluate::{Failure, Run};
pub(crate) use names::{Names, ROOTS, SCOPE};
pub(crate) use parse::{Dialect, Parsed, parse};
pub(crate) use tree::Uses;
pub(crate) use values::{Budget, text};
pub use words::Place;
pub(crate) use words::Wrong;
