//! The gateway's signed statement that it refused a mandate: what was asked, by which rule, and what was there.
//!
//! A refusal moved no money and takes no place in the receipts' chain; it stands by its signature alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    clock::Timestamp,
    id::{IntentId, ReceiptId},
    money::Currency,
    receipt::PaymentOutcome,
    signing::{KeySet, SignatureError, SigningKey, verify},
};

/// The JWS `typ` of a refusal.
pub const REFUSAL_TYPE: &str = "frameos-refusal+jws";

/// The signed content of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub id: ReceiptId,
    pub intent_id: IntentId,
    /// The paying account.
    pub agent_id: String,
    pub vendor: String,
    pub execution_id: Option<String>,
    pub agent_definition_id: Option<String>,
    pub agent_version: Option<String>,
    pub amount: i64,
    pub currency: Currency,
    /// Always `refused`.
    pub status: PaymentOutcome,
    /// The error code: `POLICY_REFUSED` or `INSUFFICIENT_FUNDS`.
    pub reason: String,
    /// Of a policy: the rule, its limit, what was asked, and what a budget counted already.
    pub rule: Option<String>,
    pub limit: Option<Value>,
    pub asked: Option<Value>,
    pub used: Option<i64>,
    /// Of missing funds: what was there.
    pub available: Option<i64>,
    pub issued_at: Timestamp,
}

impl Refusal {
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignatureError> {
        key.sign(REFUSAL_TYPE, self)
    }

    pub fn verify(jws: &str, trusted: Option<&KeySet>) -> Result<Self, SignatureError> {
        verify(jws, REFUSAL_TYPE, trusted).map(|(refusal, _)| refusal)
    }
}
