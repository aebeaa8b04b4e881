//! Named secrets, as far as rules know of them.

use serde_json::Value;

/// Where `key('name')` gets its values. They reach parameters that the action declares secret, and nothing else.
pub trait Keys {
    /// The value of a key; none where there is no such key, or where it is not for this rule.
    fn key(&self, name: &str) -> Option<Value>;

    /// The names of the keys, to tell which one was meant.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// There are no keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn key(&self, _name: &str) -> Option<Value> {
        None
    }
}
