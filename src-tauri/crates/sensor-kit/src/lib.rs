//! The client side of the sensor protocol, for sensors written in Rust.
//!
//! A sensor implements [`Sensor`] and hands itself to [`main`]; the kit does the rest: it reads the environment,
//! keeps the set of rules true (every page over HTTP, then the notifier stream, then every page again after a lost
//! connection), posts events and reports of missed instants with retries and each rule's in their order, renews the
//! token before it ends, and ends in order on SIGTERM and SIGINT. Deliberately absent: what a sensor watches, and
//! anything written to stdout, which nobody reads.
//!
//! ```no_run
//! use sensor_kit::{Event, Poster, Rule, Sensor};
//!
//! struct Doorbell { poster: Poster, rules: Vec<Rule> }
//!
//! impl Sensor for Doorbell {
//!     fn replace(&mut self, rules: Vec<Rule>) { self.rules = rules; }
//!     fn put(&mut self, rule: Rule) { self.remove(rule.id); self.rules.push(rule); }
//!     fn remove(&mut self, rule: model::RuleId) { self.rules.retain(|known| known.id != rule); }
//!     fn stop(&mut self) {}
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     sensor_kit::main(|start| Ok(Doorbell { poster: start.poster, rules: Vec::new() }))
//! }
//! ```

mod backoff;
mod client;
mod environment;
mod events;
mod fate;
mod lanes;
mod notifier;
mod renewal;
mod rules;
mod run;
mod token;

pub use environment::{Environment, EnvironmentError};
pub use events::{Backlog, Event, Poster};
pub use fate::{Distress, Failure};
pub use rules::Rule;
pub use run::{Limits, Sensor, Start, main, run};
