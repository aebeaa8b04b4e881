//! Answers that are one table each.

use crate::arguments::{EventList, Page};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::text::{brief, clock, facts, moment, moment_or_none, table};
use api::wire::{
    ActionList, DiagnosticView, Empty, EnforcementList, EnforcementListRequest, EngineStatus,
    EventListRequest, EventRow, OutcomeView, PackList, PackValidation, RunMark, SensorList,
};
use packs::{Diagnostic, Severity};
use std::path::Path;

/// The word of a value that is a word on the wire.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(crate) async fn status(client: &Client, screen: &Screen) -> Result<(), Failure> {
    let status: EngineStatus = client.call("engine.status", &Empty {}).await?;
    screen.show(&status, || {
        facts(&[
            ("state", word(&status.state)),
            ("fault", status.fault.clone().unwrap_or_default()),
            ("process", status.pid.to_string()),
            ("address", status.address.clone()),
            ("data", status.data_dir.clone()),
            ("started", moment(status.started_at)),
            ("version", status.version.clone()),
            ("rules", format!("{} enabled of {}", status.rules_enabled, status.rules)),
            ("sensors", format!("{} running of {}", status.sensors_running, status.sensors)),
            ("events", format!("{:.1} a second", status.events_per_second)),
            (
                "runs",
                format!("{} running, {} waiting, {} places", status.running, status.waiting, status.places),
            ),
        ])
    })
}

/// `matched → run 12`, for one rule's look at an event.
pub(crate) fn outcome(outcome: OutcomeView, run: Option<&RunMark>) -> String {
    match run {
        Some(run) => format!("{} → run {}", word(&outcome), run.id),
        None => word(&outcome),
    }
}

/// The facts of an event, as far as they fit in a line.
pub(crate) fn event_facts(event: &EventRow) -> String {
    let facts: Vec<String> =
        event.facts.iter().map(|(name, value)| format!("{name}={}", brief(value, 40))).collect();
    brief(&serde_json::Value::String(facts.join(" ")), 100)
}

pub(crate) async fn events(client: &Client, screen: &Screen, list: EventList) -> Result<(), Failure> {
    let request = EventListRequest {
        trigger: list.filter.trigger,
        rule: list.filter.rule,
        before: list.page.before,
        limit: Some(list.page.limit),
        ..EventListRequest::default()
    };
    let answer: api::wire::EventList = client.call("event.list", &request).await?;
    screen.show(&answer, || {
        let row = |event: &EventRow| {
            let decisions: Vec<String> = event
                .pips
                .iter()
                .map(|pip| format!("{} {}", pip.rule.r#ref, outcome(pip.outcome, pip.execution.as_ref())))
                .collect();
            vec![
                event.id.to_string(),
                moment(event.created),
                event.trigger_ref.clone(),
                decisions.join(", "),
                event_facts(event),
            ]
        };
        table(
            &["ID", "TIME", "TRIGGER", "DECISIONS", "FACTS"],
            &answer.events.iter().map(row).collect::<Vec<_>>(),
        )
    })
}

pub(crate) async fn enforcements(
    client: &Client,
    screen: &Screen,
    rule: Option<String>,
    page: Page,
) -> Result<(), Failure> {
    let request = EnforcementListRequest { rule, before: page.before, limit: Some(page.limit) };
    let answer: EnforcementList = client.call("enforcement.list", &request).await?;
    screen.show(&answer, || {
        let rows = answer.enforcements.iter().map(|row| {
            let (run, run_status) = row
                .execution
                .as_ref()
                .map_or_else(Default::default, |run| (run.id.to_string(), word(&run.status)));
            vec![
                row.id.to_string(),
                moment(row.created),
                row.rule.r#ref.clone(),
                row.event.to_string(),
                row.status.clone(),
                run,
                run_status,
            ]
        });
        table(&["ID", "TIME", "RULE", "EVENT", "STATUS", "RUN", "RESULT"], &rows.collect::<Vec<_>>())
    })
}

pub(crate) async fn actions(client: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer: ActionList = client.call("action.list", &Empty {}).await?;
    screen.show(&answer, || {
        let rows = answer.actions.iter().map(|action| {
            vec![
                action.r#ref.clone(),
                action.runner.clone(),
                action.label.clone(),
                action.description.clone(),
            ]
        });
        table(&["REF", "RUNNER", "LABEL", "DESCRIPTION"], &rows.collect::<Vec<_>>())
    })
}

pub(crate) async fn sensors(client: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer: SensorList = client.call("sensor.list", &Empty {}).await?;
    screen.show(&answer, || {
        let rows = answer.sensors.iter().map(|sensor| {
            vec![
                sensor.r#ref.clone(),
                word(&sensor.state),
                clock(sensor.since),
                sensor.pid.map(|pid| pid.to_string()).unwrap_or_default(),
                sensor.rules.to_string(),
                sensor.failures.to_string(),
                moment_or_none(sensor.next_try_at),
                sensor.last_error.clone().unwrap_or_default(),
            ]
        });
        let head = &["REF", "STATE", "SINCE", "PROCESS", "RULES", "FAILURES", "NEXT TRY", "ERROR"];
        table(head, &rows.collect::<Vec<_>>())
    })
}

fn diagnostic_lines(diagnostics: &[DiagnosticView]) -> String {
    let lines = diagnostics.iter().map(|found| {
        let line =
            format!("{}:{}:{}: {}: {}", found.file, found.line, found.column, found.severity, found.message);
        crate::text::inline(&line) + "\n"
    });
    lines.collect()
}

pub(crate) async fn packs(client: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer: PackList = client.call("pack.list", &Empty {}).await?;
    screen.show(&answer, || {
        let rows = answer.packs.iter().map(|pack| {
            vec![
                pack.r#ref.clone(),
                pack.version.clone(),
                if pack.loaded { "loaded".to_owned() } else { "broken".to_owned() },
                pack.triggers.len().to_string(),
                pack.sensors.len().to_string(),
                pack.actions.len().to_string(),
                pack.label.clone(),
            ]
        });
        let head = &["REF", "VERSION", "STATE", "TRIGGERS", "SENSORS", "ACTIONS", "LABEL"];
        let mut text = table(head, &rows.collect::<Vec<_>>());
        for pack in answer.packs.iter().filter(|pack| !pack.diagnostics.is_empty()) {
            text.push_str(&format!(
                "\n{} in {}\n",
                crate::text::inline(&pack.r#ref),
                crate::text::inline(&pack.folder)
            ));
            text.push_str(&diagnostic_lines(&pack.diagnostics));
        }
        text
    })
}

fn diagnostic_view(found: &Diagnostic) -> DiagnosticView {
    DiagnosticView {
        severity: word(&found.severity),
        file: found.file.display().to_string(),
        line: found.line,
        column: found.column,
        message: found.message.clone(),
    }
}

/// Reads a pack as the engine would, and says what is wrong with it.
pub(crate) fn validate_pack(screen: &Screen, folder: &Path) -> Result<(), Failure> {
    let diagnostics = match packs::load(folder) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    let ok = diagnostics.iter().all(|found| found.severity != Severity::Error);
    let answer = PackValidation { ok, diagnostics: diagnostics.iter().map(diagnostic_view).collect() };
    screen.show(&answer, || {
        let verdict = if ok { "the pack is good" } else { "the pack would not load" };
        format!("{}{verdict}\n", diagnostic_lines(&answer.diagnostics))
    })?;
    if ok { Ok(()) } else { Err(Failure::Said) }
}
