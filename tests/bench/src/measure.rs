//! Latencies and their quantiles.

use anyhow::Result;
use hdrhistogram::Histogram;
use std::time::Duration;

/// A minute: what takes longer counts as that.
const LONGEST_NANOS: u64 = 60_000_000_000;

/// Many durations, kept to a thousandth of each.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST_NANOS, 3)?))
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn join(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// In milliseconds; `quantile` from 0 to 1, where 1 is the worst.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of an hour fit a double exactly")]
        let nanos = self.0.value_at_quantile(quantile) as f64;
        nanos / 1e6
    }
}

/// The middle of some numbers; between the two middle ones where they are even in count.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let at = |index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
    if numbers.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
}
