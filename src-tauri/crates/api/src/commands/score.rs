//! The score: past from the sums by minute, future from the schedules, spans from the engine's signs of life.

use super::execution::usual;
use super::forecast::Planned;
use super::misfire::lane_missed;
use crate::wire::{
    Lane, LaneBand, LaneMissed, LaneRun, Lanes, LanesRequest, Score, ScoreFuture, ScorePast, ScoreRequest,
    ScoreSpan, SpanKind, Time, ZoneOffset,
};
use crate::{Api, ApiError};
use model::{ExecutionStatus, Invalid, RuleId, Timestamp};
use std::collections::BTreeMap;
use store::{ActivityBin, EngineSpan, LaneOf, QueryError, Run, SleepSpan, View};

const MINUTE_US: i64 = 60_000_000;
/// Longest time that a score shows: two weeks and a bit.
const LONGEST_US: i64 = 40 * 24 * 60 * MINUTE_US;
/// Marks of one lane; a window is a few hundred to two thousand pixels wide.
const LANE_MARKS: i64 = 700;
/// Runs that are read for a lane before they are joined.
const LANE_RUNS: usize = 4_000;
/// Fires of a lane that are drawn one by one.
const LANE_FIRES: u64 = 500;
/// Missed runs of instants of a lane.
const LANE_MISSED: usize = 200;
/// How many pixels wide a window is taken to be when fires become a band (they do below 6 pixels).
const WINDOW_PIXELS: i64 = 1_200;

fn window(from: Time, to: Time) -> Result<(Timestamp, Timestamp), ApiError> {
    let (from, to) = (from.0, to.0);
    if to <= from {
        return Err(Invalid::new("to", "the end must be later than the beginning").into());
    }
    if to.micros_since(from) > LONGEST_US {
        return Err(Invalid::new("to", "a score shows at most 40 days").into());
    }
    Ok((from, to))
}

/// The offsets of the user's zone over a time: where they change is found by halving.
fn offsets(from: Timestamp, to: Timestamp) -> Vec<ZoneOffset> {
    let offset = |at: Timestamp| Time(at).offset_seconds();
    let mut found = vec![ZoneOffset { from: Time(from), offset_seconds: offset(from) }];
    let mut start = from;
    while start < to {
        // No zone changes twice within six hours.
        let end = start.plus_micros(6 * 60 * MINUTE_US).min(to);
        if offset(start) != offset(end) {
            let (mut low, mut high) = (start, end);
            while high.micros_since(low) > 1_000_000 {
                let middle = Timestamp::from_micros(i64::midpoint(low.as_micros(), high.as_micros()));
                if offset(middle) == offset(start) { low = middle } else { high = middle }
            }
            let change = Timestamp::from_seconds(high.as_seconds());
            found.push(ZoneOffset { from: Time(change), offset_seconds: offset(end) });
        }
        start = end;
    }
    found
}

/// The gaps between the times in which the engine ran.
fn stopped(spans: &[EngineSpan], from: Timestamp, now: Timestamp) -> Vec<ScoreSpan> {
    let gaps = spans.windows(2).map(|pair| (pair[0].stopped.unwrap_or(pair[0].alive), pair[1].started));
    let seen = gaps.filter(|(until, started)| {
        started.micros_since(*until) > MINUTE_US && *started > from && *until < now
    });
    seen.map(|(until, started)| ScoreSpan { from: Time(until), to: Time(started), kind: SpanKind::Stopped })
        .collect()
}

/// The times in which the machine slept while the engine ran.
fn asleep(spans: &[SleepSpan]) -> impl Iterator<Item = ScoreSpan> + '_ {
    spans.iter().map(|span| ScoreSpan {
        from: Time(span.started),
        to: Time(span.ended),
        kind: SpanKind::Asleep,
    })
}

/// The times in which nothing could happen, in order.
fn still(view: &View<'_>, from: Timestamp, now: Timestamp) -> Result<Vec<ScoreSpan>, QueryError> {
    let mut spans = stopped(&view.engine_spans(from, now)?, from, now);
    spans.extend(asleep(&view.sleep_spans(from, now)?));
    spans.sort_by_key(|span| span.from);
    Ok(spans)
}

fn past(bins: &[ActivityBin]) -> Vec<ScorePast> {
    let mut past: BTreeMap<Timestamp, ScorePast> = BTreeMap::new();
    for bin in bins {
        let entry = past.entry(bin.at).or_insert_with(|| ScorePast {
            at: Time(bin.at),
            completed: 0,
            failed: 0,
            timeout: 0,
            cancelled: 0,
            abandoned: 0,
        });
        let sum = match bin.ended.status {
            ExecutionStatus::Failed => &mut entry.failed,
            ExecutionStatus::Timeout => &mut entry.timeout,
            ExecutionStatus::Cancelled => &mut entry.cancelled,
            ExecutionStatus::Abandoned => &mut entry.abandoned,
            _ => &mut entry.completed,
        };
        *sum = sum.saturating_add(u32::try_from(bin.ended.count).unwrap_or(u32::MAX));
    }
    past.into_values().collect()
}

impl Api {
    pub(crate) async fn score_read(&self, request: ScoreRequest) -> Result<Score, ApiError> {
        let (from, to) = window(request.from, request.to)?;
        let bin_minutes = request.bin_minutes.clamp(1, 60);
        let bin_us = i64::from(bin_minutes) * MINUTE_US;
        let from = Timestamp::from_micros(from.as_micros() / bin_us * bin_us);
        let rule = self.rule_filter(request.rule.as_deref())?;
        let now = self.engine.clock().now();
        let (bins, spans) = self
            .read(move |view| {
                let bins = view.activity(rule, from, now.min(to), bin_minutes)?;
                Ok((bins, still(view, from, now)?))
            })
            .await?;
        let mut fires = vec![0_u32; usize::try_from(to.micros_since(from) / bin_us + 1).unwrap_or(0)];
        let planned = self.planned();
        for planned in planned.iter().filter(|planned| rule.is_none_or(|rule| planned.rule.id == rule)) {
            planned.count_into(&mut fires, from, bin_us, now, to);
        }
        let at = |index: usize| Time(from.plus_micros(i64::try_from(index).unwrap_or(0) * bin_us));
        let future = fires.into_iter().enumerate().filter(|(_, fires)| *fires > 0);
        Ok(Score {
            now: Time(now),
            zone: Time::zone_name(),
            offsets: offsets(from, to),
            bin_minutes,
            past: past(&bins),
            running: u32::try_from(self.engine.shared().running()).unwrap_or(u32::MAX),
            future: future.map(|(index, fires)| ScoreFuture { at: at(index), fires }).collect(),
            spans,
        })
    }

    pub(crate) async fn score_lanes(&self, request: LanesRequest) -> Result<Lanes, ApiError> {
        let (from, to) = window(request.from, request.to)?;
        let wanted = request.lanes.clamp(1, 20) as usize;
        let now = self.engine.clock().now();
        let until = now.min(to);
        let planned = self.planned();
        let known = self.engine.shared().rules();
        let soon: Vec<RuleId> = planned.iter().map(|planned| planned.rule.id).collect();
        let (pasts, others, spans) = self
            .read(move |view| {
                let mut rules: Vec<RuleId> =
                    view.busiest(from, until, 100)?.into_iter().map(|(rule, _)| rule).collect();
                rules.retain(|rule| known.by_id.contains_key(rule));
                let quiet: Vec<RuleId> = soon.into_iter().filter(|id| !rules.contains(id)).collect();
                rules.extend(quiet);
                rules.truncate(wanted);
                let mut pasts = Vec::new();
                for rule in &rules {
                    pasts.push((
                        *rule,
                        Past::read(view, LaneOf::Rule(*rule), from, to, now)?,
                        usual(view, *rule)?,
                    ));
                }
                let others = Past::read(view, LaneOf::Others(&rules), from, to, now)?;
                Ok((pasts, others, still(view, from, now)?))
            })
            .await?;
        let links = self.links(pasts.iter().map(|(rule, ..)| *rule)).await?;
        let (own, rest): (Vec<&Planned>, Vec<&Planned>) =
            planned.iter().partition(|planned| pasts.iter().any(|(rule, ..)| *rule == planned.rule.id));
        let mut lanes: Vec<Lane> = Vec::new();
        for (rule, Past { runs, missed }, usual) in pasts {
            let planned = own.iter().find(|planned| planned.rule.id == rule);
            let (fires, bands) = planned.map(|planned| future(planned, from, to, now)).unwrap_or_default();
            let p95_ms = usual.map(|usual| usual.p95_ms);
            lanes.push(Lane { rule: Some(links.link(rule)), p95_ms, runs, missed, fires, bands });
        }
        if !others.runs.is_empty() || !others.missed.is_empty() || !rest.is_empty() {
            lanes.push(everything_else(others, &rest, from, to, now));
        }
        Ok(Lanes { now: Time(now), offsets: offsets(from, to), lanes, spans })
    }
}

/// What has happened on a lane.
struct Past {
    runs: Vec<LaneRun>,
    missed: Vec<LaneMissed>,
}

impl Past {
    fn read(
        view: &View<'_>,
        of: LaneOf<'_>,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Self, QueryError> {
        let until = now.min(to);
        let runs = view.lane(of, from, until, LANE_RUNS)?.runs;
        let missed = view.missed(of, from, until, LANE_MISSED)?;
        Ok(Self { runs: joined(&runs, from, to, now), missed: missed.iter().map(lane_missed).collect() })
    }
}

fn everything_else(past: Past, rest: &[&Planned], from: Timestamp, to: Timestamp, now: Timestamp) -> Lane {
    let Past { runs, missed } = past;
    let p95_ms = runs.iter().map(|run| run.duration_ms).max();
    let mut lane = Lane { rule: None, p95_ms, runs, missed, fires: Vec::new(), bands: Vec::new() };
    for planned in rest.iter().take(50) {
        let (fires, bands) = future(planned, from, to, now);
        lane.fires.extend(fires);
        lane.bands.extend(bands);
    }
    lane.fires.sort();
    lane.fires.truncate(usize::try_from(LANE_FIRES).unwrap_or(usize::MAX));
    lane.bands.truncate(1);
    lane
}

/// Fires one by one, or a band with words where they are too close to draw.
fn future(planned: &Planned, from: Timestamp, to: Timestamp, now: Timestamp) -> (Vec<Time>, Vec<LaneBand>) {
    let start = now.max(from);
    let count = planned.schedule.count_between(start, to);
    let six_pixels = to.micros_since(from) / WINDOW_PIXELS * 6;
    let close = planned.schedule.period_ms().is_some_and(|period| period.saturating_mul(1_000) < six_pixels);
    let first = planned.schedule.next_after(start).map(|fire| fire.at);
    match first {
        Some(first) if first <= to && (close || count > LANE_FIRES) => {
            let text = planned.schedule.sentence().to_lowercase();
            (Vec::new(), vec![LaneBand { from: Time(first), to: Time(to), text }])
        }
        _ => {
            let fires = planned.schedule.fires(start, usize::try_from(count).unwrap_or(0));
            (fires.into_iter().map(|fire| Time(fire.at)).collect(), Vec::new())
        }
    }
}

/// How loud a status is when runs are joined into one mark.
fn weight(status: ExecutionStatus) -> u8 {
    match status {
        ExecutionStatus::Failed => 5,
        ExecutionStatus::Timeout => 4,
        ExecutionStatus::Abandoned => 3,
        ExecutionStatus::Cancelled => 2,
        ExecutionStatus::Completed => 0,
        _ => 1,
    }
}

/// Runs as marks, newest last; those that would fall on one another become one that shows the worst.
fn joined(runs: &[Run], from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<LaneRun> {
    let width = (to.micros_since(from) / LANE_MARKS).max(1);
    let mut marks: BTreeMap<(i64, bool), (u8, LaneRun)> = BTreeMap::new();
    for run in runs {
        let at = run.started_at.unwrap_or(run.requested_at);
        let so_far = if run.status.is_final() { 0 } else { now.millis_since(at).max(0) };
        let duration_ms = run.duration_ms().unwrap_or(so_far);
        let mark = LaneRun {
            id: run.id.0,
            status: run.status.into(),
            at: Time(at),
            duration_ms,
            count: 1,
            error: run.error.as_ref().map(|error| error.chars().take(160).collect()),
        };
        let fine = matches!(run.status, ExecutionStatus::Completed);
        let place = (at.micros_since(from).div_euclid(width), fine);
        let entry =
            marks.entry(place).or_insert_with(|| (weight(run.status), LaneRun { count: 0, ..mark.clone() }));
        let count = entry.1.count + 1;
        let longest = entry.1.duration_ms.max(duration_ms);
        if weight(run.status) >= entry.0 {
            *entry = (weight(run.status), mark);
        }
        entry.1.count = count;
        entry.1.duration_ms = longest;
    }
    let mut marks: Vec<LaneRun> = marks.into_values().map(|(_, mark)| mark).collect();
    marks.sort_by_key(|mark| mark.at);
    marks
}
