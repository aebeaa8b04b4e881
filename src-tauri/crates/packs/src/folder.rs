//! A pack's folder, read whole.

use crate::fields::Report;
use crate::parts::{self, Around, Head, Named};
use crate::yaml::{self, Node, Place};
use crate::{Diagnostic, Loaded, Severity, digest, shipped};
use model::{Action, Pack, Ref, Sensor, StarterRule, Trigger, limits, nearest};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The pack that may only come with the app.
const SHIPPED: &str = "core";

/// Reads a pack's folder.
///
/// # Errors
/// Everything that is wrong, warnings included, in order of file and place.
pub fn load(folder: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let whole = |message: String| {
        let Place { line, column } = Place::START;
        vec![Diagnostic { severity: Severity::Error, file: PathBuf::from("."), line, column, message }]
    };
    let unreadable = |error: std::io::Error| whole(format!("{} cannot be read: {error}", folder.display()));
    let real = folder.canonicalize().map_err(unreadable)?;
    if !real.is_dir() {
        return Err(whole(format!("{} is not a folder", folder.display())));
    }
    let digest = digest::of_folder(&real).map_err(unreadable)?;
    let mut reading = Reading { folder: &real, found: Vec::new(), broken: Vec::new() };
    let pack = reading.pack(digest);
    let mut found = reading.found;
    found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    match pack {
        Some(pack) if found.iter().all(|one| one.severity == Severity::Warning) => {
            Ok(Loaded { pack, warnings: found })
        }
        _ => Err(found),
    }
}

/// Reads every pack in the packs folder, in order of name. Hidden folders are not packs.
#[must_use]
pub fn load_all(packs_dir: &Path) -> Vec<(PathBuf, Result<Loaded, Vec<Diagnostic>>)> {
    let Ok(entries) = fs::read_dir(packs_dir) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| (folder.clone(), load(&folder).and_then(|loaded| in_its_place(&folder, loaded))))
        .collect()
}

/// An installed pack lies in the folder of its name, and nobody but the app supplies `core`.
fn in_its_place(folder: &Path, loaded: Loaded) -> Result<Loaded, Vec<Diagnostic>> {
    let mut report = Report::new(PathBuf::from("pack.yaml"));
    let name = loaded.pack.r#ref.as_str();
    let called = folder.file_name().unwrap_or_default().to_string_lossy();
    if called != name {
        let message =
            format!("the pack is called `{name}` but lies in the folder `{called}`; rename one of them");
        report.error(Place::START, message);
    } else if name == SHIPPED
        && shipped::digest_of(SHIPPED).is_some_and(|digest| digest != loaded.pack.digest)
    {
        let message = "the pack `core` belongs to the app, and these are not its files; they are put back at the next start";
        report.error(Place::START, message);
    }
    if report.found.is_empty() {
        return Ok(loaded);
    }
    report.found.extend(loaded.warnings);
    Err(report.found)
}

struct Reading<'a> {
    folder: &'a Path,
    found: Vec<Diagnostic>,
    /// Names of parts that are there and wrong: nobody is told besides that they are missing.
    broken: Vec<String>,
}

/// Something of a pack with a name of its own.
trait Part {
    fn name(&self) -> &Ref;
}
macro_rules! part {
    ($($kind:ty),*) => {$(
        impl Part for $kind {
            fn name(&self) -> &Ref {
                &self.r#ref
            }
        }
    )*};
}
part!(Trigger, Sensor, Action, StarterRule);
impl Part for Named {
    fn name(&self) -> &Ref {
        &self.rule.r#ref
    }
}

impl Reading<'_> {
    fn pack(&mut self, digest: String) -> Option<Pack> {
        let head = self.head()?;
        let folder = self.folder;
        let around = Around { folder, pack: &head.r#ref, runtimes: &head.runtimes };
        let triggers = self.parts("triggers", |node, report| parts::trigger(node, &around, report));
        let sensors = self.parts("sensors", |node, report| parts::sensor(node, &around, report));
        let actions = self.parts("actions", |node, report| parts::action(node, &around, report));
        let triggers: Vec<Trigger> = triggers.into_iter().map(|(_, it)| it).collect();
        let actions: Vec<Action> = actions.into_iter().map(|(_, it)| it).collect();
        let rules =
            self.parts("rules", |node, report| parts::rule(node, &around, &triggers, &actions, report));
        self.check_served(&head, &sensors, &triggers);
        self.check_used(&head, &rules, &triggers, &actions);
        if folder.join("workflows").is_dir() {
            Report::new(PathBuf::from("workflows")).say(self, |report| {
                report.warn(Place::START, "workflows are not run by this version");
            });
        }
        let Head { r#ref, label, description, version, conf_schema, config, env, runtimes: _ } = head;
        let sensors = sensors.into_iter().map(|(_, it)| it).collect();
        let rules = rules.into_iter().map(|(_, it)| it.rule).collect();
        let folder = folder.to_path_buf();
        Some(Pack {
            r#ref,
            label,
            description,
            version,
            folder,
            digest,
            conf_schema,
            config,
            env,
            triggers,
            sensors,
            actions,
            rules,
        })
    }

    fn head(&mut self) -> Option<Head> {
        let file = ["pack.yaml", "pack.yml"].into_iter().find(|name| self.folder.join(name).exists());
        let file = PathBuf::from(file.unwrap_or("pack.yaml"));
        let mut report = Report::new(file.clone());
        let head = self.read(&file, &mut report).and_then(|node| parts::head(&node, &mut report));
        self.found.append(&mut report.found);
        head
    }

    /// Every file of one folder, read; of two with one name the second is an error.
    fn parts<T: Part>(
        &mut self,
        folder: &str,
        read: impl Fn(&Node, &mut Report) -> Option<T>,
    ) -> Vec<(PathBuf, T)> {
        let mut parts: Vec<(PathBuf, T)> = Vec::new();
        for file in self.files(folder) {
            let mut report = Report::new(file.clone());
            let node = self.read(&file, &mut report);
            match node.as_ref().and_then(|node| Some((node, read(node, &mut report)?))) {
                Some((node, part)) => match parts.iter().find(|(_, known)| known.name() == part.name()) {
                    Some((first, _)) => {
                        let message = format!("`{}` stands in {} already", part.name(), first.display());
                        report.error(node.place_of("ref"), message);
                    }
                    None => parts.push((file, part)),
                },
                None => {
                    let name = node.as_ref().and_then(|node| node.get("ref")?.as_text());
                    self.broken.extend(name.map(str::to_owned));
                }
            }
            self.found.append(&mut report.found);
        }
        parts
    }

    /// The YAML files of one folder, relative to the pack, in order of name.
    fn files(&mut self, folder: &str) -> Vec<PathBuf> {
        let entries = match fs::read_dir(self.folder.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let mut report = Report::new(PathBuf::from(folder));
                report.error(Place::START, format!("the folder cannot be read: {error}"));
                self.found.append(&mut report.found);
                return Vec::new();
            }
        };
        let names = entries.filter_map(Result::ok).map(|entry| PathBuf::from(entry.file_name()));
        let is_yaml = |name: &PathBuf| {
            name.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
                && !name.to_string_lossy().starts_with('.')
        };
        let mut files: Vec<PathBuf> =
            names.filter(is_yaml).map(|name| Path::new(folder).join(name)).collect();
        files.sort();
        files
    }

    fn read(&self, file: &Path, report: &mut Report) -> Option<Node> {
        match self.text(file) {
            Err(message) => {
                report.error(Place::START, message);
                None
            }
            Ok(text) => yaml::parse(&text).map_err(|fault| report.error(fault.place, fault.message)).ok(),
        }
    }

    /// A file's text: a plain file inside the pack, of bounded size, in UTF-8.
    fn text(&self, file: &Path) -> Result<String, String> {
        let path = self.folder.join(file).canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "the file is missing".to_owned(),
            _ => format!("the file cannot be reached: {error}"),
        })?;
        if !path.starts_with(self.folder) {
            return Err("this is a link to a place outside of the pack".to_owned());
        }
        if !path.is_file() {
            return Err("this is not a file".to_owned());
        }
        let mut bytes = Vec::new();
        // One byte more than is allowed tells a file that is too large from one that just fits.
        let most = limits::YAML_BYTES as u64 + 1;
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(|error| format!("the file cannot be read: {error}"))?;
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err("the file is UTF-16; save it as UTF-8".to_owned());
        }
        if bytes.len() > limits::YAML_BYTES {
            return Err(format!("the file is larger than {} bytes", limits::YAML_BYTES));
        }
        String::from_utf8(bytes).map_err(|error| {
            format!("byte {} is not UTF-8; save the file as UTF-8", error.utf8_error().valid_up_to() + 1)
        })
    }

    /// The triggers of this pack that its sensors serve exist.
    fn check_served(&mut self, head: &Head, sensors: &[(PathBuf, Sensor)], triggers: &[Trigger]) {
        for (file, sensor) in sensors {
            for (index, trigger) in sensor.trigger_types.iter().enumerate() {
                let place = |node: &Node| node.place_of(&format!("trigger_types.{index}"));
                self.check_exists(head, file, "trigger", trigger, triggers, place);
            }
        }
    }

    /// The triggers and actions of this pack that its rules use exist.
    fn check_used(
        &mut self,
        head: &Head,
        rules: &[(PathBuf, Named)],
        triggers: &[Trigger],
        actions: &[Action],
    ) {
        for (file, named) in rules {
            self.check_exists(head, file, "trigger", &named.rule.body.trigger_ref, triggers, |_| {
                named.trigger
            });
            self.check_exists(head, file, "action", &named.rule.body.action_ref, actions, |_| named.action);
        }
    }

    fn check_exists<T: Part>(
        &mut self,
        head: &Head,
        file: &Path,
        kind: &str,
        name: &Ref,
        known: &[T],
        place: impl Fn(&Node) -> Place,
    ) {
        let is_there =
            known.iter().any(|part| part.name() == name) || self.broken.iter().any(|it| it == name.as_str());
        if is_there || name.pack() != head.r#ref {
            return;
        }
        let near = nearest(name.as_str(), known.iter().map(|part| part.name().as_str()));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let mut report = Report::new(file.to_path_buf());
        let place = self.read(file, &mut report).map_or(Place::START, |node| place(&node));
        report.error(place, format!("the pack has no {kind} `{name}`{hint}"));
        self.found.append(&mut report.found);
    }
}

impl Report {
    fn say(mut self, reading: &mut Reading<'_>, what: impl FnOnce(&mut Self)) {
        what(&mut self);
        reading.found.append(&mut self.found);
    }
}
