//! Which sensors are wanted, and one watcher for each.

use crate::status::SensorStatus;
use crate::tokens::{FreshToken, TokenTable};
use crate::watch;
use model::{Clock, Ref, Sensor};
use runtimes::Runtimes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinHandle;

/// What every sensor shares.
pub struct RosterConfig {
    /// `http://127.0.0.1:PORT`.
    pub api_url: String,
    /// `ws://127.0.0.1:PORT/ws`.
    pub notifier_url: String,
    /// Where logs are kept.
    pub logs_dir: PathBuf,
    /// Where the files of rotated tokens are kept.
    pub state_dir: PathBuf,
    /// Where artifacts are kept.
    pub artifacts_dir: PathBuf,
    /// Marks the children of this data folder.
    pub instance: String,
    /// What runs their scripts.
    pub runtimes: Runtimes,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where tokens are made.
    pub tokens: Arc<TokenTable>,
    /// The active rules of a sensor at this moment, as its environment tells them.
    pub rules: Arc<dyn Fn(&Sensor) -> Value + Send + Sync>,
    /// Hears of every change of a sensor's process. Must not wait.
    pub report: Arc<dyn Fn(SensorStatus) + Send + Sync>,
}

/// A sensor that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The sensor.
    pub sensor: Arc<Sensor>,
    /// Its script or binary, found; none where it is missing.
    pub program: Option<PathBuf>,
    /// The folder of its pack.
    pub folder: PathBuf,
    /// Environment that its pack adds.
    pub env: BTreeMap<String, String>,
}

/// What a watcher is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Keep it running. The number changes where it shall start anew, at once.
    Run(u32),
    /// End it.
    Stop,
}

struct Watched {
    wanted: Wanted,
    order: signal::Sender<Order>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Watchers {
    watched: BTreeMap<Ref, Watched>,
    /// Watchers that are ending their process: the next one of the same sensor waits for it, so that no
    /// sensor ever runs twice.
    retiring: BTreeMap<Ref, JoinHandle<()>>,
}

/// Keeps wanted sensors alive. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Roster(Arc<Inner>);

struct Inner {
    config: Arc<RosterConfig>,
    runtime: tokio::runtime::Handle,
    watchers: Mutex<Option<Watchers>>,
}

impl Roster {
    /// A roster without sensors. Must be called within a tokio runtime, which then carries the watchers.
    #[must_use]
    pub fn start(config: RosterConfig) -> Self {
        Self(Arc::new(Inner {
            config: Arc::new(config),
            runtime: tokio::runtime::Handle::current(),
            watchers: Mutex::new(Some(Watchers::default())),
        }))
    }

    fn watchers(&self) -> MutexGuard<'_, Option<Watchers>> {
        self.0.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees that exactly these sensors run: starts the missing, ends the others, starts anew the ones whose
    /// definition changed. Does not wait.
    pub fn want(&self, wanted: Vec<Wanted>) {
        let mut guard = self.watchers();
        let Some(watchers) = guard.as_mut() else { return };
        let wanted: BTreeMap<Ref, Wanted> =
            wanted.into_iter().map(|it| (it.sensor.r#ref.clone(), it)).collect();
        let stale = |(name, entry): (&Ref, &Watched)| {
            (!wanted.get(name).is_some_and(|wish| same(wish, &entry.wanted))).then(|| name.clone())
        };
        for name in watchers.watched.iter().filter_map(stale).collect::<Vec<_>>() {
            if let Some(entry) = watchers.watched.remove(&name) {
                entry.order.send_replace(Order::Stop);
                watchers.retiring.insert(name, entry.task);
            }
        }
        watchers.retiring.retain(|_, task| !task.is_finished());
        for (name, wish) in wanted {
            if !watchers.watched.contains_key(&name) {
                let before = watchers.retiring.remove(&name);
                watchers.watched.insert(name, self.watch(wish, before));
            }
        }
    }

    fn watch(&self, wanted: Wanted, before: Option<JoinHandle<()>>) -> Watched {
        let (order, orders) = signal::channel(Order::Run(0));
        let watcher = watch::Watcher::new(self.0.config.clone(), wanted.clone(), orders);
        let task = self.0.runtime.spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            watcher.keep_alive().await;
        });
        Watched { wanted, order, task }
    }

    /// Starts a sensor anew, at once, whatever it is doing. False where it is not wanted.
    pub fn restart(&self, name: &Ref) -> bool {
        let guard = self.watchers();
        let Some(entry) = guard.as_ref().and_then(|watchers| watchers.watched.get(name)) else {
            return false;
        };
        entry.order.send_modify(|order| {
            if let Order::Run(round) = order {
                *round = round.wrapping_add(1);
            }
        });
        true
    }

    /// The log of a sensor.
    #[must_use]
    pub fn log_path(&self, name: &Ref) -> PathBuf {
        watch::log_path(&self.0.config, name)
    }

    /// Leaves a renewed token where the sensor looks for it.
    pub fn token_renewed(&self, name: &Ref, token: &FreshToken) {
        if let Err(error) = watch::write_token(&self.0.config, name, token) {
            tracing::warn!(sensor = %name, %error, "the renewed token could not be written to its file");
        }
    }

    /// Ends every sensor and waits for it, `deadline` at most. Nothing is started afterwards.
    pub async fn stop(&self, deadline: Duration) {
        let Some(watchers) = self.watchers().take() else { return };
        for entry in watchers.watched.values() {
            entry.order.send_replace(Order::Stop);
        }
        let watched = watchers.watched.into_iter().map(|(name, entry)| (name, entry.task));
        let all = async {
            for (name, task) in watched.chain(watchers.retiring) {
                if task.await.is_err() {
                    tracing::error!(sensor = %name, "the watcher of a sensor did not end in order");
                }
            }
        };
        if tokio::time::timeout(deadline + Duration::from_secs(1), all).await.is_err() {
            tracing::error!("sensors did not end in time");
        }
    }
}

fn same(a: &Wanted, b: &Wanted) -> bool {
    let facts = |it: &Wanted| {
        (
            it.sensor.entry_point.clone(),
            it.program.clone(),
            it.sensor.runner,
            it.sensor.trigger_types.clone(),
            it.sensor.config.clone(),
            it.folder.clone(),
            it.env.clone(),
        )
    };
    facts(a) == facts(b)
}
