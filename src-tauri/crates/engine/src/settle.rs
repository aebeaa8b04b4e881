//! One input, from the look into the file to the memory that it leaves: the part of the loop that needs no thread.

use crate::decide::decide;
use crate::input::{Input, Prior};
use crate::record::record;
use crate::state::State;
use crate::step::Step;
use model::Timestamp;
use store::{CommitError, Transaction};

/// Looks, decides, writes into the open transaction, applies to memory. The step counts once the transaction is
/// committed; where it is not, memory must be rebuilt from the file.
///
/// # Errors
/// What the database could not write.
pub fn settle(
    state: &mut State,
    transaction: &mut Transaction<'_>,
    input: &mut Input,
    now: Timestamp,
) -> Result<Step, CommitError> {
    if let Input::Event { event, prior } = input
        && let Some(key) = &event.dedupe_key
    {
        let known = transaction.known_event(&event.source, key)?;
        *prior = known.map(|known| Prior { id: known.id, body_hash: known.body_hash });
    }
    let step = decide(state, input, now);
    for change in &step.changes {
        if let Some(record) = record(change) {
            transaction.write(&record)?;
        }
        state.apply(change);
    }
    Ok(step)
}
