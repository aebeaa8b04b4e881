//! The pure decision with its memory and a real database behind it, as the engine's thread uses them.

mod ledger;
mod sequences;
mod stories;
mod timers;
mod world;
