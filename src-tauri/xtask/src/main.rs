//! Developer commands: `cargo xtask run`, `test`, `check`, `shots`, `bench`, `contract`.
//!
//! Each sets up what it needs and says so first. Deliberately absent: anything that the product does.
#![expect(clippy::print_stdout, reason = "a tool for the terminal talks on it")]

mod page;
mod place;
mod run;
mod rust;
mod shots;
mod steps;
mod system;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};
use place::Place;
use std::process::ExitCode;
use steps::Steps;

/// Developer commands of Attune Studio.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing, build the page and the app, open the window (or, without a display, the engine)
    Run(run::Options),
    /// Everything that CI runs: format, lint, types, all tests, and the real window end to end
    Test,
    /// The quick loop: format, clippy, types and unit tests, without a window
    Check,
    /// Pictures of every screen in both themes and two sizes, into ui/shots
    Shots,
    /// Speed as ratios to the machine's own limit
    Bench {
        /// Passed on to the measuring program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Write the contract in TypeScript again from the crate `api`
    Contract,
}

fn main() -> Result<ExitCode> {
    let place = Place::find()?;
    let mut steps = Steps::new();
    match Arguments::parse().task {
        Task::Run(options) => return run::run(&place, &options),
        Task::Test => test::test(&place, &mut steps),
        Task::Check => test::check(&place, &mut steps),
        Task::Shots => shots::shots(&place, &mut steps),
        Task::Bench { rest } => return rust::bench(&place, &rest),
        Task::Contract => steps.step("contract", || rust::write_contract(&place)),
    }
    Ok(steps.finish())
}
