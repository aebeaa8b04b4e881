//! How far a run says it is: a file that it writes to, looked at now and then.
//!
//! `echo "40 Copying" > "$ATTUNE_PROGRESS_FILE"` is all that an action needs, in any language. The last line of the
//! file counts: a number from 0 to 100, a sentence, or both. A file can be written by every process of a run, at any
//! time, without blocking anybody, and is no part of its output.

use model::{Progress, limits};
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Of a file to which lines were appended, the end that is read.
const READ: u64 = 4096;

/// The file of one run. It is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct ProgressFile {
    path: PathBuf,
    /// What was seen: when it was written, and how long it was.
    seen: Option<(SystemTime, u64)>,
    last: Progress,
}

impl ProgressFile {
    /// The file of that name in a private folder. What an engine that died left there goes.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        Self { path, seen: None, last: Progress::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the run says by now, where that is news.
    pub(crate) fn news(&mut self) -> Option<Progress> {
        let meta = fs::symlink_metadata(&self.path).ok().filter(fs::Metadata::is_file)?;
        let seen = Some((meta.modified().ok()?, meta.len()));
        if seen == self.seen {
            return None;
        }
        self.seen = seen;
        let said = parse(&self.end_of_file().ok()?)?;
        if said == self.last {
            return None;
        }
        self.last = said.clone();
        Some(said)
    }

    fn end_of_file(&self) -> io::Result<String> {
        // A run may put anything there; what is not a plain file must not lead elsewhere or block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(&self.path, flags, Mode::empty())?);
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(READ)))?;
        let mut bytes = Vec::new();
        file.take(READ).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for ProgressFile {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.path.display(), %error, "a progress file could not be removed");
            }
            _ => {}
        }
    }
}

/// Reads `40 Copying`, `40% Copying`, `40` or `Copying` from the last line that says something.
fn parse(text: &str) -> Option<Progress> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let number =
        word.strip_suffix('%').unwrap_or(word).parse::<f64>().ok().filter(|number| number.is_finite());
    let message = if number.is_some() { rest } else { line };
    Some(Progress { percent: number.map(percent), message: sentence(message) })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
fn percent(number: f64) -> u8 {
    number.clamp(0.0, 100.0) as u8
}

/// A line that people see, whatever a program wrote.
pub(crate) fn sentence(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(limits::PROGRESS_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_a_number_or_a_sentence_or_both() {
        for (text, percent, message) in [
            ("40 Copying\n", Some(40), "Copying"),
            ("40% Copying", Some(40), "Copying"),
            ("12.9\n", Some(12), ""),
            ("-3 a", Some(0), "a"),
            ("1e9 b", Some(100), "b"),
            ("Copying 3 of 4\n", None, "Copying 3 of 4"),
            ("inf x", None, "inf x"),
            ("10 a\n20 b\n\n", Some(20), "b"),
            ("7 \u{1b}[31mred\u{7}", Some(7), "[31mred"),
        ] {
            assert_eq!(parse(text), Some(Progress { percent, message: message.to_owned() }), "{text:?}");
        }
        assert_eq!(parse(" \n\n"), None);
        assert_eq!(parse(&"x".repeat(5_000)).unwrap().message.len(), limits::PROGRESS_CHARS);
    }

    #[test]
    fn only_news_is_told_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = ProgressFile::new(folder.path(), "1-1.progress");
        assert_eq!(file.news(), None);
        fs::write(file.path(), "10 a").unwrap();
        assert_eq!(file.news(), Some(Progress { percent: Some(10), message: "a".to_owned() }));
        assert_eq!(file.news(), None);
        fs::remove_file(file.path()).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", file.path()).unwrap();
        assert_eq!(file.news(), None);
        let path = file.path().to_owned();
        drop(file);
        assert!(path.symlink_metadata().is_err());
    }
}
