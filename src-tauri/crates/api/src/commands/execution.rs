//! Executions: lists, one, by hand, stop.

use super::names::Links;
use super::page_rows;
use crate::wire::{
    ActionRunRequest, ExecutionDetail, ExecutionList, ExecutionListRequest, ExecutionRequest,
    ExecutionRerunRequest, ExecutionRow, ExecutionStatusView, OutputSize, RunMark, Time,
};
use crate::{Api, ApiError, Code};
use engine::{Answer, Input};
use model::{Event, EventId, EventSource, Execution, ExecutionId, ExecutionStatus, Exit, Ref, RuleId};
use std::collections::BTreeMap;
use store::{ExecutionFilter, Mark, Page, QueryError, Run, Usual, View};

impl From<ExecutionStatus> for ExecutionStatusView {
    fn from(status: ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Requested => Self::Requested,
            ExecutionStatus::Scheduling => Self::Scheduling,
            ExecutionStatus::Scheduled => Self::Scheduled,
            ExecutionStatus::Running => Self::Running,
            ExecutionStatus::Canceling => Self::Canceling,
            ExecutionStatus::Completed => Self::Completed,
            ExecutionStatus::Failed => Self::Failed,
            ExecutionStatus::Timeout => Self::Timeout,
            ExecutionStatus::Cancelled => Self::Cancelled,
            ExecutionStatus::Abandoned => Self::Abandoned,
        }
    }
}

impl From<ExecutionStatusView> for ExecutionStatus {
    fn from(status: ExecutionStatusView) -> Self {
        match status {
            ExecutionStatusView::Requested => Self::Requested,
            ExecutionStatusView::Scheduling => Self::Scheduling,
            ExecutionStatusView::Scheduled => Self::Scheduled,
            ExecutionStatusView::Running => Self::Running,
            ExecutionStatusView::Canceling => Self::Canceling,
            ExecutionStatusView::Completed => Self::Completed,
            ExecutionStatusView::Failed => Self::Failed,
            ExecutionStatusView::Timeout => Self::Timeout,
            ExecutionStatusView::Cancelled => Self::Cancelled,
            ExecutionStatusView::Abandoned => Self::Abandoned,
        }
    }
}

pub(super) fn mark(run: &Mark) -> RunMark {
    let at = Time(run.started_at.unwrap_or(run.requested_at));
    RunMark { id: run.id.0, status: run.status.into(), at, duration_ms: run.duration_ms() }
}

/// The events behind some runs.
pub(super) type Causes = BTreeMap<EventId, Event>;

pub(super) fn causes(view: &View<'_>, runs: &[Run]) -> Result<Causes, QueryError> {
    let ids: Vec<EventId> = runs.iter().filter_map(|run| run.event).collect();
    Ok(view.events_by_id(&ids)?.into_iter().map(|event| (event.id, event)).collect())
}

/// What lists show of an execution.
fn run_of(execution: Execution) -> Run {
    Run {
        id: execution.id,
        status: execution.status,
        rule: execution.rule,
        action: execution.action,
        event: execution.event,
        enforcement: execution.enforcement,
        rerun_of: execution.rerun_of,
        attempt: execution.attempt,
        requested_at: execution.requested_at,
        started_at: execution.started_at,
        finished_at: execution.finished_at,
        exit: execution.exit,
        error: execution.error,
    }
}

/// A row of the list.
pub(super) fn row(run: &Run, causes: &Causes, links: &Links) -> ExecutionRow {
    ExecutionRow {
        id: run.id.0,
        status: run.status.into(),
        rule: run.rule.map(|id| links.link(id)),
        action_ref: run.action.to_string(),
        event: run.event.map(|id| id.0),
        enforcement: run.enforcement.map(|id| id.0),
        rerun_of: run.rerun_of.map(|id| id.0),
        why: because(run, causes),
        attempt: run.attempt,
        requested_at: Time(run.requested_at),
        started_at: run.started_at.map(Time),
        finished_at: run.finished_at.map(Time),
        duration_ms: run.duration_ms(),
        exit_code: match run.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        },
        signal: match run.exit {
            Some(Exit::Signal(signal)) => Some(signal),
            _ => None,
        },
        error: run.error.clone(),
    }
}

/// Why it ran, in plain words.
fn because(run: &Run, causes: &Causes) -> String {
    if let Some(before) = run.rerun_of {
        return format!("run {before} again, by you");
    }
    let Some(id) = run.event else { return "started by you".to_owned() };
    let Some(event) = causes.get(&id) else { return format!("event {id}, no longer kept") };
    let clock = Time(event.created).to_string().get(11..19).unwrap_or_default().to_owned();
    match event.source {
        EventSource::Person => format!("fired by you at {clock}"),
        _ if schedule::is_timer(&event.trigger) => format!("timer fired at {clock}"),
        _ => format!("{} at {clock}", event.trigger.name()),
    }
}

impl Api {
    pub(super) async fn execution_row(&self, run: Execution) -> Result<ExecutionRow, ApiError> {
        let run = run_of(run);
        let of = run.clone();
        let causes = self.read(move |view| causes(view, &[of])).await?;
        Ok(row(&run, &causes, &self.links(run.rule.into_iter()).await?))
    }

    pub(crate) async fn execution_list(
        &self,
        request: ExecutionListRequest,
    ) -> Result<ExecutionList, ApiError> {
        let filter = ExecutionFilter {
            statuses: request.status.unwrap_or_default().into_iter().map(Into::into).collect(),
            rule: self.rule_filter(request.rule.as_deref())?,
            action: request.action.as_deref().map(str::parse::<Ref>).transpose()?,
            from: request.from.map(|time| time.0),
            to: request.to.map(|time| time.0),
        };
        let page = Page { before: request.before, after: request.after, limit: page_rows(request.limit) };
        let (listed, causes) = self
            .read(move |view| {
                let listed = view.executions(&filter, page)?;
                let causes = causes(view, &listed.rows)?;
                Ok((listed, causes))
            })
            .await?;
        let links = self.links(listed.rows.iter().filter_map(|run| run.rule)).await?;
        let executions = listed.rows.iter().map(|run| row(run, &causes, &links)).collect();
        Ok(ExecutionList { executions, next: listed.next })
    }

    /// One execution as it is on disk.
    pub(super) async fn execution(&self, id: i64) -> Result<Execution, ApiError> {
        let found = self.read(move |view| view.execution(ExecutionId(id))).await?;
        found.ok_or_else(|| ApiError::not_found("execution", &id.to_string(), None))
    }

    pub(crate) async fn execution_show(
        &self,
        request: ExecutionRequest,
    ) -> Result<ExecutionDetail, ApiError> {
        let run = self.execution(request.id).await?;
        let (output, id, attempt) = (self.engine.output().clone(), run.id, run.attempt);
        let size = tokio::task::spawn_blocking(move || output.size(id, attempt)).await;
        let size = size.map_err(|error| ApiError::new(Code::Internal, error.to_string()))??;
        let usual = match run.rule {
            Some(rule) => self.read(move |view| usual(view, rule)).await?,
            None => None,
        };
        Ok(ExecutionDetail {
            parameters: run.parameters.clone(),
            result: run.result.clone(),
            timeout_ms: run.timeout_ms,
            pid: run.pid,
            output: output_size(&size),
            usual_ms: usual.map(|usual| usual.median_ms),
            usual_p95_ms: usual.map(|usual| usual.p95_ms),
            execution: self.execution_row(run).await?,
        })
    }

    async fn ran(&self, answer: Answer) -> Result<ExecutionRow, ApiError> {
        match answer {
            Answer::Execution(run) => self.execution_row(*run).await,
            _ => Err(ApiError::new(
                Code::Internal,
                "the engine answered with something else than an execution",
            )),
        }
    }

    pub(crate) async fn execution_cancel(&self, request: ExecutionRequest) -> Result<ExecutionRow, ApiError> {
        self.execution(request.id).await?;
        let answer = self.ask(Input::Cancel { id: ExecutionId(request.id) }).await?;
        self.ran(answer).await
    }

    pub(crate) async fn execution_rerun(
        &self,
        request: ExecutionRerunRequest,
    ) -> Result<ExecutionRow, ApiError> {
        let before = self.execution(request.id).await?;
        let input = Input::ActionRun {
            action: before.action.clone(),
            parameters: request.parameters.unwrap_or_else(|| before.parameters.clone()),
            timeout_ms: Some(before.timeout_ms),
            rerun_of: Some(Box::new(before)),
        };
        let answer = self.ask(input).await?;
        self.ran(answer).await
    }

    pub(crate) async fn action_run(&self, request: ActionRunRequest) -> Result<ExecutionRow, ApiError> {
        let catalog = self.engine.shared().catalog();
        let action: Ref = request.action_ref.parse().map_err(|_| {
            ApiError::not_found("action", &request.action_ref, catalog.nearest_action(&request.action_ref))
        })?;
        let timeout_ms = request.timeout_seconds.map(|seconds| seconds.saturating_mul(1_000));
        let input = Input::ActionRun { action, parameters: request.parameters, timeout_ms, rerun_of: None };
        let answer = self.ask(input).await?;
        self.ran(answer).await
    }
}

/// How long a rule's last runs took.
pub(super) fn usual(view: &View<'_>, rule: RuleId) -> Result<Option<Usual>, QueryError> {
    let recent = view.recent_executions(&[rule], 50)?;
    Ok(recent.first().and_then(|(_, marks)| Usual::of(marks)))
}

pub(super) fn output_size(size: &store::output::Size) -> OutputSize {
    OutputSize {
        stdout_bytes: size.written.stdout,
        stderr_bytes: size.written.stderr,
        kept_bytes: size.kept_bytes,
        dropped_bytes: size.dropped_bytes(),
    }
}
