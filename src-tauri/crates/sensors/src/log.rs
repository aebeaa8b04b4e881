//! A sensor's log: what it writes to stdout and stderr, kept with rotation, read by people only.

use model::limits;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The newest of a few files of bounded size: `name.log`, older ones `name.log.1`, `name.log.2`.
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn older(path: &Path, age: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    PathBuf::from(name)
}

impl LogFile {
    /// Opens the log for more.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    /// Adds bytes; begins a new file where this one is full.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + bytes.len() as u64 > limits::SENSOR_LOG_BYTES {
            self.rotate()?;
        }
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        for age in (1..limits::SENSOR_LOG_FILES).rev() {
            let from = if age == 1 { self.path.clone() } else { older(&self.path, age - 1) };
            match std::fs::rename(&from, older(&self.path, age)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = open(&self.path)?;
        self.bytes = 0;
        Ok(())
    }

    /// The last lines of a log, control characters made visible; empty where there is none.
    #[must_use]
    pub fn tail(path: &Path, lines: usize) -> Vec<String> {
        const LOOK_BACK: u64 = 64 * 1024;
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOOK_BACK)))?;
            let mut bytes = Vec::new();
            file.take(LOOK_BACK).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let text = read().unwrap_or_default();
        let mut tail = VecDeque::with_capacity(lines);
        for line in String::from_utf8_lossy(&text).lines() {
            if tail.len() == lines {
                tail.pop_front();
            }
            tail.push_back(
                line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect(),
            );
        }
        tail.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_kept_in_three_files_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flood.log");
        let mut log = LogFile::open(&path).unwrap();
        let megabyte = vec![b'x'; 1024 * 1024];
        for _ in 0..45 {
            log.write(&megabyte).unwrap();
        }
        log.write(b"\nlast \x1b[2Jwords\n").unwrap();
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["flood.log", "flood.log.1", "flood.log.2"]);
        for name in names {
            assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() <= limits::SENSOR_LOG_BYTES);
        }
        assert_eq!(LogFile::tail(&path, 1), ["last \u{fffd}[2Jwords"]);
    }
}
