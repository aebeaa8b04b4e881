//! A look at an expression's words before anything compiles it: bounded length and nesting, known names
//! only, and no multiplication of anything but numbers (repeating lists costs no fuel, only memory).

use model::{limits, nearest};

/// Words of one expression: the compiler's stack grows with them.
const WORDS: usize = 400;
/// Brackets inside brackets.
const BRACKETS: usize = 24;

/// What may stand after `|`.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];
/// Those that always make a number.
const NUMERIC: &[&str] = &["abs", "count", "float", "int", "length", "round"];
/// What may stand after `is`.
pub(crate) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];
const CONSTANTS: &[&str] = &["true", "false", "none", "True", "False", "None"];
const CONNECTIVES: &[&str] = &["and", "or", "not", "in", "is", "if", "else"];
const SCOPE: &[(&str, &[&str])] = &[
    ("event", &["id", "trigger", "created", "payload"]),
    ("pack", &["config"]),
    ("system", &["timestamp", "rule"]),
    ("system.rule", &["ref", "id"]),
];

/// What is wrong, and at which byte.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Name,
    Number,
    Text,
    Sign,
}

#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
}

/// A name with its parts, such as `event.payload.items[0]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mention {
    pub(crate) parts: Vec<String>,
    /// Whether it is multiplied, and so must be a number.
    pub(crate) factor: bool,
    from: usize,
    to: usize,
}

/// The names that an expression mentions, or what is wrong with it.
pub(crate) fn check(source: &str) -> Result<Vec<Mention>, Wrong> {
    if source.len() > limits::EXPRESSION_BYTES {
        let message = format!(
            "the expression has {} bytes; at most {} are read",
            source.len(),
            limits::EXPRESSION_BYTES
        );
        return Err(Wrong::new(0, message));
    }
    let words = words(source)?;
    let mut checking = Checking { words: &words, mentions: Vec::new() };
    checking.check_brackets()?;
    checking.check_names()?;
    checking.check_products()?;
    Ok(checking.mentions)
}

fn words(source: &str) -> Result<Vec<Word<'_>>, Wrong> {
    let bytes = source.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = source.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let while_in = |from: usize, keep: fn(char) -> bool| {
            let rest = source.get(from..).unwrap_or_default();
            from + rest.find(|c| !keep(c)).unwrap_or(rest.len())
        };
        let (kind, end) = match first {
            '"' | '\'' => {
                (Kind::Text, text_end(bytes, at).ok_or_else(|| Wrong::new(at, "the text has no end quote"))?)
            }
            '0'..='9' => (Kind::Number, number_end(bytes, at)),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Name, while_in(at, |c| c.is_alphanumeric() || c == '_'))
            }
            _ => {
                let two = source
                    .get(at..at + 2)
                    .is_some_and(|two| ["**", "//", "==", "!=", "<=", ">="].contains(&two));
                (Kind::Sign, at + if two { 2 } else { first.len_utf8() })
            }
        };
        words.push(Word { kind, text: source.get(at..end).unwrap_or_default(), at });
        if words.len() > WORDS {
            return Err(Wrong::new(at, format!("the expression has more than {WORDS} words and signs")));
        }
        at = end;
    }
    Ok(words)
}

fn text_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let exponent_sign = matches!(byte, b'+' | b'-') && matches!(bytes.get(at - 1), Some(b'e' | b'E'));
        let fraction = *byte == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if at > start && !(byte.is_ascii_alphanumeric() || *byte == b'_' || exponent_sign || fraction) {
            break;
        }
        at += 1;
    }
    at
}

struct Checking<'w> {
    words: &'w [Word<'w>],
    mentions: Vec<Mention>,
}

impl Checking<'_> {
    fn text(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| if word.kind == Kind::Text { "''" } else { word.text })
    }

    fn before(&self, index: usize) -> &str {
        index.checked_sub(1).map_or("", |index| self.text(index))
    }

    fn is(&self, index: usize, kind: Kind) -> bool {
        self.words.get(index).is_some_and(|word| word.kind == kind)
    }

    fn at(&self, index: usize) -> usize {
        self.words.get(index).or(self.words.last()).map_or(0, |word| word.at)
    }

    fn check_brackets(&self) -> Result<(), Wrong> {
        let mut depth = 0_usize;
        for word in self.words {
            match (word.kind, word.text) {
                (Kind::Sign, "(" | "[" | "{") => depth += 1,
                (Kind::Sign, ")" | "]" | "}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > BRACKETS {
                return Err(Wrong::new(word.at, format!("brackets lie deeper than {BRACKETS} levels")));
            }
        }
        Ok(())
    }

    fn check_names(&mut self) -> Result<(), Wrong> {
        let mut index = 0;
        while let Some(word) = self.words.get(index).copied() {
            index = if word.kind == Kind::Name { self.check_name(index, word)? } else { index + 1 };
        }
        Ok(())
    }

    /// Checks the name at `index` and returns where to go on.
    fn check_name(&mut self, index: usize, word: Word<'_>) -> Result<usize, Wrong> {
        let unknown = |what: &str, known: &[&str]| {
            let near = nearest(word.text, known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Err(Wrong::new(word.at, format!("there is no {what} `{}`{hint}", word.text)))
        };
        let called = self.text(index + 1) == "(";
        let after_is = self.before(index) == "is"
            || self.before(index) == "not" && index >= 2 && self.text(index - 2) == "is";
        match self.before(index) {
            "." if called => Err(Wrong::new(
                word.at,
                format!("`{}` cannot be called; use filters such as `| upper`", word.text),
            )),
            "." => Ok(index + 1),
            "|" if FILTERS.contains(&word.text) => Ok(index + 1),
            "|" => unknown("filter", FILTERS),
            _ if after_is && (TESTS.contains(&word.text) || word.text == "not") => Ok(index + 1),
            _ if after_is => unknown("test", TESTS),
            _ if CONSTANTS.contains(&word.text) || CONNECTIVES.contains(&word.text) => Ok(index + 1),
            _ if called => unknown("function", &[]),
            "(" | "," if self.text(index + 1) == "=" => Ok(index + 1),
            _ => self.mention(index),
        }
    }

    /// Reads `event.payload.items[0]` from `index` on.
    fn mention(&mut self, index: usize) -> Result<usize, Wrong> {
        let mut parts = vec![self.text(index).to_owned()];
        let mut next = index + 1;
        loop {
            if self.text(next) == "." && self.is(next + 1, Kind::Name) {
                parts.push(self.text(next + 1).to_owned());
                if self.text(next + 2) == "(" {
                    return self.check_name(
                        next + 1,
                        self.words.get(next + 1).copied().unwrap_or(Word {
                            kind: Kind::Name,
                            text: "",
                            at: 0,
                        }),
                    );
                }
                next += 2;
            } else if self.text(next) == "[" && self.text(next + 2) == "]" && self.is_literal(next + 1) {
                let literal = self.words.get(next + 1).map_or("", |word| word.text);
                parts.push(literal.trim_matches(['"', '\'']).to_owned());
                next += 3;
            } else {
                break;
            }
        }
        self.check_scope(index, &parts)?;
        self.mentions.push(Mention { parts, factor: false, from: index, to: next });
        Ok(next)
    }

    fn is_literal(&self, index: usize) -> bool {
        self.is(index, Kind::Number) || self.is(index, Kind::Text)
    }

    fn check_scope(&self, index: usize, parts: &[String]) -> Result<(), Wrong> {
        let first = parts.first().map(String::as_str).unwrap_or_default();
        if !SCOPE.iter().any(|(root, _)| *root == first) {
            let roots = ["event", "pack", "system"];
            let hint = match nearest(first, roots) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "known are event, pack and system".to_owned(),
            };
            return Err(Wrong::new(self.at(index), format!("`{first}` is not known; {hint}")));
        }
        for length in 1..parts.len() {
            let above = parts.get(..length).unwrap_or_default().join(".");
            let name = parts.get(length).map(String::as_str).unwrap_or_default();
            let known = SCOPE.iter().find(|(root, _)| *root == above).map(|(_, known)| *known);
            if let Some(known) = known.filter(|known| !known.contains(&name)) {
                let near =
                    nearest(name, known.iter().copied()).unwrap_or(known.last().copied().unwrap_or_default());
                let message = format!("`{above}.{name}` does not exist; did you mean `{above}.{near}`?");
                return Err(Wrong::new(self.at(index), message));
            }
        }
        Ok(())
    }

    /// Both sides of every `*` must be numbers as far as can be seen; names are looked at when they are known.
    fn check_products(&mut self) -> Result<(), Wrong> {
        for index in 0..self.words.len() {
            if self.text(index) == "*" && self.is(index, Kind::Sign) {
                let good = index.checked_sub(1).is_some_and(|last| self.ends_in_number(last))
                    && self.begins_number(index + 1);
                if !good {
                    let message =
                        "`*` multiplies numbers only; make sure with `| int` or `| float` on both sides";
                    return Err(Wrong::new(self.at(index), message));
                }
            }
        }
        Ok(())
    }

    /// Whether the value whose last word is at `last` is a number.
    fn ends_in_number(&mut self, last: usize) -> bool {
        if self.is(last, Kind::Number) {
            return true;
        }
        if let Some(mention) = self.mentions.iter_mut().find(|mention| mention.to == last + 1) {
            mention.factor = true;
            return true;
        }
        if self.is(last, Kind::Name) {
            return self.before(last) == "|" && NUMERIC.contains(&self.text(last));
        }
        let Some(open) = self.opening(last) else { return false };
        match open.checked_sub(1) {
            Some(name) if self.is(name, Kind::Name) && self.before(name) == "|" => {
                NUMERIC.contains(&self.text(name))
            }
            Some(name) if self.is(name, Kind::Name) && !CONNECTIVES.contains(&self.text(name)) => false,
            Some(other) if matches!(self.text(other), ")" | "]") => false,
            _ => self.is_arithmetic(open + 1, last),
        }
    }

    /// Whether the value whose first word is at `first` is a number.
    fn begins_number(&mut self, first: usize) -> bool {
        if matches!(self.text(first), "-" | "+") {
            return self.begins_number(first + 1);
        }
        let (good, mut next) = if self.is(first, Kind::Number) {
            (true, first + 1)
        } else if let Some(position) = self.mentions.iter().position(|mention| mention.from == first) {
            let next = self.mentions.get(position).map_or(first, |mention| mention.to);
            if self.text(next) != "|"
                && let Some(mention) = self.mentions.get_mut(position)
            {
                mention.factor = true;
            }
            (true, next)
        } else if self.text(first) == "(" {
            let Some(close) = self.closing(first) else { return false };
            (self.is_arithmetic(first + 1, close), close + 1)
        } else {
            return false;
        };
        let mut last_filter = None;
        while self.text(next) == "|" {
            last_filter = Some(next + 1);
            next += 2;
            if self.text(next) == "(" {
                let Some(close) = self.closing(next) else { return false };
                next = close + 1;
            }
        }
        let further = matches!(self.text(next), "." | "[" | "(");
        !further && last_filter.map_or(good, |filter| NUMERIC.contains(&self.text(filter)))
    }

    /// Whether the words between two brackets are sums and products of numbers and names.
    fn is_arithmetic(&mut self, from: usize, to: usize) -> bool {
        let mut index = from;
        while index < to {
            if let Some(mention) = self.mentions.iter_mut().find(|mention| mention.from == index) {
                index = mention.to;
                mention.factor = true;
                continue;
            }
            let filter = self.text(index) == "|" && NUMERIC.contains(&self.text(index + 1));
            let sign = self.is(index, Kind::Sign)
                && matches!(self.text(index), "+" | "-" | "*" | "/" | "//" | "%" | "**" | "(" | ")");
            if !(filter || sign || self.is(index, Kind::Number)) {
                return false;
            }
            index += if filter { 2 } else { 1 };
        }
        from < to
    }

    fn opening(&self, close: usize) -> Option<usize> {
        if self.text(close) != ")" {
            return None;
        }
        let mut depth = 0_usize;
        (0..=close).rev().find(|index| {
            match self.text(*index) {
                ")" => depth += 1,
                "(" => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.words.len()).find(|index| {
            match self.text(*index) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
    }
}
