//! Waiting for what shall become true, never for time to pass.

use std::future::Future;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What one look at a condition saw: the value that was waited for, or what was there instead.
pub type Story<T> = Result<T, String>;

/// Looks again and again until the condition holds.
///
/// # Panics
/// Where it does not hold in time, with what was waited for and what the last look saw.
pub async fn wait_until<T, F>(what: &str, deadline: Duration, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Story<T>>,
{
    let start = Instant::now();
    loop {
        match look().await {
            Ok(value) => return value,
            Err(seen) if start.elapsed() > deadline => {
                panic!("waited {deadline:?} until {what}, but the last look saw: {seen}")
            }
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}
