//! Named steps with their times, and the tally at the end.

use anyhow::Result;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How many tests ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

/// What has been done so far.
pub(crate) struct Steps {
    start: Instant,
    done: Vec<(String, Duration, bool)>,
    tally: Tally,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), done: Vec::new(), tally: Tally::default() }
    }

    /// Does one thing. A failure is kept for the end, so that one call shows all that is wrong.
    pub(crate) fn step(&mut self, title: &str, work: impl FnOnce() -> Result<()>) {
        self.tests(title, || work().map(|()| Tally::default()));
    }

    /// Runs tests; their counts go to the tally. Work that fails without a failed test counts as one.
    pub(crate) fn tests(&mut self, title: &str, work: impl FnOnce() -> Result<Tally>) {
        println!("\n── {title}");
        let start = Instant::now();
        let counts = work().unwrap_or_else(|error| {
            println!("{title} failed: {error:#}");
            Tally { passed: 0, failed: 1 }
        });
        let well = counts.failed == 0;
        self.tally.passed += counts.passed;
        self.tally.failed += counts.failed;
        let took = start.elapsed();
        println!("── {title}: {} in {:.1} s", if well { "ok" } else { "FAILED" }, took.as_secs_f64());
        self.done.push((title.to_owned(), took, well));
    }

    /// Whether nothing has failed so far: what needs the work before it asks this.
    pub(crate) fn well(&self) -> bool {
        self.tally.failed == 0
    }

    /// Whether a step was done, and well.
    pub(crate) fn done_well(&self, title: &str) -> bool {
        self.done.iter().any(|(done, _, well)| done == title && *well)
    }

    /// Prints the times and the tally.
    pub(crate) fn finish(self) -> ExitCode {
        println!("\nsteps");
        for (title, took, well) in &self.done {
            println!("  {:>7.1} s  {}  {title}", took.as_secs_f64(), if *well { "ok    " } else { "FAILED" });
        }
        println!("  {:>7.1} s  in all", self.start.elapsed().as_secs_f64());
        if self.tally != Tally::default() {
            println!("\n{} passed, {} failed", self.tally.passed, self.tally.failed);
        }
        if self.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::{Steps, Tally};

    #[test]
    fn a_step_that_fails_without_a_failed_test_counts_as_one() {
        let mut steps = Steps::new();
        steps.tests("tests", || Ok(Tally { passed: 3, failed: 0 }));
        assert!(steps.well());
        steps.step("format", || anyhow::bail!("not formatted"));
        steps.tests("more tests", || Ok(Tally { passed: 2, failed: 2 }));
        assert_eq!(steps.tally, Tally { passed: 5, failed: 3 });
        assert!(!steps.well());
    }
}
