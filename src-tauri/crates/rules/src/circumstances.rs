//! What a look needs besides the rule and the event.

use crate::keys::{Keys, NoKeys};
use crate::memory::RuleMemory;
use crate::zone::Zone;
use std::fmt;
use std::sync::LazyLock;

static NOTHING: LazyLock<RuleMemory> = LazyLock::new(RuleMemory::default);

/// What a look needs besides the rule and the event. The default remembers nothing, has no keys, and is in UTC.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// What each rule kept of its previous event.
    pub memory: &'a RuleMemory,
    /// The user's zone: for times of day and days of the week where the condition names none.
    pub zone: &'a Zone,
    /// Where `key('name')` gets its values.
    pub keys: &'a dyn Keys,
}

impl Default for Circumstances<'_> {
    fn default() -> Self {
        Self { memory: &NOTHING, zone: Zone::utc(), keys: &NoKeys }
    }
}

impl fmt::Debug for Circumstances<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circumstances")
            .field("memory", &self.memory)
            .field("zone", &self.zone)
            .finish_non_exhaustive()
    }
}
