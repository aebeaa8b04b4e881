//! Sums and spans of time: what the score, the histograms and the headline draw.

use super::View;
use super::list::Page;
use super::run::{Run, run_columns};
use crate::encoding::{get, get_optional, minute, minute_start};
use crate::error::QueryError;
use crate::tally::ALL_RULES;
use model::{ExecutionId, ExecutionStatus, Ref, RuleId, Timestamp};
use rusqlite::{Row, params};
use std::time::Duration;

/// How long before a stretch of time a run may have been asked for that still reaches into it.
const REACH: Duration = Duration::from_secs(3_600);

/// Runs of a stretch of time that ended in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityBin {
    /// The start of the stretch.
    pub at: Timestamp,
    /// How they ended.
    pub ended: Ended,
}

/// Runs that ended in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which way: a final status.
    pub status: ExecutionStatus,
    /// How many.
    pub count: u64,
    /// How long they took together, in milliseconds.
    pub total_ms: i64,
    /// How long the longest took, in milliseconds.
    pub max_ms: i64,
    /// The newest of them.
    pub last: ExecutionId,
}

/// Events of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventBin {
    /// The start of the stretch.
    pub at: Timestamp,
    /// Events.
    pub events: u64,
    /// Of them, those that fired a rule.
    pub fired: u64,
}

/// Whose runs a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneOf<'a> {
    /// Those of one rule.
    Rule(RuleId),
    /// Those of all but these rules.
    Others(&'a [RuleId]),
}

/// Runs of a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneRuns {
    /// Newest first.
    pub runs: Vec<Run>,
    /// Whether these are all; else the sums of [`View::activity`] tell of the rest.
    pub complete: bool,
}

/// A time in which the engine ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineSpan {
    /// When it started.
    pub started: Timestamp,
    /// Its last sign of life.
    pub alive: Timestamp,
    /// When it ended in order; none where it still runs or died.
    pub stopped: Option<Timestamp>,
}

/// A time in which the machine slept while the engine ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepSpan {
    /// Its start.
    pub started: Timestamp,
    /// Its end.
    pub ended: Timestamp,
}

impl Ended {
    /// Reads status, count, total, longest, newest from the column `first` on.
    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            status: get(row, first)?,
            count: row.get::<_, i64>(first + 1)?.unsigned_abs(),
            total_ms: row.get(first + 2)?,
            max_ms: row.get(first + 3)?,
            last: ExecutionId(row.get(first + 4)?),
        })
    }
}

impl View<'_> {
    /// Runs by when and how they ended, of one rule or all, in stretches of `bin_minutes` (at least 1) that begin at
    /// multiples of it since 1970; empty ones are left out. `from` and `to` count to the minute.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn activity(
        &self,
        rule: Option<RuleId>,
        from: Timestamp,
        to: Timestamp,
        bin_minutes: u32,
    ) -> Result<Vec<ActivityBin>, QueryError> {
        let sql = "SELECT minute / ?4 * ?4 AS bin, status, sum(count), sum(total_ms), max(max_ms), max(last) \
                   FROM activity WHERE rule = ?1 AND minute >= ?2 AND minute < ?3 \
                   GROUP BY bin, status ORDER BY bin, status";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rule = rule.map_or(ALL_RULES, |rule| rule.0);
        let rows = statement.query_map(params![rule, minute(from), end(to), bin_minutes.max(1)], |row| {
            Ok(ActivityBin { at: minute_start(row.get(0)?), ended: Ended::read(row, 1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The same as one sum over the whole time, one entry a status.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn ended(
        &self,
        rule: Option<RuleId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Ended>, QueryError> {
        let sql = "SELECT status, sum(count), sum(total_ms), max(max_ms), max(last) FROM activity \
                   WHERE rule = ?1 AND minute >= ?2 AND minute < ?3 GROUP BY status ORDER BY status";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rule = rule.map_or(ALL_RULES, |rule| rule.0);
        let rows = statement.query_map(params![rule, minute(from), end(to)], |row| Ended::read(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Events by when they came, of one trigger or all, in stretches of `bin_minutes` (at least 1) that begin at
    /// multiples of it since 1970; empty ones are left out. `from` and `to` count to the minute.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn event_bins(
        &self,
        trigger: Option<&Ref>,
        from: Timestamp,
        to: Timestamp,
        bin_minutes: u32,
    ) -> Result<Vec<EventBin>, QueryError> {
        let sql = "SELECT minute / ?3 * ?3 AS bin, sum(events), sum(fired) FROM event_minute \
                   WHERE minute >= ?1 AND minute < ?2 AND (?4 IS NULL OR trigger = ?4) GROUP BY bin ORDER BY bin";
        let trigger = match trigger {
            None => None,
            Some(trigger) => match self.name(trigger)? {
                None => return Ok(Vec::new()),
                known => known,
            },
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![minute(from), end(to), bin_minutes.max(1), trigger], |row| {
                Ok(EventBin {
                    at: minute_start(row.get(0)?),
                    events: row.get::<_, i64>(1)?.unsigned_abs(),
                    fired: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The rules with the most runs that ended in the hours that a time touches, the busiest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn busiest(
        &self,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<(RuleId, u64)>, QueryError> {
        let sql = "SELECT rule, sum(runs) AS total FROM busy WHERE hour >= ?1 AND hour <= ?2 \
                   GROUP BY rule ORDER BY total DESC, rule LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let hour = |at: Timestamp| at.as_seconds() / 3_600;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map([hour(from), hour(to), limit], |row| {
            Ok((RuleId(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Runs that were under way at some instant from `from` to `to`, at most `limit`. A run that was asked for more
    /// than an hour before `from` is among them only while it has not ended.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn lane(
        &self,
        of: LaneOf<'_>,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<LaneRuns, QueryError> {
        macro_rules! ordered {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    run_columns!(),
                    " FROM execution WHERE ",
                    $condition,
                    "execution.id > ?1 AND execution.id < ?2 ORDER BY execution.id DESC"
                )
            };
        }
        // `to` may be in the future; everything that was asked for is before it then.
        let ids = Page::newest(limit).ids().within(
            self.conn,
            "execution_minute",
            Some(from.minus(REACH)),
            Some(to),
        )?;
        let mut statement = self.conn.prepare_cached(match of {
            LaneOf::Rule(_) => ordered!("execution.rule = ?3 AND "),
            LaneOf::Others(_) => ordered!(""),
        })?;
        let mut rows = match of {
            LaneOf::Rule(rule) => statement.query([ids.above, ids.below, rule.0])?,
            LaneOf::Others(_) => statement.query([ids.above, ids.below])?,
        };
        let reaches = |run: &Run| {
            let is_other =
                !matches!(of, LaneOf::Others(rules) if run.rule.is_some_and(|rule| rules.contains(&rule)));
            is_other && run.requested_at < to && run.finished_at.is_none_or(|at| at >= from)
        };
        let listed = super::list::collect(&mut rows, limit, |row| Ok(Some(Run::read(row)?).filter(reaches)))?;
        let mut lane = LaneRuns { complete: listed.next.is_none(), runs: listed.rows };
        let old = |run: &Run| run.id.0 <= ids.above && reaches(run);
        let mine = |run: &Run| match of {
            LaneOf::Rule(rule) => run.rule == Some(rule),
            LaneOf::Others(_) => true,
        };
        let still_open = self.open_executions(limit)?.into_iter().filter(|run| old(run) && mine(run));
        lane.runs.extend(still_open.collect::<Vec<_>>().into_iter().rev());
        Ok(lane)
    }

    /// The times in which the engine ran, as far as they reach into a stretch of time, oldest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn engine_spans(&self, from: Timestamp, to: Timestamp) -> Result<Vec<EngineSpan>, QueryError> {
        let sql = "SELECT started, alive, stopped FROM engine_span WHERE started < ?2 AND started >= \
                   coalesce((SELECT max(started) FROM engine_span WHERE started <= ?1), 0) \
                   ORDER BY started";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([from.as_micros(), to.as_micros()], |row| {
            Ok(EngineSpan { started: get(row, 0)?, alive: get(row, 1)?, stopped: get_optional(row, 2)? })
        })?;
        let spans: Vec<EngineSpan> = rows.collect::<Result<_, _>>()?;
        // An open span may reach beyond its last sign of life.
        Ok(spans.into_iter().filter(|span| span.stopped.is_none_or(|stopped| stopped > from)).collect())
    }

    /// The times in which the machine slept, as far as they reach into a stretch of time, oldest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn sleep_spans(&self, from: Timestamp, to: Timestamp) -> Result<Vec<SleepSpan>, QueryError> {
        let sql = "SELECT started, ended FROM sleep_span WHERE started < ?2 AND started >= \
                   coalesce((SELECT max(started) FROM sleep_span WHERE started <= ?1), 0) \
                   ORDER BY started";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([from.as_micros(), to.as_micros()], |row| {
            Ok(SleepSpan { started: get(row, 0)?, ended: get(row, 1)? })
        })?;
        let spans: Vec<SleepSpan> = rows.collect::<Result<_, _>>()?;
        Ok(spans.into_iter().filter(|span| span.ended > from).collect())
    }
}

/// The minute after the last one that a time touches.
fn end(to: Timestamp) -> i64 {
    minute(to.plus_micros(59_999_999))
}
