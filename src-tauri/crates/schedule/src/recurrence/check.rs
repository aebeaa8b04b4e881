//! Which parts of a rule go together, as RFC 5545 says in 3.3.10.

use super::read::Place;
use super::rule::{Freq, List, Part, Rule};
use model::Invalid;

/// Refuses parts that must not stand in one rule.
pub(super) fn combination(rule: &Rule, place: Place) -> Result<(), Invalid> {
    let freq = rule.freq.word();
    if rule.count.is_some() && rule.until.is_some() {
        return Err(
            place.refuse(Part::Count, "must not stand in the same rule as UNTIL: keep one of the two")
        );
    }
    let lists: [(List, bool, &str); 3] = [
        (List::WeekNo, rule.freq != Freq::Yearly, "goes only with FREQ=YEARLY"),
        (
            List::YearDay,
            matches!(rule.freq, Freq::Daily | Freq::Weekly | Freq::Monthly),
            "does not go with FREQ=DAILY, WEEKLY or MONTHLY",
        ),
        (List::MonthDay, rule.freq == Freq::Weekly, "does not go with FREQ=WEEKLY"),
    ];
    for (list, wrong, message) in lists {
        if wrong && rule.has(list) {
            return Err(place.refuse(Part::List(list), format!("{message}, and FREQ is {freq}")));
        }
    }
    let chooses_from = rule.days.len() + List::ALL.iter().map(|list| rule.list(*list).len()).sum::<usize>();
    if rule.has(List::SetPos) && chooses_from == rule.list(List::SetPos).len() {
        let message = "needs another BY part to choose from, such as BYDAY";
        return Err(place.refuse(Part::List(List::SetPos), message));
    }
    numbered_days(rule, place)
}

/// Refuses a number before a weekday where it means nothing.
fn numbered_days(rule: &Rule, place: Place) -> Result<(), Invalid> {
    let Some(day) = rule.days.iter().find(|day| day.nth != 0) else { return Ok(()) };
    let refuse = |message: String| Err(place.refuse(Part::Day, message));
    if !matches!(rule.freq, Freq::Monthly | Freq::Yearly) {
        return refuse(format!(
            "found `{day}`, and a number before a weekday goes only with FREQ=MONTHLY or YEARLY; FREQ is {}",
            rule.freq.word()
        ));
    }
    if rule.has(List::WeekNo) {
        return refuse(format!("found `{day}`, and a number before a weekday does not go with BYWEEKNO"));
    }
    let beyond = rule.days.iter().find(|day| day.nth.unsigned_abs() > 5);
    match beyond.filter(|_| rule.counts_in_months()) {
        Some(day) => refuse(format!("found `{day}`, and a month has at most five of a weekday")),
        None => Ok(()),
    }
}
