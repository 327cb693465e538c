//! Refunds that administrators asked for, until the gateway has answered and the answer is noted.
//!
//! Invariant: a request is stored before the gateway is asked, with its key, so that whatever dies in between, the same request
//! is brought to its end.

use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, ExecutionId},
};

use crate::{StoreError, Tx, params};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    pub execution_id: ExecutionId,
    /// Its idempotency key, here and towards the gateway.
    pub request_key: String,
    pub admin_id: AdminId,
    /// All that is left when absent.
    pub amount: Option<i64>,
    pub reason: String,
    pub created_at: Timestamp,
}

/// Stores a request. False when there is one under its key.
pub async fn refund_request_insert(tx: &mut Tx, new: &RefundRequest) -> Result<bool, StoreError> {
    let sql = "INSERT INTO refund_requests (execution_id, request_key, admin_id, amount, reason, status, created_at) \
               VALUES ($1, $2, $3, $4, $5, 'asked', $6) ON CONFLICT (execution_id, request_key) DO NOTHING";
    let params =
        params![new.execution_id, &new.request_key, new.admin_id, new.amount, &new.reason, new.created_at];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// A request that has no end yet.
pub async fn refund_request_open_unscoped(
    tx: &mut Tx,
    execution: ExecutionId,
    key: &str,
) -> Result<Option<RefundRequest>, StoreError> {
    let sql = "SELECT admin_id, amount, reason, created_at FROM refund_requests \
               WHERE execution_id = $1 AND request_key = $2 AND status = 'asked'";
    let Some(row) = tx.query_opt(sql, &params![execution, key]).await? else { return Ok(None) };
    Ok(Some(RefundRequest {
        execution_id: execution,
        request_key: key.to_owned(),
        admin_id: row.get(0)?,
        amount: row.get(1)?,
        reason: row.get(2)?,
        created_at: row.get(3)?,
    }))
}

/// Notes how a request ended. False when it is noted as done.
pub async fn refund_request_close(
    tx: &mut Tx,
    (execution, key): (ExecutionId, &str),
    done: bool,
) -> Result<bool, StoreError> {
    let sql = "UPDATE refund_requests SET status = $3 WHERE execution_id = $1 AND request_key = $2 AND status <> 'done'";
    let status = if done { "done" } else { "refused" };
    Ok(tx.execute(sql, &params![execution, key, status]).await? == 1)
}
