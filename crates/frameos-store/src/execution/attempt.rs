//! The tries of a run, as its owner sees them.

use frameos_domain::{
    clock::Timestamp,
    id::{ExecutionId, UserId},
};

use crate::{StoreError, Tx, page::read_all, params};

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub attempt: i64,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `ended` with a result, `requeued` for another try, or `lost` with its worker; null while it goes on.
    pub outcome: Option<String>,
    pub reason: Option<String>,
}

/// The tries of one of the user's runs, in order.
pub async fn execution_attempts(
    tx: &mut Tx,
    user_id: UserId,
    id: ExecutionId,
) -> Result<Vec<Attempt>, StoreError> {
    let sql = "SELECT t.attempt, t.started_at, t.ended_at, t.outcome, t.reason FROM execution_attempts t \
               JOIN agent_executions e ON e.id = t.execution_id WHERE e.user_id = $1 AND e.id = $2 ORDER BY t.attempt";
    let rows = tx.query(sql, &params![user_id, id]).await?;
    read_all(&rows, |row| {
        Ok(Attempt {
            attempt: row.get(0)?,
            started_at: row.get(1)?,
            ended_at: row.get(2)?,
            outcome: row.get(3)?,
            reason: row.get(4)?,
        })
    })
}
