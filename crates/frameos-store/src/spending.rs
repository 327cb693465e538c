//! What a user paid, by day and agent: runs and months of subscriptions.
//!
//! Invariant: only what was paid counts; a refund is told with the run it gave back, not on the day it happened.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, UserId},
};

use crate::{StoreError, Tx, page::read_all, params};

/// One day of one agent, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendingRow {
    /// As `2026-11-22`, UTC.
    pub day: String,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    /// Paid runs.
    pub executions: i64,
    pub paid: i64,
    pub refunded: i64,
}

/// What a user paid for runs triggered and months paid since `from`, by day, then by agent.
pub async fn spending_list(
    tx: &mut Tx,
    user_id: UserId,
    from: Timestamp,
) -> Result<Vec<SpendingRow>, StoreError> {
    // A metered run is charged what its attempt counted, any other its price.
    let sql = "SELECT n.day, n.agent_id, a.name, a.slug, CAST(SUM(n.runs) AS BIGINT), CAST(SUM(n.paid) AS BIGINT), \
               CAST(SUM(n.refunded) AS BIGINT) FROM ( \
               SELECT e.created_at / 86400000000 AS day, e.agent_id, 1 AS runs, CASE WHEN e.terms IS NULL \
               THEN e.price_amount ELSE COALESCE((SELECT SUM(c.amount) FROM execution_charges c \
               WHERE c.execution_id = e.id AND c.attempt = e.attempt), e.price_amount) END AS paid, \
               e.refunded_amount AS refunded FROM agent_executions e \
               WHERE e.user_id = $1 AND e.created_at >= $2 AND e.payment_id IS NOT NULL UNION ALL \
               SELECT m.paid_at / 86400000000, s.agent_id, 0, m.amount, 0 FROM subscriptions s \
               JOIN subscription_charges m ON m.subscription_id = s.id \
               WHERE s.user_id = $1 AND m.status = 'paid' AND m.paid_at >= $2) AS n \
               JOIN agent_definitions a ON a.id = n.agent_id \
               GROUP BY n.day, n.agent_id, a.name, a.slug ORDER BY n.day, n.agent_id";
    const MICROS_OF_DAY: i64 = 86_400_000_000;
    read_all(&tx.query(sql, &params![user_id, from]).await?, |row| {
        let day: i64 = row.get(0)?;
        Ok(SpendingRow {
            day: Timestamp::from_micros(day.saturating_mul(MICROS_OF_DAY)).day(),
            agent_id: row.get(1)?,
            agent_name: row.get(2)?,
            agent_slug: row.get(3)?,
            executions: row.get(4)?,
            paid: row.get(5)?,
            refunded: row.get(6)?,
        })
    })
}
