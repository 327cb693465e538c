//! Spending policies: one JSON document per owner.
//!
//! The document is stored as text and read back as it is: an unknown constraint in it must refuse, so nothing is dropped here.
//! Invariant: every replacement counts the revision up by one.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, params};

/// The owner's policy as JSON text and its revision; none when the owner never set one.
pub async fn policy_get(tx: &mut Tx, owner: &str) -> Result<Option<(String, i64)>, StoreError> {
    let sql = "SELECT document, revision FROM policies WHERE owner = $1";
    tx.query_opt(sql, &params![owner]).await?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Replaces the owner's policy of revision `seen`, 0 for none. Returns the new revision; none when it is another by now.
pub async fn policy_put(
    tx: &mut Tx,
    owner: &str,
    document: &str,
    seen: i64,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let sql = if seen == 0 {
        "INSERT INTO policies (owner, document, revision, updated_at) VALUES ($1, $2, CAST($3 AS BIGINT) + 1, $4) \
         ON CONFLICT (owner) DO NOTHING"
    } else {
        "UPDATE policies SET document = $2, revision = CAST($3 AS BIGINT) + 1, updated_at = $4 WHERE owner = $1 AND revision = $3"
    };
    let replaced = tx.execute(sql, &params![owner, document, seen, now]).await? == 1;
    Ok(replaced.then_some(seen + 1))
}
