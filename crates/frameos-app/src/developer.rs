//! What developers see of their business: runs, success, revenue.

use frameos_domain::{
    execution::{FailureReason, RunStatus},
    id::{DeveloperId, ExecutionId},
    money::Currency,
    redact::Redactor,
};
use frameos_store::{
    execution::{self, DeveloperExecution},
    page::{Page, Paged},
    revenue::{self, Revenue},
    stats::{self, AgentStats},
};

use serde_json::{Map, Value};

use crate::{
    app::App,
    bare_run::values_collect,
    error::{AppError, Result},
    execution::{LogsView, logs_load},
};

/// Runs and revenue of a developer, exact to the last settled run. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct AnalyticsView {
    pub total_revenue: i64,
    pub pending_payout: i64,
    pub total_executions: i64,
    pub agents: Vec<AgentStats>,
    pub recent_executions: Vec<DeveloperExecution>,
}

const RECENT: u32 = 20;
/// Bytes of inputs that logs are cleared of; each takes some memory while that is done.
const CLEARED_MAX: usize = 1 << 20;

/// What a run of their agent printed, for its developer: without anything the user put in.
#[derive(Debug, Clone)]
pub struct DeveloperLogs {
    pub id: ExecutionId,
    pub version: String,
    pub status: RunStatus,
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub error_message: Option<String>,
    pub logs: LogsView,
    /// The inputs are too large to clear the logs of them, so they are not shown.
    pub withheld: bool,
}

pub async fn analytics(app: &App, developer: DeveloperId) -> Result<AnalyticsView> {
    let (totals, agents, recent) = app
        .store()
        .read(move |tx| {
            Box::pin(async move {
                let totals = revenue::revenue_totals(tx, developer, Currency::INR).await?;
                let agents = stats::agent_stats(tx, developer).await?;
                Ok((totals, agents, execution::execution_list_by_developer(tx, developer, RECENT).await?))
            })
        })
        .await?;
    Ok(AnalyticsView {
        total_revenue: totals.total,
        pending_payout: totals.pending,
        total_executions: agents.iter().map(|agent| agent.executions).sum(),
        agents,
        recent_executions: recent,
    })
}

/// The logs of a run of one of the developer's agents, once it has ended, cleared of every input.
pub async fn developer_logs(app: &App, developer: DeveloperId, id: ExecutionId) -> Result<DeveloperLogs> {
    let row = app
        .store()
        .read(move |tx| {
            Box::pin(async move { execution::execution_get_by_developer(tx, developer, id).await })
        })
        .await?
        .ok_or(AppError::not_found("execution"))?;
    let ended = row.status.is_final();
    let mut shown = DeveloperLogs {
        id: row.id,
        version: row.version.clone(),
        status: row.status,
        failure_reason: row.failure_reason.filter(|_| ended),
        exit_code: row.exit_code.filter(|_| ended),
        error_message: row.error_message.clone().filter(|_| ended),
        logs: LogsView::default(),
        withheld: false,
    };
    if !ended {
        return Ok(shown);
    }
    let Some(inputs) = input_texts(&row.inputs) else {
        return Ok(DeveloperLogs { error_message: None, withheld: true, ..shown });
    };
    shown.logs = logs_load(app, row).await?;
    let _turn = app.clearing.acquire().await.map_err(AppError::internal)?;
    tokio::task::spawn_blocking(move || {
        let redactor = Redactor::new(inputs.iter().map(String::as_str));
        // What was printed may have been cut within a value.
        for text in
            [&mut shown.logs.stdout, &mut shown.logs.stderr].into_iter().chain(&mut shown.error_message)
        {
            *text = redactor.redact_cut(text);
        }
        shown
    })
    .await
    .map_err(AppError::internal)
}

/// All that may be recognised as the user's: each value, and the lines and cells of texts. None when it is too much.
fn input_texts(inputs: &Map<String, Value>) -> Option<Vec<String>> {
    let mut values = Vec::new();
    inputs.values().for_each(|value| values_collect(value, &mut values));
    let cells = |text: &String| {
        let lines = text.lines().map(str::trim).map(str::to_owned);
        let cells = text.split(['\n', '\r', ',', ';', '\t', '|', '"']).map(str::trim).map(str::to_owned);
        lines.chain(cells).collect::<Vec<_>>()
    };
    if values.iter().map(String::len).sum::<usize>() > CLEARED_MAX {
        return None;
    }
    let parts: Vec<String> = values.iter().flat_map(cells).collect();
    values.extend(parts);
    Some(values)
}

/// A developer's revenue entries, newest first.
pub async fn revenue_list(app: &App, developer: DeveloperId, page: Page) -> Result<Paged<Revenue>> {
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { revenue::revenue_list(tx, developer, page).await }))
        .await?)
}
