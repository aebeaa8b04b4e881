//! One YAML map read field by field: every field that is asked for is known, and what is left is not.

use crate::yaml::{Key, Kind, Node, Place};
use crate::{Diagnostic, Severity};
use model::nearest;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The diagnostics of one file.
pub(crate) struct Report {
    file: PathBuf,
    pub(crate) found: Vec<Diagnostic>,
}

impl Report {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, found: Vec::new() }
    }

    pub(crate) fn error(&mut self, place: Place, message: impl Into<String>) {
        self.push(Severity::Error, place, message.into());
    }

    pub(crate) fn warn(&mut self, place: Place, message: impl Into<String>) {
        self.push(Severity::Warning, place, message.into());
    }

    fn push(&mut self, severity: Severity, place: Place, message: String) {
        let Place { line, column } = place;
        self.found.push(Diagnostic { severity, file: self.file.clone(), line, column, message });
    }
}

/// The fields of one map.
pub(crate) struct Fields<'a> {
    entries: &'a [(Key, Node)],
    place: Place,
    known: Vec<&'static str>,
    pub(crate) report: &'a mut Report,
}

impl<'a> Fields<'a> {
    /// The fields of the map that a whole file is; `what` names it in the sentence that says it is none.
    pub(crate) fn of(node: &'a Node, what: &str, report: &'a mut Report) -> Option<Self> {
        match &node.kind {
            Kind::Map(entries) => Some(Self { entries, place: node.place, known: Vec::new(), report }),
            _ => {
                report.error(node.place, format!("expected the fields of {what}, found {}", node.found()));
                None
            }
        }
    }

    /// The value of a field that goes by any of `names`; the first is the one to use.
    pub(crate) fn node(&mut self, names: &[&'static str]) -> Option<&'a Node> {
        self.known.extend(names);
        let mut given = self.entries.iter().filter(|(key, _)| names.contains(&key.name.as_str()));
        let (first, node) = given.next()?;
        for (again, _) in given {
            let message = format!("`{}` says the same as `{}`; keep one", again.name, first.name);
            self.report.error(again.place, message);
        }
        Some(node).filter(|node| !node.is_null())
    }

    /// Fields that are known and mean nothing here.
    pub(crate) fn skip(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    fn missing(&mut self, name: &str, expected: &str) {
        self.report.error(self.place, format!("`{name}` is missing: expected {expected}"));
    }

    /// Text, however the scalar is written.
    pub(crate) fn text(&mut self, names: &[&'static str]) -> Option<String> {
        let node = self.node(names)?;
        match node.as_text() {
            Some(text) if text.contains('\0') => {
                self.report.error(node.place, "text may not hold a NUL");
                None
            }
            Some(text) => {
                if matches!(node.kind, Kind::Plain(..)) {
                    self.report.warn(node.place, format!("`{text}` is read as text; put it in quotes"));
                }
                Some(text.to_owned())
            }
            None => {
                self.report.error(node.place, format!("expected text, found {}", node.found()));
                None
            }
        }
    }

    /// Text that must be there and not be empty.
    pub(crate) fn required_text(&mut self, names: &[&'static str], example: &str) -> Option<(String, Place)> {
        let name = names.first().copied().unwrap_or_default();
        let Some(place) = self.node(names).map(|node| node.place) else {
            self.missing(name, &format!("text such as {example}"));
            return None;
        };
        let text = self.text(names)?;
        if text.trim().is_empty() {
            self.report.error(place, format!("`{name}` is empty: expected text such as {example}"));
            return None;
        }
        Some((text, place))
    }

    /// A list of texts; one text alone is a list of one.
    pub(crate) fn texts(&mut self, names: &[&'static str]) -> Vec<(String, Place)> {
        let Some(node) = self.node(names) else { return Vec::new() };
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::new();
        for item in items {
            match item.as_text() {
                Some(text) => texts.push((text.to_owned(), item.place)),
                None => self.report.error(item.place, format!("expected text, found {}", item.found())),
            }
        }
        texts
    }

    /// True or false.
    pub(crate) fn flag(&mut self, names: &[&'static str]) -> Option<(bool, Place)> {
        let node = self.node(names)?;
        if let Kind::Plain(Value::Bool(flag), _) = node.kind {
            return Some((flag, node.place));
        }
        self.report.error(node.place, format!("expected true or false, found {}", node.found()));
        None
    }

    /// A whole number, 0 or more.
    pub(crate) fn number(&mut self, names: &[&'static str], unit: &str) -> Option<u64> {
        let node = self.node(names)?;
        if let Kind::Plain(Value::Number(number), _) = &node.kind
            && let Some(number) = number.as_u64()
        {
            return Some(number);
        }
        self.report.error(node.place, format!("expected a whole number of {unit}, found {}", node.found()));
        None
    }

    /// A list of whole numbers between 0 and 255.
    pub(crate) fn codes(&mut self, names: &[&'static str]) -> Vec<i32> {
        let Some(node) = self.node(names) else { return Vec::new() };
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut codes = Vec::new();
        for item in items {
            let code = item.value().as_i64().and_then(|code| u8::try_from(code).ok());
            match code {
                Some(code) => codes.push(i32::from(code)),
                None => {
                    let message = format!("expected an exit code from 0 to 255, found {}", item.found());
                    self.report.error(item.place, message);
                }
            }
        }
        codes
    }

    /// One of a table of words, each with what it means; of several words for one meaning the first is told.
    pub(crate) fn word<T: Copy + PartialEq>(
        &mut self,
        names: &[&'static str],
        words: &[(&str, T)],
    ) -> Option<T> {
        let node = self.node(names)?;
        let text = node.as_text().unwrap_or_default();
        let lower = text.to_lowercase();
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == lower) {
            return Some(*meaning);
        }
        let near = nearest(&lower, words.iter().map(|(word, _)| *word));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let is_first = |index: &usize| {
            let meaning = words.get(*index).map(|(_, meaning)| *meaning);
            words.iter().position(|(_, known)| Some(*known) == meaning) == Some(*index)
        };
        let list: Vec<&str> =
            (0..words.len()).filter(is_first).filter_map(|index| Some(words.get(index)?.0)).collect();
        let message = format!("expected one of {}, found {}{hint}", list.join(", "), node.found());
        self.report.error(node.place, message);
        None
    }

    /// A map of names to anything.
    pub(crate) fn map(&mut self, names: &[&'static str]) -> Option<(&'a Node, Map<String, Value>)> {
        let node = self.node(names)?;
        match node.value() {
            Value::Object(map) => Some((node, map)),
            _ => {
                self.report
                    .error(node.place, format!("expected a map of names to values, found {}", node.found()));
                None
            }
        }
    }

    /// Where the map begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Warns of every field that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.entries {
            if self.known.contains(&key.name.as_str()) || key.name.starts_with("x-") {
                continue;
            }
            let near = nearest(&key.name, self.known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let shown: String = key.name.chars().take(60).flat_map(char::escape_debug).collect();
            self.report.warn(key.place, format!("`{shown}` means nothing here{hint}"));
        }
    }
}
