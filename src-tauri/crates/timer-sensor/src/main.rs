//! `attune-core-timer-sensor`: the process of the timer sensor.

use sensor_kit::Failure;
use std::process::ExitCode;
use timer_sensor::{Clockwork, Machine};

fn main() -> ExitCode {
    sensor_kit::main(|start| {
        let machine = Machine::new()
            .map_err(|error| Failure::Sensor(format!("the timers cannot be started: {error}")))?;
        Clockwork::start(machine, start)
    })
}
