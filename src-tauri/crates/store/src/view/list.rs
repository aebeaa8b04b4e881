//! Pages of lists, newest first, from an id on.

use crate::encoding::minute;
use crate::error::QueryError;
use model::Timestamp;
use rusqlite::{Connection, Row, Rows};

/// Rows that one question looks at where it must look at each: the page then ends early and says where to go on.
const LOOKED_AT: usize = 20_000;
/// Minutes that are looked at to find the outermost id of a time; more than one, because a clock may be set back.
const MINUTES: i64 = 200;

/// Which rows of a list. Both bounds may be given together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only ids below this one: what comes after a page.
    pub before: Option<i64>,
    /// Only ids above this one: what has come since.
    pub after: Option<i64>,
    /// How many rows at most.
    pub limit: usize,
}

impl Page {
    /// The newest rows.
    #[must_use]
    pub fn newest(limit: usize) -> Self {
        Self { before: None, after: None, limit }
    }

    /// The ids between which the rows lie, both excluded.
    pub(super) fn ids(self) -> Ids {
        Ids { above: self.after.unwrap_or(0), below: self.before.unwrap_or(i64::MAX) }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    /// Newest first.
    pub rows: Vec<T>,
    /// Ask on with `before` = this, where there may be more. A page may be short, even empty, and yet have more.
    pub next: Option<i64>,
}

impl<T> Listed<T> {
    pub(super) fn none() -> Self {
        Self { rows: Vec::new(), next: None }
    }
}

/// Ids between two others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    pub(super) above: i64,
    pub(super) below: i64,
}

impl Ids {
    /// Only those that were given from `from` on and before `to`, as the sums of the minutes in `table` tell. Ids
    /// of the outermost minutes and of a clock that was set back may be among them wrongly.
    pub(super) fn within(
        self,
        conn: &Connection,
        table: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> rusqlite::Result<Self> {
        let outermost = |sql: String, at: Timestamp| {
            conn.prepare_cached(&sql)?.query_row([minute(at), MINUTES], |row| row.get::<_, Option<i64>>(0))
        };
        let mut ids = self;
        if let Some(from) = from {
            let sql = format!(
                "SELECT min(first) FROM (SELECT first FROM {table} WHERE minute >= ?1 ORDER BY minute LIMIT ?2)"
            );
            // None: nothing has come since.
            let first = outermost(sql, from)?.unwrap_or(i64::MAX);
            ids.above = ids.above.max(first - 1);
        }
        if let Some(to) = to {
            let sql = format!(
                "SELECT max(last) FROM (SELECT last FROM {table} WHERE minute <= ?1 ORDER BY minute DESC LIMIT ?2)"
            );
            let last = outermost(sql, to)?.unwrap_or(0);
            ids.below = ids.below.min(last + 1);
        }
        Ok(ids)
    }
}

/// Whether an instant lies from `from` on and before `to`.
pub(super) fn is_within(at: Timestamp, from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
}

/// Reads a page from rows that come newest first with their id in the first column. `read` gives nothing for a row
/// that is not wanted.
pub(super) fn collect<T>(
    rows: &mut Rows<'_>,
    limit: usize,
    mut read: impl FnMut(&Row<'_>) -> Result<Option<T>, QueryError>,
) -> Result<Listed<T>, QueryError> {
    let mut listed = Listed::none();
    let mut last_looked_at = None;
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        if looked_at == LOOKED_AT || listed.rows.len() == limit {
            listed.next = last_looked_at;
            break;
        }
        looked_at += 1;
        last_looked_at = Some(row.get(0)?);
        listed.rows.extend(read(row)?);
    }
    Ok(listed)
}
