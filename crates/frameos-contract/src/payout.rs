//! Payouts and refunds: where developers are paid, what was paid, and what went back.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// `PUT /developers/payout-account`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutAccountRequest {
    /// `upi` or `bank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The account holder's, as the bank knows it.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upi_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ifsc: Option<String>,
    /// Yours, again; not needed with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The second factor's code, if the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// Leaves everything out that is nobody's business.
impl std::fmt::Debug for PayoutAccountRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PayoutAccountRequest").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The developer's payout account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PayoutAccount {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// All but its end hidden.
    pub account: String,
    /// Nothing is paid to it before.
    pub payable_from: Timestamp,
    pub updated_at: Timestamp,
}

/// One payout. Amounts are minor units.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payout {
    pub id: String,
    /// For administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer_id: Option<String>,
    /// The Monday it belongs to.
    pub period: String,
    pub amount: i64,
    pub currency: String,
    /// `created`, `sent`, `paid`, `failed` or `returned`.
    pub status: String,
    pub reason: Option<String>,
    /// All but its end hidden.
    pub account: String,
    pub bank_reference: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    /// For administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<String>,
}

/// `GET /developers/payouts` and, without the balance, `GET /admin/payouts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PayoutList {
    pub payouts: Vec<Payout>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Earned and in no payout; negative after refunds of what was paid out.
    pub payable: i64,
    /// In payouts that are on their way.
    pub in_transit: i64,
    pub paid_out: i64,
}

/// `GET /developers/payouts/:id`: the payout, what it consists of, and a page of its entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PayoutStatement {
    pub payout: Payout,
    pub statement: Statement,
    pub lines: Vec<PayoutLine>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// `shares + orchestration + refunds + returned = net`, which is the payout's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub sales: i64,
    /// What users paid.
    pub gross: i64,
    pub shares: i64,
    pub orchestration: i64,
    pub refunds: i64,
    /// Earlier payouts that failed or came back.
    pub returned: i64,
    pub net: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PayoutLine {
    pub at: Timestamp,
    /// `sale`, `orchestration`, `refund` or `returned_payout`.
    pub kind: String,
    pub execution_id: Option<String>,
    pub reference: String,
    pub gross: i64,
    pub amount: i64,
}

/// `POST /admin/executions/:id/refund`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Minor units; all that is left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// The user and the developer will read it.
    pub reason: String,
}

/// What went back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: String,
    pub execution_id: String,
    pub payment_id: String,
    pub amount: i64,
    /// Of the payment, this refund included.
    pub refunded_amount: i64,
    pub currency: String,
    pub reason: String,
    /// The signed statement: a compact JWS (docs/receipts.md).
    pub receipt_jws: String,
    pub created_at: Timestamp,
}

/// `POST /admin/payouts/run`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PayoutRun {
    pub period: String,
}
