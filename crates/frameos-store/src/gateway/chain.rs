//! The heads of the gateway's hash chains: the ledger and the receipts.
//!
//! [`crate::chain`] advances them. Invariant: a transaction that advances both takes the ledger's head first.

use frameos_domain::receipt::GENESIS_HASH;

use crate::{StoreError, Tx, chain::chain_lock, params};

/// The chain of ledger transactions.
pub const LEDGER_CHAIN: &str = "ledger";
/// The chain of payment receipts.
pub const RECEIPT_CHAIN: &str = "payment_receipts";
/// The chain of the ledger's checkpoints.
pub const CHECKPOINT_CHAIN: &str = "ledger_checkpoints";

/// The last entry of a chain; sequence 0 when it is empty.
pub async fn chain_head_unscoped(tx: &mut Tx, chain: &str) -> Result<(i64, String), StoreError> {
    if let Some(head) = tx.heads().get(chain) {
        return Ok((head.sequence, head.hash));
    }
    let row = tx.query_opt("SELECT sequence, hash FROM chain_heads WHERE name = $1", &params![chain]).await?;
    row.map_or_else(|| Ok((0, GENESIS_HASH.to_owned())), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Takes the lock under which money moves, until the transaction ends: the head of the ledger's chain. Whoever moves money
/// takes it before any other of the gateway's rows, because a batch holds it while it takes those of many payers.
pub async fn ledger_lock(tx: &mut Tx) -> Result<(), StoreError> {
    chain_lock(tx, LEDGER_CHAIN).await.map(drop)
}
