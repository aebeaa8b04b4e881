//! How long a dead sensor rests before it is started again.

use model::limits;
use std::time::Duration;

/// Counts failures in a row and tells the pause after each: 1 s doubling to 5 min, from the beginning
/// again after 60 s of health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Failures in a row.
    #[must_use]
    pub fn failures(self) -> u32 {
        self.failures
    }

    /// Takes note of a death after `lived` and tells the pause before the next start.
    pub fn died_after(&mut self, lived: Duration) -> Duration {
        if lived >= limits::HEALTHY_AFTER {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let doublings = (self.failures - 1).min(16);
        (limits::BACKOFF_FIRST * 2_u32.pow(doublings)).min(limits::BACKOFF_LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_start_again_after_health() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..11).map(|_| backoff.died_after(Duration::ZERO).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.died_after(Duration::from_secs(60)), Duration::from_secs(1));
        assert_eq!(backoff.failures(), 1);
    }
}
