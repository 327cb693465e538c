//! The end of a run: money, signature, credit, and only then an answer.
//!
//! The result is *sealed* when it is stored. Then it is *charged* (the payment is taken under the run's id, which the gateway does
//! once however often it is asked), *credited* (the developer's share and the statistics are noted) and *published* (receipt, final
//! state, ticket gone): until then the outputs cannot be read. Each step is one conditional change in a transaction that holds the
//! ticket, so that it is taken once. They are tried in one transaction; if that fails, one by one, so that what was reached is
//! kept. An end that is no success gives the hold back and is published. A gateway that does not answer leaves the ticket for
//! later; one that refuses ends the run unpaid and unseen.

use std::{sync::Arc, time::Duration};

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    id::{EventId, ExecutionId, PaymentId, ReceiptId, RevenueId},
    mandate::MandateStatus,
    money::Money,
    pricing::RunTerms,
    receipt::{Proofs, RunMandate, RunPayment, RunReceipt, salted_hash},
};
use frameos_gateway::{
    GatewayError,
    wire::{Execute, Execution as Payment, MandateState},
};
use frameos_store::{
    Lane, StoreError, Tx, chain,
    execution::{self, Execution, Finish},
    free_run,
    revenue::{self, Revenue},
    stats::{self, StatEvent},
    status::{NotificationKind, RevenueStatus},
    subscription,
    ticket::{self, Lease, Ticket},
};
use serde_json::Value;
use tracing::{Instrument, field::Empty, trace_span};

use crate::{
    app::App,
    error::{AppError, Result},
    manifest_cache::{Compiled, manifest_load},
    metrics::Stage,
    notification::notify,
    run,
    trace::{TRACE, trace_failed},
    usage,
    webhook::{self, Ended},
};

const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_LONGEST: Duration = Duration::from_secs(60);

/// The steps of a sealed success.
const SUCCESS: [Settlement; 3] = [Settlement::Charged, Settlement::Credited, Settlement::Published];

/// Settles now, or leaves the ticket to be settled later. `row` is the run as it was stored with its result.
pub(crate) async fn settle_or_wait(
    app: &App,
    ticket: &Ticket,
    (end, row): (RunStatus, Execution),
) -> Result<()> {
    let span = trace_span!(target: TRACE, "settle", otel.status_code = Empty, error.type = Empty);
    let Err(error) = settle(app, ticket, end, row).instrument(span.clone()).await else { return Ok(()) };
    trace_failed(&span, error.code());
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
    let id = ticket.execution_id;
    let row = app
        .store()
        .read(move |tx| Box::pin(async move { execution::execution_get_unscoped(tx, id).await }))
        .await?
        .ok_or_else(|| AppError::internal("a ticket's run is missing"))?;
    settle_or_wait(app, ticket, (end, row)).await
}

async fn settle(app: &App, ticket: &Ticket, end: RunStatus, row: Execution) -> Result<()> {
    let charging = trace_span!(target: TRACE, "charge", frameos.run.status = end.as_str());
    let settled = charge(app, &row, end).instrument(charging).await?;
    let reached = row.settlement.unwrap_or(Settlement::Sealed);
    let steps: &[Settlement] = match settled.status {
        RunStatus::Success => &SUCCESS,
        _ => &[Settlement::Published],
    };
    let left: Vec<Settlement> = steps.iter().copied().filter(|step| *step > reached).collect();
    let version = manifest_load(app, row.version_id).await?;
    let settling = Arc::new(Settling { app: app.clone(), ticket: ticket.clone(), row, version, settled });
    publish(&settling, left).instrument(trace_span!(target: TRACE, "publish")).await?;
    app.store().notify_queue();
    Ok(())
}

async fn charge(app: &App, row: &Execution, end: RunStatus) -> Result<Settled> {
    match end {
        RunStatus::Success => payment_take(app, row).await,
        other => {
            let mandate = hold_return(app, row, "the run did not succeed").await?;
            Ok(Settled { mandate, ..Settled::unpaid(other) })
        }
    }
}

async fn publish(settling: &Arc<Settling>, left: Vec<Settlement>) -> Result<()> {
    if steps_take(settling, left.clone()).await.is_err() {
        for step in left {
            steps_take(settling, vec![step]).await?;
        }
    }
    Ok(())
}

/// What the steps need.
struct Settling {
    app: App,
    ticket: Ticket,
    row: Execution,
    version: Arc<Compiled>,
    settled: Settled,
}

/// Takes the steps in one transaction: all or none.
async fn steps_take(settling: &Arc<Settling>, steps: Vec<Settlement>) -> Result<()> {
    let (held, now) = (Arc::clone(settling), settling.app.now());
    let taken = settling.app.store().tx_shared(Lane::Settlements, move |tx| {
        let (held, steps) = (Arc::clone(&held), steps.clone());
        Box::pin(async move {
            let (ticket, attempt) = (held.ticket.id, held.ticket.attempt);
            let is_last = steps.contains(&Settlement::Published);
            let is_held = if is_last {
                ticket::ticket_delete(tx, ticket, attempt).await?
            } else {
                ticket::ticket_hold(tx, ticket, attempt).await?
            };
            if !is_held {
                // Somebody else holds the ticket now and will come to the same end.
                return Ok(false);
            }
            if steps == SUCCESS {
                return held.settle(tx, now).await;
            }
            let mut published = false;
            for step in steps {
                match step {
                    Settlement::Sealed => {}
                    Settlement::Charged => held.charge(tx).await?,
                    Settlement::Credited => held.credit(tx, now).await?,
                    Settlement::Published => published = held.publish(tx, now).await?,
                }
            }
            Ok(published)
        })
    });
    if taken.await? {
        settling.measure();
    }
    Ok(())
}

impl Settling {
    /// Takes all steps of a success with one change of its row: each would write the row anew.
    async fn settle(&self, tx: &mut Tx, now: Timestamp) -> std::result::Result<bool, StoreError> {
        if !execution::execution_settle(tx, self.row.id, self.payment(), now).await? {
            return Err(StoreError::Corrupt { what: "a success to settle that was not sealed".into() });
        }
        self.earn(tx, now).await?;
        receipt_write(tx, self, now).await?;
        webhook::webhooks_enqueue(tx, &self.row, &self.settled.ended(), now).await?;
        Ok(true)
    }

    fn payment(&self) -> Option<(PaymentId, ReceiptId)> {
        self.settled.payment.as_ref().map(|payment| (payment.payment_id, payment.receipt_id))
    }

    async fn charge(&self, tx: &mut Tx) -> Stored {
        execution::execution_charged(tx, self.row.id, self.payment()).await.map(drop)
    }

    async fn credit(&self, tx: &mut Tx, now: Timestamp) -> Stored {
        if !execution::execution_credited(tx, self.row.id).await? {
            return Ok(());
        }
        self.earn(tx, now).await
    }

    /// Notes the developer's share and the statistics.
    async fn earn(&self, tx: &mut Tx, now: Timestamp) -> Stored {
        let mut revenue = 0;
        if let Some(payment) = &self.settled.payment {
            revenue = payment.split.developer;
            let entry = Revenue {
                id: RevenueId::generate(now),
                developer_id: self.row.developer_id,
                agent_id: Some(self.row.agent_id),
                execution_id: Some(self.row.id),
                refund_id: None,
                amount: Money::new(revenue, payment.currency),
                status: RevenueStatus::Pending,
                paid_out_at: None,
                created_at: now,
            };
            revenue::revenue_insert(tx, &entry).await?;
        }
        self.count(tx, revenue, now).await
    }

    /// Says whether it was this that ended the run.
    async fn publish(&self, tx: &mut Tx, now: Timestamp) -> std::result::Result<bool, StoreError> {
        let finish = Finish {
            status: self.settled.status,
            error_message: self.settled.refused.clone(),
            failure_reason: self.settled.failure_reason(),
            withhold_stdout: self.settled.refused.is_some(),
        };
        let finished = execution::execution_finish(tx, self.row.id, &finish, now).await?;
        if finished {
            receipt_write(tx, self, now).await?;
            webhook::webhooks_enqueue(tx, &self.row, &self.settled.ended(), now).await?;
            if self.settled.status != RunStatus::Success {
                if let Some(month) = self.row.free_month.as_deref() {
                    free_run::free_run_return(tx, self.row.user_id, self.row.agent_id, month).await?;
                }
                if let Some(month) = self.row.terms.as_ref().and_then(RunTerms::subscription) {
                    subscription::subscription_run_return(tx, self.row.user_id, month).await?;
                }
                self.count(tx, 0, now).await?;
            }
            if let Some(refusal) = &self.settled.refused {
                let title = format!("A run of {} could not be paid", self.row.agent_name);
                let news = (NotificationKind::RunUnpaid, self.row.id.to_string(), (title, refusal.clone()));
                notify(tx, &self.row.user_id.to_string(), news, now).await?;
            }
        } else if !execution::execution_get_unscoped(tx, self.row.id)
            .await?
            .is_some_and(|row| row.status.is_final())
        {
            return Err(StoreError::Corrupt { what: "a success to publish that was not credited".into() });
        }
        Ok(finished)
    }

    fn measure(&self) {
        let (metrics, now) = (self.app.metrics(), self.app.now());
        metrics.run_ended(self.settled.status, self.settled.failure_reason().or(self.row.failure_reason));
        metrics.stage_between(Stage::Settle, self.row.completed_at.unwrap_or(now), now);
    }

    /// Notes the run for its agent's statistics, unless its user cancelled it or the platform could not bring it to an end of its
    /// own, which is told by what it used being unknown.
    async fn count(&self, tx: &mut Tx, revenue: i64, now: Timestamp) -> Stored {
        if self.settled.status == RunStatus::Cancelled || self.row.resources.is_none() {
            return Ok(());
        }
        let event = StatEvent {
            id: EventId::generate(now),
            agent_id: self.row.agent_id,
            version: self.row.version.clone(),
            status: self.settled.status,
            duration_ms: self.row.duration_ms.unwrap_or(0),
            revenue,
            at: now,
        };
        stats::stat_event_insert(tx, &event).await
    }
}

type Stored = std::result::Result<(), StoreError>;

struct Settled {
    status: RunStatus,
    payment: Option<Payment>,
    /// The mandate of a run that was not paid, given back.
    mandate: Option<MandateState>,
    /// What the user is told of a payment that was refused.
    refused: Option<String>,
}

impl Settled {
    const fn unpaid(status: RunStatus) -> Self {
        Self { status, payment: None, mandate: None, refused: None }
    }

    fn ended(&self) -> Ended<'_> {
        let (status, failure_reason, payment) = (self.status, self.failure_reason(), self.payment.as_ref());
        Ended { status, failure_reason, payment }
    }

    fn mandate_of_run(&self) -> Option<RunMandate> {
        match (&self.payment, &self.mandate) {
            (Some(paid), _) => Some(RunMandate {
                mandate_id: paid.mandate_id,
                mandate_hash: paid.mandate_hash.clone(),
                status: MandateStatus::Executed,
            }),
            (None, Some(returned)) => Some(RunMandate {
                mandate_id: returned.mandate_id,
                mandate_hash: returned.mandate_hash.clone(),
                status: returned.status,
            }),
            (None, None) => None,
        }
    }

    /// The gateway's documents that the receipt binds.
    fn proofs(&self) -> Option<Proofs> {
        match (&self.payment, &self.mandate) {
            (Some(paid), _) => Some(Proofs {
                mandate: paid.mandate_jws.clone(),
                payment_receipt: Some(paid.receipt_jws.clone()),
            }),
            (None, Some(returned)) => {
                Some(Proofs { mandate: Some(returned.jws.clone()), payment_receipt: None })
            }
            (None, None) => None,
        }
    }

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
        return Ok(Settled::unpaid(RunStatus::Success));
    };
    let amount = usage::run_amount(app, row).await?;
    if amount == Some(0) {
        let mandate = hold_return(app, row, "nothing was counted").await?;
        return Ok(Settled { mandate, ..Settled::unpaid(RunStatus::Success) });
    }
    let execute = Execute { mandate_id, amount, idempotency_key: Some(row.id.to_string()) };
    match app.payments().execute(execute).await {
        Ok(payment) => Ok(Settled { payment: Some(payment), ..Settled::unpaid(RunStatus::Success) }),
        Err(
            error @ (GatewayError::Unavailable { .. }
            | GatewayError::Internal { .. }
            | GatewayError::Unauthenticated),
        ) => Err(error.into()),
        Err(refusal) => {
            let message = format!("the payment was refused, so the outputs stay sealed: {refusal}");
            Ok(Settled { refused: Some(message), ..Settled::unpaid(RunStatus::Failed) })
        }
    }
}

async fn hold_return(app: &App, row: &Execution, why: &str) -> Result<Option<MandateState>> {
    let Some(mandate_id) = row.mandate_id else { return Ok(None) };
    Ok(Some(app.payments().mandate_void(mandate_id, why.into()).await?))
}

async fn receipt_write(
    tx: &mut Tx,
    Settling { app, row, version, settled, .. }: &Settling,
    now: Timestamp,
) -> Stored {
    let head = chain::chain_advance(tx, chain::RUN_RECEIPTS).await?;
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
        code_sha256: version.code_hash.clone(),
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
            ledger_sequence: payment.receipt.ledger_sequence,
            amount: payment.amount,
            currency: payment.currency,
        }),
        mandate: settled.mandate_of_run(),
        issued_at: now,
    };
    let mut document = receipt
        .sign(&app.keys.receipts.get().active)
        .map_err(|error| StoreError::Corrupt { what: error.to_string() })?;
    document.proofs = settled.proofs();
    let hash = document.hash();
    chain::chain_set(tx, chain::RUN_RECEIPTS, head.sequence, &hash).await?;
    chain::run_receipt_insert(tx, &document, &hash).await
}

/// Ends a run that is still waiting in the queue, if no worker has taken it meanwhile.
pub(crate) async fn queued_cancel(app: &App, id: ExecutionId) -> Result<()> {
    let now = app.now();
    let lease = Lease { owner: app.settings.worker_name.clone(), now, until: now.plus(app.settings.lease) };
    let taken = app
        .store()
        .tx(move |tx| {
            Box::pin(async move {
                let Some(ticket) = ticket::ticket_take_unleased(tx, id, "run", &lease).await? else {
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
