//! One function a command: reads memory and database, asks the engine, answers in the words of the wire.

mod calendar;
mod engine;
mod event;
mod execution;
mod forecast;
mod misfire;
mod names;
mod now;
mod output;
mod pack;
mod rule;
mod schedule;
mod score;
mod sensor;

pub(crate) use pack::trigger_view;

use crate::{Api, ApiError, Code};
use store::{QueryError, View};

/// Rows of a page where the request does not say.
const PAGE: u32 = 100;

/// The rows that a request asks for, within the limit of the house.
fn page_rows(limit: Option<u32>) -> usize {
    limit.unwrap_or(PAGE).clamp(1, u32::try_from(model::limits::PAGE_ROWS).unwrap_or(PAGE)) as usize
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let code = match &error {
            QueryError::Busy | QueryError::TooSlow => Code::Busy,
            _ => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl Api {
    /// Asks the database, away from the threads that must not block.
    async fn read<T: Send + 'static>(
        &self,
        questions: impl FnOnce(&View<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let readers = self.engine.readers().clone();
        let answer = tokio::task::spawn_blocking(move || readers.read(questions)).await;
        Ok(answer.map_err(|error| ApiError::new(Code::Internal, error.to_string()))??)
    }
}
