//! When timers fire: previews, the calendar of a draft, the forecast of all rules.

use super::{RuleLink, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

/// An instant at which a schedule fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct FireView {
    /// When.
    pub at: Time,
    /// The same on the clocks of the schedule's zone, as RFC 3339; null where that is the user's own zone.
    pub local: Option<String>,
    /// What is odd about it, such as a clock change.
    pub note: Option<String>,
}

impl FireView {
    /// A fire of a schedule.
    #[must_use]
    pub fn new(schedule: &schedule::Schedule, fire: schedule::Fire) -> Self {
        let local = other_zone(schedule).map(|zone| zone.local(fire.at));
        Self { at: Time(fire.at), local, note: fire.note }
    }
}

/// Asks for the next fires of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScheduleNextRequest {
    /// The trigger.
    pub trigger_ref: String,
    /// Its parameters.
    #[serde(default)]
    pub trigger_params: Map<String, Value>,
    /// Fires strictly after this instant; now where absent.
    #[serde(default)]
    #[ts(optional)]
    pub after: Option<Time>,
    /// How many, 1 to 1,000; 10 where absent.
    #[serde(default)]
    #[ts(optional)]
    pub count: Option<u32>,
}

/// The fires of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScheduleFires {
    /// When, in plain words: `Every 15 minutes`.
    pub sentence: String,
    /// The zone whose clocks it follows, where that is not the user's own.
    pub zone: Option<String>,
    /// In order.
    pub fires: Vec<FireView>,
}

impl ScheduleFires {
    /// The `count` fires of a schedule after an instant.
    #[must_use]
    pub fn of(schedule: &schedule::Schedule, after: model::Timestamp, count: usize) -> Self {
        let fires = schedule.fires(after, count).into_iter();
        Self {
            sentence: schedule.sentence(),
            zone: other_zone(schedule).map(|zone| zone.name().to_owned()),
            fires: fires.map(|fire| FireView::new(schedule, fire)).collect(),
        }
    }
}

/// The zone of a schedule, where it is not the user's own.
pub(crate) fn other_zone(schedule: &schedule::Schedule) -> Option<&schedule::Zone> {
    schedule.zone().filter(|zone| !Time::is_here(zone))
}

/// Asks which rules will fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleForecastRequest {
    /// From when on; now where absent or past.
    #[serde(default)]
    #[ts(optional)]
    pub from: Option<Time>,
    /// How far, in hours: 1 to 336, two weeks.
    pub hours: u32,
    /// Only this rule.
    #[serde(default)]
    #[ts(optional)]
    pub rule: Option<String>,
}

/// One fire of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ForecastFire {
    /// When.
    pub at: Time,
    /// The same on the clocks of the schedule's zone, as RFC 3339; null where that is the user's own zone.
    pub local: Option<String>,
    /// What is odd about it, such as a clock change.
    pub note: Option<String>,
    /// Which rule.
    pub rule: RuleLink,
}

/// The fires of a rule that are too many to list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ForecastBand {
    /// The first of them.
    pub from: Time,
    /// The last of them.
    pub to: Time,
    /// How many; from a million on, at least so many.
    pub fires: u64,
    /// Its schedule in plain words.
    pub sentence: String,
    /// Which rule.
    pub rule: RuleLink,
}

/// A second in which several rules fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ForecastCollision {
    /// Its start.
    pub at: Time,
    /// How many rules fire in it.
    pub count: u32,
    /// Which, in order of their making; 50 at most.
    pub rules: Vec<RuleLink>,
}

/// Which enabled rules will fire. Every fire of the time is either in `fires` or in a band of its rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScheduleForecast {
    /// The wall clock.
    pub now: Time,
    /// Its start, excluded.
    pub from: Time,
    /// Its end, included.
    pub to: Time,
    /// In order; 500 at most, those of the rules that fire least often.
    pub fires: Vec<ForecastFire>,
    /// The rules that fire too often to be listed, 200 at most.
    pub bands: Vec<ForecastBand>,
    /// Rules that fire and for which there was no band left.
    pub left_out: u32,
    /// In order, 500 at most. Rules that fire more than 500 times fire beside everything and are not among them.
    pub collisions: Vec<ForecastCollision>,
}

/// Asks for the days of a draft's schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleCalendarRequest {
    /// The trigger.
    pub trigger_ref: String,
    /// Its parameters.
    #[serde(default)]
    pub trigger_params: Map<String, Value>,
    /// The ref of the saved rule, where it is one: its grid and its jitter are taken.
    #[serde(default)]
    #[ts(optional)]
    pub rule: Option<String>,
    /// How many days, today included: 1 to 62.
    pub days: u32,
}

/// One day on the clocks of the schedule's zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct CalendarDay {
    /// Such as `2026-03-29`.
    pub date: String,
    /// Fires; of today only those that are still to come. From a million on, at least so many.
    pub fires: u64,
    /// The first of them.
    pub first: Option<FireView>,
    /// Where the clocks are changed on this day.
    pub note: Option<String>,
}

/// The days of a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ScheduleCalendar {
    /// From today on.
    pub days: Vec<CalendarDay>,
    /// The zone whose days these are: the schedule's, or the user's where it has none.
    pub zone: String,
}

/// A zone of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ZoneView {
    /// Its IANA name, such as `Europe/Berlin`.
    pub name: String,
    /// How far its clocks are ahead of UTC now, in seconds.
    pub offset_seconds: i32,
}

/// Every zone that a schedule may name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ZoneList {
    /// The user's own.
    pub here: String,
    /// In order of name.
    pub zones: Vec<ZoneView>,
}
