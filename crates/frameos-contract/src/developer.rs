//! What a developer sees of their business.

use frameos_domain::{clock::Timestamp, execution::RunStatus};
use serde::{Deserialize, Serialize};

/// `GET /developers/analytics`. Amounts are minor units.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Analytics {
    pub total_revenue: i64,
    pub pending_payout: i64,
    pub total_executions: i64,
    pub agents: Vec<AgentAnalytics>,
    pub recent_executions: Vec<RecentExecution>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentAnalytics {
    pub id: String,
    pub name: String,
    pub executions: i64,
    pub revenue: i64,
    pub success_rate: f64,
    pub avg_duration_ms: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecentExecution {
    pub id: String,
    pub agent_name: String,
    pub status: RunStatus,
    /// The developer's share; 0 unless the run was paid.
    pub revenue: i64,
    pub created_at: Timestamp,
}

/// `GET /developers/revenue`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevenueList {
    pub revenue: Vec<RevenueEntry>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevenueEntry {
    pub id: String,
    pub agent_id: Option<String>,
    pub execution_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub created_at: Timestamp,
}
