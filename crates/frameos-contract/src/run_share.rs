//! Showing a run to others by a link.

use frameos_domain::{
    clock::Timestamp,
    execution::{FailureReason, RunStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// `POST /executions/:id/share`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunShareRequest {
    /// For how many days, 1 to 90; 7 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 90)]
    pub days: Option<u32>,
}

/// A new link. Its token is shown only here; an earlier link of the run stops working.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunShare {
    pub execution_id: String,
    pub token: String,
    /// Where a person looks at it.
    pub url: String,
    pub expires_at: Timestamp,
}

/// `GET /executions/:id/share`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct RunShareState {
    /// Until when there is a link; null without one.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}

/// `GET /shared-runs/:token`: a run as whoever has the link sees it. Nothing says whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedRun {
    pub id: String,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub status: RunStatus,
    pub created_at: Timestamp,
    #[schema(required)]
    pub started_at: Option<Timestamp>,
    #[schema(required)]
    pub completed_at: Option<Timestamp>,
    #[schema(required)]
    pub duration_ms: Option<i64>,
    /// Once they are paid for.
    #[schema(required)]
    pub outputs: Option<Value>,
    /// First 10 KB, as the other.
    #[schema(required)]
    pub stdout: Option<String>,
    #[schema(required)]
    pub stderr: Option<String>,
    pub logs_truncated: bool,
    #[schema(required)]
    pub error_message: Option<String>,
    #[schema(required)]
    pub failure_reason: Option<FailureReason>,
    /// What was paid, in minor units; null when nothing was.
    #[schema(required)]
    pub cost_amount: Option<i64>,
    #[schema(required)]
    pub cost_currency: Option<String>,
    pub expires_at: Timestamp,
}
