//! How many posts a second one caller may make.

use crate::refusal::Refusal;
use api::Caller;
use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::{ExecutionId, Ref, limits};
use std::num::NonZeroU32;

/// The sensor of all timers: its posts are as many as its rules, so it has an allowance of its own.
const TIMER_SENSOR: &str = "core.timer_sensor";
/// Ended executions are forgotten when this many callers are remembered.
const REMEMBERED: usize = 1_024;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Poster {
    Sensor(Ref),
    Execution(ExecutionId),
}

/// The allowance of every caller but the person, who has none to keep.
pub(crate) struct Rates {
    timer: DefaultKeyedRateLimiter<Poster>,
    others: DefaultKeyedRateLimiter<Poster>,
}

fn limiter(per_second: u32) -> DefaultKeyedRateLimiter<Poster> {
    RateLimiter::hashmap(Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN)))
}

impl Rates {
    pub(crate) fn new() -> Self {
        Self { timer: limiter(limits::TIMER_POSTS_PER_SECOND), others: limiter(limits::POSTS_PER_SECOND) }
    }

    /// Counts one post.
    pub(crate) fn check(&self, caller: &Caller) -> Result<(), Refusal> {
        let (limiter, poster) = match caller {
            Caller::Admin => return Ok(()),
            Caller::Sensor { sensor, .. } if sensor.as_str() == TIMER_SENSOR => {
                (&self.timer, Poster::Sensor(sensor.clone()))
            }
            Caller::Sensor { sensor, .. } => (&self.others, Poster::Sensor(sensor.clone())),
            Caller::Execution { id, .. } => (&self.others, Poster::Execution(*id)),
        };
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter.check_key(&poster).map_err(|_| {
            let message =
                "too many posts at once: wait as long as Retry-After says, in seconds, and post again";
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "busy", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flood_does_not_slow_another_caller() {
        let rates = Rates::new();
        let sensor = |name: &str| Caller::Sensor { sensor: name.parse().unwrap(), triggers: [].into() };
        let taken = |caller: &Caller| (0..1_000).take_while(|_| rates.check(caller).is_ok()).count();
        let flood = taken(&sensor("x.flood"));
        assert!((100..200).contains(&flood), "{flood} posts at once");
        assert!(rates.check(&sensor("x.other")).is_ok());
        assert_eq!(taken(&sensor(TIMER_SENSOR)), 1_000);
        assert_eq!(taken(&Caller::Admin), 1_000);
    }
}
