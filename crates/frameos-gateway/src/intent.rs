//! Purchase intents: note what is to be bought. No money is touched.

use frameos_domain::{canonical, clock::Timestamp, id::IntentId};
use frameos_store::{
    Lane, Tx,
    gateway::{
        audit::IntentText,
        intent::{IntentRow, intent_get_by_key, intent_get_unscoped, intent_insert},
    },
};
use serde_json::{Value, json};

use crate::{
    error::GatewayError,
    gateway::{Decision, Gateway, corrupt, refuse},
    metadata::intent_check,
    wire::{Intent, IntentNew, IntentStatus},
    x402::account_check,
};

impl Gateway {
    /// Stores an intent. The payer's idempotency key names one intent: the same request gives the same one, a different
    /// request is refused.
    pub async fn intent_create(&self, intent: IntentNew) -> Result<Intent, GatewayError> {
        account_check("agent_id", &intent.agent_id)?;
        intent_check(&intent)?;
        let row = intent_row(intent, self.now());
        let id = row.id;
        let stored =
            self.store.tx_shared(Lane::Intents, move |tx| Box::pin(intent_store(tx, row.clone()))).await??;
        if stored.id == id {
            self.recent.note(id, stored.clone());
        }
        intent_view(stored)
    }

    pub async fn intent_get(&self, intent_id: IntentId) -> Result<Intent, GatewayError> {
        let found = self.store.read(move |tx| Box::pin(intent_get_unscoped(tx, intent_id))).await?;
        intent_view(found.ok_or(GatewayError::IntentNotFound { intent_id })?)
    }
}

pub(crate) fn intent_row(intent: IntentNew, now: Timestamp) -> IntentRow {
    let request = request_json(
        [&intent.agent_id, &intent.vendor, &intent.description],
        (intent.amount, intent.currency.as_str()),
        Value::Object(intent.metadata.clone()),
    );
    IntentRow {
        id: IntentId::generate(now),
        fingerprint: canonical::sha256_hex(&canonical::to_bytes_lenient(&request)),
        agent_id: intent.agent_id,
        vendor: intent.vendor,
        amount: intent.amount,
        currency: intent.currency,
        description: intent.description,
        metadata: Value::Object(intent.metadata).to_string(),
        idempotency_key: intent.idempotency_key,
        created_at: now,
        mandate_id: None,
    }
}

/// What a stored intent's fingerprint must be.
pub(crate) fn fingerprint(intent: &IntentText<'_>, metadata: Value) -> String {
    let names = [intent.agent_id, intent.vendor, intent.description];
    let request = request_json(names, (intent.amount, intent.currency), metadata);
    canonical::sha256_hex(&canonical::to_bytes_lenient(&request))
}

fn request_json(
    [agent_id, vendor, description]: [&str; 3],
    (amount, currency): (i64, &str),
    metadata: Value,
) -> Value {
    json!({
        "agent_id": agent_id,
        "vendor": vendor,
        "amount": amount,
        "currency": currency,
        "description": description,
        "metadata": metadata,
    })
}

pub(crate) async fn intent_store(tx: &mut Tx, row: IntentRow) -> Decision<IntentRow> {
    if intent_insert(tx, &row).await? {
        return Ok(Ok(row));
    }
    let key = row.idempotency_key.unwrap_or_default();
    let known = intent_get_by_key(tx, &row.agent_id, &key).await?;
    let known = known.ok_or_else(|| corrupt("an intent that conflicts but cannot be found"))?;
    if known.fingerprint == row.fingerprint {
        Ok(Ok(known))
    } else {
        refuse(tx, GatewayError::IdempotencyConflict { key })
    }
}

fn intent_view(row: IntentRow) -> Result<Intent, GatewayError> {
    Ok(Intent {
        intent_id: row.id,
        status: if row.mandate_id.is_some() { IntentStatus::Mandated } else { IntentStatus::Created },
        agent_id: row.agent_id,
        vendor: row.vendor,
        amount: row.amount,
        currency: row.currency,
        description: row.description,
        metadata: serde_json::from_str(&row.metadata).map_err(GatewayError::internal)?,
        mandate_id: row.mandate_id,
        created_at: row.created_at,
    })
}
