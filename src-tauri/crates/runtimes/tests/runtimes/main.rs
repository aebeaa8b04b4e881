//! Interpreters that are there, too old or missing, and environments that are built once.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod environments;
mod interpreters;
mod kit;
