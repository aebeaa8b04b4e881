//! The one thread that decides.

use crate::effect::Performer;
use crate::feed::{Feed, Topic};
use crate::input::{Answer, Envelope, Input, Refusal};
use crate::settle::settle;
use crate::shared::Shared;
use crate::state::State;
use crate::step::{Change, Effect};
use model::{Clock, RuleId, Timestamp, limits};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use store::{CommitError, Transaction, Writer};
use tokio::sync::{mpsc, oneshot};

/// How often the free space is looked at, and how often a full disk is tried again.
const LOOK_AT_DISK_MS: i64 = 1_000;
/// Commits between two times of emptying the write-ahead log.
const CHECKPOINT_EVERY: u32 = 200;

pub(crate) struct Dispatcher {
    pub(crate) state: State,
    pub(crate) writer: Writer,
    pub(crate) inbox: mpsc::Receiver<Envelope>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) feed: Feed,
    pub(crate) performer: Performer,
    pub(crate) disk: Disk,
    pub(crate) fault: Option<Fault>,
    pub(crate) since_checkpoint: u32,
}

/// Why nothing is accepted.
pub(crate) struct Fault {
    refusal: Refusal,
    /// Inputs that nobody waits for and that must not be lost: reports of the executor and the roster.
    retained: Vec<Envelope>,
    tried_at: Timestamp,
}

/// The free space of the data folder.
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
    pub(crate) reserve_bytes: u64,
    looked_at: Timestamp,
    low: bool,
}

impl Disk {
    pub(crate) fn new(folder: PathBuf, reserve_bytes: u64) -> Self {
        Self { folder, reserve_bytes, looked_at: Timestamp::MIN, low: false }
    }

    fn is_low(&mut self, now: Timestamp) -> bool {
        if now.millis_since(self.looked_at).abs() >= LOOK_AT_DISK_MS {
            self.looked_at = now;
            self.low = match store::free_space(&self.folder) {
                Ok(bytes) => bytes < self.reserve_bytes,
                Err(error) => {
                    tracing::warn!(%error, "the free space of the data folder could not be read");
                    false
                }
            };
        }
        self.low
    }

    fn refusal(&self) -> Refusal {
        Refusal::StorageFull(format!(
            "the disk that holds the data has less than {} MB free; nothing new is accepted until there is more",
            self.reserve_bytes / 1_000_000
        ))
    }
}

type Reply = (oneshot::Sender<Result<Answer, Refusal>>, Result<Answer, Refusal>);

/// What a batch leaves to be done after its commit.
#[derive(Default)]
struct Aftermath {
    replies: Vec<Reply>,
    effects: Vec<Effect>,
    topics: BTreeSet<Topic>,
    timers: Vec<RuleId>,
    rules: bool,
    sensors: bool,
    events: u32,
}

impl Aftermath {
    fn note(&mut self, change: &Change) {
        match change {
            Change::EventReceived { .. } => self.events += 1,
            Change::TimerMoved { rule, .. } => self.timers.push(*rule),
            Change::RuleSaved(rule) | Change::RuleSwitched(rule) => {
                self.rules = true;
                self.timers.push(rule.id);
            }
            Change::RuleDeleted { .. } | Change::PacksLoaded(_) => self.rules = true,
            Change::SensorChanged(_) => self.sensors = true,
            _ => {}
        }
    }
}

impl Dispatcher {
    /// Works until the inbox is closed or [`Input::End`] is done.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.inbox.blocking_recv() {
            let mut batch = Vec::with_capacity(16);
            batch.push(first);
            while batch.len() < limits::BATCH {
                let Ok(next) = self.inbox.try_recv() else { break };
                batch.push(next);
            }
            let ends = batch.iter().any(|envelope| matches!(envelope.input, Input::End));
            self.turn(batch);
            if ends {
                break;
            }
            self.tidy_when_idle();
        }
    }

    /// The write-ahead log is emptied in the pauses, once enough has piled up to be worth it.
    fn tidy_when_idle(&mut self) {
        self.since_checkpoint += 1;
        if !self.inbox.is_empty() || self.since_checkpoint < CHECKPOINT_EVERY {
            return;
        }
        self.since_checkpoint = 0;
        if let Err(error) = self.writer.checkpoint() {
            tracing::warn!(%error, "the write-ahead log could not be emptied; it will be tried again");
        }
    }

    fn turn(&mut self, batch: Vec<Envelope>) {
        let now = self.clock.now();
        let Some(batch) = self.while_faulted(batch, now) else { return };
        let batch = self.refuse_growth_if_low(batch, now);
        let mut unsettled = Vec::with_capacity(batch.len());
        match self.decide_and_commit(batch, &mut unsettled) {
            Ok(aftermath) => self.perform(aftermath),
            Err(error) => self.fail(&error, unsettled, now),
        }
    }

    /// A full disk is tried again; until then everything is refused.
    fn while_faulted(&mut self, mut batch: Vec<Envelope>, now: Timestamp) -> Option<Vec<Envelope>> {
        let Some(mut fault) = self.fault.take() else { return Some(batch) };
        let may_heal = matches!(fault.refusal, Refusal::StorageFull(_));
        let due = now.millis_since(fault.tried_at).abs() >= LOOK_AT_DISK_MS;
        if may_heal && due && !self.disk.is_low(now) {
            let mut all = std::mem::take(&mut fault.retained);
            all.append(&mut batch);
            self.shared.publish_fault(None);
            self.feed.publish(BTreeSet::from([Topic::Engine]));
            return Some(all);
        }
        refuse_all(batch, &mut fault);
        self.fault = Some(fault);
        None
    }

    fn refuse_growth_if_low(&mut self, batch: Vec<Envelope>, now: Timestamp) -> Vec<Envelope> {
        if !batch.iter().any(|envelope| grows(&envelope.input)) || !self.disk.is_low(now) {
            return batch;
        }
        let (refused, rest): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|envelope| grows(&envelope.input));
        for reply in refused.into_iter().filter_map(|envelope| envelope.reply) {
            let _ = reply.send(Err(self.disk.refusal()));
        }
        rest
    }

    fn decide_and_commit(
        &mut self,
        batch: Vec<Envelope>,
        unsettled: &mut Vec<Envelope>,
    ) -> Result<Aftermath, CommitError> {
        let mut after = Aftermath::default();
        let mut batch = batch.into_iter();
        let result = (|| {
            let mut transaction = self.writer.begin()?;
            for mut envelope in batch.by_ref() {
                let outcome =
                    one(&mut self.state, &mut transaction, &mut envelope.input, self.clock.now(), &mut after);
                let answer = match outcome {
                    Ok(answer) => answer,
                    Err(error) => {
                        unsettled.push(envelope);
                        return Err(error);
                    }
                };
                match envelope.reply.take() {
                    Some(reply) => after.replies.push((reply, answer)),
                    None => unsettled.push(envelope),
                }
            }
            transaction.commit().map(drop)
        })();
        match result {
            Ok(()) => Ok(after),
            Err(error) => {
                unsettled.extend(batch);
                unsettled.extend(
                    after
                        .replies
                        .into_iter()
                        .map(|(reply, _)| Envelope { input: Input::Closing, reply: Some(reply) }),
                );
                Err(error)
            }
        }
    }

    /// The batch never happened: memory is rebuilt from the file, everybody hears why.
    fn fail(&mut self, error: &CommitError, unsettled: Vec<Envelope>, now: Timestamp) {
        tracing::error!(%error, "a commit failed");
        let refusal = match error {
            CommitError::StorageFull(_) => self.disk.refusal(),
            other => Refusal::Unavailable(format!(
                "the database cannot be written ({other}); restart to try again"
            )),
        };
        match self.writer.load() {
            Ok(snapshot) => {
                let (sensors, alive) = (std::mem::take(&mut self.state.sensors), self.state.alive);
                self.state = State::new(snapshot, self.state.catalog.clone());
                self.state.sensors = sensors;
                self.state.alive = alive;
            }
            Err(error) => tracing::error!(%error, "memory could not be rebuilt from the database"),
        }
        let mut fault = Fault { refusal, retained: Vec::new(), tried_at: now };
        self.shared.publish_fault(Some(fault.refusal.to_string()));
        refuse_all(unsettled, &mut fault);
        self.fault = Some(fault);
        self.shared.publish_all(&self.state);
        self.feed.publish(BTreeSet::from([Topic::Engine]));
    }

    fn perform(&mut self, after: Aftermath) {
        if after.rules {
            self.shared.publish_rules(&self.state);
        }
        if after.sensors {
            self.shared.publish_sensors(&self.state);
        }
        if !after.timers.is_empty() {
            self.shared.publish_timers(&self.state, &after.timers);
        }
        self.shared.publish_figures(&self.state);
        for effect in &after.effects {
            self.performer.perform(effect, &self.state);
        }
        for (reply, answer) in after.replies {
            // Whoever asked may have gone away; what they asked is done all the same.
            let _ = reply.send(answer);
        }
        if after.events > 0 {
            self.shared.events.add(after.events, self.clock.now());
        }
        self.feed.publish(after.topics);
    }
}

/// Settles one input and notes what is left to be done after the commit.
fn one(
    state: &mut State,
    transaction: &mut Transaction<'_>,
    input: &mut Input,
    now: Timestamp,
    after: &mut Aftermath,
) -> Result<Result<Answer, Refusal>, CommitError> {
    let step = settle(state, transaction, input, now)?;
    step.changes.iter().for_each(|change| after.note(change));
    after.effects.extend(step.effects);
    after.topics.extend(step.topics);
    Ok(step.answer)
}

/// Whether an input makes the database grow by somebody's wish, not by what is under way already.
fn grows(input: &Input) -> bool {
    matches!(
        input,
        Input::Event { .. }
            | Input::Misfire { .. }
            | Input::RuleCreate { .. }
            | Input::RuleUpdate { .. }
            | Input::RuleRun { .. }
            | Input::ActionRun { .. }
    )
}

fn refuse_all(batch: Vec<Envelope>, fault: &mut Fault) {
    for envelope in batch {
        match envelope.reply {
            Some(reply) => drop(reply.send(Err(fault.refusal.clone()))),
            // There will be another one.
            None if matches!(envelope.input, Input::Alive { .. }) => {}
            None => fault.retained.push(envelope),
        }
    }
}
