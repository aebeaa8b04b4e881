//! Paths into an event: `event.payload.items[0].name`.

use crate::scope::Seen;
use model::nearest;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Parts of one path; deeper than any value may be.
const PARTS: usize = model::limits::NESTING;
/// Names that are looked through for one that was meant.
const NEAR: usize = 200;

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
pub(crate) enum Part {
    Name(String),
    /// A place in a list; counted from its end where negative.
    Index(i64),
}

impl Part {
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Index(_) => None,
        }
    }
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

    /// `event.created`
    pub(crate) fn created() -> Self {
        Self { root: Root::Created, parts: Vec::new() }
    }

    /// A path as the flat list has it: it begins inside the payload.
    pub(crate) fn in_payload(text: &str) -> Result<Self, String> {
        let of_event = ["event.id", "event.trigger", "event.created", "event.payload"].contains(&text);
        if of_event || text.starts_with("event.payload.") || text.starts_with("event.payload[") {
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
        let root = format!("event.{}", self.root_name());
        if self.root == Root::Payload {
            why_missing(&root, event.payload, &self.parts)
        } else {
            format!("`{root}` has no parts")
        }
    }

    fn root_name(&self) -> &'static str {
        ROOTS.iter().find(|(_, root)| *root == self.root).map_or("payload", |(name, _)| name)
    }
}

/// Why the parts lead nowhere inside a value that is called `root`: the first that is not there, and the
/// nearest path that is: a like name beside it, else the same name elsewhere in the value.
pub(crate) fn why_missing(root: &str, value: &Value, parts: &[Part]) -> String {
    let (mut here, mut walked) = (value, root.to_owned());
    for part in parts {
        if let Some(next) = step(here, part) {
            (here, walked) = (next, format!("{walked}{part}"));
            continue;
        }
        let near = match (here, part) {
            (Value::Object(map), Part::Name(name)) => {
                let names = map.keys().map(String::as_str).filter(|name| !name.is_empty());
                let near = nearest(name, names.take(NEAR)).map(|near| Part::Name(near.to_owned()));
                near.map(|near| format!("{walked}{near}"))
            }
            _ => None,
        };
        let last = parts.last().and_then(Part::name);
        let near = near.or_else(|| elsewhere(root, value, last?, &mut NEAR.clone(), 0));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return format!("`{walked}{part}` does not exist{hint}");
    }
    format!("`{walked}` does not exist")
}

/// The path of the first value that has this name, within so many values.
fn elsewhere(root: &str, value: &Value, name: &str, left: &mut usize, depth: usize) -> Option<String> {
    let Value::Object(map) = value else { return None };
    if depth > 0 && map.contains_key(name) {
        return Some(format!("{root}{}", Part::Name(name.to_owned())));
    }
    map.iter().find_map(|(inner, value)| {
        *left = left.checked_sub(1)?;
        elsewhere(&format!("{root}{}", Part::Name(inner.clone())), value, name, left, depth + 1)
    })
}

/// What stands at a part of a value.
pub(crate) fn step<'a>(value: &'a Value, part: &Part) -> Option<&'a Value> {
    match (value, part) {
        (Value::Object(map), Part::Name(name)) => map.get(name),
        (Value::Object(map), Part::Index(index)) => map.get(&index.to_string()),
        (Value::Array(items), Part::Index(index)) => {
            let count = usize::try_from(index.unsigned_abs()).ok()?;
            items.get(if *index < 0 { items.len().checked_sub(count)? } else { count })
        }
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
