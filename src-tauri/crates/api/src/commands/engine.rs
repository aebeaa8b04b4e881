//! The engine and its figures.

use crate::wire::{Empty, EngineState, EngineStatus, Time};
use crate::{Api, ApiError};
use sensors::SensorState;

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Api {
    pub(crate) async fn engine_status(&self, _: Empty) -> Result<EngineStatus, ApiError> {
        Ok(self.status())
    }

    pub(super) fn status(&self) -> EngineStatus {
        let (engine, shared) = (&self.engine, self.engine.shared());
        let (rules, sensors, now) = (shared.rules(), shared.sensors(), engine.clock().now());
        let fault = shared.fault();
        let wanted = || sensors.values().filter(|sensor| sensor.state != SensorState::Stopped);
        EngineStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: if fault.is_some() { EngineState::Faulted } else { EngineState::Running },
            fault,
            now: Time(now),
            zone: Time::zone_name(),
            started_at: Time(engine.started_at()),
            pid: std::process::id(),
            data_dir: engine.config().data_dir.display().to_string(),
            address: engine.config().address.to_string(),
            events_per_second: shared.events_per_second(now),
            waiting: count(shared.waiting()),
            running: count(shared.running()),
            places: count(model::limits::RUNNING),
            rules: count(rules.by_id.len()),
            rules_enabled: count(rules.by_id.values().filter(|rule| rule.enabled()).count()),
            sensors: count(wanted().count()),
            sensors_running: count(wanted().filter(|sensor| sensor.state == SensorState::Running).count()),
        }
    }
}
