//! Both processes, and the program that says when it runs.

use crate::client::Target;
use anyhow::{Context, Result};
use harness::{PackFiles, World};
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

/// A sign of life of the program: what it read, and when it was heard.
pub(crate) struct Sign {
    pub(crate) line: String,
    pub(crate) at: Instant,
    pub(crate) clock: Timestamp,
}

/// Everything that takes part.
pub(crate) struct Stage {
    pub(crate) engine: World,
    pub(crate) events: Target,
    pub(crate) marks: Target,
    pub(crate) limit: Target,
    pub(crate) echo: Target,
    pub(crate) start: Target,
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
        let mark = "ref: bench.mark\nrunner_type: native\nentry_point: mark\nparameter_format: json\n";
        let pack = PackFiles::new("bench").trigger("tick").trigger("go").file("actions/mark.yaml", mark);
        let engine = World::process_with(&[pack.file("actions/mark", &script)], &[]).await;
        let program = engine.data_dir().join("packs/bench/actions/mark");
        let (limit_process, port) = start_limit(folder.path(), &program).await?;
        make_rules(&engine).await;
        let (door, token) = (engine.port(), engine.info().token.clone());
        Ok(Self {
            events: Target::new(door, "/api/v1/events", &token),
            marks: Target::new(door, "/api/v1/events", &token),
            limit: Target::new(port, "/event", &token),
            echo: Target::new(port, "/echo", &token),
            start: Target::new(port, "/start", &token),
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
    pub(crate) async fn strike(mut self) {
        self.engine.stop().await;
        drop(self.limit_process.stdin.take());
        let _ = self.limit_process.wait().await;
    }
}

/// One rule that looks at every event and never fires, and one that always does.
async fn make_rules(engine: &World) {
    let never = json!({ "field": "event.payload.n", "operator": "less_than", "value": 0 });
    for (name, trigger, conditions) in [("looks", "bench.tick", never), ("starts", "bench.go", json!({}))] {
        let draft = json!({
            "label": name, "trigger_ref": trigger, "conditions": conditions, "action_ref": "bench.mark",
        });
        let rule = json!({ "ref": format!("default.{name}"), "draft": draft, "enabled": true });
        engine.must("rule.create", rule).await;
    }
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

async fn start_limit(folder: &Path, program: &Path) -> Result<(tokio::process::Child, u16)> {
    #[expect(clippy::disallowed_methods, reason = "the limit is a process of its own, as the engine is")]
    let mut process = tokio::process::Command::new(std::env::current_exe()?)
        .arg("limit")
        .args([folder, program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = process.stdout.take().context("its output is a pipe")?;
    let mut line = String::new();
    tokio::io::BufReader::new(stdout.take(16)).read_line(&mut line).await?;
    Ok((process, line.trim().parse().context("the limit says its port")?))
}
