//! Environments of packs: where they lie, whether they are ready, who waits for them.

use crate::building::{self, Job};
use crate::program::put_first;
use crate::{Interpreter, Program, Variables, program};
use model::{PackRef, Runner, limits};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// Lies in an environment that is whole.
pub(crate) const READY: &str = ".ready";
/// In an environment of Node.js, the way back to the pack: modules are looked for from there upwards.
pub(crate) const BACK: &str = ".pack";

/// An environment that is whole, and stays where it is while this value lives.
#[derive(Clone, Debug)]
pub struct Environment {
    runner: Runner,
    folder: PathBuf,
    _in_use: Arc<()>,
}

/// How it stands with the environment of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Python or Node.js.
    pub runner: Runner,
    /// Where it lies.
    pub folder: PathBuf,
    /// What its build said.
    pub log: PathBuf,
    /// The last line of a build that goes on; none where it has ended.
    pub building: Option<String>,
    /// Why its build failed, a sentence.
    pub error: Option<String>,
}

/// What a pack needs, as it says it itself.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The files by name; the first says it, others hold it fast.
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
}

/// What a pack needs of Python or Node.js; none where that is nothing.
pub(crate) fn manifest(runner: Runner, pack: &Path) -> Result<Option<Manifest>, String> {
    let (first, others) = match runner {
        Runner::Python => ("requirements.txt", &["constraints.txt"][..]),
        Runner::Node => ("package.json", &["package-lock.json", "npm-shrinkwrap.json", ".npmrc"][..]),
        Runner::Shell | Runner::Native => return Ok(None),
    };
    let Some(bytes) = read(pack, first)? else { return Ok(None) };
    let needs_something = match runner {
        Runner::Python => needs_packages(&bytes),
        _ => needs_modules(&bytes).map_err(|error| {
            format!("The `package.json` of the pack cannot be read, so nobody knows what it needs: {error}.")
        })?,
    };
    if !needs_something {
        return Ok(None);
    }
    let mut files = vec![(first, bytes)];
    for other in others {
        files.extend(read(pack, other)?.map(|bytes| (*other, bytes)));
    }
    Ok(Some(Manifest { files }))
}

fn read(pack: &Path, name: &str) -> Result<Option<Vec<u8>>, String> {
    let mut bytes = Vec::new();
    let most = limits::MANIFEST_BYTES;
    let read = File::open(pack.join(name)).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("The `{name}` of the pack cannot be read: {error}.")),
        Ok(length) if length as u64 > most => {
            Err(format!("The `{name}` of the pack is longer than {most} bytes."))
        }
        Ok(_) => Ok(Some(bytes)),
    }
}

fn needs_packages(requirements: &[u8]) -> bool {
    let lines = requirements.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.into_iter().any(|line| !line.is_empty() && !line.starts_with(b"#"))
}

fn needs_modules(package: &[u8]) -> Result<bool, serde_json::Error> {
    let package: Value = serde_json::from_slice(package)?;
    let names = ["dependencies", "optionalDependencies"];
    Ok(names
        .iter()
        .any(|name| package.get(name).and_then(Value::as_object).is_some_and(|all| !all.is_empty())))
}

impl Environment {
    pub(crate) fn interpreter(&self) -> Option<PathBuf> {
        (self.runner == Runner::Python).then(|| self.folder.join("bin/python"))
    }

    /// Programs that came with what the pack needs are found by their names.
    pub(crate) fn lead_to_programs(&self, variables: &mut Variables) {
        let programs = if self.runner == Runner::Python { "bin" } else { "node_modules/.bin" };
        put_first(variables, "PATH", &self.folder.join(programs));
    }

    /// Node.js looks for modules in the folders above a script, so the script is reached by a way that leads
    /// through the environment.
    pub(crate) fn arguments(&self, entry: &Path, pack: &Path) -> Vec<OsString> {
        let inside = entry.strip_prefix(pack).ok();
        match inside.filter(|_| self.runner == Runner::Node) {
            Some(inside) => vec![
                "--preserve-symlinks".into(),
                "--preserve-symlinks-main".into(),
                self.folder.join(BACK).join(inside).into(),
            ],
            None => program::arguments(self.runner, entry),
        }
    }
}

#[derive(Clone, Debug)]
enum State {
    /// The last line that it said.
    Building(String),
    Ready,
    Failed {
        error: String,
        at: Instant,
    },
}

#[derive(Debug)]
struct Slot {
    pack: PackRef,
    runner: Runner,
    log: PathBuf,
    state: watch::Sender<State>,
    in_use: Arc<()>,
}

impl Slot {
    /// Whether who asks now is served by it, or a new build is due.
    fn serves(&self, folder: &Path) -> bool {
        match &*self.state.borrow() {
            State::Building(_) => true,
            State::Ready => folder.join(READY).exists(),
            State::Failed { at, .. } => at.elapsed() < limits::BUILD_AGAIN,
        }
    }
}

type Slots = Mutex<HashMap<PathBuf, Slot>>;

/// All environments of one data folder.
#[derive(Debug)]
pub(crate) struct Environments {
    folder: PathBuf,
    instance: String,
    slots: Arc<Slots>,
}

fn lock(slots: &Slots) -> MutexGuard<'_, HashMap<PathBuf, Slot>> {
    // The map is whole between any two of its calls.
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Environments {
    pub(crate) fn new(folder: PathBuf, instance: &str) -> Self {
        Self { folder, instance: instance.to_owned(), slots: Arc::default() }
    }

    /// The environment of a program, once it is whole.
    pub(crate) async fn get(
        &self,
        program: &Program<'_>,
        interpreter: &Interpreter,
        manifest: Manifest,
        variables: &[(OsString, OsString)],
        told: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Environment, String> {
        let path = variables.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
        let job = self.job(program, interpreter, manifest, path.unwrap_or_default());
        let (environment, mut state) = self.join(job);
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Building(line) => told(&line),
                State::Ready => return Ok(environment),
                State::Failed { error, .. } => return Err(error),
            }
            if state.changed().await.is_err() {
                return Err(format!(
                    "The environment of the pack `{}` has been given up.",
                    program.name.pack()
                ));
            }
        }
    }

    fn job(
        &self,
        program: &Program<'_>,
        interpreter: &Interpreter,
        manifest: Manifest,
        path: OsString,
    ) -> Job {
        let pack = program.name.pack();
        let kind = if program.runner == Runner::Python { "python" } else { "node" };
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(interpreter.program.as_os_str().as_encoded_bytes());
        field(interpreter.version.to_string().as_bytes());
        field(program.folder.as_os_str().as_encoded_bytes());
        for (name, bytes) in &manifest.files {
            field(name.as_bytes());
            field(bytes);
        }
        let digest = hex::encode(hash.finalize());
        let name = format!("{kind}-{}", digest.get(..16).unwrap_or(&digest));
        let place = self.folder.join(pack.as_str());
        Job {
            runner: program.runner,
            interpreter: interpreter.clone(),
            manifest,
            pack_folder: program.folder.to_path_buf(),
            log: place.join(format!("{name}.log")),
            folder: place.join(name),
            instance: self.instance.clone(),
            path,
            pack,
        }
    }

    /// Joins who waits for an environment; the first one starts its build.
    fn join(&self, job: Job) -> (Environment, watch::Receiver<State>) {
        let mut slots = lock(&self.slots);
        let known = slots.get(&job.folder).filter(|slot| slot.serves(&job.folder));
        if let Some(slot) = known {
            let environment =
                Environment { runner: job.runner, folder: job.folder, _in_use: Arc::clone(&slot.in_use) };
            return (environment, slot.state.subscribe());
        }
        let is_ready = job.folder.join(READY).exists();
        let first = if is_ready { State::Ready } else { State::Building(String::new()) };
        let (state, seen) = watch::channel(first);
        let in_use = Arc::new(());
        let environment =
            Environment { runner: job.runner, folder: job.folder.clone(), _in_use: Arc::clone(&in_use) };
        let slot = Slot {
            pack: job.pack.clone(),
            runner: job.runner,
            log: job.log.clone(),
            state: state.clone(),
            in_use,
        };
        slots.insert(job.folder.clone(), slot);
        drop(slots);
        if !is_ready {
            tokio::spawn(build(job, state, Arc::clone(&self.slots)));
        }
        (environment, seen)
    }

    pub(crate) fn forget_failures(&self, pack: &PackRef) {
        let failed = |slot: &Slot| matches!(&*slot.state.borrow(), State::Failed { .. });
        lock(&self.slots).retain(|_, slot| slot.pack != *pack || !failed(slot));
    }

    pub(crate) fn standing(&self, pack: &PackRef) -> Vec<Standing> {
        let slots = lock(&self.slots);
        let mut all: Vec<Standing> = slots
            .iter()
            .filter(|(_, slot)| slot.pack == *pack)
            .map(|(folder, slot)| {
                let (building, error) = match slot.state.borrow().clone() {
                    State::Building(line) => (Some(line), None),
                    State::Ready => (None, None),
                    State::Failed { error, .. } => (None, Some(error)),
                };
                Standing {
                    runner: slot.runner,
                    folder: folder.clone(),
                    log: slot.log.clone(),
                    building,
                    error,
                }
            })
            .collect();
        all.sort_by(|one, other| one.folder.cmp(&other.folder));
        all
    }
}

/// Builds to the end, whoever still waits, and tells it.
async fn build(job: Job, state: watch::Sender<State>, slots: Arc<Slots>) {
    let (pack, runner, folder) = (job.pack.clone(), job.runner, job.folder.clone());
    let heard = state.clone();
    let told = move |line: String| {
        heard.send_replace(State::Building(line));
    };
    // In a task of its own, so that who waits hears of it also where it breaks.
    let built = tokio::spawn(async move { building::build(&job, &told).await }).await;
    let built = built.unwrap_or_else(|error| Err(format!("The build of an environment broke: {error}.")));
    if let Err(error) = &built {
        tracing::warn!(%pack, "{error}");
    }
    let now = match built {
        Ok(()) => State::Ready,
        Err(error) => State::Failed { error, at: Instant::now() },
    };
    let is_ready = matches!(now, State::Ready);
    state.send_replace(now);
    if is_ready {
        let _ = tokio::task::spawn_blocking(move || remove_older(&pack, runner, &folder, &slots)).await;
    }
}

/// Environments of the same kind that the pack had before and that nothing runs in.
fn remove_older(pack: &PackRef, runner: Runner, newest: &Path, slots: &Slots) {
    let Some(place) = newest.parent() else { return };
    let kind = if runner == Runner::Python { "python-" } else { "node-" };
    let mut older = Vec::new();
    let mut known = lock(slots);
    for entry in fs::read_dir(place).into_iter().flatten().filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_environment = name.to_string_lossy().starts_with(kind) && path.extension().is_none();
        let is_free = known.get(&path).is_none_or(|slot| {
            Arc::strong_count(&slot.in_use) == 1 && !matches!(&*slot.state.borrow(), State::Building(_))
        });
        if path == newest || !is_environment || !is_free {
            continue;
        }
        // Out of the way before anybody can ask for it again.
        let away = path.with_extension("away");
        if fs::rename(&path, &away).is_ok() {
            known.remove(&path);
            let _ = fs::remove_file(path.with_extension("log"));
            older.push(away);
        }
    }
    drop(known);
    for folder in older {
        tracing::info!(%pack, folder = %folder.display(), "removing an environment that is no longer used");
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(folder = %folder.display(), %error, "an old environment could not be removed");
        }
    }
}
