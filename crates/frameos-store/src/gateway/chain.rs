//! The heads of the gateway's hash chains: the ledger and the receipts.
//!
//! [`crate::chain`] advances them. Invariant: a transaction that advances both takes the ledger's head first.

use frameos_domain::receipt::GENESIS_HASH;

use crate::{StoreError, Tx, params};

/// The chain of ledger transactions.
pub const LEDGER_CHAIN: &str = "ledger";
/// The chain of payment receipts.
pub const RECEIPT_CHAIN: &str = "payment_receipts";

/// The last entry of a chain; sequence 0 when it is empty.
pub async fn chain_head_unscoped(tx: &mut Tx, chain: &str) -> Result<(i64, String), StoreError> {
    let row = tx.query_opt("SELECT sequence, hash FROM chain_heads WHERE name = $1", &params![chain]).await?;
    row.map_or_else(|| Ok((0, GENESIS_HASH.to_owned())), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Gives the place just taken back, when nothing is appended after all.
pub async fn chain_step_back(tx: &mut Tx, chain: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE chain_heads SET sequence = sequence - 1 WHERE name = $1", &params![chain])
        .await
        .map(drop)
}
