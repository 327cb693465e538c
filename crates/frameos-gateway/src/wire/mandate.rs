//! `POST /mandates`, `GET /mandates/:id` and `POST /mandates/:id/void`.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    mandate::MandateStatus,
    money::Currency,
};
use serde::{Deserialize, Serialize};

/// Asks for the mandate of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateNew {
    pub intent_id: IntentId,
    /// How long the hold may stand: 1 second to 30 days, a day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
}

/// Gives a mandate back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateVoid {
    /// At most 500 characters.
    #[serde(default)]
    pub reason: String,
}

/// A mandate and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateState {
    pub mandate_id: MandateId,
    pub intent_id: IntentId,
    /// The paying account.
    pub agent_id: String,
    /// The most that may be taken.
    pub amount: i64,
    /// What was taken; none until the mandate is executed.
    #[serde(default)]
    pub captured_amount: Option<i64>,
    pub currency: Currency,
    pub execution_id: Option<String>,
    pub status: MandateStatus,
    pub void_reason: Option<String>,
    /// The signed mandate: a compact JWS (docs/receipts.md).
    pub jws: String,
    /// The signature alone: the third part of `jws`.
    pub signature: String,
    /// SHA-256 of `jws`.
    pub mandate_hash: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}
