//! The words of an expression and where they stand.

use model::limits;
use std::fmt;

/// Words of one expression: bounds the tree that is made of them.
const WORDS: usize = 400;

/// A place in a text: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place after some text that begins here.
    pub(crate) fn after(self, text: &str) -> Self {
        text.chars().fold(self, |place, character| {
            if character == '\n' {
                Self { line: place.line.saturating_add(1), column: 1 }
            } else {
                Self { line: place.line, column: place.column.saturating_add(1) }
            }
        })
    }
}

/// `column 5`, and the line before it where there is more than one.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 1 {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "column {}", self.column)
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Name,
    Number,
    Text,
    Sign,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) place: Place,
}

const TWO: &[&str] = &["**", "//", "==", "!=", "<=", ">="];

/// The words of a source that begins at `start`.
///
/// # Errors
/// Where there are too many, or a text does not end.
pub(crate) fn words(source: &str, start: Place) -> Result<Vec<Word<'_>>, Wrong> {
    if source.len() > limits::EXPRESSION_BYTES {
        let (found, most) = (source.len(), limits::EXPRESSION_BYTES);
        return Err(Wrong::new(start, format!("the expression has {found} bytes; at most {most} are read")));
    }
    let mut words: Vec<Word<'_>> = Vec::new();
    let (mut rest, mut place) = (source, start);
    while let Some(first) = rest.chars().next() {
        let after_dot = words.last().is_some_and(|last| last.text == "." && last.kind == Kind::Sign);
        let (kind, end) = match first {
            c if c.is_whitespace() => {
                let (space, after) = rest.split_at(c.len_utf8());
                (rest, place) = (after, place.after(space));
                continue;
            }
            '"' | '\'' => {
                let end = text_end(rest.as_bytes());
                (Kind::Text, end.ok_or_else(|| Wrong::new(place, "the text has no end quote"))?)
            }
            '0'..='9' => (Kind::Number, number_end(rest.as_bytes(), after_dot)),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Name, rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()))
            }
            c => {
                let two = rest.get(..2).is_some_and(|two| TWO.contains(&two));
                (Kind::Sign, if two { 2 } else { c.len_utf8() })
            }
        };
        let (text, after) = rest.split_at(end);
        words.push(Word { kind, text, place });
        if words.len() > WORDS {
            return Err(Wrong::new(place, format!("the expression has more than {WORDS} words and signs")));
        }
        (rest, place) = (after, place.after(text));
    }
    Ok(words)
}

fn text_end(bytes: &[u8]) -> Option<usize> {
    let quote = bytes.first()?;
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A number right after a dot is a place in a list and has no fraction.
fn number_end(bytes: &[u8], after_dot: bool) -> usize {
    let is_radix = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        let last = bytes.get(at - 1);
        let exponent_sign =
            !is_radix && matches!(byte, b'+' | b'-') && matches!(last, Some(b'e' | b'E')) && !after_dot;
        let fraction = *byte == b'.' && !after_dot && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !(byte.is_ascii_alphanumeric() || *byte == b'_' || exponent_sign || fraction) {
            break;
        }
        at += 1;
    }
    at
}
