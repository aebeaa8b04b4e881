//! When a rule fires, and what of its timer an edit leaves as it was.

use model::{Misfire, MissReason, Rule, RuleBody, Timestamp};
use schedule::Schedule;

/// The trigger of timers that fire once.
const ONCE: &str = "core.datetimetimer";

/// Parameters that say what becomes of missed instants, not when instants are.
const AFTERWARDS: [&str; 2] = ["misfire", "misfire_limit"];
/// Parameters that shift or cut the instants of a schedule and leave its grid where it is.
const AROUND: [&str; 5] = ["misfire", "misfire_limit", "jitter_seconds", "not_before", "not_after"];

/// When a rule fires, as its sensor reckons it; none for rules that are no timers, or are wrong.
pub(crate) fn schedule_of(rule: &Rule) -> Option<Schedule> {
    let body = &rule.body;
    if !schedule::is_timer(&body.trigger_ref) {
        return None;
    }
    let schedule = Schedule::parse(&body.trigger_ref, &body.trigger_params, rule.timer.anchor).ok()?;
    Some(schedule.for_rule(rule.id))
}

/// Whether a rule fires once only.
pub(crate) fn is_once(body: &RuleBody) -> bool {
    body.trigger_ref.as_str() == ONCE
}

/// What a rule had planned up to an instant and what came to no end; nothing where it never listened to this
/// schedule. `rule` holds what its timer remembers.
pub(crate) fn unhandled(
    rule: &Rule,
    reason: MissReason,
    until: Timestamp,
    now: Timestamp,
) -> Option<Misfire> {
    // Without an anchor an interval has no grid yet.
    rule.timer.anchor?;
    let mark = rule.timer.mark(now).filter(|mark| *mark < until)?;
    let schedule = schedule_of(rule)?;
    let (first, last) = (schedule.next_after(mark)?.at, schedule.last_until(mark, until)?.at);
    let count = schedule.count_between(mark, until);
    Some(Misfire { rule: rule.id, first, last, count, reason })
}

/// Whether two contents of a rule plan the same instants.
#[must_use]
pub fn same_schedule(one: &RuleBody, other: &RuleBody) -> bool {
    same_but_for(one, other, &AFTERWARDS)
}

/// Whether two contents of a rule have their instants on the same grid: the anchor stays.
#[must_use]
pub fn same_grid(one: &RuleBody, other: &RuleBody) -> bool {
    same_but_for(one, other, &AROUND)
}

fn same_but_for(one: &RuleBody, other: &RuleBody, names: &[&str]) -> bool {
    if one.trigger_ref != other.trigger_ref {
        return false;
    }
    if one.trigger_params == other.trigger_params {
        return true;
    }
    let parsed = |body: &RuleBody| {
        let mut params = body.trigger_params.clone();
        params.retain(|name, _| !names.contains(&name.as_str()));
        Schedule::parse(&body.trigger_ref, &params, Some(Timestamp::MIN)).ok()
    };
    parsed(one).is_some_and(|schedule| parsed(other) == Some(schedule))
}
