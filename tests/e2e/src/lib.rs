//! The real window, used as a person uses it: by the names that are on the screen.
//!
//! A [`Stage`] is a screen, a window manager and a home folder of the test's own. A [`Window`] is the app on
//! it, driven through WebKit's WebDriver. [`Engine`] asks the engine behind the window for facts, so that a
//! test waits for what has happened and never for time to pass. Deliberately absent: any view into the page's code.

mod engine;
mod keys;
mod processes;
mod program;
pub mod seed;
mod stage;
mod window;

pub use engine::Engine;
pub use keys::Stroke;
pub use program::{Ended, Program};
pub use stage::Stage;
pub use window::{SCREENS, Screen, Window};

use anyhow::{Context, Result, bail};
use std::time::Duration;
use tokio::time::{Instant, interval};

/// How long anything on the screen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; after [`PATIENCE`] says what was missing.
///
/// # Errors
/// There was no answer in time, or asking failed for good.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    let mut next = interval(Duration::from_millis(50));
    loop {
        next.tick().await;
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > end {
            bail!("waited {} s in vain: {what}", PATIENCE.as_secs());
        }
    }
}

/// The source of axe-core, as the page's packages have it.
///
/// # Errors
/// They are not installed; `cargo xtask test` does that.
pub fn axe() -> Result<String> {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .with_context(|| format!("{}; `cargo xtask test` installs it", path.display()))
}
