//! A screen, a window manager and a home folder of the test's own.

use crate::processes::{Guarded, end_all_of, start};
use crate::{Engine, Program, Window};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Where one test plays. It outlives its windows, so that a second one finds what the first has left.
pub struct Stage {
    // Dropped in this order: the manager before its screen, the folder last.
    _manager: Guarded,
    _screen: Guarded,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Stage {
    /// Sets the stage.
    ///
    /// # Errors
    /// Xvfb or openbox is missing; `cargo xtask test` installs them.
    pub fn set() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("attune-window-").tempdir()?;
        let environment = environment(folder.path())?;
        let log = folder.path().join("window.log");
        let arguments = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"];
        let mut screen = start("Xvfb", &arguments, &environment, &log, Some(Stdio::piped()))
            .context("`cargo xtask test` installs what tests of the window need")?;
        let mut number = String::new();
        let said = screen.0.stdout.take().context("Xvfb has an output")?;
        BufReader::new(said).read_line(&mut number)?;
        ensure!(
            !number.trim().is_empty(),
            "Xvfb did not start: {}",
            fs::read_to_string(&log).unwrap_or_default()
        );
        let mut environment = environment;
        environment.push(("DISPLAY".to_owned(), format!(":{}", number.trim())));
        let manager = start("openbox", &["--sm-disable"], &environment, &log, None)
            .context("`cargo xtask test` installs what tests of the window need")?;
        Ok(Self { _manager: manager, _screen: screen, environment, folder })
    }

    /// Starts the app and waits until its page is there.
    ///
    /// # Errors
    /// It does not start; what it said is in the message.
    pub async fn open(&self) -> Result<Window> {
        Window::open(self).await.with_context(|| format!("the window said:\n{}", self.log()))
    }

    /// Starts the app without a driver, and without some variables.
    ///
    /// # Errors
    /// It is not built.
    pub fn start_app(&self, without: &[&str]) -> Result<Program> {
        let kept = self.environment.iter().filter(|(name, _)| !without.contains(&name.as_str())).cloned();
        Program::start(&kept.collect::<Vec<_>>(), self.folder.path().join("app.log"))
    }

    /// The engine that runs on this stage now.
    ///
    /// # Errors
    /// There is none.
    pub fn engine(&self) -> Result<Engine> {
        Engine::find(&self.folder.path().join("run/attune-studio"))
    }

    /// What the app and its driver wrote.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.path().join("window.log")
    }

    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        end_all_of(self.folder.path());
        if std::thread::panicking() {
            // Taken up by the test runner and shown with the failure.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), self.log().as_bytes());
        }
    }
}

/// The variables of everything on the stage: nothing of the caller's but where programs are.
fn environment(folder: &Path) -> Result<Vec<(String, String)>> {
    let runtime = folder.join("run");
    fs::create_dir(&runtime)?;
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700))?;
    let at = |name: &str| folder.join(name).display().to_string();
    let mut variables = vec![
        ("HOME".to_owned(), folder.display().to_string()),
        ("XDG_RUNTIME_DIR".to_owned(), runtime.display().to_string()),
        ("XDG_DATA_HOME".to_owned(), at("data")),
        ("XDG_CONFIG_HOME".to_owned(), at("config")),
        ("XDG_CACHE_HOME".to_owned(), at("cache")),
        ("XDG_STATE_HOME".to_owned(), at("state")),
        ("GDK_BACKEND".to_owned(), "x11".to_owned()),
        ("LIBGL_ALWAYS_SOFTWARE".to_owned(), "1".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("TAURI_WEBVIEW_AUTOMATION".to_owned(), "true".to_owned()),
    ];
    for name in ["PATH", "TZ", "RUST_BACKTRACE", "ATTUNE_LOG"] {
        variables.extend(std::env::var(name).ok().map(|value| (name.to_owned(), value)));
    }
    Ok(variables)
}
