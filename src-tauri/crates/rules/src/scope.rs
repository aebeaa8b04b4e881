//! What conditions and templates may see.

use crate::keys::Keys;
use crate::language::{Names, ROOTS, SCOPE};
use crate::memory::Remembered;
use crate::path::{self, Part};
use crate::zone::Zone;
use model::{Event, RuleId, Timestamp, nearest};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// An event, as rules see it.
pub(crate) struct Seen<'a> {
    pub(crate) id: i64,
    pub(crate) trigger: &'a str,
    pub(crate) created: Timestamp,
    pub(crate) payload: &'a Value,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(event: &'a Event) -> Self {
        Self {
            id: event.id.0,
            trigger: event.trigger.as_str(),
            created: event.created,
            payload: &event.payload,
        }
    }
}

/// The settings of a pack.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Those that everybody may see.
    pub(crate) shown: Value,
    /// All of them.
    pub(crate) all: Value,
}

/// Everything that is in scope when a rule looks at an event.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) event: &'a Seen<'a>,
    pub(crate) rule_ref: &'a str,
    pub(crate) rule_id: RuleId,
    pub(crate) config: &'a Config,
    /// The user's zone.
    pub(crate) zone: &'a Zone,
    /// What the rule kept of its previous event.
    pub(crate) previous: Option<&'a Remembered>,
    pub(crate) keys: &'a dyn Keys,
    /// Whether what is rendered goes into a parameter that is secret.
    pub(crate) secret: bool,
}

impl<'a> Scope<'a> {
    fn settings(&self) -> &'a Value {
        if self.secret { &self.config.all } else { &self.config.shown }
    }

    /// The time is the event's: a look has no clock.
    fn made(&self, path: &[&str]) -> Option<Value> {
        let event = self.event;
        Some(match path {
            ["event", "id"] => event.id.into(),
            ["event", "trigger"] => event.trigger.into(),
            ["event", "created"] | ["system", "timestamp"] => event.created.to_string().into(),
            ["event"] => json!({
                "id": event.id,
                "trigger": event.trigger,
                "created": event.created.to_string(),
                "payload": event.payload,
            }),
            ["pack"] => json!({ "config": self.settings() }),
            ["system", "rule", "ref"] => self.rule_ref.into(),
            ["system", "rule", "id"] => self.rule_id.0.into(),
            ["system", "rule"] => json!({ "ref": self.rule_ref, "id": self.rule_id.0 }),
            ["system"] => {
                json!({ "timestamp": event.created.to_string(), "rule": self.made(&["system", "rule"]) })
            }
            _ => return None,
        })
    }

    /// The part of the scope that is data, and the parts behind it.
    fn data<'p>(&self, parts: &'p [Part]) -> Option<(&'a Value, &'p [Part])> {
        let (first, rest) = parts.split_first_chunk::<2>()?;
        match [first[0].name()?, first[1].name()?] {
            ["event", "payload"] => Some((self.event.payload, rest)),
            ["pack", "config"] => Some((self.settings(), rest)),
            _ => None,
        }
    }
}

fn walk<'a>(value: &'a Value, parts: &[Part]) -> Option<&'a Value> {
    parts.iter().try_fold(value, path::step)
}

impl Names for Scope<'_> {
    fn find(&self, parts: &[Part]) -> Option<Cow<'_, Value>> {
        if let Some((value, rest)) = self.data(parts) {
            return walk(value, rest).map(Cow::Borrowed);
        }
        let names: Vec<&str> = parts.iter().map_while(Part::name).collect();
        if names.len() < parts.len() {
            return None;
        }
        self.made(&names).map(Cow::Owned)
    }

    fn why_missing(&self, parts: &[Part]) -> String {
        if let Some((value, rest)) = self.data(parts) {
            let in_config = parts.first().and_then(Part::name) == Some("pack");
            let hidden = in_config
                && !self.secret
                && walk(&self.config.all, rest.get(..1).unwrap_or_default()).is_some();
            return match rest.first() {
                Some(name) if hidden && walk(value, rest.get(..1).unwrap_or_default()).is_none() => {
                    format!("`pack.config{name}` is secret: only parameters that are secret may hold it")
                }
                _ => path::why_missing(if in_config { "pack.config" } else { "event.payload" }, value, rest),
            };
        }
        why_unknown(parts)
    }

    fn key(&self, name: &str) -> Result<Value, String> {
        if !self.secret {
            return Err("`key(…)` may stand in a parameter that is secret only".to_owned());
        }
        self.keys.key(name).ok_or_else(|| {
            let names = self.keys.names();
            let near = nearest(name, names.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("there is no key `{name}`{hint}")
        })
    }

    fn is_secret(&self) -> bool {
        self.secret
    }
}

/// A path beside all data: its names are few and known.
fn why_unknown(parts: &[Part]) -> String {
    let mut walked = String::new();
    for part in parts {
        let known = SCOPE.iter().find(|(root, _)| *root == walked).map_or(ROOTS, |(_, known)| known);
        let known =
            if walked.is_empty() || SCOPE.iter().any(|(root, _)| *root == walked) { known } else { &[] };
        let shown = part.to_string();
        let name = if walked.is_empty() {
            shown.trim_start_matches('.').to_owned()
        } else {
            format!("{walked}{shown}")
        };
        if part.name().is_none_or(|name| !known.contains(&name)) {
            let near = part.name().and_then(|name| nearest(name, known.iter().copied()));
            let dot = if walked.is_empty() { "" } else { "." };
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{walked}{dot}{near}`?"));
            return format!("`{name}` does not exist{hint}");
        }
        walked = name;
    }
    format!("`{walked}` does not exist")
}

/// Names that somebody gives: a value each.
pub(crate) struct Given<'a>(pub(crate) &'a Map<String, Value>);

impl Names for Given<'_> {
    fn find(&self, parts: &[Part]) -> Option<Cow<'_, Value>> {
        let (first, rest) = parts.split_first()?;
        walk(self.0.get(first.name()?)?, rest).map(Cow::Borrowed)
    }

    fn why_missing(&self, parts: &[Part]) -> String {
        let first = parts.first().and_then(Part::name).unwrap_or_default();
        match (self.0.get(first), parts.get(1..)) {
            (Some(value), Some(rest)) => path::why_missing(first, value, rest),
            _ => {
                let near = nearest(first, self.0.keys().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!("`{first}` does not exist{hint}")
            }
        }
    }

    fn key(&self, _name: &str) -> Result<Value, String> {
        Err("`key(…)` may stand in a parameter that is secret only".to_owned())
    }

    fn is_secret(&self) -> bool {
        false
    }
}
