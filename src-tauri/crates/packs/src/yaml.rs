//! YAML text to a tree in which every value knows its place and plain scalars know how they were written.
//!
//! YAML 1.2, strict: one document, no duplicate keys, no tags, `no` and `on` are text, and size, depth and
//! expansion are bounded. The bounds hold before anything recursive sees the text.

use model::limits;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{Event, Parser};
use serde_saphyr::{Location, NonFiniteFloatPolicy, Spanned};
use std::fmt;

/// Values of one document, aliases expanded.
const NODES: usize = 50_000;
/// Names for parts that are used again, and their uses.
const ANCHORS: usize = 100;
/// A debug build needs some 40 KiB a level, more than the stack of an ordinary thread at full depth.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Where something stands: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    fn new(line: u64, column: u64) -> Self {
        let fit = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        Self { line: fit(line), column: fit(column) }
    }

    fn of(location: Location) -> Self {
        Self::new(location.line(), location.column())
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Null, true, false or a number, and how it was written.
    Plain(Value, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) name: String,
}

/// Why a text is not a document.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Fault {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Plain(Value::Null, _))
    }

    /// The scalar as text, however it was written; none for null, lists and maps.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Plain(value, written) if !value.is_null() => Some(written),
            _ => None,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The place that a dotted path leads to, or as far as it leads. `properties` of a whole JSON Schema is
    /// stepped through though the path does not name it.
    pub(crate) fn place_of(&self, path: &str) -> Place {
        let mut here = self;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let next = match &here.kind {
                Kind::List(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => here.get(name).or_else(|| here.get("properties")?.get(name)),
            };
            match next {
                Some(next) => here = next,
                None => break,
            }
        }
        here.place
    }

    /// What kind of thing it is, in a sentence.
    pub(crate) fn found(&self) -> String {
        match &self.kind {
            Kind::Plain(Value::Null, _) => "nothing".to_owned(),
            Kind::Plain(_, written) => format!("`{written}`"),
            Kind::Text(text) if text.is_empty() => "empty text".to_owned(),
            Kind::Text(text) => {
                let shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
                format!("the text `{shown}`")
            }
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
        }
    }

    /// The value, as it means by itself.
    pub(crate) fn value(&self) -> Value {
        match &self.kind {
            Kind::Plain(value, _) => value.clone(),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|(key, node)| (key.name.clone(), node.value())).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The tree of a text.
///
/// # Errors
/// The first place that is not what this module's head says.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    if text.len() > limits::YAML_BYTES {
        let message = format!("the file has {} bytes; at most {} are read", text.len(), limits::YAML_BYTES);
        return Err(Fault::new(Place::START, message));
    }
    check_depth(text)?;
    let parsing = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("yaml".to_owned()).stack_size(STACK_BYTES);
        let handle = thread.spawn_scoped(scope, || compose(text)).ok()?;
        handle.join().ok()
    });
    parsing
        .unwrap_or_else(|| Err(Fault::new(Place::START, "there are not enough resources to read the file")))
}

/// Depth, seen by the parser's flat stream of events.
fn check_depth(text: &str) -> Result<(), Fault> {
    let mut depth = 0_usize;
    for item in Parser::new_from_str(text) {
        // What is no YAML at all is told by the reading proper.
        let Ok((event, span)) = item else { return Ok(()) };
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::NESTING {
            let place = Place::new(span.start.line() as u64, span.start.col() as u64 + 1);
            return Err(Fault::new(place, too_deep()));
        }
    }
    Ok(())
}

fn too_deep() -> String {
    format!("this lies deeper than {} levels", limits::NESTING)
}

/// The one set of options under which YAML is read.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: NODES,
            max_depth: limits::NESTING,
            max_anchors: ANCHORS,
            max_aliases: ANCHORS,
            max_documents: 1,
        },
    }
}

fn compose(text: &str) -> Result<Node, Fault> {
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| fault(&error))?;
    Ok(place(raw, text))
}

fn fault(error: &serde_saphyr::Error) -> Fault {
    use serde_saphyr::Error;
    use serde_saphyr::budget::BudgetBreach;
    let place = error.location().map_or(Place::START, Place::of);
    let inner = match error.without_snippet() {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    let message = match inner {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` stands here twice; keep one"),
        Error::DuplicateMappingKey { .. } => "a key stands here twice; keep one".to_owned(),
        Error::MultipleDocuments { .. } | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a second document begins here; a file holds one".to_owned()
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => "this part contains itself".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => {
            format!("the document is too large: at most {NODES} values and {ANCHORS} repeated parts are read")
        }
        other => without_place(&other.to_string()),
    };
    Fault { place, message }
}

/// The library's sentence without its own ` at line 1, column 2`: the place is told apart.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = message.get(..end).unwrap_or(message);
    if message.contains("recursion limit") {
        return too_deep();
    }
    if message.contains("tabs disallowed") {
        return "a tab stands where spaces are needed; indent with spaces".to_owned();
    }
    message.to_owned()
}

/// A value before its place is known.
enum Raw {
    Plain(Value),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn place(raw: Spanned<Raw>, text: &str) -> Node {
    let span = raw.defined.span();
    let kind = match raw.value {
        Raw::Plain(value) => Kind::Plain(value, written(span, text)),
        Raw::Text(text) => Kind::Text(text),
        Raw::List(items) => Kind::List(items.into_iter().map(|item| place(item, text)).collect()),
        Raw::Map(entries) => {
            let entries = entries.into_iter().map(|(name, node)| {
                (Key { place: Place::of(name.referenced), name: name.value }, place(node, text))
            });
            Kind::Map(entries.collect())
        }
    };
    Node { place: Place::of(raw.referenced), kind }
}

fn written(span: serde_saphyr::Span, text: &str) -> String {
    let bounds = span.byte_offset().zip(span.byte_len());
    let range = bounds.and_then(|(start, length)| {
        let start = usize::try_from(start).ok()?;
        Some(start..start.checked_add(usize::try_from(length).ok()?)?)
    });
    range.and_then(|range| text.get(range)).unwrap_or_default().trim().to_owned()
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
