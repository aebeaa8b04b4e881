//! What the program tells about itself: to stderr, and to a file a day in the data folder.

use std::fs::DirBuilder;
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Days of logs that are kept.
const DAYS_KEPT: usize = 7;

/// Starts the log; `ATTUNE_LOG` chooses how much (default `info`). The file is complete once the guard is dropped.
/// A folder that cannot be written costs the file, not the start: the engine says better what is wrong with it.
pub(crate) fn write_to(folder: &Path) -> Option<WorkerGuard> {
    // Nobody but the user may read the data, so whoever makes the folder first makes it so.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let filter = EnvFilter::try_from_env("ATTUNE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for eyes: a log that goes to a file or the journal has none.
    let colours = std::io::stderr().is_terminal();
    let terminal = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colours);
    let file = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("studio")
        .filename_suffix("log")
        .max_log_files(DAYS_KEPT)
        .build(folder)
        .ok()
        .filter(|_| made.is_ok())
        .map(tracing_appender::non_blocking);
    let (file, guard) = file.unzip();
    let file = file.map(|writer| fmt::layer().with_writer(writer).with_ansi(false));
    // A subscriber that is already set is as good.
    let _ = tracing_subscriber::registry().with(filter).with(terminal).with(file).try_init();
    guard
}
