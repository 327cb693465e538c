//! Runs, for whoever has to give money back, and what was given back.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
    id::{AdminId, AgentId, ExecutionId, PaymentId, UserId},
    money::{Currency, Money},
};

use super::account::count;
use crate::{
    StoreError, Tx,
    filter::Filter,
    page::{Page, Paged, read_all},
    params,
};

/// What to look for. Absent parts do not filter.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExecutionFilter {
    pub id: Option<ExecutionId>,
    pub user_id: Option<UserId>,
    pub agent_id: Option<AgentId>,
    pub status: Option<RunStatus>,
}

/// A run without its contents.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionEntry {
    pub id: ExecutionId,
    pub user_id: UserId,
    /// None of a user who is gone, and of a payer without an account.
    pub user_email: Option<String>,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub status: RunStatus,
    pub failure_reason: Option<FailureReason>,
    /// The most there was to pay for a metered run.
    pub price: Money,
    pub payment_id: Option<PaymentId>,
    pub refunded_amount: i64,
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// Runs, newest first.
pub async fn execution_search_unscoped(
    tx: &mut Tx,
    filter: ExecutionFilter,
    page: Page,
) -> Result<Paged<ExecutionEntry>, StoreError> {
    let filter = Filter::default()
        .and("id = ?", filter.id)
        .and("user_id = ?", filter.user_id)
        .and("agent_id = ?", filter.agent_id)
        .and("status = ?", filter.status);
    let total = count(tx, "agent_executions", &filter).await?;
    // Ids follow time, too, and all runs are ordered by nothing else.
    let order = if filter.is_empty() { "id DESC" } else { "created_at DESC, id DESC" };
    let chosen = filter.sql().to_owned();
    let (limit, params) = filter.paged(page);
    let sql = format!(
        "SELECT e.id, e.user_id, u.email, e.agent_id, a.name, a.slug, e.version, e.status, e.failure_reason, \
         e.price_amount, e.price_currency, e.payment_id, e.refunded_amount, e.duration_ms, e.created_at, e.completed_at \
         FROM (SELECT id FROM agent_executions{chosen} ORDER BY {order}{limit}) AS n \
         JOIN agent_executions e ON e.id = n.id JOIN agent_definitions a ON a.id = e.agent_id \
         LEFT JOIN users u ON u.id = e.user_id ORDER BY e.created_at DESC, e.id DESC"
    );
    let items = read_all(&tx.query_dynamic(sql, &params).await?, |row| {
        let status: RunStatus = row.get(7)?;
        let reason: Option<FailureReason> = row.get(8)?;
        Ok(ExecutionEntry {
            id: row.get(0)?,
            user_id: row.get(1)?,
            user_email: row.get(2)?,
            agent_id: row.get(3)?,
            agent_name: row.get(4)?,
            agent_slug: row.get(5)?,
            version: row.get(6)?,
            status,
            failure_reason: reason.filter(|_| status.is_final()),
            price: Money::new(row.get(9)?, row.get::<Currency>(10)?),
            payment_id: row.get(11)?,
            refunded_amount: row.get(12)?,
            duration_ms: row.get(13)?,
            created_at: row.get(14)?,
            completed_at: row.get(15)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// A refund that an administrator asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundEntry {
    pub execution_id: ExecutionId,
    pub agent_name: String,
    pub user_id: UserId,
    pub user_email: Option<String>,
    pub admin_id: AdminId,
    /// As asked for: none for all that was left.
    pub amount: Option<i64>,
    /// Of the run so far, by all its refunds.
    pub refunded_amount: i64,
    pub currency: Currency,
    pub reason: String,
    /// `asked`, `done` or `refused`.
    pub status: String,
    pub created_at: Timestamp,
}

/// Refunds, the latest first.
pub async fn refund_list_unscoped(tx: &mut Tx, page: Page) -> Result<Paged<RefundEntry>, StoreError> {
    let total = tx.query_one("SELECT COUNT(*) FROM refund_requests", &[]).await?.get(0)?;
    let sql = "SELECT r.execution_id, a.name, e.user_id, u.email, r.admin_id, r.amount, e.refunded_amount, \
               e.price_currency, r.reason, r.status, r.created_at \
               FROM (SELECT * FROM refund_requests ORDER BY created_at DESC, execution_id, request_key \
               LIMIT $1 OFFSET $2) AS r JOIN agent_executions e ON e.id = r.execution_id \
               JOIN agent_definitions a ON a.id = e.agent_id LEFT JOIN users u ON u.id = e.user_id \
               ORDER BY r.created_at DESC, r.execution_id, r.request_key";
    let rows = tx.query(sql, &params![page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        Ok(RefundEntry {
            execution_id: row.get(0)?,
            agent_name: row.get(1)?,
            user_id: row.get(2)?,
            user_email: row.get(3)?,
            admin_id: row.get(4)?,
            amount: row.get(5)?,
            refunded_amount: row.get(6)?,
            currency: row.get(7)?,
            reason: row.get(8)?,
            status: row.get(9)?,
            created_at: row.get(10)?,
        })
    })?;
    Ok(Paged { items, total })
}
