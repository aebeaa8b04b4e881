//! Planned instants that were missed.

use super::View;
use super::list::{Listed, Page, collect};
use super::score::LaneOf;
use crate::encoding::get;
use crate::error::QueryError;
use model::{Misfire, MisfireEntry, MisfireId, RuleId, Timestamp};
use rusqlite::{Row, params};

macro_rules! asked {
    ($rest:literal) => {
        concat!(
            "SELECT id, rule, first, last, count, reason, rule_version, recorded FROM misfire WHERE ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<MisfireEntry> {
    Ok(MisfireEntry {
        id: MisfireId(row.get(0)?),
        misfire: Misfire {
            rule: RuleId(row.get(1)?),
            first: get(row, 2)?,
            last: get(row, 3)?,
            count: row.get::<_, i64>(4)?.unsigned_abs(),
            reason: get(row, 5)?,
        },
        rule_version: row.get(6)?,
        recorded: get(row, 7)?,
    })
}

impl View<'_> {
    /// A page of what was missed, of one rule or all, newest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn misfires(&self, rule: Option<RuleId>, page: Page) -> Result<Listed<MisfireEntry>, QueryError> {
        let ids = page.ids();
        let mut statement = self.conn.prepare_cached(match rule {
            Some(_) => asked!("rule = ?3 AND id > ?1 AND id < ?2 ORDER BY id DESC"),
            None => asked!("id > ?1 AND id < ?2 ORDER BY id DESC"),
        })?;
        let mut rows = match rule {
            Some(rule) => statement.query(params![ids.above, ids.below, rule.0])?,
            None => statement.query([ids.above, ids.below])?,
        };
        collect(&mut rows, page.limit, |row| Ok(Some(read(row)?)))
    }

    /// What was missed from `from` on and before `to`, oldest first; of more than `limit` only the newest.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn missed(
        &self,
        of: LaneOf<'_>,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<MisfireEntry>, QueryError> {
        let (from, to) = (from.as_micros(), to.as_micros());
        let mut statement = self.conn.prepare_cached(match of {
            LaneOf::Rule(_) => asked!("rule = ?3 AND last >= ?1 AND first < ?2 ORDER BY last DESC"),
            LaneOf::Others(_) => asked!("last >= ?1 AND first < ?2 ORDER BY last DESC"),
        })?;
        let mut rows = match of {
            LaneOf::Rule(rule) => statement.query(params![from, to, rule.0])?,
            LaneOf::Others(_) => statement.query([from, to])?,
        };
        let wanted = |entry: &MisfireEntry| !matches!(of, LaneOf::Others(rules) if rules.contains(&entry.misfire.rule));
        let mut found = collect(&mut rows, limit, |row| Ok(Some(read(row)?).filter(wanted)))?.rows;
        found.reverse();
        Ok(found)
    }
}
