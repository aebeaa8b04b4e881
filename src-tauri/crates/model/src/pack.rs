//! What a pack supplies: triggers, sensors, actions and starter rules.

use crate::{PackRef, Ref, RuleBody, Schema, VersionRange};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A folder of YAML and scripts, read and checked whole.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Its name.
    pub r#ref: PackRef,
    /// Its name for people.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Its version, as written.
    pub version: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// SHA-256 over its files, in hex: tells whether it changed.
    pub digest: String,
    /// What its settings must look like; says which of them are secret.
    pub conf_schema: Schema,
    /// Settings that its actions see.
    pub config: Map<String, Value>,
    /// Environment that its processes get on top of the house's list.
    pub env: BTreeMap<String, String>,
    /// What can happen.
    pub triggers: Vec<Trigger>,
    /// What watches.
    pub sensors: Vec<Sensor>,
    /// What can be done.
    pub actions: Vec<Action>,
    /// Rules to start from; disabled until a person enables them.
    pub rules: Vec<StarterRule>,
}

impl Pack {
    /// The settings without the secret ones: what templates may show.
    #[must_use]
    pub fn shown_config(&self) -> Map<String, Value> {
        let shown = self.config.iter().filter(|(name, _)| !self.conf_schema.is_secret(name));
        shown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// A kind of thing that can happen.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its name.
    pub r#ref: Ref,
    /// Its name for people.
    pub label: String,
    /// What it means.
    pub description: String,
    /// How one rule sets it up.
    pub parameters: Schema,
    /// What its events carry.
    pub output: Schema,
}

/// A program that watches for triggers.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// Its name.
    pub r#ref: Ref,
    /// Its name for people.
    pub label: String,
    /// What it watches.
    pub description: String,
    /// What runs it.
    pub runner: Runner,
    /// Which versions of that will do.
    pub runtime_version: VersionRange,
    /// The script or binary, as the pack names it.
    pub entry_point: String,
    /// The same, found: an absolute path. None where it lies beside the program itself.
    pub path: Option<PathBuf>,
    /// The triggers that it serves.
    pub trigger_types: Vec<Ref>,
    /// Its own configuration.
    pub config: Map<String, Value>,
}

/// Something that can be done.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name.
    pub r#ref: Ref,
    /// Its name for people.
    pub label: String,
    /// What it does.
    pub description: String,
    /// What runs it.
    pub runner: Runner,
    /// Which versions of that will do.
    pub runtime_version: VersionRange,
    /// The script or binary, as the pack names it.
    pub entry_point: String,
    /// The same, found: an absolute path. None where it lies beside the program itself.
    pub path: Option<PathBuf>,
    /// The folder of its pack: the working directory of its runs.
    pub folder: PathBuf,
    /// How parameters reach it.
    pub parameter_delivery: ParameterDelivery,
    /// How parameters are written.
    pub parameter_format: ParameterFormat,
    /// How its output is read as a result.
    pub output_format: OutputFormat,
    /// How long it may run, in seconds; 0 for ever, absent for the house's default.
    pub timeout_seconds: Option<u64>,
    /// Exit codes that mean success; empty means 0 only.
    pub success_codes: Vec<i32>,
    /// What it takes.
    pub parameters: Schema,
    /// What it returns.
    pub output: Schema,
}

/// A rule that comes with a pack.
#[derive(Clone, Debug)]
pub struct StarterRule {
    /// Its name.
    pub r#ref: Ref,
    /// Its content.
    pub body: RuleBody,
}

/// What runs an entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runner {
    /// `sh`, or `bash` where the script says so.
    Shell,
    /// Python 3.
    Python,
    /// Node.js.
    Node,
    /// The file itself.
    Native,
}

/// How parameters reach an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterDelivery {
    /// On standard input, then end of file.
    #[default]
    Stdin,
    /// In a file named by `ATTUNE_PARAMETER_FILE`.
    File,
}

/// How parameters are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterFormat {
    /// One JSON document.
    #[default]
    Json,
    /// `name='value'` lines that a shell can source.
    Dotenv,
    /// One YAML document.
    Yaml,
}

/// How output is read as a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// As it is.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// One JSON document a line.
    Jsonl,
}
