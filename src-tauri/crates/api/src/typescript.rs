//! The contract in TypeScript: one file, made from the types and the table of commands.

use crate::command::{self, COMMANDS};
use crate::{ApiError, Code, UiEvent, wire};
use std::fmt::Write;
use ts_rs::{Config, TS};

fn declaration<T: TS>(config: &Config, out: &mut Vec<String>) {
    out.push(format!("export {}", T::decl(config)));
}

macro_rules! declarations {
    ($config:expr, $($ty:ty),+ $(,)?) => {{
        let mut out = Vec::new();
        $(declaration::<$ty>($config, &mut out);)+
        out
    }};
}

fn types(config: &Config) -> Vec<String> {
    use wire::*;
    declarations!(
        config, ApiError, Code, UiEvent, Empty, RuleLink, FieldError, EngineState, EngineStatus, RuleStateView, RuleView,
        RunMark, RuleRow, RuleList, RuleRecentRequest, RuleRecent, RuleRecentList, RuleRequest, RuleDraft,
        RuleCreateRequest, RuleUpdateRequest, RuleCheckRequest, FireView, RuleCheck, EventListRequest, OutcomeView, Pip,
        EventRow, EventList, EventRequest, ReasonView, DecisionView, EventDetail, EventHistogramRequest, EventBin,
        EventHistogram, EnforcementListRequest, EnforcementRow, EnforcementList, ExecutionStatusView,
        ExecutionListRequest, ExecutionRow, ExecutionList, ExecutionRequest, OutputSize, ExecutionDetail, StreamView,
        OutputEncoding, ExecutionOutputRequest, OutputChunk, OutputPage, ExecutionRerunRequest, ActionRunRequest,
        TriggerView, TriggerList, ActionView, ActionList, DiagnosticView, PackView, PackList, PackValidateRequest,
        PackValidation, SensorStateView, SensorView, SensorList, SensorRequest, ScheduleNextRequest, ScheduleFires,
        ScoreRequest, ScorePast, ScoreFuture, SpanKind, ScoreSpan, ZoneOffset, Score, LanesRequest, LaneRun, LaneBand,
        Lane, Lanes, AttentionKind, Attention, RuleActivity, NextFire, NowView,
    )
}

/// The whole file, ready to be written.
#[must_use]
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut out = String::from(
        "// Made from the Rust crate `api` by `cargo xtask contract`. Do not edit.\n\n\
         export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };\n\n",
    );
    for declaration in types(&config) {
        out.push_str(&declaration);
        out.push_str("\n\n");
    }
    out.push_str("/** Every command: what it takes, what it answers. */\nexport interface Commands {\n");
    for info in COMMANDS {
        let (request, response) = command::type_names(&config, info.name);
        let _ = writeln!(out, "  /** {} */\n  \"{}\": {{ request: {request}; response: {response} }};", info.summary, info.name);
    }
    out.push_str("}\n\n/** What each command reads: refetch when the feed names one of these topics. */\n");
    out.push_str("export const topics: { readonly [C in keyof Commands]: readonly string[] } = {\n");
    for info in COMMANDS {
        let _ = writeln!(out, "  \"{}\": {},", info.name, serde_json::json!(info.topics));
    }
    out.push_str("};\n");
    out
}
