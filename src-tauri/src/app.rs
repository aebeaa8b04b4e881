//! The order of things: the engine before the window, the window's end before the engine's.

use crate::{ipc, logs, window};
use anyhow::{Context, Result};
use door::{Studio, StudioConfig};
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long running actions and sensors get to end once the window is closed.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Runs until the window is closed or the process is told to end.
///
/// # Errors
/// There is no display, or the engine cannot work on the data folder; the message says what to do.
pub(crate) fn run(data_dir: Option<PathBuf>) -> Result<()> {
    gtk::init().context(
        "there is no display to open a window on; `attune serve` runs the engine without one, \
         and `attune serve --web ui/dist` shows it in a browser",
    )?;
    let data_dir = door::data_dir(data_dir)?;
    let _logs = logs::write_to(&data_dir.join("logs"));
    let runtime = Builder::new_multi_thread().enable_all().build().context("no threads for the engine")?;
    let ends = {
        let _inside = runtime.enter();
        Ends::listen()?
    };
    let studio = runtime.block_on(Studio::start(StudioConfig::new(data_dir)))?;
    let shown = show(&runtime, &studio, ends);
    runtime.block_on(studio.stop(STOP_DEADLINE));
    shown
}

fn show(runtime: &Runtime, studio: &Studio, ends: Ends) -> Result<()> {
    tauri::async_runtime::set(runtime.handle().clone());
    let app = tauri::Builder::default()
        .manage(studio.api())
        .manage(ipc::Subscription::default())
        .invoke_handler(tauri::generate_handler![ipc::rpc, ipc::subscribe])
        .setup(|app| {
            window::open(app)?;
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                ends.wait().await;
                handle.exit(0);
            });
            Ok(())
        })
        .build(built_in())
        .context("the window does not open")?;
    match app.run_return(|_, _| ()) {
        0 => Ok(()),
        code => Err(anyhow::anyhow!("the window ended with code {code}")),
    }
}

/// Configuration, permissions and page, as they were when the program was built.
#[expect(
    clippy::disallowed_methods,
    reason = "the macro brings an exit of its own, for a program built wrongly"
)]
fn built_in() -> tauri::Context {
    tauri::generate_context!()
}

/// The signals that ask this process to end, heard from before the engine starts.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    fn listen() -> Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}
