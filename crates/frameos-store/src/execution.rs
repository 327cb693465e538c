//! Runs: creating and reading them. How a run moves through its states is in `execution/transition.rs`.
//!
//! Invariants: inputs, outputs and log heads are encrypted, bound to their row; every user-facing read takes the user first.

mod attempt;
mod developer;
mod list;
mod transition;

use std::sync::LazyLock;

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    id::{
        AgentId, DeploymentId, DeveloperId, ExecutionId, IntentId, MandateId, PaymentId, ReceiptId, UserId,
        VersionId,
    },
    money::{Currency, Money},
    pricing::RunTerms,
    receipt::Resources,
};
use serde_json::{Map, Value as Json};

use crate::{
    Place, Row, StoreError, Tx,
    gathered::{Gathered, gathered},
    params,
};

pub use attempt::{Attempt, execution_attempts};
pub use developer::{
    DeveloperExecution, FailedExecution, execution_failures, execution_list_by_developer,
    execution_list_failed,
};
pub use list::{ExecutionFilter, ExecutionSummary, execution_list};
pub use transition::{
    Finish, RunResult, execution_attempt_lost, execution_cancel_request, execution_cancel_requested_unscoped,
    execution_charged, execution_credited, execution_delete_unscoped, execution_finish,
    execution_mandate_set, execution_refunded_unscoped, execution_requeue, execution_result_set,
    execution_settle, execution_unbegin, executions_begin,
};

const TABLE: &str = "agent_executions";

/// A run to be recorded.
#[derive(Clone)]
pub struct ExecutionNew {
    pub id: ExecutionId,
    pub deployment_id: DeploymentId,
    pub agent_id: AgentId,
    pub user_id: UserId,
    pub version_id: VersionId,
    pub version: String,
    /// Config and inputs as the agent gets them, secrets among them.
    pub inputs: Map<String, Json>,
    /// Salt of the receipt's hashes.
    pub salt: String,
    pub timeout_ms: i64,
    /// Zero for a free run; the most there is to pay for a metered one.
    pub price: Money,
    /// What was agreed besides a plain price.
    pub terms: Option<RunTerms>,
    pub free_month: Option<String>,
    pub confirmed: bool,
    pub idempotency_key: String,
    /// Tells a repeat of the request from another one under the same key.
    pub request_fingerprint: String,
    /// What the first answer says, for its repeats.
    pub estimated_duration_ms: i64,
    /// Intent and mandate, when the same transaction makes them.
    pub purchase: Option<(IntentId, MandateId)>,
    pub created_at: Timestamp,
}

/// What a user's idempotency key started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedExecution {
    pub id: ExecutionId,
    /// Absent in a run older than the column, like the estimate.
    pub request_fingerprint: Option<String>,
    pub estimated_duration_ms: Option<i64>,
    /// Whether its money is held, or needs not be.
    pub is_authorized: bool,
}

/// A run as stored, decrypted, with its agent's name.
#[derive(Clone)]
pub struct Execution {
    pub id: ExecutionId,
    pub deployment_id: DeploymentId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub agent_slug: String,
    pub user_id: UserId,
    pub version_id: VersionId,
    pub version: String,
    pub inputs: Map<String, Json>,
    /// Stored as soon as the agent gave them; not to be shown before the run is a success.
    pub outputs: Option<Json>,
    pub status: RunStatus,
    pub attempt: i64,
    pub salt: String,
    pub timeout_ms: i64,
    /// The most there is to pay for a metered run.
    pub price: Money,
    pub terms: Option<RunTerms>,
    pub free_month: Option<String>,
    pub confirmed: bool,
    pub mandate_id: Option<MandateId>,
    pub payment_id: Option<PaymentId>,
    pub payment_receipt_id: Option<ReceiptId>,
    pub cancel_requested: bool,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub duration_ms: Option<i64>,
    /// The first 10 KB.
    pub stdout: Option<String>,
    pub stderr: Option<String>,
    pub stdout_bytes: i64,
    pub stderr_bytes: i64,
    /// Where the longer log is in the object store.
    pub log_object: Option<String>,
    pub error_message: Option<String>,
    /// Null for a success, and for runs older than the column; not to be shown before the run has ended.
    pub failure_reason: Option<FailureReason>,
    pub exit_code: Option<i64>,
    pub resources: Option<Resources>,
    pub isolation: Option<String>,
    /// Null before there is a result.
    pub settlement: Option<Settlement>,
    /// What of its price went back to the user.
    pub refunded_amount: i64,
    /// Whose agent it is.
    pub developer_id: DeveloperId,
}

/// Leaves inputs, outputs and logs out: they hold what only the owner may see.
impl std::fmt::Debug for Execution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

macro_rules! select {
    ($rest:literal) => {
        select!("", $rest)
    };
    ($further:literal, $rest:literal) => {
        concat!(
            "SELECT e.id, e.deployment_id, e.agent_id, a.name, a.slug, e.user_id, e.version_id, e.version, e.inputs, \
             e.outputs, e.status, e.attempt, e.salt, e.timeout_ms, e.price_amount, e.price_currency, e.free_month, \
             e.confirmed, e.mandate_id, e.payment_id, e.payment_receipt_id, e.cancel_requested, e.created_at, e.started_at, \
             e.completed_at, e.duration_ms, e.stdout, e.stderr, e.stdout_bytes, e.stderr_bytes, e.log_object, \
             e.error_message, e.exit_code, e.resources, e.isolation, e.failure_reason, e.settlement, e.refunded_amount, e.terms, \
             a.developer_id",
            $further,
            " FROM agent_executions e JOIN agent_definitions a ON a.id = e.agent_id ",
            $rest
        )
    };
}

fn read(tx: &Tx, row: &Row) -> Result<Execution, StoreError> {
    let id: ExecutionId = row.get(0)?;
    Ok(Execution {
        id,
        deployment_id: row.get(1)?,
        agent_id: row.get(2)?,
        agent_name: row.get(3)?,
        agent_slug: row.get(4)?,
        user_id: row.get(5)?,
        version_id: row.get(6)?,
        version: row.get(7)?,
        inputs: open(tx, id, row, ("inputs", 8))?.unwrap_or_default(),
        outputs: open(tx, id, row, ("outputs", 9))?,
        status: row.get(10)?,
        attempt: row.get(11)?,
        salt: row.get(12)?,
        timeout_ms: row.get(13)?,
        price: Money::new(row.get(14)?, row.get::<Currency>(15)?),
        free_month: row.get(16)?,
        confirmed: row.get(17)?,
        mandate_id: row.get(18)?,
        payment_id: row.get(19)?,
        payment_receipt_id: row.get(20)?,
        cancel_requested: row.get(21)?,
        created_at: row.get(22)?,
        started_at: row.get(23)?,
        completed_at: row.get(24)?,
        duration_ms: row.get(25)?,
        stdout: open(tx, id, row, ("stdout", 26))?,
        stderr: open(tx, id, row, ("stderr", 27))?,
        stdout_bytes: row.get(28)?,
        stderr_bytes: row.get(29)?,
        log_object: row.get(30)?,
        error_message: row.get(31)?,
        exit_code: row.get(32)?,
        resources: row.json_opt(33)?,
        isolation: row.get(34)?,
        failure_reason: row.get(35)?,
        settlement: row.get(36)?,
        refunded_amount: row.get(37)?,
        terms: row.json_opt(38)?,
        developer_id: row.get(39)?,
    })
}

fn open<T: serde::de::DeserializeOwned>(
    tx: &Tx,
    id: ExecutionId,
    row: &Row,
    (column, index): (&str, usize),
) -> Result<Option<T>, StoreError> {
    let Some(sealed) = row.get::<Option<Vec<u8>>>(index)? else { return Ok(None) };
    Ok(Some(tx.cipher().open_json(Place::new(TABLE, column, &id.to_string()), &sealed)?))
}

fn seal<T: serde::Serialize + ?Sized>(
    tx: &Tx,
    id: ExecutionId,
    column: &str,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    Ok(tx.cipher().seal_json(Place::new(TABLE, column, &id.to_string()), value)?)
}

/// Records a queued run. Enqueue its ticket in the same transaction. False when the user has used the idempotency key.
pub async fn execution_insert(tx: &mut Tx, new: &ExecutionNew) -> Result<bool, StoreError> {
    let inputs = seal(tx, new.id, "inputs", &new.inputs)?;
    let terms = new.terms.as_ref().map(serde_json::to_string).transpose();
    let terms = terms.map_err(|error| StoreError::corrupt(format!("terms: {error}")))?;
    let sql = "INSERT INTO agent_executions (id, deployment_id, agent_id, user_id, version_id, version, inputs, status, salt, \
               timeout_ms, price_amount, price_currency, free_month, confirmed, idempotency_key, created_at, \
               request_fingerprint, estimated_duration_ms, purchase_intent_id, mandate_id, terms) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
               ON CONFLICT (user_id, idempotency_key) DO NOTHING";
    let params = params![
        new.id,
        new.deployment_id,
        new.agent_id,
        new.user_id,
        new.version_id,
        &new.version,
        inputs,
        &new.salt,
        new.timeout_ms,
        new.price.minor,
        new.price.currency,
        new.free_month.clone(),
        new.confirmed,
        &new.idempotency_key,
        new.created_at,
        &new.request_fingerprint,
        new.estimated_duration_ms,
        new.purchase.map(|(intent, _)| intent),
        new.purchase.map(|(_, mandate)| mandate),
        terms
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// One of the user's runs.
pub async fn execution_get(
    tx: &mut Tx,
    user_id: UserId,
    id: ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    let found = tx.query_opt(select!("WHERE e.user_id = $1 AND e.id = $2"), &params![user_id, id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// Any run; for workers.
pub async fn execution_get_unscoped(tx: &mut Tx, id: ExecutionId) -> Result<Option<Execution>, StoreError> {
    let found = tx.query_opt(select!("WHERE e.id = $1"), &params![id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// As [`execution_get_unscoped`], for several, in their order.
pub async fn executions_get_unscoped(
    tx: &mut Tx,
    ids: &[ExecutionId],
) -> Result<Vec<Option<Execution>>, StoreError> {
    static GET: LazyLock<Gathered> = gathered!(select!("{n}", "{join} WHERE e.id = $1"), (Text));
    let values: Vec<_> = ids.iter().map(|id| params![*id]).collect();
    let found = tx.query_each(&GET, &values).await?;
    found.iter().map(|rows| rows.first().map(|row| read(tx, row)).transpose()).collect()
}

/// A run of one of the developer's agents.
pub async fn execution_get_by_developer(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    let found =
        tx.query_opt(select!("WHERE a.developer_id = $1 AND e.id = $2"), &params![developer_id, id]).await?;
    found.map(|row| read(tx, &row)).transpose()
}

/// The run a user started under an idempotency key.
pub async fn execution_get_by_key(
    tx: &mut Tx,
    user_id: UserId,
    key: &str,
) -> Result<Option<KeyedExecution>, StoreError> {
    let sql = "SELECT id, request_fingerprint, estimated_duration_ms, \
               price_amount = 0 OR mandate_id IS NOT NULL OR status <> 'queued' \
               FROM agent_executions WHERE user_id = $1 AND idempotency_key = $2";
    let found = tx.query_opt(sql, &params![user_id, key]).await?;
    let read = |row: Row| {
        Ok(KeyedExecution {
            id: row.get(0)?,
            request_fingerprint: row.get(1)?,
            estimated_duration_ms: row.get(2)?,
            is_authorized: row.get(3)?,
        })
    };
    found.map(read).transpose()
}

/// The mean duration of a version's runs, from its statistics.
pub async fn version_average_duration(
    tx: &mut Tx,
    agent_id: AgentId,
    version: &str,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT CAST(SUM(duration_ms_sum) AS BIGINT), CAST(SUM(total) AS BIGINT) \
               FROM agent_stats_daily WHERE agent_id = $1 AND version = $2";
    let row = tx.query_one(sql, &params![agent_id, version]).await?;
    let (sum, total): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
    Ok(sum.zip(total).filter(|(_, total)| *total > 0).map(|(sum, total)| sum / total))
}
