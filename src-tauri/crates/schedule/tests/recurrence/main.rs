//! Recurrences: what RFC 5545 shows, what it forbids, and what follows from it in every zone.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod ask;
mod clock_changes;
mod examples;
mod literal;
mod more_examples;
mod properties;
mod refused;
mod told;
mod zones;
