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
    pub return_url: Option<String>,
    /// What test money is to do; refused where the sandbox provider is not in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
