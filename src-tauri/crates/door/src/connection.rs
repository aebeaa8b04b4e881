//! Who is connected. A connection is a stranger until it has shown a token once; where all places are
//! taken, the oldest stranger goes, so that idle strangers cannot lock the person out.

use model::limits;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// All open connections, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// A stranger has the token that ends it.
    places: BTreeMap<u64, Option<CancellationToken>>,
}

/// One place among the open connections; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    id: u64,
    all: Arc<Connections>,
    evicted: CancellationToken,
    trusted: AtomicBool,
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; none where all are taken by known callers.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open();
        if open.places.len() >= limits::CONNECTIONS {
            let oldest = open.places.iter().find(|(_, stranger)| stranger.is_some()).map(|(id, _)| *id)?;
            if let Some(Some(stranger)) = open.places.remove(&oldest) {
                stranger.cancel();
            }
        }
        let id = open.next;
        open.next += 1;
        let evicted = CancellationToken::new();
        open.places.insert(id, Some(evicted.clone()));
        Some(Place { id, all: Arc::clone(self), evicted, trusted: AtomicBool::new(false) })
    }
}

impl Place {
    /// The connection has shown a token of ours.
    pub(crate) fn trust(&self) {
        if self.trusted.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(stranger) = self.all.open().places.get_mut(&self.id) {
            *stranger = None;
        }
    }

    /// Waits until the place is needed for somebody else.
    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.open().places.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_stranger_makes_room_and_known_callers_stay() {
        let all = Arc::new(Connections::default());
        let known = all.admit().unwrap();
        known.trust();
        let strangers: Vec<Place> = (1..limits::CONNECTIONS).map(|_| all.admit().unwrap()).collect();
        let newest = all.admit().unwrap();
        assert!(strangers[0].evicted.is_cancelled());
        assert!(!known.evicted.is_cancelled() && !strangers[1].evicted.is_cancelled());
        assert_eq!(all.open().places.len(), limits::CONNECTIONS);

        strangers[1..].iter().chain([&newest]).for_each(Place::trust);
        assert!(all.admit().is_none(), "every place is taken by a known caller");
        drop(newest);
        assert!(all.admit().is_some());
    }
}
