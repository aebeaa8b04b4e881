//! What every timer may say beside its schedule: the window, the jitter and what becomes of missed instants.

use crate::MisfirePolicy;
use crate::jitter::Jitter;
use crate::parameters::{Moment, Parameters};
use crate::words::{clock, day};
use crate::zone::Zone;
use model::{Invalid, Timestamp, limits};
use serde_json::{Map, Value, json};

/// The parameters that all timers share.
pub(crate) const SHARED: [&str; 6] =
    ["type", "misfire", "misfire_limit", "jitter_seconds", "not_before", "not_after"];

/// The shared parameters of one timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) misfire: MisfirePolicy,
    pub(crate) window: Window,
    pub(crate) jitter: Option<Jitter>,
}

/// The planned instants that count: from the first to the last, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
}

impl Policy {
    /// Reads what all timers share; local times in it are meant in `zone`.
    pub(crate) fn parse(parameters: &Parameters<'_>, zone: Option<&Zone>) -> Result<Self, Invalid> {
        Ok(Self {
            misfire: misfire(parameters)?,
            window: Window::parse(parameters, zone)?,
            jitter: Jitter::parse(parameters)?,
        })
    }

    /// What it adds to the sentence of a schedule, which may have told the zone already.
    pub(crate) fn sentence(&self, zone: Option<&Zone>, zone_is_told: bool) -> String {
        let when = |at: Timestamp| {
            let utc = Zone::utc();
            let civil = zone.unwrap_or(&utc).civil(at);
            format!("{} at {}", day(civil.date()), clock(civil.time()))
        };
        let told = match zone {
            _ if zone_is_told => String::new(),
            Some(zone) => format!(", {}", zone.spoken()),
            None => " UTC".to_owned(),
        };
        let window = match (self.window.first, self.window.last) {
            (None, None) => String::new(),
            (Some(first), None) => format!(", from {}{told}", when(first)),
            (None, Some(last)) => format!(", until {}{told}", when(last)),
            (Some(first), Some(last)) => format!(", from {} until {}{told}", when(first), when(last)),
        };
        let jitter = self.jitter.map_or_else(String::new, |jitter| format!(", {}", jitter.sentence()));
        window + &jitter
    }

    /// What it adds to the facts of a schedule.
    pub(crate) fn describe(&self, facts: &mut Map<String, Value>) {
        let mut say = |name: &str, value: Value| facts.insert(name.to_owned(), value);
        if let Some(jitter) = self.jitter {
            say("jitter_seconds", json!(jitter.seconds()));
        }
        if let Some(first) = self.window.first {
            say("not_before", json!(first));
        }
        if let Some(last) = self.window.last {
            say("not_after", json!(last));
        }
    }
}

fn misfire(parameters: &Parameters<'_>) -> Result<MisfirePolicy, Invalid> {
    const NAMES: [(&str, &str); 3] = [("skip", "skip"), ("once", "once"), ("all", "all")];
    let name = parameters.word("misfire", &NAMES, "once")?;
    let most = i64::from(limits::MISFIRE_LIMIT_MOST);
    let limit = parameters.whole("misfire_limit", 1, most, "that fire one by one, the newest of them")?;
    match (name, limit) {
        ("all", limit) => {
            let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(limits::MISFIRE_LIMIT);
            Ok(MisfirePolicy::All { limit })
        }
        (name, Some(_)) => {
            let message = format!(
                "a limit counts only with misfire `all`, and misfire is `{name}`: set `misfire: all` or leave \
                 `misfire_limit` out"
            );
            Err(Invalid::new("misfire_limit", message))
        }
        ("skip", None) => Ok(MisfirePolicy::Skip),
        (_, None) => Ok(MisfirePolicy::Once),
    }
}

impl Window {
    fn parse(parameters: &Parameters<'_>, zone: Option<&Zone>) -> Result<Self, Invalid> {
        let first = parameters.moment("not_before", zone)?.map(|moment: Moment| moment.at);
        let last = parameters.moment("not_after", zone)?.map(|moment: Moment| moment.at);
        match (first, last) {
            (Some(first), Some(last)) if last < first => {
                let message = format!("{first} lies after `not_after`, {last}: nothing would ever fire");
                Err(Invalid::new("not_before", message))
            }
            _ => Ok(Self { first, last }),
        }
    }

    /// The question `(after, until]`, cut to the window.
    pub(crate) fn cut(&self, after: Timestamp, until: Timestamp) -> (Timestamp, Timestamp) {
        let after = self.first.map_or(after, |first| after.max(first.plus_micros(-1)));
        (after, self.last.map_or(until, |last| until.min(last)))
    }
}
