//! What screens and commands ask: every question has its index, none counts rows while a person waits, lists go
//! page by page from an id.

mod event;
mod list;
mod misfire;
mod rule;
pub(crate) mod run;
mod score;

pub use event::{DecisionRow, EnforcementFilter, EnforcementRow, EventDetail, EventFilter, PIPS, Pip};
pub use list::{Listed, Page};
pub use rule::{RuleName, RuleVersion, Trouble, Usual};
pub use run::{ExecutionFilter, Mark, Run};
pub use score::{ActivityBin, Ended, EngineSpan, EventBin, LaneOf, LaneRuns, SleepSpan};

use model::Ref;
use rusqlite::{Connection, OptionalExtension};

/// The database as it stands at one instant. Handed out by [`crate::Readers::read`].
#[derive(Debug)]
pub struct View<'a> {
    conn: &'a Connection,
}

impl<'a> View<'a> {
    pub(crate) fn new(conn: &'a Connection) -> Self {
        Self { conn }
    }

    /// The number of a ref; none where nothing that happened has it.
    fn name(&self, name: &Ref) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.conn.prepare_cached("SELECT id FROM name WHERE text = ?1")?;
        statement.query_row([name.as_str()], |row| row.get(0)).optional()
    }
}

#[cfg(test)]
impl View<'_> {
    /// A question that never ends by itself.
    pub(crate) fn ask_for_ever(&self) -> Result<i64, crate::QueryError> {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";
        Ok(self.conn.query_row(sql, [], |row| row.get(0))?)
    }
}
