//! What will happen: the schedules of enabled rules, asked for their next instants.

use crate::Api;
use model::{Rule, Timestamp};
use schedule::Schedule;
use std::sync::Arc;

/// Fires of one rule that are worked out one by one; beyond it they are counted by their period.
const ONE_BY_ONE: u64 = 500;

/// A rule that has a future.
pub(super) struct Planned {
    pub(super) rule: Arc<Rule>,
    pub(super) schedule: Arc<Schedule>,
}

impl Api {
    /// Every enabled rule with a schedule.
    pub(super) fn planned(&self) -> Vec<Planned> {
        let rules = self.engine.shared().rules();
        let timers = rules.schedules.iter();
        let planned = timers.filter_map(|(id, schedule)| {
            let rule = rules.by_id.get(id).filter(|rule| rule.enabled())?;
            Some(Planned { rule: rule.clone(), schedule: schedule.clone() })
        });
        planned.collect()
    }
}

impl Planned {
    /// Adds this rule's fires in (`now`, `to`] to bins of `bin_us` microseconds that start at `from`.
    pub(super) fn count_into(
        &self,
        bins: &mut [u32],
        from: Timestamp,
        bin_us: i64,
        now: Timestamp,
        to: Timestamp,
    ) {
        let index = |at: Timestamp| usize::try_from(at.micros_since(from) / bin_us).unwrap_or(usize::MAX);
        if self.schedule.count_between(now, to) <= ONE_BY_ONE {
            let mut last = now;
            while let Some(fire) = self.schedule.next_after(last).filter(|fire| fire.at <= to) {
                if let Some(bin) = bins.get_mut(index(fire.at)) {
                    *bin = bin.saturating_add(1);
                }
                last = fire.at;
            }
            return;
        }
        for (bin, start) in bins.iter_mut().zip((0_i64..).map(|n| from.plus_micros(n * bin_us))) {
            let end = start.plus_micros(bin_us).min(to);
            if end > now {
                let fires = self.schedule.count_between(start.max(now), end);
                *bin = bin.saturating_add(u32::try_from(fires).unwrap_or(u32::MAX));
            }
        }
    }
}
