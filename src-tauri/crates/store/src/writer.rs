//! The one connection that writes `state.db`.

use crate::encoding::{Column, exit_columns};
use crate::error::{CommitError, QueryError};
use crate::record::{Known, Record, Snapshot};
use crate::tally::Tally;
use model::{
    Decision, Enforcement, Event, EventId, EventSource, Execution, MisfireEntry, Outcome, Ref, Rule, RuleId,
    TimerMemory, Timestamp, limits,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// Unmatched decisions that may pile up beyond those that are kept, so that they are pruned in portions.
const PRUNE_PORTION: u32 = 128;

/// Writes `state.db`. Belongs to one thread.
#[derive(Debug)]
pub struct Writer {
    conn: Connection,
    path: PathBuf,
    names: HashMap<Ref, i64>,
    /// Unmatched decisions that are kept, of rules that had one since the start.
    unmatched: HashMap<RuleId, u32>,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Records that are on the disk now.
    pub records: usize,
}

impl Writer {
    pub(crate) fn new(conn: Connection, path: PathBuf) -> Self {
        Self { conn, path, names: HashMap::new(), unmatched: HashMap::new() }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that the engine's memory needs at start.
    ///
    /// # Errors
    /// [`QueryError`] where the file cannot be read.
    pub fn load(&self) -> Result<Snapshot, QueryError> {
        crate::load::snapshot(&self.conn)
    }

    /// Begins a transaction. Dropped without a commit, it leaves no trace.
    ///
    /// # Errors
    /// [`CommitError`] where the file cannot be written now.
    pub fn begin(&mut self) -> Result<Transaction<'_>, CommitError> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Transaction {
            writer: self,
            tally: Tally::default(),
            unmatched: BTreeMap::new(),
            records: 0,
            open: true,
        })
    }

    /// Moves what has piled up in the write-ahead log into the database file, as far as readers allow; to be
    /// called when there is nothing else to do. Returns the size of the log in bytes.
    ///
    /// # Errors
    /// [`CommitError`] where the file cannot be written now; nothing is lost by it.
    pub fn checkpoint(&mut self) -> Result<u64, CommitError> {
        let log = self.path.with_extension("db-wal");
        let size = || fs::metadata(&log).map_or(0, |found| found.len());
        // Cutting the log waits for readers, so it is done only where it has grown.
        let mode = if size() > limits::WAL_BYTES / 2 { "TRUNCATE" } else { "PASSIVE" };
        let moved = self.conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        moved.map(|()| size()).map_err(CommitError::from)
    }

    fn forget(&mut self) {
        self.names.clear();
        self.unmatched.clear();
    }
}

/// Records that count all together or not at all.
#[derive(Debug)]
pub struct Transaction<'a> {
    writer: &'a mut Writer,
    tally: Tally,
    /// Unmatched decisions of this transaction.
    unmatched: BTreeMap<RuleId, u32>,
    records: usize,
    open: bool,
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // An error here means that SQLite has rolled back by itself.
            let _rolled_back = self.writer.conn.execute_batch("ROLLBACK");
            self.writer.forget();
        }
    }
}

impl Transaction<'_> {
    /// The event that a source posted under a key, also one of this transaction.
    ///
    /// # Errors
    /// [`CommitError`] where the file cannot be read.
    pub fn known_event(&self, source: &EventSource, key: &str) -> Result<Option<Known>, CommitError> {
        let Some(source) = self.known_source(source)? else { return Ok(None) };
        let mut statement = self
            .writer
            .conn
            .prepare_cached("SELECT id, body_hash FROM event WHERE source = ?1 AND dedupe_key = ?2")?;
        let known = statement.query_row(params![source, key], |row| {
            Ok(Known { id: EventId(row.get(0)?), body_hash: row.get(1)? })
        });
        Ok(known.optional()?)
    }

    /// Whether a planned instant of a rule is recorded as missed, also by this transaction.
    ///
    /// # Errors
    /// [`CommitError`] where the file cannot be read.
    pub fn is_missed(&self, rule: RuleId, at: Timestamp) -> Result<bool, CommitError> {
        // The runs of a rule lie one after the other: only the first that ends no earlier can hold the instant.
        let sql = "SELECT first <= ?2 FROM misfire WHERE rule = ?1 AND last >= ?2 ORDER BY last LIMIT 1";
        let mut statement = self.writer.conn.prepare_cached(sql)?;
        let held = statement.query_row(params![rule.0, Column(at)], |row| row.get(0));
        Ok(held.optional()?.unwrap_or(false))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`CommitError`]; the transaction can only be dropped then.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), CommitError> {
        self.records += 1;
        match *record {
            Record::Event { event, body_hash } => self.event(event, body_hash),
            Record::Decision { event, decision } => self.decision(event, decision),
            Record::Enforcement(enforcement) => self.enforcement(enforcement),
            Record::EnforcementStatus { id, status } => {
                self.run("UPDATE enforcement SET status = ?2 WHERE id = ?1", params![id.0, Column(status)])
            }
            Record::ExecutionNew(run) => self.execution_new(run),
            Record::ExecutionChanged(run) => self.execution_changed(run),
            Record::RuleSaved(rule) => self.rule_saved(rule),
            Record::RuleState(rule) => self.rule_state(rule),
            Record::RuleDeleted { id, at } => {
                // Whether it was on is kept: it can be brought back as it was.
                self.run("UPDATE rule SET deleted_at = ?2 WHERE id = ?1", params![id.0, Column(at)])
            }
            Record::Timer { rule, timer } => self.timer(rule, &timer),
            Record::Missed(entry) => self.missed(entry),
            Record::Slept { started, ended } => self.run(
                "INSERT INTO sleep_span (started, ended) VALUES (?1, ?2) \
                 ON CONFLICT DO UPDATE SET ended = max(ended, ?2)",
                params![Column(started), Column(ended)],
            ),
            Record::Remembered { rule, remembered } => self.run(
                "INSERT INTO rule_memory (rule, remembered) VALUES (?1, ?2) \
                 ON CONFLICT (rule) DO UPDATE SET remembered = excluded.remembered",
                params![rule.0, remembered.to_string()],
            ),
            Record::EngineStarted(at) => self.run(
                "INSERT INTO engine_span (started, alive) VALUES (?1, ?1) ON CONFLICT DO UPDATE SET stopped = NULL",
                params![Column(at)],
            ),
            Record::EngineAlive(at) => self.run(
                "UPDATE engine_span SET alive = max(alive, ?1) \
                 WHERE started = (SELECT max(started) FROM engine_span)",
                params![Column(at)],
            ),
            Record::EngineStopped(at) => self.run(
                "UPDATE engine_span SET alive = max(alive, ?1), stopped = max(alive, ?1) \
                 WHERE started = (SELECT max(started) FROM engine_span)",
                params![Column(at)],
            ),
        }
    }

    /// Puts all of it on the disk; when this returns well, a power cut cannot undo it.
    ///
    /// # Errors
    /// [`CommitError`]: none of it counts.
    pub fn commit(mut self) -> Result<Committed, CommitError> {
        self.tally.write(&self.writer.conn)?;
        self.prune()?;
        self.writer.conn.prepare_cached("COMMIT")?.execute([])?;
        self.open = false;
        Ok(Committed { records: self.records })
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), CommitError> {
        self.writer.conn.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    /// The number of a ref; a new one where it has none.
    fn name(&mut self, name: &Ref) -> Result<i64, CommitError> {
        if let Some(known) = self.known_name(name)? {
            self.writer.names.entry(name.clone()).or_insert(known);
            return Ok(known);
        }
        self.run("INSERT INTO name (text) VALUES (?1)", [name.as_str()])?;
        let id = self.writer.conn.last_insert_rowid();
        self.writer.names.insert(name.clone(), id);
        Ok(id)
    }

    fn known_name(&self, name: &Ref) -> Result<Option<i64>, CommitError> {
        if let Some(id) = self.writer.names.get(name) {
            return Ok(Some(*id));
        }
        let mut statement = self.writer.conn.prepare_cached("SELECT id FROM name WHERE text = ?1")?;
        Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?)
    }

    fn known_source(&self, source: &EventSource) -> Result<Option<i64>, CommitError> {
        match source {
            EventSource::Person => Ok(Some(0)),
            EventSource::Execution(id) => Ok(Some(-id.0)),
            EventSource::Sensor(name) => self.known_name(name),
        }
    }

    fn event(&mut self, event: &Event, body_hash: &[u8; 32]) -> Result<(), CommitError> {
        let trigger = self.name(&event.trigger)?;
        let source = match &event.source {
            EventSource::Person => 0,
            EventSource::Execution(id) => -id.0,
            EventSource::Sensor(name) => self.name(name)?,
        };
        let payload = serde_json::to_string(&*event.payload)?;
        let rule = event.rule.map(|rule| rule.0);
        let key = event.dedupe_key.as_deref();
        let hash = key.map(|_| body_hash);
        self.tally.event(event, trigger);
        self.run(
            "INSERT INTO event (id, created, trigger, source, rule, dedupe_key, body_hash, payload) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![event.id.0, Column(event.created), trigger, source, rule, key, hash, payload],
        )
    }

    fn decision(&mut self, event: &Event, decision: &Decision) -> Result<(), CommitError> {
        let Decision { rule, rule_version, outcome, reason, parameters: _ } = decision;
        let reason = reason.as_ref().map(serde_json::to_string).transpose()?;
        self.tally.decision(*rule, *outcome);
        if *outcome == Outcome::Unmatched {
            *self.unmatched.entry(*rule).or_default() += 1;
        }
        self.run(
            "INSERT INTO decision (event, rule, rule_version, outcome, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![event.id.0, rule.0, rule_version, Column(*outcome), reason],
        )
    }

    fn enforcement(&mut self, enforcement: &Enforcement) -> Result<(), CommitError> {
        let Enforcement { id, event, rule, status, created } = enforcement;
        self.tally.fired(*event);
        self.run(
            "INSERT INTO enforcement (id, event, rule, status, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.0, event.0, rule.0, Column(*status), Column(*created)],
        )
    }

    fn execution_new(&mut self, run: &Execution) -> Result<(), CommitError> {
        let action = self.name(&run.action)?;
        let parameters = serde_json::to_string(&run.parameters)?;
        let result = run.result.as_ref().map(serde_json::to_string).transpose()?;
        let (exit_code, exit_signal) = exit_columns(run.exit);
        self.tally.requested(run);
        if run.status.is_final() {
            self.tally.ended(run);
        }
        self.run(
            "INSERT INTO execution (id, status, rule, event, enforcement, rerun_of, action, attempt, \
             requested_at, started_at, finished_at, pid, exit_code, exit_signal, timeout_ms, error, result) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            params![
                run.id.0,
                Column(run.status),
                run.rule.map(|id| id.0),
                run.event.map(|id| id.0),
                run.enforcement.map(|id| id.0),
                run.rerun_of.map(|id| id.0),
                action,
                run.attempt,
                Column(run.requested_at),
                run.started_at.map(Column),
                run.finished_at.map(Column),
                run.pid,
                exit_code,
                exit_signal,
                i64::try_from(run.timeout_ms).unwrap_or(i64::MAX),
                run.error,
                result,
            ],
        )?;
        self.run(
            "INSERT INTO execution_parameters (id, parameters) VALUES (?1, ?2)",
            params![run.id.0, parameters],
        )?;
        let Some(enforcement) = run.enforcement else { return Ok(()) };
        self.run("UPDATE enforcement SET execution = ?2 WHERE id = ?1", [enforcement.0, run.id.0])
    }

    fn execution_changed(&mut self, run: &Execution) -> Result<(), CommitError> {
        let (exit_code, exit_signal) = exit_columns(run.exit);
        if run.status.is_final() {
            self.tally.ended(run);
            let result = run.result.as_ref().map(serde_json::to_string).transpose()?;
            return self.run(
                "UPDATE execution SET status = ?2, attempt = ?3, started_at = ?4, finished_at = ?5, pid = ?6, \
                 exit_code = ?7, exit_signal = ?8, error = ?9, result = ?10 WHERE id = ?1",
                params![
                    run.id.0,
                    Column(run.status),
                    run.attempt,
                    run.started_at.map(Column),
                    run.finished_at.map(Column),
                    run.pid,
                    exit_code,
                    exit_signal,
                    run.error,
                    result,
                ],
            );
        }
        self.run(
            "UPDATE execution SET status = ?2, attempt = ?3, started_at = ?4, pid = ?5 WHERE id = ?1",
            params![run.id.0, Column(run.status), run.attempt, run.started_at.map(Column), run.pid],
        )
    }

    fn rule_saved(&mut self, rule: &Rule) -> Result<(), CommitError> {
        let body = serde_json::to_string(&rule.body)?;
        self.run(
            "INSERT INTO rule (id, ref, state, version, created, updated, deleted_at, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7) \
             ON CONFLICT (id) DO UPDATE SET ref = excluded.ref, state = excluded.state, \
             version = excluded.version, updated = excluded.updated, deleted_at = NULL, body = excluded.body",
            params![
                rule.id.0,
                rule.r#ref.as_str(),
                Column(rule.state),
                rule.version,
                Column(rule.created),
                Column(rule.updated),
                body
            ],
        )?;
        self.run(
            "INSERT INTO rule_version (rule, version, saved_at, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![rule.id.0, rule.version, Column(rule.updated), body],
        )?;
        self.timer(rule.id, &rule.timer)
    }

    fn rule_state(&mut self, rule: &Rule) -> Result<(), CommitError> {
        self.run(
            "UPDATE rule SET state = ?2, updated = ?3 WHERE id = ?1",
            params![rule.id.0, Column(rule.state), Column(rule.updated)],
        )?;
        self.timer(rule.id, &rule.timer)
    }

    fn timer(&mut self, rule: RuleId, timer: &TimerMemory) -> Result<(), CommitError> {
        self.run(
            "INSERT INTO rule_timer (rule, anchor, last_scheduled_at, execution_count, handled_until) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (rule) DO UPDATE SET anchor = excluded.anchor, \
             last_scheduled_at = excluded.last_scheduled_at, execution_count = excluded.execution_count, \
             handled_until = excluded.handled_until",
            params![
                rule.0,
                timer.anchor.map(Column),
                timer.last_scheduled_at.map(Column),
                i64::try_from(timer.execution_count).unwrap_or(i64::MAX),
                timer.handled_until.map(Column)
            ],
        )
    }

    fn missed(&mut self, entry: &MisfireEntry) -> Result<(), CommitError> {
        let MisfireEntry { id, misfire, rule_version, recorded } = entry;
        self.run(
            "INSERT INTO misfire (id, rule, rule_version, first, last, count, reason, recorded) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                id.0,
                misfire.rule.0,
                rule_version,
                Column(misfire.first),
                Column(misfire.last),
                i64::try_from(misfire.count).unwrap_or(i64::MAX),
                Column(misfire.reason),
                Column(*recorded)
            ],
        )
    }

    /// Keeps only the newest unmatched decisions of each rule that had one in this transaction.
    fn prune(&mut self) -> Result<(), CommitError> {
        for (rule, added) in std::mem::take(&mut self.unmatched) {
            let kept = match self.writer.unmatched.get(&rule) {
                Some(kept) => kept.saturating_add(added),
                None => self.count_unmatched(rule)?,
            };
            let surplus = kept.saturating_sub(limits::UNMATCHED_KEPT);
            let pruned = if surplus >= PRUNE_PORTION { surplus } else { 0 };
            if pruned > 0 {
                self.run(
                    "DELETE FROM decision WHERE rule = ?1 AND event IN (SELECT event FROM decision \
                     WHERE rule = ?1 AND outcome = 1 ORDER BY event LIMIT ?2)",
                    params![rule.0, pruned],
                )?;
            }
            self.writer.unmatched.insert(rule, kept - pruned);
        }
        Ok(())
    }

    /// The unmatched decisions of a rule that are kept, those of this transaction included.
    fn count_unmatched(&self, rule: RuleId) -> Result<u32, CommitError> {
        let sql = "SELECT count(*) FROM decision WHERE rule = ?1 AND outcome = 1";
        Ok(self.writer.conn.prepare_cached(sql)?.query_row([rule.0], |row| row.get(0))?)
    }
}

#[cfg(test)]
impl Writer {
    /// Makes the disk full, as far as SQLite can tell, when the file has so many pages.
    pub(crate) fn limit_pages(&self, pages: u32) {
        self.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    }

    /// Does not wait for the disk: for tests that write much.
    pub(crate) fn hurry(&self) {
        self.conn.execute_batch("PRAGMA synchronous = OFF").unwrap();
    }
}
