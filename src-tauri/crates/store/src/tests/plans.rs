//! Every question has its index: no plan walks through a table that grows.

use super::world::{World, decision, missed, rule, run, second, timer_event};
use crate::{EnforcementFilter, EventFilter, ExecutionFilter, LaneOf, Page, Record, View};
use model::{EventId, ExecutionId, ExecutionStatus, Outcome, RuleId};
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use std::collections::BTreeSet;
use std::sync::mpsc::channel;

/// Tables with a row for each thing that happens, or each rule and minute.
const GROWING: [&str; 10] = [
    "event",
    "decision",
    "enforcement",
    "execution",
    "execution_parameters",
    "activity",
    "event_minute",
    "execution_minute",
    "misfire",
    "sleep_span",
];

#[test]
fn no_question_walks_through_a_table_that_grows() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    world.commit(&[Record::RuleSaved(&echo)]);
    world.timer_fires(1, &echo, ExecutionStatus::Completed);
    world.timer_fires(2, &echo, ExecutionStatus::Failed);
    let event = timer_event(3, echo.id);
    let mut again = run(4, Some(echo.id));
    (again.rerun_of, again.enforcement) = (Some(ExecutionId(1)), None);
    world.commit(&[
        Record::Event { event: &event, body_hash: &[0; 32] },
        Record::Decision { event: &event, decision: &decision(echo.id, Outcome::Unmatched) },
        Record::ExecutionNew(&again),
        Record::Missed(&missed(1, echo.id, 4, 5)),
        Record::Slept { started: second(4), ended: second(5) },
    ]);

    let mut conn = Connection::open(world.writer.path()).unwrap();
    let (heard, asked) = channel();
    let listen = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(statement, _) = event {
            heard.send(statement.sql().to_string()).unwrap();
        }
    };
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(listen)).unwrap();
    ask_everything(&View::new(&conn));
    let asked: BTreeSet<String> = asked.try_iter().collect();
    assert!(asked.len() > 25, "{}", asked.len());
    let mut found = Vec::new();
    for sql in &asked {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            if walks(&step) {
                found.push(format!("{step}\n    {sql}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Also an index that SQLite would make on the fly, and a sort of more than what is read anyway, are walks.
fn walks(step: &str) -> bool {
    let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
    table.is_some_and(|table| GROWING.contains(&table)) || step.contains("AUTOMATIC")
}

/// A page of what was missed comes from its index as it stands: a sort would read all of it first.
#[test]
fn what_was_missed_is_never_sorted() {
    let world = World::new();
    let conn = Connection::open(world.writer.path()).unwrap();
    for (sql, index) in [
        ("SELECT id FROM misfire WHERE rule = 1 AND id > 0 AND id < 9 ORDER BY id DESC", "misfire_list"),
        (
            "SELECT id FROM misfire WHERE rule = 1 AND last >= 0 AND first < 9 ORDER BY last DESC",
            "misfire_rule",
        ),
        ("SELECT id FROM misfire WHERE last >= 0 AND first < 9 ORDER BY last DESC", "misfire_last"),
        ("SELECT first <= 5 FROM misfire WHERE rule = 1 AND last >= 5 ORDER BY last LIMIT 1", "misfire_rule"),
    ] {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(steps.len() == 1 && steps[0].contains(&format!(" {index} ")), "{sql}: {steps:?}");
    }
}

fn ask_everything(view: &View<'_>) {
    let (rule, from, to) = (RuleId(1), second(-86_400), second(86_400));
    let echo = Some("core.echo".parse().unwrap());
    let timer: model::Ref = "core.intervaltimer".parse().unwrap();
    let page = Page { before: Some(1_000), after: Some(0), limit: 10 };
    for (rule, action, from) in [
        (None, None, None),
        (Some(rule), None, None),
        (None, echo.clone(), None),
        (Some(rule), echo, Some(from)),
    ] {
        for statuses in [
            &ExecutionStatus::ALL[..0],
            &ExecutionStatus::ALL,
            &ExecutionStatus::ALL[..4],
            &ExecutionStatus::ALL[6..],
        ] {
            let statuses = statuses.to_vec();
            view.executions(
                &ExecutionFilter { statuses, rule, action: action.clone(), from, to: from.map(|_| to) },
                page,
            )
            .unwrap();
        }
        view.enforcements(EnforcementFilter { rule }, page).unwrap();
        view.activity(rule, second(0), to, 5).unwrap();
        view.ended(rule, second(0), to).unwrap();
    }
    for (trigger, rule) in
        [(None, None), (Some(timer.clone()), None), (None, Some(rule)), (Some(timer.clone()), Some(rule))]
    {
        let filter =
            EventFilter { trigger, rule, text: Some("x".to_owned()), from: Some(from), to: Some(to) };
        view.events(&filter, page).unwrap();
    }
    view.event_bins(None, from, to, 1).unwrap();
    view.event_bins(Some(&timer), from, to, 1).unwrap();
    view.pips(&[EventId(1), EventId(3)]).unwrap();
    let detail = view.event(EventId(1)).unwrap().unwrap();
    assert_eq!(detail.decisions.len(), 1);
    view.execution(ExecutionId(1)).unwrap().unwrap();
    view.last_executions().unwrap();
    view.recent_executions(&[rule], 50).unwrap();
    view.open_executions(10).unwrap();
    view.rule_names(&[rule]).unwrap();
    view.rule_versions(rule, None, 10).unwrap();
    view.decision_counts(rule).unwrap();
    view.troubles(5).unwrap();
    view.rules_that_ran().unwrap();
    view.busiest(from, to, 5).unwrap();
    view.lane(LaneOf::Rule(rule), from, to, 10).unwrap();
    view.lane(LaneOf::Others(&[rule]), from, to, 10).unwrap();
    view.engine_spans(from, to).unwrap();
    view.sleep_spans(from, to).unwrap();
    view.misfires(None, page).unwrap();
    view.misfires(Some(rule), page).unwrap();
    view.missed(LaneOf::Rule(rule), from, to, 10).unwrap();
    view.missed(LaneOf::Others(&[rule]), from, to, 10).unwrap();
}
