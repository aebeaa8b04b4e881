//! From a launch to the environment that its process sees, and the marks that it carries.

use crate::{Config, Launch};
use model::{ParameterDelivery, ParameterFormat};
use std::ffi::OsString;
use std::path::Path;

/// The files of one run, as its environment names them.
pub(crate) struct Files<'a> {
    /// Its parameters; none where they come on standard input.
    pub(crate) parameters: Option<&'a Path>,
    /// Where it says how far it is.
    pub(crate) progress: &'a Path,
    /// Where it leaves files for people.
    pub(crate) artifacts: &'a Path,
}

/// The whole environment of a run. What the engine says comes last, so that no pack can say it in its place.
pub(crate) fn environment(launch: &Launch, config: &Config, files: &Files<'_>) -> Vec<(OsString, OsString)> {
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
        ("ATTUNE_ARTIFACTS_DIR", files.artifacts.into()),
        ("ATTUNE_PROGRESS_FILE", files.progress.into()),
        ("ATTUNE_PARAMETER_DELIVERY", delivery.into()),
        ("ATTUNE_PARAMETER_FORMAT", format.into()),
    ];
    if let Some(file) = files.parameters {
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
