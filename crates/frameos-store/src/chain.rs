//! Run receipts and the hash chain they form.
//!
//! Invariant: `chain_advance` locks the chain's head until the transaction ends, so that no two receipts get one place.

use frameos_domain::{
    id::ExecutionId,
    receipt::{GENESIS_HASH, RunReceiptDocument},
};
use serde_json::Value as Json;

use crate::{StoreError, Tx, params};

/// The place the next entry of a chain takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPlace {
    /// From 1.
    pub sequence: i64,
    pub previous_hash: String,
}

/// Takes the next place of a chain.
pub async fn chain_advance(tx: &mut Tx, name: &str) -> Result<ChainPlace, StoreError> {
    let sql = "INSERT INTO chain_heads (name, sequence, hash) VALUES ($1, 1, $2) \
               ON CONFLICT (name) DO UPDATE SET sequence = chain_heads.sequence + 1 RETURNING sequence, hash";
    let row = tx.query_one(sql, &params![name, GENESIS_HASH]).await?;
    Ok(ChainPlace { sequence: row.get(0)?, previous_hash: row.get(1)? })
}

/// Notes the hash of the entry at the place just taken.
pub async fn chain_set(tx: &mut Tx, name: &str, sequence: i64, hash: &str) -> Result<(), StoreError> {
    let sql = "UPDATE chain_heads SET hash = $3 WHERE name = $1 AND sequence = $2";
    tx.execute(sql, &params![name, sequence, hash]).await.map(drop)
}

/// Keeps a signed run receipt. A run has one.
pub async fn run_receipt_insert(
    tx: &mut Tx,
    document: &RunReceiptDocument,
    hash: &str,
) -> Result<(), StoreError> {
    let receipt = &document.receipt;
    let text = serde_json::to_string(document).map_err(|error| StoreError::corrupt(error.to_string()))?;
    let sql = "INSERT INTO run_receipts (id, execution_id, sequence, hash, previous_hash, document, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![
        receipt.id,
        receipt.execution_id,
        receipt.sequence,
        hash,
        receipt.previous_hash.as_str(),
        text,
        receipt.issued_at
    ];
    tx.execute(sql, &params).await.map(drop)
}

/// The receipt of a run. Whether the asker may see the run is for the caller to have checked.
pub async fn run_receipt_get(tx: &mut Tx, execution: ExecutionId) -> Result<Option<Json>, StoreError> {
    let sql = "SELECT document FROM run_receipts WHERE execution_id = $1";
    tx.query_opt(sql, &params![execution]).await?.map(|row| row.json(0)).transpose()
}
