//! Settling a payment whose run has succeeded: asked of the facilitator until it is known whether the money moved.
//!
//! Invariants: that a settlement may have been sent is written before it is sent; one try at a time; the sale is booked in the
//! transaction that notes the settlement. A token accepts a nonce once, so asking again moves no money twice. After an answer that was
//! lost a refusal proves nothing: it may be the lost try's own doing. Then the chain is asked, if a node is known; otherwise
//! only three things end the waiting: a success, the word that the nonce is used up (which the lost try did), or that much time has
//! passed since the authorisation ended.

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId},
    money::Money,
    split::RevenueSplit,
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        chain::ledger_lock,
        ledger::{LedgerKind, ledger_post},
        mandate::{MandateRow, mandate_get_unscoped, mandate_mark_executed, mandate_mark_voided},
        payment::payment_insert,
        posting::{AccountKind, Posting, Postings},
        x402::{
            X402Row, X402Status, x402_get_by_mandate_unscoped, x402_mark_refused, x402_mark_settled,
            x402_settle_begin, x402_settle_end,
        },
    },
};
use thiserror::Error;

use super::{PROVIDER, X402, chain::Found, facilitator::Settled};
use crate::{
    error::GatewayError,
    execute::{Call, ORCHESTRATOR, PLATFORM, execution_view, payment_row, refusal_receipt},
    gateway::{Decision, Gateway, corrupt, refuse},
    receipt::{Statement, receipt_issue},
    wire::Execution,
};

/// Added to the time an answer may take before another may try.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// A clock of a chain may be behind ours.
const CLOCK_MARGIN: Duration = Duration::from_secs(60);
/// How long after the end of an authorisation a settlement whose answer was lost is asked about.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Error)]
enum Waits {
    #[error("x402 is not configured in this process")]
    NotConfigured,
    #[error("another process is settling this payment")]
    Taken,
    #[error("the x402 facilitator has not said yet what became of the payment")]
    Unknown,
}

/// What one try came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Paid {
        proof: &'static str,
        transaction: Option<String>,
    },
    Refused {
        reason: String,
    },
    /// Try again; `sent` says whether anything may have happened.
    Wait {
        sent: bool,
    },
}

impl Gateway {
    /// Has the payment of a mandate settled and the sale booked. [`GatewayError::Unavailable`] means that it is not known yet:
    /// ask again.
    pub(crate) async fn x402_settle(&self, id: MandateId, call: Call) -> Result<Execution, GatewayError> {
        let x402 = self.x402.as_ref().ok_or_else(|| GatewayError::unavailable(Waits::NotConfigured))?;
        let found = self.store.read(move |tx| Box::pin(x402_get_by_mandate_unscoped(tx, id))).await?;
        let row = found.ok_or(GatewayError::MandateNotFound { mandate_id: id })?;
        let (attempts, verdict) = match row.status {
            X402Status::Reserved if is_over(&row, call.now) => {
                // Nothing was sent, and nothing could come of it.
                let reason = "the payment's time was over before the run had ended".into();
                (row.attempts, Verdict::Refused { reason })
            }
            _ => {
                let until = call.now.plus(x402.config.answer_timeout + LEASE_MARGIN);
                let (taken, now) = (row.clone(), call.now);
                let begun = self
                    .store
                    .tx(move |tx| Box::pin(async move { x402_settle_begin(tx, &taken, now, until).await }));
                if !begun.await? {
                    return Err(GatewayError::unavailable(Waits::Taken));
                }
                (row.attempts + 1, settle_once(x402, &row, call.now).await)
            }
        };
        let call = Call { now: self.now(), ..call };
        match verdict {
            Verdict::Paid { proof, transaction } => {
                let paid = (proof, transaction);
                self.store.tx(move |tx| Box::pin(sale_book(tx, id, paid, call))).await?
            }
            Verdict::Refused { reason } => {
                let refused = (reason, attempts);
                self.store.tx(move |tx| Box::pin(sale_refuse(tx, id, refused, call))).await?
            }
            Verdict::Wait { sent } => {
                self.store
                    .tx(move |tx| Box::pin(async move { x402_settle_end(tx, &row, sent).await }))
                    .await?;
                Err(GatewayError::unavailable(Waits::Unknown))
            }
        }
    }
}

fn is_over(row: &X402Row, now: Timestamp) -> bool {
    now > row.valid_before.plus(CLOCK_MARGIN)
}

/// One try, and a look at the chain where its answer proves nothing.
async fn settle_once(x402: &X402, row: &X402Row, now: Timestamp) -> Verdict {
    let answer = x402.facilitator.settle(&row.request).await;
    let (Some(chain), true) = (&x402.chain, row.sent) else { return judge(row, answer, now) };
    if let Settled::Done { .. } = answer {
        return judge(row, answer, now);
    }
    match chain.find(row).await {
        Ok(found) => judge_found(row, found),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(mandate = %row.mandate_id, error, "an x402 payment could not be looked up");
            let given_up = now > row.valid_before.plus(GIVE_UP_AFTER);
            if given_up { judge(row, Settled::Unknown, now) } else { Verdict::Wait { sent: true } }
        }
    }
}

/// What the chain's word means.
fn judge_found(row: &X402Row, found: Found) -> Verdict {
    match found {
        Found::Moved { transaction } => Verdict::Paid { proof: "chain", transaction: Some(transaction) },
        Found::Lost => {
            Verdict::Refused { reason: "the authorisation was cancelled, or used for something else".into() }
        }
        // The token does not take it after its time.
        Found::Unused { at } if at > row.valid_before => {
            Verdict::Refused { reason: "the payment was not made in its time".into() }
        }
        Found::Unused { .. } => Verdict::Wait { sent: true },
    }
}

/// What an answer means, given what was sent before. `row` is as it was before this try.
fn judge(row: &X402Row, answer: Settled, now: Timestamp) -> Verdict {
    let given_up = now > row.valid_before.plus(GIVE_UP_AFTER);
    match answer {
        Settled::Done { transaction } => Verdict::Paid { proof: "facilitator", transaction },
        Settled::Refused { reason } if !row.sent => Verdict::Refused { reason },
        Settled::Refused { reason } if is_nonce_used(&reason) => {
            tracing::warn!(mandate = %row.mandate_id, "an x402 payment whose answer was lost is taken as settled: its nonce is used");
            Verdict::Paid { proof: "nonce", transaction: None }
        }
        _ if given_up => {
            tracing::error!(mandate = %row.mandate_id, "an x402 payment is given up; whether the money moved is to be looked up by hand");
            Verdict::Refused { reason: "the facilitator never confirmed the payment".into() }
        }
        Settled::NotAsked => Verdict::Wait { sent: row.sent },
        Settled::Refused { .. } | Settled::Unknown => Verdict::Wait { sent: true },
    }
}

/// Whether a refusal says that the token has seen the authorisation's nonce: facilitators word it as
/// `invalid_exact_evm_nonce_already_used`, tokens as `authorization is used`.
fn is_nonce_used(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("used") && (reason.contains("nonce") || reason.contains("authorization"))
}

/// Books the sale of a settled payment: once, however often it is found settled.
async fn sale_book(
    tx: &mut Tx,
    id: MandateId,
    (proof, transaction): (&'static str, Option<String>),
    call: Call,
) -> Decision<Execution> {
    ledger_lock(tx).await?;
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::MandateNotFound { mandate_id: id });
    };
    // The scheme is `exact`: all or nothing.
    let amount = mandate.amount;
    if mandate_mark_executed(tx, id, Some(amount), call.now).await?.is_none() {
        // Somebody else found out first.
        return crate::execute::execution_again(tx, &mandate, amount, call).await;
    }
    if !x402_mark_settled(tx, id, (proof, transaction.as_deref()), call.now).await? {
        return Err(corrupt(format!("mandate {id} was issued, but its x402 payment was not being settled")));
    }
    call.signed.check(&mandate)?;
    let split = RevenueSplit::of(mandate.money()).map_err(|error| corrupt(error.to_string()))?;
    let payment_id = PaymentId::generate(call.now);
    let postings = sale_postings(&mandate, &split)?;
    let posted =
        ledger_post(tx, LedgerKind::DirectSale, &payment_id.to_string(), &postings, call.now).await?;
    let statement = Statement::Paid { payment_id, amount, posted: posted.clone() };
    let receipt = receipt_issue(tx, &call.signed.keys, &mandate, statement, call.now).await?;
    if receipt.receipt.payment_id != Some(payment_id) {
        return Err(corrupt(format!("mandate {id} was issued but has a receipt")));
    }
    let payment = payment_row(&mandate, &split, posted, (payment_id, &receipt.receipt), call);
    if !payment_insert(tx, &payment).await? {
        let key = payment.idempotency_key.unwrap_or_default();
        return refuse(tx, GatewayError::IdempotencyConflict { key });
    }
    Ok(execution_view(&mandate, &payment, receipt))
}

fn sale_postings(mandate: &MandateRow, split: &RevenueSplit) -> Result<Postings, StoreError> {
    let taken = Money::zero(mandate.currency)
        .checked_sub(mandate.money())
        .map_err(|error| corrupt(error.to_string()))?;
    Postings::balanced([
        Posting::new(AccountKind::ProviderClearing, PROVIDER, taken),
        Posting::new(AccountKind::DeveloperPayable, &mandate.payee, split.developer),
        Posting::new(AccountKind::PlatformRevenue, PLATFORM, split.platform),
        Posting::new(AccountKind::OrchestratorPayable, ORCHESTRATOR, split.orchestrator),
    ])
    .map_err(|error| corrupt(error.to_string()))
}

/// Closes the mandate of a payment that could not be had, with a signed refusal.
async fn sale_refuse(
    tx: &mut Tx,
    id: MandateId,
    (reason, attempts): (String, i64),
    call: Call,
) -> Decision<Execution> {
    // It moves nothing, but locks a mandate and the receipts' chain, as whoever moves money does.
    ledger_lock(tx).await?;
    let why = format!("x402: {reason}");
    if !mandate_mark_voided(tx, id, &why, call.now).await? {
        // Somebody else found out first; asked again, the mandate says what.
        return refuse(tx, GatewayError::unavailable(Waits::Taken));
    }
    if !x402_mark_refused(tx, id, (&reason, attempts), call.now).await? {
        // Another try began meanwhile, and may have what this one did not get.
        return refuse(tx, GatewayError::unavailable(Waits::Taken));
    }
    let mandate = mandate_get_unscoped(tx, id).await?.ok_or_else(|| corrupt("a mandate that vanished"))?;
    refusal_receipt(tx, &mandate, "SETTLEMENT_REFUSED", &call).await?;
    Ok(Err(GatewayError::ProviderRefused { provider: PROVIDER.into(), reason }))
}

#[cfg(test)]
mod tests;
