//! Where everything is kept: two SQLite files in the data folder.
//!
//! `state.db` holds what must survive a power cut: rules, events, decisions, enforcements, executions. One
//! [`Writer`] (the engine's thread) writes it in transactions, each flushed to the disk before it counts; any
//! thread reads it through [`Readers`]. `output.db` holds what runs print (module [`output`]); a flood of text
//! there never delays an event here.
//!
//! Deliberately absent: what the records mean (crate `engine`), their form on the wire (crate `api`), and any
//! clock: instants come with the records.

mod backup;
mod encoding;
mod error;
mod load;
mod migrate;
mod open;
pub mod output;
mod readers;
mod record;
mod tally;
#[cfg(test)]
mod tests;
mod view;
mod writer;

pub use backup::backup;
pub use error::{CommitError, OpenError, QueryError};
pub use open::{free_space, open};
pub use readers::Readers;
pub use record::{Known, Record, Snapshot};
pub use view::{
    ActivityBin, DecisionRow, Ended, EnforcementFilter, EnforcementRow, EngineSpan, EventBin, EventDetail,
    EventFilter, ExecutionFilter, LaneOf, LaneRuns, Listed, Mark, PIPS, Page, Pip, RuleName, RuleVersion,
    Run, SleepSpan, Trouble, Usual, View,
};
pub use writer::{Committed, Transaction, Writer};
