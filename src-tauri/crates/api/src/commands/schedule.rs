//! Schedules: previews, calendars, the forecast.

use super::forecast::Planned;
use super::names::link;
use crate::wire::{
    Empty, FireView, ForecastBand, ForecastCollision, ForecastFire, ScheduleCalendar,
    ScheduleCalendarRequest, ScheduleFires, ScheduleForecast, ScheduleForecastRequest, ScheduleNextRequest,
    Time, ZoneList, ZoneView,
};
use crate::{Api, ApiError, Code};
use model::{Invalid, Ref, RuleBody, Timestamp};
use schedule::{Fire, Zone};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Fires of a forecast that are listed one by one; a rule that fires more often has a band of its own.
const LISTED: usize = 500;
/// Fires that are worked out one by one for a forecast, so that it ends in time whatever the rules are.
const WORKED_OUT: usize = 100_000;
/// Rules whose fires are told as bands.
const BANDS: usize = 200;
/// Seconds in which several rules fire, and rules that are named for each.
const COLLISIONS: usize = 500;
const COLLIDING: usize = 50;
/// The longest forecast: two weeks.
const HOURS: u32 = 14 * 24;
/// The longest calendar: two months.
const DAYS: u32 = 62;

/// A rule that fires within the time of a forecast.
struct Firing<'p> {
    planned: &'p Planned,
    /// All of them, or only the first where there are too many.
    fires: Vec<Fire>,
    whole: bool,
}

fn within(field: &str, found: u32, most: u32) -> Result<u32, Invalid> {
    let message = || format!("found {found}, expected a whole number from 1 to {most}");
    if (1..=most).contains(&found) { Ok(found) } else { Err(Invalid::new(field, message())) }
}

/// The body of a rule of which only the trigger matters.
fn draft(trigger: &str, params: Map<String, Value>) -> Result<RuleBody, Invalid> {
    let trigger: Ref =
        trigger.parse().map_err(|invalid: Invalid| Invalid::new("trigger_ref", invalid.message))?;
    Ok(RuleBody {
        label: String::new(),
        description: String::new(),
        trigger_ref: trigger.clone(),
        trigger_params: params,
        conditions: Value::Null,
        action_ref: trigger,
        action_params: Map::new(),
        tags: Vec::new(),
        timeout_seconds: None,
    })
}

impl Api {
    pub(crate) async fn schedule_next(
        &self,
        request: ScheduleNextRequest,
    ) -> Result<ScheduleFires, ApiError> {
        let body = draft(&request.trigger_ref, request.trigger_params)?;
        let schedule = self.draft_schedule(&body, None)?;
        let after = request.after.map_or_else(|| self.engine.clock().now(), |time| time.0);
        let count = request.count.unwrap_or(10).clamp(1, 1_000) as usize;
        Ok(ScheduleFires::of(&schedule, after, count))
    }

    pub(crate) async fn schedule_calendar(
        &self,
        request: ScheduleCalendarRequest,
    ) -> Result<ScheduleCalendar, ApiError> {
        let count = within("days", request.days, DAYS)?;
        let saved = request.rule.as_deref().map(|name| self.rule(name)).transpose()?;
        let body = draft(&request.trigger_ref, request.trigger_params)?;
        let schedule = self.draft_schedule(&body, saved.as_deref())?;
        let now = self.engine.clock().now();
        aside(move || {
            let zone = schedule.zone().cloned().unwrap_or_else(Time::here);
            let days = super::calendar::days(&schedule, &zone, now, count);
            ScheduleCalendar { days, zone: zone.name().to_owned() }
        })
        .await
    }

    pub(crate) async fn schedule_forecast(
        &self,
        request: ScheduleForecastRequest,
    ) -> Result<ScheduleForecast, ApiError> {
        let hours = within("hours", request.hours, HOURS)?;
        let only = self.rule_filter(request.rule.as_deref())?;
        let now = self.engine.clock().now();
        let from = request.from.map_or(now, |time| time.0.max(now));
        let to = from.plus(Duration::from_secs(u64::from(hours) * 3_600));
        let mut planned = self.planned();
        planned.retain(|planned| only.is_none_or(|rule| planned.rule.id == rule));
        aside(move || forecast(&planned, now, from, to)).await
    }

    pub(crate) async fn zone_list(&self, _: Empty) -> Result<ZoneList, ApiError> {
        let now = self.engine.clock().now();
        let view = |name: String| {
            let offset_seconds = Zone::parse(&name).ok()?.offset_seconds(now);
            Some(ZoneView { name, offset_seconds })
        };
        let zones = Zone::names().into_iter().filter_map(view).collect();
        Ok(ZoneList { here: Time::zone_name(), zones })
    }
}

/// Works something out away from the threads that must not block.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::new(Code::Internal, error.to_string()))
}

fn forecast(planned: &[Planned], now: Timestamp, from: Timestamp, to: Timestamp) -> ScheduleForecast {
    let mut firing = firing(planned, from, to);
    let collisions = collisions(&firing);
    // Who fires seldom is listed; the sort keeps the order of making among equals.
    firing.sort_by_key(|rule| (!rule.whole, rule.fires.len()));
    let mut room = LISTED;
    let listed = firing.iter().take_while(|rule| {
        let fits = rule.whole && rule.fires.len() <= room;
        room = room.saturating_sub(rule.fires.len());
        fits
    });
    let (listed, banded) = firing.split_at(listed.count());
    let mut fires: Vec<ForecastFire> = listed.iter().flat_map(fires_of).collect();
    fires.sort_by_key(|fire| (fire.at, fire.rule.id));
    let mut bands: Vec<ForecastBand> =
        banded.iter().take(BANDS).filter_map(|rule| band(rule, from, to)).collect();
    bands.sort_by_key(|band| (band.from, band.rule.id));
    ScheduleForecast {
        now: Time(now),
        from: Time(from),
        to: Time(to),
        fires,
        bands,
        left_out: u32::try_from(banded.len().saturating_sub(BANDS)).unwrap_or(u32::MAX),
        collisions,
    }
}

/// The rules that fire at all, with their fires as far as they can be worked out.
fn firing(planned: &[Planned], from: Timestamp, to: Timestamp) -> Vec<Firing<'_>> {
    let mut left = WORKED_OUT;
    let mut firing = Vec::new();
    for planned in planned {
        let next = |after| planned.schedule.next_after(after).filter(|fire| fire.at <= to);
        let most = left.min(LISTED + 1);
        let following = std::iter::successors(next(from), |fire| next(fire.at));
        let mut fires: Vec<Fire> = following.take(most.max(1)).collect();
        if fires.is_empty() {
            continue;
        }
        left = left.saturating_sub(fires.len());
        let whole = fires.len() < most;
        if !whole {
            fires.truncate(1);
        }
        firing.push(Firing { planned, fires, whole });
    }
    firing
}

fn fires_of<'f>(rule: &'f Firing<'_>) -> impl Iterator<Item = ForecastFire> + 'f {
    rule.fires.iter().map(|fire| {
        let FireView { at, local, note } = FireView::new(&rule.planned.schedule, fire.clone());
        ForecastFire { at, local, note, rule: link(&rule.planned.rule) }
    })
}

fn band(rule: &Firing<'_>, from: Timestamp, to: Timestamp) -> Option<ForecastBand> {
    let schedule = &rule.planned.schedule;
    let first = rule.fires.first()?.at;
    let (last, fires) = if rule.whole {
        (rule.fires.last()?.at, u64::try_from(rule.fires.len()).unwrap_or(u64::MAX))
    } else {
        (schedule.last_until(from, to)?.at, schedule.count_between(from, to))
    };
    let (sentence, rule) = (schedule.sentence(), link(&rule.planned.rule));
    Some(ForecastBand { from: Time(first), to: Time(last), fires, sentence, rule })
}

/// Seconds in which more than one rule fires.
fn collisions(firing: &[Firing<'_>]) -> Vec<ForecastCollision> {
    let mut seconds: BTreeMap<i64, Vec<&Planned>> = BTreeMap::new();
    for rule in firing.iter().filter(|rule| rule.whole) {
        for fire in &rule.fires {
            let rules = seconds.entry(fire.at.as_seconds()).or_default();
            // A rule meets others, not itself.
            if rules.last().is_none_or(|last| last.rule.id != rule.planned.rule.id) {
                rules.push(rule.planned);
            }
        }
    }
    let several = seconds.into_iter().filter(|(_, rules)| rules.len() > 1);
    let told = several.map(|(second, rules)| ForecastCollision {
        at: Time(Timestamp::from_seconds(second)),
        count: u32::try_from(rules.len()).unwrap_or(u32::MAX),
        rules: rules.iter().take(COLLIDING).map(|planned| link(&planned.rule)).collect(),
    });
    told.take(COLLISIONS).collect()
}
