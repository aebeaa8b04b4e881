//! Parameters as one document: JSON, YAML, or lines that a shell can source.

use model::{ParameterFormat, limits};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The document, with a newline at its end.
///
/// # Errors
/// A sentence where the format cannot carry a value, or the document is too long.
pub(crate) fn document(parameters: &Map<String, Value>, format: ParameterFormat) -> Result<Vec<u8>, String> {
    let mut text = match format {
        ParameterFormat::Json => serde_json::to_vec(parameters)
            .map_err(|error| format!("The parameters cannot be written: {error}."))?,
        ParameterFormat::Dotenv => dotenv(parameters)?.into_bytes(),
        ParameterFormat::Yaml => serde_saphyr::to_string(parameters)
            .map_err(|error| format!("The parameters cannot be written as YAML: {error}."))?
            .into_bytes(),
    };
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    if text.len() > limits::PARAMETERS_BYTES {
        return Err(format!(
            "The parameters are {} bytes long; at most {} can be passed to an action.",
            text.len(),
            limits::PARAMETERS_BYTES
        ));
    }
    Ok(text)
}

/// `name='value'` lines. What is not text is written as JSON. An array of plain values is also written value by
/// value, `name_0='…'` and so on, with `name_count='…'`, for a shell has no arrays. Names that no shell variable
/// can have, among them those of nested values (`outer.inner='…'`), stand in a here-document: whoever reads
/// line by line finds them, and whoever sources the text is not disturbed by them.
fn dotenv(parameters: &Map<String, Value>) -> Result<String, String> {
    let mut sourced = String::new();
    let mut aside = String::new();
    for (name, value) in parameters {
        let lines = if is_variable(name) { &mut sourced } else { &mut aside };
        line(lines, name, value)?;
        match value {
            Value::Array(items) if is_variable(name) => {
                numbered(&mut sourced, parameters, name, items)?;
            }
            Value::Object(inner) => nested(&mut aside, name, inner)?,
            _ => {}
        }
    }
    if !aside.is_empty() {
        let end = (0..)
            .map(|n| format!("ATTUNE_NESTED_{n}"))
            .find(|end| !aside.contains(end.as_str()))
            .unwrap_or_default();
        let _ = write!(sourced, ": <<'{end}'\n{aside}{end}\n");
    }
    Ok(sourced)
}

fn numbered(lines: &mut String, all: &Map<String, Value>, name: &str, items: &[Value]) -> Result<(), String> {
    if items.iter().any(|item| item.is_array() || item.is_object()) {
        return Ok(());
    }
    // A parameter that really has such a name is not overwritten.
    let mut add = |suffix: &str, value: &Value| {
        let name = format!("{name}_{suffix}");
        if all.contains_key(&name) { Ok(()) } else { line(lines, &name, value) }
    };
    for (index, item) in items.iter().enumerate() {
        add(&index.to_string(), item)?;
    }
    add("count", &Value::from(items.len()))
}

fn nested(lines: &mut String, path: &str, inner: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in inner {
        let path = format!("{path}.{name}");
        match value {
            Value::Object(deeper) if !deeper.is_empty() => nested(lines, &path, deeper)?,
            _ => line(lines, &path, value)?,
        }
    }
    Ok(())
}

fn line(lines: &mut String, name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty() || name.contains(|c: char| c.is_control() || c.is_whitespace() || "='\"".contains(c)) {
        let name = name.escape_debug();
        return Err(format!(
            "The parameter name `{name}` cannot be written as dotenv; use json or yaml instead."
        ));
    }
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains('\0') {
        return Err(format!(
            "The parameter `{name}` holds a NUL character, which dotenv cannot carry; use json instead."
        ));
    }
    let _ = writeln!(lines, "{name}='{}'", text.replace('\'', r"'\''"));
    Ok(())
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A file that only this user can read; it is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct ParameterFile(PathBuf);

impl ParameterFile {
    /// Writes the document to `folder/name`, in a folder that nobody else may enter.
    pub(crate) fn write(folder: &Path, name: &str, document: &[u8]) -> io::Result<Self> {
        let path = folder.join(name);
        // A file of that name can only be a leftover of an engine that died.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let this = Self(path);
        file.write_all(document)?;
        Ok(this)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ParameterFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a parameter file could not be removed");
        }
    }
}
