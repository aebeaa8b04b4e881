//! Time that is steered by hand.

use crate::moment::Moment;
use crate::time::Time;
use model::{Clock, ManualClock, Timestamp};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The clocks of a machine that does nothing by itself, and whoever sleeps under them.
#[derive(Clone)]
pub(crate) struct Hand(Arc<Inner>);

struct Inner {
    clock: ManualClock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    awake: Duration,
    rung: bool,
    /// The clock was set since the last sleep.
    set: bool,
    /// Until when somebody sleeps, while somebody does.
    sleeper: Option<Option<Timestamp>>,
    /// How often somebody went to sleep.
    sleeps: usize,
}

impl Hand {
    pub(crate) fn new(start: Timestamp) -> Self {
        let (clock, state) = (ManualClock::new(start), Mutex::new(State::default()));
        Self(Arc::new(Inner { clock, state, changed: Condvar::new() }))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.lock().unwrap());
        self.0.changed.notify_all();
    }

    /// Time passes as it does: the stop-watch goes on too.
    pub(crate) fn pass(&self, span: Duration) {
        self.change(|state| {
            state.awake += span;
            self.0.clock.advance(span);
        });
    }

    /// The machine sleeps.
    pub(crate) fn sleep(&self, span: Duration) {
        self.change(|_| self.0.clock.sleep(span));
    }

    /// Somebody sets the clock, by so many microseconds forward or back.
    pub(crate) fn step(&self, micros: i64) {
        self.change(|state| {
            state.set = true;
            self.0.clock.set(self.0.clock.now().plus_micros(micros));
        });
    }

    /// Waits until the sleeper sleeps and has nothing to wake up for.
    pub(crate) fn settle(&self) {
        let busy =
            |state: &mut State| !state.sleeper.is_some_and(|until| state.stays(until, self.0.clock.now()));
        let state = self.0.state.lock().unwrap();
        let (_state, waited) =
            self.0.changed.wait_timeout_while(state, Duration::from_secs(30), busy).unwrap();
        assert!(!waited.timed_out(), "the sleeper never came to rest");
    }

    /// How often somebody went to sleep.
    pub(crate) fn sleeps(&self) -> usize {
        self.0.state.lock().unwrap().sleeps
    }
}

impl State {
    fn stays(&self, until: Option<Timestamp>, now: Timestamp) -> bool {
        !self.rung && !self.set && until.is_none_or(|until| now < until)
    }
}

impl Time for Hand {
    fn moment(&self) -> Moment {
        let state = self.0.state.lock().unwrap();
        Moment { now: self.0.clock.now(), slept: self.0.clock.slept(), awake: state.awake }
    }

    fn sleep(&self, until: Option<Timestamp>) {
        let mut state = self.0.state.lock().unwrap();
        state.sleeper = Some(until);
        state.sleeps += 1;
        self.0.changed.notify_all();
        let stays = |state: &mut State| state.stays(until, self.0.clock.now());
        let mut state = self.0.changed.wait_while(state, stays).unwrap();
        (state.sleeper, state.rung, state.set) = (None, false, false);
    }

    fn wake(&self) {
        self.change(|state| state.rung = true);
    }
}
