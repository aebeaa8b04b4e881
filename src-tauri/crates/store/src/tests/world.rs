//! A data folder and the records of a small life in it.

use crate::{CommitError, Readers, Record, Writer};
use model::{
    Decision, Enforcement, EnforcementId, EnforcementStatus, Event, EventId, EventSource, Execution,
    ExecutionId, ExecutionStatus, Exit, Misfire, MisfireEntry, MisfireId, MissReason, Outcome, Rule,
    RuleBody, RuleId, RuleState, TimerMemory, Timestamp, Transition,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The first second of the stories.
pub(crate) const DAWN: i64 = 1_774_656_000;

pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(DAWN + seconds)
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (writer, readers) = crate::open(folder.path()).unwrap();
        Self { folder, writer, readers }
    }

    pub(crate) fn reopen(self) -> Self {
        let Self { folder, writer, readers } = self;
        drop((writer, readers));
        let (writer, readers) = crate::open(folder.path()).unwrap();
        Self { folder, writer, readers }
    }

    pub(crate) fn commit(&mut self, records: &[Record<'_>]) {
        self.try_commit(records).unwrap();
    }

    pub(crate) fn try_commit(&mut self, records: &[Record<'_>]) -> Result<(), CommitError> {
        let mut transaction = self.writer.begin()?;
        for record in records {
            transaction.write(record)?;
        }
        transaction.commit().map(drop)
    }

    /// A timer event with decision, enforcement and a run that completes, as the engine records them.
    pub(crate) fn timer_fires(&mut self, id: i64, rule: &Rule, ended: ExecutionStatus) {
        let event = timer_event(id, rule.id);
        let requested = run(id, Some(rule.id));
        let at = event.created;
        let launched = requested.apply(Transition::Launch, at).unwrap();
        let started = launched.apply(Transition::Start { pid: 40_000 }, at.plus_micros(2_000)).unwrap();
        let end = Transition::Finish {
            status: ended,
            exit: Some(Exit::Code(i32::from(ended != ExecutionStatus::Completed))),
            result: Some(json!("Hello, World!")),
            error: (ended != ExecutionStatus::Completed).then(|| "It ended with exit code 1.".to_owned()),
        };
        let timer = TimerMemory {
            last_scheduled_at: Some(at),
            handled_until: Some(at),
            execution_count: id.unsigned_abs(),
            ..rule.timer
        };
        let finished = started.apply(end, at.plus_micros(2_000 + 1_000 * id)).unwrap();
        self.commit(&[
            Record::Event { event: &event, body_hash: &[7; 32] },
            Record::Timer { rule: rule.id, timer },
            Record::Decision { event: &event, decision: &decision(rule.id, Outcome::Matched) },
            Record::Enforcement(&enforcement(id, rule.id)),
            Record::ExecutionNew(&launched),
        ]);
        self.commit(&[Record::ExecutionChanged(&started)]);
        self.commit(&[Record::ExecutionChanged(&finished)]);
    }
}

pub(crate) fn rule(id: i64, name: &str) -> Rule {
    let mut params = Map::new();
    params.insert("interval".to_owned(), json!(1));
    Rule {
        id: RuleId(id),
        r#ref: name.parse().unwrap(),
        body: RuleBody {
            label: format!("Rule {id}"),
            description: String::new(),
            trigger_ref: "core.intervaltimer".parse().unwrap(),
            trigger_params: params,
            conditions: Value::Null,
            action_ref: "core.echo".parse().unwrap(),
            action_params: Map::new(),
            tags: vec!["a".to_owned()],
            timeout_seconds: None,
        },
        state: RuleState::Enabled,
        version: 1,
        timer: TimerMemory { anchor: Some(second(0)), ..TimerMemory::default() },
        created: second(0),
        updated: second(0),
    }
}

pub(crate) fn timer_event(id: i64, rule: RuleId) -> Event {
    let at = second(id);
    Event {
        id: EventId(id),
        trigger: "core.intervaltimer".parse().unwrap(),
        payload: Arc::new(json!({
            "type": "interval", "interval": 1, "unit": "seconds", "interval_seconds": 1, "scheduled_at": at,
            "fired_at": at.plus_micros(912), "delay_ms": 1, "execution_count": id, "next_fire_at": second(id + 1),
            "misfired": false, "sensor_ref": "core.timer_sensor",
        })),
        source: EventSource::Sensor("core.timer_sensor".parse().unwrap()),
        rule: Some(rule),
        dedupe_key: Some(format!("rule_{rule}:{at}")),
        created: at,
    }
}

pub(crate) fn decision(rule: RuleId, outcome: Outcome) -> Decision {
    Decision { rule, rule_version: 1, outcome, reason: None, parameters: None }
}

pub(crate) fn enforcement(id: i64, rule: RuleId) -> Enforcement {
    Enforcement {
        id: EnforcementId(id),
        event: EventId(id),
        rule,
        status: EnforcementStatus::Processed,
        created: second(id),
    }
}

pub(crate) fn run(id: i64, rule: Option<RuleId>) -> Execution {
    Execution {
        id: ExecutionId(id),
        enforcement: rule.map(|_| EnforcementId(id)),
        event: rule.map(|_| EventId(id)),
        rule,
        rerun_of: None,
        action: "core.echo".parse().unwrap(),
        parameters: Map::from_iter([("message".to_owned(), json!("Hello, World!"))]),
        status: ExecutionStatus::Requested,
        attempt: 0,
        requested_at: second(id),
        started_at: None,
        finished_at: None,
        pid: None,
        exit: None,
        result: None,
        error: None,
        timeout_ms: 300_000,
    }
}

pub(crate) fn missed(id: i64, rule: RuleId, first: i64, last: i64) -> MisfireEntry {
    let (first, last) = (second(first), second(last));
    let count = last.micros_since(first).unsigned_abs() / 1_000_000 + 1;
    MisfireEntry {
        id: MisfireId(id),
        misfire: Misfire { rule, first, last, count, reason: MissReason::NotRunning },
        rule_version: 1,
        recorded: last.plus_micros(1),
    }
}
