//! Words as small numbers, instants as microseconds, JSON as text. The numbers are for ever: they are written
//! beside the tables in `migrations/`.

use model::{EnforcementStatus, ExecutionStatus, Exit, MissReason, Outcome, RuleState, Timestamp};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::DeserializeOwned;

/// The first status that is final.
pub(crate) const COMPLETED: i64 = 5;

/// A value in the form in which it lies in a column.
pub(crate) struct Column<T>(pub(crate) T);

macro_rules! numbered {
    ($type:ty { $($variant:path = $number:literal),+ $(,)? }) => {
        impl ToSql for Column<$type> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(number_of(self)))
            }
        }
        impl Number for Column<$type> {
            fn number(&self) -> i64 {
                match self.0 { $($variant => $number),+ }
            }
        }
        impl FromSql for Column<$type> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok(Self($variant)),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    };
}

/// The number that stands for a word.
pub(crate) trait Number {
    fn number(&self) -> i64;
}

fn number_of(column: &impl Number) -> i64 {
    column.number()
}

numbered!(Outcome {
    Outcome::Matched = 0,
    Outcome::Unmatched = 1,
    Outcome::Error = 2,
    Outcome::Throttled = 3,
    Outcome::Quarantined = 4,
    Outcome::Disabled = 5,
});
numbered!(EnforcementStatus {
    EnforcementStatus::Created = 0,
    EnforcementStatus::Processed = 1,
    EnforcementStatus::Disabled = 2,
});
numbered!(ExecutionStatus {
    ExecutionStatus::Requested = 0,
    ExecutionStatus::Scheduling = 1,
    ExecutionStatus::Scheduled = 2,
    ExecutionStatus::Running = 3,
    ExecutionStatus::Canceling = 4,
    ExecutionStatus::Completed = 5,
    ExecutionStatus::Failed = 6,
    ExecutionStatus::Timeout = 7,
    ExecutionStatus::Cancelled = 8,
    ExecutionStatus::Abandoned = 9,
});
numbered!(MissReason {
    MissReason::Asleep = 0,
    MissReason::NotRunning = 1,
    MissReason::Disabled = 2,
    MissReason::ClockChanged = 3,
    MissReason::Limit = 4,
});
numbered!(RuleState { RuleState::Disabled = 0, RuleState::Enabled = 1, RuleState::Finished = 2 });

impl ToSql for Column<Timestamp> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_micros()))
    }
}

impl FromSql for Column<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(Timestamp::from_micros(value.as_i64()?)))
    }
}

/// A column that holds what [`Column`] can read.
pub(crate) fn get<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    Column<T>: FromSql,
{
    Ok(row.get::<_, Column<T>>(index)?.0)
}

/// The same where the column may be empty.
pub(crate) fn get_optional<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>>
where
    Column<T>: FromSql,
{
    Ok(row.get::<_, Option<Column<T>>>(index)?.map(|column| column.0))
}

/// A column that holds JSON.
pub(crate) fn get_json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?;
    let bytes = text.as_bytes().map_err(|error| unreadable(index, error))?;
    serde_json::from_slice(bytes).map_err(|error| unreadable(index, error))
}

/// The same where the column may be empty.
pub(crate) fn get_optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
) -> rusqlite::Result<Option<T>> {
    if row.get_ref(index)? == ValueRef::Null { Ok(None) } else { get_json(row, index).map(Some) }
}

/// A column that holds a ref.
pub(crate) fn get_ref(row: &Row<'_>, index: usize) -> rusqlite::Result<model::Ref> {
    let text = row.get_ref(index)?.as_str().map_err(|error| unreadable(index, error))?;
    text.parse().map_err(|error: model::Invalid| unreadable(index, error))
}

fn unreadable(index: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
}

/// An exit as two columns: code and signal.
pub(crate) fn exit_columns(exit: Option<Exit>) -> (Option<i32>, Option<i32>) {
    match exit {
        None => (None, None),
        Some(Exit::Code(code)) => (Some(code), None),
        Some(Exit::Signal(signal)) => (None, Some(signal)),
    }
}

/// The exit that lies in the columns from `index` on.
pub(crate) fn get_exit(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Exit>> {
    let code: Option<i32> = row.get(index)?;
    let signal: Option<i32> = row.get(index + 1)?;
    Ok(code.map(Exit::Code).or(signal.map(Exit::Signal)))
}

/// Minutes since 1970.
pub(crate) fn minute(at: Timestamp) -> i64 {
    at.as_seconds() / 60
}

/// The instant at which a minute begins.
pub(crate) fn minute_start(minute: i64) -> Timestamp {
    Timestamp::from_seconds(minute.saturating_mul(60))
}
