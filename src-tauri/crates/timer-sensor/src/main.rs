//! `attune-core-timer-sensor`: the one sensor of all timers.
//!
//! [`agenda`] knows every timer and which instant comes next, and is told the time; [`timer`] decides what becomes
//! of the instants of one rule, by its [`history`] and by what passed unseen ([`moment`]); [`clockwork`] is the
//! thread that sleeps to the next instant in a machine's [`time`] (an [`alarm`] on the wall clock) and hands over
//! what became of it ([`deed`]). Deliberately absent: HTTP, tokens and retries (sensor-kit), and what instants a
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

use clockwork::Clockwork;
use sensor_kit::Failure;
use std::process::ExitCode;
use time::Machine;

fn main() -> ExitCode {
    sensor_kit::main(|start| {
        let machine = Machine::new()
            .map_err(|error| Failure::Sensor(format!("the timers cannot be started: {error}")))?;
        Clockwork::start(machine, start)
    })
}
