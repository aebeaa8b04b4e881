//! A machine whose time is a number: the real decisions, the real database, the real agenda of the timer sensor, and
//! children that only pretend to work.
//!
//! Nothing waits: the machine jumps from one due thing to the next, so months pass in seconds. Everything that is random
//! comes from one seed, which a failure prints. Deliberately absent: threads, HTTP and processes, which have tests of
//! their own.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a simulation that cannot go on fails the test by saying why"
)]

mod chance;
mod ledger;
mod machine;

pub use chance::Chance;
pub use ledger::{Ledger, Span};
pub use machine::Machine;
