//! `attune execution list|show|cancel` and `attune action run`.

use crate::arguments::{ActionRun, Execution, ExecutionList, ExecutionOutput};
use crate::client::Client;
use crate::failure::Failure;
use crate::lists::word;
use crate::output;
use crate::parameters::values;
use crate::screen::Screen;
use crate::text::{duration, facts, inline, moment, moment_or_none, table};
use api::wire::{
    ActionList, ActionRunRequest, Empty, ExecutionDetail, ExecutionListRequest, ExecutionRequest,
    ExecutionRow, ExecutionStatusView,
};
use model::ExecutionStatus;
use serde_json::Value;

pub(crate) async fn run(client: &Client, screen: &Screen, command: Execution) -> Result<(), Failure> {
    match command {
        Execution::List(asked) => list(client, screen, asked).await,
        Execution::Show { id } => {
            let detail: ExecutionDetail = client.call("execution.show", &ExecutionRequest { id }).await?;
            screen.show(&detail, || describe(&detail))
        }
        Execution::Cancel { id } => {
            let row: ExecutionRow = client.call("execution.cancel", &ExecutionRequest { id }).await?;
            screen.show(&row, || format!("run {} is {}\n", row.id, word(&row.status)))
        }
        Execution::Output(asked) => output::run(client, screen, &asked).await,
    }
}

fn status(text: &str) -> Result<ExecutionStatusView, Failure> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|_| {
        let known = ExecutionStatus::ALL.map(ExecutionStatus::as_str);
        let hint = match model::nearest(text, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("expected {}", known.join(", ")),
        };
        Failure::Usage(format!("`{text}` is not a status; {hint}"))
    })
}

async fn list(client: &Client, screen: &Screen, asked: ExecutionList) -> Result<(), Failure> {
    let statuses = asked.status.iter().map(|text| status(text)).collect::<Result<Vec<_>, _>>()?;
    let request = ExecutionListRequest {
        status: (!statuses.is_empty()).then_some(statuses),
        rule: asked.rule,
        action: asked.action,
        before: asked.page.before,
        limit: Some(asked.page.limit),
        ..ExecutionListRequest::default()
    };
    let answer: api::wire::ExecutionList = client.call("execution.list", &request).await?;
    screen.show(&answer, || {
        let rows = answer.executions.iter().map(|row| {
            vec![
                row.id.to_string(),
                moment(row.requested_at),
                word(&row.status),
                row.rule.as_ref().map(|rule| rule.r#ref.clone()).unwrap_or_default(),
                row.action_ref.clone(),
                row.duration_ms.map(duration).unwrap_or_default(),
                row.error.clone().unwrap_or_default(),
            ]
        });
        let head = &["ID", "TIME", "STATUS", "RULE", "ACTION", "TOOK", "ERROR"];
        table(head, &rows.collect::<Vec<_>>())
    })
}

fn describe(detail: &ExecutionDetail) -> String {
    let row = &detail.execution;
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let dropped = match detail.output.dropped_bytes {
        0 => String::new(),
        dropped => format!(", {dropped} bytes left out of the middle"),
    };
    facts(&[
        ("run", row.id.to_string()),
        ("status", word(&row.status)),
        ("error", row.error.clone().unwrap_or_default()),
        ("action", row.action_ref.clone()),
        ("rule", row.rule.as_ref().map(|rule| rule.r#ref.clone()).unwrap_or_default()),
        ("why", row.why.clone()),
        ("event", number(row.event)),
        ("enforcement", number(row.enforcement)),
        ("repeats", number(row.rerun_of)),
        ("attempt", row.attempt.to_string()),
        ("asked for", moment(row.requested_at)),
        ("started", moment_or_none(row.started_at)),
        ("ended", moment_or_none(row.finished_at)),
        ("took", row.duration_ms.map(duration).unwrap_or_default()),
        ("process", detail.pid.map(|pid| pid.to_string()).unwrap_or_default()),
        ("exit code", row.exit_code.map(|code| code.to_string()).unwrap_or_default()),
        ("signal", row.signal.map(|signal| signal.to_string()).unwrap_or_default()),
        ("parameters", Value::Object(detail.parameters.clone()).to_string()),
        ("result", detail.result.as_ref().map(Value::to_string).unwrap_or_default()),
        ("output", format!("{} + {} bytes{dropped}", detail.output.stdout_bytes, detail.output.stderr_bytes)),
    ])
}

pub(crate) async fn run_action(client: &Client, screen: &Screen, asked: ActionRun) -> Result<(), Failure> {
    let known: ActionList = client.call("action.list", &Empty {}).await?;
    let action = known.actions.iter().find(|action| action.r#ref == asked.r#ref);
    let request = ActionRunRequest {
        parameters: values(&asked.set, action.map(|action| &action.parameters)),
        action_ref: asked.r#ref,
        timeout_seconds: asked.timeout,
    };
    let row: ExecutionRow = client.call("action.run", &request).await?;
    if !asked.wait {
        return screen.show(&row, || {
            format!("run {} of {} is {}\n", row.id, inline(&row.action_ref), word(&row.status))
        });
    }
    if !screen.is_json() {
        output::run(client, screen, &ExecutionOutput { id: row.id, follow: true, stream: None }).await?;
    }
    let detail = output::wait_for_end(client, row.id).await?;
    if screen.is_json() {
        screen.show(&detail, String::new)?;
    }
    let row = &detail.execution;
    if row.status == ExecutionStatusView::Completed {
        return Ok(());
    }
    let why = row.error.clone().unwrap_or_else(|| "it did not end well".to_owned());
    Err(anyhow::anyhow!("run {} is {}: {why}", row.id, word(&row.status)).into())
}
