//! Links by which owners show a run to others.
//!
//! Invariants: a run has one link at a time; only its token's hash (SHA-256, hex) is kept.

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, UserId},
};

use crate::{StoreError, Tx, params};

/// Makes a link to a user's run, in place of an earlier one. The caller has seen that the run is theirs.
pub async fn run_share_put(
    tx: &mut Tx,
    user_id: UserId,
    execution_id: ExecutionId,
    hash: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO run_shares (execution_id, user_id, hash, expires_at, created_at) VALUES ($2, $1, $3, $4, $5) \
               ON CONFLICT (execution_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, \
               created_at = excluded.created_at";
    tx.execute(sql, &params![user_id, execution_id, hash, expires_at, now]).await.map(drop)
}

/// Until when a user's run has a link.
pub async fn run_share_get(
    tx: &mut Tx,
    user_id: UserId,
    execution_id: ExecutionId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql =
        "SELECT expires_at FROM run_shares WHERE user_id = $1 AND execution_id = $2 AND expires_at > $3";
    tx.query_opt(sql, &params![user_id, execution_id, now]).await?.map(|row| row.get(0)).transpose()
}

/// Takes a link back. False when there is none.
pub async fn run_share_delete(
    tx: &mut Tx,
    user_id: UserId,
    execution_id: ExecutionId,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM run_shares WHERE user_id = $1 AND execution_id = $2";
    Ok(tx.execute(sql, &params![user_id, execution_id]).await? == 1)
}

/// The run a link leads to, its owner, and until when. Those of barred users lead nowhere.
pub async fn run_share_find_unscoped(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(UserId, ExecutionId, Timestamp)>, StoreError> {
    let sql = "SELECT s.user_id, s.execution_id, s.expires_at FROM run_shares s JOIN users u ON u.id = s.user_id \
               WHERE s.hash = $1 AND s.expires_at > $2 AND u.status = 'active'";
    let found = tx.query_opt(sql, &params![hash, now]).await?;
    found.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()
}

/// Forgets links that expired before `before`. Returns how many.
pub async fn run_shares_purge_unscoped(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM run_shares WHERE expires_at < $1", &params![before]).await
}
