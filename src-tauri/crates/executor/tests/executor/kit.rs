//! An executor with a real output database, and scripts for it to run.

use executor::{Config, Executor, Launch, Report};
use model::{
    Action, ExecutionId, ExecutionStatus, Exit, OutputFormat, ParameterDelivery, ParameterFormat, Progress,
    Runner, Schema, SystemClock, Usage, VersionRange,
};
use serde_json::{Map, Value};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::output::{Cursor, OutputReader, OutputWriter, Piece, Size, Stream};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) executor: Executor,
    pub(crate) output: OutputReader,
    writer: OutputWriter,
    reports: UnboundedReceiver<Report>,
    next: i64,
}

/// The mark of a house. Not its path: the watchdog, which names it, is none of the processes of its runs.
fn instance(folder: &TempDir) -> String {
    folder.path().file_name().unwrap().display().to_string()
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) id: ExecutionId,
    pub(crate) started: bool,
    pub(crate) status: ExecutionStatus,
    pub(crate) exit: Option<Exit>,
    pub(crate) result: Option<Value>,
    pub(crate) error: Option<String>,
    pub(crate) usage: Option<Usage>,
    /// What it said of how far it is.
    pub(crate) progress: Vec<Progress>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with_grace(Duration::from_millis(300))
    }

    pub(crate) fn with_grace(grace: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy("/bin/sleep", folder.path().join("sleep")).unwrap();
        let (writer, output) = store::output::open(folder.path(), |_| {}).unwrap();
        let (sender, reports) = unbounded_channel();
        let config = Config {
            api_url: "http://127.0.0.1:4711".to_owned(),
            artifacts_dir: folder.path().join("artifacts"),
            parameters_dir: folder.path().join("parameters"),
            environments_dir: folder.path().join("environments"),
            instance: instance(&folder),
            clock: Arc::new(SystemClock),
            output: Arc::new(writer.clone()),
            report: Arc::new(move |report| {
                let _ = sender.send(report);
            }),
        };
        let executor = Executor::with_grace(config, grace);
        Self { folder, executor, output, writer, reports, next: 1 }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A shell action with that text; `SLEEP` is a program whose processes are told from all others.
    pub(crate) fn action(&self, script: &str) -> Action {
        let script = script.replace("SLEEP", self.path().join("sleep").to_str().unwrap());
        let path = self.file("action.sh", &script, 0o644);
        Action {
            r#ref: "test.action".parse().unwrap(),
            label: String::new(),
            description: String::new(),
            runner: Runner::Shell,
            runtime_version: VersionRange::default(),
            entry_point: "action.sh".to_owned(),
            path: Some(path),
            folder: self.path().to_path_buf(),
            parameter_delivery: ParameterDelivery::Stdin,
            parameter_format: ParameterFormat::Json,
            output_format: OutputFormat::Text,
            timeout_seconds: None,
            success_codes: Vec::new(),
            parameters: Schema::any(),
            output: Schema::any(),
        }
    }

    pub(crate) fn launch(&mut self, action: Action) -> Launch {
        let execution = ExecutionId(self.next);
        self.next += 1;
        Launch {
            execution,
            attempt: 1,
            action: Arc::new(action),
            parameters: Map::new(),
            env: Vec::new(),
            rule: None,
            trigger: None,
            event: None,
            timeout: None,
        }
    }

    pub(crate) async fn report(&mut self) -> Report {
        tokio::time::timeout(Duration::from_secs(60), self.reports.recv()).await.unwrap().unwrap()
    }

    pub(crate) async fn ended(&mut self) -> Ended {
        let mut started = false;
        let mut said = Vec::new();
        loop {
            match self.report().await {
                Report::Started { pid, .. } => {
                    assert!(pid > 0);
                    started = true;
                }
                Report::Progress { progress, .. } => said.push(progress),
                Report::Finished { execution: id, status, exit, result, error, usage, .. } => {
                    return Ended { id, started, status, exit, result, error, usage, progress: said };
                }
            }
        }
    }

    pub(crate) async fn run(&mut self, launch: Launch) -> Ended {
        self.executor.launch(launch);
        self.ended().await
    }

    pub(crate) async fn run_script(&mut self, script: &str) -> Ended {
        let launch = self.launch(self.action(script));
        self.run(launch).await
    }

    pub(crate) fn pieces(&self, id: ExecutionId) -> (Vec<Piece>, Size) {
        let page = self.output.read(id, 1, Cursor::default(), None, usize::MAX).unwrap();
        assert!(!page.more);
        (page.pieces, page.size)
    }

    pub(crate) fn text(&self, id: ExecutionId, stream: Stream) -> Vec<u8> {
        let (pieces, _) = self.pieces(id);
        pieces.into_iter().filter(|piece| piece.stream == stream).flat_map(|piece| piece.bytes).collect()
    }

    /// Everything is on the disk, and nothing more comes.
    pub(crate) fn close(&self) {
        self.writer.close();
    }

    /// How many processes run out of this house's folder.
    pub(crate) fn alive(&self) -> usize {
        let ours = self.path().as_os_str().as_bytes();
        let entries = fs::read_dir("/proc").unwrap();
        let pids =
            entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok()?.parse::<u32>().ok());
        pids.filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.windows(ours.len()).any(|part| part == ours)
        })
        .count()
    }

    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "never came true: {what}; {} processes", self.alive());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // What tests left behind on purpose must not outlive them.
        let _ = process::end_leftovers(&instance(&self.folder));
        self.writer.close();
    }
}

/// Whether a program is there: without it there is nothing to test.
pub(crate) fn installed(name: &str) -> bool {
    process::find_program(name, &process::base_environment::<String, String>([])).is_some()
}
