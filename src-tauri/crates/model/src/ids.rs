//! Identifiers: 64-bit, never reused, below 2^53 so that JSON carries them exactly.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $name {
            /// The id after this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }
    };
}

id!(
    /// Identifies a rule for its whole life, through every version.
    RuleId
);
id!(
    /// Identifies one event.
    EventId
);
id!(
    /// Identifies one rule firing for one event.
    EnforcementId
);
id!(
    /// Identifies one run of an action.
    ExecutionId
);
id!(
    /// Identifies one run of missed instants.
    MisfireId
);
