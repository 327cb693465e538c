//! One attempt at one run: code, sandbox, verdict, result.
//!
//! Invariants: an attempt writes only while its ticket is leased to it: the ticket's claim number is the fencing token, and every
//! write checks it in its own transaction. What the
//! platform could not do is retried, what the agent did wrong is not, unless its manifest allows it; logs, messages and
//! outputs are cleared of secret inputs before they are stored.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    receipt::Resources,
    redact::Redactor,
    usage::Charge,
};
use frameos_sandbox::{End, Outcome, RunSpec};
use frameos_store::{
    Lane, StoreError, Tx,
    charge::charges_insert,
    execution::{self, Execution, RunResult},
    run_event::{RunEvent, run_events_append},
    ticket::{self, Ticket},
};
use opentelemetry::KeyValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, trace_span};

use crate::{
    app::App,
    attempt::{ATTEMPTS, Begun, Claimed, attempt_begin, attempt_give_back},
    bare_run::{LOG_HEAD_BYTES, log_head, run_redactor, run_resources, run_spec},
    code_cache,
    error::{AppError, Result},
    execution::LogsView,
    lease::{cancel_wanted, lease_keep},
    manifest_cache::manifest_load,
    metrics::{Retry, Stage},
    outcome::{RunEnd, outcome_judge},
    places::Coming,
    run_token::RUN_TOKEN_VARIABLE,
    runner::Runner,
    settle,
    trace::{TRACE, settle_payload, ticket_span, trace_failed, trace_past},
    usage::{run_charges, run_meter},
    worker::Worker,
};

const CANCELLED: &str = "the run was cancelled";
/// The spec's back-off: 2 s, 4 s, 8 s.
const BACKOFF: Duration = Duration::from_secs(2);
/// Between two tries to keep a result while the database is away.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// Events of a run that may wait to be read. They are read at once.
const EVENTS: usize = 16;

/// Runs what was claimed to its end, or back into the queue. It has a slot while the agent runs, and until few enough ended runs wait
/// for what is left: the database, and money.
pub(crate) async fn run_attempt(worker: &Worker, claimed: Claimed, coming: Coming) {
    let span = ticket_span(&claimed.ticket);
    run_work(worker, claimed, coming).instrument(span).await;
    worker.app.store().notify_queue();
}

async fn run_work(worker: &Worker, claimed: Claimed, coming: Coming) {
    let (app, Claimed { ticket, token, begun, claimed_from: (from, asked) }) = (&worker.app, claimed);
    let id = ticket.execution_id;
    trace_past("claim", (from, app.now()), Vec::new());
    match attempt(worker, (&ticket, asked), (token, begun), coming).await {
        Ok(()) => {}
        Err(error) => {
            trace_failed(&Span::current(), "platform");
            tracing::warn!(execution = %id, attempt = ticket.attempt, error = &error as &dyn std::error::Error, "an attempt failed on the platform's side");
            if let Err(error) = platform_fault(app, &ticket).await {
                // The lease runs out by itself and the next claim counts as another attempt.
                tracing::error!(execution = %id, error = &error as &dyn std::error::Error, "a failed attempt could not be noted");
            }
        }
    }
}

async fn attempt(
    worker: &Worker,
    (ticket, asked): (&Ticket, Instant),
    (token, begun): (SecretString, Option<Begun>),
    coming: Coming,
) -> Result<()> {
    let (app, stop, taken) = (&worker.app, &worker.cut, Instant::now());
    let (begun, leased) = match begun {
        Some(begun) => (begun, asked),
        // It renews the lease.
        None => (attempt_begin(app, ticket).await?, taken),
    };
    let Some(row) = running(app, ticket, begun).await? else { return Ok(()) };
    let compiled = manifest_load(app, row.version_id).await?;
    let manifest = &compiled.manifest;
    let runner = app.runner.as_ref().ok_or_else(|| AppError::internal("this process has no sandbox"))?;
    let folder = code_cache::code_fetch(app, &compiled.code_key, &compiled.code_hash)
        .instrument(trace_span!(target: TRACE, "fetch code"))
        .await
        .map_err(AppError::internal)?;
    let timeout_ms = u64::try_from(row.timeout_ms).unwrap_or(1);
    let mut spec = run_spec(manifest, folder, row.id.to_string(), row.inputs.clone(), timeout_ms);
    spec.meter = run_meter(&row);
    spec.env.push((RUN_TOKEN_VARIABLE.into(), token.expose_secret().into()));
    let redactor = run_redactor(manifest, &row.inputs, Some(token.expose_secret()));
    let prepared = taken.elapsed();
    let Some(place) = coming.place(worker.stop.cancelled()).await else {
        return attempt_give_back(app, ticket, row.attempt).await;
    };
    if leased.elapsed() >= app.settings.lease {
        return Err(AppError::internal("the lease was over before the agent could start"));
    }
    let slot = (app.metrics().slot_use(), place);
    let (mut outcome, events) =
        sandbox_run(worker, (ticket, row.attempt, leased), (runner.as_ref(), spec, &redactor), stop.clone())
            .instrument(sandbox_span(runner.as_ref()))
            .await?;
    let _ended = worker.ended.acquire().await.map_err(AppError::internal)?;
    drop(slot);
    app.metrics().ran(prepared, &outcome.resources);
    // A worker told to stop kills its runs after the drain; that is the platform's doing, not the user's wish.
    if stop.is_cancelled() && matches!(outcome.end, End::Cancelled) && !cancel_wanted(app, row.id).await? {
        return Err(AppError::internal("the worker stopped before the run ended"));
    }
    let mut logs = LogsView::of(&outcome, &redactor);
    // Cleared before a message is made of a part of it: half a secret would not be found.
    outcome.stderr.bytes = logs.stderr.clone().into_bytes();
    outcome.agent_error = outcome.agent_error.map(|error| redactor.redact_cut(&error));
    let mut verdict = outcome_judge(manifest, &outcome, timeout_ms);
    verdict.error_message = verdict.error_message.map(|message| redactor.redact_cut(&message));
    verdict.outputs = verdict.outputs.map(|outputs| redactor.redact_json(outputs));
    if verdict.retryable && row.attempt < ATTEMPTS {
        events_keep(app, ticket, row.attempt, events).await?;
        let reason = verdict.error_message.as_deref().unwrap_or("the agent asked for another try");
        return requeue(app, ticket, &row, (Retry::Agent, reason)).await;
    }
    let unpaid_by_choice = verdict.status == RunStatus::Cancelled
        || (verdict.status == RunStatus::Timeout && timeout_ms < manifest.runtime.timeout_ms);
    if unpaid_by_choice {
        logs.stdout_withhold();
    }
    let result = result_build(app, &row, &outcome, verdict, logs).await?;
    let charges = run_charges(&row, &outcome.counts);
    end(app, ticket, &row, EndedRun { events, charges, ..result }).await
}

/// Stores what an attempt said last, when its run goes on.
async fn events_keep(app: &App, ticket: &Ticket, attempt: i64, events: Vec<RunEvent>) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let (ticket, owner) = (ticket.clone(), app.settings.worker_name.clone());
    app.store()
        .tx(move |tx| {
            Box::pin(async move { run_events_append(tx, &ticket, &owner, attempt, &events).await.map(drop) })
        })
        .await?;
    Ok(())
}

/// The run to do, if there is one; what is over already is ended.
async fn running(app: &App, ticket: &Ticket, begun: Begun) -> Result<Option<Execution>> {
    match begun {
        Begun::Running(row, found) => {
            measure_begin(app, &row, found);
            return Ok(Some(*row));
        }
        Begun::Nothing => {}
        Begun::Over(row) if row.cancel_requested => end(app, ticket, &row, cancelled()).await?,
        Begun::Over(row) => {
            let message = format!("the platform lost this run {ATTEMPTS} times; nothing was charged");
            end(app, ticket, &row, EndedRun::failed(FailureReason::Platform, message)).await?;
        }
    }
    Ok(None)
}

fn measure_begin(app: &App, row: &Execution, found: RunStatus) {
    if found == RunStatus::Running {
        app.metrics().attempt_taken_over();
    }
    if let Some(started) = row.started_at.filter(|_| row.attempt == 1) {
        app.metrics().stage_between(Stage::Queue, row.created_at, started);
        trace_past("queue", (row.created_at, started), Vec::new());
    }
}

/// Runs in the sandbox while keeping the lease, listening for a cancel and telling what is used and said. What was said and is
/// not stored yet comes back.
async fn sandbox_run(
    worker: &Worker,
    (ticket, attempt, claimed): (&Ticket, i64, Instant),
    (runner, spec, redactor): (&dyn Runner, RunSpec, &Redactor),
    stop: CancellationToken,
) -> Result<(Outcome, Vec<RunEvent>)> {
    let app = &worker.app;
    let (cancel, asked) = (stop.child_token(), app.now());
    let lost = Arc::new(AtomicBool::new(false));
    let watch =
        tokio::spawn(lease_keep(app.clone(), (ticket.clone(), claimed), cancel.clone(), Arc::clone(&lost)));
    let (sender, events) = mpsc::channel(EVENTS);
    let (outcome, left) = tokio::join!(
        runner.run(spec, sender, cancel),
        worker.live.follow(app, (ticket, attempt), redactor.clone(), events)
    );
    watch.abort();
    if lost.load(Ordering::Acquire) {
        app.metrics().lease_lost();
        return Err(AppError::internal("the lease was lost while the agent ran"));
    }
    let outcome = outcome.map_err(AppError::internal)?;
    sandbox_trace(asked, &outcome);
    Ok((outcome, left))
}

fn sandbox_span(runner: &dyn Runner) -> Span {
    let span = trace_span!(target: TRACE, "sandbox", frameos.isolation = tracing::field::Empty);
    if !span.is_disabled() {
        span.record("frameos.isolation", runner.tier());
    }
    span
}

/// The sandbox tells of its parts when it is over.
fn sandbox_trace(asked: Timestamp, outcome: &Outcome) {
    let used = &outcome.resources;
    let started = asked.plus(Duration::from_millis(used.startup_ms));
    trace_past("sandbox start", (asked, started), Vec::new());
    let exit_code = match outcome.end {
        End::Exited(code) => vec![KeyValue::new("process.exit.code", i64::from(code))],
        _ => Vec::new(),
    };
    trace_past("agent", (started, started.plus(Duration::from_millis(used.wall_ms))), exit_code);
}

/// What is written when a run has ended.
pub(crate) struct EndedRun {
    pub status: RunStatus,
    pub outputs: Option<Value>,
    pub error_message: Option<String>,
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub resources: Option<Resources>,
    pub isolation: Option<String>,
    pub logs: LogsView,
    pub log_object: Option<String>,
    /// What it said last.
    pub events: Vec<RunEvent>,
    /// What a metered run comes to.
    pub charges: Vec<Charge>,
}

impl EndedRun {
    /// One that gave nothing.
    pub(crate) fn failed(reason: FailureReason, message: String) -> Self {
        Self {
            status: reason.status(),
            outputs: None,
            error_message: Some(message),
            failure_reason: Some(reason),
            exit_code: None,
            resources: None,
            isolation: None,
            logs: LogsView::default(),
            log_object: None,
            events: Vec::new(),
            charges: Vec::new(),
        }
    }
}

pub(crate) fn cancelled() -> EndedRun {
    EndedRun::failed(FailureReason::Cancelled, CANCELLED.into())
}

async fn result_build(
    app: &App,
    row: &Execution,
    outcome: &Outcome,
    verdict: RunEnd,
    logs: LogsView,
) -> Result<EndedRun> {
    let mut log_object = None;
    if logs.stdout.len() > LOG_HEAD_BYTES || logs.stderr.len() > LOG_HEAD_BYTES {
        let object = format!("logs/{}.{}.json", row.id, row.attempt);
        let text = serde_json::to_vec(&logs).map_err(AppError::internal)?;
        match app.store().objects().put(&object, &text).await {
            Ok(()) => log_object = Some(object),
            // The run has happened, with whatever it did elsewhere: it is not done again for the rest of its log.
            Err(error) => tracing::error!(
                execution = %row.id,
                error = &error as &dyn std::error::Error,
                "a long log was not kept; its beginning is on the run"
            ),
        }
    }
    Ok(EndedRun {
        status: verdict.status,
        outputs: verdict.outputs,
        error_message: verdict.error_message,
        failure_reason: verdict.failure_reason,
        exit_code: verdict.exit_code,
        resources: Some(run_resources(&outcome.resources)),
        isolation: Some(outcome.tier.clone()),
        logs,
        log_object,
        events: Vec::new(),
        charges: Vec::new(),
    })
}

/// Stores the result, sealed, and settles it. From here on the run needs no sandbox, only money and a signature.
pub(crate) async fn end(app: &App, ticket: &Ticket, row: &Execution, ended: EndedRun) -> Result<()> {
    let now = app.now();
    let result = RunResult {
        // A failing run stays `running` until its hold is given back, so that nobody sees it ended while money is held.
        status: if ended.status == RunStatus::Success { RunStatus::Settling } else { row.status },
        outputs: ended.outputs,
        error_message: ended.error_message,
        failure_reason: ended.failure_reason,
        exit_code: ended.exit_code,
        resources: ended.resources,
        isolation: ended.isolation,
        stdout: log_head(&ended.logs.stdout),
        stderr: log_head(&ended.logs.stderr),
        stdout_bytes: ended.logs.stdout_bytes,
        stderr_bytes: ended.logs.stderr_bytes,
        log_object: ended.log_object,
        duration_ms: row.started_at.map(|started| now.millis_since(started)),
        completed_at: now,
    };
    let said = Said { events: ended.events, charges: ended.charges };
    let until = Instant::now() + app.settings.lease;
    loop {
        match result_store(app, ticket, row, (ended.status, result.clone(), said.clone())).await {
            Ok(Some(end)) => return settle::settle_or_wait(app, ticket, end).await,
            Ok(None) => {
                tracing::warn!(execution = %row.id, attempt = ticket.attempt, "a result came after its lease and is dropped");
                return Ok(());
            }
            // What the agent did cannot be done again without doing it twice: worth waiting for the database, for as long as
            // nobody else can have the run.
            Err(StoreError::Unavailable { .. }) if Instant::now() < until => {
                tokio::time::sleep(STORE_AGAIN).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What is stored beside a result.
#[derive(Clone)]
struct Said {
    events: Vec<RunEvent>,
    charges: Vec<Charge>,
}

/// Keeps the result and moves the ticket on, both or neither: a result without its settle ticket would wait for ever. The end it
/// comes to; None when the ticket is not this claim's any more.
async fn result_store(
    app: &App,
    ticket: &Ticket,
    row: &Execution,
    (end, result, said): (RunStatus, RunResult, Said),
) -> std::result::Result<Option<(RunStatus, Execution)>, StoreError> {
    let (id, owner) = (ticket.execution_id, app.settings.worker_name.clone());
    let (held, run) = (ticket.clone(), row.clone());
    let stored = app.store().tx_shared(Lane::Results, move |tx| {
        let (mut end, mut result, said) = (end, result.clone(), said.clone());
        let (held, owner, run) = (held.clone(), owner.clone(), run.clone());
        Box::pin(async move {
            let mut kept = result_keep(tx, &held, &owner, (end, &result)).await?;
            // A cancel that was accepted holds, even when the agent finished in the same moment.
            if !kept
                && end == RunStatus::Success
                && execution::execution_cancel_requested_unscoped(tx, id).await?
            {
                end = RunStatus::Cancelled;
                result = RunResult {
                    status: run.status,
                    outputs: None,
                    error_message: Some(CANCELLED.into()),
                    failure_reason: Some(FailureReason::Cancelled),
                    stdout: String::new(),
                    log_object: None,
                    ..result
                };
                kept = result_keep(tx, &held, &owner, (end, &result)).await?;
            }
            if !kept {
                tx.set_rollback();
                return Ok(None);
            }
            run_events_append(tx, &held, &owner, run.attempt, &said.events).await?;
            charges_insert(tx, id, run.attempt, &said.charges, result.completed_at).await?;
            Ok(Some((end, result.applied_to(run))))
        })
    });
    stored.await
}

/// Moves the ticket on to settling and stores the result. False when one of them is not there for it any more.
async fn result_keep(
    tx: &mut Tx,
    ticket: &Ticket,
    owner: &str,
    (end, result): (RunStatus, &RunResult),
) -> std::result::Result<bool, StoreError> {
    let payload = settle_payload(end, &ticket.payload);
    Ok(ticket::ticket_to_settle(tx, ticket.id, ticket.attempt, owner, &payload).await?
        && execution::execution_result_set(tx, ticket.execution_id, result).await?)
}

/// Puts a run back after a fault of ours, or ends it when it had all its tries.
async fn platform_fault(app: &App, ticket: &Ticket) -> Result<()> {
    let id = ticket.execution_id;
    let row = app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }))
        .await?;
    let Some(row) = row.filter(|row| row.status == RunStatus::Running) else { return Ok(()) };
    if row.attempt < ATTEMPTS {
        let reason = (Retry::Platform, "the platform could not finish this attempt");
        return requeue(app, ticket, &row, reason).await;
    }
    let message =
        format!("the platform could not run this agent in {ATTEMPTS} attempts; nothing was charged");
    end(app, ticket, &row, EndedRun::failed(FailureReason::Platform, message)).await
}

async fn requeue(app: &App, ticket: &Ticket, row: &Execution, (why, reason): (Retry, &str)) -> Result<()> {
    let doublings = u32::try_from(row.attempt.saturating_sub(1)).unwrap_or(0).min(2);
    let mut jitter = [0_u8; 1];
    aws_lc_rs::rand::fill(&mut jitter).map_err(|_| AppError::internal("the system random source failed"))?;
    let wait = BACKOFF * 2_u32.pow(doublings) + Duration::from_millis(u64::from(jitter[0]) * 2);
    let now = app.now();
    let (id, attempt, ticket_id, owner) =
        (ticket.execution_id, ticket.attempt, ticket.id, app.settings.worker_name.clone());
    let reason = reason.chars().take(500).collect::<String>();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if ticket::ticket_release(tx, ticket_id, attempt, &owner, now.plus(wait)).await? {
                    execution::execution_requeue(tx, id, &reason, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    app.metrics().retried(why);
    Ok(())
}
