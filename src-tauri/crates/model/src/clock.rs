//! Time enters the house through a value of this trait, never through a call to the system.

use crate::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where "now" comes from. The engine holds one; tests and the simulation steer theirs by hand.
pub trait Clock: Send + Sync + 'static {
    /// The wall-clock instant.
    fn now(&self) -> Timestamp;

    /// How long the machine has slept since it was booted: its growth tells a sleep from a stop, and from a
    /// clock that somebody has put forward.
    fn slept(&self) -> Duration;
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one home of the machine's clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::MIN.plus(since_epoch)
    }

    /// clock_gettime(2): `CLOCK_BOOTTIME` goes on while the machine sleeps, `CLOCK_MONOTONIC` does not.
    #[cfg(target_os = "linux")]
    fn slept(&self) -> Duration {
        let read = |clock| {
            let time = rustix::time::clock_gettime(clock);
            let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
            Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
        };
        // Monotonic first: what passes between the two readings must not make the difference negative.
        let awake = read(rustix::time::ClockId::Monotonic);
        read(rustix::time::ClockId::Boottime).saturating_sub(awake)
    }

    /// Not known here.
    #[cfg(not(target_os = "linux"))]
    fn slept(&self) -> Duration {
        Duration::ZERO
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_us: AtomicI64,
    slept_us: AtomicI64,
}

impl ManualClock {
    /// A clock standing at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now_us: AtomicI64::new(start.as_micros()), slept_us: AtomicI64::new(0) }
    }

    /// Puts the clock to an instant, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.now_us.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// Lets the machine sleep: the wall clock goes on, and the sleep is known afterwards.
    pub fn sleep(&self, span: Duration) {
        self.slept_us.fetch_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.advance(span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_us.load(Ordering::SeqCst))
    }

    fn slept(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.slept_us.load(Ordering::SeqCst)).unwrap_or(0))
    }
}
