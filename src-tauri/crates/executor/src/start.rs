//! From a launch to a running process: parameters, files, interpreter, environment.

use crate::artifacts::ArtifactsFolder;
use crate::command::{self, Files};
use crate::job::House;
use crate::parameters::{self, ParameterFile};
use crate::progress::{ProgressFile, sentence};
use crate::secrets::Secrets;
use crate::{Config, Launch, Report};
use model::{ParameterDelivery, ParameterFormat, Progress, limits};
use process::{Child, Spec, Stdin};
use runtimes::{Environment, Program};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A process that runs, and what is kept for it until it has ended.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) progress: ProgressFile,
    pub(crate) secrets: Secrets,
    _parameters: Option<ParameterFile>,
    _artifacts: ArtifactsFolder,
    _environment: Option<Environment>,
}

/// Everything that must come before the process, and nothing else: somebody waits for it to start.
pub(crate) async fn start(house: &House, launch: &mut Launch) -> Result<Started, String> {
    let config = &house.config;
    let action = Arc::clone(&launch.action);
    let document = parameters::document(&launch.parameters, action.parameter_format)?;
    let secrets = Secrets::of(&launch.parameters, &action.parameters);
    // They may be large and have been written down.
    launch.parameters.clear();
    private_folder(&config.parameters_dir).map_err(|error| unwritable(&config.parameters_dir, &error))?;
    let name = |ending: &str| format!("{}-{}.{ending}", launch.execution, launch.attempt);
    let (stdin, parameters) = match action.parameter_delivery {
        ParameterDelivery::Stdin => (Stdin::Bytes(document), None),
        ParameterDelivery::File => {
            let ending = match action.parameter_format {
                ParameterFormat::Json => "json",
                ParameterFormat::Dotenv => "env",
                ParameterFormat::Yaml => "yaml",
            };
            let file = ParameterFile::write(&config.parameters_dir, &name(ending), &document)
                .map_err(|error| unwritable(&config.parameters_dir, &error))?;
            (Stdin::Null, Some(file))
        }
    };
    let progress = ProgressFile::new(&config.parameters_dir, &name("progress"));
    let artifacts = ArtifactsFolder::make(&config.artifacts_dir, launch.execution)
        .map_err(|error| unwritable(&config.artifacts_dir, &error))?;
    let files = Files {
        parameters: parameters.as_ref().map(ParameterFile::path),
        progress: progress.path(),
        artifacts: artifacts.path(),
    };
    let mut env = command::environment(launch, config, &files);
    let program = Program {
        name: &action.r#ref,
        runner: action.runner,
        versions: &action.runtime_version,
        entry_point: &action.entry_point,
        path: action.path.as_deref(),
        folder: &action.folder,
    };
    let told = tell_building(config, launch);
    let line = house.runtimes.command(&program, &mut env, &told).await?;
    let spec = Spec {
        program: line.program,
        args: line.args,
        env,
        cwd: action.folder.clone(),
        stdin,
        grace: house.grace,
        mark: command::mark(launch, config),
    };
    let child = process::spawn(spec).map_err(|error| format!("{error}."))?;
    let environment = line.environment;
    Ok(Started {
        child,
        progress,
        secrets,
        _parameters: parameters,
        _artifacts: artifacts,
        _environment: environment,
    })
}

/// A folder for this user alone. One that somebody has put there as a link is refused.
fn private_folder(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::NotADirectory, "this is not a folder")),
        Err(_) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> String {
    format!("The files of the run could not be written in `{}`: {error}.", folder.display())
}

/// What is passed on of a build that the run waits for.
fn tell_building(config: &Config, launch: &Launch) -> impl Fn(&str) + Send + Sync + use<> {
    let (report, clock) = (Arc::clone(&config.report), Arc::clone(&config.clock));
    let (execution, attempt) = (launch.execution, launch.attempt);
    let last: Mutex<Option<Instant>> = Mutex::default();
    move |line| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if line.is_empty() || last.is_some_and(|last| last.elapsed() < limits::PROGRESS_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let progress = Progress { percent: None, message: sentence(line) };
        report(Report::Progress { execution, attempt, at: clock.now(), progress });
    }
}
