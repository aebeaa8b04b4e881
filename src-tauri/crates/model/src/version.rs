//! Versions of the programs that run things, and which of them a pack can do with.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The version of a program: what comes after the third number does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second; 0 where there is none.
    pub minor: u32,
    /// The third; 0 where there is none.
    pub patch: u32,
}

impl Version {
    /// No version is higher.
    const TOP: Self = Self { major: u32::MAX, minor: u32::MAX, patch: u32::MAX };

    const fn of(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// The version in what a program says of itself, such as `Python 3.11.7` or `v20.20.2`.
    #[must_use]
    pub fn find_in(text: &str) -> Option<Self> {
        let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == '(');
        let numbers = words.map(|word| word.trim_start_matches(['v', 'V'])).filter(|word| {
            word.starts_with(|c: char| c.is_ascii_digit()) && (word.contains('.') || word.len() < 4)
        });
        numbers
            .map(|word| word.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default())
            .find_map(|word| {
                let mut parts = word.split('.').filter(|part| !part.is_empty()).map(str::parse);
                let mut part = || parts.next().unwrap_or(Ok(0)).ok();
                Some(Self { major: part()?, minor: part()?, patch: part()? })
            })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Which versions will do: `>=3.9`, `>=3.9,<3.13`, `^20`, `~3.11`, `3.x`, `!=3.10`.
///
/// A version without a sign means itself and what only mends it: `3.12` is every 3.12, `20` every 20, `3.12.1` every
/// 3.12 from there on. `^3.12` means below 4; `~3.12` and `=3.12` mean every 3.12; `~=` is Python's. Clauses stand side
/// by side or with commas between, and all of them count.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct VersionRange {
    text: String,
    from: Version,
    below: Version,
    without: Vec<(Version, Version)>,
}

impl Default for VersionRange {
    /// Any version.
    fn default() -> Self {
        Self { text: String::new(), from: Version::default(), below: Version::TOP, without: Vec::new() }
    }
}

impl VersionRange {
    /// Whether every version will do.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a version will do.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        let inside = |from: Version, below: Version| from <= version && version < below;
        inside(self.from, self.below) && !self.without.iter().any(|(from, below)| inside(*from, *below))
    }

    /// What both allow.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let texts = [&self.text, &other.text].map(String::as_str);
        let text = match texts {
            [one, ""] | ["", one] => one.to_owned(),
            [one, other] if one == other => one.to_owned(),
            both => both.join(","),
        };
        let without = self.without.iter().chain(&other.without).copied().collect();
        Self { text, from: self.from.max(other.from), below: self.below.min(other.below), without }
    }

    fn clause(&mut self, sign: &str, text: &str) -> Result<(), String> {
        let (version, parts) = numbers(text)?;
        let next = |parts: usize| match parts {
            0 => Version::TOP,
            1 => Version::of(version.major.saturating_add(1), 0, 0),
            2 => Version::of(version.major, version.minor.saturating_add(1), 0),
            _ => Version::of(version.major, version.minor, version.patch.saturating_add(1)),
        };
        let next_compatible = if version.major == 0 { next(2) } else { next(1) };
        let mut between = |from: Version, below: Version| {
            self.from = self.from.max(from);
            self.below = self.below.min(below);
        };
        match sign {
            "" | "~" => between(version, next(parts.min(2))),
            "=" | "==" | "===" => between(version, next(parts)),
            "^" => between(version, next_compatible),
            "~=" if parts >= 2 => between(version, next(parts - 1)),
            ">=" => between(version, Version::TOP),
            ">" => between(next(parts), Version::TOP),
            "<" => between(Version::default(), version),
            "<=" => between(Version::default(), next(parts)),
            "!=" => self.without.push((version, next(parts))),
            _ => return Err(format!("`{sign}{text}` has no meaning")),
        }
        Ok(())
    }
}

/// The numbers of `3`, `3.12`, `v3.12.1` or `3.x`, and how many were given.
fn numbers(text: &str) -> Result<(Version, usize), String> {
    let mut numbers = [0; 3];
    let mut given = 0;
    for part in text.trim_start_matches(['v', 'V']).split('.') {
        if ["x", "X", "*"].contains(&part) {
            break;
        }
        let number = part.parse().map_err(|_| format!("`{text}` is not a version"))?;
        // What comes after the third number does not count.
        if let Some(place) = numbers.get_mut(given) {
            *place = number;
            given += 1;
        }
    }
    let [major, minor, patch] = numbers;
    Ok((Version { major, minor, patch }, given))
}

impl FromStr for VersionRange {
    type Err = String;

    /// # Errors
    /// A sentence that says which part is not understood and gives an example.
    fn from_str(text: &str) -> Result<Self, String> {
        let example = |what: String| format!("{what}; expected versions such as `>=3.9` or `>=3.9,<3.13`");
        let mut range = Self { text: text.trim().to_owned(), ..Self::default() };
        if range.text.len() > 100 {
            return Err(example("the versions are longer than 100 characters".to_owned()));
        }
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches([' ', ',']);
            if rest.is_empty() {
                return Ok(range);
            }
            let signs = rest.find(|c| !"<>=~^!".contains(c)).unwrap_or(rest.len());
            let (sign, after) = rest.split_at(signs);
            let after = after.trim_start_matches(' ');
            let end = after.find(|c| " ,<>=~^!".contains(c)).unwrap_or(after.len());
            let (version, after) = after.split_at(end);
            range.clause(sign, version).map_err(example)?;
            rest = after;
        }
    }
}

impl TryFrom<String> for VersionRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Serialize for VersionRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl fmt::Display for VersionRange {
    /// As it was written; nothing where any version will do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_tell_their_versions_in_many_ways() {
        for (text, version) in [
            ("Python 3.11.7\n", Version::of(3, 11, 7)),
            ("v20.20.2\n", Version::of(20, 20, 2)),
            ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", Version::of(5, 2, 15)),
            ("Python 3.13.0rc1", Version::of(3, 13, 0)),
            ("Python 3", Version::of(3, 0, 0)),
        ] {
            assert_eq!(Version::find_in(text), Some(version), "{text}");
        }
        assert_eq!(Version::find_in("command not found"), None);
    }

    #[test]
    fn a_range_holds_what_its_writer_means() {
        for (range, inside, outside) in [
            ("", "0.1 99", ""),
            (">=3.9", "3.9 3.9.1 3.12 4", "3.8.99 2"),
            (">= 3.9, <3.13", "3.9 3.12.9", "3.13 3.8"),
            (">=3.9 <4", "3.99", "4"),
            ("3.12", "3.12 3.12.7", "3.13 3.11"),
            ("20", "20 20.9", "21 19"),
            ("3.x", "3 3.99", "4"),
            ("3.12.1", "3.12.1 3.12.5", "3.12.0 3.13"),
            ("=3.12.1", "3.12.1", "3.12.2"),
            ("==3.12.*", "3.12.2", "3.13"),
            ("^3.12", "3.12 3.99", "4 3.11"),
            ("^0.3", "0.3.5", "0.4"),
            ("~3.12", "3.12.9", "3.13"),
            ("~=3.9", "3.9 3.10", "4 3.8"),
            ("~=3.9.2", "3.9.3", "3.10 3.9.1"),
            (">3.9", "3.10", "3.9.5"),
            ("<=3.9", "3.9.5", "3.10"),
            (">=3,!=3.10", "3.9 3.11", "3.10.4"),
        ] {
            let parsed: VersionRange = range.parse().unwrap();
            let versions = |list: &str| -> Vec<Version> {
                list.split(' ')
                    .filter(|text| !text.is_empty())
                    .map(|text| Version::find_in(text).unwrap())
                    .collect()
            };
            assert!(versions(inside).into_iter().all(|version| parsed.contains(version)), "{range}");
            assert!(!versions(outside).into_iter().any(|version| parsed.contains(version)), "{range}");
            assert_eq!(parsed.to_string(), range);
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (range, part) in [
            ("latest", "`latest` is not a version"),
            (">=3.9 || 2", "`||` is not a version"),
            ("=>3", "`=>3` has no meaning"),
            (">=", "`` is not a version"),
            ("~=3", "`~=3` has no meaning"),
        ] {
            let error = range.parse::<VersionRange>().unwrap_err();
            assert!(error.contains(part) && error.contains(">=3.9"), "{error}");
        }
    }

    #[test]
    fn two_ranges_allow_what_both_do() {
        let both = |one: &str, other: &str| one.parse::<VersionRange>().unwrap().and(&other.parse().unwrap());
        let range = both(">=3.9", "<3.13");
        assert!(range.contains(Version::of(3, 12, 0)) && !range.contains(Version::of(3, 13, 0)));
        assert_eq!(range.to_string(), ">=3.9,<3.13");
        assert_eq!(both("3.12", "").to_string(), "3.12");
        assert!(both("", "").is_any());
    }
}
