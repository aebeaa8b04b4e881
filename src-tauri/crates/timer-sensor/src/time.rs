//! Where the timers' time comes from, and how they wait for it.

use crate::alarm::Alarm;
use crate::moment::Moment;
use model::{Clock, SystemClock, Timestamp};
use std::time::Instant;

/// The clocks of a machine, and one sleeper under them.
pub trait Time: Send + Sync + 'static {
    /// What the clocks say now.
    fn moment(&self) -> Moment;

    /// Sleeps until the wall clock shows `until`, until woken, until the clock is changed, or for half a minute,
    /// whichever comes first.
    fn sleep(&self, until: Option<Timestamp>);

    /// Ends the sleep, or the next one where nobody sleeps now.
    fn wake(&self);
}

/// The machine's own time.
#[derive(Debug)]
pub struct Machine {
    alarm: Alarm,
    started: Instant,
}

impl Machine {
    /// The clocks of this machine, and an alarm on its wall clock.
    ///
    /// # Errors
    /// The system gives no timer.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { alarm: Alarm::new()?, started: Instant::now() })
    }
}

impl Time for Machine {
    fn moment(&self) -> Moment {
        Moment { now: SystemClock.now(), slept: SystemClock.slept(), awake: self.started.elapsed() }
    }

    fn sleep(&self, until: Option<Timestamp>) {
        self.alarm.sleep(until);
    }

    fn wake(&self) {
        self.alarm.wake();
    }
}
