//! Lists of runs, without their contents.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{AgentId, DeploymentId, ExecutionId, UserId},
    money::{Currency, Money},
};

use crate::{
    StoreError, Tx, Value,
    page::{Page, Paged, read_all},
};

/// What to list. Absent filters do not filter.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    pub status: Option<RunStatus>,
    pub agent_id: Option<AgentId>,
}

/// A run as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionSummary {
    pub id: ExecutionId,
    pub deployment_id: DeploymentId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub version: String,
    pub status: RunStatus,
    /// Once it has ended.
    pub failure_reason: Option<FailureReason>,
    pub price: Money,
    pub duration_ms: Option<i64>,
    pub completed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A user's runs, newest first.
pub async fn execution_list(
    tx: &mut Tx,
    user_id: UserId,
    filter: &ExecutionFilter,
    page: Page,
) -> Result<Paged<ExecutionSummary>, StoreError> {
    let mut conditions = "WHERE e.user_id = $1".to_owned();
    let mut params: Vec<Value> = vec![user_id.into()];
    let filters =
        [("e.status", filter.status.map(Value::from)), ("e.agent_id", filter.agent_id.map(Value::from))];
    for (column, value) in filters {
        if let Some(value) = value {
            params.push(value);
            conditions.push_str(&format!(" AND {column} = ${}", params.len()));
        }
    }
    let count = format!("SELECT COUNT(*) FROM agent_executions e {conditions}");
    let total = match tx.query_dynamic(count, &params).await?.first() {
        Some(row) => row.get(0)?,
        None => 0,
    };
    let next = params.len() + 1;
    let sql = format!(
        "SELECT e.id, e.deployment_id, e.agent_id, a.name, e.version, e.status, e.price_amount, e.price_currency, \
         e.duration_ms, e.completed_at, e.created_at, e.failure_reason FROM agent_executions e \
         JOIN agent_definitions a ON a.id = e.agent_id {conditions} \
         ORDER BY e.created_at DESC, e.id DESC LIMIT ${next} OFFSET ${}",
        next + 1
    );
    params.extend([page.limit_value(), page.offset_value()]);
    let rows = tx.query_dynamic(sql, &params).await?;
    let items = read_all(&rows, |row| {
        let status: RunStatus = row.get(5)?;
        let reason: Option<FailureReason> = row.get(11)?;
        Ok(ExecutionSummary {
            id: row.get(0)?,
            deployment_id: row.get(1)?,
            agent_id: row.get(2)?,
            agent_name: row.get(3)?,
            version: row.get(4)?,
            status,
            failure_reason: reason.filter(|_| status.is_final()),
            price: Money::new(row.get(6)?, row.get::<Currency>(7)?),
            duration_ms: row.get(8)?,
            completed_at: row.get(9)?,
            created_at: row.get(10)?,
        })
    })?;
    Ok(Paged { items, total })
}
