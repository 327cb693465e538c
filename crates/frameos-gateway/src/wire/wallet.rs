//! `GET /wallets/:owner`, `POST /wallets/:owner/top-ups` and `GET /wallets/:owner/transactions`.

use frameos_domain::{clock::Timestamp, id::TopUpId, money::Currency};
use serde::{Deserialize, Serialize};

/// What an owner can spend and what is held, in minor units of the currency of the owner's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub owner: String,
    pub currency: Currency,
    pub available: i64,
    pub held: i64,
}

/// Asks for money to be put into a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopUpNew {
    /// Minor units, at least 1.
    pub amount: i64,
    #[serde(default = "inr")]
    pub currency: Currency,
    /// Travels as the header `Idempotency-Key`.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

const fn inr() -> Currency {
    Currency::INR
}

/// Where a top-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopUpStatus {
    /// The provider has not said yet.
    Pending,
    /// The wallet was credited.
    Settled,
    Failed,
}

/// Money on its way into a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    pub top_up_id: TopUpId,
    pub owner: String,
    pub amount: i64,
    pub currency: Currency,
    pub status: TopUpStatus,
    pub provider: String,
    pub provider_reference: Option<String>,
    pub created_at: Timestamp,
}

/// One ledger transaction's effect on a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletEntry {
    pub transaction_id: String,
    /// `top_up`, `hold`, `release`, `capture` or `refund`.
    pub kind: String,
    /// The top-up, mandate or refund it belongs to.
    pub reference: String,
    pub currency: Currency,
    pub available_change: i64,
    pub held_change: i64,
    pub execution_id: Option<String>,
    pub description: Option<String>,
    pub at: Timestamp,
}

/// A page of a wallet's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletPage {
    pub transactions: Vec<WalletEntry>,
    pub total: i64,
    /// From 1.
    pub page: u32,
    pub limit: u32,
}
