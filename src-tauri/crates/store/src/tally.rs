//! Sums that a transaction adds up in memory and writes once, just before its commit: whatever a screen would
//! otherwise have to count.

use crate::encoding::{COMPLETED, Column, Number, minute};
use model::{Event, EventId, Execution, ExecutionStatus, Outcome, RuleId, Timestamp};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashMap};

/// The rule under which all runs are summed up.
pub(crate) const ALL_RULES: i64 = 0;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    events: BTreeMap<(i64, i64), Events>,
    /// Where the events of this transaction are counted, until one of them has fired.
    not_fired: HashMap<EventId, (i64, i64)>,
    requested: BTreeMap<i64, Span>,
    ended: BTreeMap<(i64, i64, i64), Ended>,
    busy: BTreeMap<(i64, i64), i64>,
    last: BTreeMap<i64, Last>,
    decisions: BTreeMap<(i64, i64), i64>,
}

#[derive(Debug, Default)]
struct Events {
    count: i64,
    fired: i64,
    span: Span,
}

/// How many ids there were, and the outermost of them.
#[derive(Debug, Default)]
struct Span {
    count: i64,
    first: i64,
    last: i64,
}

impl Span {
    fn add(&mut self, id: i64) {
        self.first = if self.count == 0 { id } else { self.first.min(id) };
        self.last = self.last.max(id);
        self.count += 1;
    }
}

#[derive(Debug, Default)]
struct Ended {
    count: i64,
    total_ms: i64,
    max_ms: i64,
    last: i64,
}

#[derive(Debug, Default)]
struct Last {
    newest: i64,
    /// The newest run that ended, cancelled ones aside: id, status, when.
    ended: Option<(i64, i64, Timestamp)>,
    /// Whether one completed; what was counted before it does not matter then.
    completed: bool,
    /// Runs since that did not complete.
    streak: i64,
}

impl Tally {
    pub(crate) fn event(&mut self, event: &Event, trigger: i64) {
        let place = (minute(event.created), trigger);
        let events = self.events.entry(place).or_default();
        events.count += 1;
        events.span.add(event.id.0);
        self.not_fired.insert(event.id, place);
    }

    pub(crate) fn fired(&mut self, event: EventId) {
        if let Some(events) = self.not_fired.remove(&event).and_then(|place| self.events.get_mut(&place)) {
            events.fired += 1;
        }
    }

    pub(crate) fn decision(&mut self, rule: RuleId, outcome: Outcome) {
        *self.decisions.entry((rule.0, Column(outcome).number())).or_default() += 1;
    }

    pub(crate) fn requested(&mut self, run: &Execution) {
        self.requested.entry(minute(run.requested_at)).or_default().add(run.id.0);
        if let Some(rule) = run.rule {
            let last = self.last.entry(rule.0).or_default();
            last.newest = last.newest.max(run.id.0);
        }
    }

    /// A run ended: its status is final.
    pub(crate) fn ended(&mut self, run: &Execution) {
        let at = run.finished_at.unwrap_or(run.requested_at);
        let status = Column(run.status).number();
        let duration = run.duration_ms().unwrap_or(0);
        for rule in [Some(ALL_RULES), run.rule.map(|rule| rule.0)].into_iter().flatten() {
            let ended = self.ended.entry((rule, minute(at), status)).or_default();
            ended.count += 1;
            ended.total_ms = ended.total_ms.saturating_add(duration);
            ended.max_ms = ended.max_ms.max(duration);
            ended.last = ended.last.max(run.id.0);
        }
        let Some(rule) = run.rule else { return };
        *self.busy.entry((at.as_seconds() / 3_600, rule.0)).or_default() += 1;
        if run.status != ExecutionStatus::Cancelled {
            let last = self.last.entry(rule.0).or_default();
            last.ended = Some((run.id.0, status, at));
            if status == COMPLETED {
                last.completed = true;
                last.streak = 0;
            } else {
                last.streak += 1;
            }
        }
    }

    /// Adds the sums to those in the database.
    pub(crate) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        self.write_minutes(conn)?;
        self.write_ended(conn)?;
        let mut statement = conn.prepare_cached(
            "INSERT INTO decision_count (rule, outcome, count) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((rule, outcome), count) in &self.decisions {
            statement.execute([rule, outcome, count])?;
        }
        Ok(())
    }

    fn write_minutes(&self, conn: &Connection) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT INTO event_minute (minute, trigger, events, fired, first, last) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET events = events + excluded.events, fired = fired + excluded.fired, \
             first = min(first, excluded.first), last = max(last, excluded.last)",
        )?;
        for ((minute, trigger), events) in &self.events {
            let Events { count, fired, span } = events;
            statement.execute([minute, trigger, count, fired, &span.first, &span.last])?;
        }
        let mut statement = conn.prepare_cached(
            "INSERT INTO execution_minute (minute, requested, first, last) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET requested = requested + excluded.requested, \
             first = min(first, excluded.first), last = max(last, excluded.last)",
        )?;
        for (minute, span) in &self.requested {
            statement.execute([minute, &span.count, &span.first, &span.last])?;
        }
        Ok(())
    }

    fn write_ended(&self, conn: &Connection) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT INTO activity (rule, minute, status, count, total_ms, max_ms, last) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO UPDATE SET count = count + excluded.count, total_ms = total_ms + excluded.total_ms, \
             max_ms = max(max_ms, excluded.max_ms), last = max(last, excluded.last)",
        )?;
        for ((rule, minute, status), ended) in &self.ended {
            let Ended { count, total_ms, max_ms, last } = ended;
            statement.execute([rule, minute, status, count, total_ms, max_ms, last])?;
        }
        let mut statement = conn.prepare_cached(
            "INSERT INTO busy (hour, rule, runs) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET runs = runs + excluded.runs",
        )?;
        for ((hour, rule), runs) in &self.busy {
            statement.execute([hour, rule, runs])?;
        }
        let mut statement = conn.prepare_cached(
            "INSERT INTO rule_last (rule, newest, ended, ended_status, ended_at, streak) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest), \
             ended = coalesce(excluded.ended, ended), \
             ended_status = coalesce(excluded.ended_status, ended_status), \
             ended_at = coalesce(excluded.ended_at, ended_at), \
             streak = CASE WHEN ?7 THEN excluded.streak ELSE streak + excluded.streak END",
        )?;
        for (rule, last) in &self.last {
            let (id, status, at) = match last.ended {
                Some((id, status, at)) => (Some(id), Some(status), Some(at.as_micros())),
                None => (None, None, None),
            };
            statement.execute(params![rule, last.newest, id, status, at, last.streak, last.completed])?;
        }
        Ok(())
    }
}
