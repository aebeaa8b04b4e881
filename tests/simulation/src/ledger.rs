//! What became of every planned instant, read from the database.

use crate::machine::Plan;
use model::{EventId, RuleId, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};
use std::collections::BTreeSet;
use std::path::Path;

/// A run of instants that were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
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
    /// Rule and planned instant of each event, in the order in which they came.
    pub fired: Vec<(RuleId, Timestamp)>,
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
                "SELECT rule, payload ->> 'scheduled_at' FROM event \
                 WHERE rule IS NOT NULL AND id > {after} ORDER BY id"
            ),
            &|row| {
                let at: String = row.get(1)?;
                let at: Timestamp = at.parse().expect("an instant");
                Ok(Span { rule: RuleId(row.get(0)?), first: at, last: at, count: 1 })
            },
        );
        let missed = rows("SELECT rule, first, last, count FROM misfire ORDER BY id", &|row| {
            let count: i64 = row.get(3)?;
            Ok(Span {
                rule: RuleId(row.get(0)?),
                first: Timestamp::from_micros(row.get(1)?),
                last: Timestamp::from_micros(row.get(2)?),
                count: count.unsigned_abs(),
            })
        });
        Self { fired: fired.into_iter().map(|span| (span.rule, span.first)).collect(), missed }
    }

    /// Checks that each instant that was planned up to `end` fired once or is in one span, and that nothing else did.
    pub(crate) fn check(&self, rule: RuleId, plan: &Plan, end: Timestamp) {
        let what = plan.schedule.sentence();
        let inside = |at: Timestamp| plan.since < at && at <= end;
        let planned: BTreeSet<Timestamp> = every(plan, plan.since, end).collect();
        let mut ended = BTreeSet::new();
        let fired = self.fired.iter().filter(|(of, at)| *of == rule && inside(*at));
        for (_, at) in fired {
            assert!(ended.insert(*at), "{what}: {at} fired twice");
        }
        for span in self.missed.iter().filter(|span| span.rule == rule && inside(span.first)) {
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
