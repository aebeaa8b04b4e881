//! The command that installs something, for the system that this is.

use model::Runner;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packages {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Apk,
    Unknown,
}

fn packages() -> Packages {
    static KNOWN: OnceLock<Packages> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        packages_of(&read("/etc/os-release").or_else(|| read("/usr/lib/os-release")).unwrap_or_default())
    })
}

/// From `ID` and `ID_LIKE` of an os-release file.
fn packages_of(os_release: &str) -> Packages {
    let values = os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| ["ID", "ID_LIKE"].contains(name));
    let names: Vec<&str> = values.flat_map(|(_, value)| value.trim_matches(['"', '\'']).split(' ')).collect();
    let is = |one: &[&str]| names.iter().any(|name| one.contains(name));
    match () {
        () if is(&["debian", "ubuntu"]) => Packages::Apt,
        () if is(&["fedora", "rhel", "centos"]) => Packages::Dnf,
        () if is(&["arch"]) => Packages::Pacman,
        () if is(&["suse", "opensuse"]) => Packages::Zypper,
        () if is(&["alpine"]) => Packages::Apk,
        () => Packages::Unknown,
    }
}

/// How to get an interpreter, or another program, as the end of a sentence.
pub(crate) fn advice(what: &str) -> String {
    command(packages(), what)
}

/// How to get another version of an interpreter.
pub(crate) fn other_version(runner: Runner) -> String {
    match (runner, packages()) {
        (Runner::Python, Packages::Apt) => {
            "install one that will do beside it (such as: sudo apt install python3.12, or uv python install)"
        }
        (Runner::Python, Packages::Dnf) => {
            "install one that will do beside it (such as: sudo dnf install python3.12)"
        }
        (Runner::Python, _) => "install one that will do beside it (such as: uv python install 3.12)",
        _ => "install one that will do (nodejs.org offers every version; so does: npx n lts)",
    }
    .to_owned()
}

fn command(packages: Packages, what: &str) -> String {
    let name = match (packages, what) {
        (Packages::Pacman, "python3") => "python",
        (Packages::Apt | Packages::Dnf | Packages::Pacman | Packages::Apk, "node") => "nodejs",
        (Packages::Zypper, "node") => "nodejs-default",
        (Packages::Zypper, "npm") => "npm-default",
        _ => what,
    };
    match packages {
        Packages::Apt => format!("install it: sudo apt install {name}"),
        Packages::Dnf => format!("install it: sudo dnf install {name}"),
        Packages::Pacman => format!("install it: sudo pacman -S {name}"),
        Packages::Zypper => format!("install it: sudo zypper install {name}"),
        Packages::Apk => format!("install it: sudo apk add {name}"),
        Packages::Unknown => "install it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_own_command() {
        for (os_release, what, told) in [
            ("NAME=Debian\nID=debian\n", "node", "install it: sudo apt install nodejs"),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "python3", "install it: sudo apt install python3"),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "bash", "install it: sudo dnf install bash"),
            ("ID=arch\n", "python3", "install it: sudo pacman -S python"),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"",
                "npm",
                "install it: sudo zypper install npm-default",
            ),
            ("ID=alpine\n", "bash", "install it: sudo apk add bash"),
            ("ID=nixos\n", "bash", "install it"),
        ] {
            assert_eq!(command(packages_of(os_release), what), told);
        }
    }
}
