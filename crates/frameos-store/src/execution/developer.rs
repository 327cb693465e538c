//! Runs as the developer of their agent sees them: nothing of the user's.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{AgentId, DeveloperId, ExecutionId},
};
use serde_json::{Map, Value as Json};

use super::{ExecutionFilter, open};
use crate::{
    StoreError, Tx, Value,
    page::{Page, Paged, read_all},
    params,
};

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeveloperExecution {
    pub id: ExecutionId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub version: String,
    pub status: RunStatus,
    /// Once it has ended.
    pub failure_reason: Option<FailureReason>,
    /// The developer's share, in minor units, less what was refunded; 0 when nothing was charged.
    pub revenue: i64,
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// The runs of a developer's agents, newest first.
pub async fn execution_list_by_developer(
    tx: &mut Tx,
    developer_id: DeveloperId,
    filter: &ExecutionFilter,
    page: Page,
) -> Result<Paged<DeveloperExecution>, StoreError> {
    let (conditions, mut params) = chosen(developer_id, filter);
    let count = format!("SELECT COUNT(*) {conditions}");
    let total = match tx.query_dynamic(count, &params).await?.first() {
        Some(row) => row.get(0)?,
        None => 0,
    };
    let next = params.len() + 1;
    // The page's runs are found first, by the index; all else is read of them alone.
    let sql = format!(
        "SELECT e.id, e.agent_id, a.name, e.version, e.status, e.failure_reason, e.duration_ms, e.created_at, \
         e.completed_at, CAST(COALESCE(r.amount, 0) + COALESCE((SELECT SUM(b.amount) FROM developer_revenue b \
         WHERE b.refunded_execution_id = e.id), 0) AS BIGINT) FROM (SELECT e.id, e.created_at {conditions} \
         ORDER BY e.created_at DESC, e.id DESC LIMIT ${next} OFFSET ${}) AS n \
         JOIN agent_executions e ON e.id = n.id JOIN agent_definitions a ON a.id = e.agent_id \
         LEFT JOIN developer_revenue r ON r.execution_id = e.id ORDER BY n.created_at DESC, n.id DESC",
        next + 1
    );
    params.extend([page.limit_value(), page.offset_value()]);
    let items = read_all(&tx.query_dynamic(sql, &params).await?, |row| {
        let status: RunStatus = row.get(4)?;
        let reason: Option<FailureReason> = row.get(5)?;
        Ok(DeveloperExecution {
            id: row.get(0)?,
            agent_id: row.get(1)?,
            agent_name: row.get(2)?,
            version: row.get(3)?,
            status,
            failure_reason: reason.filter(|_| status.is_final()),
            duration_ms: row.get(6)?,
            created_at: row.get(7)?,
            completed_at: row.get(8)?,
            revenue: row.get(9)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// The part of a statement that chooses a developer's runs, and its parameters.
fn chosen(developer_id: DeveloperId, filter: &ExecutionFilter) -> (String, Vec<Value>) {
    let mut params: Vec<Value> = vec![developer_id.into()];
    let mut conditions = "FROM agent_definitions a JOIN agent_executions e ON e.agent_id = a.id \
                          WHERE a.developer_id = $1"
        .to_owned();
    let filters = [("a.id", filter.agent_id.map(Value::from)), ("e.status", filter.status.map(Value::from))];
    for (column, value) in filters {
        if let Some(value) = value {
            params.push(value);
            conditions.push_str(&format!(" AND {column} = ${}", params.len()));
        }
    }
    (conditions, params)
}

/// A run that failed, with what its user put in: to be cleared of it before it is shown.
#[derive(Clone)]
pub struct FailedExecution {
    pub id: ExecutionId,
    pub agent_id: AgentId,
    pub version: String,
    pub reason: Option<FailureReason>,
    pub error_message: Option<String>,
    /// None when there is too much of it.
    pub inputs: Option<Map<String, Json>>,
    pub at: Timestamp,
}

/// The latest runs since `from` of a developer's agents, or of one of them, that failed by the agent's doing.
pub async fn execution_list_failed(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: Option<AgentId>,
    from: Timestamp,
    (limit, inputs_most): (u32, u32),
) -> Result<Vec<FailedExecution>, StoreError> {
    let sql = "SELECT e.id, e.agent_id, e.version, e.failure_reason, e.error_message, \
               CASE WHEN LENGTH(e.inputs) <= $5 THEN e.inputs END, e.created_at \
               FROM agent_executions e JOIN agent_definitions a ON a.id = e.agent_id WHERE a.developer_id = $1 \
               AND (CAST($2 AS TEXT) IS NULL OR e.agent_id = CAST($2 AS TEXT)) AND e.created_at >= $3 \
               AND e.status IN ('failed', 'timeout') ORDER BY e.created_at DESC, e.id DESC LIMIT $4";
    let rows = tx.query(sql, &params![developer_id, agent_id, from, limit, inputs_most]).await?;
    read_all(&rows, |row| {
        let id: ExecutionId = row.get(0)?;
        Ok(FailedExecution {
            id,
            agent_id: row.get(1)?,
            version: row.get(2)?,
            reason: row.get(3)?,
            error_message: row.get(4)?,
            inputs: open(tx, id, row, ("inputs", 5))?,
            at: row.get(6)?,
        })
    })
}

/// How many runs of a developer's agents, or of one of them, failed since `from`, by reason, most first.
pub async fn execution_failures(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: Option<AgentId>,
    from: Timestamp,
) -> Result<Vec<(FailureReason, i64)>, StoreError> {
    let sql = "SELECT e.failure_reason, COUNT(*) AS runs FROM agent_executions e \
               JOIN agent_definitions a ON a.id = e.agent_id WHERE a.developer_id = $1 \
               AND (CAST($2 AS TEXT) IS NULL OR e.agent_id = CAST($2 AS TEXT)) AND e.created_at >= $3 \
               AND e.status IN ('failed', 'timeout') AND e.failure_reason IS NOT NULL \
               GROUP BY e.failure_reason ORDER BY runs DESC, e.failure_reason";
    let rows = tx.query(sql, &params![developer_id, agent_id, from]).await?;
    read_all(&rows, |row| Ok((row.get(0)?, row.get(1)?)))
}
