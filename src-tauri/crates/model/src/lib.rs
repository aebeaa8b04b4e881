//! The nouns of Attune Studio and their laws.
//!
//! Everything here is plain data and pure functions: what a rule, an event or an execution *is*, which
//! status may follow which, how long a name may be. Deliberately absent: files, databases, processes,
//! HTTP, and any clock but the [`Clock`] trait.

mod clock;
mod error;
mod event;
mod execution;
mod ids;
pub mod limits;
mod misfire;
mod pack;
mod refs;
mod rule;
mod schema;
mod timestamp;
mod version;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Invalid, nearest};
pub use event::{Decision, Enforcement, EnforcementStatus, Event, EventSource, Outcome, Reason};
pub use execution::{
    Execution, ExecutionStatus, Exit, IllegalTransition, Progress, Transition, UnknownExecutionStatus, Usage,
};
pub use ids::{EnforcementId, EventId, ExecutionId, MisfireId, RuleId};
pub use misfire::{Misfire, MisfireEntry, MissReason};
pub use pack::{
    Action, OutputFormat, Pack, ParameterDelivery, ParameterFormat, Runner, Sensor, StarterRule, Trigger,
};
pub use refs::{PackRef, Ref};
pub use rule::{Rule, RuleBody, RuleState, TimerMemory};
pub use schema::{Schema, SchemaError};
pub use timestamp::{NotATime, Timestamp};
pub use version::{Version, VersionRange};
