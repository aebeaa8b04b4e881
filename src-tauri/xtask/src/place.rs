//! Where things are.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use xshell::Shell;

/// The clone this tool belongs to, and a shell in its root.
pub(crate) struct Place {
    /// Runs commands in the root of the clone.
    pub(crate) sh: Shell,
    /// The folder of the page.
    pub(crate) ui: PathBuf,
    /// Where cargo builds; it may lie outside the clone.
    pub(crate) target: PathBuf,
}

impl Place {
    /// # Errors
    /// The clone is gone, or this program does not lie in a cargo target folder.
    pub(crate) fn find() -> Result<Self> {
        // Cargo says where it runs; where it was built may be another clone that shares the target folder.
        let here =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let here = Path::new(&here);
        let root = here.ancestors().nth(2).context("xtask lies two folders below the root")?;
        let program = std::env::current_exe().context("where is this program?")?;
        // <target>/<profile>/xtask
        let target = program.ancestors().nth(2).context("this program lies in a cargo target folder")?;
        let sh = Shell::new()?;
        sh.change_dir(root);
        Ok(Self { sh, ui: root.join("ui"), target: target.to_owned() })
    }

    /// A program of the build that is used for everything but measuring.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}
