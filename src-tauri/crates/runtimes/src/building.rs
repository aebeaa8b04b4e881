//! Building an environment: its steps, its log, and what went wrong.

use crate::environment::{BACK, Manifest, READY};
use crate::{Interpreter, install};
use model::{Exit, PackRef, Runner, Version, limits};
use process::{Child, INSTANCE, Pipe, Spec, Stdin, base_environment, find_program};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::PathBuf;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// Names from our own environment that lead to where packages come from; actions do not get them.
const WAY_OUT: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];
const WAY_OUT_FAMILIES: &[&str] = &["PIP_", "NPM_CONFIG_", "npm_config_"];
/// The first pip that can install into another environment (`--python`).
const PIP_OF_OTHERS: Version = Version { major: 22, minor: 3, patch: 0 };
/// Of a line that was said, what is passed on.
const LINE_CHARS: usize = 300;

/// One environment to build.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) pack: PackRef,
    pub(crate) runner: Runner,
    pub(crate) interpreter: Interpreter,
    pub(crate) manifest: Manifest,
    pub(crate) pack_folder: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) instance: String,
    /// Where programs are looked for.
    pub(crate) path: OsString,
}

struct Step {
    /// As a person would type it.
    shown: &'static str,
    program: PathBuf,
    args: Vec<OsString>,
    cwd: PathBuf,
}

type Told<'a> = &'a (dyn Fn(String) + Send + Sync);

/// Builds it; what was there of an earlier try goes first.
pub(crate) async fn build(job: &Job, told: Told<'_>) -> Result<(), String> {
    let built = timeout(limits::BUILD_TIMEOUT, try_to_build(job, told)).await.unwrap_or_else(|_| {
        Err(format!("it took longer than {} minutes", limits::BUILD_TIMEOUT.as_secs() / 60))
    });
    built.map_err(|why| {
        // What is half built only takes space.
        let _ = fs::remove_dir_all(&job.folder);
        let title = if job.runner == Runner::Python { "Python" } else { "Node.js" };
        format!(
            "The {title} environment of the pack `{}` could not be built: {why}. The log is {}; the next run after a \
             minute tries again.",
            job.pack,
            job.log.display()
        )
    })
}

async fn try_to_build(job: &Job, told: Told<'_>) -> Result<(), String> {
    let system = |error: io::Error| format!("{}: {error}", job.folder.display());
    let mut log =
        Log { file: prepare(job).map_err(system)?, room: limits::BUILD_LOG_BYTES, lines: Vec::new() };
    let own_pip = job.runner != Runner::Python || !has_pip(job, &mut log).await?;
    for step in steps(job, own_pip)? {
        told(step.shown.to_owned());
        let exit = run(job, &step, &mut log, told).await?;
        if exit != Exit::Code(0) {
            return Err(failure(job, &step, exit, &log.lines));
        }
    }
    let ready = OpenOptions::new().write(true).create_new(true).mode(0o600).open(job.folder.join(READY));
    ready.and_then(|mut ready| writeln!(ready, "{}", job.interpreter.version)).map_err(system)
}

/// An empty place for it, and its log.
fn prepare(job: &Job) -> io::Result<File> {
    match fs::remove_dir_all(&job.folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&job.folder)?;
    if job.runner == Runner::Node {
        prepare_modules(job)?;
    }
    let _ = fs::remove_file(&job.log);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&job.log)
}

/// npm works where `package.json` lies: on a copy, beside which everything else of the pack is found.
fn prepare_modules(job: &Job) -> io::Result<()> {
    for entry in fs::read_dir(&job.pack_folder)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        let copied = job.manifest.files.iter().any(|(known, _)| *known == shown);
        if !copied && !shown.starts_with('.') && shown != "node_modules" {
            symlink(job.pack_folder.join(&name), job.folder.join(&name))?;
        }
    }
    for (name, bytes) in &job.manifest.files {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(job.folder.join(name));
        file?.write_all(bytes)?;
    }
    symlink(&job.pack_folder, job.folder.join(BACK))
}

/// Whether the interpreter has a pip that can work on an environment without one: copying pip into each takes
/// longer than most builds.
async fn has_pip(job: &Job, log: &mut Log) -> Result<bool, String> {
    let asked = Step {
        shown: "python3 -m pip --version",
        program: job.interpreter.program.clone(),
        args: ["-m", "pip", "--version"].map(OsString::from).into(),
        cwd: job.folder.clone(),
    };
    let exit = run(job, &asked, log, &|_| {}).await?;
    let version = log.lines.last().and_then(|line| Version::find_in(line)).unwrap_or_default();
    Ok(exit == Exit::Code(0) && version >= PIP_OF_OTHERS)
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn python_steps(job: &Job, own_pip: bool) -> Vec<Step> {
    let mut environment = words(&["-m", "venv"]);
    let mut packages = words(&["-m", "pip"]);
    let python = job.folder.join("bin/python");
    if !own_pip {
        environment.push("--without-pip".into());
        packages.extend([OsString::from("--python"), python.clone().into()]);
    }
    environment.push(job.folder.clone().into());
    packages.extend(words(&["install", "--no-input", "--disable-pip-version-check", "--no-color"]));
    packages.extend(words(&["--progress-bar", "off", "-r", "requirements.txt"]));
    let interpreter = job.interpreter.program.clone();
    vec![
        Step {
            shown: "python3 -m venv",
            program: interpreter.clone(),
            args: environment,
            cwd: job.folder.clone(),
        },
        Step {
            shown: "pip install -r requirements.txt",
            program: if own_pip { python } else { interpreter },
            args: packages,
            // Paths in the file are meant from where it lies.
            cwd: job.pack_folder.clone(),
        },
    ]
}

fn steps(job: &Job, own_pip: bool) -> Result<Vec<Step>, String> {
    if job.runner == Runner::Python {
        return Ok(python_steps(job, own_pip));
    }
    let npm = find_program("npm", &variables(job));
    let npm = npm.ok_or_else(|| format!("`npm` is not on the PATH; {}", install::advice("npm")))?;
    let is_locked = job
        .manifest
        .files
        .iter()
        .any(|(name, _)| *name == "package-lock.json" || *name == "npm-shrinkwrap.json");
    let (shown, verb) = if is_locked { ("npm ci", "ci") } else { ("npm install", "install") };
    let mut args = words(&[verb, "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"]);
    args.extend(words(&["--no-progress", "--color=false"]));
    Ok(vec![Step { shown, program: npm, args, cwd: job.folder.clone() }])
}

/// What a build sees: what every child does, and the way to where packages come from.
fn variables(job: &Job) -> Vec<(OsString, OsString)> {
    let ours = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        WAY_OUT.contains(&name.as_ref()) || WAY_OUT_FAMILIES.iter().any(|family| name.starts_with(family))
    });
    let mut variables = base_environment(ours.chain([("PATH".into(), job.path.clone())]));
    // `npm` asks for `node`, and must get the one that will run what it installs.
    if let Some(beside) = job.interpreter.program.parent() {
        crate::program::put_first(&mut variables, "PATH", beside);
    }
    variables
}

async fn run(job: &Job, step: &Step, log: &mut Log, told: Told<'_>) -> Result<Exit, String> {
    log.say(format!("$ {}\n", step.shown).as_bytes(), &|_| {});
    let spec = Spec {
        program: step.program.clone(),
        args: step.args.clone(),
        env: variables(job),
        cwd: step.cwd.clone(),
        stdin: Stdin::Null,
        grace: limits::GRACE,
        mark: vec![
            (INSTANCE.to_owned(), job.instance.clone()),
            ("ATTUNE_BUILD".to_owned(), job.folder.display().to_string()),
        ],
    };
    let mut child: Child = process::spawn(spec).map_err(|error| error.to_string())?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut out_bytes, mut err_bytes) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    while out.is_some() || err.is_some() {
        let (pipe, bytes, read) = tokio::select! {
            read = read(&mut out, &mut out_bytes) => (&mut out, &out_bytes, read),
            read = read(&mut err, &mut err_bytes) => (&mut err, &err_bytes, read),
        };
        match read {
            0 => *pipe = None,
            count => log.say(bytes.get(..count).unwrap_or_default(), told),
        }
    }
    child.wait().await.map_err(|error| error.to_string())
}

/// 0 at the end, or where nothing more can be read.
async fn read(pipe: &mut Option<Pipe>, bytes: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(bytes).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

/// What a build says, and the lines of it that matter when it fails.
struct Log {
    file: File,
    room: u64,
    lines: Vec<String>,
}

impl Log {
    fn say(&mut self, bytes: &[u8], told: Told<'_>) {
        let kept = bytes.get(..usize::try_from(self.room).unwrap_or(usize::MAX)).unwrap_or(bytes);
        // A full disk is no reason to stop: pip and npm will say so themselves.
        if self.file.write_all(kept).is_ok() {
            self.room -= kept.len() as u64;
        }
        for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.trim().is_empty()) {
            let line: String = line.chars().filter(|c| !c.is_control()).take(LINE_CHARS).collect();
            told(line.clone());
            self.lines.push(line);
        }
        let excess = self.lines.len().saturating_sub(200);
        self.lines.drain(..excess);
    }
}

/// Why a step failed: of all that was said, the line that tells it.
fn failure(job: &Job, step: &Step, exit: Exit, lines: &[String]) -> String {
    let how = match exit {
        Exit::Code(code) => format!("`{}` ended with exit code {code}", step.shown),
        Exit::Signal(signal) => format!("`{}` was ended by signal {signal}", step.shown),
    };
    if lines.iter().any(|line| line.contains("ensurepip is not available")) {
        return format!("{how}, for Python's module `venv` is missing; {}", install::advice("python3-venv"));
    }
    let is_error =
        |line: &&String| line.to_lowercase().contains("error") && !line.contains("log of this run");
    let line = match job.runner {
        Runner::Python => lines.iter().rfind(is_error),
        // npm tells it in many short lines and one whole one.
        _ => lines.iter().filter(is_error).max_by_key(|line| line.len()),
    };
    let line = line.or(lines.last()).map_or("it said nothing", |line| line.trim().trim_end_matches('.'));
    format!("{how}: {line}")
}
