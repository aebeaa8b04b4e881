//! Jitter: each instant a little later than planned, by an amount that only the rule and the instant decide. So a
//! forecast says what will happen, and a restart changes nothing.

use crate::parameters::Parameters;
use crate::words::duration;
use model::{Invalid, RuleId, Timestamp, limits};

const MICROS: i64 = 1_000_000;
const MILLIS: u64 = 1_000;

/// How late instants may become, and for which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jitter {
    /// At least 1.
    seconds: i64,
    rule: i64,
}

impl Jitter {
    pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<Option<Self>, Invalid> {
        let seconds = parameters.whole(
            "jitter_seconds",
            0,
            limits::JITTER_SECONDS,
            "by which an instant may come later",
        )?;
        Ok(seconds.filter(|seconds| *seconds > 0).map(|seconds| Self { seconds, rule: 0 }))
    }

    pub(crate) fn for_rule(self, rule: RuleId) -> Self {
        Self { rule: rule.0, ..self }
    }

    pub(crate) fn seconds(self) -> i64 {
        self.seconds
    }

    /// How many microseconds later the instant planned at `at` comes: whole milliseconds, from 0 to less than
    /// `jitter_seconds`.
    pub(crate) fn delay(self, at: Timestamp) -> i64 {
        let mixed = mix(mix(self.rule.cast_unsigned()) ^ at.as_micros().cast_unsigned());
        let millis = mixed % (self.seconds.unsigned_abs() * MILLIS);
        i64::try_from(millis * MILLIS).unwrap_or(0)
    }

    /// Refuses jitter that reaches from one instant to the next.
    pub(crate) fn check(self, shortest: Option<i64>) -> Result<(), Invalid> {
        match shortest.filter(|gap| self.seconds.saturating_mul(MICROS) >= *gap) {
            None => Ok(()),
            Some(gap) => {
                let gap = duration(gap / MICROS);
                let message = format!(
                    "found {}, expected less than the shortest time between two fires, which is {gap}",
                    self.seconds
                );
                Err(Invalid::new("jitter_seconds", message))
            }
        }
    }

    pub(crate) fn sentence(self) -> String {
        format!("delayed by up to {}", duration(self.seconds))
    }
}

/// The output function of `SplitMix64` (Steele, Lea, Flood 2014): every bit of the answer depends on every bit of the
/// question, and the answer is the same on every machine and in every version.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
