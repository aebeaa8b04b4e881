//! One input, from the look into the file to the memory that it leaves: the part of the loop that needs no thread.

use crate::decide::decide;
use crate::input::{Input, NewEvent, Prior};
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
    if let Input::Event { event, prior } = input {
        *prior = known(state, transaction, event, now)?;
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

/// What the database knows of an event that is posted. A timer's instants come to their end in order, so whether
/// one was missed is only asked of those that lie behind its mark: not of any that comes in its turn.
fn known(
    state: &State,
    transaction: &Transaction<'_>,
    event: &NewEvent,
    now: Timestamp,
) -> Result<Option<Prior>, CommitError> {
    if let Some(key) = &event.dedupe_key
        && let Some(known) = transaction.known_event(&event.source, key)?
    {
        return Ok(Some(Prior::Event { id: known.id, body_hash: known.body_hash }));
    }
    let Some((rule, at)) = event.planned_instant() else { return Ok(None) };
    if state.timer(rule).is_handled(at, now) && transaction.is_missed(rule, at)? {
        return Ok(Some(Prior::Missed));
    }
    Ok(None)
}
