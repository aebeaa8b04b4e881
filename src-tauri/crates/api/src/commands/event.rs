//! Events, decisions, enforcements.

use super::execution::{Causes, causes, mark, row};
use super::names::Links;
use super::page_rows;
use crate::wire::{
    DecisionView, EnforcementList, EnforcementListRequest, EnforcementRow, EventBin, EventDetail,
    EventHistogram, EventHistogramRequest, EventList, EventListRequest, EventRequest, EventRow, OutcomeView,
    Pip, ReasonView, Time,
};
use crate::{Api, ApiError};
use model::{Event, EventId, EventSource, Outcome, Reason, Ref, Timestamp};
use serde_json::{Map, Value};
use store::{EnforcementFilter, EventFilter, Page};

/// Plain values of a payload that a row shows, and characters of a text among them.
const FACTS: usize = 12;
const FACT_CHARS: usize = 120;
const MINUTE_US: i64 = 60_000_000;

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Matched => Self::Matched,
            Outcome::Unmatched => Self::Unmatched,
            Outcome::Error => Self::Error,
            Outcome::Throttled => Self::Throttled,
            Outcome::Quarantined => Self::Quarantined,
            Outcome::Disabled => Self::Disabled,
        }
    }
}

fn reason(reason: Reason) -> ReasonView {
    let Reason { path, field, operator, expected, actual, message } = reason;
    ReasonView { path, field, operator, expected, actual, message }
}

fn source(source: &EventSource) -> String {
    match source {
        EventSource::Sensor(name) => name.to_string(),
        EventSource::Execution(id) => format!("execution:{id}"),
        EventSource::Person => "person".to_owned(),
    }
}

fn facts(payload: &Value) -> Map<String, Value> {
    let plain = payload
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_object() && !value.is_array());
    let short = |value: &Value| match value {
        Value::String(text) if text.chars().count() > FACT_CHARS => {
            Value::String(text.chars().take(FACT_CHARS).chain(['…']).collect())
        }
        other => other.clone(),
    };
    plain.take(FACTS).map(|(name, value)| (name.chars().take(FACT_CHARS).collect(), short(value))).collect()
}

fn event_row<'a>(event: &Event, looks: impl Iterator<Item = &'a store::Pip>, links: &Links) -> EventRow {
    EventRow {
        id: event.id.0,
        trigger_ref: event.trigger.to_string(),
        source: source(&event.source),
        rule: event.rule.map(|id| links.link(id)),
        created: Time(event.created),
        facts: facts(&event.payload),
        pips: looks
            .map(|look| Pip {
                rule: links.link(look.rule),
                outcome: look.outcome.into(),
                execution: look.execution.as_ref().map(mark),
            })
            .collect(),
    }
}

fn decision(look: store::DecisionRow, causes: &Causes, links: &Links) -> DecisionView {
    DecisionView {
        rule: links.link(look.rule),
        rule_version: look.rule_version,
        outcome: look.outcome.into(),
        reason: look.reason.map(reason),
        enforcement: look.enforcement.map(|enforcement| enforcement.id.0),
        execution: look.execution.map(|run| row(&run, causes, links)),
    }
}

impl Api {
    pub(crate) async fn event_list(&self, request: EventListRequest) -> Result<EventList, ApiError> {
        let filter = EventFilter {
            trigger: self.trigger_filter(request.trigger.as_deref())?,
            rule: self.rule_filter(request.rule.as_deref())?,
            text: request.text.filter(|text| !text.is_empty()),
            from: request.from.map(|time| time.0),
            to: request.to.map(|time| time.0),
        };
        let page = Page { before: request.before, after: request.after, limit: page_rows(request.limit) };
        let (listed, pips) = self
            .read(move |view| {
                let listed = view.events(&filter, page)?;
                let ids: Vec<EventId> = listed.rows.iter().map(|event| event.id).collect();
                let pips = view.pips(&ids)?;
                Ok((listed, pips))
            })
            .await?;
        let targets = listed.rows.iter().filter_map(|event| event.rule);
        let links = self.links(targets.chain(pips.iter().map(|pip| pip.rule))).await?;
        let looks = |id: EventId| pips.iter().filter(move |pip| pip.event == id);
        let events = listed.rows.iter().map(|event| event_row(event, looks(event.id), &links)).collect();
        Ok(EventList { events, next: listed.next })
    }

    fn trigger_filter(&self, name: Option<&str>) -> Result<Option<Ref>, ApiError> {
        let Some(name) = name else { return Ok(None) };
        let parsed = name.parse().map_err(|_| {
            ApiError::not_found("trigger", name, self.engine.shared().catalog().nearest_trigger(name))
        })?;
        Ok(Some(parsed))
    }

    pub(crate) async fn event_show(&self, request: EventRequest) -> Result<EventDetail, ApiError> {
        let id = EventId(request.id);
        let found = self
            .read(move |view| {
                let Some(detail) = view.event(id)? else { return Ok(None) };
                let runs: Vec<_> =
                    detail.decisions.iter().filter_map(|look| look.execution.clone()).collect();
                let causes = causes(view, &runs)?;
                Ok(Some((detail, view.pips(&[id])?, causes)))
            })
            .await?;
        let missing = || ApiError::not_found("event", &request.id.to_string(), None);
        let (detail, pips, causes) = found.ok_or_else(missing)?;
        let links =
            self.links(detail.decisions.iter().map(|look| look.rule).chain(detail.event.rule)).await?;
        Ok(EventDetail {
            event: event_row(&detail.event, pips.iter(), &links),
            payload: (*detail.event.payload).clone(),
            dedupe_key: detail.event.dedupe_key,
            decisions: detail.decisions.into_iter().map(|look| decision(look, &causes, &links)).collect(),
        })
    }

    pub(crate) async fn event_histogram(
        &self,
        request: EventHistogramRequest,
    ) -> Result<EventHistogram, ApiError> {
        let trigger = self.trigger_filter(request.trigger.as_deref())?;
        let (from, to) = (request.from.0, request.to.0);
        if to <= from {
            return Err(model::Invalid::new("to", "the end must be later than the beginning").into());
        }
        let bins = i64::from(request.bins.clamp(1, 400));
        let minutes = (to.micros_since(from) + MINUTE_US * bins - 1) / (MINUTE_US * bins);
        let (minutes, bin_us) =
            (u32::try_from(minutes).unwrap_or(u32::MAX).max(1), minutes.max(1) * MINUTE_US);
        let from = Timestamp::from_micros(from.as_micros() / bin_us * bin_us);
        let counted = self.read(move |view| view.event_bins(trigger.as_ref(), from, to, minutes)).await?;
        let mut filled: Vec<EventBin> = (0..=bins).map(|_| EventBin { events: 0, fired: 0 }).collect();
        for bin in counted {
            let index = usize::try_from(bin.at.micros_since(from) / bin_us).unwrap_or(usize::MAX);
            if let Some(slot) = filled.get_mut(index) {
                slot.events = u32::try_from(bin.events).unwrap_or(u32::MAX);
                slot.fired = u32::try_from(bin.fired).unwrap_or(u32::MAX);
            }
        }
        Ok(EventHistogram { from: Time(from), bin_ms: bin_us / 1_000, bins: filled })
    }

    pub(crate) async fn enforcement_list(
        &self,
        request: EnforcementListRequest,
    ) -> Result<EnforcementList, ApiError> {
        let filter = EnforcementFilter { rule: self.rule_filter(request.rule.as_deref())? };
        let page = Page { before: request.before, after: None, limit: page_rows(request.limit) };
        let listed = self.read(move |view| view.enforcements(filter, page)).await?;
        let links = self.links(listed.rows.iter().map(|row| row.enforcement.rule)).await?;
        let rows = listed.rows.iter().map(|row| EnforcementRow {
            id: row.enforcement.id.0,
            event: row.enforcement.event.0,
            rule: links.link(row.enforcement.rule),
            status: row.enforcement.status.as_str().to_owned(),
            created: Time(row.enforcement.created),
            execution: row.execution.as_ref().map(mark),
        });
        Ok(EnforcementList { enforcements: rows.collect(), next: listed.next })
    }
}
