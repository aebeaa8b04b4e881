//! The environment of a child: a short list of names from our own, and nothing else.
//!
//! Passed on are `PATH`, `HOME`, `TZ`, `TMPDIR`, `LANG` and `LC_*`, `XDG_*`, and what is needed to reach the
//! user's screen and session bus: `DISPLAY`, `WAYLAND_DISPLAY`, `XAUTHORITY`, `DBUS_SESSION_BUS_ADDRESS`.
//! It is a list of what may pass, so that a variable which changes how programs load code (`LD_PRELOAD`,
//! `BASH_ENV`, `PYTHONPATH`, `NODE_OPTIONS`, `GIT_DIR`, …) cannot reach a child by being forgotten. `USER`,
//! `LOGNAME` and `SHELL` are left out too: the system answers those questions without the environment.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The variable by which the processes of one data folder are known, so that those which outlived their
/// engine can be found.
pub const INSTANCE: &str = "ATTUNE_INSTANCE";

const PASSED: [&str; 9] = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
];
const PASSED_FAMILIES: [&str; 2] = ["LC_", "XDG_"];
/// Where programs are looked for when our own environment does not say.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The environment of a child: what may pass from our own, then `extra`, of which a later value of a name
/// takes the place of an earlier one.
pub fn base_environment<K, V>(extra: impl IntoIterator<Item = (K, V)>) -> Vec<(OsString, OsString)>
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    let extra = extra.into_iter().map(|(name, value)| (name.into(), value.into()));
    compose(std::env::vars_os(), extra)
}

fn compose(
    ours: impl Iterator<Item = (OsString, OsString)>,
    extra: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> = ours.filter(|(name, _)| passes(name)).collect();
    if !all.iter().any(|(name, _)| name == "PATH") {
        all.push(("PATH".into(), USUAL_PATH.into()));
    }
    for (name, value) in extra {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => all.push((name, value)),
        }
    }
    all
}

fn passes(name: &OsStr) -> bool {
    let name = name.as_bytes();
    PASSED.iter().any(|passed| passed.as_bytes() == name)
        || PASSED_FAMILIES.iter().any(|family| name.starts_with(family.as_bytes()))
}

/// The program of that name that the `PATH` of `env` leads to: the first that exists and may be executed.
#[must_use]
pub fn find_program(name: &str, env: &[(OsString, OsString)]) -> Option<PathBuf> {
    let path = env.iter().find(|(known, _)| known == "PATH").map(|(_, value)| value.as_os_str());
    std::env::split_paths(path.unwrap_or(OsStr::new(USUAL_PATH)))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| is_executable(candidate))
}

/// A program that comes with ours: it lies beside the running one, or one folder higher where that is a test.
#[must_use]
pub fn beside_us(name: &str) -> Option<PathBuf> {
    let running = std::env::current_exe().ok()?;
    let folders = running.ancestors().skip(1).take(2);
    folders.map(|folder| folder.join(name)).find(|path| is_executable(path))
}

pub(crate) fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: &[(&str, &str)]) -> impl Iterator<Item = (OsString, OsString)> {
        names.iter().map(|(name, value)| (name.into(), value.into())).collect::<Vec<_>>().into_iter()
    }

    fn names(env: &[(OsString, OsString)]) -> Vec<&str> {
        env.iter().map(|(name, _)| name.to_str().unwrap()).collect()
    }

    #[test]
    fn only_the_listed_names_pass() {
        let ours = pairs(&[
            ("PATH", "/bin"),
            ("HOME", "/home/ada"),
            ("LC_TIME", "de_DE.UTF-8"),
            ("XDG_RUNTIME_DIR", "/run/user/1"),
            ("DISPLAY", ":0"),
            ("LD_PRELOAD", "evil.so"),
            ("BASH_ENV", "evil.sh"),
            ("ENV", "evil.sh"),
            ("PYTHONPATH", "/evil"),
            ("NODE_OPTIONS", "--require=evil"),
            ("PERL5OPT", "-Mevil"),
            ("RUBYOPT", "-revil"),
            ("GIT_DIR", "/evil"),
            ("APPDIR", "/tmp/.mount"),
            ("ATTUNE_API_TOKEN", "secret"),
            ("HOMEBREW", "no"),
        ]);
        let env = compose(ours, pairs(&[]));
        assert_eq!(names(&env), ["PATH", "HOME", "LC_TIME", "XDG_RUNTIME_DIR", "DISPLAY"]);
    }

    #[test]
    fn a_path_is_always_there_and_extra_values_win() {
        let env = compose(pairs(&[("HOME", "/a")]), pairs(&[("HOME", "/b"), ("X", "1"), ("X", "2")]));
        assert_eq!(env, pairs(&[("HOME", "/b"), ("PATH", USUAL_PATH), ("X", "2")]).collect::<Vec<_>>());
    }

    #[test]
    fn a_program_is_found_on_the_path_only_where_it_may_be_executed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sh"), "").unwrap();
        let env = [("PATH".into(), format!(".:{}:/bin", folder.path().display()).into())];
        assert_eq!(find_program("sh", &env), Some("/bin/sh".into()));
        assert_eq!(find_program("no-such-program", &env), None);
    }
}
