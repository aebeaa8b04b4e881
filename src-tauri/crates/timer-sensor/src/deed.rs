//! What became of planned instants, in the words of the protocol.

use model::{Misfire, Ref, RuleId, Timestamp};
use sensor_kit::Event;
use serde_json::{Map, Value, json};

/// What is to be told to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// An instant fires.
    Fired(Fired),
    /// Instants that do not fire.
    Missed(Misfire),
}

/// One fire.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// Whose timer.
    pub rule: RuleId,
    /// What the rule listens to.
    pub trigger: Ref,
    /// The planned instant.
    pub at: Timestamp,
    /// What is special about the instant.
    pub note: Option<String>,
    /// Whether it makes up for what was missed.
    pub late: Late,
    /// The number of this fire in the life of the rule, from 1.
    pub count: u64,
    /// The planned instant after it.
    pub next: Option<Timestamp>,
    /// What the schedule says of itself.
    pub facts: Map<String, Value>,
}

/// Whether a fire makes up for what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It is the fire of its instant, as planned.
    No,
    /// Its instant was missed; it makes up for that one.
    Itself,
    /// It stands for so many missed instants, its own among them.
    For(u64),
}

impl Fired {
    /// The event that tells of this fire, at the instant `now`.
    pub fn event(&self, sensor: &Ref, now: Timestamp) -> Event {
        let mut payload = self.facts.clone();
        let mut say = |name: &str, value: Value| {
            payload.insert(name.to_owned(), value);
        };
        say("scheduled_at", json!(self.at));
        say("fired_at", json!(now));
        say("delay_ms", json!(now.millis_since(self.at)));
        say("execution_count", json!(self.count));
        say("next_fire_at", json!(self.next));
        say("misfired", json!(self.late != Late::No));
        if let Late::For(missed) = self.late {
            say("missed_count", json!(missed));
        }
        say("sensor_ref", json!(sensor));
        if let Some(note) = &self.note {
            say("note", json!(note));
        }
        Event {
            trigger_ref: self.trigger.clone(),
            payload,
            rule: Some(self.rule),
            dedupe_key: format!("rule_{}@{}", self.rule, self.at),
        }
    }
}
