//! What happens, as it happens: a line each.

use crate::arguments::EventFilter;
use crate::client::Client;
use crate::failure::Failure;
use crate::lists::{event_facts, outcome, word};
use crate::screen::Screen;
use crate::text::{brief, clock, duration, inline};
use api::wire::{
    EventList, EventListRequest, EventRow, ExecutionDetail, ExecutionList, ExecutionListRequest,
    ExecutionRequest, ExecutionStatusView,
};
use api::{Api, ApiError, UiEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Rows that are read at once.
const ROWS: u32 = 200;

/// `attune event watch`.
pub(crate) async fn events(client: &Client, screen: &Screen, filter: EventFilter) -> Result<(), Failure> {
    let mut news = client.watch().await?;
    let request = |after: Option<i64>, limit| EventListRequest {
        trigger: filter.trigger.clone(),
        rule: filter.rule.clone(),
        after,
        limit: Some(limit),
        ..EventListRequest::default()
    };
    let newest: EventList = client.call("event.list", &request(None, 1)).await?;
    let mut last = newest.events.first().map_or(0, |event| event.id);
    while let Some(event) = news.next().await {
        if !concerns(&event, "events") {
            continue;
        }
        let found: EventList = client.call("event.list", &request(Some(last), ROWS)).await?;
        for event in found.events.iter().rev().filter(|event| event.id > last) {
            screen.show(event, || event_lines(event))?;
        }
        last = found.events.first().map_or(last, |event| event.id.max(last));
    }
    Err(Failure::NoEngine("the engine has ended".to_owned()))
}

fn concerns(event: &UiEvent, topic: &str) -> bool {
    match event {
        UiEvent::Resync => true,
        UiEvent::Feed { topics, .. } => topics.iter().any(|heard| heard == topic),
    }
}

fn line(time: &str, subject: &str, words: &str) -> String {
    format!("{time}  {:<12}  {}\n", inline(subject), inline(words))
}

fn event_lines(event: &EventRow) -> String {
    let time = clock(event.created);
    let about = format!("{} by {}  {}", event.trigger_ref, event.source, event_facts(event));
    let mut text = line(&time, &format!("event {}", event.id), about.trim_end());
    for pip in &event.pips {
        let decision = format!("{} {}", pip.rule.r#ref, outcome(pip.outcome, pip.execution.as_ref()));
        text.push_str(&line(&time, "decision", &decision));
    }
    text
}

/// The whole pipeline of an engine in this process: events, decisions, runs, results.
pub(crate) struct Pipeline {
    api: Api,
    last_event: i64,
    last_run: i64,
    /// Runs that have not ended, and whether their start was told.
    open: BTreeMap<i64, bool>,
}

impl Pipeline {
    /// A view that begins with what happens from now on.
    pub(crate) async fn new(api: Api) -> Result<Self, Failure> {
        let mut this = Self { api, last_event: 0, last_run: 0, open: BTreeMap::new() };
        let events = EventListRequest { limit: Some(1), ..EventListRequest::default() };
        let events: EventList = this.call("event.list", &events).await?;
        this.last_event = events.events.first().map_or(0, |event| event.id);
        let runs = ExecutionListRequest { limit: Some(1), ..ExecutionListRequest::default() };
        let runs: ExecutionList = this.call("execution.list", &runs).await?;
        this.last_run = runs.executions.first().map_or(0, |run| run.id);
        Ok(this)
    }

    async fn call<A: DeserializeOwned>(
        &self,
        command: &str,
        request: &impl Serialize,
    ) -> Result<A, ApiError> {
        let wrong = |error: serde_json::Error| ApiError::new(api::Code::Internal, error.to_string());
        let answer = self.api.call(command, serde_json::to_value(request).map_err(wrong)?).await?;
        serde_json::from_value(answer).map_err(wrong)
    }

    /// Shows what happens until the engine ends.
    pub(crate) async fn show(mut self, screen: &Screen) -> Result<(), Failure> {
        let mut feed = self.api.feed();
        while let Some(event) = feed.next().await {
            // What cannot be read now is read with the next news.
            if let Ok(text) = self.read(&event).await {
                screen.write(&text)?;
            }
        }
        Ok(())
    }

    async fn read(&mut self, event: &UiEvent) -> Result<String, ApiError> {
        let mut text = String::new();
        if concerns(event, "events") {
            let request = EventListRequest {
                after: Some(self.last_event),
                limit: Some(ROWS),
                ..EventListRequest::default()
            };
            let found: EventList = self.call("event.list", &request).await?;
            found.events.iter().rev().for_each(|event| text.push_str(&event_lines(event)));
            self.last_event = found.events.first().map_or(self.last_event, |event| event.id);
        }
        if concerns(event, "executions") {
            let request = ExecutionListRequest {
                after: Some(self.last_run),
                limit: Some(ROWS),
                ..ExecutionListRequest::default()
            };
            let found: ExecutionList = self.call("execution.list", &request).await?;
            self.open.extend(found.executions.iter().map(|run| (run.id, false)));
            self.last_run = found.executions.first().map_or(self.last_run, |run| run.id);
            let ids: Vec<i64> = self.open.keys().copied().collect();
            for id in ids {
                let detail: ExecutionDetail = self.call("execution.show", &ExecutionRequest { id }).await?;
                text.push_str(&self.run_lines(&detail));
            }
        }
        Ok(text)
    }

    fn run_lines(&mut self, detail: &ExecutionDetail) -> String {
        let run = &detail.execution;
        let subject = format!("run {}", run.id);
        let mut text = String::new();
        let told = self.open.get(&run.id).copied().unwrap_or(false);
        if let Some(started) = run.started_at.filter(|_| !told) {
            text.push_str(&line(&clock(started), &subject, &format!("{} started", run.action_ref)));
            self.open.insert(run.id, true);
        }
        if let Some(finished) = run.finished_at {
            let took = run.duration_ms.map(|ms| format!(" in {}", duration(ms))).unwrap_or_default();
            let result = match (&run.error, &detail.result) {
                (Some(error), _) if run.status != ExecutionStatusView::Completed => format!(": {error}"),
                (_, Some(result)) => format!(": {}", brief(result, 80)),
                _ => String::new(),
            };
            text.push_str(&line(&clock(finished), &subject, &format!("{}{took}{result}", word(&run.status))));
            self.open.remove(&run.id);
        }
        text
    }
}
