//! Pictures of every screen.

use crate::place::Place;
use crate::steps::Steps;
use crate::{page, rust, system};
use xshell::cmd;

/// Starts the real window on a folder with rules and runs in it, and takes its pictures into `ui/shots`.
pub(crate) fn shots(place: &Place, steps: &mut Steps) {
    steps.step("set-up", || {
        system::need(&place.sh, &[system::WINDOW, system::WINDOW_TESTS])?;
        page::need_packages(place)?;
        page::build(place)
    });
    if steps.well() {
        steps.step("build", || rust::build(place));
    }
    if steps.well() {
        steps.step("pictures", || {
            let sh = &place.sh;
            let (program, folder) = (place.program("shots"), place.ui.join("shots"));
            cmd!(sh, "{program} {folder}").run()?;
            println!("The pictures are in {}", folder.display());
            Ok(())
        });
    }
}
