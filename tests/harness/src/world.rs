//! One engine, one folder, one person.

use crate::child::{self, Child};
use crate::pack::PackFiles;
use crate::programs::program;
use crate::wait::{Story, wait_until};
use door::{RuntimeInfo, Studio, StudioConfig};
use model::{Clock, ExecutionId, SystemClock, Timestamp};
use rustix::process::Signal;
use sensors::Scope;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How long an engine may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);
/// What sensors and runs get at the end.
const STOP: Duration = Duration::from_secs(5);

enum Engine {
    Inside(Box<Studio>),
    Process(Box<Child>),
    Stopped,
}

/// A status and a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, null where it is not JSON.
    pub body: Value,
}

/// One engine in a folder of its own. The folder goes with it.
pub struct World {
    home: TempDir,
    data_dir: PathBuf,
    engine: Engine,
    info: RuntimeInfo,
    http: reqwest::Client,
    arguments: Vec<String>,
    /// The clock of an engine inside the test.
    clock: Arc<dyn Clock>,
}

fn nowhere() -> RuntimeInfo {
    RuntimeInfo {
        pid: 0,
        address: String::new(),
        token: String::new(),
        data_dir: PathBuf::new(),
        version: String::new(),
        started_at: Timestamp::MIN,
    }
}

impl World {
    fn empty() -> Self {
        // Built where it is missing, before any engine looks for its sensors.
        let _ = program("attune");
        let home = tempfile::tempdir().expect("a folder can be made");
        std::fs::DirBuilder::new().mode(0o700).create(home.path().join("run")).expect("a folder can be made");
        let data_dir = home.path().join("data");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        Self {
            data_dir,
            home,
            engine: Engine::Stopped,
            info: nowhere(),
            http: http.expect("a client needs nothing"),
            arguments: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }

    /// An engine inside the test.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// An engine inside the test, with packs.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start_with(packs: &[PackFiles]) -> Self {
        let mut world = Self::empty();
        world.write_packs(packs);
        world.start_inside().await;
        world
    }

    /// An engine inside the test that goes by this clock. Its sensors go by the machine's.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start_at(clock: Arc<dyn Clock>) -> Self {
        let mut world = Self { clock, ..Self::empty() };
        world.start_inside().await;
        world
    }

    /// An engine in a process of its own: `attune serve`.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn process() -> Self {
        Self::process_with(&[], &[]).await
    }

    /// `attune serve` with packs and more arguments.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn process_with(packs: &[PackFiles], arguments: &[&str]) -> Self {
        let mut world = Self::empty();
        world.write_packs(packs);
        world.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        world.start_process().await;
        world
    }

    fn write_packs(&self, packs: &[PackFiles]) {
        for pack in packs {
            let _ = pack.write(&self.data_dir);
        }
    }

    /// Starts an engine inside the test on this data folder. One before it must have ended.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start_inside(&mut self) {
        let config = StudioConfig { clock: self.clock.clone(), ..StudioConfig::new(self.data_dir.clone()) };
        let studio = Studio::start(config).await.expect("the engine starts");
        let text = std::fs::read(studio.runtime_file()).expect("the runtime file is there");
        self.info = serde_json::from_slice(&text).expect("the runtime file is JSON");
        self.engine = Engine::Inside(Box::new(studio));
    }

    /// Starts `attune serve` on this data folder and waits until it answers. A process before it must have
    /// ended.
    ///
    /// # Panics
    /// Where it does not answer in time.
    pub async fn start_process(&mut self) {
        let mut child = Child::serve(self.home.path(), &self.data_dir, &self.arguments);
        let pid = child.pid();
        let home = self.home.path().to_owned();
        let info = wait_until("the engine says where it is", START, || {
            let found = find_runtime_file(&home, pid);
            let ended = child.ended();
            let said = if ended.is_some() || found.is_none() { child.said() } else { String::new() };
            async move {
                assert!(ended.is_none(), "attune serve ended ({ended:?}):\n{said}");
                found.ok_or(said)
            }
        });
        self.info = info.await;
        self.engine = Engine::Process(Box::new(child));
        let this = &*self;
        wait_until("the engine answers", START, || async move {
            match this.http.get(this.url("/health")).send().await {
                Ok(response) if response.status().is_success() => Ok(()),
                Ok(response) => Err(response.status().to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// Ends the engine in order.
    ///
    /// # Panics
    /// Where its process does not end.
    pub async fn stop(&mut self) {
        match std::mem::replace(&mut self.engine, Engine::Stopped) {
            Engine::Inside(studio) => studio.stop(STOP).await,
            Engine::Process(mut child) => {
                child.signal(Signal::TERM);
                let status = child.end().await;
                assert!(status.success(), "attune serve ended with {status}:\n{}", child.said());
            }
            Engine::Stopped => {}
        }
    }

    /// Ends the engine as a crash would: SIGKILL, nothing in order.
    ///
    /// # Panics
    /// Where the engine runs inside the test.
    pub async fn kill(&mut self) {
        match std::mem::replace(&mut self.engine, Engine::Stopped) {
            Engine::Process(mut child) => {
                child.signal(Signal::KILL);
                child.end().await;
            }
            _ => panic!("only an engine in a process of its own can be killed"),
        }
    }

    /// Ends the engine in order where it still runs, and starts it again in the same way.
    ///
    /// # Panics
    /// Where it does not end or start.
    pub async fn restart(&mut self) {
        if matches!(self.engine, Engine::Inside(_)) {
            self.stop().await;
            self.start_inside().await;
        } else {
            self.stop().await;
            self.start_process().await;
        }
    }

    /// The engine's process, where it has one of its own.
    ///
    /// # Panics
    /// Where it has not.
    pub fn child(&mut self) -> &mut Child {
        match &mut self.engine {
            Engine::Process(child) => child,
            _ => panic!("the engine has no process of its own"),
        }
    }

    /// The engine inside the test.
    ///
    /// # Panics
    /// Where it has a process of its own.
    #[must_use]
    pub fn studio(&self) -> &Studio {
        match &self.engine {
            Engine::Inside(studio) => studio,
            _ => panic!("the engine does not run inside the test"),
        }
    }

    /// What the runtime file says.
    #[must_use]
    pub fn info(&self) -> &RuntimeInfo {
        &self.info
    }

    /// The folder with all data.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The folder that plays the user's home.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The port of the door.
    ///
    /// # Panics
    /// Where the engine never started.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self.info.address.rsplit(':').next().and_then(|port| port.parse().ok());
        port.expect("an address has a port")
    }

    /// An address of the door.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.info.address)
    }

    /// A client that keeps its connections.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Runs a command of the contract as the person does.
    ///
    /// # Panics
    /// Where the engine does not answer.
    pub async fn rpc(&self, command: &str, request: Value) -> Answer {
        self.post(&format!("/api/v1/rpc/{command}"), &self.info.token, &request).await
    }

    /// The same, where only success makes sense.
    ///
    /// # Panics
    /// Where the engine refuses.
    pub async fn must(&self, command: &str, request: Value) -> Value {
        let answer = self.rpc(command, request).await;
        assert_eq!(answer.status, 200, "{command} was refused: {}", answer.body);
        answer.body
    }

    /// Posts JSON with a token.
    ///
    /// # Panics
    /// Where the engine does not answer.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        answer(self.http.post(self.url(path)).bearer_auth(token).json(body)).await
    }

    /// Reads with a token.
    ///
    /// # Panics
    /// Where the engine does not answer.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        answer(self.http.get(self.url(path)).bearer_auth(token)).await
    }

    /// Posts an event as the person.
    ///
    /// # Panics
    /// Where the engine does not answer.
    pub async fn post_event(&self, body: &Value) -> Answer {
        self.post("/api/v1/events", &self.info.token, body).await
    }

    fn issue(&self, scope: Scope, life: Option<Duration>) -> String {
        let api = self.studio().api();
        let engine = api.engine();
        engine.tokens().issue(scope, life, engine.clock().now()).expect("the system has randomness").secret
    }

    /// A token as a sensor's process gets it; only for an engine inside the test.
    ///
    /// # Panics
    /// Where a name is no ref.
    #[must_use]
    pub fn sensor_token(&self, sensor: &str, triggers: &[&str], life: Duration) -> String {
        let sensor = sensor.parse().expect("a ref");
        let triggers = triggers.iter().map(|trigger| trigger.parse().expect("a ref")).collect();
        self.issue(Scope::Sensor { sensor, triggers }, Some(life))
    }

    /// A token as an action gets it; only for an engine inside the test.
    ///
    /// # Panics
    /// Where a name is no ref.
    #[must_use]
    pub fn execution_token(&self, id: i64, emits: &[&str]) -> String {
        let emits = emits.iter().map(|trigger| trigger.parse().expect("a ref")).collect();
        self.issue(Scope::Execution { id: ExecutionId(id), emits }, Some(Duration::from_secs(300)))
    }

    /// Waits for an execution's end; answers what `execution.show` says.
    ///
    /// # Panics
    /// Where it does not end in time.
    pub async fn ended(&self, execution: i64) -> Value {
        let what = format!("run {execution} ends");
        wait_until(&what, Duration::from_secs(20), || async move {
            let detail = self.must("execution.show", json!({ "id": execution })).await;
            if detail["execution"]["finished_at"].is_null() {
                Err(detail["execution"].to_string())
            } else {
                Ok(detail)
            }
        })
        .await
    }

    /// Waits until there are at least so many events; answers them, newest first.
    ///
    /// # Panics
    /// Where they do not come in time.
    pub async fn events(&self, request: Value, at_least: usize, deadline: Duration) -> Vec<Value> {
        let (request, what) = (&request, format!("there are {at_least} events"));
        wait_until(&what, deadline, || async move {
            let answer = self.must("event.list", request.clone()).await;
            let events = answer["events"].as_array().cloned().unwrap_or_default();
            let story: Story<Vec<Value>> =
                if events.len() >= at_least { Ok(events) } else { Err(format!("{} events", events.len())) };
            story
        })
        .await
    }

    /// Runs a command of `attune` against this engine, to its end. Its runtime folder is the one of
    /// [`World::process`].
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn attune<A: AsRef<OsStr>>(&self, arguments: &[A], input: &str) -> Output {
        let (home, data_dir, input) = (self.home.path().to_owned(), self.data_dir.clone(), input.to_owned());
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        tokio::task::spawn_blocking(move || child::run(&home, &data_dir, &arguments, input.as_bytes()))
            .await
            .expect("attune can be run")
    }
}

/// The runtime file of this very process.
fn find_runtime_file(home: &Path, pid: u32) -> Option<RuntimeInfo> {
    let folder = home.join("run").join("attune-studio");
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let mut infos = files
        .filter_map(|file| serde_json::from_slice::<RuntimeInfo>(&std::fs::read(file.path()).ok()?).ok());
    infos.find(|info| info.pid == pid)
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the engine answers");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("the engine sends a whole answer");
    Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}
