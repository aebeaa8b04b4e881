//! A pack in a folder, and interpreters of its own on a `PATH` of its own.

use model::{Ref, Runner, VersionRange};
use runtimes::{CommandLine, Program, Runtimes, Variables};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use tempfile::TempDir;

pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) runtimes: Runtimes,
    pub(crate) path: String,
    pub(crate) told: Mutex<Vec<String>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("pack/actions")).unwrap();
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut place =
            Self { runtimes: Runtimes::new(PathBuf::new(), ""), folder, path, told: Mutex::default() };
        place.restart();
        place
    }

    /// What was known in memory is forgotten.
    pub(crate) fn restart(&mut self) {
        self.runtimes = Runtimes::new(self.at("environments"), &self.folder.path().display().to_string());
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An interpreter that says this of its version, and counts how often it was asked. Only such are found.
    pub(crate) fn interpreter(&mut self, name: &str, says: &str) {
        self.path = self.at("bin").display().to_string();
        let asked = self.at("asked");
        self.file(
            &format!("bin/{name}"),
            &format!("#!/bin/sh\necho {name} >>{}\necho '{says}'\n", asked.display()),
        );
    }

    pub(crate) fn asked(&self) -> String {
        fs::read_to_string(self.at("asked")).unwrap_or_default()
    }

    pub(crate) async fn command_and_variables(
        &self,
        runner: Runner,
        versions: &str,
        file: &str,
    ) -> Result<(CommandLine, Variables), String> {
        let (name, versions): (Ref, VersionRange) = ("mine.run".parse().unwrap(), versions.parse().unwrap());
        let (folder, path) =
            (self.at("pack").canonicalize().unwrap(), self.at("pack").canonicalize().unwrap());
        let path = path.join(file);
        let program = Program {
            name: &name,
            runner,
            versions: &versions,
            entry_point: file,
            path: Some(&path),
            folder: &folder,
        };
        let mut variables = process::base_environment([("PATH", self.path.as_str())]);
        let told = |line: &str| self.told.lock().unwrap().push(line.to_owned());
        let command = self.runtimes.command(&program, &mut variables, &told).await?;
        Ok((command, variables))
    }

    pub(crate) async fn command(
        &self,
        runner: Runner,
        versions: &str,
        file: &str,
    ) -> Result<CommandLine, String> {
        self.command_and_variables(runner, versions, file).await.map(|(command, _)| command)
    }

    /// What a script prints that is run as it is told here.
    pub(crate) async fn run(&self, runner: Runner, file: &str) -> Result<String, String> {
        let (command, variables) = self.command_and_variables(runner, "", file).await?;
        let output = output(&command.program, |run| {
            run.args(&command.args).env_clear().envs(variables).current_dir(self.at("pack"));
        });
        assert!(output.status.success(), "{output:?}");
        Ok(String::from_utf8(output.stdout).unwrap())
    }

    /// The names of what lies in a folder, without logs.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(folder)).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| !name.ends_with(".log")).collect();
        names.sort();
        names
    }
}

#[expect(clippy::disallowed_methods, reason = "a test runs what was found by itself")]
pub(crate) fn output(program: &Path, prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(program);
    prepare(&mut command);
    command.output().unwrap()
}

/// Whether these programs are installed: without them there is nothing to test.
pub(crate) fn installed(names: &[&str]) -> bool {
    let variables = process::base_environment::<String, String>([]);
    names.iter().all(|name| process::find_program(name, &variables).is_some())
}
