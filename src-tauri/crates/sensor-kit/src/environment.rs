//! What the engine tells a sensor at its start.

use model::{Ref, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variables of a sensor process, read and checked.
#[derive(Clone)]
pub struct Environment {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub api_url: String,
    /// `ws://127.0.0.1:PORT/ws`.
    pub notifier_url: String,
    /// The bearer token of the start.
    pub token: String,
    /// When that token ends.
    pub token_expires_at: Option<Timestamp>,
    /// The file that the engine rewrites whenever it rotates the token.
    pub token_state_path: Option<PathBuf>,
    /// Its own name, such as `core.timer_sensor`.
    pub sensor_ref: Ref,
    /// The triggers that it serves; at least one.
    pub trigger_types: Vec<Ref>,
    /// Its own configuration: `ATTUNE_SENSOR_CONFIG_<NAME>` by `<NAME>`.
    pub config: BTreeMap<String, String>,
    /// Where it may keep files.
    pub artifacts_dir: Option<PathBuf>,
}

/// Why a process cannot be a sensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A variable is not there.
    #[error("{0} is not set: the engine sets it when it starts a sensor; a sensor is not started by hand")]
    Missing(&'static str),
    /// A variable does not hold what it should.
    #[error("{name} is wrong: {message}")]
    Wrong {
        /// Which variable.
        name: &'static str,
        /// What is wrong and what was expected. Never the value of a secret.
        message: String,
    },
}

const CONFIG: &str = "ATTUNE_SENSOR_CONFIG_";

impl Environment {
    /// Reads the variables of this process.
    ///
    /// # Errors
    /// The first variable that is missing or wrong, by its name.
    pub fn read() -> Result<Self, EnvironmentError> {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::from_variables(std::env::vars_os().filter_map(unicode))
    }

    /// Reads variables given as pairs.
    ///
    /// # Errors
    /// The first variable that is missing or wrong, by its name.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, EnvironmentError> {
        let mut variables: BTreeMap<String, String> = variables.into_iter().collect();
        // An empty variable is what a shell leaves of a missing one.
        variables.retain(|name, value| name.starts_with(CONFIG) || !value.is_empty());
        let required = |name| variables.get(name).cloned().ok_or(EnvironmentError::Missing(name));
        let path = |name: &str| variables.get(name).map(PathBuf::from);
        let config =
            |(name, value): (&String, &String)| Some((name.strip_prefix(CONFIG)?.to_owned(), value.clone()));
        let expires_at = variables.get("ATTUNE_API_TOKEN_EXPIRES_AT").map(|text| {
            text.parse().map_err(|error| wrong("ATTUNE_API_TOKEN_EXPIRES_AT", format!("{error}")))
        });
        Ok(Self {
            api_url: url("ATTUNE_API_URL", &required("ATTUNE_API_URL")?, "http://")?,
            notifier_url: url("ATTUNE_NOTIFIER_WS_URL", &required("ATTUNE_NOTIFIER_WS_URL")?, "ws://")?,
            token: required("ATTUNE_API_TOKEN")?,
            token_expires_at: expires_at.transpose()?,
            token_state_path: path("ATTUNE_SENSOR_TOKEN_STATE_PATH"),
            sensor_ref: required("ATTUNE_SENSOR_REF")?
                .parse()
                .map_err(|error: model::Invalid| wrong("ATTUNE_SENSOR_REF", error.message))?,
            trigger_types: trigger_types(&required("ATTUNE_SENSOR_TRIGGER_TYPES")?)?,
            config: variables.iter().filter_map(config).collect(),
            artifacts_dir: path("ATTUNE_ARTIFACTS_DIR"),
        })
    }
}

fn wrong(name: &'static str, message: String) -> EnvironmentError {
    EnvironmentError::Wrong { name, message }
}

/// The engine is on the loopback and speaks plain HTTP; anything else is a mistake worth a sentence.
fn url(name: &'static str, text: &str, scheme: &str) -> Result<String, EnvironmentError> {
    let text = text.trim_end_matches('/');
    match text.strip_prefix(scheme) {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err(wrong(name, format!("found `{text}`, expected an address such as {scheme}127.0.0.1:8080"))),
    }
}

fn trigger_types(text: &str) -> Result<Vec<Ref>, EnvironmentError> {
    const NAME: &str = "ATTUNE_SENSOR_TRIGGER_TYPES";
    const EXPECTED: &str = "expected a JSON list of triggers, such as [\"core.intervaltimer\"]";
    let types: Vec<Ref> =
        serde_json::from_str(text).map_err(|error| wrong(NAME, format!("{error}; {EXPECTED}")))?;
    if types.is_empty() { Err(wrong(NAME, format!("the list is empty; {EXPECTED}"))) } else { Ok(types) }
}
