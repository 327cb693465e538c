//! Refunds: an administrator gives a user money of a run's payment back.
//!
//! Invariants: the request and its audit entry are stored before the gateway is asked, with a job that brings it to its end
//! should this process not; the gateway refunds once under the request's key, and what follows from it (the run's amount, the
//! developer's negative share, the webhook) is noted once, in one transaction.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    execution::RunStatus,
    id::{AdminId, DeveloperId, ExecutionId, PaymentId, RevenueId},
    money::Money,
};
use frameos_gateway::{
    GatewayError,
    wire::{Refund, RefundNew},
};
use frameos_store::{
    StoreError, Tx, audit as audit_log,
    execution::{self, Execution},
    refund_request::{self, RefundRequest},
    revenue::{self, Revenue},
    stats,
    status::{NotificationKind, RevenueStatus},
    user,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::{AppError, Result},
    jobs::{Job, Next, job_add},
    mail::{Mail, mail_post},
    news::developer_tell,
    notification::notify,
    review::audit,
    webhook,
};

const LONGEST_REASON: usize = 500;
/// When the job looks whether the process that asked has finished: longer than it can take.
const TAKEOVER: Duration = Duration::from_secs(60);

/// What an administrator asks for.
#[derive(Debug, Clone)]
pub struct RefundAsk {
    /// Minor units; all that is left when absent.
    pub amount: Option<i64>,
    /// The user and the developer will read it.
    pub reason: String,
    /// The same key refunds once.
    pub idempotency_key: String,
}

/// Gives money of a run's payment back, within 30 days of it.
pub async fn execution_refund(app: &App, admin: AdminId, id: ExecutionId, ask: RefundAsk) -> Result<Refund> {
    let reason = ask.reason.trim().to_owned();
    if !(1..=LONGEST_REASON).contains(&reason.chars().count()) {
        let message =
            format!("is required, 1 to {LONGEST_REASON} characters: user and developer will read it");
        return Err(AppError::field("reason", message));
    }
    if ask.amount.is_some_and(|amount| amount < 1) {
        return Err(AppError::field("amount", "must be at least 1 minor unit; leave it out to refund all"));
    }
    let (row, _) = paid_run(app, id).await?;
    let now = app.now();
    let request = RefundRequest {
        execution_id: id,
        request_key: ask.idempotency_key,
        admin_id: admin,
        amount: ask.amount,
        reason,
        created_at: now,
    };
    let asked = request.amount.map_or_else(|| "all".to_owned(), |amount| amount.to_string());
    let detail = format!("{asked} of {}: {}", row.price, request.reason);
    let entry = audit(app, admin, "execution.refund", id.to_string(), Some(detail));
    let stored = request.clone();
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if refund_request::refund_request_insert(tx, &stored).await? {
                    audit_log::audit_insert(tx, &entry).await?;
                    let job = RefundFinish { execution: id, key: stored.request_key };
                    let key = format!("{id}:{}", job.key);
                    job_add(tx, &job, &key, now.plus(TAKEOVER), now).await?;
                }
                Ok(())
            })
        })
        .await?;
    refund_finish(app, &request).await
}

/// A run that was paid, with its payment.
async fn paid_run(app: &App, id: ExecutionId) -> Result<(Execution, PaymentId)> {
    let row = app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }))
        .await?
        .ok_or(AppError::not_found("execution"))?;
    match row.payment_id.filter(|_| row.status == RunStatus::Success) {
        Some(payment) => Ok((row, payment)),
        None => Err(AppError::conflict("REFUND_NOT_OFFERED", "nothing was paid for this run")),
    }
}

/// Asks the gateway and notes its answer. May be repeated after any failure.
async fn refund_finish(app: &App, request: &RefundRequest) -> Result<Refund> {
    let (row, payment) = paid_run(app, request.execution_id).await?;
    let new = RefundNew {
        amount: request.amount,
        reason: request.reason.clone(),
        idempotency_key: request.request_key.clone(),
    };
    let (id, key, now) = (row.id, request.request_key.clone(), app.now());
    match app.payments().payment_refund(payment, new).await {
        Ok(refund) => {
            let (noted, told) = (refund.clone(), row.clone());
            let first = app
                .store()
                .tx(move |tx| Box::pin(async move { refund_note(tx, &row, &noted, &key, now).await }));
            if first.await? {
                refund_tell(app, &told, &refund).await;
            }
            Ok(refund)
        }
        Err(
            error @ (GatewayError::Unavailable { .. }
            | GatewayError::Internal { .. }
            | GatewayError::Unauthenticated),
        ) => Err(error.into()),
        Err(refusal) => {
            app.store()
                .tx(move |tx| {
                    Box::pin(async move { refund_request::refund_request_close(tx, (id, &key), false).await })
                })
                .await?;
            Err(refusal.into())
        }
    }
}

/// Says whether this was the first to note it.
async fn refund_note(
    tx: &mut Tx,
    row: &Execution,
    refund: &Refund,
    key: &str,
    now: Timestamp,
) -> std::result::Result<bool, StoreError> {
    if !refund_request::refund_request_close(tx, (row.id, key), true).await? {
        return Ok(false);
    }
    execution::execution_refunded_unscoped(tx, row.id, refund.refunded_total).await?;
    let taken = refund.split.developer;
    if let (1.., Ok(developer_id)) = (taken, refund.split.developer_id.parse::<DeveloperId>()) {
        let share = Revenue {
            id: RevenueId::generate(now),
            developer_id,
            agent_id: Some(row.agent_id),
            execution_id: Some(row.id),
            refund_id: Some(refund.refund_id),
            amount: Money::new(-taken, refund.currency),
            status: RevenueStatus::Pending,
            paid_out_at: None,
            created_at: now,
        };
        if revenue::revenue_insert(tx, &share).await? {
            stats::stat_refund_unscoped(tx, (row.agent_id, &row.version), taken, now).await?;
        }
    }
    webhook::refund_enqueue(tx, row, refund, now).await?;
    let title = format!("Refund of {}", Money::new(refund.amount, refund.currency));
    let text = format!("For a run of {}: {}", row.agent_name, refund.reason);
    let news = (NotificationKind::RefundReceived, row.id.to_string(), (title, text));
    notify(tx, &row.user_id.to_string(), news, now).await?;
    Ok(true)
}

/// Mail that cannot be handed over undoes nothing: both see the refund on their pages.
async fn refund_tell(app: &App, row: &Execution, refund: &Refund) {
    let amount = Money::new(refund.amount, refund.currency);
    let user_id = row.user_id;
    let user = app.store().read(move |tx| Box::pin(async move { user::user_get(tx, user_id).await })).await;
    if let Ok(Some(user)) = user {
        let text = format!(
            "{amount} of what you paid for run {} of {} are back in your wallet.\n\n{}\n",
            row.id, row.agent_name, refund.reason
        );
        let mail = Mail { to: user.email, subject: format!("Refund of {amount}"), text };
        if let Err(error) = mail_post(app, mail).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a refund was not mailed");
        }
    }
    if let Ok(developer) = refund.split.developer_id.parse() {
        let taken = Money::new(refund.split.developer, refund.currency);
        let text = format!(
            "The payment of run {} of {} was refunded by {amount}. Your part of it, {taken}, was taken off your earnings.\n\n{}\n",
            row.id, row.agent_name, refund.reason
        );
        developer_tell(app, developer, &format!("A payment for {} was refunded", row.agent_name), text).await;
    }
}

/// Brings a refund to its end that the process it was asked of did not.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefundFinish {
    execution: ExecutionId,
    key: String,
}

impl Job for RefundFinish {
    const NAME: &'static str = "refund_finish";

    async fn run(self, app: &App) -> Result<Next> {
        let Self { execution, key } = self;
        let open = app.store().read(move |tx| {
            Box::pin(async move { refund_request::refund_request_open_unscoped(tx, execution, &key).await })
        });
        let Some(request) = open.await? else { return Ok(Next::Done) };
        match refund_finish(app, &request).await {
            Ok(_) => Ok(Next::Done),
            Err(error @ (AppError::Unavailable { .. } | AppError::Internal { .. })) => Err(error),
            Err(refusal) => {
                tracing::info!(execution = %request.execution_id, %refusal, "a refund whose asker is gone was refused");
                Ok(Next::Done)
            }
        }
    }
}
