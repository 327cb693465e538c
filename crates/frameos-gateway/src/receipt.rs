//! The gateway's signed receipts and their chain.
//!
//! Invariant: a mandate has at most one receipt; it is signed, numbered and stored in the transaction whose outcome it states.

use frameos_domain::{
    canonical,
    clock::Timestamp,
    id::{PaymentId, ReceiptId},
    receipt::{PaymentOutcome, PaymentReceipt},
};
use frameos_store::{
    StoreError, Tx,
    chain::{chain_advance, chain_set},
    gateway::{
        chain::{RECEIPT_CHAIN, chain_step_back},
        ledger::Posted,
        mandate::MandateRow,
        receipt::{ReceiptRow, receipt_get_by_mandate_unscoped, receipt_get_unscoped, receipt_insert},
    },
};

use crate::{
    GatewayKeys,
    error::GatewayError,
    gateway::{Gateway, corrupt},
    wire::SignedReceipt,
};

/// What a receipt states about its mandate.
pub(crate) enum Statement {
    Paid {
        payment_id: PaymentId,
        /// What was taken of the mandate's amount.
        amount: i64,
        posted: Posted,
    },
    /// With the error code.
    Refused { reason: &'static str },
}

impl Gateway {
    pub async fn receipt_get(&self, receipt_id: ReceiptId) -> Result<SignedReceipt, GatewayError> {
        let row = self.store.read(move |tx| Box::pin(receipt_get_unscoped(tx, receipt_id))).await?;
        let row = row.ok_or_else(|| GatewayError::ReceiptNotFound { receipt_id: receipt_id.to_string() })?;
        Ok(receipt_view(row)?)
    }
}

/// Signs the next receipt of the chain and stores it; when the mandate has one already, that one is returned.
///
/// Call it after the ledger was posted to.
pub(crate) async fn receipt_issue(
    tx: &mut Tx,
    keys: &GatewayKeys,
    mandate: &MandateRow,
    statement: Statement,
    now: Timestamp,
) -> Result<SignedReceipt, StoreError> {
    let position = chain_advance(tx, RECEIPT_CHAIN).await?;
    let (payment_id, amount, reason, posted) = match statement {
        Statement::Paid { payment_id, amount, posted } => (Some(payment_id), amount, None, Some(posted)),
        Statement::Refused { reason } => (None, mandate.amount, Some(reason.to_owned()), None),
    };
    let ledger_sequence = posted.as_ref().map(|posted| posted.sequence);
    let (ledger_transaction_id, ledger_hash) = posted.map(|posted| (posted.id, posted.hash)).unzip();
    let receipt = PaymentReceipt {
        id: ReceiptId::generate(now),
        sequence: position.sequence,
        previous_hash: position.previous_hash,
        mandate_id: mandate.id,
        mandate_hash: mandate.mandate_hash.clone(),
        payment_id,
        status: if payment_id.is_some() { PaymentOutcome::Success } else { PaymentOutcome::Refused },
        reason,
        amount,
        currency: mandate.currency,
        ledger_transaction_id,
        ledger_hash,
        ledger_sequence,
        issued_at: now,
    };
    let jws = receipt.sign(&keys.active).map_err(|error| corrupt(error.to_string()))?;
    let signed = SignedReceipt { hash: canonical::sha256_hex(jws.as_bytes()), receipt, jws };
    if !receipt_insert(tx, &receipt_row(&signed)).await? {
        // Two refusals at once: the chain made this one wait until the other was there.
        chain_step_back(tx, RECEIPT_CHAIN).await?;
        let issued = receipt_get_by_mandate_unscoped(tx, mandate.id).await?;
        return receipt_view(issued.ok_or_else(|| corrupt("a receipt that conflicts but cannot be found"))?);
    }
    chain_set(tx, RECEIPT_CHAIN, signed.receipt.sequence, &signed.hash).await?;
    Ok(signed)
}

pub(crate) const fn outcome_name(outcome: PaymentOutcome) -> &'static str {
    match outcome {
        PaymentOutcome::Success => "success",
        PaymentOutcome::Refused => "refused",
    }
}

fn receipt_row(signed: &SignedReceipt) -> ReceiptRow {
    let receipt = &signed.receipt;
    ReceiptRow {
        sequence: receipt.sequence,
        id: receipt.id,
        mandate_id: receipt.mandate_id,
        payment_id: receipt.payment_id,
        status: outcome_name(receipt.status).to_owned(),
        jws: signed.jws.clone(),
        previous_hash: receipt.previous_hash.clone(),
        hash: signed.hash.clone(),
        created_at: receipt.issued_at,
    }
}

/// A stored receipt with its document read back from what was signed. Whether to trust the key is the reader's business.
pub(crate) fn receipt_view(row: ReceiptRow) -> Result<SignedReceipt, StoreError> {
    let receipt = PaymentReceipt::verify(&row.jws, None)
        .map_err(|error| corrupt(format!("receipt {} does not verify: {error}", row.id)))?;
    Ok(SignedReceipt { receipt, jws: row.jws, hash: row.hash })
}
