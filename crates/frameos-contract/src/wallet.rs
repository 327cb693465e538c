//! A user's wallet and spending policy. Amounts are minor units.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::TopUpId;
use frameos_domain::money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{Instrument, TopUpStatus};

/// `GET /wallet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wallet {
    pub available: i64,
    /// Reserved by mandates of runs that have not ended.
    pub held: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
}

/// `POST /wallet/top-ups`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"amount": 50000, "currency": "INR", "instrument": "upi"}))]
pub struct TopUpRequest {
    #[schema(minimum = 1, example = 50000)]
    pub amount: i64,
    #[serde(default = "inr")]
    #[schema(value_type = Currency)]
    pub currency: String,
    /// `card`, `upi`, `netbanking` or `wallet`; none leaves it to the provider's checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Instrument>)]
    pub instrument: Option<String>,
    /// Where the payer comes back to from the provider's checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 1_000,
        pattern = "^https?://(localhost|[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}|127\\.0\\.0\\.1|[a-z][a-z0-9]*(\\.[a-z][a-z0-9]*)+)(:[1-5]?[0-9]{1,4})?(/[A-Za-z0-9._~/?=&%-]*)?$"
    )]
    pub return_url: Option<String>,
    /// What test money is to do; refused where the sandbox provider is not in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^(settled|pending|declined|unreachable|timeout_paid|timeout_unpaid|webhook|webhook_twice|webhook_late)$"
    )]
    pub scenario: Option<String>,
}

fn inr() -> String {
    "INR".to_owned()
}

/// A top-up; `GET /wallet/top-ups/:id`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TopUp {
    #[schema(value_type = TopUpId)]
    pub top_up_id: String,
    /// The same, under the name it had first.
    #[schema(value_type = TopUpId)]
    pub id: String,
    /// What was asked for.
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    pub provider: String,
    /// pending, settled, failed, expired or reversed.
    #[schema(value_type = TopUpStatus)]
    pub status: String,
    /// What the wallet was credited: what was truly paid.
    pub credited: i64,
    /// What the provider took back, and how much of that the wallet did not have.
    pub reversed: i64,
    pub debt: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Where to pay, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_url: Option<String>,
    /// For providers whose checkout is opened by a script of theirs instead of an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub created_at: Timestamp,
}

/// `GET /wallet/top-ups`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TopUpList {
    pub top_ups: Vec<TopUp>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// The query of `GET /wallet/spending`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SpendingQuery {
    /// So many days, 30 when left out, up to 366; today's, in UTC, is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
}

/// `GET /wallet/spending`: what was paid for runs and months of subscriptions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Spending {
    pub total: Spent,
    pub currency: String,
    /// Every day, oldest first.
    pub days: Vec<SpendingDay>,
    /// The most paid first.
    pub agents: Vec<SpendingAgent>,
}

/// A refund is told where the run it gave back is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct Spent {
    pub paid: i64,
    pub refunded: i64,
    /// Paid runs.
    pub executions: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendingDay {
    /// As `2026-11-22`, UTC.
    pub day: String,
    #[serde(flatten)]
    pub spent: Spent,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendingAgent {
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
    #[serde(flatten)]
    pub spent: Spent,
}

/// `GET /wallet/transactions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TransactionList {
    pub transactions: Vec<Transaction>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    pub id: String,
    /// top_up, top_up_reversal, hold, capture, release or another movement of the ledger.
    pub kind: String,
    /// Change of `available`.
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    pub reference: String,
    pub created_at: Timestamp,
}

/// The answer to a payment provider's report that was believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderReportTaken {
    /// How many events in it mean something here.
    pub events: usize,
}
