//! Sensors and their processes.

use crate::wire::{Empty, SensorList, SensorRequest, SensorStateView, SensorView, Time};
use crate::{Api, ApiError, Code};
use model::{Ref, Sensor};
use sensors::{LogFile, SensorState, SensorStatus};

/// Lines of a log that are shown.
const LOG_LINES: usize = 40;

impl From<SensorState> for SensorStateView {
    fn from(state: SensorState) -> Self {
        match state {
            SensorState::Starting => Self::Starting,
            SensorState::Running => Self::Running,
            SensorState::Stopped => Self::Stopped,
            SensorState::Failed => Self::Failed,
            SensorState::Backoff => Self::Backoff,
        }
    }
}

impl Api {
    pub(crate) async fn sensor_list(&self, _: Empty) -> Result<SensorList, ApiError> {
        let catalog = self.engine.shared().catalog();
        let api = self.clone();
        let views = tokio::task::spawn_blocking(move || {
            catalog.sensors().map(|sensor| api.sensor_view(sensor)).collect::<Vec<_>>()
        });
        let sensors = views.await.map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
        Ok(SensorList { sensors })
    }

    fn sensor_view(&self, sensor: &Sensor) -> SensorView {
        let shared = self.engine.shared();
        let never = || SensorStatus::stopped(sensor.r#ref.clone(), self.engine.started_at());
        let status = shared.sensors().get(&sensor.r#ref).cloned().unwrap_or_else(never);
        let rules = shared.rules();
        let needs = rules
            .by_id
            .values()
            .filter(|rule| rule.enabled() && sensor.trigger_types.contains(&rule.body.trigger_ref));
        SensorView {
            r#ref: sensor.r#ref.to_string(),
            label: sensor.label.clone(),
            triggers: sensor.trigger_types.iter().map(Ref::to_string).collect(),
            rules: u32::try_from(needs.count()).unwrap_or(u32::MAX),
            state: status.state.into(),
            since: Time(status.since),
            pid: status.pid,
            failures: status.failures,
            next_try_at: status.next_try_at.map(Time),
            last_error: status.last_error,
            log_tail: LogFile::tail(&self.engine.roster().log_path(&sensor.r#ref), LOG_LINES),
        }
    }

    pub(crate) async fn sensor_restart(&self, request: SensorRequest) -> Result<Empty, ApiError> {
        let catalog = self.engine.shared().catalog();
        let name: Option<Ref> = request.r#ref.parse().ok();
        let Some(sensor) = name.as_ref().and_then(|name| catalog.sensor(name)) else {
            let known = catalog.sensors().map(|sensor| sensor.r#ref.as_str());
            return Err(ApiError::not_found("sensor", &request.r#ref, model::nearest(&request.r#ref, known)));
        };
        if self.engine.roster().restart(&sensor.r#ref) {
            return Ok(Empty {});
        }
        Err(ApiError::new(
            Code::Conflict,
            format!("no enabled rule needs `{}`; it starts with the first that does", sensor.r#ref),
        ))
    }
}
