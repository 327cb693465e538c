//! Purchase intents: what somebody wants to buy, before any money is set aside.
//!
//! Invariant: an intent never changes; one payer's idempotency key names one intent.

use frameos_domain::{
    clock::Timestamp,
    id::{IntentId, MandateId},
    money::Currency,
};

use crate::{
    Row, StoreError, Tx, params,
    postponed::{Rows, rows},
};

/// A purchase intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRow {
    pub id: IntentId,
    /// The paying account.
    pub agent_id: String,
    pub vendor: String,
    /// Minor units, at least 1.
    pub amount: i64,
    pub currency: Currency,
    pub description: String,
    /// A JSON object.
    pub metadata: String,
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request, to tell a repeat from a different request under the same key.
    pub fingerprint: String,
    pub created_at: Timestamp,
    /// The mandate issued for it; not stored here.
    pub mandate_id: Option<MandateId>,
}

impl IntentRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            agent_id: row.get(1)?,
            vendor: row.get(2)?,
            amount: row.get(3)?,
            currency: row.get(4)?,
            description: row.get(5)?,
            metadata: row.get(6)?,
            idempotency_key: row.get(7)?,
            fingerprint: row.get(8)?,
            created_at: row.get(9)?,
            mandate_id: row.get(10)?,
        })
    }
}

const INTENTS: Rows = rows!(
    "purchase_intents",
    (
        id Text, agent_id Text, vendor Text, amount BigInt, currency Text, description Text, metadata Text,
        idempotency_key Text, fingerprint Text, created_at BigInt
    )
);

/// Stores an intent. False when its payer already used its idempotency key.
pub async fn intent_insert(tx: &mut Tx, intent: &IntentRow) -> Result<bool, StoreError> {
    let sql = "INSERT INTO purchase_intents (id, agent_id, vendor, amount, currency, description, metadata, \
               idempotency_key, fingerprint, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
               ON CONFLICT (agent_id, idempotency_key) DO NOTHING";
    let params = params![
        intent.id,
        intent.agent_id.as_str(),
        intent.vendor.as_str(),
        intent.amount,
        intent.currency,
        intent.description.as_str(),
        intent.metadata.as_str(),
        intent.idempotency_key.clone(),
        intent.fingerprint.as_str(),
        intent.created_at
    ];
    Ok(tx.postpone(&INTENTS, &params)? || tx.execute(sql, &params).await? == 1)
}

pub async fn intent_get_unscoped(tx: &mut Tx, id: IntentId) -> Result<Option<IntentRow>, StoreError> {
    let sql = "SELECT i.id, i.agent_id, i.vendor, i.amount, i.currency, i.description, i.metadata, i.idempotency_key, \
               i.fingerprint, i.created_at, m.id FROM purchase_intents i LEFT JOIN mandates m ON m.intent_id = i.id WHERE i.id = $1";
    tx.query_opt(sql, &params![id]).await?.as_ref().map(IntentRow::read).transpose()
}

/// The intent `agent_id` created under an idempotency key.
pub async fn intent_get_by_key(
    tx: &mut Tx,
    agent_id: &str,
    key: &str,
) -> Result<Option<IntentRow>, StoreError> {
    let sql = "SELECT i.id, i.agent_id, i.vendor, i.amount, i.currency, i.description, i.metadata, i.idempotency_key, \
               i.fingerprint, i.created_at, m.id FROM purchase_intents i LEFT JOIN mandates m ON m.intent_id = i.id WHERE i.agent_id = $1 AND i.idempotency_key = $2";
    tx.query_opt(sql, &params![agent_id, key]).await?.as_ref().map(IntentRow::read).transpose()
}
