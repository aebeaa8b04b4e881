//! `attune-core-timer-sensor`: the one sensor of all timers.
//!
//! [`agenda`] knows every timer and which instant comes next, and is told the time; [`alarm`] sleeps to an
//! instant of the wall clock; [`clockwork`] is the thread that brings the two together and hands events over.
//! Deliberately absent: HTTP, tokens and retries (sensor-kit), and what instants a schedule has (schedule).

mod agenda;
mod alarm;
mod clockwork;
mod history;

use clockwork::Clockwork;
use std::process::ExitCode;

fn main() -> ExitCode {
    sensor_kit::main(Clockwork::start)
}
