//! Free runs: how many a user has used of an agent in a calendar month (UTC).
//!
//! Invariant: taking one is a single conditional statement, so no interleaving takes more than there are.

use frameos_domain::id::{AgentId, UserId};

use crate::{StoreError, Tx, params};

/// Takes one free run of `limit`. False when none is left this month.
pub async fn free_run_take(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
    month: &str,
    limit: u32,
) -> Result<bool, StoreError> {
    if limit == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO free_runs (user_id, agent_id, month, used) VALUES ($1, $2, $3, 1) \
               ON CONFLICT (user_id, agent_id, month) DO UPDATE SET used = free_runs.used + 1 WHERE free_runs.used < $4";
    Ok(tx.execute(sql, &params![user_id, agent_id, month, limit]).await? == 1)
}

/// Gives one back: the run did not succeed.
pub async fn free_run_return(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
    month: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE free_runs SET used = used - 1 WHERE user_id = $1 AND agent_id = $2 AND month = $3 AND used > 0";
    tx.execute(sql, &params![user_id, agent_id, month]).await.map(drop)
}

/// How many were used this month.
pub async fn free_run_used(
    tx: &mut Tx,
    user_id: UserId,
    agent_id: AgentId,
    month: &str,
) -> Result<i64, StoreError> {
    let sql = "SELECT used FROM free_runs WHERE user_id = $1 AND agent_id = $2 AND month = $3";
    tx.query_opt(sql, &params![user_id, agent_id, month]).await?.map_or(Ok(0), |row| row.get(0))
}
