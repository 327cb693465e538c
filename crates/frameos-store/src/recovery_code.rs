//! Recovery codes: each stands in once for a second factor that was lost.
//!
//! Invariants: only hashes (SHA-256, hex) are kept; a code is used up by the statement that finds it.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx, params};

/// Replaces a subject's codes.
pub async fn recovery_codes_replace(
    tx: &mut Tx,
    subject_id: &str,
    hashes: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    recovery_codes_delete(tx, subject_id).await?;
    let sql = "INSERT INTO recovery_codes (subject_id, hash, created_at) VALUES ($1, $2, $3)";
    for hash in hashes {
        tx.execute(sql, &params![subject_id, hash, now]).await?;
    }
    Ok(())
}

/// Uses up a code. False when there is no such code, or not any more.
pub async fn recovery_code_use(tx: &mut Tx, subject_id: &str, hash: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM recovery_codes WHERE subject_id = $1 AND hash = $2";
    Ok(tx.execute(sql, &params![subject_id, hash]).await? == 1)
}

/// How many codes a subject has left.
pub async fn recovery_code_count(tx: &mut Tx, subject_id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE subject_id = $1";
    tx.query_one(sql, &params![subject_id]).await?.get(0)
}

/// Removes all codes of a subject.
pub async fn recovery_codes_delete(tx: &mut Tx, subject_id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE subject_id = $1", &params![subject_id]).await.map(drop)
}
