//! One field of a cron expression, read item by item, so that every error says where it is and what was meant.

use super::items::{Item, Items};
use model::{Invalid, nearest};

/// The longest text that an error repeats, in characters.
const SHOWN: usize = 40;

/// What a field counts, and how it may be written.
#[derive(Debug)]
pub(super) struct Field {
    /// One of what it counts: `minute`.
    pub(super) name: &'static str,
    /// The least and the most value that may be written.
    pub(super) least: u8,
    pub(super) most: u8,
    /// The names of its values, from the least on.
    names: &'static [&'static str],
    /// The letters with a meaning in it.
    letters: &'static [char],
}

pub(super) const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
pub(super) const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

pub(super) const SECOND: Field = Field { name: "second", least: 0, most: 59, names: &[], letters: &[] };
pub(super) const MINUTE: Field = Field { name: "minute", ..SECOND };
pub(super) const HOUR: Field = Field { name: "hour", most: 23, ..SECOND };
pub(super) const DAY: Field =
    Field { name: "day", least: 1, most: 31, names: &[], letters: &['?', 'L', 'W'] };
pub(super) const MONTH: Field = Field { name: "month", least: 1, most: 12, names: &MONTHS, letters: &[] };
pub(super) const WEEKDAY: Field =
    Field { name: "weekday", least: 0, most: 7, names: &WEEKDAYS, letters: &['?', 'L', '#', '+'] };

/// A piece of the expression and its column, from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) column: usize,
}

impl<'a> Piece<'a> {
    /// What follows the first `bytes` bytes, which end at a character.
    fn after(self, bytes: usize) -> Self {
        let (head, tail) = self.text.split_at(bytes);
        Self { text: tail, column: self.column + head.chars().count() }
    }

    /// The parts before and after the first of a character.
    fn split(self, at: char) -> Option<(Self, Self)> {
        let (head, tail) = self.text.split_once(at)?;
        Some((Self { text: head, ..self }, Self { text: tail, ..self.after(head.len() + at.len_utf8()) }))
    }

    /// The parts of a list.
    fn parts(self) -> impl Iterator<Item = Piece<'a>> {
        let mut column = self.column;
        self.text.split(',').map(move |text| {
            let part = Piece { text, column };
            column += text.chars().count() + 1;
            part
        })
    }
}

/// Reads a field. The `+` before a weekday field is not part of it.
pub(super) fn read(field: &'static Field, piece: Piece<'_>) -> Result<Items, Invalid> {
    let reader = Reader { field };
    piece.parts().try_for_each(|part| reader.check_hash(part))?;
    reader.check_characters(piece)?;
    if let Some(empty) = piece.parts().find(|part| part.text.is_empty()) {
        let rest: Vec<&str> = piece.text.split(',').filter(|part| !part.is_empty()).collect();
        let hint = if rest.is_empty() { "*".to_owned() } else { rest.join(",") };
        let why = "a comma stands between two values, and here one is missing";
        return Err(reader.wrong(Piece { text: piece.text, ..empty }, why, Some(&hint)));
    }
    let items = piece.parts().map(|part| reader.item(part)).collect::<Result<Vec<Item>, Invalid>>()?;
    if items.len() > 1 && piece.text.contains('?') {
        return Err(reader.wrong(piece, "`?` stands alone", Some("?")));
    }
    if items.contains(&Item::Last) && items.contains(&Item::LastWeekday) {
        let why = "`L` and `LW` cannot stand in one list; write two timers";
        return Err(reader.wrong(piece, why, None));
    }
    Ok(Items(items))
}

/// What may be meant by a character from another keyboard.
fn plain_character(found: char) -> Option<char> {
    let code = u32::from(found);
    match found {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{2217}' | '\u{00D7}' => Some('*'),
        '\u{060C}' | '\u{3001}' => Some(','),
        '\u{2044}' | '\u{2215}' => Some('/'),
        // The full-width forms repeat ASCII in order, and two blocks of Arabic digits count up from 0.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(code - 0xFF01 + 0x21),
        '\u{0660}'..='\u{0669}' => char::from_u32(code - 0x0660 + 0x30),
        '\u{06F0}'..='\u{06F9}' => char::from_u32(code - 0x06F0 + 0x30),
        _ => None,
    }
}

struct Reader {
    field: &'static Field,
}

impl Reader {
    fn wrong(&self, found: Piece<'_>, why: &str, hint: Option<&str>) -> Invalid {
        wrong(self.field.name, found, why, hint)
    }

    fn check_characters(&self, piece: Piece<'_>) -> Result<(), Invalid> {
        let strange = |c: char| !(c.is_ascii_alphanumeric() || "*,-/?#+".contains(c));
        let Some((place, found)) = piece.text.char_indices().find(|(_, c)| strange(*c)) else {
            return Ok(());
        };
        let shown = Piece { text: &piece.text[place..place + found.len_utf8()], ..piece.after(place) };
        let plain: String = piece.text.chars().map(|c| plain_character(c).unwrap_or(c)).collect();
        let hint = (!plain.contains(strange)).then_some(plain);
        let why = if found.is_numeric() {
            "only the digits 0 to 9 count"
        } else {
            "such a character means nothing here"
        };
        Err(self.wrong(shown, why, hint.as_deref()))
    }

    /// Refuses what only Jenkins knows, and says what does the same here.
    fn check_hash(&self, part: Piece<'_>) -> Result<(), Invalid> {
        let head = part.text.split(['/', '(']).next().unwrap_or_default();
        if !head.eq_ignore_ascii_case("H") {
            return Ok(());
        }
        let why = "`H` is Jenkins' own: for an even rhythm use the trigger core.intervaltimer, and to spread timers \
                   that start together use `jitter_seconds`";
        let hint = match part.text.get(1..) {
            Some("") => Some(self.field.least.to_string()),
            Some(step) if !step.contains('(') => Some(format!("*{step}")),
            _ => None,
        };
        Err(self.wrong(part, why, hint.as_deref()))
    }

    /// One item of the list.
    fn item(&self, part: Piece<'_>) -> Result<Item, Invalid> {
        if let Some((base, step)) = part.split('/') {
            return self.stepped(part, base, step);
        }
        match part.text {
            "*" => Ok(Item::Every(1)),
            "?" if self.field.letters.contains(&'?') => Ok(Item::Every(1)),
            "?" => {
                let why = "`?` stands only for a day or a weekday";
                Err(self.wrong(part, why, Some("*")))
            }
            _ => self.modified(part),
        }
    }

    /// `*/n` and `a-b/n`.
    fn stepped(&self, part: Piece<'_>, base: Piece<'_>, step: Piece<'_>) -> Result<Item, Invalid> {
        let most = self.field.most;
        let range = match base.text {
            "*" => None,
            "" => {
                let why = "nothing stands before the step";
                return Err(self.wrong(part, why, Some(&format!("*/{}", step.text))));
            }
            text if text.contains('-') => Some(self.range(base)?),
            text if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                self.value(base)?;
                let why = "a step needs a range to go through";
                return Err(self.wrong(part, why, Some(&format!("{text}-{most}/{}", step.text))));
            }
            _ => {
                return Err(self.wrong(
                    base,
                    "a step goes with `*` or a range",
                    Some(&format!("*/{}", step.text)),
                ));
            }
        };
        let digits = !step.text.is_empty() && step.text.bytes().all(|byte| byte.is_ascii_digit());
        // A step of the whole field is the first value alone, which people write for "once an hour".
        let longest = most - self.field.least + u8::from(self.field.name != WEEKDAY.name);
        let number = step.text.parse::<u8>().ok().filter(|number| digits && (1..=longest).contains(number));
        let Some(number) = number else {
            let why = format!("a step is a whole number from 1 to {longest}");
            let large = digits && step.text.bytes().any(|digit| digit != b'0');
            let more = if large { "; for a longer rhythm use the trigger core.intervaltimer" } else { "" };
            let hint = if step.text == "0" { Some(format!("{}/1", base.text)) } else { None };
            let found = if step.text.is_empty() { part } else { step };
            return Err(self.wrong(found, &format!("{why}{more}"), hint.as_deref()));
        };
        Ok(range.map_or(Item::Every(number), |(from, to)| Item::Range(from, to, number)))
    }

    /// Values and ranges, and what letters make of them.
    fn modified(&self, part: Piece<'_>) -> Result<Item, Invalid> {
        if self.field.name == DAY.name
            && let Some(item) = self.day_letters(part)?
        {
            return Ok(item);
        }
        if self.field.name == WEEKDAY.name
            && let Some(item) = self.weekday_letters(part)?
        {
            return Ok(item);
        }
        if part.text.contains(['#', '+', '*', '?']) {
            let why = format!("expected {}", self.expected());
            return Err(self.wrong(part, &why, None));
        }
        if part.text.contains('-') {
            let (from, to) = self.range(part)?;
            return Ok(Item::Range(from, to, 1));
        }
        let value = self.value(part)?;
        Ok(Item::One(if self.field.name == WEEKDAY.name { value % 7 } else { value }))
    }

    /// `L`, `LW` and `15W`.
    fn day_letters(&self, part: Piece<'_>) -> Result<Option<Item>, Invalid> {
        let upper = part.text.to_ascii_uppercase();
        match upper.as_str() {
            "L" => return Ok(Some(Item::Last)),
            "LW" => return Ok(Some(Item::LastWeekday)),
            "WL" => return Err(self.wrong(part, "the last weekday of a month is written so", Some("LW"))),
            "W" => {
                let why = "`W` follows a day, such as `15W`, the weekday nearest to the 15th";
                return Err(self.wrong(part, why, Some("LW")));
            }
            _ => {}
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(day) = upper.strip_suffix('W') {
            if digits(day) {
                return self.value(Piece { text: day, ..part }).map(|day| Some(Item::Nearest(day)));
            }
            let why = "`W` follows a single day, such as `15W`";
            return Err(self.wrong(part, why, None));
        }
        if let Some(day) = upper.strip_prefix('W').filter(|day| digits(day)) {
            return Err(self.wrong(part, "`W` follows the day", Some(&format!("{day}W"))));
        }
        if upper.starts_with("L-") {
            let why = "days before the last one cannot be counted; expected `L` for the last day, or `LW` for the last weekday";
            return Err(self.wrong(part, why, Some("L")));
        }
        Ok(None)
    }

    /// `5#2`, `1-5#2`, `5L` and `5#L`.
    fn weekday_letters(&self, part: Piece<'_>) -> Result<Option<Item>, Invalid> {
        let Piece { text, .. } = part;
        if text.eq_ignore_ascii_case("L") {
            let why = "`L` alone says no weekday: the last Friday of a month is `5L`, and the last day of a month is \
                       an `L` in the field of days";
            return Err(self.wrong(part, why, Some("5L")));
        }
        let (weekdays, nth) = if let Some((weekdays, nth)) = part.split('#') {
            let number = match nth.text {
                "L" | "l" => Some(0),
                digit => {
                    digit.parse::<u8>().ok().filter(|number| digit.len() == 1 && (1..=5).contains(number))
                }
            };
            let why = "after `#` stands which one of the month: 1 to 5, or `L` for the last";
            (
                weekdays,
                number.ok_or_else(|| self.wrong(if nth.text.is_empty() { part } else { nth }, why, None))?,
            )
        } else if let Some(weekday) = self.before_last(text) {
            if weekday.contains('-') {
                let why = "the last of several weekdays is written with `#L`";
                return Err(self.wrong(part, why, Some(&format!("{weekday}#L"))));
            }
            (Piece { text: weekday, ..part }, 0)
        } else {
            return Ok(None);
        };
        if weekdays.text.contains('-') {
            let (from, to) = self.range(weekdays)?;
            return Ok(Some(Item::Nth(from, to, nth)));
        }
        if weekdays.text.is_empty() || weekdays.text == "*" {
            let why = "before `#` stands a weekday";
            return Err(self.wrong(part, why, None));
        }
        let weekday = self.value(weekdays)? % 7;
        Ok(Some(Item::Nth(weekday, weekday, nth)))
    }

    /// The weekday in `5L` or `FRIL`.
    fn before_last<'t>(&self, text: &'t str) -> Option<&'t str> {
        let weekday = text.strip_suffix(['L', 'l'])?;
        let last = weekday.rsplit('-').next().unwrap_or(weekday);
        let number = last.bytes().all(|byte| byte.is_ascii_digit()) && !last.is_empty();
        (number || self.named(last).is_some()).then_some(weekday)
    }

    /// `a-b`; a Sunday that ends one is the 7.
    fn range(&self, part: Piece<'_>) -> Result<(u8, u8), Invalid> {
        let Some((from, to)) = part.split('-') else {
            return Err(self.wrong(part, &format!("expected {}", self.expected()), None));
        };
        if from.text.is_empty() || to.text.is_empty() || to.text.contains('-') {
            let why = "a range has two ends, such as `1-5`";
            return Err(self.wrong(part, why, None));
        }
        let (first, mut last) = (self.value(from)?, self.value(to)?);
        if self.field.name == WEEKDAY.name && last == 0 && first > 0 && self.named(to.text).is_some() {
            last = 7;
        }
        if first <= last {
            return Ok((first, last));
        }
        let why = "a range goes from the smaller to the larger";
        Err(self.wrong(part, why, Some(&self.around(from.text, to.text, last))))
    }

    /// A range that goes around the end, in two: `22-2` is `22-23,0-2`.
    fn around(&self, from: &str, to: &str, last: u8) -> String {
        let weekday = self.field.name == WEEKDAY.name;
        let (least, most) = (self.field.least.to_string(), self.field.most.to_string());
        let (end, start) = match self.field.names {
            [_, monday, ..] if weekday && self.named(from).is_some() => ("SUN", *monday),
            [first, .., end] if self.named(from).is_some() => (*end, *first),
            _ if weekday => (most.as_str(), "1"),
            _ => (most.as_str(), least.as_str()),
        };
        let (from, to) = (from.to_ascii_uppercase(), to.to_ascii_uppercase());
        match to == start {
            _ if weekday && last == 0 => format!("{from}-{end}"),
            true => format!("{from}-{end},{to}"),
            false => format!("{from}-{end},{start}-{to}"),
        }
    }

    /// A number or a name.
    fn value(&self, part: Piece<'_>) -> Result<u8, Invalid> {
        if let Some(value) = self.named(part.text) {
            return Ok(value);
        }
        if part.text.is_empty() || !part.text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.not_a_value(part));
        }
        let number = part.text.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        let value =
            number.parse::<u8>().ok().filter(|value| (self.field.least..=self.field.most).contains(value));
        value.ok_or_else(|| self.out_of_range(part, number))
    }

    fn named(&self, text: &str) -> Option<u8> {
        let place = self.field.names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
        u8::try_from(place).ok().map(|place| place + self.field.least)
    }

    fn out_of_range(&self, part: Piece<'_>, number: &str) -> Invalid {
        let Field { name, least, most, .. } = *self.field;
        let mut plural = format!("{name}s");
        plural[..1].make_ascii_uppercase();
        let sunday = if name == WEEKDAY.name { ", and both 0 and 7 are Sunday" } else { "" };
        let shown = cut(number);
        let why = format!("There is no {name} {shown}. {plural} go from {least} to {most}{sunday}.");
        // The 24th hour and the 60th minute are the next 0.
        let after_last = number.parse() == Ok(u16::from(most) + 1) && least == 0 && sunday.is_empty();
        let near = if number == "0" || after_last { least } else { most };
        Invalid::new("expression", format!("{} {why} Did you mean `{near}`?", place(name, part)))
    }

    /// Letters that are no name of this field.
    fn not_a_value(&self, part: Piece<'_>) -> Invalid {
        let text = part.text;
        let upper = text.to_ascii_uppercase();
        let short = |names: &[&'static str]| names.iter().find(|name| upper.starts_with(**name)).copied();
        let letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if letters
            && text.len() > 3
            && let Some(name) = short(self.field.names)
        {
            return self.wrong(part, "only the short name is taken", Some(name));
        }
        if let Some(name) = nearest(text, self.field.names.iter().copied()) {
            return self.wrong(part, "", Some(name));
        }
        let elsewhere = [(&WEEKDAYS[..], "weekday"), (&MONTHS[..], "month")];
        let there =
            elsewhere.into_iter().find(|(names, _)| letters && text.len() >= 3 && short(names).is_some());
        let why = match there {
            Some((_, other)) => format!(
                "`{}` is a {other}, and this is the field of the {}: expected {}",
                cut(text),
                self.field.name,
                self.expected()
            ),
            None if letters
                && self.field.letters.is_empty()
                && ["L", "W", "LW"].contains(&upper.as_str()) =>
            {
                format!("`{upper}` belongs to days; expected {}", self.expected())
            }
            None => format!("expected {}", self.expected()),
        };
        self.wrong(part, &why, None)
    }

    /// What the field takes, in words.
    fn expected(&self) -> String {
        let Field { least, most, .. } = *self.field;
        let values = match self.field.names {
            [first, .., last] => format!("{least} to {most} or {first} to {last}"),
            _ => format!("{least} to {most}"),
        };
        let more = match self.field.letters {
            ['?', 'L', 'W'] => ", `L`, `LW`, `15W`",
            ['?', 'L', ..] => ", `5#2`, `5L`",
            _ => "",
        };
        format!(
            "{values}, a range such as `{0}-{1}`, a step such as `*/2`, a list or `*`{more}",
            least + 1,
            least + 5
        )
    }
}

/// `weekday `MOM` at column 11:`.
fn place(field: &str, found: Piece<'_>) -> String {
    format!("{field} `{}` at column {}:", cut(found.text), found.column)
}

/// A text on one line, and its head alone where it is long.
fn cut(text: &str) -> String {
    let more = if text.chars().count() > SHOWN { "…" } else { "" };
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    shown + more
}

/// An error about a piece of the expression.
pub(super) fn wrong(field: &str, found: Piece<'_>, why: &str, hint: Option<&str>) -> Invalid {
    let hint = hint.filter(|hint| hint.len() <= SHOWN).map(|hint| format!("did you mean `{hint}`?"));
    let text = match (why, hint) {
        ("", Some(hint)) => hint,
        (why, Some(hint)) => format!("{why}; {hint}"),
        (why, None) => why.to_owned(),
    };
    Invalid::new("expression", format!("{} {text}", place(field, found)))
}
