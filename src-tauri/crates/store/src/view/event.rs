//! Events, decisions, enforcements.

use super::View;
use super::list::{Listed, Page, collect, is_within};
use super::run::{MARK_COLUMNS, Mark, Run, run_columns};
use crate::encoding::{get, get_json, get_optional_json, get_ref};
use crate::error::QueryError;
use model::{
    Enforcement, EnforcementId, Event, EventId, EventSource, ExecutionId, Outcome, Reason, Ref, RuleId,
    Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};

/// Decisions of one event that [`View::pips`] tells of; [`View::event`] tells of ten times as many.
pub const PIPS: usize = 100;

macro_rules! event_columns {
    () => {
        "event.id, event.created, event.trigger, event.payload, \
         (SELECT text FROM name WHERE name.id = event.trigger), event.source, \
         (SELECT text FROM name WHERE name.id = event.source), event.rule, event.dedupe_key"
    };
}

/// Which events a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFilter {
    /// Only of this trigger.
    pub trigger: Option<Ref>,
    /// Only those at which this rule looked, as far as its looks are kept.
    pub rule: Option<RuleId>,
    /// Only those whose payload holds this text, upper and lower case alike.
    pub text: Option<String>,
    /// Only received from this instant on.
    pub from: Option<Timestamp>,
    /// Only received before this instant.
    pub to: Option<Timestamp>,
}

/// One rule's look at an event, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pip {
    /// The event.
    pub event: EventId,
    /// Whose look.
    pub rule: RuleId,
    /// What came of it.
    pub outcome: Outcome,
    /// The run that followed.
    pub execution: Option<Mark>,
}

/// One rule's look at an event.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    /// Whose look.
    pub rule: RuleId,
    /// The version of the rule that looked.
    pub rule_version: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Why not, unless matched.
    pub reason: Option<Reason>,
    /// The enforcement that followed.
    pub enforcement: Option<Enforcement>,
    /// The run that followed.
    pub execution: Option<Run>,
}

/// An event with everything that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDetail {
    /// The event.
    pub event: Event,
    /// The rules that looked, by id; 1,000 at most.
    pub decisions: Vec<DecisionRow>,
    /// Runs that repeat those of its rules, oldest first; 1,000 at most.
    pub again: Vec<Run>,
}

/// Which enforcements a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnforcementFilter {
    /// Only of this rule.
    pub rule: Option<RuleId>,
}

/// A row of the list of enforcements.
#[derive(Clone, Debug, PartialEq)]
pub struct EnforcementRow {
    /// The enforcement.
    pub enforcement: Enforcement,
    /// The run that followed.
    pub execution: Option<Mark>,
}

/// An event filter in the words of the tables.
struct Wanted<'a> {
    filter: &'a EventFilter,
    trigger: Option<i64>,
    /// As it would stand in JSON, in lower case.
    text: Option<String>,
}

impl Wanted<'_> {
    fn read(&self, row: &Row<'_>) -> Result<Option<Event>, QueryError> {
        let wanted = is_within(get(row, 1)?, self.filter.from, self.filter.to)
            && (self.trigger.is_none() || row.get::<_, Option<i64>>(2)? == self.trigger)
            && match &self.text {
                None => true,
                Some(text) => {
                    row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?.to_lowercase().contains(text)
                }
            };
        Ok(if wanted { Some(read_event(row)?) } else { None })
    }
}

fn read_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let source = match row.get::<_, i64>(5)? {
        0 => EventSource::Person,
        id if id < 0 => EventSource::Execution(ExecutionId(-id)),
        _ => EventSource::Sensor(get_ref(row, 6)?),
    };
    Ok(Event {
        id: EventId(row.get(0)?),
        created: get(row, 1)?,
        payload: get_json(row, 3)?,
        trigger: get_ref(row, 4)?,
        source,
        rule: row.get::<_, Option<i64>>(7)?.map(RuleId),
        dedupe_key: row.get(8)?,
    })
}

/// Reads an enforcement from the columns id, event, rule, status, created from `first` on.
fn read_enforcement(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Enforcement>> {
    let Some(id) = row.get(first)? else { return Ok(None) };
    Ok(Some(Enforcement {
        id: EnforcementId(id),
        event: EventId(row.get(first + 1)?),
        rule: RuleId(row.get(first + 2)?),
        status: get(row, first + 3)?,
        created: get(row, first + 4)?,
    }))
}

impl View<'_> {
    /// A page of events, newest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn events(&self, filter: &EventFilter, page: Page) -> Result<Listed<Event>, QueryError> {
        let trigger = match &filter.trigger {
            None => None,
            Some(trigger) => match self.name(trigger)? {
                None => return Ok(Listed::none()),
                known => known,
            },
        };
        let text = filter.text.as_deref().map(|text| {
            let quoted = serde_json::Value::from(text.to_lowercase()).to_string();
            quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
        });
        let wanted = Wanted { filter, trigger, text };
        let ids = page.ids().within(self.conn, "event_minute", filter.from, filter.to)?;
        macro_rules! ordered {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    event_columns!(),
                    " FROM event WHERE ",
                    $condition,
                    "event.id > ?1 AND event.id < ?2 ORDER BY event.id DESC"
                )
            };
        }
        let (sql, argument) = match (filter.rule, trigger) {
            (Some(rule), _) => (SEEN_BY_RULE, Some(rule.0)),
            (None, Some(trigger)) => (ordered!("event.trigger = ?3 AND "), Some(trigger)),
            (None, None) => (ordered!(""), None),
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = match argument {
            None => statement.query([ids.above, ids.below])?,
            Some(argument) => statement.query([ids.above, ids.below, argument])?,
        };
        if filter.rule.is_none() {
            return collect(&mut rows, page.limit, |row| wanted.read(row));
        }
        let mut one = self.conn.prepare_cached(ONE_EVENT)?;
        collect(&mut rows, page.limit, |row| {
            let mut event = one.query([row.get::<_, i64>(0)?])?;
            event.next()?.map_or(Ok(None), |row| wanted.read(row))
        })
    }

    /// Some events by their ids, in the order of the ids asked for; what is gone is left out.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn events_by_id(&self, ids: &[EventId]) -> Result<Vec<Event>, QueryError> {
        let mut statement = self.conn.prepare_cached(ONE_EVENT)?;
        let mut events = Vec::with_capacity(ids.len());
        for id in ids {
            events.extend(statement.query_row([id.0], read_event).optional()?);
        }
        Ok(events)
    }

    /// The looks of rules at some events, by event as asked for and rule, at most [`PIPS`] of each event.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn pips(&self, events: &[EventId]) -> Result<Vec<Pip>, QueryError> {
        let sql = format!(
            "SELECT decision.rule, decision.outcome, {MARK_COLUMNS} FROM decision \
             LEFT JOIN enforcement ON enforcement.rule = decision.rule AND enforcement.event = decision.event \
             LEFT JOIN execution ON execution.id = enforcement.execution \
             WHERE decision.event = ?1 ORDER BY decision.rule LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut pips = Vec::with_capacity(events.len());
        for event in events {
            let rows = statement.query_map(params![event.0, limit(PIPS)], |row| {
                Ok(Pip {
                    event: *event,
                    rule: RuleId(row.get(0)?),
                    outcome: get(row, 1)?,
                    execution: Mark::read_optional(row, 2)?,
                })
            })?;
            for pip in rows {
                pips.push(pip?);
            }
        }
        Ok(pips)
    }

    /// One event with everything that is known of it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn event(&self, id: EventId) -> Result<Option<EventDetail>, QueryError> {
        let Some(event) = self.events_by_id(&[id])?.pop() else { return Ok(None) };
        Ok(Some(EventDetail { event, decisions: self.decisions(id)?, again: self.again(id)? }))
    }

    fn decisions(&self, event: EventId) -> Result<Vec<DecisionRow>, QueryError> {
        let sql = "SELECT decision.rule, decision.rule_version, decision.outcome, decision.reason, \
                   enforcement.id, enforcement.event, enforcement.rule, enforcement.status, enforcement.created, \
                   enforcement.execution FROM decision \
                   LEFT JOIN enforcement ON enforcement.rule = decision.rule AND enforcement.event = decision.event \
                   WHERE decision.event = ?1 ORDER BY decision.rule LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![event.0, limit(PIPS * 10)])?;
        let mut decisions = Vec::new();
        while let Some(row) = rows.next()? {
            let execution: Option<i64> = row.get(9)?;
            decisions.push(DecisionRow {
                rule: RuleId(row.get(0)?),
                rule_version: row.get(1)?,
                outcome: get(row, 2)?,
                reason: get_optional_json(row, 3)?,
                enforcement: read_enforcement(row, 4)?,
                execution: execution.map(|id| self.run(ExecutionId(id))).transpose()?.flatten(),
            });
        }
        Ok(decisions)
    }

    fn again(&self, event: EventId) -> Result<Vec<Run>, QueryError> {
        let sql = concat!(
            "SELECT ",
            run_columns!(),
            " FROM execution \
             WHERE execution.event = ?1 AND execution.rerun_of IS NOT NULL ORDER BY execution.id LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(sql)?;
        let runs = statement.query_map(params![event.0, limit(PIPS * 10)], Run::read)?;
        Ok(runs.collect::<Result<_, _>>()?)
    }

    /// One execution as a row of a list.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn run(&self, id: ExecutionId) -> Result<Option<Run>, QueryError> {
        let sql = concat!("SELECT ", run_columns!(), " FROM execution WHERE execution.id = ?1");
        Ok(self.conn.prepare_cached(sql)?.query_row([id.0], Run::read).optional()?)
    }

    /// A page of enforcements, newest first.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn enforcements(
        &self,
        filter: EnforcementFilter,
        page: Page,
    ) -> Result<Listed<EnforcementRow>, QueryError> {
        let ids = page.ids();
        // Of one rule, enforcements are found by event; both kinds of id rise together.
        let which = match filter.rule {
            None => "enforcement.id > ?1 AND enforcement.id < ?2 ORDER BY enforcement.id DESC",
            Some(_) => {
                "enforcement.rule = ?3 AND enforcement.id > ?1 AND enforcement.event <= \
                 coalesce((SELECT max(event) FROM enforcement WHERE id = \
                 (SELECT max(id) FROM enforcement WHERE id < ?2)), 0) \
                 AND enforcement.id < ?2 ORDER BY enforcement.event DESC"
            }
        };
        let sql = format!(
            "SELECT enforcement.id, enforcement.event, enforcement.rule, enforcement.status, enforcement.created, \
             {MARK_COLUMNS} FROM enforcement LEFT JOIN execution ON execution.id = enforcement.execution \
             WHERE {which}"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = match filter.rule {
            None => statement.query([ids.above, ids.below])?,
            Some(rule) => statement.query([ids.above, ids.below, rule.0])?,
        };
        collect(&mut rows, page.limit, |row| {
            let Some(enforcement) = read_enforcement(row, 0)? else { return Ok(None) };
            Ok(Some(EnforcementRow { enforcement, execution: Mark::read_optional(row, 5)? }))
        })
    }
}

const ONE_EVENT: &str = concat!("SELECT ", event_columns!(), " FROM event WHERE event.id = ?1");

/// Events at which a rule looked: those that fired it and those that did not lie in two indexes.
const SEEN_BY_RULE: &str = "SELECT event FROM enforcement WHERE rule = ?3 AND event > ?1 AND event < ?2 \
                            UNION ALL \
                            SELECT event FROM decision WHERE rule = ?3 AND outcome > 0 AND event > ?1 AND event < ?2 \
                            ORDER BY event DESC";

fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
