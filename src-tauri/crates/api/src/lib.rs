//! The contract of the engine with everybody who looks at it: the window, the command line, a browser.
//!
//! One table of commands ([`COMMANDS`]) is all of it: Rust dispatches by it, TypeScript is generated from
//! it, the OpenAPI document lists it. A type crosses the bridge only from [`wire`]. Deliberately absent:
//! HTTP, Tauri, and any decision of its own.

mod api;
mod command;
mod commands;
mod error;
mod feed;
mod typescript;
pub mod wire;

pub use api::{Api, Caller, NewEvent, Posted, SensorRule, SensorRulePage};
pub use command::{COMMANDS, CommandInfo};
pub use engine::RuleChange;
pub use error::{ApiError, Code};
pub use feed::{Feed, UiEvent};
pub use sensors::FreshToken;
pub use typescript::typescript;
