//! Runs as their owner sees them: triggering, reading, cancelling.
//!
//! Invariants: outputs are readable only in state `success`; secret inputs are never shown. Triggering is in
//! `execution/start.rs`.

mod start;

use std::time::Duration;

use frameos_domain::{
    ap2::Ap2Export,
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    id::{AgentId, DeploymentId, ExecutionId, SubscriptionId, UserId},
    manifest::Manifest,
    pricing::RunTerms,
    receipt::{Resources, RunReceiptDocument},
    redact::Redactor,
    usage::{Charge, charges_total},
};
use frameos_sandbox::{Captured, Outcome};
use frameos_store::{
    chain, charge,
    execution::{self, Attempt, Execution, ExecutionSummary},
    live::{self, Live, Progress},
    page::{Page, Paged},
    ticket::{self, TicketWait},
};
use serde_json::{Map, Value};

pub(crate) use start::{
    ESTIMATE_MS, Enqueued, QueueEntry, execution_enqueue, salt_create, timeout_choose, trigger_span,
};
pub use start::{ExecutionNew, Started, Trigger, execution_start};

use crate::{
    app::App,
    bare_run::{LOG_HEAD_BYTES, saturate},
    error::{AppError, Result},
    manifest_cache::manifest_load,
};

/// What is kept of each stream.
const LOG_KEPT_BYTES: usize = 1 << 20;

/// What was paid for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentView {
    pub amount: i64,
    pub currency: String,
    pub payment_id: String,
    pub receipt_id: String,
}

/// A run as its owner sees it.
#[derive(Debug, Clone)]
pub struct ExecutionView {
    pub id: ExecutionId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub deployment_id: DeploymentId,
    pub status: RunStatus,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub elapsed_ms: Option<i64>,
    pub duration_ms: Option<i64>,
    /// While queued.
    pub wait: Option<WaitView>,
    pub attempt: i64,
    pub attempts: Vec<Attempt>,
    /// How far the settlement has come, while it goes on.
    pub settlement: Option<Settlement>,
    pub inputs: Map<String, Value>,
    pub outputs: Option<Value>,
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    pub logs_truncated: Option<bool>,
    pub error_message: Option<String>,
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub resources: Option<Resources>,
    pub isolation: Option<String>,
    /// While it runs.
    pub progress: Option<Progress>,
    pub receipt_salt: Option<String>,
    /// The most that a metered run can cost.
    pub max_amount: Option<i64>,
    /// What a metered run that succeeded is charged for.
    pub charges: Vec<Charge>,
    /// The subscription whose month the run is one of.
    pub subscription_id: Option<SubscriptionId>,
    pub payment: Option<PaymentView>,
    /// What of the payment went back to the wallet, when there is one.
    pub refunded_amount: Option<i64>,
}

/// What a queued run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitView {
    /// How many runs are before it.
    pub position: i64,
    /// When it will start, as far as can be told from those that are before it.
    pub estimated_start_ms: i64,
    pub reason: WaitReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// Its money is being held.
    Payment,
    /// The time before another try.
    Retry,
    /// The user runs as many at once as is allowed.
    UserLimit,
    /// So does the agent.
    AgentLimit,
    /// A worker with a free slot.
    Slot,
}

/// The kept logs of a run.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct LogsView {
    pub stdout: String,
    pub stderr: String,
    pub stdout_bytes: i64,
    pub stderr_bytes: i64,
    pub truncated: bool,
}

impl LogsView {
    /// The kept parts of what was printed, cleared of secrets: the cut end of each too.
    pub(crate) fn of(outcome: &Outcome, redactor: &Redactor) -> Self {
        let clear = |captured: &Captured| {
            let text = captured.text();
            let cleared =
                if captured.truncated() { redactor.redact_cut(&text) } else { redactor.redact(&text) };
            // Masks, and what is no text, may have made it longer.
            cleared[..cleared.floor_char_boundary(LOG_KEPT_BYTES)].to_owned()
        };
        Self {
            stdout: clear(&outcome.stdout),
            stderr: clear(&outcome.stderr),
            stdout_bytes: saturate(outcome.stdout.total),
            stderr_bytes: saturate(outcome.stderr.total),
            truncated: outcome.stdout.truncated() || outcome.stderr.truncated(),
        }
    }

    /// Takes stdout away: it may be the result, and the user chose that nothing is paid for it.
    pub(crate) fn stdout_withhold(&mut self) {
        self.stdout = String::new();
    }
}

/// What to list of a user's runs.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    pub status: Option<RunStatus>,
    pub agent_id: Option<String>,
}

async fn execution_load(app: &App, user: UserId, id: ExecutionId) -> Result<Execution> {
    app.store()
        .read(move |tx| Box::pin(async move { execution::execution_get(tx, user, id).await }))
        .await?
        .ok_or(AppError::not_found("execution"))
}

/// One of the user's runs.
pub async fn execution_get(app: &App, user: UserId, id: ExecutionId) -> Result<ExecutionView> {
    let now = app.now();
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(row) = execution::execution_get(tx, user, id).await? else { return Ok(None) };
            let wait = match row.status {
                RunStatus::Queued => ticket::ticket_wait(tx, id, now).await?,
                _ => None,
            };
            let live = match row.status {
                RunStatus::Running => live::live_get(tx, user, id).await?,
                _ => None,
            };
            let attempts = execution::execution_attempts(tx, user, id).await?;
            let charges = match (row.status, &row.terms) {
                (RunStatus::Success, Some(RunTerms::Usage(_))) => {
                    charge::charges_list_unscoped(tx, id, row.attempt).await?
                }
                _ => Vec::new(),
            };
            Ok(Some((row, wait, live.unwrap_or_default(), attempts, charges)))
        })
    });
    let (row, wait, live, attempts, charges) = found.await?.ok_or(AppError::not_found("execution"))?;
    let compiled = manifest_load(app, row.version_id).await?;
    let wait = wait.map(|wait| wait_view(app, &wait, now));
    Ok(ExecutionView { wait, attempts, ..view(row, &compiled.manifest, live, charges, now) })
}

fn wait_view(app: &App, wait: &TicketWait, now: Timestamp) -> WaitView {
    let settings = &app.settings;
    let at_cap = |running: i64, cap: u32| cap > 0 && running >= i64::from(cap);
    let delay_ms = wait.run_at.millis_since(now);
    let reason = if wait.kind == "authorize" {
        WaitReason::Payment
    } else if delay_ms > 0 {
        WaitReason::Retry
    } else if at_cap(wait.running_of_user, settings.user_concurrency) {
        WaitReason::UserLimit
    } else if at_cap(wait.running_of_agent, settings.agent_concurrency) {
        WaitReason::AgentLimit
    } else {
        WaitReason::Slot
    };
    // While runs wait, as many go on as there are slots.
    let by_work = wait.ahead_ms / wait.running.max(1);
    let by_pace = match settings.starts_per_second {
        0 => 0,
        per_second => wait.position * 1000 / i64::from(per_second),
    };
    WaitView { position: wait.position, estimated_start_ms: delay_ms + by_work.max(by_pace), reason }
}

fn view(
    row: Execution,
    manifest: &Manifest,
    live: Live,
    charges: Vec<Charge>,
    now: Timestamp,
) -> ExecutionView {
    let mut inputs = row.inputs;
    for secret in manifest.secret_inputs() {
        inputs.remove(secret);
    }
    let ended = row.status.is_final();
    let metered = row.terms.as_ref().and_then(RunTerms::usage).is_some();
    let amount = if metered { charges_total(&charges) } else { row.price.minor };
    let payment =
        row.payment_id.zip(row.payment_receipt_id).filter(|_| row.status == RunStatus::Success).map(
            |(payment_id, receipt_id)| PaymentView {
                amount,
                currency: row.price.currency.to_string(),
                payment_id: payment_id.to_string(),
                receipt_id: receipt_id.to_string(),
            },
        );
    let beyond_head = |bytes: i64| usize::try_from(bytes).is_ok_and(|bytes| bytes > LOG_HEAD_BYTES);
    let truncated = beyond_head(row.stdout_bytes) || beyond_head(row.stderr_bytes);
    ExecutionView {
        id: row.id,
        agent_id: row.agent_id,
        agent_name: row.agent_name,
        agent_slug: row.agent_slug,
        version: row.version,
        deployment_id: row.deployment_id,
        status: row.status,
        created_at: row.created_at,
        started_at: row.started_at,
        completed_at: row.completed_at.filter(|_| ended),
        elapsed_ms: row.started_at.filter(|_| !ended).map(|started| now.millis_since(started)),
        duration_ms: row.duration_ms.filter(|_| ended),
        wait: None,
        attempt: row.attempt,
        attempts: Vec::new(),
        settlement: row.settlement.filter(|_| !ended),
        inputs,
        outputs: row.outputs.filter(|_| row.status == RunStatus::Success),
        // What an agent prints may be what it was paid to find out: sealed like its outputs.
        logs_truncated: ended.then_some(truncated),
        stdout: row.stdout.filter(|_| ended),
        stderr: row.stderr.filter(|_| ended),
        error_message: row.error_message.filter(|_| ended),
        failure_reason: row.failure_reason.filter(|_| ended),
        exit_code: row.exit_code.filter(|_| ended),
        // As soon as there is something: neither tells what the agent found out.
        resources: row.resources.or(live.resources),
        isolation: row.isolation,
        progress: live.progress,
        receipt_salt: ended.then_some(row.salt),
        max_amount: metered.then_some(row.price.minor),
        charges,
        subscription_id: row.terms.as_ref().and_then(RunTerms::subscription).map(|(id, _)| id),
        refunded_amount: payment.is_some().then_some(row.refunded_amount),
        payment,
    }
}

/// The user's runs, newest first, with their agents' names.
pub async fn execution_list(
    app: &App,
    user: UserId,
    filter: ExecutionFilter,
    page: Page,
) -> Result<Paged<ExecutionSummary>> {
    let agent_id = match filter.agent_id.as_deref() {
        None => None,
        Some(text) => Some(
            text.parse::<AgentId>()
                .map_err(|_| AppError::field("agent_id", "must be an id such as agt_def_…"))?,
        ),
    };
    let query = execution::ExecutionFilter { status: filter.status, agent_id };
    Ok(app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_list(tx, user, &query, page).await }))
        .await?)
}

/// The run once it has ended, or as it is after `longest`.
pub async fn execution_wait(
    app: &App,
    user: UserId,
    id: ExecutionId,
    longest: Duration,
) -> Result<ExecutionView> {
    let deadline = tokio::time::Instant::now() + longest;
    let mut events = app.store().execution_events();
    loop {
        let view = execution_get(app, user, id).await?;
        let now = tokio::time::Instant::now();
        if view.status.is_final() || now >= deadline {
            return Ok(view);
        }
        // Events are hints: whoever misses one finds out by looking again.
        let look_again = deadline.min(now + Duration::from_secs(1));
        let _ = tokio::time::timeout_at(look_again, async {
            while events.recv().await.is_ok_and(|changed| changed != id) {}
        })
        .await;
    }
}

/// Cancels a run: a queued one at once, a running one as soon as its worker hears of it. One that is settling is too late.
pub async fn execution_cancel(app: &App, user: UserId, id: ExecutionId) -> Result<ExecutionView> {
    let row = execution_load(app, user, id).await?;
    match row.status {
        RunStatus::Queued | RunStatus::Running => {}
        RunStatus::Settling => {
            return Err(AppError::conflict(
                "TOO_LATE",
                "the agent has finished and the run is being settled",
            ));
        }
        ended => {
            return Err(AppError::conflict("ALREADY_FINAL", format!("this run has ended already: {ended}")));
        }
    }
    let requested = app
        .store()
        .tx(move |tx| Box::pin(async move { execution::execution_cancel_request(tx, user, id).await }));
    if !requested.await? {
        return Err(AppError::conflict("TOO_LATE", "the run ended while it was being cancelled"));
    }
    crate::settle::queued_cancel(app, id).await?;
    app.store().notify_queue();
    execution_get(app, user, id).await
}

/// The kept logs of a run that has ended: up to 1 MB of each stream.
pub async fn execution_logs(app: &App, user: UserId, id: ExecutionId) -> Result<LogsView> {
    logs_load(app, execution_load(app, user, id).await?).await
}

pub(crate) async fn logs_load(app: &App, row: Execution) -> Result<LogsView> {
    if !row.status.is_final() {
        return Ok(LogsView::default());
    }
    let stored = match row.log_object.as_deref() {
        Some(object) => app.store().objects().get(object).await?,
        None => None,
    };
    match stored {
        Some(bytes) => serde_json::from_slice(&bytes).map_err(AppError::internal),
        None => Ok(LogsView {
            stdout: row.stdout.unwrap_or_default(),
            stderr: row.stderr.unwrap_or_default(),
            stdout_bytes: row.stdout_bytes,
            stderr_bytes: row.stderr_bytes,
            truncated: false,
        }),
    }
}

/// The run's mandate as AP2 writes it; a run that cost nothing has none.
pub async fn execution_ap2(app: &App, user: UserId, id: ExecutionId) -> Result<Ap2Export> {
    let row = execution_load(app, user, id).await?;
    let mandate_id = row.mandate_id.ok_or(AppError::not_found("mandate"))?;
    Ok(app.payments().mandate_ap2(mandate_id).await?)
}

/// The signed receipt of a run that has ended.
pub async fn execution_receipt(app: &App, user: UserId, id: ExecutionId) -> Result<RunReceiptDocument> {
    execution_load(app, user, id).await?;
    let document =
        app.store().read(move |tx| Box::pin(async move { chain::run_receipt_get(tx, id).await })).await?;
    let text = document.ok_or_else(|| {
        AppError::conflict(
            "RECEIPT_NOT_READY",
            "the run has not ended yet; its receipt is written when it does",
        )
    })?;
    serde_json::from_value(text).map_err(AppError::internal)
}
