//! Adding ratings up.

use std::collections::BTreeSet;

use frameos_domain::{clock::Timestamp, id::AgentId};

use super::review_stars;
use crate::{StoreError, Tx, dialect, params};

/// Whether a rating is to be added up.
pub async fn rating_events_wait_unscoped(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM rating_events LIMIT 1", &[]).await?.is_some())
}

/// Adds up the ratings of the agents that up to `limit` events name. Returns how many events there were.
pub async fn ratings_rollup_unscoped(tx: &mut Tx, limit: u32, now: Timestamp) -> Result<usize, StoreError> {
    let rows = tx.query(dialect::rating_events_take(tx.engine()), &params![limit]).await?;
    // An ordered set: two roll-ups at once lock agents in the same order.
    let agents: BTreeSet<AgentId> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    for agent_id in agents {
        // Locks the agent first: of two roll-ups at once, the later reads what the earlier's event told of.
        let lock = "UPDATE agent_definitions SET changed_at = $2 WHERE id = $1";
        tx.execute(lock, &params![agent_id, now]).await?;
        let stars = review_stars(tx, agent_id).await?;
        let sql = "UPDATE agent_definitions SET rating = $2, review_count = $3 WHERE id = $1";
        tx.execute(sql, &params![agent_id, stars.mean().unwrap_or(0.0), stars.count()]).await?;
    }
    if !rows.is_empty() {
        tx.announce_catalogue();
    }
    Ok(rows.len())
}
