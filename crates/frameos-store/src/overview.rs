//! The installation at a glance, for administrators.

use frameos_domain::clock::Timestamp;

use crate::{StoreError, Tx};

/// What waits and what works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overview {
    pub queued: i64,
    pub running: i64,
    pub settling: i64,
    pub pending_reviews: i64,
    /// When the version that has waited longest for a review was submitted.
    pub oldest_review: Option<Timestamp>,
}

pub async fn overview_unscoped(tx: &mut Tx) -> Result<Overview, StoreError> {
    let sql = "SELECT (SELECT COUNT(*) FROM agent_executions WHERE status = 'queued'), \
               (SELECT COUNT(*) FROM agent_executions WHERE status = 'running'), \
               (SELECT COUNT(*) FROM agent_executions WHERE status = 'settling'), \
               (SELECT COUNT(*) FROM agent_versions WHERE review_status = 'pending_review'), \
               (SELECT MIN(submitted_at) FROM agent_versions WHERE review_status = 'pending_review')";
    let row = tx.query_one(sql, &[]).await?;
    Ok(Overview {
        queued: row.get(0)?,
        running: row.get(1)?,
        settling: row.get(2)?,
        pending_reviews: row.get(3)?,
        oldest_review: row.get(4)?,
    })
}
