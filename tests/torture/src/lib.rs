//! Clients that never give up, dice that can be thrown again, and a look into the database of a dead engine.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod ledger;

pub use client::{Acknowledged, Client, Door};
pub use ledger::Ledger;

use std::hash::{BuildHasher, Hasher, RandomState};

/// Random numbers that come again with the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `ATTUNE_SEED`, else another one each time.
    ///
    /// # Panics
    /// Where `ATTUNE_SEED` is no number.
    #[must_use]
    pub fn seed() -> u64 {
        match std::env::var("ATTUNE_SEED") {
            Ok(seed) => seed.parse().expect("ATTUNE_SEED is a number"),
            Err(_) => RandomState::new().build_hasher().finish() >> 32,
        }
    }

    /// A number from 0 to below `end` (SplitMix64).
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
