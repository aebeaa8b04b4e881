//! What became of every planned instant, read from the database.

use crate::machine::Plan;
use model::{EventId, RuleId, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};
use std::collections::BTreeSet;
use std::path::Path;

/// A run of instants that were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The record.
    pub id: i64,
    /// Whose.
    pub rule: RuleId,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many.
    pub count: u64,
}

/// The events and misfires of all timers.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The events: of each the planned instant.
    pub fired: Vec<Span>,
    /// What was missed.
    pub missed: Vec<Span>,
}

impl Ledger {
    pub(crate) fn read(database: &Path, after: EventId) -> Self {
        let conn = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("the database opens");
        let rows = |sql: &str, read: &dyn Fn(&Row<'_>) -> rusqlite::Result<Span>| -> Vec<Span> {
            let mut statement = conn.prepare(sql).expect("a query");
            let rows = statement.query_map([], |row| read(row)).expect("an answer");
            rows.collect::<rusqlite::Result<_>>().expect("rows")
        };
        let fired = rows(
            &format!(
                "SELECT id, rule, payload ->> 'scheduled_at' FROM event \
                 WHERE rule IS NOT NULL AND id > {after} ORDER BY id"
            ),
            &|row| {
                let at: String = row.get(2)?;
                let at: Timestamp = at.parse().expect("an instant");
                Ok(Span { id: row.get(0)?, rule: RuleId(row.get(1)?), first: at, last: at, count: 1 })
            },
        );
        let missed = rows("SELECT id, rule, first, last, count FROM misfire ORDER BY id", &|row| {
            let count: i64 = row.get(4)?;
            Ok(Span {
                id: row.get(0)?,
                rule: RuleId(row.get(1)?),
                first: Timestamp::from_micros(row.get(2)?),
                last: Timestamp::from_micros(row.get(3)?),
                count: count.unsigned_abs(),
            })
        });
        Self { fired, missed }
    }

    /// Checks that each instant that was planned up to `end` fired once or is in one span, and that nothing else did.
    pub(crate) fn check(&self, rule: RuleId, plan: &Plan, end: Timestamp) {
        let what = plan.schedule.sentence();
        let belongs =
            |id: i64, begin: i64, last: Option<i64>| id > begin && last.is_none_or(|last| id <= last);
        let planned: BTreeSet<Timestamp> = every(plan, plan.since, end).collect();
        let mut ended = BTreeSet::new();
        let fired = self.fired.iter().filter(|event| event.rule == rule);
        for event in fired.filter(|event| belongs(event.id, plan.begin.event, plan.end.map(|end| end.event)))
        {
            assert!(ended.insert(event.first), "{what}: {} fired twice", event.first);
        }
        let missed = self.missed.iter().filter(|span| span.rule == rule);
        for span in
            missed.filter(|span| belongs(span.id, plan.begin.misfire, plan.end.map(|end| end.misfire)))
        {
            let instants: Vec<Timestamp> = every(plan, span.first.plus_micros(-1), span.last).collect();
            assert_eq!(instants.len() as u64, span.count, "{what}: {span:?} does not count {instants:?}");
            for at in instants {
                assert!(ended.insert(at), "{what}: {at} has two ends");
            }
        }
        let lost: Vec<_> = planned.difference(&ended).collect();
        let extra: Vec<_> = ended.difference(&planned).collect();
        assert!(
            lost.is_empty() && extra.is_empty(),
            "{what} (rule {rule}), since {} until {end}: without an end {lost:?}; never planned {extra:?}",
            plan.since
        );
    }
}

/// The planned instants in `(after, until]`.
pub(crate) fn every(plan: &Plan, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
    let next =
        move |at: Timestamp| plan.schedule.next_after(at).map(|fire| fire.at).filter(|at| *at <= until);
    std::iter::successors(next(after), move |at| next(*at))
}
