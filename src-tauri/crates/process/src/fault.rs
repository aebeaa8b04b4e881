//! Why a child could not be started, as sentences.

use crate::{Spec, environment};
use rustix::io::Errno;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Why a child could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program is not there.
    #[error("`{}` does not exist; put the file there or correct the entry point", .0.display())]
    NotFound(PathBuf),
    /// The program is a folder, a socket or another thing that is not a file.
    #[error("`{}` is not a file; the entry point must name a script or a program", .0.display())]
    NotAFile(PathBuf),
    /// The program may not be executed, or lies where nothing may.
    #[error("`{path}` may not be executed; run `chmod +x {path}`", path = .0.display())]
    NotExecutable(PathBuf),
    /// The program is neither a program of this machine nor a script with a first line.
    #[error(
        "`{}` is not a program that this machine can run: it was made for another kind of machine, or it is a \
         script without a first line such as `#!/bin/sh`",
        .0.display()
    )]
    WrongFormat(PathBuf),
    /// The interpreter that the program names is not there.
    #[error(
        "`{}` asks to be run by `{interpreter}`, which is not installed; install it or correct the first line of the file",
        program.display()
    )]
    NoInterpreter {
        /// The program.
        program: PathBuf,
        /// What its first line names.
        interpreter: String,
    },
    /// The working directory is not there.
    #[error("the working directory `{}` does not exist; put it back or reload the pack", .0.display())]
    NoFolder(PathBuf),
    /// A name or value that no environment or argument list can hold.
    #[error("{0}")]
    Unspeakable(String),
    /// The system refused for a reason of its own.
    #[error("`{}` could not be started: {source}", program.display())]
    Refused {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SpawnError {
    /// Finds the sentence for what the system said: it answers "no such file" to four different mistakes.
    pub(crate) fn explain(spec: &Spec, source: io::Error) -> Self {
        let program = spec.program.clone();
        if !spec.cwd.is_dir() {
            return Self::NoFolder(spec.cwd.clone());
        }
        match source.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) => Self::explain_missing(program),
            Some(Errno::ACCESS) => match std::fs::metadata(&program) {
                Ok(meta) if !meta.is_file() => Self::NotAFile(program),
                Ok(_) if environment::is_executable(&program) => match interpreter(&program) {
                    Some(interpreter) => Self::NoInterpreter { program, interpreter },
                    None => Self::NotExecutable(program),
                },
                Ok(_) => Self::NotExecutable(program),
                Err(_) => Self::Refused { program, source },
            },
            Some(Errno::NOTDIR) => Self::NotFound(program),
            Some(Errno::NOEXEC) => Self::WrongFormat(program),
            Some(Errno::TOOBIG) => Self::Unspeakable(format!(
                "the arguments and environment of `{}` are longer than the system allows; pass large values as parameters",
                program.display()
            )),
            _ => Self::Refused { program, source },
        }
    }

    fn explain_missing(program: PathBuf) -> Self {
        if !program.exists() {
            return Self::NotFound(program);
        }
        match interpreter(&program) {
            Some(interpreter) => Self::NoInterpreter { program, interpreter },
            None => Self::WrongFormat(program),
        }
    }
}

/// What the `#!` line of a script names.
fn interpreter(program: &Path) -> Option<String> {
    let mut head = Vec::new();
    std::fs::File::open(program).ok()?.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    // A script written on Windows ends its first line with a carriage return, which becomes part of the name:
    // it is shown, for nobody finds it otherwise.
    let name = line.trim_matches([' ', '\t']).split([' ', '\t']).next()?;
    (!name.is_empty()).then(|| name.escape_debug().to_string())
}
