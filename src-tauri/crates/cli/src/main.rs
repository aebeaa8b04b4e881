//! `attune`: the engine without a window, and everything that the window can do, for terminals and scripts.
//!
//! It finds the running engine by its runtime file and speaks the same commands as the page. Deliberately
//! absent: any knowledge of rules and runs of its own; `eval` and `pack validate` call the same pure crates
//! as the engine does.

mod arguments;
mod client;
mod eval;
mod execution;
mod failure;
mod lists;
mod output;
mod parameters;
mod rule;
mod schedule;
mod screen;
mod serve;
mod text;
mod watch;

use arguments::{Action, Arguments, Command, Enforcement, Event, Execution, Misfire, Pack, Schedule, Sensor};
use clap::Parser;
use client::Client;
use failure::Failure;
use screen::{Screen, complain};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    let Err(failure) = ended else { return ExitCode::SUCCESS };
    if !failure.is_closed_pipe() && !matches!(failure, Failure::Said) {
        complain(&failure.to_string());
    }
    failure.exit_code()
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { data_dir, json, command } = arguments;
    let screen = Screen::new(json);
    match command {
        Command::Eval => return Ok(eval::run(std::io::stdin().lock(), std::io::stdout().lock())?),
        Command::Pack(Pack::Validate { folder }) => return lists::validate_pack(&screen, &folder),
        Command::Schedule(Schedule::Next(asked)) => return schedule::next(&screen, &asked),
        Command::Serve(options) => return serve::run(&screen, data_dir, options).await,
        _ => {}
    }
    let client = Client::find(data_dir)?;
    match command {
        Command::Status => lists::status(&client, &screen).await,
        Command::Rule(command) => rule::run(&client, &screen, command).await,
        Command::Event(Event::List(list)) => lists::events(&client, &screen, list).await,
        Command::Event(Event::Watch(filter)) => watch::events(&client, &screen, filter).await,
        Command::Enforcement(Enforcement::List { rule, page }) => {
            lists::enforcements(&client, &screen, rule, page).await
        }
        Command::Execution(Execution::Output(asked)) => output::run(&client, &screen, &asked).await,
        Command::Execution(command) => execution::run(&client, &screen, command).await,
        Command::Action(Action::List) => lists::actions(&client, &screen).await,
        Command::Action(Action::Run(asked)) => execution::run_action(&client, &screen, asked).await,
        Command::Pack(Pack::List) => lists::packs(&client, &screen).await,
        Command::Sensor(Sensor::List) => lists::sensors(&client, &screen).await,
        Command::Schedule(Schedule::Forecast(asked)) => schedule::forecast(&client, &screen, asked).await,
        Command::Misfire(Misfire::List(asked)) => schedule::misfires(&client, &screen, asked).await,
        Command::Eval
        | Command::Serve(_)
        | Command::Pack(Pack::Validate { .. })
        | Command::Schedule(Schedule::Next(_)) => Ok(()),
    }
}
