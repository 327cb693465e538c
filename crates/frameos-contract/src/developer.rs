//! What a developer sees of their business.

use frameos_domain::id::{AgentId, ExecutionId, RefundId, RevenueId};
use frameos_domain::money::Currency;
use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::RevenueStatus;

/// `GET /developers/:id`: a developer as everybody may see them. Who has nothing published is not shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperProfile {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// When they registered.
    pub since: Timestamp,
    /// Published agents; `GET /agents?developer=…` lists them.
    pub agents: i64,
    pub total_executions: i64,
    /// The mean over all reviews of these agents; 0 without.
    pub rating: f64,
    pub review_count: i64,
}

/// `GET /developers/analytics`. Amounts are minor units.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Analytics {
    pub total_revenue: i64,
    pub pending_payout: i64,
    pub total_executions: i64,
    pub agents: Vec<AgentAnalytics>,
    pub recent_executions: Vec<RecentExecution>,
    /// Each day that was asked for, the last 30 by default, oldest first.
    pub days: Vec<DayAnalytics>,
    /// The versions that ran on those days, an agent's newest first.
    pub versions: Vec<VersionAnalytics>,
}

/// The query of `GET /developers/analytics`. `days` and `from` narrow the answer's `days` and `versions` only.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AnalyticsQuery {
    /// One agent instead of all.
    #[schema(value_type = Option<AgentId>)]
    pub agent_id: Option<String>,
    /// So many days, up to 366; today's, in UTC, is the last.
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
    /// From this day on, as `2026-11-22`.
    #[schema(format = "date", example = "2026-11-22")]
    pub from: Option<String>,
}

/// One day. What cannot be told of no runs is null.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DayAnalytics {
    /// As `2026-11-22`, UTC.
    #[schema(format = "date")]
    pub day: String,
    pub executions: i64,
    pub revenue: i64,
    #[schema(required)]
    pub success_rate: Option<f64>,
    #[schema(required)]
    pub avg_duration_ms: Option<i64>,
    /// Within 5 %, as the other.
    #[serde(default)]
    #[schema(required)]
    pub p50_duration_ms: Option<i64>,
    #[schema(required)]
    pub p95_duration_ms: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionAnalytics {
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub agent_name: String,
    pub version: String,
    pub executions: i64,
    pub revenue: i64,
    #[schema(required)]
    pub success_rate: Option<f64>,
    #[schema(required)]
    pub avg_duration_ms: Option<i64>,
    /// Within 5 %, as the other.
    #[serde(default)]
    #[schema(required)]
    pub p50_duration_ms: Option<i64>,
    #[schema(required)]
    pub p95_duration_ms: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentAnalytics {
    #[schema(value_type = AgentId)]
    pub id: String,
    pub name: String,
    pub executions: i64,
    pub revenue: i64,
    #[schema(minimum = 0, maximum = 1)]
    pub success_rate: f64,
    pub avg_duration_ms: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentExecution {
    #[schema(value_type = ExecutionId)]
    pub id: String,
    pub agent_name: String,
    pub status: RunStatus,
    /// The developer's share; 0 unless the run was paid.
    pub revenue: i64,
    pub created_at: Timestamp,
}

/// The query of `GET /developers/executions`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DeveloperExecutionQuery {
    /// One agent instead of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /developers/executions`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperExecutionList {
    pub executions: Vec<DeveloperExecution>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// A run of one of the developer's agents, without anything of its user's.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperExecution {
    pub id: String,
    pub agent_id: String,
    pub agent_name: String,
    pub version: String,
    pub status: RunStatus,
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    /// The developer's share; 0 unless the run was paid.
    pub revenue: i64,
    #[schema(required)]
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub completed_at: Option<Timestamp>,
}

/// The query of `GET /developers/errors`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DeveloperErrorQuery {
    /// One agent instead of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// So many days back, 30 when left out, up to 366.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
}

/// `GET /developers/errors`: why runs failed, and in which words, without anything their users put in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperErrors {
    pub days: u32,
    /// Of all failed runs of these days, most first.
    pub reasons: Vec<ReasonCount>,
    /// Of the latest failed runs, as many as `looked_at` says, most first.
    pub errors: Vec<ErrorHead>,
    pub looked_at: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReasonCount {
    pub reason: FailureReason,
    pub executions: i64,
}

/// Runs that failed alike.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorHead {
    pub agent_id: String,
    #[schema(required)]
    pub reason: Option<FailureReason>,
    /// The first line of what was said, numbers as `#`; null when nothing was, or it cannot be cleared of the inputs.
    #[schema(required)]
    pub message: Option<String>,
    pub executions: i64,
    /// The latest of them.
    pub execution_id: String,
    pub version: String,
    pub at: Timestamp,
}

/// `GET /developers/executions/:id/logs`: what the run printed, without anything its user put in. Empty before its end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperLogs {
    #[schema(value_type = ExecutionId)]
    pub id: String,
    pub version: String,
    pub status: RunStatus,
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    #[schema(required)]
    pub exit_code: Option<i64>,
    #[schema(required)]
    pub error_message: Option<String>,
    pub stdout: String,
    pub stderr: String,
    /// Bytes the agent printed, kept or not.
    pub stdout_bytes: i64,
    pub stderr_bytes: i64,
    pub truncated: bool,
    /// The inputs are too large to clear the logs of them, so nothing is shown.
    pub withheld: bool,
}

/// `GET /developers/revenue`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RevenueList {
    pub revenue: Vec<RevenueEntry>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// Earned and not yet with the bank, by the payment ledger: payable, and in payouts that are on their way.
    #[serde(default)]
    #[schema(required)]
    pub pending_payout: i64,
    #[serde(default)]
    #[schema(required)]
    pub paid_out: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RevenueEntry {
    #[schema(value_type = RevenueId)]
    pub id: String,
    #[schema(value_type = Option<AgentId>, required)]
    pub agent_id: Option<String>,
    /// The run that earned it, or whose payment was refunded.
    #[schema(value_type = Option<ExecutionId>, required)]
    pub execution_id: Option<String>,
    /// On what a refund took back; the amount is negative then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefundId>)]
    pub refund_id: Option<String>,
    pub amount: i64,
    #[schema(value_type = Currency)]
    pub currency: String,
    #[schema(value_type = RevenueStatus)]
    pub status: String,
    pub created_at: Timestamp,
}
