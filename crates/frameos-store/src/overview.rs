//! The installation at a glance, for operators.
//!
//! Invariant: what is asked here reads the queue, which holds what has not ended, and of the runs a window of time by an index;
//! nothing grows with the history.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
};

use crate::{StoreError, Tx, params};

/// What waits and what works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overview {
    pub queued: i64,
    pub running: i64,
    pub settling: i64,
    /// When the run that has waited longest for its settlement had its result.
    pub oldest_sealed: Option<Timestamp>,
    pub pending_reviews: i64,
    /// When the version that has waited longest for a review was submitted.
    pub oldest_review: Option<Timestamp>,
}

pub async fn overview_unscoped(tx: &mut Tx) -> Result<Overview, StoreError> {
    // A run that is not over has a ticket.
    let sql = "SELECT COUNT(CASE WHEN e.status = 'queued' THEN 1 END), COUNT(CASE WHEN e.status = 'running' THEN 1 END), \
               COUNT(CASE WHEN e.status = 'settling' THEN 1 END), MIN(CASE WHEN e.status = 'settling' THEN e.completed_at END), \
               (SELECT COUNT(*) FROM agent_versions WHERE review_status = 'pending_review'), \
               (SELECT MIN(submitted_at) FROM agent_versions WHERE review_status = 'pending_review') \
               FROM tickets t JOIN agent_executions e ON e.id = t.execution_id";
    let row = tx.query_one(sql, &[]).await?;
    Ok(Overview {
        queued: row.get(0)?,
        running: row.get(1)?,
        settling: row.get(2)?,
        oldest_sealed: row.get(3)?,
        pending_reviews: row.get(4)?,
        oldest_review: row.get(5)?,
    })
}

/// What a ticket waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueClass {
    /// A slot, for a run with a price.
    Paid,
    /// A slot, for a run without.
    Free,
    /// Its payment, or that its hold is given back.
    Settling,
    /// Its money being held.
    Authorizing,
    /// Its time: another attempt at a run.
    Delayed,
    /// A worker, for work that is no run.
    Jobs,
}

impl QueueClass {
    pub const ALL: [Self; 6] =
        [Self::Paid, Self::Free, Self::Settling, Self::Authorizing, Self::Delayed, Self::Jobs];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Free => "free",
            Self::Settling => "settling",
            Self::Authorizing => "authorizing",
            Self::Delayed => "delayed",
            Self::Jobs => "jobs",
        }
    }
}

/// The tickets of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    pub class: QueueClass,
    pub depth: i64,
    /// Since when the first of them waits.
    pub since: Option<Timestamp>,
}

/// What waits in the queue, class by class; all classes, also empty ones. A leased run does not wait.
pub async fn queue_depth_unscoped(tx: &mut Tx, now: Timestamp) -> Result<Vec<QueueDepth>, StoreError> {
    let sql = "SELECT CASE WHEN t.kind = 'settle' THEN 'settling' WHEN t.kind = 'authorize' THEN 'authorizing' \
               WHEN t.kind <> 'run' THEN 'jobs' WHEN t.run_at > $1 THEN 'delayed' WHEN t.class = 0 THEN 'paid' \
               ELSE 'free' END, COUNT(*), MIN(CASE WHEN t.kind = 'settle' THEN COALESCE(e.completed_at, t.created_at) \
               WHEN t.kind = 'authorize' OR t.run_at > $1 THEN t.created_at ELSE t.run_at END) \
               FROM tickets t LEFT JOIN agent_executions e ON e.id = t.execution_id AND t.kind = 'settle' \
               WHERE t.kind IN ('settle', 'authorize') OR t.lease_until IS NULL OR t.lease_until <= $1 GROUP BY 1";
    let rows = tx.query(sql, &params![now]).await?;
    let mut depths = QueueClass::ALL.map(|class| QueueDepth { class, depth: 0, since: None });
    for row in &rows {
        let name: String = row.get(0)?;
        if let Some(depth) = depths.iter_mut().find(|depth| depth.class.as_str() == name) {
            (depth.depth, depth.since) = (row.get(1)?, row.get(2)?);
        }
    }
    Ok(depths.to_vec())
}

/// What became of the runs that were asked for since some time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsSince {
    pub states: Vec<(RunStatus, i64)>,
    pub failures: Vec<(FailureReason, i64)>,
    /// Attempts that gave their run back to the queue.
    pub retries: i64,
    /// Attempts whose worker stopped answering.
    pub lost: i64,
}

pub async fn runs_since_unscoped(tx: &mut Tx, since: Timestamp) -> Result<RunsSince, StoreError> {
    let sql = "SELECT status, failure_reason, COUNT(*) FROM agent_executions WHERE created_at >= $1 \
               GROUP BY status, failure_reason ORDER BY status, failure_reason";
    let mut runs = RunsSince::default();
    for row in tx.query(sql, &params![since]).await? {
        let (status, reason, found): (RunStatus, Option<FailureReason>, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        count(&mut runs.states, status, found);
        // One that is still being settled may become another.
        if let Some(reason) = reason.filter(|_| status.is_final()) {
            count(&mut runs.failures, reason, found);
        }
    }
    let attempts = "SELECT outcome, COUNT(*) FROM execution_attempts \
                    WHERE outcome <> 'ended' AND started_at >= $1 GROUP BY outcome";
    for row in tx.query(attempts, &params![since]).await? {
        match row.get::<String>(0)?.as_str() {
            "requeued" => runs.retries = row.get(1)?,
            "lost" => runs.lost = row.get(1)?,
            _ => {}
        }
    }
    Ok(runs)
}

fn count<K: PartialEq>(counts: &mut Vec<(K, i64)>, key: K, found: i64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, count)) => *count += found,
        None => counts.push((key, found)),
    }
}
