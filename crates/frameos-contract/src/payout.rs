//! Payouts and refunds: where developers are paid, what was paid, and what went back.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::{DeveloperId, ExecutionId, PaymentId, PayoutId, RefundId};
use frameos_domain::money::Currency;
use frameos_domain::payout::PayoutStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{PayoutAccountKind, PayoutLineKind};

/// `PUT /developers/payout-account`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "upi", "name": "Asha Rao", "upi_id": "asha@okbank", "otp": "123456"}))]
pub struct PayoutAccountRequest {
    /// `upi` or `bank`.
    #[serde(rename = "type")]
    #[schema(value_type = PayoutAccountKind)]
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PayoutAccount {
    #[serde(rename = "type")]
    #[schema(value_type = PayoutAccountKind)]
    pub kind: String,
    pub name: String,
    /// All but its end hidden.
    pub account: String,
    /// Nothing is paid to it before.
    pub payable_from: Timestamp,
    pub updated_at: Timestamp,
}

/// One payout. Amounts are minor units.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Payout {
    #[schema(value_type = PayoutId)]
    pub id: String,
    /// For administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeveloperId>)]
    pub developer_id: Option<String>,
    /// The Monday it belongs to.
    pub period: String,
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    /// `created`, `sent`, `paid`, `failed` or `returned`.
    #[schema(value_type = PayoutStatus)]
    pub status: String,
    #[schema(required)]
    pub reason: Option<String>,
    /// All but its end hidden.
    pub account: String,
    #[schema(required)]
    pub bank_reference: Option<String>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub sent_at: Option<Timestamp>,
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
    /// For administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<String>,
}

/// `GET /developers/payouts` and, without the balance, `GET /admin/payouts`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PayoutList {
    pub payouts: Vec<Payout>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// Earned and in no payout; negative after refunds of what was paid out.
    pub payable: i64,
    /// In payouts that are on their way.
    pub in_transit: i64,
    pub paid_out: i64,
}

/// `GET /developers/payouts/:id`: the payout, what it consists of, and a page of its entries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PayoutStatement {
    pub payout: Payout,
    pub statement: Statement,
    pub lines: Vec<PayoutLine>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// `shares + orchestration + refunds + returned = net`, which is the payout's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PayoutLine {
    pub at: Timestamp,
    /// `sale`, `orchestration`, `refund` or `returned_payout`.
    #[schema(value_type = PayoutLineKind)]
    pub kind: String,
    #[schema(value_type = Option<ExecutionId>, required)]
    pub execution_id: Option<String>,
    pub reference: String,
    pub gross: i64,
    pub amount: i64,
}

/// `POST /admin/executions/:id/refund`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Minor units; all that is left when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub amount: Option<i64>,
    /// The user and the developer will read it.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What went back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    #[schema(value_type = RefundId)]
    pub refund_id: String,
    #[schema(value_type = ExecutionId)]
    pub execution_id: String,
    #[schema(value_type = PaymentId)]
    pub payment_id: String,
    pub amount: i64,
    /// Of the payment, this refund included.
    pub refunded_amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    pub reason: String,
    /// The signed statement: a compact JWS (docs/receipts.md).
    #[schema(example = "eyJhbGciOiJFZERTQSJ9.e30.c2ln")]
    pub receipt_jws: String,
    pub created_at: Timestamp,
}

/// `POST /admin/payouts/run`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PayoutRun {
    pub period: String,
}
