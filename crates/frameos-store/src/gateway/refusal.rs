//! Signed refusals of mandates: kept for a while, so that whoever was refused can fetch the proof.

use frameos_domain::{clock::Timestamp, id::ReceiptId};

use crate::{StoreError, Tx, params};

/// Keeps a refusal of `agent_id`, the paying account.
pub async fn refusal_insert(
    tx: &mut Tx,
    agent_id: &str,
    id: ReceiptId,
    jws: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO refusal_receipts (id, agent_id, jws, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &params![id, agent_id, jws, now]).await.map(drop)
}

/// The signed text of a refusal.
pub async fn refusal_get_unscoped(tx: &mut Tx, id: ReceiptId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT jws FROM refusal_receipts WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.map(|row| row.get(0)).transpose()
}

/// Forgets up to `limit` refusals from before `before`. Returns how many.
pub async fn refusals_prune_unscoped(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM refusal_receipts WHERE id IN (SELECT id FROM refusal_receipts \
               WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    tx.execute(sql, &params![before, limit]).await
}
