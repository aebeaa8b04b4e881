//! From an action to the program that runs it and the environment that it sees.

use crate::{Config, Launch};
use model::{Action, ParameterDelivery, ParameterFormat, Runner};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What is started: a program and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
}

/// Finds the program of an action, or says in a sentence what is missing.
pub(crate) fn command_line(action: &Action, env: &[(OsString, OsString)]) -> Result<CommandLine, String> {
    let entry = action.path.clone().unwrap_or_else(|| beside_us(&action.entry_point));
    let interpreter = match action.runner {
        Runner::Native => return Ok(CommandLine { program: entry, args: Vec::new() }),
        Runner::Shell => shell_of(&entry, &action.entry_point)?,
        Runner::Python => readable(&entry, &action.entry_point).map(|_| "python3")?,
        Runner::Node => readable(&entry, &action.entry_point).map(|_| "node")?,
    };
    let program = process::find_program(interpreter, env).ok_or_else(|| {
        let package = if interpreter == "node" { "nodejs" } else { interpreter };
        format!(
            "{} is run by `{interpreter}`, which is not on the PATH; install it (on Debian: apt install {package})",
            action.r#ref
        )
    })?;
    Ok(CommandLine { program, args: vec![entry.into()] })
}

/// What the pack does not bring along lies in the folder of the program itself.
fn beside_us(entry_point: &str) -> PathBuf {
    let folder = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_path_buf()));
    folder.unwrap_or_default().join(entry_point)
}

/// `bash` where the first line of the script asks for it, else `sh`.
fn shell_of(entry: &Path, name: &str) -> Result<&'static str, String> {
    let mut head = Vec::new();
    readable(entry, name)?
        .take(128)
        .read_to_end(&mut head)
        .map_err(|error| unreadable(entry, name, &error))?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let Some(words) = line.strip_prefix("#!") else { return Ok("sh") };
    let asks_for_bash = words.split_whitespace().take(2).any(|word| word.rsplit('/').next() == Some("bash"));
    Ok(if asks_for_bash { "bash" } else { "sh" })
}

fn readable(entry: &Path, name: &str) -> Result<File, String> {
    let file = File::open(entry).map_err(|error| unreadable(entry, name, &error))?;
    match file.metadata() {
        Ok(meta) if meta.is_file() => Ok(file),
        _ => Err(format!("The entry point `{name}` is not a file: `{}`.", entry.display())),
    }
}

fn unreadable(entry: &Path, name: &str, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        let place = entry.display();
        return format!("The entry point `{name}` does not exist: there is no file `{place}`.");
    }
    format!("The entry point `{name}` cannot be read: {}: {error}.", entry.display())
}

/// The whole environment of a run. What the engine says comes last, so that no pack can say it in its place.
pub(crate) fn environment(
    launch: &Launch,
    config: &Config,
    parameter_file: Option<&Path>,
) -> Vec<(OsString, OsString)> {
    let action = &launch.action;
    let delivery = match action.parameter_delivery {
        ParameterDelivery::Stdin => "stdin",
        ParameterDelivery::File => "file",
    };
    let format = match action.parameter_format {
        ParameterFormat::Json => "json",
        ParameterFormat::Dotenv => "dotenv",
        ParameterFormat::Yaml => "yaml",
    };
    let mut ours: Vec<(&str, OsString)> = vec![
        ("ATTUNE_ACTION", action.r#ref.as_str().into()),
        ("ATTUNE_PACK_REF", action.r#ref.pack().as_str().into()),
        ("ATTUNE_EXEC_ID", launch.execution.to_string().into()),
        ("ATTUNE_ATTEMPT", launch.attempt.to_string().into()),
        ("ATTUNE_API_URL", config.api_url.clone().into()),
        ("ATTUNE_ARTIFACTS_DIR", config.artifacts_dir.clone().into()),
        ("ATTUNE_PARAMETER_DELIVERY", delivery.into()),
        ("ATTUNE_PARAMETER_FORMAT", format.into()),
    ];
    if let Some(file) = parameter_file {
        ours.push(("ATTUNE_PARAMETER_FILE", file.into()));
    }
    ours.extend(launch.rule.as_ref().map(|rule| ("ATTUNE_RULE", rule.as_str().into())));
    ours.extend(launch.trigger.as_ref().map(|trigger| ("ATTUNE_TRIGGER", trigger.as_str().into())));
    ours.extend(launch.event.map(|event| ("ATTUNE_EVENT_ID", event.to_string().into())));
    let pack = launch.env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let ours = ours.into_iter().map(|(name, value)| (OsString::from(name), value));
    process::base_environment(pack.chain(ours))
}

/// What all processes of one attempt carry, wherever they go.
pub(crate) fn mark(launch: &Launch, config: &Config) -> Vec<(String, String)> {
    vec![
        ("ATTUNE_EXEC_ID".to_owned(), launch.execution.to_string()),
        ("ATTUNE_ATTEMPT".to_owned(), launch.attempt.to_string()),
        (process::INSTANCE.to_owned(), config.instance.clone()),
    ]
}
