//! The heads of the gateway's hash chains: the ledger and the receipts.
//!
//! Invariant: advancing locks the head until the transaction ends, so positions have no gaps and no two entries share a
//! predecessor. A transaction that advances both takes the ledger's head first.

use frameos_domain::receipt::GENESIS_HASH;

use crate::{StoreError, Tx, params};

/// The chain of ledger transactions.
pub const LEDGER_CHAIN: &str = "ledger";
/// The chain of payment receipts.
pub const RECEIPT_CHAIN: &str = "payment_receipts";

/// A position taken in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPosition {
    /// From 1.
    pub sequence: i64,
    /// Hash of the entry before it, or [`GENESIS_HASH`].
    pub previous_hash: String,
}

/// The last entry of a chain; sequence 0 when it is empty.
pub async fn chain_head_unscoped(tx: &mut Tx, chain: &str) -> Result<(i64, String), StoreError> {
    let row = tx.query_opt("SELECT sequence, hash FROM chain_heads WHERE name = $1", &params![chain]).await?;
    row.map_or_else(|| Ok((0, GENESIS_HASH.to_owned())), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Takes the next position. Follow with [`chain_set`], or [`chain_step_back`] when nothing is appended after all.
pub async fn chain_advance(tx: &mut Tx, chain: &str) -> Result<ChainPosition, StoreError> {
    let sql = "INSERT INTO chain_heads (name, sequence, hash) VALUES ($1, 1, $2) \
               ON CONFLICT (name) DO UPDATE SET sequence = chain_heads.sequence + 1 RETURNING sequence, hash";
    let row = tx.query_one(sql, &params![chain, GENESIS_HASH]).await?;
    Ok(ChainPosition { sequence: row.get(0)?, previous_hash: row.get(1)? })
}

/// Names the hash of the entry at the position just taken.
pub async fn chain_set(tx: &mut Tx, chain: &str, hash: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE chain_heads SET hash = $2 WHERE name = $1", &params![chain, hash]).await.map(drop)
}

/// Gives the position just taken back.
pub async fn chain_step_back(tx: &mut Tx, chain: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE chain_heads SET sequence = sequence - 1 WHERE name = $1", &params![chain])
        .await
        .map(drop)
}
