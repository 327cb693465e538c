//! `POST /payments/:id/refund`.

use frameos_domain::{
    clock::Timestamp,
    id::{MandateId, PaymentId, RefundId},
    money::Currency,
    refund::RefundReceipt,
};
use serde::{Deserialize, Serialize};

use super::Split;

/// Asks for money of a payment to go back to its payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundNew {
    /// Minor units, at least 1; all that is left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// 1 to 500 characters; part of the signed receipt.
    pub reason: String,
    /// Travels as the header `Idempotency-Key`, and is required: one more refund is no harmless repeat.
    #[serde(skip)]
    pub idempotency_key: String,
}

/// Money that went back, and the receipt for it. Every repeat gives the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: RefundId,
    pub payment_id: PaymentId,
    pub mandate_id: MandateId,
    /// Whose wallet was credited.
    pub agent_id: String,
    pub amount: i64,
    /// What of the payment went back so far, this refund included.
    pub refunded_total: i64,
    pub currency: Currency,
    /// Who gave back what; the parts sum to the amount.
    pub split: Split,
    pub reason: String,
    pub ledger_transaction_id: String,
    pub ledger_hash: String,
    pub receipt: RefundReceipt,
    pub receipt_jws: String,
    /// SHA-256 of `receipt_jws`.
    pub receipt_hash: String,
    pub created_at: Timestamp,
}
