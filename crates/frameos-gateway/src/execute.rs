//! Execute: capture a mandate's hold or a part of it, once, and say so in a signed receipt.
//!
//! Invariants: no more is taken than the mandate allows, and what is not taken goes back to wallet and budgets in the same ledger
//! transaction; a repeat that asks for another amount is refused. The conditional statement that takes the mandate out of `issued` decides who captures; wallet, ledger, payment
//! and receipt follow in the same transaction. Every other call reads what that one wrote, so all callers get one answer.
//! A mandate that can no longer be executed gets a signed refusal, also once. For one that is not what was signed, nothing moves.

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId},
    mandate::MandateStatus,
    money::Money,
    receipt::PaymentReceipt,
    split::RevenueSplit,
};
use frameos_store::{
    Lane, StoreError, Tx,
    gateway::{
        hold::{Capture, hold_take},
        ledger::{LedgerKind, Posted, ledger_post},
        mandate::{MandateRow, mandate_get_unscoped, mandate_is_settled},
        payment::{PaymentRow, payment_get_by_key, payment_get_by_mandate_unscoped, payment_insert},
        posting::{AccountKind, Posting, Postings},
        receipt::receipt_get_by_mandate_unscoped,
    },
};

use crate::{
    account::account_beside,
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    mandate::{Signed, budgets_release, mandate_expire},
    metadata::key_check,
    payment::split_view,
    receipt::{Statement, receipt_issue, receipt_view},
    wire::{Execute, Execution, SignedReceipt},
    x402::is_without_account,
};

/// Who the platform's and the orchestrator's parts are booked to.
pub(crate) const PLATFORM: &str = "platform";
pub(crate) const ORCHESTRATOR: &str = "orchestrator";

impl Gateway {
    /// Captures the hold of a mandate, or the part of it that was asked for. Any number of calls, at once or later, capture
    /// once and get the same payment and receipt; an idempotency key that paid for another mandate of the same payer, and
    /// another amount than the one that was captured, are refused.
    pub async fn execute(&self, execute: Execute) -> Result<Execution, GatewayError> {
        key_check(execute.idempotency_key.as_deref())?;
        let call = Call {
            signed: self.signed(),
            now: self.now(),
            key: execute.idempotency_key,
            amount: execute.amount,
        };
        let (id, again) = (execute.mandate_id, call.clone());
        match self
            .store
            .tx_shared(Lane::Books, move |tx| Box::pin(mandate_execute(tx, id, call.clone())))
            .await?
        {
            Err(GatewayError::SettlementPending { .. }) => self.x402_settle(id, again).await,
            outcome => outcome,
        }
    }
}

/// What one call brings along.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) signed: Signed,
    pub(crate) now: Timestamp,
    pub(crate) key: Option<String>,
    /// What to take; none for all the mandate allows.
    pub(crate) amount: Option<i64>,
}

impl Call {
    /// The key that this call conflicts under: a mandate is its own.
    fn conflict(self, mandate: MandateId) -> GatewayError {
        GatewayError::IdempotencyConflict { key: self.key.unwrap_or_else(|| mandate.to_string()) }
    }

    /// What to take of this mandate, or why it cannot be taken so.
    fn taken(&self, mandate: &MandateRow) -> Result<i64, GatewayError> {
        let amount = self.amount.unwrap_or(mandate.amount);
        if !(0..=mandate.amount).contains(&amount) {
            let range = format!("must be between 0 and {}, what the mandate allows", mandate.amount);
            return Err(GatewayError::invalid("amount", range));
        }
        if is_without_account(&mandate.agent_id) && amount != mandate.amount {
            return Err(GatewayError::invalid("amount", "must be all that the payment is for"));
        }
        Ok(amount)
    }
}

async fn mandate_execute(tx: &mut Tx, id: MandateId, call: Call) -> Decision<Execution> {
    if let Some(Capture { mandate, is_held }) = hold_take(tx, id, call.amount, call.now).await? {
        call.signed.check(&mandate)?;
        let amount = match call.taken(&mandate) {
            Ok(amount) => amount,
            Err(refusal) => return refuse(tx, refusal),
        };
        if is_without_account(&mandate.agent_id) {
            return refuse(tx, GatewayError::SettlementPending { mandate_id: id });
        }
        if !is_held {
            return Err(corrupt(format!("the wallet of {} does not hold what {id} holds", mandate.agent_id)));
        }
        return mandate_capture(tx, &mandate, amount, call).await;
    }
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::MandateNotFound { mandate_id: id });
    };
    if mandate.status == MandateStatus::Issued {
        call.signed.check(&mandate)?;
    }
    let amount = match call.taken(&mandate) {
        Ok(amount) => amount,
        Err(refusal) => return refuse(tx, refusal),
    };
    if mandate.status == MandateStatus::Issued && is_without_account(&mandate.agent_id) {
        return refuse(tx, GatewayError::SettlementPending { mandate_id: id });
    }
    mandate_expire(tx, id, call.now, &call.signed).await?;
    let Some(mandate) = mandate_get_unscoped(tx, id).await? else {
        return refuse(tx, GatewayError::MandateNotFound { mandate_id: id });
    };
    let is_closed = matches!(mandate.status, MandateStatus::Voided | MandateStatus::Expired);
    if is_closed && !is_without_account(&mandate.agent_id) {
        call.signed.check(&mandate)?;
        // Refused for good, so not on the word of a state that nobody signed.
        if !mandate_is_settled(tx, id).await? {
            return Err(corrupt(format!("mandate {id} is closed, but its hold is still in the ledger")));
        }
    }
    match mandate.status {
        MandateStatus::Executed => execution_again(tx, &mandate, amount, call).await,
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

/// What follows when the hold was taken.
async fn mandate_capture(tx: &mut Tx, mandate: &MandateRow, amount: i64, call: Call) -> Decision<Execution> {
    let taken = Money::new(amount, mandate.currency);
    let rest = mandate.money().checked_sub(taken).map_err(|error| corrupt(error.to_string()))?;
    if !rest.is_zero() {
        budgets_release(tx, mandate, rest).await?;
    }
    let split = RevenueSplit::of(taken).map_err(|error| corrupt(error.to_string()))?;
    let postings = capture_postings(mandate, &split, rest)?;
    let posted = ledger_post(tx, LedgerKind::Capture, &mandate.id.to_string(), &postings, call.now).await?;
    let payment_id = PaymentId::generate(call.now);
    let statement = Statement::Paid { payment_id, amount, posted: posted.clone() };
    let receipt = receipt_issue(tx, &call.signed.keys, mandate, statement, call.now).await?;
    if receipt.receipt.payment_id != Some(payment_id) {
        return Err(corrupt(format!("mandate {} was issued but has a receipt", mandate.id)));
    }
    let payment = payment_row(mandate, &split, posted, (payment_id, &receipt.receipt), call);
    if !payment_insert(tx, &payment).await? {
        let key = payment.idempotency_key.unwrap_or_default();
        return refuse(tx, GatewayError::IdempotencyConflict { key });
    }
    Ok(execution_view(mandate, &payment, receipt))
}

fn capture_postings(mandate: &MandateRow, split: &RevenueSplit, rest: Money) -> Result<Postings, StoreError> {
    let hold = Money::zero(mandate.currency)
        .checked_sub(mandate.money())
        .map_err(|error| corrupt(error.to_string()))?;
    Postings::balanced([
        Posting::new(AccountKind::Hold, &mandate.agent_id, hold),
        Posting::new(AccountKind::Wallet, &mandate.agent_id, rest),
        Posting::new(AccountKind::DeveloperPayable, &mandate.payee, split.developer),
        Posting::new(
            AccountKind::PlatformRevenue,
            &account_beside(&mandate.agent_id, PLATFORM),
            split.platform,
        ),
        Posting::new(AccountKind::OrchestratorPayable, &orchestrator_of(mandate), split.orchestrator),
    ])
    .map_err(|error| corrupt(error.to_string()))
}

/// An agent that called the agent earns its developer the share of whoever brought the two together.
pub(crate) fn orchestrator_of(mandate: &MandateRow) -> String {
    mandate.orchestrator.clone().unwrap_or_else(|| account_beside(&mandate.agent_id, ORCHESTRATOR))
}

pub(crate) fn payment_row(
    mandate: &MandateRow,
    split: &RevenueSplit,
    posted: Posted,
    (id, receipt): (PaymentId, &PaymentReceipt),
    call: Call,
) -> PaymentRow {
    PaymentRow {
        id,
        mandate_id: mandate.id,
        agent_id: mandate.agent_id.clone(),
        amount: receipt.amount,
        currency: receipt.currency,
        developer: mandate.payee.clone(),
        developer_amount: split.developer.minor,
        platform_amount: split.platform.minor,
        orchestrator_amount: split.orchestrator.minor,
        ledger_transaction_id: posted.id,
        ledger_hash: posted.hash,
        receipt_id: receipt.id,
        idempotency_key: call.key,
        created_at: call.now,
    }
}

pub(crate) async fn execution_again(
    tx: &mut Tx,
    mandate: &MandateRow,
    amount: i64,
    call: Call,
) -> Decision<Execution> {
    if let Some(key) = &call.key {
        let paid = payment_get_by_key(tx, &mandate.agent_id, key).await?;
        if paid.is_some_and(|paid| paid.mandate_id != mandate.id) {
            return refuse(tx, call.conflict(mandate.id));
        }
    }
    if mandate.captured_amount != Some(amount) {
        return refuse(tx, call.conflict(mandate.id));
    }
    let payment = payment_get_by_mandate_unscoped(tx, mandate.id).await?;
    let payment =
        payment.ok_or_else(|| corrupt(format!("mandate {} was executed without a payment", mandate.id)))?;
    let receipt = receipt_get_by_mandate_unscoped(tx, mandate.id).await?;
    let receipt = receipt.ok_or_else(|| corrupt(format!("payment {} has no receipt", payment.id)))?;
    Ok(execution_view(mandate, &payment, receipt_view(receipt)?))
}

/// The signed refusal of a mandate: the one it has, or a new one.
pub(crate) async fn refusal_receipt(
    tx: &mut Tx,
    mandate: &MandateRow,
    reason: &'static str,
    call: &Call,
) -> Result<Box<SignedReceipt>, StoreError> {
    let signed = match receipt_get_by_mandate_unscoped(tx, mandate.id).await? {
        Some(row) => receipt_view(row)?,
        None => {
            receipt_issue(tx, &call.signed.keys, mandate, Statement::Refused { reason }, call.now).await?
        }
    };
    Ok(Box::new(signed))
}

pub(crate) fn execution_view(
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
        mandate_jws: Some(mandate.jws.clone()),
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
