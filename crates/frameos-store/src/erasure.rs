//! What is left of an account that is deleted: its rows in the books, under an id that names nobody.
//!
//! Invariants: what signs in, receives or is remembered of a person goes; what ledger, receipts and other people's books refer to
//! stays, without name and address.

use frameos_domain::{
    clock::Timestamp,
    id::{DeveloperId, UserId},
};
use serde_json::Map;

use crate::{
    StoreError, Tx,
    deployment::{DeploymentChange, deployment_update},
    params,
    status::{AgentStatus, DeploymentStatus},
};

/// What keeps an account from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Runs that have not ended.
    Runs,
    /// Subscriptions that renew.
    Subscriptions,
    /// Agents with a version that is not deprecated.
    Agents,
}

/// Erases a user, unless something keeps them; the wallet has been looked at.
pub async fn user_erase(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<Option<Kept>, StoreError> {
    let runs = "SELECT 1 FROM agent_executions WHERE user_id = $1 AND status IN ('queued', 'running', 'settling') LIMIT 1";
    let subscriptions = "SELECT 1 FROM subscriptions WHERE user_id = $1 AND status IN ('pending', 'active', 'past_due') LIMIT 1";
    for (sql, kept) in [(runs, Kept::Runs), (subscriptions, Kept::Subscriptions)] {
        if tx.query_opt(sql, &params![id]).await?.is_some() {
            return Ok(Some(kept));
        }
    }
    let deployments = "SELECT id FROM agent_deployments WHERE user_id = $1 AND status <> 'deleted'";
    for row in &tx.query(deployments, &params![id]).await? {
        let change = DeploymentChange {
            config: Some(Map::new()),
            status: Some(DeploymentStatus::Deleted),
            ..DeploymentChange::default()
        };
        deployment_update(tx, id, row.get(0)?, &change, now).await?;
    }
    tx.execute("DELETE FROM webhooks WHERE user_id = $1", &params![id]).await?;
    tx.execute("DELETE FROM run_shares WHERE user_id = $1", &params![id]).await?;
    tx.execute("UPDATE reviews SET title = NULL, body = NULL WHERE user_id = $1", &params![id]).await?;
    let sql = "UPDATE users SET email = $2, name = 'Deleted account', password_hash = '', status = 'banned', \
               verified_email = FALSE, updated_at = $3 WHERE id = $1";
    tx.execute(sql, &params![id, nobody(&id.to_string()), now]).await?;
    sign_in_erase(tx, &id.to_string()).await?;
    Ok(None)
}

/// Erases a developer, unless something keeps them; what is owed to them has been looked at. Their agents leave the market.
pub async fn developer_erase(
    tx: &mut Tx,
    id: DeveloperId,
    now: Timestamp,
) -> Result<Option<Kept>, StoreError> {
    let agents = "SELECT 1 FROM agent_versions v JOIN agent_definitions a ON a.id = v.agent_id \
                  WHERE a.developer_id = $1 AND v.status = 'active' AND v.review_status <> 'rejected' \
                  AND a.status <> 'banned' LIMIT 1";
    if tx.query_opt(agents, &params![id]).await?.is_some() {
        return Ok(Some(Kept::Agents));
    }
    let runs = "SELECT 1 FROM agent_executions e JOIN agent_definitions a ON a.id = e.agent_id \
                WHERE a.developer_id = $1 AND e.status IN ('queued', 'running', 'settling') LIMIT 1";
    if tx.query_opt(runs, &params![id]).await?.is_some() {
        return Ok(Some(Kept::Runs));
    }
    let sql = "UPDATE agent_definitions SET status = $2, updated_at = $3 WHERE developer_id = $1";
    tx.execute(sql, &params![id, AgentStatus::Banned, now]).await?;
    tx.execute("DELETE FROM payout_accounts WHERE developer_id = $1", &params![id]).await?;
    let sql = "UPDATE developers SET email = $2, name = 'Deleted account', company = NULL, password_hash = '', \
               status = 'banned', verified_email = FALSE, updated_at = $3 WHERE id = $1";
    tx.execute(sql, &params![id, nobody(&id.to_string()), now]).await?;
    sign_in_erase(tx, &id.to_string()).await?;
    Ok(None)
}

async fn sign_in_erase(tx: &mut Tx, subject: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM sessions WHERE subject_id = $1",
        "DELETE FROM personal_tokens WHERE subject_id = $1",
        "DELETE FROM recovery_codes WHERE subject_id = $1",
        "DELETE FROM mail_tokens WHERE subject_id = $1",
        "DELETE FROM notifications WHERE account_id = $1",
        "DELETE FROM accounts WHERE subject_id = $1",
    ] {
        tx.execute(sql, &params![subject]).await?;
    }
    Ok(())
}

/// An address that can be nobody's (RFC 2606), and is no other account's.
fn nobody(id: &str) -> String {
    format!("{id}@deleted.invalid")
}
