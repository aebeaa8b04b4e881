//! Output as people read it: without the commands to a terminal, and the words in it.

use vte::{Parser, Perform};

/// Longest word; what is longer is known by its beginning.
const WORD_CHARS: usize = 40;

/// The text of some output without colours, titles, links and whatever else is meant for a terminal, so that it does
/// nothing wherever it is shown. Bytes that are no characters become `�`; a carriage return begins a new line.
#[must_use]
pub fn plain(bytes: &[u8]) -> String {
    if !bytes.iter().any(|byte| (*byte < b' ' && !b"\n\t".contains(byte)) || *byte >= 0x7F) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut text = Plain(String::with_capacity(bytes.len()));
    Parser::new().advance(&mut text, bytes);
    text.0
}

struct Plain(String);

impl Perform for Plain {
    fn print(&mut self, c: char) {
        if !c.is_control() {
            self.0.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' if self.0.ends_with('\r') => {
                self.0.pop();
                self.0.push('\n');
            }
            b'\n' | b'\t' | b'\r' => self.0.push(char::from(byte)),
            _ => {}
        }
    }
}

/// Whether something is meant to be read: it holds no NUL and is UTF-8 but for a few bytes.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let strange = |text: &str| text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    !bytes.contains(&0)
        && (std::str::from_utf8(bytes).is_ok() || strange(&String::from_utf8_lossy(bytes)) * 8 <= bytes.len())
}

/// Tells the words of a text, as they are kept: letters and digits that stand together, in lower case. What is
/// written without spaces between words (Chinese, Japanese) is parted into its characters.
pub(super) fn each_word(text: &str, mut tell: impl FnMut(&str)) {
    let mut word = String::new();
    for part in text.split(|c: char| !c.is_alphanumeric()) {
        word.clear();
        let mut length = 0;
        for c in part.chars() {
            if stands_alone(c) {
                tell_some(&word, &mut tell);
                tell(c.encode_utf8(&mut [0; 4]));
                word.clear();
                length = 0;
            } else if length < WORD_CHARS {
                word.extend(c.to_lowercase());
                length += 1;
            }
        }
        tell_some(&word, &mut tell);
    }
}

fn tell_some(word: &str, tell: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        tell(word);
    }
}

/// Han, Hiragana, Katakana.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// What somebody looks for: parts between spaces, all of which must stand in one line, each from the beginning of a
/// word.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Each in lower case.
    parts: Vec<String>,
}

impl Wanted {
    pub(super) fn new(text: &str) -> Self {
        Self { parts: text.split_whitespace().map(str::to_lowercase).collect() }
    }

    /// The question to the index; none where no word is asked for.
    pub(super) fn question(&self) -> Option<String> {
        let mut terms = Vec::new();
        for part in &self.parts {
            let mut all = Vec::new();
            each_word(part, |word| all.push(word.to_owned()));
            // A word that may go on: the index answers that for three characters or more.
            let last = all.len().saturating_sub(1);
            let goes_on = part.ends_with(char::is_alphanumeric);
            terms.extend(all.iter().enumerate().map(|(index, word)| {
                let open = index == last && goes_on && (3..WORD_CHARS).contains(&word.chars().count());
                format!("\"{word}\"{}", if open { "*" } else { "" })
            }));
        }
        (!terms.is_empty()).then(|| terms.join(" AND "))
    }

    /// Where in a line, in characters, the first of the parts stands; none where one of them does not.
    pub(super) fn find_in(&self, line: &str) -> Option<usize> {
        let line = line.to_lowercase();
        let mut first = usize::MAX;
        for part in &self.parts {
            first = first.min(find(&line, part)?);
        }
        Some(line.get(..first)?.chars().count())
    }
}

/// Where a part begins that begins a word.
fn find(line: &str, part: &str) -> Option<usize> {
    let starts_word = part.starts_with(|c: char| c.is_alphanumeric() && !stands_alone(c));
    line.match_indices(part).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|before| before.chars().next_back());
        !(starts_word && before.is_some_and(|c| c.is_alphanumeric() && !stands_alone(c)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_a_terminal_are_not_text() {
        for (bytes, text) in [
            (&b"\x1b[1;31mred\x1b[0m plain"[..], "red plain"),
            (b"\x1b]8;;file:///etc/passwd\x07link\x1b]8;;\x07", "link"),
            (b"\x1b]52;c;aGVsbG8=\x07\x1b]0;title\x1b\\x", "x"),
            (b"\x1b[2Ja\x1bPq#0\x1b\\b\x07\x08", "ab"),
            (b"a\tb\r\nc\rd", "a\tb\nc\rd"),
            ("caf\u{e9} \u{9b}31mX\u{85}".as_bytes(), "caf\u{e9} 31mX"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"half \x1b[3", "half "),
        ] {
            assert_eq!(plain(bytes), text);
        }
        assert_eq!(plain(format!("\x1b[{}mx", "1;".repeat(500_000)).as_bytes()), "x");
    }

    #[test]
    fn words_are_parted_everywhere_in_the_same_way() {
        let all = |text: &str| {
            let mut all = Vec::new();
            each_word(text, |word| all.push(word.to_owned()));
            all
        };
        assert_eq!(all("Foo_bar.BAZ-12, \"x\""), ["foo", "bar", "baz", "12", "x"]);
        assert_eq!(all("Größe Ärger"), ["größe", "ärger"]);
        assert_eq!(all("ab東京c"), ["ab", "東", "京", "c"]);
        assert_eq!(all("...  ==>"), Vec::<String>::new());
    }

    #[test]
    fn a_question_asks_for_all_words_and_lets_the_last_go_on() {
        for (text, question) in [
            ("error", Some("\"error\"*")),
            ("Connection refu", Some("\"connection\"* AND \"refu\"*")),
            ("foo_bar:", Some("\"foo\" AND \"bar\"")),
            ("no", Some("\"no\"")),
            ("==> \"", None),
            ("", None),
        ] {
            assert_eq!(Wanted::new(text).question().as_deref(), question, "{text}");
        }
    }

    #[test]
    fn a_line_is_found_where_all_parts_begin_words_in_it() {
        let line = "[WARN] Connection to db_main:5432 was Refused (errno=111)";
        for (text, at) in [
            ("refused", Some(38)),
            ("connection REFUS", Some(7)),
            ("errno=111", Some(47)),
            ("db_main:5432", Some(21)),
            ("main", Some(24)),
            ("fused", None),
            ("connection granted", None),
        ] {
            assert_eq!(Wanted::new(text).find_in(line), at, "{text}");
        }
    }
}
