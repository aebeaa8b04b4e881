//! How many a second, lately.

use model::Timestamp;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Seconds that the figure looks back.
const WINDOW_SECONDS: i64 = 10;

/// Counts occurrences of the last ten seconds.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<VecDeque<(i64, u32)>>);

impl Meter {
    /// Takes note of some occurrences.
    pub(crate) fn add(&self, count: u32, now: Timestamp) {
        let mut seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.as_seconds();
        match seconds.back_mut() {
            Some((newest, total)) if *newest == second => *total += count,
            _ => seconds.push_back((second, count)),
        }
        while seconds.front().is_some_and(|(oldest, _)| *oldest <= second - WINDOW_SECONDS) {
            seconds.pop_front();
        }
    }

    /// Occurrences a second over the last ten whole seconds.
    pub(crate) fn per_second(&self, now: Timestamp) -> f64 {
        let seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let present = now.as_seconds();
        let whole = seconds.iter().filter(|(second, _)| (present - WINDOW_SECONDS..present).contains(second));
        #[expect(clippy::cast_precision_loss, reason = "ten seconds and their counts are far below 2^52")]
        let window = WINDOW_SECONDS as f64;
        f64::from(whole.map(|(_, count)| *count).sum::<u32>()) / window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_counts_whole_seconds_and_forgets() {
        let meter = Meter::default();
        let at = Timestamp::from_seconds;
        (100..120).for_each(|second| meter.add(2, at(second)));
        assert!((meter.per_second(at(120)) - 2.0).abs() < 1e-9);
        assert!((meter.per_second(at(125)) - 1.0).abs() < 1e-9);
        assert!(meter.per_second(at(140)).abs() < 1e-9);
    }
}
