//! `POST /purchase-intents` and `GET /purchase-intents/:id`.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    money::Currency,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What somebody wants to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntentNew {
    /// The paying account; the C layer calls its accounts agents.
    pub agent_id: String,
    pub vendor: String,
    /// Minor units, at least 1.
    pub amount: i64,
    pub currency: Currency,
    #[serde(default)]
    pub description: String,
    /// Free, but these names have a meaning, and their type is checked: `execution_id`, `agent_definition_id`,
    /// `agent_version`, `developer_id`, `agent_slug`, `category` (texts), `confirmed` (true when the payer confirmed this
    /// purchase) and `confirmed_amount` (the payer confirmed up to so many minor units, and no more may be asked).
    /// `orchestrator`: the developer whose agent called this one, who gets the orchestrator's share instead of the platform.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// Travels as the header `Idempotency-Key`.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// Whether a mandate was issued for the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentStatus {
    Created,
    Mandated,
}

/// A stored intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub intent_id: IntentId,
    pub status: IntentStatus,
    pub agent_id: String,
    pub vendor: String,
    pub amount: i64,
    pub currency: Currency,
    pub description: String,
    pub metadata: Map<String, Value>,
    pub mandate_id: Option<MandateId>,
    pub created_at: Timestamp,
}
