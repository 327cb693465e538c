//! Refunds: money of a payment back to its payer, and out of the accounts of those who shared it.
//!
//! Invariants: refund, wallet, budgets and ledger are one transaction; the refunds of a payment never sum to more than it, and
//! when they sum to it, each party has given back its part. A developer's payable account may go below zero by it: what was
//! paid out already is made up for by later earnings. Budgets are given back for the windows the payment was counted in, as a
//! released hold's are: a budget bounds what a user really spends.

use std::time::Duration;

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{PaymentId, RefundId},
    money::Money,
    receipt::PaymentReceipt,
    refund::{RefundReceipt, refund_split},
    split::RevenueSplit,
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        budget::budget_release,
        chain::ledger_lock,
        ledger::{LedgerKind, Posted, ledger_post},
        mandate::{MandateRow, mandate_get_unscoped},
        payment::{PaymentRow, payment_get_unscoped},
        posting::{AccountKind, Posting, Postings},
        receipt::receipt_get_by_mandate_unscoped,
        refund::{
            PaymentRoute, RefundRow, payment_route_unscoped, refund_count_unscoped,
            refund_get_by_key_unscoped, refund_insert, refund_lock_unscoped, refunds_sum_unscoped,
        },
        wallet::wallet_credit,
    },
};

use crate::{
    account::account_beside,
    error::{GatewayError, RefundRefusal},
    execute::{PLATFORM, orchestrator_of},
    gateway::{Decision, Gateway, corrupt, refuse},
    mandate::{Signed, doubt},
    metadata::{amount_check, key_check},
    wire::{Refund, RefundNew, Split},
};

/// For how long payments can be refunded.
const REFUNDABLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const LONGEST_REASON: usize = 500;

impl Gateway {
    /// Gives money of a payment back. The same key gives the same refund; a different request under it is refused.
    pub async fn payment_refund(
        &self,
        payment_id: PaymentId,
        refund: RefundNew,
    ) -> Result<Refund, GatewayError> {
        key_check(Some(&refund.idempotency_key))?;
        refund.amount.map_or(Ok(()), amount_check)?;
        if !(1..=LONGEST_REASON).contains(&refund.reason.trim().chars().count()) {
            let message = format!("is required, 1 to {LONGEST_REASON} characters");
            return Err(GatewayError::invalid("reason", message));
        }
        let call = Call { payment_id, refund, signed: self.signed(), now: self.now() };
        self.store.tx(move |tx| Box::pin(refund_make(tx, call))).await?
    }
}

/// What one call brings along.
struct Call {
    payment_id: PaymentId,
    refund: RefundNew,
    signed: Signed,
    now: Timestamp,
}

async fn refund_make(tx: &mut Tx, call: Call) -> Decision<Refund> {
    let id = call.payment_id;
    ledger_lock(tx).await?;
    let Some(payment) = payment_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::PaymentNotFound { payment_id: id.to_string() });
    };
    let before = refund_lock_unscoped(tx, id, payment.amount).await?;
    if before != refunds_sum_unscoped(tx, id).await? {
        return Err(corrupt(format!("the refunds of {id} do not sum to what was counted")));
    }
    if let Some(known) = refund_get_by_key_unscoped(tx, id, &call.refund.idempotency_key).await? {
        let same = known.requested_amount == call.refund.amount && known.reason == call.refund.reason.trim();
        if same {
            return Ok(Ok(refund_view(known, &payment)?));
        }
        return refuse(tx, GatewayError::IdempotencyConflict { key: call.refund.idempotency_key });
    }
    let route = payment_route_unscoped(tx, &payment.ledger_transaction_id).await?;
    let route = route.ok_or_else(|| corrupt(format!("payment {id} is not in the ledger")))?;
    let amount = match amount_allowed(&payment, &route.kind, before, &call) {
        Ok(amount) => amount,
        Err(refusal) => return refuse(tx, GatewayError::RefundRefused { refusal }),
    };
    let taken = refund_split(&payment_split(&payment), before, amount.minor)
        .map_err(|error| corrupt(error.to_string()))?;
    if !refund_count_unscoped(tx, id, amount.minor).await? {
        return Err(corrupt(format!("the refunds of {id} are not what was locked")));
    }
    let mandate = mandate_get_unscoped(tx, payment.mandate_id).await?;
    let mandate = mandate.ok_or_else(|| corrupt("a payment without its mandate"))?;
    payment_check(tx, &payment, &route, (&mandate, &call.signed)).await?;
    budgets_give_back(tx, &mandate, amount).await?;
    if !wallet_credit(tx, &payment.agent_id, amount, call.now).await? {
        return refuse(tx, GatewayError::invalid("amount", "the wallet cannot hold that much"));
    }
    let orchestrator = orchestrator_of(&mandate);
    let postings = refund_postings(&payment, &taken, amount, &orchestrator)?;
    let refund_id = RefundId::generate(call.now);
    let posted = ledger_post(tx, LedgerKind::Refund, &refund_id.to_string(), &postings, call.now).await?;
    let amounts = Amounts { taken, amount: amount.minor, total: before + amount.minor };
    let row = refund_row(refund_id, &payment, &amounts, posted, call)?;
    refund_insert(tx, &row).await?;
    Ok(Ok(refund_view(row, &payment)?))
}

fn amount_allowed(
    payment: &PaymentRow,
    kind: &str,
    before: i64,
    call: &Call,
) -> Result<Money, RefundRefusal> {
    if kind != LedgerKind::Capture.as_str() {
        return Err(RefundRefusal::PaidOutside);
    }
    let until = payment.created_at.plus(REFUNDABLE);
    if call.now > until {
        return Err(RefundRefusal::TooLate { until });
    }
    let left = payment.amount - before;
    let asked = call.refund.amount.unwrap_or(left);
    if (1..=left).contains(&asked) {
        Ok(Money::new(asked, payment.currency))
    } else {
        Err(RefundRefusal::TooMuch { left, asked })
    }
}

/// Fails for a payment that is not what its mandate and its receipt, both signed, say: whoever can write to the database could send
/// somebody else's money back, or more than was paid.
async fn payment_check(
    tx: &mut Tx,
    payment: &PaymentRow,
    route: &PaymentRoute,
    (mandate, signed): (&MandateRow, &Signed),
) -> Result<(), StoreError> {
    signed.check(mandate)?;
    let receipt = receipt_get_by_mandate_unscoped(tx, mandate.id).await?;
    let receipt = receipt.ok_or_else(|| corrupt(format!("payment {} has no receipt", payment.id)))?;
    let receipt = PaymentReceipt::verify(&receipt.jws, Some(&signed.keys.set()))
        .map_err(|error| doubt(format!("the receipt of {}", payment.id), error))?;
    let paid = Money::new(receipt.amount, receipt.currency);
    let split = RevenueSplit::of(paid).map_err(|error| corrupt(error.to_string()))?;
    let agrees = (receipt.id, receipt.payment_id) == (payment.receipt_id, Some(payment.id))
        && receipt.mandate_id == mandate.id
        && receipt.mandate_hash == mandate.mandate_hash
        && receipt.ledger_transaction_id.as_ref() == Some(&payment.ledger_transaction_id)
        && receipt.issued_at == payment.created_at
        && payment_split(payment) == split
        && (payment.amount, payment.currency) == (receipt.amount, receipt.currency)
        && payment.agent_id == mandate.agent_id
        && payment.developer == mandate.payee
        && route.orchestrator.as_ref().is_none_or(|owner| *owner == orchestrator_of(mandate));
    if agrees {
        Ok(())
    } else {
        Err(corrupt(format!("payment {} was altered after it was made", payment.id)))
    }
}

/// A window that does not cover the amount was not counted in (a policy's budgets can change their meaning); it stays.
async fn budgets_give_back(tx: &mut Tx, mandate: &MandateRow, amount: Money) -> Result<(), StoreError> {
    for period in [mandate.created_at.day(), mandate.created_at.month()] {
        budget_release(tx, &mandate.agent_id, &period, amount).await?;
    }
    Ok(())
}

fn payment_split(payment: &PaymentRow) -> RevenueSplit {
    RevenueSplit {
        developer: Money::new(payment.developer_amount, payment.currency),
        platform: Money::new(payment.platform_amount, payment.currency),
        orchestrator: Money::new(payment.orchestrator_amount, payment.currency),
    }
}

fn refund_postings(
    payment: &PaymentRow,
    taken: &RevenueSplit,
    amount: Money,
    orchestrator: &str,
) -> Result<Postings, StoreError> {
    let platform = account_beside(&payment.agent_id, PLATFORM);
    let less = |money: Money| Money::new(-money.minor, money.currency);
    Postings::balanced([
        Posting::new(AccountKind::DeveloperPayable, &payment.developer, less(taken.developer)),
        Posting::new(AccountKind::PlatformRevenue, &platform, less(taken.platform)),
        Posting::new(AccountKind::OrchestratorPayable, orchestrator, less(taken.orchestrator)),
        Posting::new(AccountKind::Refunds, &platform, amount),
        Posting::new(AccountKind::Refunds, &platform, less(amount)),
        Posting::new(AccountKind::Wallet, &payment.agent_id, amount),
    ])
    .map_err(|error| corrupt(error.to_string()))
}

/// What one refund takes, and what all of the payment's have taken.
struct Amounts {
    taken: RevenueSplit,
    amount: i64,
    total: i64,
}

fn refund_row(
    id: RefundId,
    payment: &PaymentRow,
    amounts: &Amounts,
    posted: Posted,
    call: Call,
) -> Result<RefundRow, StoreError> {
    let reason = call.refund.reason.trim().to_owned();
    let receipt = RefundReceipt {
        id,
        payment_id: payment.id,
        mandate_id: payment.mandate_id,
        receipt_id: payment.receipt_id,
        agent_id: payment.agent_id.clone(),
        amount: amounts.amount,
        refunded_total: amounts.total,
        currency: payment.currency,
        reason: reason.clone(),
        ledger_transaction_id: posted.id.clone(),
        ledger_hash: posted.hash.clone(),
        issued_at: call.now,
    };
    let jws = receipt.sign(&call.signed.keys.active).map_err(|error| corrupt(error.to_string()))?;
    Ok(RefundRow {
        id,
        payment_id: payment.id,
        agent_id: payment.agent_id.clone(),
        amount: amounts.amount,
        requested_amount: call.refund.amount,
        refunded_total: amounts.total,
        currency: payment.currency,
        developer: payment.developer.clone(),
        developer_amount: amounts.taken.developer.minor,
        platform_amount: amounts.taken.platform.minor,
        orchestrator_amount: amounts.taken.orchestrator.minor,
        reason,
        idempotency_key: call.refund.idempotency_key,
        ledger_transaction_id: posted.id,
        ledger_hash: posted.hash,
        hash: canonical::sha256_hex(jws.as_bytes()),
        jws,
        created_at: call.now,
    })
}

fn refund_view(row: RefundRow, payment: &PaymentRow) -> Result<Refund, StoreError> {
    let receipt = RefundReceipt::verify(&row.jws, None)
        .map_err(|error| corrupt(format!("the receipt of {} does not verify: {error}", row.id)))?;
    Ok(Refund {
        refund_id: row.id,
        payment_id: row.payment_id,
        mandate_id: payment.mandate_id,
        agent_id: row.agent_id,
        amount: row.amount,
        refunded_total: row.refunded_total,
        currency: row.currency,
        split: Split {
            developer_id: row.developer,
            developer: row.developer_amount,
            platform: row.platform_amount,
            orchestrator: row.orchestrator_amount,
        },
        reason: row.reason,
        ledger_transaction_id: row.ledger_transaction_id,
        ledger_hash: row.ledger_hash,
        receipt,
        receipt_jws: row.jws,
        receipt_hash: row.hash,
        created_at: row.created_at,
    })
}
