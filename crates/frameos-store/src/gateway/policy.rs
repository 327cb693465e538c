//! Spending policies: one JSON document per owner.
//!
//! The document is stored as text and read back as it is: an unknown constraint in it must refuse, so nothing is dropped here.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, params};

/// The owner's policy as JSON text; none when the owner never set one.
pub async fn policy_get(tx: &mut Tx, owner: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT document FROM policies WHERE owner = $1";
    tx.query_opt(sql, &params![owner]).await?.map(|row| row.get(0)).transpose()
}

/// Replaces the owner's policy.
pub async fn policy_put(tx: &mut Tx, owner: &str, document: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO policies (owner, document, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (owner) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at";
    tx.execute(sql, &params![owner, document, now]).await.map(drop)
}
