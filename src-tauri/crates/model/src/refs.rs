//! Refs: `pack.name`, lower case, one dot.

use crate::{Invalid, limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a trigger, sensor, action or rule: `pack.name`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(Arc<str>);

/// The name of a pack: the part of a [`Ref`] before the dot. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackRef(Arc<str>);

fn check_part(part: &str, what: &str, whole: &str) -> Result<(), Invalid> {
    let shown: String = whole.chars().take(80).collect();
    if part.is_empty() {
        return Err(Invalid::new(
            "ref",
            format!("`{shown}` has no {what}: expected pack.name, such as core.echo"),
        ));
    }
    let wrong = part.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '-'));
    if let Some(wrong) = wrong {
        return Err(Invalid::new(
            "ref",
            format!(
                "`{shown}` may not hold `{}`: a {what} is made of a to z, 0 to 9, _ and -",
                wrong.escape_default()
            ),
        ));
    }
    Ok(())
}

fn check_length(text: &str) -> Result<(), Invalid> {
    if text.len() > limits::REF_BYTES {
        return Err(Invalid::new(
            "ref",
            format!("a ref is at most {} characters long; this one has {}", limits::REF_BYTES, text.len()),
        ));
    }
    Ok(())
}

impl Ref {
    /// The pack that the name belongs to.
    #[must_use]
    pub fn pack(&self) -> PackRef {
        PackRef(Arc::from(self.0.split_once('.').map_or("", |(pack, _)| pack)))
    }

    /// The part after the dot.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, name)| name)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PackRef {
    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ref {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check_length(text)?;
        let (pack, name) = text.split_once('.').unwrap_or((text, ""));
        check_part(pack, "pack", text)?;
        check_part(name, "name", text)?;
        Ok(Self(Arc::from(text)))
    }
}

impl FromStr for PackRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check_length(text)?;
        check_part(text, "pack", text)?;
        Ok(Self(Arc::from(text)))
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|error: Invalid| serde::de::Error::custom(error.message))
            }
        }
    };
}
as_text!(Ref);
as_text!(PackRef);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_a_pack_and_a_name() {
        let echo: Ref = "core.echo_every_second".parse().unwrap();
        assert_eq!((echo.pack().as_str(), echo.name()), ("core", "echo_every_second"));
    }

    #[test]
    fn a_wrong_ref_names_what_is_wrong() {
        for (text, part) in [
            ("core", "has no name"),
            (".x", "has no pack"),
            ("core.a.b", "may not hold `.`"),
            ("Core.x", "may not hold `C`"),
            ("с\u{43e}re.x", "may not hold"),
            ("core.\0x", "may not hold"),
        ] {
            let error = text.parse::<Ref>().unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
        }
        assert!("a.".to_owned().repeat(200).parse::<Ref>().is_err());
    }
}
