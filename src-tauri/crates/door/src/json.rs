//! JSON from outside, read strictly: nesting is bounded before anything is parsed, and a number that would
//! be rounded is refused. Of a key that comes twice the last one counts.

use model::limits;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A text that is not JSON as we take it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct BadJson {
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

/// Reads one JSON document.
///
/// # Errors
/// The text is no JSON, is nested more than 64 deep, holds a lone surrogate, or a number that could not be
/// kept exactly.
pub fn read(bytes: &[u8]) -> Result<Value, BadJson> {
    check(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        // The place is told in fields of its own.
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        BadJson { message, line: error.line(), column: error.column() }
    })
}

/// One pass over the bytes, before any reader that recurses or rounds.
fn check(bytes: &[u8]) -> Result<(), BadJson> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(bytes, at + 1);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::NESTING {
                    return Err(bad(bytes, at, format!("nested more than {} deep", limits::NESTING)));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, at);
                if !kept_exactly(&bytes[at..end]) {
                    let shown = String::from_utf8_lossy(&bytes[at..end.min(at + 40)]).into_owned();
                    let message = format!("the number {shown} cannot be kept exactly; send it as a text");
                    return Err(bad(bytes, at, message));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

fn bad(bytes: &[u8], at: usize, message: String) -> BadJson {
    let before = &bytes[..at];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    BadJson { message, line, column }
}

/// The place after the closing quote; the end where there is none.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], at: usize) -> usize {
    let part_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    at + bytes[at..].iter().take_while(|byte| part_of_number(byte)).count()
}

/// Whether reading a number and writing it again gives the same number. What is no number at all passes:
/// the parser says it better.
fn kept_exactly(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return true };
    if !text.contains(['.', 'e', 'E']) {
        return text.len() <= 18 || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    }
    let Some(written) = Decimal::parse(text) else { return true };
    // Fifteen digits survive any double; beyond that the shortest form tells.
    if written.digits.len() <= 15 && (-290..290).contains(&written.exponent) {
        return true;
    }
    let Ok(double) = text.parse::<f64>() else { return true };
    double.is_finite() && Decimal::parse(&format!("{double:e}")) == Some(written)
}

/// A number as `0.digits × 10^exponent`, without zeros at either end.
#[derive(PartialEq, Eq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        // An exponent of a hundred digits is as far off as one of ten.
        let exponent: i64 = if exponent.len() > 10 {
            if exponent.starts_with('-') { -9_999_999_999 } else { 9_999_999_999 }
        } else {
            exponent.parse().ok()?
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { digits, exponent: 0 });
        }
        Some(Self { digits, exponent: exponent + i64::try_from(whole.len()).ok()? - leading })
    }
}

/// SHA-256 over what makes two posts of an event the same, whatever the order of their keys.
pub(crate) fn event_digest(trigger_ref: &str, payload: &Value, instance: Option<&str>) -> [u8; 32] {
    let mut text = Vec::with_capacity(256);
    canonical_text(trigger_ref, &mut text);
    text.push(b',');
    canonical(payload, &mut text);
    text.push(b',');
    canonical_text(instance.unwrap_or(""), &mut text);
    Sha256::digest(&text).into()
}

fn canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push(b'{');
            for (key, value) in entries {
                canonical_text(key, out);
                out.push(b':');
                canonical(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                canonical(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::String(text) => canonical_text(text, out),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Bool(true) => out.push(b't'),
        Value::Bool(false) => out.push(b'f'),
        Value::Null => out.push(b'n'),
    }
}

/// The length before the text makes every quoting needless.
fn canonical_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.len().to_string().as_bytes());
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn round_trip(text: &str) -> Result<String, String> {
        read(text.as_bytes()).map(|value| value.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_number_is_kept_as_it_was_written_or_refused() {
        for kept in [
            "0",
            "-1",
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "1e300",
            "1700000000.1234567",
            "5e-324",
        ] {
            let back = round_trip(kept).unwrap();
            assert!(Decimal::parse(&back) == Decimal::parse(kept), "{kept} became {back}");
        }
        for refused in [
            "18446744073709551616",
            "1e400",
            "-1e400",
            "0.12345678901234567890",
            "1e-400",
            "9007199254740993.0",
        ] {
            let error = round_trip(refused).unwrap_err();
            assert!(error.contains("cannot be kept exactly"), "{refused}: {error}");
        }
        assert!(round_trip("[NaN]").is_err());
        assert!(round_trip("[01]").is_err());
    }

    #[test]
    fn nesting_is_bounded_before_parsing() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(round_trip(&nested(64)).is_ok());
        let error = round_trip(&nested(65)).unwrap_err();
        assert_eq!(error, "nested more than 64 deep (line 1, column 65)");
        assert!(round_trip(&nested(10_000)).is_err());
        assert!(round_trip(&format!("\"{}\"", "[".repeat(100))).is_ok(), "brackets in a text are no nesting");
    }

    #[test]
    fn the_last_of_two_equal_keys_counts_and_odd_texts_are_data() {
        assert_eq!(round_trip(r#"{"a":1,"b":2,"a":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
        assert_eq!(round_trip(r#"{"":"\u0000","__proto__":1}"#).unwrap(), r#"{"":"\u0000","__proto__":1}"#);
        assert!(round_trip(r#"["\ud800"]"#).is_err(), "a lone surrogate");
        assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
        assert_eq!(read(b"{\n \"a\": }").unwrap_err().line, 2);
    }

    #[test]
    fn the_digest_knows_content_and_not_order() {
        let one = event_digest("core.x", &json!({"a": 1, "b": [true, null]}), Some("rule_1"));
        let same = event_digest("core.x", &json!({"b": [true, null], "a": 1}), Some("rule_1"));
        assert_eq!(one, same);
        for other in [
            event_digest("core.x", &json!({"a": 1, "b": [null, true]}), Some("rule_1")),
            event_digest("core.x", &json!({"a": "1", "b": [true, null]}), Some("rule_1")),
            event_digest("core.x", &json!({"a": 1, "b": [true, null]}), None),
            event_digest("core.y", &json!({"a": 1, "b": [true, null]}), Some("rule_1")),
        ] {
            assert_ne!(one, other);
        }
    }
}
