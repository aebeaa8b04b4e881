//! Keeps wanted sensor processes alive.
//!
//! The engine says which sensors are wanted; the [`Roster`] starts them, watches them, starts them again
//! after a pause that doubles, and stops them. Their log is kept with rotation and never read for meaning:
//! events come over HTTP only. Deliberately absent: rules, events, the database.

mod backoff;
mod log;
mod roster;
mod status;
mod tokens;
mod watch;

pub use backoff::Backoff;
pub use log::LogFile;
pub use roster::{Roster, RosterConfig, Wanted};
pub use status::{SensorState, SensorStatus};
pub use tokens::{FreshToken, Scope, TokenError, TokenTable};
