//! What the machine must have: Debian packages, Node, nextest. Installed where that is allowed, named where not.

use crate::place::Place;
use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

/// A Debian package and what it is needed for.
pub(crate) struct Package {
    name: &'static str,
    why: &'static str,
}

const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why }
}

/// What the window needs to be built.
pub(crate) const WINDOW: &[Package] = &[
    package("pkg-config", "finds the libraries below"),
    package("libwebkit2gtk-4.1-dev", "the web view in which the window shows its page"),
];

/// What tests of the real window need beside it.
pub(crate) const WINDOW_TESTS: &[Package] = &[
    package("xvfb", "a screen in memory for the window under test"),
    package("webkit2gtk-driver", "drives the window as a person would"),
    package("dbus-daemon", "a session bus of the test's own"),
    package("openbox", "a window manager for the title bar's buttons"),
];

/// Installs the packages that are missing, having said which and why.
///
/// # Errors
/// Some are missing and may not be installed by this user; the message is the command that does it.
pub(crate) fn need(sh: &Shell, packages: &[&[Package]]) -> Result<()> {
    if cmd!(sh, "dpkg-query --version").quiet().ignore_stderr().read().is_err() {
        println!(
            "This is not Debian, so the system packages are taken to be there: {}",
            names(packages).join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&Package> =
        packages.iter().copied().flatten().filter(|package| !installed(sh, package.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("System packages that are missing:");
    for package in &missing {
        println!("  {:<24} {}", package.name, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    install(sh, &names)
}

fn names(packages: &[&[Package]]) -> Vec<&'static str> {
    packages.iter().copied().flatten().map(|package| package.name).collect()
}

fn installed(sh: &Shell, name: &str) -> bool {
    let format = "${db:Status-Status}";
    cmd!(sh, "dpkg-query -W -f {format} {name}")
        .quiet()
        .ignore_stderr()
        .read()
        .is_ok_and(|status| status == "installed")
}

fn install(sh: &Shell, names: &[&str]) -> Result<()> {
    let root = cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0");
    let sudo = !root && cmd!(sh, "sudo -n true").quiet().ignore_stderr().run().is_ok();
    if !root && !sudo {
        bail!(
            "installing them needs root, and there is no sudo without a password; run this, then try again:\n\n  \
             sudo apt-get update && sudo apt-get install -y --no-install-recommends {}\n",
            names.join(" ")
        );
    }
    println!("Installing them with apt-get.");
    let prefix: &[&str] = if root { &["env"] } else { &["sudo", "-n", "env"] };
    let (program, arguments) = (prefix[0], &prefix[1..]);
    // Lists that are a little old are still good enough when the update cannot reach its server.
    let updated = cmd!(sh, "{program} {arguments...} DEBIAN_FRONTEND=noninteractive apt-get update -q").run();
    cmd!(sh, "{program} {arguments...} DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends {names...}")
        .run()
        .with_context(|| match updated {
            Ok(()) => "apt-get could not install them".to_owned(),
            Err(error) => format!("apt-get could not install them, nor update its lists ({error})"),
        })
}

/// # Errors
/// Node is absent or too old for the page's tools.
pub(crate) fn need_node(sh: &Shell) -> Result<()> {
    let version = cmd!(sh, "node --version").quiet().read().context(
        "Node builds the page and is not here; install Node 20.19 or newer with npm (https://nodejs.org), then try again",
    )?;
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < (20, 19) {
        bail!(
            "Node {version} is too old for the page's tools; they need 20.19 or newer (https://nodejs.org)"
        );
    }
    Ok(())
}

/// Builds cargo-nextest where it is missing.
pub(crate) fn need_nextest(place: &Place) -> Result<()> {
    let sh = &place.sh;
    if cmd!(sh, "cargo nextest --version").quiet().ignore_stderr().read().is_ok() {
        return Ok(());
    }
    println!("cargo-nextest runs the Rust tests and is missing. Building it once, which takes some minutes.");
    // Its own folder: cargo would otherwise build it among the project's libraries.
    let folder = place.target.join("nextest-build");
    cmd!(sh, "cargo install --locked cargo-nextest --target-dir {folder}").run()?;
    sh.remove_path(&folder)?;
    Ok(())
}
