//! Paths into an event: `event.payload.items[0].name`.

use crate::scope::Seen;
use model::nearest;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Parts of one path; deeper than any value may be.
const PARTS: usize = model::limits::NESTING;

/// A place in an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    root: Root,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Root {
    Id,
    Trigger,
    Created,
    Payload,
}

const ROOTS: &[(&str, Root)] =
    &[("id", Root::Id), ("trigger", Root::Trigger), ("created", Root::Created), ("payload", Root::Payload)];

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Name(String),
    Index(usize),
}

impl Path {
    /// A path as the tree of conditions has it: it begins with `event`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split(text)?.into_iter();
        let suggest = || format!("`{text}` is no path into an event; did you mean `event.payload.{text}`?");
        let (Some(Part::Name(event)), second) = (parts.next(), parts.next()) else { return Err(suggest()) };
        if event != "event" {
            return Err(match nearest(&event, ["event"]) {
                Some(_) => format!("`{event}` is not known; did you mean `event`?"),
                None => suggest(),
            });
        }
        let Some(Part::Name(second)) = second else {
            return Err("`event` alone is no value; name a part such as `event.payload`".to_owned());
        };
        let Some((_, root)) = ROOTS.iter().find(|(name, _)| *name == second) else {
            let near = nearest(&second, ROOTS.iter().map(|(name, _)| *name));
            let hint = near.map_or(format!("; did you mean `event.payload.{second}`?"), |near| {
                format!("; did you mean `event.{near}`?")
            });
            return Err(format!("an event has no `{second}`{hint}"));
        };
        Ok(Self { root: *root, parts: parts.collect() })
    }

    /// A path as the flat list has it: it begins inside the payload.
    pub(crate) fn in_payload(text: &str) -> Result<Self, String> {
        if text.starts_with("event.payload.") || text.starts_with("event.payload[") || text == "event.payload"
        {
            return Self::parse(text);
        }
        Ok(Self { root: Root::Payload, parts: split(text)? })
    }

    /// The value there.
    pub(crate) fn find<'a>(&self, event: &Seen<'a>) -> Option<Cow<'a, Value>> {
        let mut here = match self.root {
            Root::Payload => Cow::Borrowed(event.payload),
            Root::Id => Cow::Owned(event.id.into()),
            Root::Trigger => Cow::Owned(event.trigger.into()),
            Root::Created => Cow::Owned(event.created.to_string().into()),
        };
        for part in &self.parts {
            here = match here {
                Cow::Borrowed(value) => Cow::Borrowed(step(value, part)?),
                Cow::Owned(_) => return None,
            };
        }
        Some(here)
    }

    /// Why there is nothing: the first part that is not there, and the nearest name that is.
    pub(crate) fn why_missing(&self, event: &Seen<'_>) -> String {
        let mut here = event.payload;
        let mut walked = format!("event.{}", self.root_name());
        if self.root != Root::Payload {
            return format!("`{walked}` has no parts");
        }
        for part in &self.parts {
            match step(here, part) {
                Some(next) => here = next,
                None => return missing(&walked, here, part),
            }
            walked = format!("{walked}{part}");
        }
        format!("`{walked}` does not exist")
    }

    fn root_name(&self) -> &'static str {
        ROOTS.iter().find(|(_, root)| *root == self.root).map_or("payload", |(name, _)| name)
    }
}

fn missing(walked: &str, here: &Value, part: &Part) -> String {
    let near = match (here, part) {
        (Value::Object(map), Part::Name(name)) => nearest(name, map.keys().map(String::as_str)),
        _ => None,
    };
    let hint = near.map_or(String::new(), |near| {
        let near = Part::Name(near.to_owned());
        format!("; did you mean `{walked}{near}`?")
    });
    format!("`{walked}{part}` does not exist{hint}")
}

fn step<'a>(value: &'a Value, part: &Part) -> Option<&'a Value> {
    match (value, part) {
        (Value::Object(map), Part::Name(name)) => map.get(name),
        (Value::Object(map), Part::Index(index)) => map.get(&index.to_string()),
        (Value::Array(items), Part::Index(index)) => items.get(*index),
        (Value::Array(items), Part::Name(name)) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn split(text: &str) -> Result<Vec<Part>, String> {
    let wrong = |what: &str| format!("`{}` is no path: {what}", text.chars().take(80).collect::<String>());
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if parts.len() >= PARTS {
            return Err(wrong("it has too many parts"));
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (part, after) = bracket(inner).ok_or_else(|| wrong("expected [0] or [\"name\"]"))?;
            parts.push(part);
            rest = after;
        } else {
            let name = if parts.is_empty() { rest } else { rest.strip_prefix('.').unwrap_or("") };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            if name.is_empty() {
                return Err(wrong("a name is missing between its dots"));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = after;
        }
    }
    if parts.is_empty() {
        Err("`field` is empty: expected a path such as event.payload.size".to_owned())
    } else {
        Ok(parts)
    }
}

fn bracket(inner: &str) -> Option<(Part, &str)> {
    for quote in ['"', '\''] {
        if let Some(name) = inner.strip_prefix(quote) {
            let (name, after) = name.split_once(quote)?;
            return Some((Part::Name(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (number, after) = inner.split_once(']')?;
    Some((Part::Index(number.parse().ok()?), after))
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Name(name) if name.contains(['.', '[', ' ', '"']) => write!(f, "[{name:?}]"),
            Self::Name(name) => write!(f, ".{name}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event.{}", self.root_name())?;
        self.parts.iter().try_for_each(|part| part.fmt(f))
    }
}
