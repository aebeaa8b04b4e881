//! Attune Studio: the window over the engine.
//!
//! This crate and `ui/src/host` are all that know Tauri. It starts the engine, opens a window on its contract
//! and closes both in order. Deliberately absent: every decision, and every command but the two of [`ipc`].

mod app;
mod ipc;
mod logs;
mod refusal;
mod window;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// The window of Attune Studio, with its engine.
#[derive(Debug, Parser)]
#[command(name = "attune-studio", version)]
struct Arguments {
    /// The folder with all data; otherwise ATTUNE_DATA_DIR, otherwise attune-studio in the user's data folder
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match app::run(Arguments::parse().data_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            refusal::show(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
