//! Both processes, and the program that says when it runs.

use crate::client::Target;
use crate::engine::{Engine, data_dir, write_pack};
use anyhow::{Context, Result};
use model::{Clock, SystemClock, Timestamp};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than any start takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The action that says when it runs.
const MARK: &str = "ref: bench.mark\nrunner_type: native\nentry_point: mark\nparameter_format: json\n";
/// The action that does nothing: a copy of `true`.
const NOTHING: &str =
    "ref: bench.nothing\nrunner_type: native\nentry_point: nothing\nparameter_format: json\n";
const TRUE: &str = "/bin/true";
/// As long as a real one, so that both sides read as many bytes.
const NO_TOKEN: &str = "atn_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A sign of life of the program: what it read, and when it was heard.
pub(crate) struct Sign {
    pub(crate) line: String,
    pub(crate) at: Instant,
    pub(crate) clock: Timestamp,
}

/// Everything that takes part.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) events: Target,
    pub(crate) limit: Target,
    pub(crate) echo: Target,
    pub(crate) start: Target,
    pub(crate) run: Target,
    limit_process: tokio::process::Child,
    signs: mpsc::UnboundedReceiver<Sign>,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let signs = listen(&folder.path().join("signs"))?;
        // It hands on the line that it reads and ends: the same file for the engine and for the limit.
        let script = format!(
            "#!/bin/sh\nread -r line\nprintf '%s\\n' \"$line\" >'{}/signs'\n",
            folder.path().display()
        );
        let pack = data_dir(folder.path()).join("packs/bench");
        let files: &[(&str, &str)] = &[
            ("pack.yaml", "ref: bench\nversion: 1.0.0\n"),
            ("triggers/tick.yaml", "ref: bench.tick\n"),
            ("triggers/go.yaml", "ref: bench.go\n"),
            ("triggers/do.yaml", "ref: bench.do\n"),
            ("actions/nothing.yaml", NOTHING),
            ("actions/mark.yaml", MARK),
            ("actions/mark", &script),
        ];
        write_pack(&pack, files)?;
        std::fs::copy(TRUE, pack.join("actions/nothing")).context(TRUE)?;
        let engine = Engine::start(folder.path()).await?;
        let (limit_process, port) = start_limit(folder.path(), &pack.join("actions")).await?;
        make_rules(&engine).await?;
        Ok(Self {
            events: engine.target("/api/v1/events"),
            limit: Target::new(port, "/event", NO_TOKEN),
            echo: Target::new(port, "/echo", NO_TOKEN),
            start: Target::new(port, "/start", NO_TOKEN),
            run: Target::new(port, "/run", NO_TOKEN),
            engine,
            limit_process,
            signs,
            _folder: folder,
        })
    }

    /// The next sign of life.
    pub(crate) async fn sign(&mut self) -> Result<Sign> {
        let sign = timeout(PATIENCE, self.signs.recv()).await.context("no process has started")?;
        sign.context("nobody listens for signs any more")
    }

    /// Forgets signs that came too late.
    pub(crate) fn clear(&mut self) {
        while self.signs.try_recv().is_ok() {}
    }

    /// Ends both.
    pub(crate) async fn strike(mut self) -> Result<()> {
        self.engine.stop().await?;
        drop(self.limit_process.stdin.take());
        self.limit_process.wait().await?;
        Ok(())
    }
}

/// One rule that looks at every event and never fires, and two that always do.
async fn make_rules(engine: &Engine) -> Result<()> {
    let never = json!({ "field": "event.payload.n", "operator": "less_than", "value": 0 });
    for (name, trigger, conditions, action) in [
        ("looks", "bench.tick", never, "bench.mark"),
        ("starts", "bench.go", json!({}), "bench.mark"),
        ("runs", "bench.do", json!({}), "bench.nothing"),
    ] {
        let draft = json!({
            "label": name, "trigger_ref": trigger, "conditions": conditions, "action_ref": action,
        });
        let rule = json!({ "ref": format!("default.{name}"), "draft": draft, "enabled": true });
        engine.call("rule.create", &rule).await?;
    }
    Ok(())
}

/// Makes a pipe with a name and listens to it on a thread of its own.
fn listen(path: &Path) -> Result<mpsc::UnboundedReceiver<Sign>> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    // Open for writing as well, so that it never ends.
    let pipe = File::options().read(true).write(true).open(path)?;
    let (heard, signs) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("signs".to_owned()).spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let sign = Sign { line, at: Instant::now(), clock: SystemClock.now() };
            if heard.send(sign).is_err() {
                return;
            }
        }
    })?;
    Ok(signs)
}

async fn start_limit(folder: &Path, programs: &Path) -> Result<(tokio::process::Child, u16)> {
    #[expect(clippy::disallowed_methods, reason = "the limit is a process of its own, as the engine is")]
    let mut process = tokio::process::Command::new(std::env::current_exe()?)
        .arg("limit")
        .args([folder, programs])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = process.stdout.take().context("its output is a pipe")?;
    let mut line = String::new();
    tokio::io::BufReader::new(stdout.take(16)).read_line(&mut line).await?;
    Ok((process, line.trim().parse().context("the limit says its port")?))
}
