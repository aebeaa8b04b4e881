//! A real engine in a folder of its own, and a person who uses it.
//!
//! [`World::start`] runs the engine inside the test, [`World::process`] as a child that can be killed. Both
//! are reached as everybody reaches them: by the address and the token of the runtime file. What does not
//! come true in time fails with a story: what was waited for, and what was there instead.
#![expect(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod child;
mod pack;
mod programs;
mod rules;
mod wait;
mod world;

pub use child::Child;
pub use pack::PackFiles;
pub use programs::program;
pub use rules::{echo_every, interval_rule};
pub use wait::{Story, wait_until};
pub use world::{Answer, World};

pub use api;
pub use door;
