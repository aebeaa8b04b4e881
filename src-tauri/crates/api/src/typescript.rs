//! The contract in TypeScript: one file, made from the types and the table of commands.

use crate::command::{self, COMMANDS};
use crate::{ApiError, Code, UiEvent, wire};
use std::fmt::Write;
use ts_rs::{Config, TS};

macro_rules! declarations {
    ($($ty:ty),+ $(,)?) => { [$(<$ty as TS>::decl),+] };
}

/// Each type of the contract, as the function that writes its declaration.
const TYPES: &[fn(&Config) -> String] = &declarations![
    ApiError,
    Code,
    UiEvent,
    wire::Empty,
    wire::RuleLink,
    wire::FieldError,
    wire::EngineState,
    wire::EngineStatus,
    wire::RuleStateView,
    wire::RuleView,
    wire::RunMark,
    wire::RuleRow,
    wire::RuleList,
    wire::RuleRecentRequest,
    wire::RuleRecent,
    wire::RuleRecentList,
    wire::RuleRequest,
    wire::RuleDraft,
    wire::RuleCreateRequest,
    wire::RuleUpdateRequest,
    wire::RuleCheckRequest,
    wire::RuleCheck,
    wire::EventListRequest,
    wire::OutcomeView,
    wire::Pip,
    wire::EventRow,
    wire::EventList,
    wire::EventRequest,
    wire::ReasonView,
    wire::DecisionView,
    wire::EventDetail,
    wire::EventHistogramRequest,
    wire::EventBin,
    wire::EventHistogram,
    wire::EnforcementListRequest,
    wire::EnforcementRow,
    wire::EnforcementList,
    wire::ExecutionStatusView,
    wire::ExecutionListRequest,
    wire::ExecutionRow,
    wire::ExecutionList,
    wire::ExecutionRequest,
    wire::OutputSize,
    wire::ExecutionDetail,
    wire::StreamView,
    wire::OutputEncoding,
    wire::ExecutionOutputRequest,
    wire::OutputChunk,
    wire::OutputPage,
    wire::ExecutionRerunRequest,
    wire::ActionRunRequest,
    wire::TriggerView,
    wire::TriggerList,
    wire::ActionView,
    wire::ActionList,
    wire::DiagnosticView,
    wire::PackView,
    wire::PackList,
    wire::PackValidateRequest,
    wire::PackValidation,
    wire::SensorStateView,
    wire::SensorView,
    wire::SensorList,
    wire::SensorRequest,
    wire::FireView,
    wire::ScheduleNextRequest,
    wire::ScheduleFires,
    wire::ScheduleForecastRequest,
    wire::ForecastFire,
    wire::ForecastBand,
    wire::ForecastCollision,
    wire::ScheduleForecast,
    wire::ScheduleCalendarRequest,
    wire::CalendarDay,
    wire::ScheduleCalendar,
    wire::ZoneView,
    wire::ZoneList,
    wire::MissReasonView,
    wire::MisfireListRequest,
    wire::MisfireRow,
    wire::MisfireList,
    wire::ScoreRequest,
    wire::ScorePast,
    wire::ScoreFuture,
    wire::SpanKind,
    wire::ScoreSpan,
    wire::ZoneOffset,
    wire::Score,
    wire::LanesRequest,
    wire::LaneRun,
    wire::LaneBand,
    wire::LaneMissed,
    wire::Lane,
    wire::Lanes,
    wire::AttentionKind,
    wire::Attention,
    wire::RuleActivity,
    wire::NextFire,
    wire::NowView,
];

/// The whole file, ready to be written.
#[must_use]
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut out = String::from(
        "// Made from the Rust crate `api` by `cargo xtask contract`. Do not edit.\n\n\
         export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };\n\n",
    );
    for declaration in TYPES {
        let _ = write!(out, "export {}\n\n", declaration(&config));
    }
    out.push_str("/** Every command: what it takes, what it answers. */\nexport interface Commands {\n");
    for info in COMMANDS {
        let (request, response) = command::type_names(&config, info.name);
        let _ = writeln!(
            out,
            "  /** {} */\n  \"{}\": {{ request: {request}; response: {response} }};",
            info.summary, info.name
        );
    }
    out.push_str("}\n\n/** What each command reads: refetch when the feed names one of these topics. */\n");
    out.push_str("export const topics: { readonly [C in keyof Commands]: readonly string[] } = {\n");
    for info in COMMANDS {
        let _ = writeln!(out, "  \"{}\": {},", info.name, serde_json::json!(info.topics));
    }
    out.push_str("};\n");
    out
}
