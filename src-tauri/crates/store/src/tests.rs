//! The store as its users meet it: real files, real threads.

mod opening;
mod output;
mod plans;
mod reading;
mod search;
mod sizes;
mod world;
mod writing;
