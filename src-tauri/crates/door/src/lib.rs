//! The door: the one way in from other processes, HTTP and WebSocket on the loopback interface.
//!
//! It checks every request in one order (Host, Origin, token, route, content type, size), turns it into a
//! call of [`api::Api`], and turns the answer back. [`Studio`] puts engine, contract and door together for
//! the window and the command line. Deliberately absent: every decision about rules and runs, CORS, cookies,
//! TLS, and any address but 127.0.0.1.

mod body;
mod connection;
mod framing;
mod gate;
mod json;
mod listener;
mod notifier;
mod openapi;
mod page;
mod place;
mod rates;
mod refusal;
mod route;
mod runtime_file;
mod sensor;
mod server;
mod studio;

pub use json::{BadJson, read as read_json};
pub use place::{NoDataDir, data_dir};
pub use route::{ROUTES, Route, Scope};
pub use runtime_file::{NoEngine, RuntimeInfo, find_engine};
pub use studio::{StartError, Studio, StudioConfig};
