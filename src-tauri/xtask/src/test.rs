//! Everything that CI runs, and the quick loop.

use crate::place::Place;
use crate::steps::Steps;
use crate::{page, rust, system};

/// All checks and all tests, the real window last.
pub(crate) fn test(place: &Place, steps: &mut Steps) {
    steps.step("set-up", || {
        system::need(&place.sh, &[system::WINDOW, system::WINDOW_TESTS])?;
        page::need_packages(place)?;
        system::need_nextest(place)
    });
    if !steps.well() {
        return;
    }
    steps.step("format: Rust", || rust::format(place));
    page_checks(place, steps);
    steps.step("page: build", || page::build(place));
    steps.step("clippy", || rust::clippy(place));
    steps.step("build", || rust::build(place));
    // Tests against programs of an earlier build would tell nothing.
    if steps.done_well("build") && steps.done_well("page: build") {
        steps.tests("tests: Rust", || rust::tests(place));
        steps.tests("tests: the real window", || rust::window_tests(place));
    }
}

/// Format, lint, types and unit tests, without a window.
pub(crate) fn check(place: &Place, steps: &mut Steps) {
    steps.step("set-up", || {
        system::need(&place.sh, &[system::WINDOW])?;
        page::need_packages(place)?;
        system::need_nextest(place)
    });
    if !steps.well() {
        return;
    }
    steps.step("format: Rust", || rust::format(place));
    page_checks(place, steps);
    steps.step("clippy", || rust::clippy(place));
    steps.tests("tests: Rust units", || rust::unit_tests(place));
}

fn page_checks(place: &Place, steps: &mut Steps) {
    steps.step("page: format", || page::script(place, "format:check"));
    steps.step("page: lint", || page::script(place, "lint"));
    steps.step("page: types", || page::script(place, "types"));
    steps.tests("page: tests", || page::tests(place));
}
