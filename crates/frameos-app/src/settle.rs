//! The end of a run: money, signature, credit, and only then an answer.
//!
//! Steps, each safe to repeat: take the payment (or give the hold back) under the run's id, then in one transaction sign the
//! receipt, set the final state, credit the developer and drop the ticket. Until that transaction commits the outputs stay
//! sealed. A gateway that does not answer leaves the ticket for later; one that refuses ends the run unpaid and unseen.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{EventId, ExecutionId, ReceiptId, RevenueId},
    money::Money,
    receipt::{RunPayment, RunReceipt, salted_hash},
};
use frameos_gateway::{
    GatewayError,
    wire::{Execute, Execution as Payment},
};
use frameos_store::{
    StoreError, Tx, agent, chain,
    execution::{self, Execution, Finish},
    free_run,
    revenue::{self, Revenue},
    stats::{self, StatEvent},
    status::RevenueStatus,
    ticket::{self, Ticket},
    version,
};
use serde_json::Value;

use crate::{
    app::App,
    error::{AppError, Result},
    run,
};

/// The chain run receipts form.
const CHAIN: &str = "run_receipts";
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_LONGEST: Duration = Duration::from_secs(60);

/// Settles now, or leaves the ticket to be settled later.
pub(crate) async fn settle_or_wait(app: &App, ticket: &Ticket, end: RunStatus) -> Result<()> {
    let Err(error) = settle(app, ticket, end).await else { return Ok(()) };
    tracing::warn!(execution = %ticket.execution_id, error = &error as &dyn std::error::Error, "settling waits");
    let doublings = u32::try_from(ticket.attempt.clamp(0, 8)).unwrap_or(0);
    let wait = (RETRY_FIRST * 2_u32.pow(doublings)).min(RETRY_LONGEST);
    let (id, attempt, owner, at) =
        (ticket.id, ticket.attempt, app.settings.worker_name.clone(), app.now().plus(wait));
    app.store()
        .tx(move |tx| Box::pin(async move { ticket::ticket_release(tx, id, attempt, &owner, at).await }))
        .await?;
    Ok(())
}

/// Continues the settlement a ticket of kind `settle` stands for.
pub(crate) async fn settle_resume(app: &App, ticket: &Ticket) -> Result<()> {
    let end: RunStatus = serde_json::from_value(ticket.payload["end"].clone()).map_err(AppError::internal)?;
    settle_or_wait(app, ticket, end).await
}

async fn settle(app: &App, ticket: &Ticket, end: RunStatus) -> Result<()> {
    let id = ticket.execution_id;
    let row = app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }))
        .await?
        .ok_or_else(|| AppError::internal("a ticket's run is missing"))?;
    let settled = match end {
        RunStatus::Success => payment_take(app, &row).await?,
        other => {
            hold_return(app, &row).await?;
            Settled { status: other, payment: None, refused: None }
        }
    };
    finish(app, ticket, row, settled).await
}

struct Settled {
    status: RunStatus,
    payment: Option<Payment>,
    /// What the user is told of a payment that was refused.
    refused: Option<String>,
}

impl Settled {
    /// What the settlement itself found wrong; what the agent did wrong is in the run's row.
    fn failure_reason(&self) -> Option<FailureReason> {
        self.refused.as_ref().map(|_| FailureReason::PaymentDeclined)
    }
}

async fn payment_take(app: &App, row: &Execution) -> Result<Settled> {
    let Some(mandate_id) = row.mandate_id else {
        if !row.price.is_zero() {
            return Err(AppError::internal("a run with a price has no mandate"));
        }
        return Ok(Settled { status: RunStatus::Success, payment: None, refused: None });
    };
    let execute = Execute { mandate_id, idempotency_key: Some(row.id.to_string()) };
    match app.payments().execute(execute).await {
        Ok(payment) => Ok(Settled { status: RunStatus::Success, payment: Some(payment), refused: None }),
        Err(
            error @ (GatewayError::Unavailable { .. }
            | GatewayError::Internal { .. }
            | GatewayError::Unauthenticated),
        ) => Err(error.into()),
        Err(refusal) => {
            let message = format!("the payment was refused, so the outputs stay sealed: {refusal}");
            Ok(Settled { status: RunStatus::Failed, payment: None, refused: Some(message) })
        }
    }
}

async fn hold_return(app: &App, row: &Execution) -> Result<()> {
    let Some(mandate_id) = row.mandate_id else { return Ok(()) };
    app.payments().mandate_void(mandate_id, "the run did not succeed".into()).await?;
    Ok(())
}

async fn finish(app: &App, ticket: &Ticket, row: Execution, settled: Settled) -> Result<()> {
    let now = app.now();
    let (held, ticket) = (app.clone(), ticket.clone());
    app.store()
        .tx(move |tx| {
            Box::pin(async move {
                if !ticket::ticket_delete(tx, ticket.id, ticket.attempt).await? {
                    // Somebody else holds the ticket now and will come to the same end.
                    return Ok(());
                }
                let finish = Finish {
                    status: settled.status,
                    payment_id: settled.payment.as_ref().map(|payment| payment.payment_id),
                    payment_receipt_id: settled.payment.as_ref().map(|payment| payment.receipt_id),
                    error_message: settled.refused.clone(),
                    failure_reason: settled.failure_reason(),
                    withhold_stdout: settled.refused.is_some(),
                };
                if !execution::execution_finish(tx, row.id, &finish, now).await? {
                    return Ok(());
                }
                let agent = agent::agent_find_unscoped(tx, &row.agent_id.to_string())
                    .await?
                    .ok_or_else(|| StoreError::Corrupt { what: "a run without its agent".into() })?;
                receipt_write(tx, &held, &row, &settled, now).await?;
                if let Some(month) =
                    row.free_month.as_deref().filter(|_| settled.status != RunStatus::Success)
                {
                    free_run::free_run_return(tx, row.user_id, row.agent_id, month).await?;
                }
                let mut revenue = 0;
                if let Some(payment) = &settled.payment {
                    revenue = payment.split.developer;
                    let entry = Revenue {
                        id: RevenueId::generate(now),
                        developer_id: agent.developer_id,
                        agent_id: Some(row.agent_id),
                        execution_id: Some(row.id),
                        amount: Money::new(revenue, payment.currency),
                        status: RevenueStatus::Pending,
                        paid_out_at: None,
                        created_at: now,
                    };
                    revenue::revenue_insert(tx, &entry).await?;
                }
                if !says_something_of_the_agent(&row, &settled) {
                    return Ok(());
                }
                let event = StatEvent {
                    id: EventId::generate(now),
                    agent_id: row.agent_id,
                    version: row.version.clone(),
                    status: settled.status,
                    duration_ms: row.duration_ms.unwrap_or(0),
                    revenue,
                    at: now,
                };
                stats::stat_event_insert(tx, &event).await
            })
        })
        .await?;
    app.store().notify_queue();
    Ok(())
}

/// Whether a run counts in its agent's statistics: one that its user cancelled does not, nor one that the platform could not
/// bring to an end of its own, which is told by what it used being unknown.
fn says_something_of_the_agent(row: &Execution, settled: &Settled) -> bool {
    settled.status != RunStatus::Cancelled && row.resources.is_some()
}

async fn receipt_write(
    tx: &mut Tx,
    app: &App,
    row: &Execution,
    settled: &Settled,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt { what: what.to_owned() };
    let version = version::version_get_unscoped(tx, row.version_id)
        .await?
        .ok_or_else(|| corrupt("a run without its version"))?;
    let head = chain::chain_advance(tx, CHAIN).await?;
    let outputs = row.outputs.as_ref().filter(|_| settled.status == RunStatus::Success);
    let receipt = RunReceipt {
        id: ReceiptId::generate(now),
        sequence: head.sequence,
        previous_hash: head.previous_hash,
        execution_id: row.id,
        user_id: row.user_id.to_string(),
        agent_id: row.agent_id.to_string(),
        agent_slug: row.agent_slug.clone(),
        agent_version: row.version.clone(),
        code_sha256: version.code_hash,
        input_sha256: salted_hash(&row.salt, &Value::Object(row.inputs.clone())),
        output_sha256: outputs.map(|outputs| salted_hash(&row.salt, outputs)),
        status: settled.status,
        failure_reason: settled.failure_reason().or(row.failure_reason),
        exit_code: row.exit_code,
        attempt: row.attempt,
        started_at: row.started_at,
        completed_at: row.completed_at.unwrap_or(now),
        resources: row.resources.clone(),
        isolation: row.isolation.clone(),
        payment: settled.payment.as_ref().map(|payment| RunPayment {
            mandate_id: payment.mandate_id,
            payment_id: payment.payment_id,
            receipt_id: payment.receipt_id,
            receipt_hash: payment.receipt_hash.clone(),
            ledger_transaction_id: payment.ledger_transaction_id.clone(),
            ledger_hash: payment.ledger_hash.clone(),
            amount: payment.amount,
            currency: payment.currency,
        }),
        issued_at: now,
    };
    let document =
        receipt.sign(&app.keys.receipts).map_err(|error| StoreError::Corrupt { what: error.to_string() })?;
    let hash = document.hash();
    chain::chain_set(tx, CHAIN, head.sequence, &hash).await?;
    chain::run_receipt_insert(tx, &document, &hash).await
}

/// Ends a run that is still waiting in the queue, if no worker has taken it meanwhile.
pub(crate) async fn queued_cancel(app: &App, id: ExecutionId) -> Result<()> {
    let (owner, now) = (app.settings.worker_name.clone(), app.now());
    let until = now.plus(app.settings.lease);
    let taken = app
        .store()
        .tx(move |tx| {
            Box::pin(async move {
                let Some(ticket) = ticket::ticket_take_unleased(tx, id, "run", &owner, (now, until)).await?
                else {
                    return Ok(None);
                };
                Ok(execution::execution_get_unscoped(tx, id).await?.map(|row| (ticket, row)))
            })
        })
        .await?;
    match taken {
        Some((ticket, row)) => run::end(app, &ticket, &row, run::cancelled()).await,
        None => Ok(()),
    }
}
