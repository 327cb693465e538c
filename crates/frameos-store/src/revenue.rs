//! Developers' shares of payments.
//!
//! Invariants: a run earns at most once; a refund takes back once, as a row of a negative amount. The money itself is in the gateway's ledger; this is what the portal shows.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId, ExecutionId, RefundId, RevenueId},
    money::{Currency, Money},
};

use crate::{
    StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    postponed::{Rows, rows},
    status::RevenueStatus,
};

/// One share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revenue {
    pub id: RevenueId,
    pub developer_id: DeveloperId,
    pub agent_id: Option<AgentId>,
    /// The run that earned it, or whose payment was refunded.
    pub execution_id: Option<ExecutionId>,
    /// Set on what a refund took back.
    pub refund_id: Option<RefundId>,
    pub amount: Money,
    pub status: RevenueStatus,
    pub paid_out_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A developer's shares in one currency, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RevenueTotals {
    pub total: i64,
    /// Earned and not yet paid out.
    pub pending: i64,
    pub paid_out: i64,
}

/// What one agent earned its developer, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentRevenue {
    pub agent_id: AgentId,
    pub amount: i64,
}

const SHARES: Rows = rows!("developer_revenue", (id Text, developer_id Text, agent_id Text, execution_id Text,
    refunded_execution_id Text, refund_id Text, amount BigInt, currency Text, status Text, paid_out_at BigInt, created_at BigInt));

/// Records a share, or what a refund took of one. False when its run has earned before, or the refund has taken.
pub async fn revenue_insert(tx: &mut Tx, new: &Revenue) -> Result<bool, StoreError> {
    let sql = "INSERT INTO developer_revenue (id, developer_id, agent_id, execution_id, refunded_execution_id, refund_id, amount, \
               currency, status, paid_out_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT DO NOTHING";
    let (earned, refunded) = match new.refund_id {
        None => (new.execution_id, None),
        Some(_) => (None, new.execution_id),
    };
    let params = params![
        new.id,
        new.developer_id,
        new.agent_id,
        earned,
        refunded,
        new.refund_id,
        new.amount.minor,
        new.amount.currency,
        new.status,
        new.paid_out_at,
        new.created_at
    ];
    Ok(tx.postpone(&SHARES, &params)? || tx.execute(sql, &params).await? == 1)
}

/// What a developer earned in one currency, with all agents or with one.
pub async fn revenue_totals(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: Option<AgentId>,
    currency: Currency,
) -> Result<RevenueTotals, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT), \
               CAST(COALESCE(SUM(CASE WHEN status = 'pending' THEN amount ELSE 0 END), 0) AS BIGINT) \
               FROM developer_revenue WHERE developer_id = $1 AND currency = $2 \
               AND (CAST($3 AS TEXT) IS NULL OR agent_id = CAST($3 AS TEXT))";
    let row = tx.query_one(sql, &params![developer_id, currency, agent_id]).await?;
    let (total, pending): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(RevenueTotals { total, pending, paid_out: total - pending })
}

/// What each of a developer's agents earned in one currency.
pub async fn revenue_by_agent(
    tx: &mut Tx,
    developer_id: DeveloperId,
    currency: Currency,
) -> Result<Vec<AgentRevenue>, StoreError> {
    let sql = "SELECT agent_id, CAST(SUM(amount) AS BIGINT) FROM developer_revenue \
               WHERE developer_id = $1 AND currency = $2 AND agent_id IS NOT NULL GROUP BY agent_id ORDER BY agent_id";
    let rows = tx.query(sql, &params![developer_id, currency]).await?;
    read_all(&rows, |row| Ok(AgentRevenue { agent_id: row.get(0)?, amount: row.get(1)? }))
}

/// A developer's shares, newest first.
pub async fn revenue_list(
    tx: &mut Tx,
    developer_id: DeveloperId,
    page: Page,
) -> Result<Paged<Revenue>, StoreError> {
    let count = "SELECT COUNT(*) FROM developer_revenue WHERE developer_id = $1";
    let total = tx.query_one(count, &params![developer_id]).await?.get(0)?;
    let sql = "SELECT id, developer_id, agent_id, COALESCE(execution_id, refunded_execution_id), amount, currency, status, \
               paid_out_at, created_at, refund_id FROM developer_revenue WHERE developer_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
    let rows = tx.query(sql, &[developer_id.into(), page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        Ok(Revenue {
            id: row.get(0)?,
            developer_id: row.get(1)?,
            agent_id: row.get(2)?,
            execution_id: row.get(3)?,
            amount: Money::new(row.get(4)?, row.get::<Currency>(5)?),
            status: row.get(6)?,
            paid_out_at: row.get(7)?,
            created_at: row.get(8)?,
            refund_id: row.get(9)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// Marks what a payout stands for as paid out at `paid_at`, or, when it came back, as pending again.
pub async fn revenue_pay_out(
    tx: &mut Tx,
    developer_id: DeveloperId,
    (executions, refunds): (&[ExecutionId], &[RefundId]),
    paid_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let status = if paid_at.is_some() { RevenueStatus::PaidOut } else { RevenueStatus::Pending };
    let sql = "UPDATE developer_revenue SET status = $3, paid_out_at = $4 WHERE developer_id = $1 AND execution_id = $2";
    for execution in executions {
        tx.execute(sql, &params![developer_id, *execution, status, paid_at]).await?;
    }
    let sql = "UPDATE developer_revenue SET status = $3, paid_out_at = $4 WHERE developer_id = $1 AND refund_id = $2";
    for refund in refunds {
        tx.execute(sql, &params![developer_id, *refund, status, paid_at]).await?;
    }
    Ok(())
}
