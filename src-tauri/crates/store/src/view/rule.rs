//! What the past says of rules.

use super::View;
use super::run::{Mark, Run, run_columns};
use crate::encoding::{get, get_json, get_ref};
use crate::error::QueryError;
use model::{ExecutionStatus, Outcome, Ref, RuleBody, RuleId, Timestamp};
use rusqlite::{OptionalExtension, params};

/// How a rule is called, also one that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// Its id.
    pub id: RuleId,
    /// Its name for machines.
    pub r#ref: Ref,
    /// Its name for people.
    pub label: String,
    /// Whether it is deleted.
    pub deleted: bool,
}

/// A rule's content as it was saved once.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleVersion {
    /// Counts saved changes, from 1.
    pub version: u32,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// The content.
    pub body: RuleBody,
}

/// A rule whose last run did not end well; cancelled ones do not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// The rule.
    pub rule: RuleId,
    /// The run.
    pub run: Run,
    /// How many runs in a row did not complete.
    pub streak: u32,
}

/// How long a rule's runs usually take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// Half of them take less, in milliseconds.
    pub median_ms: i64,
    /// 19 of 20 take less, in milliseconds.
    pub p95_ms: i64,
}

impl Usual {
    /// Of the runs among these that completed; none where none did.
    #[must_use]
    pub fn of(marks: &[Mark]) -> Option<Self> {
        let completed = marks.iter().filter(|mark| mark.status == ExecutionStatus::Completed);
        let mut durations: Vec<i64> = completed.filter_map(Mark::duration_ms).collect();
        durations.sort_unstable();
        // Nearest rank: the smallest one that so many per cent do not exceed.
        let rank = |percent: usize| {
            durations.get((durations.len() * percent).div_ceil(100).checked_sub(1)?).copied()
        };
        Some(Self { median_ms: rank(50)?, p95_ms: rank(95)? })
    }
}

impl View<'_> {
    /// How some rules are called; what never was is left out.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn rule_names(&self, rules: &[RuleId]) -> Result<Vec<RuleName>, QueryError> {
        let sql =
            "SELECT ref, coalesce(body ->> 'label', ref), deleted_at IS NOT NULL FROM rule WHERE id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut names = Vec::with_capacity(rules.len());
        for id in rules {
            let name = statement.query_row([id.0], |row| {
                Ok(RuleName { id: *id, r#ref: get_ref(row, 0)?, label: row.get(1)?, deleted: row.get(2)? })
            });
            names.extend(name.optional()?);
        }
        Ok(names)
    }

    /// The saved contents of a rule, newest first: those below the version `before`, at most `limit`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn rule_versions(
        &self,
        rule: RuleId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<RuleVersion>, QueryError> {
        let sql = "SELECT version, saved_at, body FROM rule_version WHERE rule = ?1 AND version < ?2 \
                   ORDER BY version DESC LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let before = before.map_or(i64::MAX, i64::from);
        let rows = statement
            .query_map(params![rule.0, before, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(RuleVersion { version: row.get(0)?, saved_at: get(row, 1)?, body: get_json(row, 2)? })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How often a rule looked at an event, by what came of it; also of looks that are no longer kept.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn decision_counts(&self, rule: RuleId) -> Result<Vec<(Outcome, u64)>, QueryError> {
        let sql = "SELECT outcome, count FROM decision_count WHERE rule = ?1 ORDER BY outcome";
        let mut statement = self.conn.prepare_cached(sql)?;
        let counts =
            statement.query_map([rule.0], |row| Ok((get(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// Rules, deleted ones aside, whose last run did not end well, the latest first, at most `limit`; and how many
    /// there are in all.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn troubles(&self, limit: usize) -> Result<(Vec<Trouble>, u32), QueryError> {
        const WHERE: &str = "FROM rule_last CROSS JOIN rule ON rule.id = rule_last.rule AND rule.deleted_at IS NULL \
                             CROSS JOIN execution ON execution.id = rule_last.ended WHERE rule_last.ended_status > 5";
        let columns = run_columns!();
        let sql =
            format!("SELECT {columns}, rule_last.streak {WHERE} ORDER BY rule_last.ended_at DESC LIMIT ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            let (run, streak) = (Run::read(row)?, row.get(15)?);
            Ok(run.rule.map(|rule| Trouble { rule, run, streak }))
        })?;
        let troubles: Vec<Trouble> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let count =
            self.conn.prepare_cached(&format!("SELECT count(*) {WHERE}"))?.query_row([], |row| row.get(0))?;
        Ok((troubles, count))
    }

    /// How many rules ever ran.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn rules_that_ran(&self) -> Result<u32, QueryError> {
        let mut statement = self.conn.prepare_cached("SELECT count(*) FROM rule_last")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
