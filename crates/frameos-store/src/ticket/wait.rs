//! What a waiting run waits for, and how long that may take.

use frameos_domain::{clock::Timestamp, id::ExecutionId};

use crate::{StoreError, Tx, params};

/// A waiting run's place, seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketWait {
    /// `run`, or `authorize` while its money is being held.
    pub kind: String,
    /// Not before this time.
    pub run_at: Timestamp,
    /// How many waiting runs go before it: 0 is next.
    pub position: i64,
    /// What those take one after the other, by their agents' averages.
    pub ahead_ms: i64,
    /// How many runs go on, in all, of the same user and of the same agent.
    pub running: i64,
    pub running_of_user: i64,
    pub running_of_agent: i64,
}

/// Taken for an agent that has not run yet.
const UNKNOWN_MS: i64 = 1000;

/// None when it does not wait.
pub async fn ticket_wait(
    tx: &mut Tx,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<Option<TicketWait>, StoreError> {
    let sql = "SELECT kind, run_at, class, vtime, id, user_id, agent_id FROM tickets \
               WHERE execution_id = $1 AND kind IN ('run', 'authorize') AND (lease_until IS NULL OR lease_until <= $2)";
    let Some(row) = tx.query_opt(sql, &params![execution, now]).await? else { return Ok(None) };
    let (kind, run_at): (String, Timestamp) = (row.get(0)?, row.get(1)?);
    let (class, vtime, id): (i64, i64, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let (user, agent): (String, String) = (row.get(5)?, row.get(6)?);
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN a.avg_duration_ms > 0 THEN a.avg_duration_ms ELSE $5 END), 0) AS BIGINT) \
               FROM (SELECT agent_id, class, vtime, id FROM tickets WHERE kind = 'run' AND class IN (0, 1) AND lease_until IS NULL \
               UNION ALL SELECT agent_id, class, vtime, id FROM tickets WHERE kind = 'run' AND class IN (0, 1) AND lease_until <= $4) t \
               JOIN agent_definitions a ON a.id = t.agent_id \
               WHERE t.class < $1 OR (t.class = $1 AND (t.vtime < $2 OR (t.vtime = $2 AND t.id < $3)))";
    let ahead = tx.query_one(sql, &params![class.max(0), vtime, id, now, UNKNOWN_MS]).await?;
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN user_id = $2 THEN 1 END), COUNT(CASE WHEN agent_id = $3 THEN 1 END) \
               FROM tickets WHERE class IN (0, 1) AND lease_until > $1 AND kind = 'run'";
    let running = tx.query_one(sql, &params![now, user, agent]).await?;
    Ok(Some(TicketWait {
        kind,
        run_at,
        position: ahead.get(0)?,
        ahead_ms: ahead.get(1)?,
        running: running.get(0)?,
        running_of_user: running.get(1)?,
        running_of_agent: running.get(2)?,
    }))
}
