//! The Rust side: format, lint, builds, tests, measuring.

use crate::place::Place;
use crate::steps::Tally;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::ExitCode;
use xshell::cmd;

/// Tests of the real window; they run apart, after all others.
const WINDOW_TESTS: &str = "package(e2e-tests)";

/// Whether everything is formatted.
pub(crate) fn format(place: &Place) -> Result<()> {
    let sh = &place.sh;
    Ok(cmd!(sh, "cargo fmt --all --check").run()?)
}

/// Clippy over everything, warnings refused.
pub(crate) fn clippy(place: &Place) -> Result<()> {
    let sh = &place.sh;
    Ok(cmd!(sh, "cargo clippy --locked --workspace --all-targets -- -D warnings").run()?)
}

/// Builds every program and test, once, for all steps after it.
///
/// Always the whole workspace: a part of it would ask for other features of shared libraries and build them again.
pub(crate) fn build(place: &Place) -> Result<()> {
    let sh = &place.sh;
    Ok(cmd!(sh, "cargo build --locked --workspace --all-targets").run()?)
}

/// All Rust tests but those of the window.
pub(crate) fn tests(place: &Place) -> Result<Tally> {
    nextest(place, &format!("not {WINDOW_TESTS}"))
}

/// The tests of the real window.
pub(crate) fn window_tests(place: &Place) -> Result<Tally> {
    nextest(place, WINDOW_TESTS)
}

/// The tests inside the crates, which need neither a window nor other programs.
pub(crate) fn unit_tests(place: &Place) -> Result<Tally> {
    nextest(place, &format!("not {WINDOW_TESTS} and (kind(lib) or kind(bin))"))
}

fn nextest(place: &Place, filter: &str) -> Result<Tally> {
    // Nextest keeps its reports in the clone, wherever cargo builds.
    let report = place.sh.current_dir().join("target/nextest/default/junit.xml");
    place.sh.remove_path(&report)?;
    let sh = &place.sh;
    let ran =
        cmd!(sh, "cargo nextest run --locked --workspace --all-targets --no-fail-fast -E {filter}").run();
    match (fs::read_to_string(&report).ok().and_then(|text| counts(&text)), ran) {
        (Some(tally), Ok(())) => Ok(tally),
        (Some(tally), Err(_)) if tally.failed > 0 => Ok(tally),
        (_, Err(error)) => Err(error.into()),
        (None, Ok(())) => bail!("nextest left no readable report in {}", report.display()),
    }
}

/// Reads the counts of a JUnit report.
fn counts(report: &str) -> Option<Tally> {
    let (_, rest) = report.split_once("<testsuites ")?;
    let head = rest.split('>').next()?;
    let number = |name: &str| -> Option<u64> {
        let (_, value) = head.split_once(&format!("{name}=\""))?;
        value.split('"').next()?.parse().ok()
    };
    let failed = number("failures")? + number("errors").unwrap_or(0);
    Some(Tally { passed: number("tests")?.checked_sub(failed)?, failed })
}

/// Writes the contract in TypeScript again.
pub(crate) fn write_contract(place: &Place) -> Result<()> {
    let sh = &place.sh;
    Ok(cmd!(sh, "cargo test --quiet --package tidy-tests --test contract")
        .env("ATTUNE_WRITE_CONTRACT", "1")
        .run()?)
}

/// Builds what is measured as it is shipped, and measures it.
pub(crate) fn bench(place: &Place, rest: &[String]) -> Result<ExitCode> {
    let sh = &place.sh;
    cmd!(sh, "cargo build --locked --release --package bench --package timer-sensor --package process --package cli").run()?;
    let program = place.target.join("release/bench");
    let status = std::process::Command::from(cmd!(sh, "{program} {rest...}"))
        .status()
        .with_context(|| format!("{} does not start", program.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::{Tally, counts};

    #[test]
    fn the_report_of_the_rust_tests_is_read() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="6" failures="1" errors="1" uuid="x" time="0.129">
    <testsuite name="model" tests="6" disabled="0" errors="0" failures="1">"#;
        assert_eq!(counts(report), Some(Tally { passed: 4, failed: 2 }));
        assert_eq!(counts("<html>"), None);
    }
}
