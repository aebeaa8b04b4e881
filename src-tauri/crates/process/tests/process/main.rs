//! Real children, and what becomes of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod cgroup;
mod child;
mod shapes;
mod tree;
mod watchdog;
