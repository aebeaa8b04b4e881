//! One watcher keeps one sensor alive: start, watch, rest, start again.

use crate::backoff::Backoff;
use crate::log::LogFile;
use crate::roster::{Order, RosterConfig, Wanted};
use crate::status::{SensorState, SensorStatus};
use crate::tokens::{FreshToken, Scope};
use model::{Exit, Ref, Timestamp, limits};
use process::{Child, Pipe, Spec, Stdin};
use runtimes::{CommandLine, Environment, Program, Variables};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Bytes of log that are read at a time.
const LOG_READ: usize = 16 * 1024;

pub(crate) fn log_path(config: &RosterConfig, name: &Ref) -> PathBuf {
    config.logs_dir.join(format!("sensor-{name}.log"))
}

fn token_path(config: &RosterConfig, name: &Ref) -> PathBuf {
    config.state_dir.join(format!("{name}.token"))
}

fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a token where its sensor looks for it, in one rename.
pub(crate) fn write_token(config: &RosterConfig, name: &Ref, token: &FreshToken) -> io::Result<()> {
    private_folder(&config.state_dir)?;
    let (path, new) = (token_path(config, name), config.state_dir.join(format!("{name}.token.new")));
    let _ = std::fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let content = json!({ "token": token.secret, "expires_at": token.expires_at });
    file.write_all(content.to_string().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

/// Keeps one sensor alive until it is told to end.
pub(crate) struct Watcher {
    config: Arc<RosterConfig>,
    wanted: Wanted,
    orders: signal::Receiver<Order>,
    backoff: Backoff,
}

enum Next {
    StartAgain,
    End,
}

impl Watcher {
    pub(crate) fn new(config: Arc<RosterConfig>, wanted: Wanted, orders: signal::Receiver<Order>) -> Self {
        Self { config, wanted, orders, backoff: Backoff::default() }
    }

    fn name(&self) -> &Ref {
        &self.wanted.sensor.r#ref
    }

    fn report(&self, state: SensorState, detail: impl FnOnce(&mut SensorStatus)) {
        let mut status = SensorStatus::stopped(self.name().clone(), self.config.clock.now());
        status.state = state;
        status.failures = self.backoff.failures();
        detail(&mut status);
        (self.config.report)(status);
    }

    pub(crate) async fn keep_alive(mut self) {
        loop {
            if *self.orders.borrow_and_update() == Order::Stop {
                break;
            }
            self.report(SensorState::Starting, |_| {});
            // An environment may have to be built first; an order comes before that.
            let mut orders = self.orders.clone();
            let started = tokio::select! {
                biased;
                () = changed(&mut orders) => None,
                started = self.start() => Some(started),
            };
            let next = match started {
                Some(Ok((child, _environment))) => self.watch(child).await,
                Some(Err(sentence)) => self.rest(SensorState::Failed, Duration::ZERO, sentence).await,
                None => self.after_order(),
            };
            self.config.tokens.revoke_sensor(self.name());
            let _ = std::fs::remove_file(token_path(&self.config, self.name()));
            if matches!(next, Next::End) {
                break;
            }
        }
        self.report(SensorState::Stopped, |_| {});
    }

    /// A running process, and the environment that must stay while it runs.
    async fn start(&self) -> Result<(Child, Option<Environment>), String> {
        let scope = Scope::Sensor {
            sensor: self.name().clone(),
            triggers: self.wanted.sensor.trigger_types.clone().into(),
        };
        let now = self.config.clock.now();
        let issued = self.config.tokens.issue(scope, Some(limits::SENSOR_TOKEN_LIFE), now);
        let token = issued.map_err(|error| format!("no token could be made: {error}"))?;
        write_token(&self.config, self.name(), &token).map_err(|error| {
            format!("its token could not be written to {}: {error}", self.config.state_dir.display())
        })?;
        let mut env = process::base_environment(self.environment(&token));
        let CommandLine { program, args, environment } = self.command(&mut env).await?;
        let spec = Spec {
            program,
            args,
            env,
            cwd: self.wanted.folder.clone(),
            stdin: Stdin::Null,
            grace: limits::GRACE,
            mark: vec![
                (process::INSTANCE.to_owned(), self.config.instance.clone()),
                ("ATTUNE_SENSOR_REF".to_owned(), self.name().to_string()),
            ],
        };
        let child = process::spawn(spec).map_err(|error| error.to_string())?;
        Ok((child, environment))
    }

    async fn command(&self, env: &mut Variables) -> Result<CommandLine, String> {
        let sensor = &self.wanted.sensor;
        let missing =
            || format!("its program `{}` is nowhere to be found; install its pack again", sensor.entry_point);
        let script = self.wanted.program.clone().ok_or_else(missing)?;
        let program = Program {
            name: self.name(),
            runner: sensor.runner,
            versions: &sensor.runtime_version,
            entry_point: &sensor.entry_point,
            path: Some(&script),
            folder: &self.wanted.folder,
        };
        let told = |line: &str| tracing::debug!(sensor = %self.name(), "{line}");
        self.config.runtimes.command(&program, env, &told).await
    }

    fn environment(&self, token: &FreshToken) -> Vec<(String, String)> {
        let (config, sensor) = (&self.config, &self.wanted.sensor);
        let mut env: Vec<(String, String)> = self.wanted.env.clone().into_iter().collect();
        let mut set = |name: &str, value: String| env.push((name.to_owned(), value));
        set("ATTUNE_API_URL", config.api_url.clone());
        set("ATTUNE_NOTIFIER_WS_URL", config.notifier_url.clone());
        set("ATTUNE_API_TOKEN", token.secret.clone());
        set("ATTUNE_API_TOKEN_EXPIRES_AT", token.expires_at.unwrap_or(Timestamp::MAX).to_string());
        set("ATTUNE_SENSOR_TOKEN_STATE_PATH", token_path(config, &sensor.r#ref).display().to_string());
        set("ATTUNE_SENSOR_ID", "1".to_owned());
        set("ATTUNE_SENSOR_TRIGGER_TYPES", json!(sensor.trigger_types).to_string());
        set("ATTUNE_SENSOR_TRIGGERS", (config.rules)(sensor).to_string());
        set("ATTUNE_ARTIFACTS_DIR", config.artifacts_dir.display().to_string());
        set("ATTUNE_LOG_LEVEL", "info".to_owned());
        for (name, value) in &sensor.config {
            let text = if let Value::String(text) = value { text.clone() } else { value.to_string() };
            set(&format!("ATTUNE_SENSOR_CONFIG_{}", name.to_uppercase()), text);
        }
        env
    }

    /// Watches a running process until it ends or is told to.
    async fn watch(&mut self, mut child: Child) -> Next {
        let (pid, since) = (child.pid(), self.config.clock.now());
        tracing::info!(sensor = %self.name(), pid, "a sensor runs");
        self.report(SensorState::Running, |status| status.pid = Some(pid));
        let mut logs = self.keep_log(&mut child);
        let ended = tokio::select! {
            exit = child.wait() => Some(exit),
            () = changed(&mut self.orders) => None,
        };
        let next = if let Some(exit) = ended {
            // What it had started does not outlive it.
            let _ = child.stop().await;
            let lived = self.config.clock.now().millis_since(since).max(0).unsigned_abs();
            self.rest(SensorState::Backoff, Duration::from_millis(lived), how_it_ended(exit)).await
        } else {
            if let Err(error) = child.stop().await {
                tracing::warn!(sensor = %self.name(), %error, "a sensor could not be ended in order");
            }
            self.after_order()
        };
        let rest_of_log = async { while logs.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limits::DRAIN, rest_of_log).await;
        next
    }

    fn after_order(&mut self) -> Next {
        match *self.orders.borrow_and_update() {
            Order::Stop => Next::End,
            Order::Run(_) => {
                self.backoff = Backoff::default();
                Next::StartAgain
            }
        }
    }

    /// Rests after a death; an order ends the rest.
    async fn rest(&mut self, state: SensorState, lived: Duration, sentence: String) -> Next {
        let pause = self.backoff.died_after(lived);
        let next_try_at = self.config.clock.now().plus(pause);
        tracing::warn!(sensor = %self.name(), failures = self.backoff.failures(), pause_ms = pause.as_millis(), "{sentence}");
        self.report(state, |status| {
            status.next_try_at = Some(next_try_at);
            status.last_error = Some(sentence);
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => Next::StartAgain,
            () = changed(&mut self.orders) => self.after_order(),
        }
    }

    /// Keeps what the process writes, with rotation.
    fn keep_log(&self, child: &mut Child) -> JoinSet<()> {
        let mut readers = JoinSet::new();
        let path = log_path(&self.config, self.name());
        let log = private_folder(&self.config.logs_dir).and_then(|()| LogFile::open(&path));
        let log = match log {
            Ok(log) => Some(log),
            Err(error) => {
                tracing::warn!(sensor = %self.name(), %error, "the log of a sensor cannot be kept");
                None
            }
        };
        let log = Arc::new(Mutex::new(log));
        for pipe in [child.stdout.take(), child.stderr.take()].into_iter().flatten() {
            readers.spawn(copy(pipe, log.clone()));
        }
        readers
    }
}

async fn copy(mut pipe: Pipe, log: Arc<Mutex<Option<LogFile>>>) {
    let mut buffer = vec![0_u8; LOG_READ];
    while let Ok(count) = pipe.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let written = log.as_mut().map_or(Ok(()), |log| log.write(&buffer[..count]));
        if let Err(error) = written {
            tracing::warn!(%error, "the log of a sensor cannot be kept any more");
            *log = None;
        }
    }
}

async fn changed(orders: &mut signal::Receiver<Order>) {
    if orders.changed().await.is_err() {
        // The roster is gone without a word: wait to be dropped with it.
        std::future::pending::<()>().await;
    }
}

fn how_it_ended(exit: io::Result<Exit>) -> String {
    match exit {
        Ok(Exit::Code(0)) => "it ended by itself with exit code 0, though rules still need it".to_owned(),
        Ok(Exit::Code(code)) => format!("it ended with exit code {code}"),
        Ok(Exit::Signal(signal)) => format!("it was ended by signal {signal}"),
        Err(error) => format!("how it ended could not be read: {error}"),
    }
}
