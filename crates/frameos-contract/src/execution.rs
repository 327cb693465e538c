//! Runs: triggering, following and reading them.

use frameos_domain::id::{AgentId, DeploymentId, ExecutionId, PaymentId, ReceiptId, SubscriptionId};
use frameos_domain::money::Currency;
use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus, Settlement},
    receipt::Resources,
    usage::Charge,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::schema::{AttemptOutcome, WaitingFor};

/// `POST /agents/:id/execute`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"deployment_id": "dep_01kb3v9d3ce0tr3q0v3n1h5x7m", "inputs": {"csv": "name,age\nAsha,34\n"}}))]
pub struct ExecuteRequest {
    /// Whose is to be run; absent only in a request that pays for itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(value_type = DeploymentId)]
    pub deployment_id: String,
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// A shorter wall-clock limit than the version's, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub timeout_ms: Option<u64>,
    /// Confirms a price above the policy's `confirm_above`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// Confirms a price up to so many minor units; a higher one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub confirmed_amount: Option<i64>,
}

/// The 202 answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExecutionQueued {
    #[schema(value_type = ExecutionId)]
    pub execution_id: String,
    pub status: RunStatus,
    pub estimated_duration_ms: i64,
    pub poll_url: String,
    pub message: String,
    /// What whoever paid without an account reads the run with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_token: Option<String>,
}

/// `GET /executions/:id`, and what `frameos run --json` prints.
///
/// Which fields are there depends on the state: outputs only after the payment has committed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    #[schema(value_type = ExecutionId)]
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AgentId>)]
    pub agent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeploymentId>)]
    pub deployment_id: Option<String>,
    pub status: RunStatus,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// While running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<i64>,
    /// Once ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// While queued: how many runs are before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<i64>,
    /// While queued: in how many milliseconds it will start, as far as can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_start_ms: Option<i64>,
    /// While queued: `payment`, `retry`, `user_limit`, `agent_limit` or `slot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WaitingFor>)]
    pub waiting_for: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i64>,
    /// Every try so far, with what became of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<ExecutionAttempt>,
    /// While `settling`: how far that has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
    /// Without secret inputs.
    pub inputs: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outputs: Option<Value>,
    /// First 10 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// First 10 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// Whether more was printed than `stdout` and `stderr` hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs_truncated: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What `error_message` says in words, for programs. `null` before the end, on success, and for runs older than it.
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// What was used; while running, what was used up to a moment ago, from the second second on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// What isolates the run, from its start on; absent when it never got that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// While running: what the agent last said of itself with `ctx.progress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ExecutionProgress>,
    /// The salt of the receipt's input and output hashes; the owner's to disclose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_salt: Option<String>,
    /// The most that a metered run can cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<i64>,
    /// What a metered run that succeeded is charged for; the amounts sum to what was paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// The subscription whose month the run is one of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SubscriptionId>)]
    pub subscription_id: Option<String>,
    /// `null` unless money was taken.
    #[schema(required)]
    pub payment: Option<ExecutionPayment>,
    /// What whoever paid without an account reads the run with; in the answer to the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_token: Option<String>,
    /// What of the payment went back to the wallet, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_amount: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExecutionAttempt {
    /// From 1.
    pub attempt: i64,
    pub started_at: Timestamp,
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
    /// `ended` with a result, `requeued` for another try, or `lost` with its worker; `null` while it goes on.
    #[schema(value_type = Option<AttemptOutcome>, required)]
    pub outcome: Option<String>,
    #[schema(required)]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExecutionProgress {
    /// 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub fraction: f64,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExecutionPayment {
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    #[schema(value_type = PaymentId)]
    pub payment_id: String,
    #[schema(value_type = ReceiptId)]
    pub receipt_id: String,
}

/// One entry of `GET /executions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExecutionSummary {
    #[schema(value_type = ExecutionId)]
    pub id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub agent_name: String,
    pub version: String,
    #[schema(value_type = DeploymentId)]
    pub deployment_id: String,
    pub status: RunStatus,
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    /// The price; of a metered run the most it can cost, of a free one or one of a subscription 0.
    pub price_amount: i64,
    #[schema(value_type = Currency)]
    pub price_currency: String,
    #[schema(required)]
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub completed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExecutionList {
    pub executions: Vec<ExecutionSummary>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// `GET /executions` query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ExecutionListQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /executions/:id/logs`: up to 1 MB of each stream.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExecutionLogs {
    pub stdout: String,
    pub stderr: String,
    /// Bytes the agent printed, kept or not.
    pub stdout_bytes: i64,
    pub stderr_bytes: i64,
    pub truncated: bool,
}
