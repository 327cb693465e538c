//! How a run moves: begin, result, finish, requeue, cancel.
//!
//! Invariants: each move is one conditional statement on the state it starts from, and a final state is never left. Moves made
//! by workers are guarded by their ticket in the same transaction (`ticket.rs`). Every move tells whoever follows the run.

use std::sync::LazyLock;

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    id::{ExecutionId, IntentId, MandateId, PaymentId, ReceiptId, UserId},
    receipt::Resources,
};
use serde_json::Value as Json;

use super::{Execution, seal};
use crate::{
    StoreError, Tx, dialect,
    gathered::{Gathered, gathered},
    params,
    postponed::Column,
    tx::Engine,
};

/// What a finished attempt gave. Log heads are at most 10 KB.
#[derive(Clone)]
pub struct RunResult {
    /// Where the run waits for its settlement.
    pub status: RunStatus,
    pub outputs: Option<Json>,
    pub error_message: Option<String>,
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub resources: Option<Resources>,
    pub isolation: Option<String>,
    pub stdout: String,
    pub stderr: String,
    pub stdout_bytes: i64,
    pub stderr_bytes: i64,
    pub log_object: Option<String>,
    pub duration_ms: Option<i64>,
    pub completed_at: Timestamp,
}

impl RunResult {
    /// The run as it is once it has this result.
    pub fn applied_to(self, run: Execution) -> Execution {
        Execution {
            status: self.status,
            // As it will be read: writing and parsing may move a number's last bit, and a receipt has the hash of what is shown.
            outputs: self.outputs.map(|outputs| outputs.to_string().parse().unwrap_or(outputs)),
            error_message: self.error_message,
            failure_reason: self.failure_reason,
            exit_code: self.exit_code,
            resources: self.resources,
            isolation: self.isolation,
            stdout: Some(self.stdout),
            stderr: Some(self.stderr),
            stdout_bytes: self.stdout_bytes,
            stderr_bytes: self.stderr_bytes,
            log_object: self.log_object,
            duration_ms: self.duration_ms,
            completed_at: Some(self.completed_at),
            settlement: Some(Settlement::Sealed),
            ..run
        }
    }
}

/// How a run ends for good.
#[derive(Debug, Clone)]
pub struct Finish {
    pub status: RunStatus,
    /// Replaces the agent's own message when the payment was refused.
    pub error_message: Option<String>,
    /// Likewise.
    pub failure_reason: Option<FailureReason>,
    /// Drops what the agent printed to stdout: it may be the result nobody paid for.
    pub withhold_stdout: bool,
}

/// Notes the intent and mandate that pay for a run.
pub async fn execution_mandate_set(
    tx: &mut Tx,
    id: ExecutionId,
    intent: IntentId,
    mandate: MandateId,
) -> Result<(), StoreError> {
    let sql = "UPDATE agent_executions SET purchase_intent_id = $2, mandate_id = $3 WHERE id = $1";
    tx.execute(sql, &params![id, intent, mandate]).await.map(drop)
}

/// Removes a run whose purchase was refused, with its ticket: it never was one.
pub async fn execution_delete_unscoped(tx: &mut Tx, id: ExecutionId) -> Result<(), StoreError> {
    let sql = "DELETE FROM agent_executions WHERE id = $1 AND status = 'queued' AND mandate_id IS NULL";
    if tx.execute(sql, &params![id]).await? == 1 {
        tx.execute("DELETE FROM tickets WHERE execution_id = $1", &params![id]).await?;
    }
    Ok(())
}

static BEGIN: LazyLock<Gathered> = gathered!(
    "UPDATE agent_executions SET status = 'running', attempt = attempt + 1, started_at = $2, isolation = $3{from} \
     WHERE id = $1 AND status IN ('queued', 'running') RETURNING attempt{n}",
    (Text, BigInt, Text)
);

/// Begins an attempt of each of these runs under an isolation; the result says anew what was in force. Their numbers, in their order;
/// None for a run that has ended or is being settled.
pub async fn executions_begin(
    tx: &mut Tx,
    ids: &[ExecutionId],
    worker: &str,
    isolation: Option<String>,
    now: Timestamp,
) -> Result<Vec<Option<i64>>, StoreError> {
    let values: Vec<_> = ids.iter().map(|id| params![*id, now, isolation.clone()]).collect();
    let (mut numbers, mut begun) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    for (id, rows) in ids.iter().zip(tx.query_each(&BEGIN, &values).await?) {
        let attempt = rows.first().map(|row| row.get(0)).transpose()?;
        if let Some(attempt) = attempt {
            if attempt > 1 {
                execution_attempt_lost(tx, *id, now).await?;
            }
            tx.announce_execution(*id);
            begun.push((*id, attempt));
        }
        numbers.push(attempt);
    }
    attempts_insert(tx, &begun, worker, now).await?;
    Ok(numbers)
}

async fn attempts_insert(
    tx: &mut Tx,
    begun: &[(ExecutionId, i64)],
    worker: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if tx.engine() == Engine::Postgres && begun.len() > 1 {
        let columns = [
            Column::texts(begun.iter().map(|(id, _)| id)),
            Column::numbers(begun.iter().map(|(_, attempt)| *attempt)),
        ];
        return tx
            .query_columns(dialect::PG_ATTEMPTS_INSERT, &columns, &params![worker, now])
            .await
            .map(drop);
    }
    let sql =
        "INSERT INTO execution_attempts (execution_id, attempt, worker, started_at) VALUES ($1, $2, $3, $4)";
    for (id, attempt) in begun {
        tx.execute(sql, &params![*id, *attempt, worker, now]).await?;
    }
    Ok(())
}

/// Notes that an attempt still open belongs to a worker that was lost. To be called by whoever holds the ticket now.
pub async fn execution_attempt_lost(tx: &mut Tx, id: ExecutionId, now: Timestamp) -> Result<(), StoreError> {
    attempt_end(tx, id, "lost", Some("the worker stopped answering"), now).await
}

static RESULT: LazyLock<Gathered> = gathered!(
    "UPDATE agent_executions SET status = $2, outputs = $3, sealed = TRUE, error_message = $4, exit_code = $5, \
     resources = $6, isolation = $7, stdout = $8, stderr = $9, stdout_bytes = $10, stderr_bytes = $11, \
     log_object = $12, duration_ms = $13, completed_at = $14, failure_reason = $15, settlement = 'sealed'{from} \
     WHERE id = $1 AND status IN ('queued', 'running') AND ($2 <> 'settling' OR NOT cancel_requested) RETURNING id{n}",
    (Text, Text, Bytes, Text, BigInt, Text, Text, Bytes, Bytes, BigInt, BigInt, Text, BigInt, BigInt, Text)
);

/// Stores what an attempt gave, sealed until the run is finished. False when the run is not waiting or running any more, and when its
/// user wants it cancelled and this is a success.
pub async fn execution_result_set(
    tx: &mut Tx,
    id: ExecutionId,
    result: &RunResult,
) -> Result<bool, StoreError> {
    let outputs = result.outputs.as_ref().map(|value| seal(tx, id, "outputs", value)).transpose()?;
    let stdout = seal(tx, id, "stdout", &result.stdout)?;
    let stderr = seal(tx, id, "stderr", &result.stderr)?;
    let resources = result.resources.as_ref().map(serde_json::to_string).transpose();
    let resources = resources.map_err(|error| StoreError::corrupt(format!("resources: {error}")))?;
    let params = params![
        id,
        result.status,
        outputs,
        result.error_message.clone(),
        result.exit_code,
        resources,
        result.isolation.clone(),
        stdout,
        stderr,
        result.stdout_bytes,
        result.stderr_bytes,
        result.log_object.clone(),
        result.duration_ms,
        result.completed_at,
        result.failure_reason
    ];
    let stored = tx.gather(&RESULT, &params).await?.len() == 1;
    if stored {
        attempt_end(tx, id, "ended", result.error_message.as_deref(), result.completed_at).await?;
        tx.announce_execution(id);
    }
    Ok(stored)
}

/// Notes the payment of a sealed run. False when it was noted before, or the run is not a success that waits for it.
pub async fn execution_charged(
    tx: &mut Tx,
    id: ExecutionId,
    payment: Option<(PaymentId, ReceiptId)>,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET settlement = 'charged', payment_id = $2, payment_receipt_id = $3 \
               WHERE id = $1 AND status = 'settling' AND settlement = 'sealed'";
    let (payment_id, receipt_id) = payment.unzip();
    Ok(tx.execute(sql, &params![id, payment_id, receipt_id]).await? == 1)
}

static SETTLE: LazyLock<Gathered> = gathered!(
    "UPDATE agent_executions SET status = 'success', settlement = 'published', sealed = FALSE, payment_id = $2, \
     payment_receipt_id = $3, completed_at = COALESCE(completed_at, $4){from} \
     WHERE id = $1 AND status = 'settling' AND settlement = 'sealed' RETURNING id{n}",
    (Text, Text, Text, BigInt)
);

/// Takes the steps of a success from sealed to published at once: notes its payment and ends it. False when it does not wait for the
/// first of them.
pub async fn execution_settle(
    tx: &mut Tx,
    id: ExecutionId,
    payment: Option<(PaymentId, ReceiptId)>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (payment_id, receipt_id) = payment.unzip();
    let settled = tx.gather(&SETTLE, &params![id, payment_id, receipt_id, now]).await?.len() == 1;
    if settled {
        tx.announce_execution(id);
    }
    Ok(settled)
}

/// Lets what a charged run earns be noted, in this transaction, once: false when it was before.
pub async fn execution_credited(tx: &mut Tx, id: ExecutionId) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET settlement = 'credited' \
               WHERE id = $1 AND status = 'settling' AND settlement = 'charged'";
    Ok(tx.execute(sql, &params![id]).await? == 1)
}

/// Ends a run for good. A success must have been credited. One that is not a success keeps no outputs: nobody will ever be allowed to read them.
/// False when it had ended already.
pub async fn execution_finish(
    tx: &mut Tx,
    id: ExecutionId,
    finish: &Finish,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET status = $2, settlement = 'published', sealed = FALSE, \
               error_message = COALESCE($3, error_message), failure_reason = COALESCE($7, failure_reason), \
               completed_at = COALESCE(completed_at, $4), \
               outputs = CASE WHEN $5 THEN outputs ELSE NULL END, \
               stdout = CASE WHEN $6 THEN NULL ELSE stdout END, log_object = CASE WHEN $6 THEN NULL ELSE log_object END \
               WHERE id = $1 AND status IN ('queued', 'running', 'settling') AND ($2 <> 'success' OR settlement = 'credited')";
    let params = params![
        id,
        finish.status,
        finish.error_message.clone(),
        now,
        finish.status == RunStatus::Success,
        finish.withhold_stdout,
        finish.failure_reason
    ];
    let finished = tx.execute(sql, &params).await? == 1;
    if finished {
        tx.announce_execution(id);
    }
    Ok(finished)
}

/// Puts a running run back into the queue. False when it is not running.
pub async fn execution_requeue(
    tx: &mut Tx,
    id: ExecutionId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET status = 'queued', started_at = NULL, isolation = NULL \
               WHERE id = $1 AND status = 'running'";
    let requeued = tx.execute(sql, &params![id]).await? == 1;
    if requeued {
        attempt_end(tx, id, "requeued", Some(reason), now).await?;
        tx.announce_execution(id);
    }
    Ok(requeued)
}

/// Takes back the begin of an attempt that did nothing yet. False when the run is not in that attempt any more.
pub async fn execution_unbegin(tx: &mut Tx, id: ExecutionId, attempt: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET status = 'queued', attempt = attempt - 1, started_at = NULL, isolation = NULL \
               WHERE id = $1 AND attempt = $2 AND status = 'running'";
    let taken_back = tx.execute(sql, &params![id, attempt]).await? == 1;
    if taken_back {
        let log = "DELETE FROM execution_attempts WHERE execution_id = $1 AND attempt = $2";
        tx.execute(log, &params![id, attempt]).await?;
        tx.announce_execution(id);
        tx.wake_queue();
    }
    Ok(taken_back)
}

static ATTEMPT_END: LazyLock<Gathered> = gathered!(
    "UPDATE execution_attempts SET ended_at = $4, outcome = $2, reason = $3{from} \
     WHERE execution_id = $1 AND ended_at IS NULL RETURNING execution_id{n}",
    (Text, Text, Text, BigInt)
);

async fn attempt_end(
    tx: &mut Tx,
    id: ExecutionId,
    outcome: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.gather(&ATTEMPT_END, &params![id, outcome, reason, now]).await.map(drop)
}

/// Notes that the user wants the run cancelled. False when it has ended or is being settled.
pub async fn execution_cancel_request(
    tx: &mut Tx,
    user_id: UserId,
    id: ExecutionId,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_executions SET cancel_requested = TRUE \
               WHERE user_id = $1 AND id = $2 AND status IN ('queued', 'running')";
    let requested = tx.execute(sql, &params![user_id, id]).await? == 1;
    if requested {
        tx.announce_execution(id);
        tx.announce_cancel(id);
    }
    Ok(requested)
}

pub async fn execution_cancel_requested_unscoped(tx: &mut Tx, id: ExecutionId) -> Result<bool, StoreError> {
    let sql = "SELECT cancel_requested FROM agent_executions WHERE id = $1";
    tx.query_opt(sql, &params![id]).await?.map_or(Ok(false), |row| row.get(0))
}

/// Notes how much of a run's price has gone back to its user. It never gets less.
pub async fn execution_refunded_unscoped(
    tx: &mut Tx,
    id: ExecutionId,
    refunded_total: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE agent_executions SET refunded_amount = $2 WHERE id = $1 AND refunded_amount < $2";
    tx.execute(sql, &params![id, refunded_total]).await.map(drop)
}
