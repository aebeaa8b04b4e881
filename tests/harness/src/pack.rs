//! Packs for tests, written into the data folder before the engine reads them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files of a pack.
#[derive(Clone, Debug)]
pub struct PackFiles {
    name: String,
    files: Vec<(String, String)>,
}

impl PackFiles {
    /// A pack with nothing in it but its name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let pack = format!("ref: {name}\nlabel: {name}\ndescription: For a test.\nversion: \"1.0.0\"\n");
        Self { name: name.to_owned(), files: vec![("pack.yaml".to_owned(), pack)] }
    }

    /// One more file, executable where it begins with `#!`.
    #[must_use]
    pub fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.to_owned(), content.to_owned()));
        self
    }

    /// A trigger that takes any payload.
    #[must_use]
    pub fn trigger(self, name: &str) -> Self {
        let yaml = format!("ref: {}.{name}\nlabel: {name}\ndescription: For a test.\n", self.name);
        self.file(&format!("triggers/{name}.yaml"), &yaml)
    }

    /// A sensor for one trigger of the pack, as a shell script.
    #[must_use]
    pub fn sensor(self, name: &str, trigger: &str, script: &str) -> Self {
        let pack = self.name.clone();
        let yaml = format!(
            "ref: {pack}.{name}\nlabel: {name}\ndescription: For a test.\nrunner_type: shell\n\
             entry_point: {name}.sh\ntrigger_types:\n  - {pack}.{trigger}\n"
        );
        self.file(&format!("sensors/{name}.yaml"), &yaml).file(&format!("sensors/{name}.sh"), script)
    }

    /// An action without parameters, as a shell script.
    #[must_use]
    pub fn action(self, name: &str, script: &str) -> Self {
        let pack = self.name.clone();
        let yaml = format!(
            "ref: {pack}.{name}\nlabel: {name}\ndescription: For a test.\nrunner_type: shell\n\
             entry_point: {name}.sh\n"
        );
        self.file(&format!("actions/{name}.yaml"), &yaml).file(&format!("actions/{name}.sh"), script)
    }

    /// Writes the pack into a data folder; answers its own folder.
    ///
    /// # Panics
    /// Where the files cannot be written.
    #[must_use = "or use `let _ =` where the folder does not matter"]
    pub fn write(&self, data_dir: &Path) -> PathBuf {
        let folder = data_dir.join("packs").join(&self.name);
        for (path, content) in &self.files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .expect("a folder can be made");
            std::fs::write(&path, content).expect("a file can be written");
            if content.starts_with("#!") {
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(&path, mode).expect("a file of ours can be made executable");
            }
        }
        folder
    }
}
