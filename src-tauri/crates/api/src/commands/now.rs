//! What the first screen says.

use super::execution::mark;
use super::names::{Links, link};
use crate::wire::{Attention, AttentionKind, Empty, NextFire, NowView, RuleActivity, RunMark, Time};
use crate::{Api, ApiError};
use model::{ExecutionStatus, MisfireEntry, MissReason, RuleId, Timestamp};
use sensors::SensorState;
use std::collections::BTreeMap;
use store::{ActivityBin, Ended, EventBin, Mark, Page, Trouble, Usual};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;
/// Minutes of the little curves.
const CURVE: usize = 30;
/// Things that need a person, rules by activity, next fires: what fits on the screen.
const ATTENTION: usize = 5;
const ACTIVITY: usize = 8;
const NEXT: usize = 12;
/// Rows of the ledger of missed instants that are looked at.
const MISSED: usize = 500;
/// Failures in a row from which a sensor needs a person.
const SENSOR_FAILURES: u32 = 3;

/// What is read in one go.
struct Facts {
    day: Vec<Ended>,
    runs: Vec<ActivityBin>,
    events: Vec<EventBin>,
    trouble: Vec<Trouble>,
    troubles: u32,
    busiest: Vec<RuleId>,
    recent: BTreeMap<RuleId, Vec<Mark>>,
    missed: Vec<MisfireEntry>,
}

impl Api {
    pub(crate) async fn now_read(&self, _: Empty) -> Result<NowView, ApiError> {
        let now = self.engine.clock().now();
        let facts = self.facts(now).await?;
        let total = |wanted: fn(ExecutionStatus) -> bool| {
            small(facts.day.iter().filter(|ended| wanted(ended.status)).map(|ended| ended.count).sum())
        };
        let rules = facts.busiest.iter().copied().chain(facts.trouble.iter().map(|trouble| trouble.rule));
        let links = self.links(rules).await?;
        let mut attention = self.attention(&facts, now, &links);
        let unread = (facts.troubles as usize).saturating_sub(facts.trouble.len());
        let more = attention.len().saturating_sub(ATTENTION) + unread;
        attention.truncate(ATTENTION);
        let (next, fires_today) = self.next_fires(now);
        let curve_from = Timestamp::from_micros((now.as_micros() / MINUTE_US - 29) * MINUTE_US);
        let runs = facts.runs.iter().map(|bin| (bin.at, small(bin.ended.count)));
        let events = facts.events.iter().map(|bin| (bin.at, small(bin.events)));
        let active_rules = self.engine.shared().rules().by_id.values().filter(|rule| rule.enabled()).count();
        Ok(NowView {
            engine: self.status(),
            runs_24h: total(|_| true),
            not_completed_24h: total(|status| status != ExecutionStatus::Completed),
            attention,
            attention_more: u32::try_from(more).unwrap_or(u32::MAX),
            active_rules: u32::try_from(active_rules.max(facts.busiest.len())).unwrap_or(u32::MAX),
            activity: activity(&facts, &links),
            next,
            fires_today,
            events_per_minute: curve(events, curve_from),
            runs_per_minute: curve(runs, curve_from),
        })
    }

    async fn facts(&self, now: Timestamp) -> Result<Facts, ApiError> {
        let known = self.engine.shared().rules();
        let from = now.plus_micros(-DAY_US);
        self.read(move |view| {
            let mut busiest: Vec<RuleId> =
                view.busiest(from, now, 100)?.into_iter().map(|(rule, _)| rule).collect();
            busiest.retain(|rule| known.by_id.contains_key(rule));
            let shown: Vec<RuleId> = busiest.iter().take(ACTIVITY).copied().collect();
            let (trouble, troubles) = view.troubles(ATTENTION)?;
            let lately = now.plus_micros(-31 * MINUTE_US);
            Ok(Facts {
                day: view.ended(None, from, now)?,
                runs: view.activity(None, lately, now, 1)?,
                events: view.event_bins(None, lately, now, 1)?,
                trouble,
                troubles,
                recent: view.recent_executions(&shown, 50)?.into_iter().collect(),
                busiest,
                missed: view.misfires(None, Page::newest(MISSED))?.rows,
            })
        })
        .await
    }

    fn attention(&self, facts: &Facts, now: Timestamp, links: &Links) -> Vec<Attention> {
        let troubled = facts.trouble.iter().map(|trouble| troubled_rule(trouble, links));
        let mut items: Vec<Attention> = troubled.collect();
        items.extend(self.rules_that_missed(&facts.missed, now.plus_micros(-DAY_US)));
        items.extend(self.unwell_sensors());
        items.extend(self.faulty_rules());
        items.extend(self.broken_packs());
        items.sort_by_key(|item| std::cmp::Reverse(item.at));
        items
    }

    fn unwell_sensors(&self) -> Vec<Attention> {
        let sensors = self.engine.shared().sensors();
        let unwell = sensors.values().filter(|sensor| {
            sensor.state == SensorState::Failed
                || (sensor.state == SensorState::Backoff && sensor.failures >= SENSOR_FAILURES)
        });
        let item = |sensor: &sensors::SensorStatus| Attention {
            kind: AttentionKind::Sensor,
            name: sensor.sensor.to_string(),
            happened: if sensor.state == SensorState::Failed {
                "cannot be started".to_owned()
            } else {
                format!("died {} times in a row", sensor.failures)
            },
            cause: sensor.last_error.clone().unwrap_or_default(),
            at: Time(sensor.since),
            rule: None,
            run: None,
            subject: Some(sensor.sensor.to_string()),
        };
        unwell.map(item).collect()
    }

    fn faulty_rules(&self) -> Vec<Attention> {
        let rules = self.engine.shared().rules();
        let faulty = rules.faults.iter().filter_map(|(id, faults)| Some((rules.by_id.get(id)?, faults)));
        let item = |rule: &model::Rule, faults: &[model::Invalid]| Attention {
            kind: AttentionKind::Rule,
            name: rule.body.label.clone(),
            happened: "cannot work".to_owned(),
            cause: faults.first().map(ToString::to_string).unwrap_or_default(),
            at: Time(rule.updated),
            rule: Some(link(rule)),
            run: None,
            subject: None,
        };
        faulty.filter(|(rule, _)| rule.enabled()).map(|(rule, faults)| item(rule, faults)).collect()
    }

    /// Rules whose planned instants were missed, as was recorded since then; what a person switched off is not
    /// missed by them.
    fn rules_that_missed(&self, missed: &[MisfireEntry], since: Timestamp) -> Vec<Attention> {
        let rules = self.engine.shared().rules();
        let mut items: Vec<(RuleId, u64, &MisfireEntry)> = Vec::new();
        let lately =
            |entry: &&MisfireEntry| entry.recorded >= since && entry.misfire.reason != MissReason::Disabled;
        for entry in missed.iter().filter(lately) {
            match items.iter_mut().find(|(rule, ..)| *rule == entry.misfire.rule) {
                Some((_, count, _)) => *count = count.saturating_add(entry.misfire.count),
                None => items.push((entry.misfire.rule, entry.misfire.count, entry)),
            }
        }
        let told = items.into_iter().filter_map(|(id, count, newest)| {
            let rule = rules.by_id.get(&id)?;
            Some(Attention {
                kind: AttentionKind::Missed,
                name: rule.body.label.clone(),
                happened: if count == 1 {
                    "missed one fire".to_owned()
                } else {
                    format!("missed {count} fires")
                },
                cause: why_missed(newest.misfire.reason).to_owned(),
                at: Time(newest.misfire.last),
                rule: Some(link(rule)),
                run: None,
                subject: None,
            })
        });
        told.collect()
    }

    fn broken_packs(&self) -> Vec<Attention> {
        let catalog = self.engine.shared().catalog();
        let broken = catalog.packs.iter().filter_map(|entry| {
            let error = entry.diagnostics.iter().find(|found| found.severity == packs::Severity::Error)?;
            Some(Attention {
                kind: AttentionKind::Pack,
                name: entry.name.clone(),
                happened: if entry.pack.is_some() {
                    "has an error; its last good version is in force"
                } else {
                    "does not load"
                }
                .to_owned(),
                cause: format!("{}:{}:{}: {}", error.file.display(), error.line, error.column, error.message),
                at: Time(self.engine.started_at()),
                rule: None,
                run: None,
                subject: Some(entry.name.clone()),
            })
        });
        broken.collect()
    }

    /// The next fire of each rule, and how many fires there are until midnight.
    fn next_fires(&self, now: Timestamp) -> (Vec<NextFire>, u32) {
        let midnight = midnight_after(now);
        let planned = self.planned();
        let today: u64 = planned.iter().map(|planned| planned.schedule.count_between(now, midnight)).sum();
        let mut next: Vec<NextFire> = planned
            .iter()
            .filter_map(|planned| {
                let fire = planned.schedule.next_after(now)?;
                Some(NextFire {
                    at: Time(fire.at),
                    rule: link(&planned.rule),
                    trigger_ref: planned.rule.body.trigger_ref.to_string(),
                    note: fire.note,
                })
            })
            .collect();
        next.sort_by_key(|fire| fire.at);
        next.truncate(NEXT);
        (next, u32::try_from(today).unwrap_or(u32::MAX))
    }
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn activity(facts: &Facts, links: &Links) -> Vec<RuleActivity> {
    let one = |rule: &RuleId| {
        let runs = facts.recent.get(rule)?;
        let marks: Vec<RunMark> = runs.iter().map(mark).collect();
        let ended = runs.iter().filter(|run| run.status.is_final()).count();
        let completed = runs.iter().filter(|run| run.status == ExecutionStatus::Completed).count();
        let usual = Usual::of(runs);
        Some(RuleActivity {
            rule: links.link(*rule),
            last: marks.last()?.clone(),
            recent: marks,
            completed_percent: u32::try_from(completed * 100 / ended.max(1)).unwrap_or(0),
            median_ms: usual.map(|usual| usual.median_ms),
            p95_ms: usual.map(|usual| usual.p95_ms),
        })
    };
    facts.busiest.iter().take(ACTIVITY).filter_map(one).collect()
}

fn troubled_rule(trouble: &Trouble, links: &Links) -> Attention {
    let rule = links.link(trouble.rule);
    let verb = match trouble.run.status {
        ExecutionStatus::Timeout => "timed out",
        ExecutionStatus::Abandoned => "was lost when the engine stopped",
        _ => "failed",
    };
    let happened = match trouble.streak {
        0 | 1 => verb.to_owned(),
        2 => format!("{verb} twice in a row"),
        many => format!("{verb} {many} times in a row"),
    };
    Attention {
        kind: AttentionKind::Run,
        name: rule.label.clone(),
        happened,
        cause: trouble.run.error.clone().unwrap_or_default().chars().take(200).collect(),
        at: Time(trouble.run.finished_at.unwrap_or(trouble.run.requested_at)),
        rule: Some(rule),
        run: Some(mark(&trouble.run.mark())),
        subject: None,
    }
}

fn why_missed(reason: MissReason) -> &'static str {
    match reason {
        MissReason::Asleep => "The machine was asleep.",
        MissReason::NotRunning => "Attune was not running.",
        MissReason::Disabled => "The rule was switched off.",
        MissReason::ClockChanged => "The clock was put forward.",
        MissReason::Limit => "More were missed than its misfire_limit lets fire.",
    }
}

fn midnight_after(now: Timestamp) -> Timestamp {
    let instant = jiff::Timestamp::from_microsecond(now.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let tomorrow = instant.to_zoned(Time::zone().clone()).tomorrow().and_then(|day| day.start_of_day());
    tomorrow.map_or(now, |midnight| Timestamp::from_micros(midnight.timestamp().as_microsecond()))
}

fn curve(minutes: impl Iterator<Item = (Timestamp, u32)>, from: Timestamp) -> Vec<u32> {
    let mut curve = vec![0_u32; CURVE];
    for (at, count) in minutes {
        let index = at.micros_since(from).div_euclid(MINUTE_US);
        if let Some(slot) = usize::try_from(index).ok().and_then(|index| curve.get_mut(index)) {
            *slot = slot.saturating_add(count);
        }
    }
    curve
}
