//! Text with `{{ … }}` in it. A text that is one expression and nothing else keeps the expression's type;
//! anything else makes a text. Only `{{` is special, so that shell scripts pass as they are.

use crate::expression::Expression;
use crate::language::{Budget, Dialect, Failure, Names, Place, Run, Uses, Wrong, text};
use serde_json::Value;

/// Expressions of one text and the text between them.
const PIECES: usize = 1_000;
/// Words after `{%` by which a statement is recognised.
const STATEMENTS: &[&str] = &[
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "with",
    "endwith",
    "filter",
    "endfilter",
    "raw",
    "endraw",
    "include",
    "import",
    "from",
    "extends",
    "block",
    "endblock",
    "do",
    "autoescape",
    "endautoescape",
];

/// A compiled text.
#[derive(Debug)]
pub(crate) enum Template {
    /// One expression and nothing else.
    Whole(Expression),
    /// Text and expressions in turn.
    Mixed(Vec<Piece>),
}

#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    Value(Expression),
}

/// Whether a text has anything to render.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || statement(text).is_some()
}

/// Where a statement begins, and its word.
fn statement(text: &str) -> Option<(usize, &str)> {
    text.match_indices("{%").find_map(|(at, _)| {
        let inside = text.get(at + 2..)?.trim_start_matches(['-', '+']).trim_start();
        let end = inside.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(inside.len());
        let word = inside.get(..end)?;
        STATEMENTS.contains(&word).then_some((at, word))
    })
}

impl Template {
    /// # Errors
    /// The first place that is wrong.
    pub(crate) fn compile(text: &str, dialect: Dialect) -> Result<Self, Wrong> {
        if let Some((at, word)) = statement(text) {
            let message =
                format!("statements such as {{% {word} %}} are not supported; write {{{{ a if b else c }}}}");
            return Err(Wrong::new(place_at(text, at), message));
        }
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        let (mut rest, mut place) = (text, Place::START);
        let mut trim_next = false;
        while let Some((before, inside)) = rest.split_once("{{") {
            place = place.after(before);
            let end = expression_end(inside).ok_or_else(|| {
                let message = "`{{` has no `}}`; where the braces themselves are meant, write {{ '{{' }}";
                Wrong::new(place, message)
            })?;
            literal.push_str(if trim_next { before.trim_start() } else { before });
            let whole = inside.get(..end).unwrap_or_default();
            let (mut source, mut start) = (whole, place.after("{{"));
            if let Some(trimmed) = source.strip_prefix('-') {
                literal.truncate(literal.trim_end().len());
                (source, start) = (trimmed, start.after("-"));
            }
            trim_next = source.ends_with('-');
            let source = source.strip_suffix('-').unwrap_or(source);
            let expression = Expression::compile(source, start, dialect)?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Value(expression));
            if pieces.len() > PIECES {
                return Err(Wrong::new(place, format!("a text has at most {} expressions", PIECES / 2)));
            }
            rest = inside.get(end + 2..).unwrap_or_default();
            place = place.after("{{").after(whole).after("}}");
        }
        let after = if trim_next { rest.trim_start() } else { rest };
        if !after.is_empty() {
            pieces.push(Piece::Text(after.to_owned()));
        }
        match (pieces.pop(), pieces.is_empty()) {
            (Some(Piece::Value(expression)), true) => Ok(Self::Whole(expression)),
            (last, _) => {
                pieces.extend(last);
                Ok(Self::Mixed(pieces))
            }
        }
    }

    /// What its expressions use that is not for everybody to see.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &Uses> {
        let (whole, pieces) = match self {
            Self::Whole(expression) => (Some(expression), &[][..]),
            Self::Mixed(pieces) => (None, pieces.as_slice()),
        };
        let inside = pieces.iter().filter_map(|piece| match piece {
            Piece::Value(expression) => Some(expression),
            Piece::Text(_) => None,
        });
        whole.into_iter().chain(inside).map(Expression::uses)
    }

    /// One run pays for all of its expressions.
    pub(crate) fn render(&self, names: &dyn Names, budget: &mut Budget) -> Result<Value, Failure> {
        let mut run = Run::new(names);
        let pieces = match self {
            Self::Whole(expression) => return expression.value(&mut run, budget),
            Self::Mixed(pieces) => pieces,
        };
        let mut rendered = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(literal) => {
                    budget.take(literal.len(), Place::START)?;
                    rendered.push_str(literal);
                }
                Piece::Value(expression) => {
                    let value = expression.value(&mut run, budget)?;
                    let text = text(&value);
                    if !value.is_string() {
                        budget.take(text.len(), expression.place())?;
                    }
                    rendered.push_str(&text);
                }
            }
        }
        Ok(Value::String(rendered))
    }
}

fn place_at(text: &str, at: usize) -> Place {
    Place::START.after(text.get(..at).unwrap_or_default())
}

/// Where the `}}` stands that ends an expression: outside of quotes and of brackets.
fn expression_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut open: Vec<u8> = Vec::new();
    let mut quote: Option<u8> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(mark), _) if byte == mark => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{' | b'(' | b'[') => open.push(byte),
            (None, b'}') if open.last() != Some(&b'{') && bytes.get(at + 1) == Some(&b'}') => {
                return Some(at);
            }
            (None, b'}' | b')' | b']') => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    None
}
