//! What memory needs at start, read from the tables.

use crate::encoding::{Column, get, get_json, get_optional, get_ref};
use crate::error::QueryError;
use crate::record::Snapshot;
use crate::view::run::EXECUTION_COLUMNS;
use model::{EnforcementId, EventId, ExecutionId, MisfireId, Rule, RuleId, TimerMemory};
use rusqlite::{Connection, Row};
use std::collections::BTreeSet;

const RULE_COLUMNS: &str = "rule.id, rule.ref, rule.body, rule.state, rule.version, rule.created, rule.updated, \
                            rule_timer.anchor, rule_timer.last_scheduled_at, rule_timer.execution_count, \
                            rule_timer.handled_until";

/// Reads it all in one transaction.
pub(crate) fn snapshot(conn: &Connection) -> Result<Snapshot, QueryError> {
    let reading = conn.unchecked_transaction()?;
    let rules = rules(conn, "WHERE rule.deleted_at IS NULL ORDER BY rule.id")?;
    let snapshot = Snapshot {
        instance: conn.query_row("SELECT id FROM instance", [], |row| row.get(0))?,
        deleted: deleted(conn, &rules)?,
        rules,
        remembered: remembered(conn)?,
        unfinished: unfinished(conn)?,
        last_event: EventId(last(conn, "event")?),
        last_enforcement: EnforcementId(last(conn, "enforcement")?),
        last_execution: ExecutionId(last(conn, "execution")?),
        last_rule: RuleId(last(conn, "rule")?),
        last_misfire: MisfireId(last(conn, "misfire")?),
    };
    reading.finish()?;
    Ok(snapshot)
}

/// The highest id that a row of a table ever had.
fn last(conn: &Connection, table: &str) -> rusqlite::Result<i64> {
    let sql = format!(
        "SELECT max(last, coalesce((SELECT max(id) FROM {table}), 0)) FROM sequence WHERE kind = '{table}'"
    );
    conn.query_row(&sql, [], |row| row.get(0))
}

fn rules(conn: &Connection, which: &str) -> rusqlite::Result<Vec<Rule>> {
    let sql =
        format!("SELECT {RULE_COLUMNS} FROM rule LEFT JOIN rule_timer ON rule_timer.rule = rule.id {which}");
    conn.prepare(&sql)?.query_map([], read_rule)?.collect()
}

/// Of the deleted rules, the newest of each ref that is free.
fn deleted(conn: &Connection, present: &[Rule]) -> rusqlite::Result<Vec<Rule>> {
    let mut seen: BTreeSet<model::Ref> = present.iter().map(|rule| rule.r#ref.clone()).collect();
    let mut deleted =
        rules(conn, "WHERE rule.deleted_at IS NOT NULL ORDER BY rule.deleted_at DESC, rule.id DESC")?;
    deleted.retain(|rule| seen.insert(rule.r#ref.clone()));
    Ok(deleted)
}

fn read_rule(row: &Row<'_>) -> rusqlite::Result<Rule> {
    let count: Option<i64> = row.get(9)?;
    Ok(Rule {
        id: RuleId(row.get(0)?),
        r#ref: get_ref(row, 1)?,
        body: get_json(row, 2)?,
        state: get(row, 3)?,
        version: row.get(4)?,
        timer: TimerMemory {
            anchor: get_optional(row, 7)?,
            last_scheduled_at: get_optional(row, 8)?,
            handled_until: get_optional(row, 10)?,
            execution_count: count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
        },
        created: row.get::<_, Column<_>>(5)?.0,
        updated: get(row, 6)?,
    })
}

fn remembered(conn: &Connection) -> rusqlite::Result<Vec<(RuleId, serde_json::Value)>> {
    let sql = "SELECT rule, remembered FROM rule_memory ORDER BY rule";
    conn.prepare(sql)?.query_map([], |row| Ok((RuleId(row.get(0)?), get_json(row, 1)?)))?.collect()
}

fn unfinished(conn: &Connection) -> rusqlite::Result<Vec<model::Execution>> {
    let sql = format!(
        "SELECT {EXECUTION_COLUMNS} FROM execution \
         JOIN execution_parameters ON execution_parameters.id = execution.id \
         WHERE execution.status < 5 ORDER BY execution.id"
    );
    conn.prepare(&sql)?.query_map([], crate::view::run::read_execution)?.collect()
}
