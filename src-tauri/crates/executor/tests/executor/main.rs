//! Real scripts, run by a real executor into a real output database.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod endings;
mod files;
mod kit;
mod output;
mod runs;
mod surroundings;
