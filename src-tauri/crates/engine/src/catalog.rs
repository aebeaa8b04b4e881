//! What the packs in force supply, found by name.

use model::{Action, Pack, PackRef, Ref, Sensor, StarterRule, Trigger, nearest};
use packs::Diagnostic;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A pack folder as it was read last.
#[derive(Clone, Debug)]
pub struct PackEntry {
    /// The pack's name, as its folder says.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// The pack in force: the newest version that loaded; none where none ever did.
    pub pack: Option<Arc<Pack>>,
    /// What is wrong or odd with what lies there now.
    pub diagnostics: Vec<Diagnostic>,
}

/// Everything that packs supply. Immutable; a reload makes another one.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The packs, in order of name.
    pub packs: Vec<PackEntry>,
    triggers: BTreeMap<Ref, Arc<Trigger>>,
    actions: BTreeMap<Ref, Arc<Action>>,
    sensors: BTreeMap<Ref, Arc<Sensor>>,
    sensor_of: BTreeMap<Ref, Ref>,
}

impl Catalog {
    /// Puts packs in force. A pack that does not load leaves the version of `before` in force.
    #[must_use]
    pub fn new(loaded: Vec<(PathBuf, Result<packs::Loaded, Vec<Diagnostic>>)>, before: &Self) -> Self {
        let entries = loaded.into_iter().map(|(folder, result)| {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match result {
                Ok(loaded) => PackEntry {
                    name,
                    folder,
                    pack: Some(Arc::new(loaded.pack)),
                    diagnostics: loaded.warnings,
                },
                Err(diagnostics) => {
                    let pack =
                        before.packs.iter().find(|entry| entry.folder == folder).and_then(|e| e.pack.clone());
                    PackEntry { name, folder, pack, diagnostics }
                }
            }
        });
        let mut catalog = Self { packs: entries.collect(), ..Self::default() };
        catalog.packs.sort_by(|a, b| a.name.cmp(&b.name));
        for pack in catalog.packs.iter().filter_map(|entry| entry.pack.clone()).collect::<Vec<_>>() {
            catalog.add(&pack);
        }
        catalog
    }

    fn add(&mut self, pack: &Pack) {
        let named = |r#ref: &Ref| r#ref.clone();
        self.triggers.extend(pack.triggers.iter().map(|it| (named(&it.r#ref), Arc::new(it.clone()))));
        self.actions.extend(pack.actions.iter().map(|it| (named(&it.r#ref), Arc::new(it.clone()))));
        for sensor in &pack.sensors {
            self.sensors.insert(sensor.r#ref.clone(), Arc::new(sensor.clone()));
            for trigger in &sensor.trigger_types {
                self.sensor_of.insert(trigger.clone(), sensor.r#ref.clone());
            }
        }
    }

    /// A trigger by name.
    #[must_use]
    pub fn trigger(&self, name: &Ref) -> Option<&Arc<Trigger>> {
        self.triggers.get(name)
    }

    /// An action by name.
    #[must_use]
    pub fn action(&self, name: &Ref) -> Option<&Arc<Action>> {
        self.actions.get(name)
    }

    /// A sensor by name.
    #[must_use]
    pub fn sensor(&self, name: &Ref) -> Option<&Arc<Sensor>> {
        self.sensors.get(name)
    }

    /// The sensor that watches for a trigger.
    #[must_use]
    pub fn sensor_of(&self, trigger: &Ref) -> Option<&Arc<Sensor>> {
        self.sensors.get(self.sensor_of.get(trigger)?)
    }

    /// A pack by name.
    #[must_use]
    pub fn pack(&self, name: &PackRef) -> Option<&Arc<Pack>> {
        self.packs.iter().filter_map(|entry| entry.pack.as_ref()).find(|pack| pack.r#ref == *name)
    }

    /// Every trigger, in order of name.
    pub fn triggers(&self) -> impl Iterator<Item = &Arc<Trigger>> {
        self.triggers.values()
    }

    /// Every action, in order of name.
    pub fn actions(&self) -> impl Iterator<Item = &Arc<Action>> {
        self.actions.values()
    }

    /// Every sensor, in order of name.
    pub fn sensors(&self) -> impl Iterator<Item = &Arc<Sensor>> {
        self.sensors.values()
    }

    /// Every starter rule of every pack.
    pub fn starter_rules(&self) -> impl Iterator<Item = &StarterRule> {
        self.packs.iter().filter_map(|entry| entry.pack.as_deref()).flat_map(|pack| &pack.rules)
    }

    /// The trigger nearest to a name that does not exist.
    #[must_use]
    pub fn nearest_trigger(&self, name: &str) -> Option<&str> {
        nearest(name, self.triggers.keys().map(Ref::as_str))
    }

    /// The action nearest to a name that does not exist.
    #[must_use]
    pub fn nearest_action(&self, name: &str) -> Option<&str> {
        nearest(name, self.actions.keys().map(Ref::as_str))
    }
}

impl rules::Facts for Catalog {
    fn pack_config(&self, pack: &PackRef) -> Option<serde_json::Map<String, serde_json::Value>> {
        self.pack(pack).map(|pack| pack.shown_config())
    }
}
