//! `POST /execute`, `GET /payments/:id` and `GET /receipts/:id`.

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId, ReceiptId},
    money::Currency,
    receipt::{PaymentOutcome, PaymentReceipt},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// Captures the hold of a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execute {
    pub mandate_id: MandateId,
    /// What to take, in minor units: 0 to the mandate's amount, all of it when absent. The rest of the hold goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Travels as the header `Idempotency-Key`.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// Who got what of a payment, in minor units; the parts sum to the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Whose payable account was credited: the intent's `developer_id`, else its vendor.
    pub developer_id: String,
    pub developer: i64,
    pub platform: i64,
    pub orchestrator: i64,
}

/// The answer to `execute`: the payment and its signed receipt. Every repeat gives the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    pub payment_id: PaymentId,
    pub receipt_id: ReceiptId,
    pub status: PaymentOutcome,
    pub mandate_id: MandateId,
    /// SHA-256 of the mandate's compact JWS.
    pub mandate_hash: String,
    /// The mandate itself, so that whoever keeps the receipt can keep both.
    #[serde(default)]
    pub mandate_jws: Option<String>,
    /// What was taken: at most the mandate's amount.
    pub amount: i64,
    pub currency: Currency,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    pub split: Split,
    pub receipt: PaymentReceipt,
    pub receipt_jws: String,
    /// SHA-256 of `receipt_jws`.
    pub receipt_hash: String,
}

/// A captured payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub payment_id: PaymentId,
    pub mandate_id: MandateId,
    pub agent_id: String,
    pub amount: i64,
    pub currency: Currency,
    pub split: Split,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    pub receipt_id: ReceiptId,
    pub created_at: Timestamp,
}

/// A receipt and the JWS that signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    pub receipt: PaymentReceipt,
    pub jws: String,
    /// SHA-256 of `jws`: what the next receipt of the chain names as its predecessor.
    pub hash: String,
}

/// A refused mandate and the JWS that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRefusal {
    pub receipt: Refusal,
    pub jws: String,
    /// SHA-256 of `jws`.
    pub hash: String,
}

/// What `GET /receipts/:id` may find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnyReceipt {
    Payment(SignedReceipt),
    Refusal(SignedRefusal),
}
