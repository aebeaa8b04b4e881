//! The thread that sleeps to the next instant, fires, and takes changes of the rules in between.

use crate::agenda::Agenda;
use crate::alarm::Alarm;
use model::{Clock, Ref, RuleId, SystemClock};
use sensor_kit::{Distress, Failure, Poster, Rule, Sensor, Start};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

enum Change {
    Replace(Vec<Rule>),
    Put(Box<Rule>),
    Remove(RuleId),
}

/// The sensor as the kit sees it: a mailbox, a bell and a thread.
pub(crate) struct Clockwork {
    /// None once it has stopped.
    mailbox: Option<Sender<Change>>,
    alarm: Arc<Alarm>,
    thread: Option<JoinHandle<()>>,
}

impl Clockwork {
    pub(crate) fn start(start: Start) -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::Sensor(format!("the timers cannot be started: {error}"));
        let alarm = Arc::new(Alarm::new().map_err(failed)?);
        let (mailbox, changes) = channel();
        let bell = Arc::clone(&alarm);
        let thread = std::thread::Builder::new()
            .name("timers".to_owned())
            .spawn(move || {
                let _watch = Watch(start.distress);
                tick(&changes, &bell, &start.poster, &start.sensor_ref);
            })
            .map_err(failed)?;
        Ok(Self { mailbox: Some(mailbox), alarm, thread: Some(thread) })
    }

    fn send(&self, change: Change) {
        let sent = self.mailbox.as_ref().is_some_and(|mailbox| mailbox.send(change).is_ok());
        if !sent {
            tracing::error!("a change of the rules came after the timers had stopped");
        }
        self.alarm.wake();
    }
}

impl Sensor for Clockwork {
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
        self.alarm.wake();
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
fn tick(changes: &Receiver<Change>, alarm: &Alarm, poster: &Poster, sensor: &Ref) {
    let mut agenda = Agenda::default();
    loop {
        let now = SystemClock.now();
        agenda.look(now);
        loop {
            match changes.try_recv() {
                Ok(Change::Replace(rules)) => agenda.replace(rules, now),
                Ok(Change::Put(rule)) => agenda.put(*rule, now),
                Ok(Change::Remove(id)) => agenda.remove(id),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        fire(&mut agenda, poster, sensor);
        alarm.sleep(agenda.next());
    }
}

fn fire(agenda: &mut Agenda, poster: &Poster, sensor: &Ref) {
    loop {
        let now = SystemClock.now();
        let Some(due) = agenda.pop(now) else { return };
        if let Err(backlog) = poster.post(&due.event(sensor, now)) {
            tracing::error!(rule = %due.rule, "{backlog}; the next fire will stand for this one");
            agenda.unsent(&due);
        }
    }
}
