//! A user's wallet and spending policy. Amounts are minor units.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /wallet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub available: i64,
    /// Reserved by mandates of runs that have not ended.
    pub held: i64,
    pub currency: String,
}

/// `POST /wallet/top-ups`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TopUpRequest {
    pub amount: i64,
    #[serde(default = "inr")]
    pub currency: String,
}

fn inr() -> String {
    "INR".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TopUp {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub provider: String,
    pub status: String,
}

/// `GET /wallet/transactions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransactionList {
    pub transactions: Vec<Transaction>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transaction {
    pub id: String,
    /// top_up, hold, capture or release.
    pub kind: String,
    /// Change of `available`.
    pub amount: i64,
    pub currency: String,
    pub reference: String,
    pub created_at: Timestamp,
}
