//! `attune serve`: the engine without a window.

use crate::arguments::Serve;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::text::inline;
use crate::watch::Pipeline;
use anyhow::Context;
use door::{Studio, StudioConfig};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What sensors and runs get to end by themselves.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn run(screen: &Screen, data_dir: Option<PathBuf>, options: Serve) -> Result<(), Failure> {
    log();
    // From here on a signal ends things in order, also while the engine is still starting.
    let mut ends = Ends::listen()?;
    let data_dir = door::data_dir(data_dir).map_err(|error| Failure::Usage(error.to_string()))?;
    let config =
        StudioConfig { port: options.port, web: options.web.clone(), ..StudioConfig::new(data_dir.clone()) };
    let studio = Studio::start(config).await.map_err(anyhow::Error::from)?;
    let shown = announce(screen, &studio, &data_dir, options.web.is_some());
    let ended = match shown {
        Ok(()) if options.watch => tokio::select! {
            ended = watch(screen, &studio) => ended,
            () = ends.wait() => Ok(()),
        },
        Ok(()) => {
            ends.wait().await;
            Ok(())
        }
        Err(failure) => Err(failure),
    };
    // A second signal is heard by nobody: the order of the end takes its time, and that is bounded.
    studio.stop(STOP_DEADLINE).await;
    ended
}

async fn watch(screen: &Screen, studio: &Studio) -> Result<(), Failure> {
    Pipeline::new(studio.api()).await?.show(screen).await
}

/// Logs go to standard error; `ATTUNE_LOG` chooses how much.
fn log() {
    let filter = EnvFilter::try_from_env("ATTUNE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A subscriber that is already set is as good.
    let _ = subscriber.with_ansi(false).try_init();
}

/// Says where the engine is. The token is shown to a person only: what goes to a pipe may end in a log.
fn announce(screen: &Screen, studio: &Studio, data_dir: &std::path::Path, page: bool) -> Result<(), Failure> {
    let (address, file) = (studio.address(), studio.runtime_file().display().to_string());
    let answer = json!({
        "pid": std::process::id(),
        "address": address.to_string(),
        "data_dir": data_dir,
        "runtime_file": file,
    });
    screen.show(&answer, || {
        let mut text = format!(
            "The engine runs on {} (process {}).\nDoor  http://{address}\n",
            inline(&data_dir.display().to_string()),
            std::process::id()
        );
        if page && screen.is_terminal() {
            text.push_str(&format!("Page  http://{address}/#token={}\n", studio.api().admin_token()));
        } else if page {
            text.push_str(&format!("Page  http://{address}/#token=…  (the token is in {})\n", inline(&file)));
        }
        text.push_str("Ctrl+C ends it.\n");
        text
    })
}

/// The signals that ask this process to end.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Failure> {
        let hear = |kind| signal(kind).context("signals cannot be heard");
        Ok(Self {
            terminate: hear(SignalKind::terminate())?,
            interrupt: hear(SignalKind::interrupt())?,
            hang_up: hear(SignalKind::hangup())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }
}
