//! Accounts, agents, runs and refunds as administrators look for them. Amounts are minor units.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The query of `GET /admin/developers` and `GET /admin/users`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AccountQuery {
    /// Part of an e-mail address or a name, or a whole id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// active, suspended or banned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Of users: standard, plus or pro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /admin/developers`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminDeveloperList {
    pub developers: Vec<AdminDeveloper>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// A developer; the numbers are as of the last roll-up, moments ago.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminDeveloper {
    pub id: String,
    pub email: String,
    pub name: String,
    #[schema(required)]
    pub company: Option<String>,
    pub status: String,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub agents: i64,
    pub published_agents: i64,
    pub total_executions: i64,
    /// Shares less what refunds took of them.
    pub revenue: i64,
}

/// `GET /admin/users`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminUserList {
    pub users: Vec<AdminUser>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminUser {
    pub id: String,
    pub email: String,
    pub name: String,
    pub plan: String,
    pub status: String,
    pub verified_email: bool,
    pub created_at: Timestamp,
    pub total_executions: i64,
}

/// The query of `GET /admin/agents`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AdminAgentQuery {
    /// Part of a name or a slug, or a whole id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// pending_review, published, deprecated or banned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /admin/agents`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminAgentList {
    pub agents: Vec<AdminAgent>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminAgent {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub category: String,
    pub status: String,
    pub current_version: String,
    pub developer_id: String,
    pub developer_name: String,
    pub total_executions: i64,
    pub success_rate: f64,
    pub rating: f64,
    pub review_count: i64,
    /// Versions that wait for a reviewer.
    pub pending_versions: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The query of `GET /admin/executions`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AdminExecutionQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
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

/// `GET /admin/executions`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminExecutionList {
    pub executions: Vec<AdminExecution>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// A run, without its inputs, outputs and logs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminExecution {
    pub id: String,
    pub user_id: String,
    /// Null of a user who is gone, and of a payer without an account.
    #[schema(required)]
    pub user_email: Option<String>,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub status: RunStatus,
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    /// Of a metered run the most it could cost.
    pub price_amount: i64,
    pub price_currency: String,
    /// Null unless money was taken: only then can it be given back.
    #[schema(required)]
    pub payment_id: Option<String>,
    pub refunded_amount: i64,
    #[schema(required)]
    pub duration_ms: Option<i64>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub completed_at: Option<Timestamp>,
}

/// `GET /admin/refunds`, the latest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminRefundList {
    pub refunds: Vec<AdminRefund>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// A refund that an administrator asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AdminRefund {
    pub execution_id: String,
    pub agent_name: String,
    pub user_id: String,
    #[schema(required)]
    pub user_email: Option<String>,
    pub admin_id: String,
    /// As asked for; null for all that was left.
    #[schema(required)]
    pub amount: Option<i64>,
    /// Of the run, by all its refunds.
    pub refunded_amount: i64,
    pub currency: String,
    pub reason: String,
    /// asked, done or refused.
    pub status: String,
    pub created_at: Timestamp,
}
