//! The one sensor of all timers.
//!
//! [`Agenda`] knows every timer and which instant comes next, and is told the time; `timer` decides what becomes
//! of the instants of one rule, by its `history` and by what passed unseen ([`Moment`]); [`Clockwork`] is the
//! thread that sleeps to the next instant in a machine's time ([`Machine`]: an `alarm` on the wall clock) and hands over
//! what became of it ([`Deed`]). Deliberately absent: HTTP, tokens and retries (sensor-kit), and what instants a
//! schedule has (schedule).

mod agenda;
mod alarm;
mod clockwork;
mod deed;
#[cfg(test)]
mod hand;
mod history;
mod moment;
mod time;
mod timer;

pub use agenda::Agenda;
pub use clockwork::Clockwork;
pub use deed::{Deed, Fired, Late};
pub use moment::Moment;
pub use time::{Machine, Time};
