//! Pictures of every screen, in both themes and two sizes, of the real window after some use.
#![expect(clippy::print_stdout, reason = "it tells which pictures it takes")]

use anyhow::{Context, Result};
use e2e_tests::{SCREENS, Stage, Window, seed};
use std::path::{Path, PathBuf};

const SIZES: [(u32, u32); 2] = [(1440, 900), (960, 640)];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("usage: shots FOLDER")?);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let stage = Stage::set()?;
    let window = stage.open().await?;
    seed::seed(window.engine()).await?;
    for theme in ["dark", "light"] {
        window.use_theme(theme).await?;
        for size in SIZES {
            window.resize(size.0, size.1).await?;
            for screen in SCREENS {
                window.go(screen).await?;
                take(&window, &folder, screen, theme, size).await?;
            }
            window.open_run_of("Snapshot documents").await?;
            take(&window, &folder, "Run", theme, size).await?;
            window.go("Rules").await?;
            window.click("button", "New rule").await?;
            window.find("heading", "When").await?;
            take(&window, &folder, "Editor", theme, size).await?;
            timers(&window, &folder, theme, size).await?;
        }
    }
    window.close().await
}

/// The form and the preview of each timer, with what can be wrong and what can be folded out.
async fn timers(window: &Window, folder: &Path, theme: &str, size: (u32, u32)) -> Result<()> {
    for (timer, name) in
        [("Cron", "Editor-cron"), ("Date and time", "Editor-once"), ("Recurrence", "Editor-recurrence")]
    {
        window.click("radio", timer).await?;
        window.find("grid", "Fires of the next weeks").await?;
        take(window, folder, name, theme, size).await?;
    }
    window.click("button", "Options").await?;
    window.find("textbox", "Not before, date").await?;
    take(window, folder, "Editor-options", theme, size).await?;
    window.click("button", "Options").await?;
    window.click("radio", "Cron").await?;
    window.write("Cron expression", "30 2,14 * * 0-8").await?;
    window.shows("^ column 15").await?;
    take(window, folder, "Editor-cron-wrong", theme, size).await?;
    // The next form of a new rule begins anew.
    window.click("button", "Discard").await?;
    window.click("button", "Dismiss").await?;
    window.go("Rules").await?;
    window.click("link", "Market opens").await?;
    window.find("grid", "Fires of the next weeks").await?;
    take(window, folder, "Editor-zone", theme, size).await
}

async fn take(window: &Window, folder: &Path, screen: &str, theme: &str, size: (u32, u32)) -> Result<()> {
    let name = format!("{}-{theme}-{}x{}.png", screen.to_lowercase(), size.0, size.1);
    window.settles().await?;
    window.picture(&folder.join(&name)).await?;
    println!("{name}");
    Ok(())
}
