//! Interpreters on the `PATH`, and the versions that they are.

use crate::{Program, install};
use model::{Ref, Runner, Version, VersionRange};
use process::{INSTANCE, Spec, Stdin, base_environment, find_program};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// How long what an interpreter said of its version is believed; a changed file is asked again at once. Some
/// are small scripts that choose the real one each time.
const BELIEVED: Duration = Duration::from_secs(600);
/// How long one may take to say its version.
const ASKING: Duration = Duration::from_secs(10);
/// Newest minor version of Python 3, and major version of Node.js, whose own names are looked for.
const NEWEST: u32 = 40;

type Variable = (OsString, OsString);

/// A program that runs scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Where it is.
    pub program: PathBuf,
    /// Which it is.
    pub version: Version,
}

/// What was said, when, and of which file.
#[derive(Clone, Debug)]
struct Said {
    version: Option<Version>,
    at: Instant,
    file: Option<(u64, SystemTime)>,
}

/// Remembers the versions of interpreters.
#[derive(Debug)]
pub(crate) struct Interpreters {
    instance: String,
    known: Mutex<HashMap<PathBuf, Said>>,
}

/// The names by which an interpreter usually goes.
fn usual_names(runner: Runner) -> &'static [&'static str] {
    match runner {
        Runner::Python => &["python3", "python"],
        Runner::Node => &["node", "nodejs"],
        Runner::Shell | Runner::Native => &[],
    }
}

/// The names of single versions, the newest first: `python3.12`, `node20`.
fn version_names(runner: Runner) -> Vec<String> {
    let numbers = (1..=NEWEST).rev();
    match runner {
        Runner::Python => numbers.map(|minor| format!("python3.{minor}")).collect(),
        Runner::Node => numbers.map(|major| format!("node{major}")).collect(),
        Runner::Shell | Runner::Native => Vec::new(),
    }
}

fn title(runner: Runner) -> &'static str {
    match runner {
        Runner::Python => "Python",
        Runner::Node => "Node.js",
        Runner::Shell => "the shell",
        Runner::Native => "itself",
    }
}

/// The interpreter whose version nobody has asked for: `python` alone may be Python 2, so that is asked.
pub(crate) fn usual(runner: Runner, variables: &[Variable]) -> Option<PathBuf> {
    usual_names(runner)
        .iter()
        .filter(|name| **name != "python")
        .find_map(|name| find_program(name, variables))
}

/// A program that must be on the `PATH`.
pub(crate) fn on_path(name: &str, who: &Ref, variables: &[Variable]) -> Result<PathBuf, String> {
    find_program(name, variables).ok_or_else(|| {
        format!("{who} is run by `{name}`, which is not on the PATH; {}.", install::advice(name))
    })
}

impl Interpreters {
    pub(crate) fn new(instance: &str) -> Self {
        Self { instance: instance.to_owned(), known: Mutex::default() }
    }

    /// The first that will do: by its usual names, then the newest by the name of its version.
    pub(crate) async fn find(
        &self,
        program: &Program<'_>,
        variables: &[Variable],
    ) -> Result<Interpreter, String> {
        let runner = program.runner;
        let lowest = if runner == Runner::Python {
            Version { major: 3, ..Version::default() }
        } else {
            Version::default()
        };
        let names = usual_names(runner).iter().map(ToString::to_string).chain(version_names(runner));
        let mut seen: Vec<Interpreter> = Vec::new();
        for path in names.filter_map(|name| find_program(&name, variables)) {
            let Some(version) = self.version(&path, variables).await.filter(|version| *version >= lowest)
            else {
                continue;
            };
            let found = Interpreter { program: path, version };
            if program.versions.contains(version) {
                return Ok(found);
            }
            seen.push(found);
        }
        Err(missing(program.name, runner, program.versions, &seen))
    }

    /// Asks a program for its version; none where it does not say.
    async fn version(&self, program: &Path, variables: &[Variable]) -> Option<Version> {
        let meta = std::fs::metadata(program).ok();
        let file = meta.and_then(|meta| Some((meta.len(), meta.modified().ok()?)));
        let known = self.lock().get(program).cloned();
        if let Some(said) = known.filter(|said| said.file == file && said.at.elapsed() < BELIEVED) {
            return said.version;
        }
        let version = timeout(ASKING, self.ask(program, variables)).await.ok().flatten();
        let said = Said { version, at: Instant::now(), file };
        self.lock().insert(program.to_owned(), said);
        version
    }

    async fn ask(&self, program: &Path, variables: &[Variable]) -> Option<Version> {
        // Only the list that every child gets: what a pack declares must not change the answer of others.
        let path = variables.iter().filter(|(name, _)| name == "PATH").cloned();
        let asked = process::spawn(Spec {
            program: program.to_owned(),
            args: vec!["--version".into()],
            env: base_environment(path),
            cwd: "/".into(),
            stdin: Stdin::Null,
            grace: Duration::ZERO,
            mark: vec![
                (INSTANCE.to_owned(), self.instance.clone()),
                ("ATTUNE_ASKED".to_owned(), program.display().to_string()),
            ],
        });
        let mut child =
            asked.inspect_err(|error| tracing::debug!(%error, "an interpreter does not start")).ok()?;
        let mut said = Vec::new();
        for pipe in [child.stdout.take(), child.stderr.take()].into_iter().flatten() {
            pipe.take(4096).read_to_end(&mut said).await.ok()?;
        }
        let _ = child.wait().await;
        Version::find_in(&String::from_utf8_lossy(&said))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Said>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(who: &Ref, runner: Runner, wanted: &VersionRange, seen: &[Interpreter]) -> String {
    let title = title(runner);
    let name = usual_names(runner).first().copied().unwrap_or_default();
    let wanted = if wanted.is_any() { String::new() } else { format!(" {wanted}") };
    if seen.is_empty() {
        let advice = install::advice(name);
        return format!("{who} is run by {title}{wanted}, as `{name}`, which is not on the PATH; {advice}.");
    }
    let seen: Vec<String> =
        seen.iter().map(|found| format!("{} (`{}`)", found.version, found.program.display())).collect();
    let advice = install::other_version(runner);
    format!("{who} needs {title}{wanted}, but what is installed is {}; {advice}.", seen.join(", "))
}
