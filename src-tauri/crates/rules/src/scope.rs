//! What conditions and templates may see.

use minijinja::context;
use minijinja::value::{Serde, Value as Jinja};
use model::{Event, RuleId, Timestamp};
use serde_json::Value;
use std::cell::OnceCell;

/// An event, as rules see it.
pub(crate) struct Seen<'a> {
    pub(crate) id: i64,
    pub(crate) trigger: &'a str,
    pub(crate) created: Timestamp,
    pub(crate) payload: &'a Value,
    /// The same for expressions; made once an event, and only where a rule has an expression.
    in_expressions: OnceCell<Jinja>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(id: i64, trigger: &'a str, created: Timestamp, payload: &'a Value) -> Self {
        Self { id, trigger, created, payload, in_expressions: OnceCell::new() }
    }

    pub(crate) fn of(event: &'a Event) -> Self {
        Self::new(event.id.0, event.trigger.as_str(), event.created, &event.payload)
    }

    fn in_expressions(&self) -> Jinja {
        let make = || {
            context! {
                id => self.id,
                trigger => self.trigger,
                created => self.created.to_string(),
                payload => Jinja::from(Serde(self.payload)),
            }
        };
        self.in_expressions.get_or_init(make).clone()
    }
}

/// The rule that looks.
pub(crate) struct Looking<'a> {
    pub(crate) rule_ref: &'a str,
    pub(crate) rule_id: RuleId,
    /// `pack.config`, as expressions see it.
    pub(crate) config: &'a Jinja,
}

/// Everything that is in scope.
pub(crate) struct Scope<'a> {
    pub(crate) event: &'a Seen<'a>,
    pub(crate) looking: Looking<'a>,
    root: OnceCell<Jinja>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(event: &'a Seen<'a>, looking: Looking<'a>) -> Self {
        Self { event, looking, root: OnceCell::new() }
    }

    /// The names that expressions know. The time is the event's: a look has no clock.
    pub(crate) fn root(&self) -> Jinja {
        let make = || {
            context! {
                event => self.event.in_expressions(),
                pack => context! { config => self.looking.config.clone() },
                system => context! {
                    timestamp => self.event.created.to_string(),
                    rule => context! { ref => self.looking.rule_ref, id => self.looking.rule_id.0 },
                },
            }
        };
        self.root.get_or_init(make).clone()
    }
}
