//! Text for a terminal: nothing from outside reaches it as anything but visible characters.

use api::wire::Time;
use serde_json::Value;
use std::fmt::Write as _;

/// A text as part of one line: every control character becomes a visible sign.
pub(crate) fn inline(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// A text of several lines: line feeds and tabs stay, escape sequences that only set colours go, every
/// other control character becomes a visible sign.
#[derive(Default)]
pub(crate) struct Plain {
    /// The beginning of an escape sequence whose end has not come yet.
    held: String,
}

impl Plain {
    /// The plain form of the next piece.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            self.take(c, &mut out);
        }
        out
    }

    /// What is still held back at the end.
    pub(crate) fn finish(&mut self) -> String {
        inline(&std::mem::take(&mut self.held))
    }

    fn take(&mut self, c: char, out: &mut String) {
        let inside = !self.held.is_empty();
        let begins = !inside && c == '\u{1b}';
        let goes_on = (self.held == "\u{1b}" && c == '[')
            || (self.held.len() >= 2 && self.held.len() < 32 && matches!(c, '0'..='9' | ';' | ':'));
        if begins || (inside && goes_on) {
            self.held.push(c);
        } else if self.held.len() >= 2 && c == 'm' {
            self.held.clear();
        } else if inside {
            out.push_str(&self.finish());
            self.take(c, out);
        } else {
            out.push(if matches!(c, '\n' | '\t') { c } else { visible(c) });
        }
    }
}

/// The sign of a control character; other characters are themselves. Marks that turn the direction of
/// writing would let a text disguise what stands beside it.
fn visible(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '\u{fffd}'
        }
        c => c,
    }
}

/// JSON for scripts. What JSON allows in texts but a terminal obeys is escaped.
pub(crate) fn json(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if visible(c) == c {
            out.push(c);
        } else {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    out
}

/// Rows under a head, in columns as wide as their widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| inline(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    };
    line(&mut head.iter().copied());
    for row in &rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

/// Names and values, one a line.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "{name:width$}  {}", inline(value));
    }
    out
}

/// A value in one line: texts as they are, anything else as JSON, cut where it is long.
pub(crate) fn brief(value: &Value, longest: usize) -> String {
    let text = match value {
        Value::String(text) => text.trim_end().to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    if text.chars().count() > longest {
        text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
    } else {
        text
    }
}

/// Local time of day, to the millisecond.
pub(crate) fn clock(time: Time) -> String {
    let text = time.to_string();
    let fraction = text.get(19..).and_then(|rest| rest.strip_prefix('.')).unwrap_or("");
    let digits: String =
        fraction.chars().take_while(char::is_ascii_digit).chain("000".chars()).take(3).collect();
    format!("{}.{digits}", text.get(11..19).unwrap_or(&text))
}

/// Local date and time, to the second.
pub(crate) fn moment(time: Time) -> String {
    let text = time.to_string();
    text.get(..19).map_or(text.clone(), |text| text.replace('T', " "))
}

/// The same, or nothing.
pub(crate) fn moment_or_none(time: Option<Time>) -> String {
    time.map(moment).unwrap_or_default()
}

/// A length of time as people say it.
pub(crate) fn duration(ms: i64) -> String {
    match ms {
        ..=999 => format!("{ms} ms"),
        1_000..=59_999 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..=3_599_999 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_from_outside_moves_the_cursor() {
        let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\rx\0\u{7f}\u{202e}";
        let shown = inline(hostile);
        assert!(!shown.chars().any(char::is_control), "{shown}");
        assert!(shown.contains('␀') && shown.contains('␛'));
        assert_eq!(json(&json!("\u{9b}\u{7f}a\n")), r#""\u009b\u007fa\n""#);
    }

    #[test]
    fn colours_go_and_lines_stay_also_in_two_pieces() {
        let mut plain = Plain::default();
        assert_eq!(plain.push("a\u{1b}[31"), "a");
        assert_eq!(plain.push("mred\u{1b}[0m\n\tb"), "red\n\tb");
        assert_eq!(plain.push("\u{1b}[2Jx\u{1b}\u{1b}[1mz\u{1b}]8;;file://\u{7}"), "␛[2Jx␛z␛]8;;file://␇");
        assert_eq!(plain.push("end\u{1b}["), "end");
        assert_eq!(plain.finish(), "␛[");
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let rows = vec![vec!["a".to_owned(), "long\ncell".to_owned()], vec!["bbb".to_owned(), String::new()]];
        assert_eq!(table(&["ID", "NAME"], &rows), "ID   NAME\na    long␊cell\nbbb\n");
    }

    #[test]
    fn times_and_lengths_read_well() {
        let time = Time("2026-03-28T00:00:10.25Z".parse().unwrap());
        assert!(clock(time).ends_with(":10.250"), "{}", clock(time));
        assert_eq!(duration(5), "5 ms");
        assert_eq!(duration(61_000), "1 min 1 s");
        assert_eq!(brief(&json!("abcdef\n"), 4), "abc…");
    }
}
