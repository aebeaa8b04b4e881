//! Secrets that an action prints are not kept: they are masked before anything of its output is written down.
//!
//! What is known are the values of parameters that the action itself declares secret, as they are, as they stand in
//! JSON, and in base64. Deliberately absent: any claim beyond that. A program that writes a secret in another way is
//! not found out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use model::Schema;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What stands in place of a secret.
pub(crate) const MASK: &[u8] = b"***";
/// Shorter ones are not masked: half of every output would be stars, and tell by that what they are.
const SHORTEST: usize = 4;

/// What must not be written down. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Option<Arc<Forms>>);

#[derive(Debug)]
struct Forms {
    /// The longest first: of two that begin alike it is masked whole.
    forms: Vec<Vec<u8>>,
    /// Whether one begins with this byte.
    begins: [bool; 256],
}

impl Secrets {
    /// The secrets among the parameters of an action.
    pub(crate) fn of(parameters: &Map<String, Value>, schema: &Schema) -> Self {
        let mut values = Vec::new();
        for (_, value) in parameters.iter().filter(|(name, _)| schema.is_secret(name)) {
            gather(value, &mut values);
        }
        values.retain(|value| value.len() >= SHORTEST);
        let mut forms: Vec<Vec<u8>> = values.iter().flat_map(|value| forms(value)).collect();
        if forms.is_empty() {
            return Self(None);
        }
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        let mut begins = [false; 256];
        for place in forms.iter().filter_map(|form| form.first()) {
            begins[usize::from(*place)] = true;
        }
        Self(Some(Arc::new(Forms { forms, begins })))
    }

    /// Whether there is nothing to mask.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Masks what stands in `held` and `bytes` after it, and keeps in `held` what may be the beginning of a secret,
    /// unless nothing more comes.
    pub(crate) fn mask(&self, held: &mut Vec<u8>, bytes: &[u8], more_comes: bool) -> Vec<u8> {
        held.extend_from_slice(bytes);
        let Some(known) = &self.0 else { return std::mem::take(held) };
        let mut masked = Vec::with_capacity(held.len());
        let mut rest = held.as_slice();
        loop {
            let plain = rest.iter().position(|byte| known.begins[usize::from(*byte)]).unwrap_or(rest.len());
            let (before, from_here) = rest.split_at(plain);
            masked.extend_from_slice(before);
            rest = from_here;
            let Some(first) = rest.first() else { break };
            let secret = known
                .forms
                .iter()
                .find(|form| rest.starts_with(form) || (more_comes && form.starts_with(rest)));
            match secret {
                Some(form) if rest.len() >= form.len() => {
                    masked.extend_from_slice(MASK);
                    rest = rest.get(form.len()..).unwrap_or_default();
                }
                // It is not whole yet.
                Some(_) => break,
                None => {
                    masked.push(*first);
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        *held = rest.to_vec();
        masked
    }

    /// The same for a text that is whole.
    pub(crate) fn mask_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask(&mut Vec::new(), text.as_bytes(), false)).into_owned()
    }
}

fn gather(value: &Value, values: &mut Vec<String>) {
    match value {
        Value::String(text) => values.push(text.clone()),
        Value::Number(number) => values.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, values)),
        Value::Object(map) => map.values().for_each(|item| gather(item, values)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The ways in which a secret is usually printed.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let json = Value::from(secret).to_string();
    let json = json.get(1..json.len() - 1).unwrap_or_default();
    let mut forms = vec![secret.as_bytes().to_vec(), json.as_bytes().to_vec()];
    // A line end that a shell takes off, or that was in the file the secret came from.
    forms.push(secret.trim_end().as_bytes().to_vec());
    for before in 0..3 {
        // Three bytes are four characters, so what stands before a secret shifts it; of the characters at both
        // ends only those are taken that hold nothing but the secret.
        let shifted = [&b"\0\0"[..before], secret.as_bytes()].concat();
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            let (begin, end) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
            forms.push(text.as_bytes().get(begin..end).unwrap_or_default().to_vec());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn secrets(value: &Value) -> Secrets {
        let schema = Schema::parse(
            &json!({"password": {"type": "string", "secret": true}, "user": {"type": "string"}}),
        )
        .unwrap();
        let parameters = json!({"password": value, "user": "alexander"});
        Secrets::of(parameters.as_object().unwrap(), &schema)
    }

    fn masked(secrets: &Secrets, text: &str) -> String {
        secrets.mask_text(text)
    }

    #[test]
    fn a_secret_is_masked_in_every_usual_form() {
        let secret = "pa\"ss wörd/42";
        let secrets = secrets(&json!(secret));
        assert_eq!(masked(&secrets, &format!("a{secret}b{secret}")), "a***b***");
        assert_eq!(masked(&secrets, r#"{"p": "pa\"ss wörd/42"}"#), r#"{"p": "***"}"#);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{secret}{after}");
                for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let encoded = engine.encode(&text);
                    assert!(masked(&secrets, &encoded).contains("***"), "{text}: {encoded}");
                }
            }
        }
        assert_eq!(masked(&secrets, "alexander"), "alexander", "that is no secret");
    }

    #[test]
    fn short_values_are_left_alone_and_nested_ones_are_found() {
        assert!(secrets(&json!("abc")).is_empty());
        assert!(secrets(&json!(true)).is_empty());
        let nested = secrets(&json!({"key": ["first secret", 123_456]}));
        assert_eq!(masked(&nested, "first secret 123456 key"), "*** *** key");
    }

    proptest! {
        /// However the output is cut into reads, what is kept is the same, and the secret is not in it.
        #[test]
        fn cuts_do_not_matter(
            parts in prop::collection::vec(prop_oneof![Just("abcabd"), Just("abc"), Just("ab"), Just("x"), Just("\n")], 0..30),
            cuts in prop::collection::vec(0_usize..9, 1..30)
        ) {
            let secrets = secrets(&json!("abcabd"));
            let text = parts.concat();
            let whole = secrets.mask_text(&text);
            prop_assert!(!whole.contains("abcabd"));
            prop_assert_eq!(&whole, &text.replace("abcabd", "***"));
            let (mut held, mut cut, mut rest) = (Vec::new(), Vec::new(), text.as_bytes());
            for length in cuts.iter().cycle().take(400) {
                let (now, later) = rest.split_at((*length).min(rest.len()));
                cut.extend(secrets.mask(&mut held, now, true));
                rest = later;
            }
            cut.extend(secrets.mask(&mut held, rest, false));
            prop_assert!(held.is_empty());
            prop_assert_eq!(String::from_utf8(cut).unwrap(), whole);
        }
    }
}
