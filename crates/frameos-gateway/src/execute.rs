//! Execute: capture a mandate's hold, once, and say so in a signed receipt.
//!
//! Invariants: the conditional statement that takes the mandate out of `issued` decides who captures; wallet, ledger, payment
//! and receipt follow in the same transaction. Every other call reads what that one wrote, so all callers get one answer.
//! A mandate that can no longer be executed gets a signed refusal, also once.

use std::sync::Arc;

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId, ReceiptId},
    mandate::MandateStatus,
    money::Money,
    split::RevenueSplit,
};
use frameos_store::{
    StoreError, Tx,
    gateway::{
        ledger::{LedgerKind, Posted, ledger_post},
        mandate::{MandateRow, mandate_get_unscoped, mandate_mark_executed},
        payment::{PaymentRow, payment_get_by_key, payment_get_by_mandate_unscoped, payment_insert},
        posting::{AccountKind, Posting, Postings},
        receipt::receipt_get_by_mandate_unscoped,
        wallet::wallet_capture,
    },
};

use crate::{
    account::account_beside,
    error::GatewayError,
    gateway::{Decision, Gateway, GatewayKeys, corrupt, refuse},
    mandate::mandate_expire,
    metadata::key_check,
    payment::split_view,
    receipt::{Statement, receipt_issue, receipt_view},
    wire::{Execute, Execution, SignedReceipt},
};

/// Who the platform's and the orchestrator's parts are booked to.
const PLATFORM: &str = "platform";
const ORCHESTRATOR: &str = "orchestrator";

impl Gateway {
    /// Captures the hold of a mandate. Any number of calls, at once or later, capture once and get the same payment and
    /// receipt; an idempotency key that paid for another mandate of the same payer is refused.
    pub async fn execute(&self, execute: Execute) -> Result<Execution, GatewayError> {
        key_check(execute.idempotency_key.as_deref())?;
        let call = Call { keys: Arc::clone(&self.keys), now: self.now(), key: execute.idempotency_key };
        self.store.tx(move |tx| Box::pin(mandate_execute(tx, execute.mandate_id, call))).await?
    }
}

/// What one call brings along.
struct Call {
    keys: Arc<GatewayKeys>,
    now: Timestamp,
    key: Option<String>,
}

async fn mandate_execute(tx: &mut Tx, id: MandateId, call: Call) -> Decision<Execution> {
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::MandateNotFound { mandate_id: id });
    };
    if mandate_mark_executed(tx, id, call.now).await? {
        return hold_capture(tx, &mandate, call).await;
    }
    mandate_expire(tx, id, call.now).await?;
    // Somebody else may have closed it since it was read: look again.
    let mandate = mandate_get_unscoped(tx, id).await?.ok_or_else(|| corrupt("a mandate that vanished"))?;
    match mandate.status {
        MandateStatus::Executed => execution_again(tx, &mandate, call.key).await,
        MandateStatus::Voided => {
            let receipt = Some(refusal_receipt(tx, &mandate, "MANDATE_VOIDED", &call).await?);
            Ok(Err(GatewayError::MandateVoided { mandate_id: id, receipt }))
        }
        MandateStatus::Expired => {
            let receipt = Some(refusal_receipt(tx, &mandate, "MANDATE_EXPIRED", &call).await?);
            Ok(Err(GatewayError::MandateExpired { mandate_id: id, receipt }))
        }
        MandateStatus::Issued => Err(corrupt(format!("mandate {id} is issued but cannot be executed"))),
    }
}

async fn hold_capture(tx: &mut Tx, mandate: &MandateRow, call: Call) -> Decision<Execution> {
    if !wallet_capture(tx, &mandate.agent_id, mandate.money(), call.now).await? {
        return Err(corrupt(format!(
            "the wallet of {} does not hold what {} holds",
            mandate.agent_id, mandate.id
        )));
    }
    let split = RevenueSplit::of(mandate.money()).map_err(|error| corrupt(error.to_string()))?;
    let postings = capture_postings(mandate, &split)?;
    let posted = ledger_post(tx, LedgerKind::Capture, &mandate.id.to_string(), &postings, call.now).await?;
    let payment_id = PaymentId::generate(call.now);
    let statement = Statement::Paid { payment_id, posted: posted.clone() };
    let receipt = receipt_issue(tx, &call.keys, mandate, statement, call.now).await?;
    if receipt.receipt.payment_id != Some(payment_id) {
        return Err(corrupt(format!("mandate {} was issued but has a receipt", mandate.id)));
    }
    let payment = payment_row(mandate, &split, posted, (payment_id, receipt.receipt.id), call);
    if !payment_insert(tx, &payment).await? {
        let key = payment.idempotency_key.unwrap_or_default();
        return refuse(tx, GatewayError::IdempotencyConflict { key });
    }
    Ok(execution_view(mandate, &payment, receipt))
}

fn capture_postings(mandate: &MandateRow, split: &RevenueSplit) -> Result<Postings, StoreError> {
    let taken = Money::zero(mandate.currency)
        .checked_sub(mandate.money())
        .map_err(|error| corrupt(error.to_string()))?;
    Postings::balanced([
        Posting::new(AccountKind::Hold, &mandate.agent_id, taken),
        Posting::new(AccountKind::DeveloperPayable, &mandate.payee, split.developer),
        Posting::new(
            AccountKind::PlatformRevenue,
            &account_beside(&mandate.agent_id, PLATFORM),
            split.platform,
        ),
        Posting::new(
            AccountKind::OrchestratorPayable,
            &account_beside(&mandate.agent_id, ORCHESTRATOR),
            split.orchestrator,
        ),
    ])
    .map_err(|error| corrupt(error.to_string()))
}

fn payment_row(
    mandate: &MandateRow,
    split: &RevenueSplit,
    posted: Posted,
    (id, receipt_id): (PaymentId, ReceiptId),
    call: Call,
) -> PaymentRow {
    PaymentRow {
        id,
        mandate_id: mandate.id,
        agent_id: mandate.agent_id.clone(),
        amount: mandate.amount,
        currency: mandate.currency,
        developer: mandate.payee.clone(),
        developer_amount: split.developer.minor,
        platform_amount: split.platform.minor,
        orchestrator_amount: split.orchestrator.minor,
        ledger_transaction_id: posted.id,
        ledger_hash: posted.hash,
        receipt_id,
        idempotency_key: call.key,
        created_at: call.now,
    }
}

async fn execution_again(tx: &mut Tx, mandate: &MandateRow, key: Option<String>) -> Decision<Execution> {
    if let Some(key) = key {
        let paid = payment_get_by_key(tx, &mandate.agent_id, &key).await?;
        if paid.is_some_and(|paid| paid.mandate_id != mandate.id) {
            return refuse(tx, GatewayError::IdempotencyConflict { key });
        }
    }
    let payment = payment_get_by_mandate_unscoped(tx, mandate.id).await?;
    let payment =
        payment.ok_or_else(|| corrupt(format!("mandate {} was executed without a payment", mandate.id)))?;
    let receipt = receipt_get_by_mandate_unscoped(tx, mandate.id).await?;
    let receipt = receipt.ok_or_else(|| corrupt(format!("payment {} has no receipt", payment.id)))?;
    Ok(execution_view(mandate, &payment, receipt_view(receipt)?))
}

/// The signed refusal of a mandate: the one it has, or a new one.
async fn refusal_receipt(
    tx: &mut Tx,
    mandate: &MandateRow,
    reason: &'static str,
    call: &Call,
) -> Result<Box<SignedReceipt>, StoreError> {
    let signed = match receipt_get_by_mandate_unscoped(tx, mandate.id).await? {
        Some(row) => receipt_view(row)?,
        None => receipt_issue(tx, &call.keys, mandate, Statement::Refused { reason }, call.now).await?,
    };
    Ok(Box::new(signed))
}

fn execution_view(
    mandate: &MandateRow,
    payment: &PaymentRow,
    signed: SignedReceipt,
) -> Result<Execution, GatewayError> {
    Ok(Execution {
        payment_id: payment.id,
        receipt_id: signed.receipt.id,
        status: signed.receipt.status,
        mandate_id: mandate.id,
        mandate_hash: mandate.mandate_hash.clone(),
        amount: payment.amount,
        currency: payment.currency,
        ledger_transaction_id: payment.ledger_transaction_id.clone(),
        ledger_hash: payment.ledger_hash.clone(),
        split: split_view(payment),
        receipt: signed.receipt,
        receipt_jws: signed.jws,
        receipt_hash: signed.hash,
    })
}
