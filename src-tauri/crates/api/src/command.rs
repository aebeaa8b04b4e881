//! The one table of commands.

use crate::wire::*;
use crate::{Api, ApiError, Code};
use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ts_rs::{Config, TS};

/// What is known of one command.
pub struct CommandInfo {
    /// Its name, such as `rule.list`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The topics whose change makes its answer stale; empty for commands that change something.
    pub topics: &'static [&'static str],
    /// JSON Schema of its request.
    pub request: fn(&mut SchemaGenerator) -> Schema,
    /// JSON Schema of its answer.
    pub response: fn(&mut SchemaGenerator) -> Schema,
}

fn read<T: DeserializeOwned>(request: Value) -> Result<T, ApiError> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request)
        .map_err(|error| ApiError::new(Code::Invalid, format!("the request is not understood: {error}")))
}

fn write<T: serde::Serialize>(answer: &T) -> Result<Value, ApiError> {
    serde_json::to_value(answer)
        .map_err(|error| ApiError::new(Code::Internal, format!("the answer could not be written: {error}")))
}

macro_rules! commands {
    ($($(#[doc = $summary:literal])+ $name:literal $handler:ident($request:ty) -> $response:ty, [$($topic:literal),*];)+) => {
        /// Every command of the contract.
        pub const COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: $name,
            summary: concat!($($summary),+).trim_ascii(),
            topics: &[$($topic),*],
            request: |generator| generator.subschema_for::<$request>(),
            response: |generator| generator.subschema_for::<$response>(),
        }),+];

        /// Runs the named command.
        pub(crate) async fn dispatch(api: &Api, name: &str, request: Value) -> Result<Value, ApiError> {
            match name {
                $($name => write(&api.$handler(read::<$request>(request)?).await?),)+
                _ => Err(ApiError::not_found("command", name, model::nearest(name, COMMANDS.iter().map(|info| info.name)))),
            }
        }

        /// The TypeScript names of a command's request and answer.
        pub(crate) fn type_names(config: &Config, name: &str) -> (String, String) {
            match name {
                $($name => (<$request as TS>::name(config), <$response as TS>::name(config)),)+
                _ => (String::from("never"), String::from("never")),
            }
        }
    };
}

commands! {
    /// The engine and its figures.
    "engine.status" engine_status(Empty) -> EngineStatus, ["engine", "rules", "sensors", "executions", "events"];
    /// What the first screen says.
    "now.read" now_read(Empty) -> NowView, ["engine", "rules", "sensors", "packs", "executions", "events", "misfires"];
    /// The thin score: past, forecast, spans.
    "score.read" score_read(ScoreRequest) -> Score, ["executions", "rules", "engine"];
    /// The lanes of the large score.
    "score.lanes" score_lanes(LanesRequest) -> Lanes, ["executions", "rules", "engine", "misfires"];
    /// Every rule with its newest run and next fire.
    "rule.list" rule_list(Empty) -> RuleList, ["rules", "executions", "packs"];
    /// The newest runs of some rules, for strips.
    "rule.recent" rule_recent(RuleRecentRequest) -> RuleRecentList, ["executions"];
    /// One rule.
    "rule.show" rule_show(RuleRequest) -> RuleView, ["rules", "packs"];
    /// What the engine thinks of a draft, and when it would fire.
    "rule.check" rule_check(RuleCheckRequest) -> RuleCheck, ["packs"];
    /// Makes a rule.
    "rule.create" rule_create(RuleCreateRequest) -> RuleView, [];
    /// Saves a new version of a rule; effective from the next event.
    "rule.update" rule_update(RuleUpdateRequest) -> RuleView, [];
    /// Switches a rule on.
    "rule.enable" rule_enable(RuleRequest) -> RuleView, [];
    /// Switches a rule off.
    "rule.disable" rule_disable(RuleRequest) -> RuleView, [];
    /// Deletes a rule; its history stays.
    "rule.delete" rule_delete(RuleRequest) -> Empty, [];
    /// Brings a deleted rule back as it was.
    "rule.restore" rule_restore(RuleRequest) -> RuleView, [];
    /// Fires an enabled rule once, now, by an event that says so.
    "rule.run" rule_run(RuleRequest) -> ExecutionRow, [];
    /// A page of events, newest first.
    "event.list" event_list(EventListRequest) -> EventList, ["events", "executions"];
    /// One event with its payload and what each rule made of it.
    "event.show" event_show(EventRequest) -> EventDetail, ["events", "executions"];
    /// How many events there were over time.
    "event.histogram" event_histogram(EventHistogramRequest) -> EventHistogram, ["events"];
    /// A page of enforcements, newest first.
    "enforcement.list" enforcement_list(EnforcementListRequest) -> EnforcementList, ["events", "executions"];
    /// A page of executions, newest first.
    "execution.list" execution_list(ExecutionListRequest) -> ExecutionList, ["executions"];
    /// One execution with its parameters and result.
    "execution.show" execution_show(ExecutionRequest) -> ExecutionDetail, ["executions"];
    /// Output of an execution, from a place on.
    "execution.output" execution_output(ExecutionOutputRequest) -> OutputPage, ["executions"];
    /// Stops an execution.
    "execution.cancel" execution_cancel(ExecutionRequest) -> ExecutionRow, [];
    /// Runs an execution's action again, with the same or other parameters.
    "execution.rerun" execution_rerun(ExecutionRerunRequest) -> ExecutionRow, [];
    /// Every trigger.
    "trigger.list" trigger_list(Empty) -> TriggerList, ["packs"];
    /// Every action.
    "action.list" action_list(Empty) -> ActionList, ["packs"];
    /// Runs an action by hand.
    "action.run" action_run(ActionRunRequest) -> ExecutionRow, [];
    /// Every sensor and its process.
    "sensor.list" sensor_list(Empty) -> SensorList, ["sensors", "rules", "packs"];
    /// Starts a sensor anew, at once.
    "sensor.restart" sensor_restart(SensorRequest) -> Empty, [];
    /// Every pack, with what is wrong with it.
    "pack.list" pack_list(Empty) -> PackList, ["packs"];
    /// What is wrong with a pack folder; nothing is loaded.
    "pack.validate" pack_validate(PackValidateRequest) -> PackValidation, [];
    /// Reads all packs again.
    "pack.reload" pack_reload(Empty) -> PackList, [];
    /// The next fires of a schedule.
    "schedule.next" schedule_next(ScheduleNextRequest) -> ScheduleFires, [];
    /// Which enabled rules will fire, how often, and which of them together.
    "schedule.forecast" schedule_forecast(ScheduleForecastRequest) -> ScheduleForecast, ["rules"];
    /// The coming days of a schedule.
    "schedule.calendar" schedule_calendar(ScheduleCalendarRequest) -> ScheduleCalendar, ["rules"];
    /// Every zone that a schedule may name.
    "zone.list" zone_list(Empty) -> ZoneList, [];
    /// A page of planned instants that were missed, newest first.
    "misfire.list" misfire_list(MisfireListRequest) -> MisfireList, ["misfires"];
}
