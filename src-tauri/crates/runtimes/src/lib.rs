//! What runs a script: the interpreter with a version that will do, and the environment with what its pack needs.
//!
//! A pack with a `requirements.txt` gets a Python environment, one with dependencies in its `package.json` a folder of
//! Node.js modules: in the data folder, never in the pack, built once for each content, when something first needs
//! it. Who needs it meanwhile waits for the same build. Deliberately absent: starting what was found, and any
//! opinion on when.

mod building;
mod environment;
mod install;
mod interpreter;
mod program;

pub use environment::{Environment, Standing};
pub use interpreter::Interpreter;

use environment::Environments;
use interpreter::Interpreters;
use model::{PackRef, Ref, Runner, VersionRange};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The environment of a process: names and values.
pub type Variables = Vec<(OsString, OsString)>;

/// A script or program of a pack, as its pack describes it.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The action or sensor.
    pub name: &'a Ref,
    /// What runs it.
    pub runner: Runner,
    /// Which versions of that will do.
    pub versions: &'a VersionRange,
    /// The file, as the pack names it.
    pub entry_point: &'a str,
    /// The same, found; none where it lies beside the program itself.
    pub path: Option<&'a Path>,
    /// The folder of the pack.
    pub folder: &'a Path,
}

/// What is started.
#[derive(Debug)]
pub struct CommandLine {
    /// The program: an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What must stay where it is while it runs.
    pub environment: Option<Environment>,
}

/// What runs the scripts of packs. Cheap to clone; all clones share what is known and what is being built.
#[derive(Clone, Debug)]
pub struct Runtimes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    interpreters: Interpreters,
    environments: Environments,
}

impl Runtimes {
    /// `folder` is where environments of packs lie; it is made when the first is built. `instance` is the mark of
    /// the data folder, which all processes carry.
    #[must_use]
    pub fn new(folder: PathBuf, instance: &str) -> Self {
        let interpreters = Interpreters::new(instance);
        Self(Arc::new(Inner { interpreters, environments: Environments::new(folder, instance) }))
    }

    /// Finds what runs a program, and builds its environment where it has none yet. Adds to `variables`, the
    /// environment of the process to be, what leads it to its modules. `told` hears how a build goes on, line by line.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to get it.
    pub async fn command(
        &self,
        program: &Program<'_>,
        variables: &mut Variables,
        told: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<CommandLine, String> {
        let entry = program::entry(program);
        let plain = |program, args| Ok(CommandLine { program, args, environment: None });
        match program.runner {
            Runner::Native => return plain(entry, Vec::new()),
            Runner::Shell => {
                let shell = program::shell_of(&entry, program.entry_point)?;
                return plain(interpreter::on_path(shell, program.name, variables)?, vec![entry.into()]);
            }
            Runner::Python | Runner::Node => program::check_readable(&entry, program.entry_point)?,
        }
        let manifest = environment::manifest(program.runner, program.folder)?;
        // Versions are asked for only where they matter: asking starts a program.
        let usual = interpreter::usual(program.runner, variables);
        if let Some(found) = usual.filter(|_| manifest.is_none() && program.versions.is_any()) {
            program::lead_to_library(program, variables);
            return plain(found, program::arguments(program.runner, &entry));
        }
        let interpreter = self.0.interpreters.find(program, variables).await?;
        program::lead_to_library(program, variables);
        let Some(manifest) = manifest else {
            return plain(interpreter.program, program::arguments(program.runner, &entry));
        };
        let environment = self.0.environments.get(program, &interpreter, manifest, variables, told).await?;
        environment.lead_to_programs(variables);
        let started = environment.interpreter().unwrap_or(interpreter.program);
        let args = environment.arguments(&entry, program.folder);
        Ok(CommandLine { program: started, args, environment: Some(environment) })
    }

    /// The interpreter that would run a program.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to get it.
    pub async fn interpreter(
        &self,
        program: &Program<'_>,
        variables: &[(OsString, OsString)],
    ) -> Result<Interpreter, String> {
        self.0.interpreters.find(program, variables).await
    }

    /// Forgets that builds for a pack have failed: the next that needs one tries again at once. Without this it does
    /// after a minute.
    pub fn try_again(&self, pack: &PackRef) {
        self.0.environments.forget_failures(pack);
    }

    /// The environments of a pack that were asked for since the start.
    #[must_use]
    pub fn environments(&self, pack: &PackRef) -> Vec<Standing> {
        self.0.environments.standing(pack)
    }
}
