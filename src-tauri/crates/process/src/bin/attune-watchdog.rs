//! Waits for the end of an engine and ends what it left running; see `process::Watchdog`.

use std::io::{Read, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(instance) = std::env::args().nth(1) else { return ExitCode::from(2) };
    // An error means that nobody can tell any more when the engine ends; then ending is wrong.
    if stdin().read_to_end(&mut Vec::new()).is_err() {
        return ExitCode::FAILURE;
    }
    let _ = process::end_leftovers(&instance);
    ExitCode::SUCCESS
}
