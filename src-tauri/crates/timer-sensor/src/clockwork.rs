//! The thread that sleeps to the next instant, fires, and takes changes of the rules in between.

use crate::agenda::Agenda;
use crate::deed::Deed;
use crate::time::Time;
use model::{Ref, RuleId, Timestamp};
use sensor_kit::{Distress, Failure, Poster, Rule, Sensor, Start};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long to wait for room where as much waits to be posted as may. What is due stays due meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);

enum Change {
    Replace(Vec<Rule>),
    Put(Box<Rule>),
    Remove(RuleId),
}

/// The sensor as the kit sees it: a mailbox, a bell and a thread.
pub struct Clockwork<T> {
    /// None once it has stopped.
    mailbox: Option<Sender<Change>>,
    time: Arc<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Time> Clockwork<T> {
    /// Starts the thread, in the time of a machine.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(time: T, start: Start) -> Result<Self, Failure> {
        let time = Arc::new(time);
        let (mailbox, changes) = channel();
        let inside = Arc::clone(&time);
        let thread = std::thread::Builder::new()
            .name("timers".to_owned())
            .spawn(move || {
                let _watch = Watch(start.distress);
                tick(&changes, &*inside, &start.poster, &start.sensor_ref);
            })
            .map_err(|error| Failure::Sensor(format!("the timers cannot be started: {error}")))?;
        Ok(Self { mailbox: Some(mailbox), time, thread: Some(thread) })
    }

    fn send(&self, change: Change) {
        let sent = self.mailbox.as_ref().is_some_and(|mailbox| mailbox.send(change).is_ok());
        if !sent {
            tracing::error!("a change of the rules came after the timers had stopped");
        }
        self.time.wake();
    }
}

impl<T: Time> Sensor for Clockwork<T> {
    fn replace(&mut self, rules: Vec<Rule>) {
        self.send(Change::Replace(rules));
    }

    fn put(&mut self, rule: Rule) {
        self.send(Change::Put(Box::new(rule)));
    }

    fn remove(&mut self, rule: RuleId) {
        self.send(Change::Remove(rule));
    }

    fn stop(&mut self) {
        self.mailbox = None;
        self.time.wake();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the timers had died");
        }
    }
}

/// A thread that dies must not leave a sensor behind that looks alive and never fires.
struct Watch(Distress);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.call("the thread of the timers has died");
        }
    }
}

/// Goes on until the mailbox is closed.
fn tick(changes: &Receiver<Change>, time: &impl Time, poster: &Poster, sensor: &Ref) {
    let mut agenda = Agenda::default();
    loop {
        loop {
            let change = match changes.try_recv() {
                Ok(change) => change,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            };
            let moment = time.moment();
            agenda.look(moment);
            match change {
                Change::Replace(rules) => agenda.replace(rules, moment.now),
                Change::Put(rule) => agenda.put(*rule, moment.now),
                Change::Remove(id) => agenda.remove(id, moment.now),
            }
        }
        let until = hand_over(&mut agenda, time, poster, sensor);
        time.sleep(until);
    }
}

/// Hands over what is due, and says when to look again. What finds no room stays due: it is late then, or missed,
/// but it is not lost.
fn hand_over(agenda: &mut Agenda, time: &impl Time, poster: &Poster, sensor: &Ref) -> Option<Timestamp> {
    loop {
        let moment = time.moment();
        if poster.room() == 0 && agenda.is_due(moment.now) {
            agenda.look(moment);
            return Some(moment.now.plus(PATIENCE));
        }
        let Some(deed) = agenda.pop(moment) else { return agenda.next() };
        let (rule, handed_over) = match &deed {
            Deed::Fired(fired) => (fired.rule, poster.post(&fired.event(sensor, moment.now))),
            Deed::Missed(missed) => (missed.rule, poster.report(missed)),
        };
        if let Err(backlog) = handed_over {
            tracing::error!(%rule, "{backlog}");
        }
    }
}

#[cfg(test)]
mod tests;
