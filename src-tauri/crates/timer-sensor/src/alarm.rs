//! Sleeping to an instant of the wall clock, and being woken before it.
//!
//! On Linux the kernel itself watches the wall clock: it wakes the sleeper at the instant, after the machine has slept, and
//! at once when somebody changes the clock. Elsewhere the sleep is cut into pieces that are short enough.

use std::time::Duration;

/// The clock is looked at at least this often, so that nothing can silence a timer for longer.
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(target_os = "linux")]
pub(crate) use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Alarm;

#[cfg(target_os = "linux")]
mod linux {
    use super::LONGEST;
    use model::Timestamp;
    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
    use rustix::fd::OwnedFd;
    use rustix::io::{Errno, Result, read, write};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// One sleeper and those who may wake it.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        timer: OwnedFd,
        bell: OwnedFd,
    }

    impl Alarm {
        pub(crate) fn new() -> std::io::Result<Self> {
            let timer =
                timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
            let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            Ok(Self { timer, bell })
        }

        /// Ends the sleep, or the next one where nobody sleeps now.
        pub(crate) fn wake(&self) {
            // The only way to fail is a counter at 2^64, and that rings too.
            let _rung = write(&self.bell, &1_u64.to_ne_bytes());
        }

        /// Sleeps until the wall clock shows `until`, until woken, until the clock is changed, or for half a
        /// minute, whichever comes first.
        pub(crate) fn sleep(&self, until: Option<Timestamp>) {
            if self.try_sleep(until).is_err() {
                // Without its timer the sensor still works, to a tenth of a second.
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }

        fn try_sleep(&self, until: Option<Timestamp>) -> Result<()> {
            // No instant is no timer; the first second of 1970 would be none too, so it is moved a little.
            let micros = until.map_or(0, |until| until.as_micros().max(1));
            let at = Timespec { tv_sec: micros / 1_000_000, tv_nsec: micros % 1_000_000 * 1_000 };
            let never = Timespec { tv_sec: 0, tv_nsec: 0 };
            let spec = Itimerspec { it_interval: never, it_value: at };
            match timerfd_settime(
                &self.timer,
                TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET,
                &spec,
            ) {
                // The clock was changed since the last sleep: look at it again.
                Err(Errno::CANCELED) => return Ok(()),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            let mut watched =
                [PollFd::new(&self.timer, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
            let longest = Timespec { tv_sec: LONGEST.as_secs().try_into().unwrap_or(30), tv_nsec: 0 };
            match poll(&mut watched, Some(&longest)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            // Both are emptied; what they held says nothing that the clock and the mailbox do not say better.
            let mut count = [0_u8; 8];
            let _timer = read(&self.timer, &mut count);
            let _bell = read(&self.bell, &mut count);
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use super::LONGEST;
    use model::{Clock, SystemClock, Timestamp};
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Duration;

    /// One sleeper and those who may wake it.
    #[derive(Debug, Default)]
    pub(crate) struct Alarm {
        rung: Mutex<bool>,
        bell: Condvar,
    }

    impl Alarm {
        pub(crate) fn new() -> std::io::Result<Self> {
            Ok(Self::default())
        }

        /// Ends the sleep, or the next one where nobody sleeps now.
        pub(crate) fn wake(&self) {
            *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.bell.notify_one();
        }

        /// Sleeps until the wall clock shows `until`, until woken, or for half a minute.
        pub(crate) fn sleep(&self, until: Option<Timestamp>) {
            let left = |until: Timestamp| u64::try_from(until.micros_since(SystemClock.now())).unwrap_or(0);
            let span = until.map_or(LONGEST, |until| Duration::from_micros(left(until)).min(LONGEST));
            let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut rung, _) = self
                .bell
                .wait_timeout_while(rung, span, |rung| !*rung)
                .unwrap_or_else(PoisonError::into_inner);
            *rung = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Clock, SystemClock, Timestamp};

    #[test]
    fn a_sleep_ends_with_its_instant_and_with_a_ring_also_with_one_that_came_before_it() {
        let alarm = Alarm::new().unwrap();
        // Each of these would sleep for half a minute if nothing ended it: far too long for a test.
        for _ in 0..10 {
            let soon = SystemClock.now().plus(Duration::from_millis(5));
            alarm.sleep(Some(soon));
            assert!(SystemClock.now() >= soon);
            alarm.sleep(Some(Timestamp::MIN));
            alarm.wake();
            alarm.wake();
            alarm.sleep(None);
            std::thread::scope(|scope| {
                scope.spawn(|| alarm.sleep(Some(Timestamp::MAX)));
                alarm.wake();
            });
        }
    }
}
