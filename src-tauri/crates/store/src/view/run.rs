//! Executions.

use super::View;
use super::list::{Ids, Listed, Page, collect, is_within};
use crate::encoding::{
    COMPLETED, Column, Number, get, get_exit, get_json, get_optional, get_optional_json, get_ref,
};
use crate::error::QueryError;
use model::{EnforcementId, EventId, Execution, ExecutionId, ExecutionStatus, Exit, Ref, RuleId, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! run_columns {
    () => {
        "execution.id, execution.status, execution.rule, execution.action, \
         (SELECT text FROM name WHERE name.id = execution.action), execution.requested_at, execution.started_at, \
         execution.finished_at, execution.event, execution.enforcement, execution.rerun_of, execution.attempt, \
         execution.exit_code, execution.exit_signal, execution.error"
    };
}
pub(super) use run_columns;

/// The columns that [`read_execution`] reads; `execution_parameters` must be joined.
pub(crate) const EXECUTION_COLUMNS: &str = concat!(
    run_columns!(),
    ", execution.pid, execution.timeout_ms, execution.result, execution_parameters.parameters"
);

/// The columns that [`Mark::read`] reads.
pub(super) const MARK_COLUMNS: &str =
    "execution.id, execution.status, execution.requested_at, execution.started_at, execution.finished_at";

/// An execution without its parameters and its result: a row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: ExecutionId,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// The rule behind it.
    pub rule: Option<RuleId>,
    /// What runs.
    pub action: Ref,
    /// The event behind it.
    pub event: Option<EventId>,
    /// The enforcement that asked for it.
    pub enforcement: Option<EnforcementId>,
    /// The execution that it repeats.
    pub rerun_of: Option<ExecutionId>,
    /// Which start this is, from 1; 0 before the first.
    pub attempt: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// When its end was known.
    pub finished_at: Option<Timestamp>,
    /// How its process ended.
    pub exit: Option<Exit>,
    /// Why it did not end well.
    pub error: Option<String>,
}

impl Run {
    /// Milliseconds from start to end; none while it has not both.
    #[must_use]
    pub fn duration_ms(&self) -> Option<i64> {
        self.mark().duration_ms()
    }

    /// The same in short.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            id: self.id,
            status: self.status,
            requested_at: self.requested_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }

    /// Reads the columns of `run_columns!`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: ExecutionId(row.get(0)?),
            status: get(row, 1)?,
            rule: row.get::<_, Option<i64>>(2)?.map(RuleId),
            action: get_ref(row, 4)?,
            requested_at: get(row, 5)?,
            started_at: get_optional(row, 6)?,
            finished_at: get_optional(row, 7)?,
            event: row.get::<_, Option<i64>>(8)?.map(EventId),
            enforcement: row.get::<_, Option<i64>>(9)?.map(EnforcementId),
            rerun_of: row.get::<_, Option<i64>>(10)?.map(ExecutionId),
            attempt: row.get(11)?,
            exit: get_exit(row, 12)?,
            error: row.get(14)?,
        })
    }
}

/// An execution as strips draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its id.
    pub id: ExecutionId,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// When its end was known.
    pub finished_at: Option<Timestamp>,
}

impl Mark {
    /// Milliseconds from start to end; none while it has not both.
    #[must_use]
    pub fn duration_ms(&self) -> Option<i64> {
        Some(self.finished_at?.millis_since(self.started_at?).max(0))
    }

    /// Reads [`MARK_COLUMNS`] from the column `first` on; nothing where an outer join found nothing.
    pub(super) fn read_optional(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Self>> {
        let Some(id) = row.get(first)? else { return Ok(None) };
        Ok(Some(Self {
            id: ExecutionId(id),
            status: get(row, first + 1)?,
            requested_at: get(row, first + 2)?,
            started_at: get_optional(row, first + 3)?,
            finished_at: get_optional(row, first + 4)?,
        }))
    }

    /// Reads [`MARK_COLUMNS`] from the column `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Self::read_optional(row, first)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
}

/// Reads [`EXECUTION_COLUMNS`].
pub(crate) fn read_execution(row: &Row<'_>) -> rusqlite::Result<Execution> {
    let run = Run::read(row)?;
    Ok(Execution {
        id: run.id,
        enforcement: run.enforcement,
        event: run.event,
        rule: run.rule,
        rerun_of: run.rerun_of,
        action: run.action,
        parameters: get_json(row, 18)?,
        status: run.status,
        attempt: run.attempt,
        requested_at: run.requested_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        pid: row.get(15)?,
        exit: run.exit,
        result: get_optional_json(row, 17)?,
        error: run.error,
        timeout_ms: row.get::<_, i64>(16)?.unsigned_abs(),
    })
}

/// Which executions a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecutionFilter {
    /// Only these; empty for all.
    pub statuses: Vec<ExecutionStatus>,
    /// Only of this rule.
    pub rule: Option<RuleId>,
    /// Only of this action.
    pub action: Option<Ref>,
    /// Only asked for from this instant on.
    pub from: Option<Timestamp>,
    /// Only asked for before this instant.
    pub to: Option<Timestamp>,
}

/// A way to come by executions in the order of their ids.
#[derive(Clone, Copy)]
enum Way {
    All,
    Rule(RuleId),
    Action(i64),
    Open,
    Trouble,
}

impl Way {
    fn sql(self) -> &'static str {
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
        match self {
            Self::All => ordered!(""),
            Self::Rule(_) => ordered!("execution.rule = ?3 AND "),
            Self::Action(_) => ordered!("execution.action = ?3 AND "),
            Self::Open => ordered!("execution.status < 5 AND "),
            Self::Trouble => ordered!("execution.status > 5 AND "),
        }
    }

    fn argument(self) -> Option<i64> {
        match self {
            Self::All | Self::Open | Self::Trouble => None,
            Self::Rule(rule) => Some(rule.0),
            Self::Action(action) => Some(action),
        }
    }
}

/// A filter in the numbers of the tables.
struct Wanted<'a> {
    filter: &'a ExecutionFilter,
    statuses: BTreeSet<i64>,
    action: Option<i64>,
}

impl Wanted<'_> {
    /// The ways on which every wanted execution lies: those with few others on them.
    fn ways(&self) -> Vec<Way> {
        let any = |test: fn(i64) -> bool| self.statuses.iter().any(|status| test(*status));
        if !self.statuses.is_empty() && !self.statuses.contains(&COMPLETED) {
            let open = any(|status| status < COMPLETED).then_some(Way::Open);
            let trouble = any(|status| status > COMPLETED).then_some(Way::Trouble);
            return open.into_iter().chain(trouble).collect();
        }
        match (self.filter.rule, self.action) {
            (Some(rule), _) => vec![Way::Rule(rule)],
            (None, Some(action)) => vec![Way::Action(action)],
            (None, None) => vec![Way::All],
        }
    }

    fn read(&self, row: &Row<'_>) -> Result<Option<Run>, QueryError> {
        let ExecutionFilter { rule, from, to, .. } = self.filter;
        let wanted = (self.statuses.is_empty() || self.statuses.contains(&row.get(1)?))
            && (rule.is_none() || row.get::<_, Option<i64>>(2)? == rule.map(|rule| rule.0))
            && (self.action.is_none() || row.get::<_, Option<i64>>(3)? == self.action)
            && is_within(get(row, 5)?, *from, *to);
        Ok(if wanted { Some(Run::read(row)?) } else { None })
    }
}

impl View<'_> {
    /// A page of executions, newest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn executions(&self, filter: &ExecutionFilter, page: Page) -> Result<Listed<Run>, QueryError> {
        let action = match &filter.action {
            None => None,
            Some(action) => match self.name(action)? {
                None => return Ok(Listed::none()),
                known => known,
            },
        };
        let statuses = filter.statuses.iter().map(|status| Column(*status).number()).collect();
        let wanted = Wanted { filter, statuses, action };
        let ids = page.ids().within(self.conn, "execution_minute", filter.from, filter.to)?;
        let ways: Result<Vec<_>, _> =
            wanted.ways().into_iter().map(|way| self.along(way, &wanted, ids, page.limit)).collect();
        Ok(merge(ways?, page.limit))
    }

    fn along(
        &self,
        way: Way,
        wanted: &Wanted<'_>,
        ids: Ids,
        limit: usize,
    ) -> Result<Listed<Run>, QueryError> {
        let mut statement = self.conn.prepare_cached(way.sql())?;
        let mut rows = match way.argument() {
            None => statement.query([ids.above, ids.below])?,
            Some(argument) => statement.query([ids.above, ids.below, argument])?,
        };
        collect(&mut rows, limit, |row| wanted.read(row))
    }

    /// One execution with everything that is known of it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn execution(&self, id: ExecutionId) -> Result<Option<Execution>, QueryError> {
        let sql = format!(
            "SELECT {EXECUTION_COLUMNS} FROM execution LEFT JOIN execution_parameters USING (id) \
             WHERE execution.id = ?1"
        );
        Ok(self.conn.prepare_cached(&sql)?.query_row([id.0], read_execution).optional()?)
    }

    /// The newest execution of each rule that ever ran.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn last_executions(&self) -> Result<BTreeMap<RuleId, Mark>, QueryError> {
        let sql = format!(
            "SELECT rule_last.rule, {MARK_COLUMNS} FROM rule_last CROSS JOIN execution \
             ON execution.id = rule_last.newest"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let marks = statement.query_map([], |row| Ok((RuleId(row.get(0)?), Mark::read(row, 1)?)))?;
        Ok(marks.collect::<Result<_, _>>()?)
    }

    /// The newest executions of some rules, `count` of each, oldest first; rules without any are left out.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn recent_executions(
        &self,
        rules: &[RuleId],
        count: usize,
    ) -> Result<Vec<(RuleId, Vec<Mark>)>, QueryError> {
        let sql = format!("SELECT {MARK_COLUMNS} FROM execution WHERE rule = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut recent = Vec::with_capacity(rules.len());
        for rule in rules {
            let marks = statement.query_map(params![rule.0, count], |row| Mark::read(row, 0))?;
            let mut marks: Vec<Mark> = marks.collect::<Result<_, _>>()?;
            marks.reverse();
            if !marks.is_empty() {
                recent.push((*rule, marks));
            }
        }
        Ok(recent)
    }

    /// The executions that have not ended, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn open_executions(&self, limit: usize) -> Result<Vec<Run>, QueryError> {
        let sql = concat!(
            "SELECT ",
            run_columns!(),
            " FROM execution WHERE execution.status < 5 AND execution.id > 0 \
             ORDER BY execution.id LIMIT ?1"
        );
        let mut statement = self.conn.prepare_cached(sql)?;
        let runs = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], Run::read)?;
        Ok(runs.collect::<Result<_, _>>()?)
    }
}

/// Joins what lay on several ways. Each tells of ids down to where it stopped; below the highest of these places
/// something may be missing.
fn merge(mut ways: Vec<Listed<Run>>, limit: usize) -> Listed<Run> {
    if ways.len() == 1 {
        return ways.pop().unwrap_or_else(Listed::none);
    }
    let stop = ways.iter().filter_map(|way| way.next).max();
    let mut rows: Vec<Run> = ways.into_iter().flat_map(|way| way.rows).collect();
    rows.retain(|run| stop.is_none_or(|stop| run.id.0 >= stop));
    rows.sort_by_key(|run| std::cmp::Reverse(run.id));
    if rows.len() <= limit {
        return Listed { rows, next: stop };
    }
    rows.truncate(limit);
    let next = rows.last().map(|run| run.id.0);
    Listed { rows, next }
}
