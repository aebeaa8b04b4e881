//! Pauses between tries: each twice as long as the one before, and never the same for two sensors.

use std::time::Duration;

/// The next pause of a series of failures.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    /// The pause before the next try: between half and all of the step, so that many who failed together do not
    /// come back together.
    pub(crate) fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        step / 2 + fraction(step / 2)
    }

    /// A try went well: the next failure starts over.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A random part of a span. Without randomness from the system it is none: a pause without jitter is still one.
pub(crate) fn fraction(span: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(0);
    span.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for step in [100, 200, 400, 800, 1_000, 1_000] {
            let (pause, step) = (backoff.pause(), Duration::from_millis(step));
            assert!(pause >= step / 2 && pause <= step, "{pause:?} of {step:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }
}
