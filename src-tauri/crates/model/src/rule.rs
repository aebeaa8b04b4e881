//! Rules: when a trigger, if conditions, then an action.

use crate::{Invalid, Ref, RuleId, Timestamp, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a person writes: everything of a rule that has versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleBody {
    /// Its name for people.
    pub label: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// When: the trigger.
    pub trigger_ref: Ref,
    /// When: how the trigger is set up for this rule.
    #[serde(default)]
    pub trigger_params: Map<String, Value>,
    /// If: empty, a flat list, a tree of `all`, `any`, `none`, or `{expression}`.
    #[serde(default)]
    pub conditions: Value,
    /// Then: the action.
    pub action_ref: Ref,
    /// Then: its parameters, with templates.
    #[serde(default)]
    pub action_params: Map<String, Value>,
    /// Words to group rules by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How long its executions may run, in seconds; 0 for ever, absent as the action says.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
}

impl RuleBody {
    /// Checks what needs no knowledge of triggers and actions.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.label.trim().is_empty() {
            return Err(Invalid::new("label", "a rule needs a name"));
        }
        if self.label.len() > limits::LABEL_BYTES {
            let message = format!(
                "a name is at most {} bytes long; this one has {}",
                limits::LABEL_BYTES,
                self.label.len()
            );
            return Err(Invalid::new("label", message));
        }
        if self.description.len() > limits::DESCRIPTION_BYTES {
            let message = format!("a description is at most {} bytes long", limits::DESCRIPTION_BYTES);
            return Err(Invalid::new("description", message));
        }
        Ok(())
    }
}

/// Whether a rule listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// It listens.
    Enabled,
    /// A person switched it off, or never on.
    Disabled,
    /// Its schedule has no further instant.
    Finished,
}

impl RuleState {
    /// The word used in the database, the API and the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Finished => "finished",
        }
    }
}

/// What a timer rule must remember across restarts of sensor and engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerMemory {
    /// The rule's first enabling: the grid of an interval starts here.
    pub anchor: Option<Timestamp>,
    /// The last planned instant that became an event.
    pub last_scheduled_at: Option<Timestamp>,
    /// Every planned instant up to here has come to its end: fired, or recorded as missed. Enabling a rule and
    /// changing its schedule put it to the instant of the change.
    pub handled_until: Option<Timestamp>,
    /// Fires in the life of the rule.
    pub execution_count: u64,
}

impl TimerMemory {
    /// Up to where planned instants have come to their end, as far as that can be believed at `now`: a mark that
    /// lies further ahead of the clock than anybody waits for ([`limits::CLOCK_WAIT`]) was set by a clock that was
    /// wrong, and is given up.
    #[must_use]
    pub fn mark(&self, now: Timestamp) -> Option<Timestamp> {
        self.handled_until.filter(|mark| *mark <= now.plus(limits::CLOCK_WAIT))
    }

    /// Whether a planned instant has come to its end, as far as is known at `now`.
    #[must_use]
    pub fn is_handled(&self, at: Timestamp, now: Timestamp) -> bool {
        self.mark(now).is_some_and(|mark| at <= mark)
    }

    /// Takes note that a planned instant became an event, at `now`.
    pub fn fire(&mut self, at: Timestamp, now: Timestamp) {
        self.last_scheduled_at = self.last_scheduled_at.max(Some(at));
        self.execution_count += 1;
        self.handle(at, now);
    }

    /// Takes note that a planned instant has come to its end, at `now`. Instants come to their end in order.
    pub fn handle(&mut self, at: Timestamp, now: Timestamp) {
        self.handled_until = self.mark(now).max(Some(at));
    }
}

/// A rule as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Its name for machines, such as `default.echo_every_second`.
    pub r#ref: Ref,
    /// What a person wrote.
    pub body: RuleBody,
    /// Whether it listens.
    pub state: RuleState,
    /// Counts saved changes, from 1.
    pub version: u32,
    /// What its timer remembers.
    pub timer: TimerMemory,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed, switched on or off included.
    pub updated: Timestamp,
}

impl Rule {
    /// Whether it listens.
    #[must_use]
    pub fn enabled(&self) -> bool {
        self.state == RuleState::Enabled
    }
}
