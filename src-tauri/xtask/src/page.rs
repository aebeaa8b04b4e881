//! The page: its packages, its checks, its build.

use crate::place::Place;
use crate::steps::Tally;
use crate::system;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::time::SystemTime;
use xshell::cmd;

/// What the built page is made from, in `ui`.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "index.html",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
];

/// Installs the page's packages when they are missing or the lock file is another one than last time.
pub(crate) fn need_packages(place: &Place) -> Result<()> {
    system::need_node(&place.sh)?;
    let lock = fs::read(place.ui.join("package-lock.json")).context("ui/package-lock.json")?;
    let installed = place.ui.join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    println!("The page's packages are missing or older than ui/package-lock.json. Installing them with npm.");
    let _ui = place.sh.push_dir(&place.ui);
    let sh = &place.sh;
    cmd!(sh, "npm ci --ignore-scripts --no-audit --no-fund").run()?;
    fs::write(installed, lock)?;
    Ok(())
}

/// Builds the page when a source is newer than the last build.
pub(crate) fn build(place: &Place) -> Result<()> {
    // The mark lies in the build, so that it goes when the build goes.
    let mark = place.ui.join("dist/.complete");
    let built = fs::metadata(&mark).and_then(|mark| mark.modified()).ok();
    let changed = SOURCES.iter().filter_map(|source| newest(&place.ui.join(source))).max();
    if built.is_some_and(|built| changed.is_some_and(|changed| changed < built)) {
        return Ok(());
    }
    println!("The page is not built, or a source of it is newer. Building it.");
    let _ui = place.sh.push_dir(&place.ui);
    let sh = &place.sh;
    cmd!(sh, "npm run --silent build").run()?;
    fs::write(mark, "")?;
    Ok(())
}

/// When anything at or under a path was last changed; none if there is nothing.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok()?;
    let inside = fs::read_dir(path)
        .ok()
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| newest(&entry.path()))
        .max();
    Some(inside.map_or(own, |inside| inside.max(own)))
}

/// Runs one of the page's npm scripts.
pub(crate) fn script(place: &Place, name: &str) -> Result<()> {
    let _ui = place.sh.push_dir(&place.ui);
    let sh = &place.sh;
    cmd!(sh, "npm run --silent {name}").run()?;
    Ok(())
}

/// Runs the page's unit tests.
pub(crate) fn tests(place: &Place) -> Result<Tally> {
    let report = place.target.join("page-tests.json");
    place.sh.remove_path(&report)?;
    let ran = {
        let _ui = place.sh.push_dir(&place.ui);
        let sh = &place.sh;
        cmd!(sh, "npm run --silent test -- --reporter=default --reporter=json --outputFile.json={report}")
            .run()
    };
    match (fs::read_to_string(&report).ok().and_then(|text| counts(&text)), ran) {
        (Some(tally), Ok(())) => Ok(tally),
        (Some(tally), Err(_)) if tally.failed > 0 => Ok(tally),
        (_, ran) => {
            ran?;
            anyhow::bail!("vitest left no readable report in {}", report.display())
        }
    }
}

/// Reads the counts of vitest's JSON report.
fn counts(report: &str) -> Option<Tally> {
    let number = |name: &str| -> Option<u64> {
        let (_, rest) = report.split_once(&format!("\"{name}\":"))?;
        rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    Some(Tally { passed: number("numPassedTests")?, failed: number("numFailedTests")? })
}

#[cfg(test)]
mod tests {
    use super::{Tally, counts};

    #[test]
    fn the_report_of_the_page_tests_is_read() {
        let report = r#"{"numTotalTestSuites":3,"numPassedTests":17,"numFailedTests":2,"success":false}"#;
        assert_eq!(counts(report), Some(Tally { passed: 17, failed: 2 }));
        assert_eq!(counts("{}"), None);
    }
}
