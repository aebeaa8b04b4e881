//! Words to a tree: the grammar, the known names, and what may not be written at all.

use super::library::{FILTERS, TESTS, literal};
use super::names::{check, note};
use super::tree::{Access, Argument, Arithmetic, Comparison, Expr, Step, Uses};
use super::words::{Kind, Place, Word, Wrong, words};
use crate::path::Part;
use model::nearest;
use serde_json::Value;

/// Brackets inside brackets: the depth of the tree, and of everything that walks it.
const BRACKETS: usize = 24;
/// Words that are no names.
const CONNECTIVES: &[&str] = &["and", "or", "not", "in", "is", "if", "else"];
/// What an expression may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A condition of a rule: event, pack, system.
    Condition,
    /// A template of a rule: keys too, where its parameter is secret.
    Parameter,
    /// Whatever is given when it is worked out.
    Open,
}

/// An expression and what it uses.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) expr: Expr,
    pub(crate) uses: Uses,
}

/// Reads an expression that begins at `start`.
///
/// # Errors
/// The first place that is wrong.
pub(crate) fn parse(source: &str, start: Place, dialect: Dialect) -> Result<Parsed, Wrong> {
    if source.trim().is_empty() {
        return Err(Wrong::new(start, "the expression is empty"));
    }
    let words = words(source, start)?;
    let mut parser = Parser {
        words: &words,
        at: 0,
        end: start.after(source.trim_end()),
        depth: 0,
        dialect,
        uses: Uses::default(),
    };
    let expr = parser.choice()?;
    if let Some(word) = parser.peek() {
        return Err(Wrong::new(word.place, format!("`{}` is not expected here", word.text)));
    }
    Ok(Parsed { expr, uses: parser.uses })
}

struct Parser<'a> {
    words: &'a [Word<'a>],
    at: usize,
    end: Place,
    depth: usize,
    dialect: Dialect,
    uses: Uses,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    fn place(&self) -> Place {
        self.peek().map_or(self.end, |word| word.place)
    }

    /// Whether the word that is `ahead` words away is this sign or connective.
    fn is(&self, ahead: usize, text: &str) -> bool {
        self.words
            .get(self.at + ahead)
            .is_some_and(|word| word.text == text && matches!(word.kind, Kind::Sign | Kind::Name))
    }

    fn takes(&mut self, text: &str) -> bool {
        let found = self.is(0, text);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), Wrong> {
        if self.takes(text) { Ok(()) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    fn unexpected(&self, expected: &str) -> Wrong {
        let message = match self.peek() {
            Some(word) => format!("expected {expected}, found `{}`", shortened(word.text)),
            None => format!("expected {expected}, found the end of the expression"),
        };
        Wrong::new(self.place(), message)
    }

    fn choice(&mut self) -> Result<Expr, Wrong> {
        self.depth += 1;
        if self.depth > BRACKETS + 1 {
            return Err(Wrong::new(self.place(), format!("brackets lie deeper than {BRACKETS} levels")));
        }
        let mut value = self.any()?;
        let mut branches = Vec::new();
        let mut otherwise = None;
        while self.is(0, "if") {
            let place = self.place();
            self.at += 1;
            let condition = self.any()?;
            branches.push((value, place, condition));
            if !self.takes("else") {
                self.depth -= 1;
                return Ok(Expr::Choice { branches, otherwise });
            }
            value = self.any()?;
        }
        self.depth -= 1;
        if branches.is_empty() {
            return Ok(value);
        }
        otherwise = Some(Box::new(value));
        Ok(Expr::Choice { branches, otherwise })
    }

    fn any(&mut self) -> Result<Expr, Wrong> {
        self.chain("or", Self::all, Expr::Any)
    }

    fn all(&mut self) -> Result<Expr, Wrong> {
        self.chain("and", Self::not, Expr::All)
    }

    fn chain(
        &mut self,
        word: &str,
        inner: fn(&mut Self) -> Result<Expr, Wrong>,
        make: fn(Vec<(Place, Expr)>) -> Expr,
    ) -> Result<Expr, Wrong> {
        let place = self.place();
        let first = inner(self)?;
        if !self.is(0, word) {
            return Ok(first);
        }
        let mut parts = vec![(place, first)];
        while self.takes(word) {
            let place = self.place();
            parts.push((place, inner(self)?));
        }
        Ok(make(parts))
    }

    fn not(&mut self) -> Result<Expr, Wrong> {
        let place = self.place();
        let mut count = 0_usize;
        while self.takes("not") {
            count += 1;
        }
        let of = self.compare()?;
        if count == 0 {
            return Ok(of);
        }
        Ok(Expr::Not { of: Box::new(of), odd: count % 2 == 1, place })
    }

    fn compare(&mut self) -> Result<Expr, Wrong> {
        let first = self.arithmetic(0)?;
        let mut rest = Vec::new();
        while let Some(word) = self.peek() {
            let operator = if self.is(0, "not") && self.is(1, "in") {
                self.at += 1;
                Some(Comparison::NotIn)
            } else if word.kind == Kind::Sign || word.text == "in" {
                Comparison::of(word.text)
            } else {
                None
            };
            let Some(operator) = operator else { break };
            self.at += 1;
            rest.push((operator, word.place, self.arithmetic(0)?));
        }
        if rest.is_empty() { Ok(first) } else { Ok(Expr::Compare { first: Box::new(first), rest }) }
    }

    /// Operators that bind at least so closely; those that bind alike lie flat in one chain.
    fn arithmetic(&mut self, closely: u8) -> Result<Expr, Wrong> {
        let mut first = self.operand()?;
        let mut rest: Vec<(Arithmetic, Place, Expr)> = Vec::new();
        let mut bound = None;
        while let Some(word) = self.peek() {
            let operator = Arithmetic::of(word.text).filter(|_| word.kind == Kind::Sign);
            let Some((operator, binds)) = operator.filter(|(_, binds)| *binds >= closely) else { break };
            self.at += 1;
            let right = self.arithmetic(binds + 1)?;
            if bound.is_some_and(|bound| bound != binds) {
                first = Expr::Arithmetic { first: Box::new(first), rest: std::mem::take(&mut rest) };
            }
            bound = Some(binds);
            rest.push((operator, word.place, right));
        }
        if rest.is_empty() { Ok(first) } else { Ok(Expr::Arithmetic { first: Box::new(first), rest }) }
    }

    /// A value with its sign, its parts, its filters and tests. The sign applies before the filters.
    fn operand(&mut self) -> Result<Expr, Wrong> {
        let of = self.signed()?;
        let mut steps = Vec::new();
        loop {
            let place = self.place();
            if self.takes("|") {
                steps.push((place, self.filter()?));
            } else if self.takes("is") {
                steps.push((place, self.test()?));
            } else {
                break;
            }
        }
        Ok(with_steps(of, steps))
    }

    fn signed(&mut self) -> Result<Expr, Wrong> {
        let place = self.place();
        let mut count = 0_usize;
        while self.takes("-") {
            count += 1;
        }
        let primary = self.primary()?;
        let of = self.parts(primary)?;
        if count == 0 {
            return Ok(of);
        }
        Ok(Expr::Negative { of: Box::new(of), odd: count % 2 == 1, place })
    }

    /// `.name`, `[0]`, `["name"]`, `[1:2]` after a value.
    fn parts(&mut self, mut of: Expr) -> Result<Expr, Wrong> {
        let mut steps: Vec<(Place, Step)> = Vec::new();
        loop {
            let place = self.place();
            let step = if self.takes(".") {
                Step::Part(self.part()?)
            } else if self.is(0, "[") {
                self.subscript()?
            } else if self.is(0, "(") {
                return Err(Wrong::new(place, "values cannot be called; use filters such as `| upper`"));
            } else {
                break;
            };
            match (&mut of, step, steps.is_empty()) {
                (Expr::Name(access), Step::Part(part), true) => access.path.push(part),
                (_, step, _) => steps.push((place, step)),
            }
        }
        if let Expr::Name(access) = &of {
            if self.dialect != Dialect::Open {
                check(access)?;
            }
            note(access, &mut self.uses);
        }
        Ok(with_steps(of, steps))
    }

    fn part(&mut self) -> Result<Part, Wrong> {
        let word = self.peek().ok_or_else(|| self.unexpected("a name after the dot"))?;
        let part = match word.kind {
            Kind::Name => Part::Name(word.text.to_owned()),
            Kind::Number => Part::Index(word.text.parse().map_err(|_| {
                Wrong::new(word.place, format!("`{}` is no place in a list", shortened(word.text)))
            })?),
            _ => return Err(self.unexpected("a name after the dot")),
        };
        if self.is(1, "(") {
            let message = format!("`{}` cannot be called; use filters such as `| upper`", word.text);
            return Err(Wrong::new(word.place, message));
        }
        self.at += 1;
        Ok(part)
    }

    fn subscript(&mut self) -> Result<Step, Wrong> {
        self.at += 1;
        let start = if self.is(0, ":") { None } else { Some(self.choice()?) };
        if !self.takes(":") {
            self.expect("]")?;
            return start.map(as_part).ok_or_else(|| self.unexpected("a name or a number"));
        }
        let stop = if self.is(0, ":") || self.is(0, "]") { None } else { Some(self.choice()?) };
        let step = if self.takes(":") && !self.is(0, "]") { Some(self.choice()?) } else { None };
        self.expect("]")?;
        Ok(Step::Slice { start, stop, step })
    }

    fn name(&mut self, what: &str) -> Result<Word<'a>, Wrong> {
        let word = self.peek().filter(|word| word.kind == Kind::Name);
        let word = word.ok_or_else(|| self.unexpected(what))?;
        self.at += 1;
        Ok(word)
    }

    fn filter(&mut self) -> Result<Step, Wrong> {
        let word = self.name("a filter")?;
        let known = FILTERS.iter().find(|known| **known == word.text).copied();
        let name = known.ok_or_else(|| unknown("filter", word, FILTERS.iter().copied()))?;
        let args = if self.is(0, "(") { self.arguments()? } else { Vec::new() };
        Ok(Step::Filter { name, args })
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, Wrong> {
        self.at += 1;
        let mut args: Vec<Argument> = Vec::new();
        while !self.takes(")") {
            let named = self.peek().filter(|word| word.kind == Kind::Name && self.is(1, "="));
            self.at += if named.is_some() { 2 } else { 0 };
            if named.is_none() && args.last().is_some_and(|last| last.name.is_some()) {
                return Err(Wrong::new(self.place(), "what has no name stands before what has one"));
            }
            let value = self.choice()?;
            args.push(Argument { name: named.map(|word| word.text.to_owned()), value });
            self.comma(")")?;
        }
        Ok(args)
    }

    fn test(&mut self) -> Result<Step, Wrong> {
        let negated = self.takes("not");
        let word = self.name("a test")?;
        let known = TESTS.iter().find(|(known, _)| *known == word.text).copied();
        let (name, compares) =
            known.ok_or_else(|| unknown("test", word, TESTS.iter().map(|(known, _)| *known)))?;
        let args = match (compares, self.is(0, "(")) {
            (_, true) => {
                let args = self.arguments()?;
                if args.len() != usize::from(compares) || args.iter().any(|argument| argument.name.is_some())
                {
                    let takes = if compares { "one value to compare with" } else { "nothing in brackets" };
                    return Err(Wrong::new(word.place, format!("`is {name}` takes {takes}")));
                }
                args.into_iter().map(|argument| argument.value).collect()
            }
            (true, false) => vec![self.signed()?],
            (false, false) => Vec::new(),
        };
        Ok(Step::Test { name, negated, args })
    }

    fn primary(&mut self) -> Result<Expr, Wrong> {
        let word = self.peek().ok_or_else(|| self.unexpected("a value"))?;
        match word.kind {
            Kind::Number => {
                self.at += 1;
                literal(word).map(Expr::Constant)
            }
            Kind::Text => {
                let mut text = String::new();
                while let Some(word) = self.peek().filter(|word| word.kind == Kind::Text) {
                    self.at += 1;
                    text.push_str(literal(word)?.as_str().unwrap_or_default());
                }
                Ok(Expr::Constant(Value::String(text)))
            }
            Kind::Name => self.named(word),
            Kind::Sign => match word.text {
                "(" => self.round(),
                "[" => self.items("]").map(|(items, _)| Expr::List(items)),
                "{" => self.map(word.place),
                _ => Err(self.unexpected("a value")),
            },
        }
    }

    fn named(&mut self, word: Word<'a>) -> Result<Expr, Wrong> {
        let constant = match word.text {
            "true" | "True" => Some(Value::Bool(true)),
            "false" | "False" => Some(Value::Bool(false)),
            "none" | "None" => Some(Value::Null),
            connective if CONNECTIVES.contains(&connective) => return Err(self.unexpected("a value")),
            _ => None,
        };
        self.at += 1;
        if let Some(constant) = constant {
            return Ok(Expr::Constant(constant));
        }
        if self.is(0, "(") {
            return if word.text == "key" { self.key(word) } else { Err(unknown("function", word, ["key"])) };
        }
        Ok(Expr::Name(Access { place: word.place, path: vec![Part::Name(word.text.to_owned())] }))
    }

    fn key(&mut self, word: Word<'a>) -> Result<Expr, Wrong> {
        if self.dialect != Dialect::Parameter {
            let message =
                "`key(…)` may stand in a parameter that is secret only: what it gives is for nobody's eyes";
            return Err(Wrong::new(word.place, message));
        }
        self.at += 1;
        let name = self.peek().filter(|name| name.kind == Kind::Text);
        let name = name.ok_or_else(|| self.unexpected("the name of a key in quotes"))?;
        self.at += 1;
        self.expect(")")?;
        self.uses.key = self.uses.key.or(Some(word.place));
        let name = literal(name)?.as_str().unwrap_or_default().to_owned();
        Ok(Expr::Key { name, place: word.place })
    }

    /// `(a)` is `a`, `()` and `(a, b)` are lists.
    fn round(&mut self) -> Result<Expr, Wrong> {
        let (mut items, comma) = self.items(")")?;
        match (items.pop(), items.is_empty(), comma) {
            (Some(only), true, false) => Ok(only),
            (last, ..) => {
                items.extend(last);
                Ok(Expr::List(items))
            }
        }
    }

    fn items(&mut self, end: &str) -> Result<(Vec<Expr>, bool), Wrong> {
        self.at += 1;
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.takes(end) {
            items.push(self.choice()?);
            comma |= self.comma(end)?;
        }
        Ok((items, comma))
    }

    /// A comma, or what ends the list.
    fn comma(&mut self, end: &str) -> Result<bool, Wrong> {
        let comma = self.takes(",");
        if comma || self.is(0, end) { Ok(comma) } else { Err(self.unexpected(&format!("`,` or `{end}`"))) }
    }

    fn map(&mut self, place: Place) -> Result<Expr, Wrong> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.takes("}") {
            let key = self.choice()?;
            self.expect(":")?;
            entries.push((key, self.choice()?));
            self.comma("}")?;
        }
        Ok(Expr::Map(entries, place))
    }
}

fn with_steps(of: Expr, mut added: Vec<(Place, Step)>) -> Expr {
    if added.is_empty() {
        return of;
    }
    match of {
        Expr::Steps { of, mut steps } => {
            steps.append(&mut added);
            Expr::Steps { of, steps }
        }
        of => Expr::Steps { of: Box::new(of), steps: added },
    }
}

/// What stands in brackets is a part of the path where it is written out.
fn as_part(subscript: Expr) -> Step {
    match subscript {
        Expr::Constant(Value::String(name)) => Step::Part(Part::Name(name)),
        Expr::Constant(Value::Number(number)) if number.as_i64().is_some() => {
            Step::Part(Part::Index(number.as_i64().unwrap_or_default()))
        }
        Expr::Negative { of, odd: true, place } => match *of {
            Expr::Constant(Value::Number(number)) if number.as_i64().is_some() => {
                Step::Part(Part::Index(-number.as_i64().unwrap_or_default()))
            }
            of => Step::Get(Expr::Negative { of: Box::new(of), odd: true, place }),
        },
        other => Step::Get(other),
    }
}

fn unknown<'n>(what: &str, word: Word<'_>, known: impl IntoIterator<Item = &'n str>) -> Wrong {
    let near = nearest(word.text, known);
    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Wrong::new(word.place, format!("there is no {what} `{}`{hint}", shortened(word.text)))
}

pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text.to_owned() }
}
