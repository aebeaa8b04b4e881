//! Builds what is shown and shows it.

use crate::place::Place;
use crate::{page, system};
use anyhow::{Context, Result};
use clap::Args;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use xshell::cmd;

#[derive(Args)]
pub(crate) struct Options {
    /// Start the engine without a window, with a live text view of the pipeline
    #[arg(long)]
    headless: bool,
    /// The folder with all data, instead of the user's own
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

/// Opens the window; where there is no display, starts the engine with a live text view.
pub(crate) fn run(place: &Place, options: &Options) -> Result<ExitCode> {
    let display = ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|at| !at.is_empty()));
    if display && !options.headless { window(place, options) } else { headless(place, options, display) }
}

fn window(place: &Place, options: &Options) -> Result<ExitCode> {
    let sh = &place.sh;
    system::need(sh, &[system::WINDOW])?;
    page::need_packages(place)?;
    page::build(place)?;
    println!("Building the window, the timer sensor and the command line.");
    cmd!(
        sh,
        "cargo build --locked --package attune-studio --package timer-sensor --package process --package cli"
    )
    .run()?;
    println!("Opening the window. Ctrl+C here closes it in order.");
    become_program(place, "attune-studio", &[], options)
}

fn headless(place: &Place, options: &Options, display: bool) -> Result<ExitCode> {
    let sh = &place.sh;
    if !display {
        println!(
            "There is no display here (neither WAYLAND_DISPLAY nor DISPLAY is set), so the engine starts without a \
             window.\nFor the window, run `cargo xtask run` on a desktop, or through `ssh -X`."
        );
    }
    println!("Building the engine, the timer sensor and the command line.");
    cmd!(sh, "cargo build --locked --package timer-sensor --package process --package cli").run()?;
    println!("Starting the engine with a live view of its pipeline. Ctrl+C ends it in order.");
    become_program(place, "attune", &["serve", "--watch"], options)
}

/// Goes on as the program itself, so that signals and the exit code are its own.
fn become_program(place: &Place, name: &str, arguments: &[&str], options: &Options) -> Result<ExitCode> {
    let sh = &place.sh;
    let program = place.program(name);
    let folder = options.data_dir.iter().flat_map(|folder| ["--data-dir".into(), folder.clone()]);
    let error = Command::from(cmd!(sh, "{program} {arguments...}").args(folder)).exec();
    Err(error).with_context(|| format!("{} does not start", program.display()))
}
