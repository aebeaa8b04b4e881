//! The engine behind the window, asked for facts over its door.

use crate::until;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A running engine.
pub struct Engine {
    client: reqwest::Client,
    address: String,
    token: String,
    /// Its process.
    pub(crate) pid: u64,
    runtime_file: PathBuf,
}

impl Engine {
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        let runtime_file =
            runtime_file(folder)?.with_context(|| format!("no engine in {}", folder.display()))?;
        let told: Value = serde_json::from_str(&fs::read_to_string(&runtime_file)?)?;
        let text = |name: &str| {
            told[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {told}"))
        };
        Ok(Self {
            client: reqwest::Client::new(),
            address: text("address")?,
            token: text("token")?,
            pid: told["pid"].as_u64().context("a pid")?,
            runtime_file,
        })
    }

    /// Runs a command of the contract.
    ///
    /// # Errors
    /// The engine refuses, or is gone.
    pub async fn call(&self, command: &str, request: Value) -> Result<Value> {
        let url = format!("http://{}/api/v1/rpc/{command}", self.address);
        let response = self.client.post(url).bearer_auth(&self.token).json(&request).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if !status.is_success() {
            bail!("{command} {request}: {status} {answer}");
        }
        Ok(answer)
    }

    /// The rule of this ref; none where there is no such rule.
    ///
    /// # Errors
    /// The engine is gone.
    pub async fn rule(&self, r#ref: &str) -> Result<Option<Value>> {
        let list = self.call("rule.list", json!({})).await?;
        let rows = list["rules"].as_array().cloned().unwrap_or_default();
        Ok(rows.into_iter().map(|row| row["rule"].clone()).find(|rule| rule["ref"] == r#ref))
    }

    /// Waits until a rule is in this state.
    ///
    /// # Errors
    /// It is not in time.
    pub async fn rule_is(&self, r#ref: &str, state: &str) -> Result<Value> {
        let found = async || Ok(self.rule(r#ref).await?.filter(|rule| rule["state"] == state));
        until(&format!("{} is {state}", r#ref), found).await
    }

    /// The newest events of a rule, newest first.
    ///
    /// # Errors
    /// The engine is gone.
    pub async fn events_of(&self, rule: &str) -> Result<Vec<Value>> {
        let list = self.call("event.list", json!({ "rule": rule, "limit": 50 })).await?;
        Ok(list["events"].as_array().cloned().unwrap_or_default())
    }

    /// The newest executions, newest first.
    ///
    /// # Errors
    /// The engine is gone.
    pub async fn executions(&self) -> Result<Vec<Value>> {
        let list = self.call("execution.list", json!({ "limit": 100 })).await?;
        Ok(list["executions"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until the engine's own clock has gone on by so many seconds.
    ///
    /// # Errors
    /// It has not in time.
    pub async fn clock_goes_on(&self, seconds: i64) -> Result<()> {
        let start = self.second().await?;
        let passed = async || Ok((self.second().await? >= start + seconds).then_some(()));
        until("the engine's clock goes on", passed).await
    }

    /// A whole second some seconds ahead of the engine's clock, as the engine writes it.
    ///
    /// # Errors
    /// The engine is gone.
    pub async fn instant_ahead(&self, seconds: u64) -> Result<Value> {
        let status = self.call("engine.status", json!({})).await?;
        let now = status["now"].as_str().context("a time")?;
        let (second, offset) =
            now.get(..19).zip(now.get(now.len() - 6..)).context("a time with an offset")?;
        let now = format!("{second}{offset}");
        let anchored = json!({ "unit": "seconds", "interval": seconds, "anchor": now });
        let ask = json!({ "trigger_ref": "core.intervaltimer", "trigger_params": anchored, "after": now, "count": 1 });
        Ok(self.call("schedule.next", ask).await?["fires"][0]["at"].clone())
    }

    /// The engine's clock, in whole seconds of the day; tests do not run over midnight by more than they wait.
    async fn second(&self) -> Result<i64> {
        let status = self.call("engine.status", json!({})).await?;
        let now = status["now"].as_str().context("a time")?;
        let part = |range: std::ops::Range<usize>| now.get(range).and_then(|text| text.parse::<i64>().ok());
        let (days, hours) = (part(8..10).context("days")?, part(11..13).context("hours")?);
        let (minutes, seconds) = (part(14..16).context("minutes")?, part(17..19).context("seconds")?);
        Ok(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    }

    /// Whether neither its process nor its runtime file is there any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        !crate::processes::is_alive(self.pid) && !self.runtime_file.exists()
    }
}

fn runtime_file(folder: &Path) -> Result<Option<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(None) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("engine-") && path.extension().is_some_and(|extension| extension == "json") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
