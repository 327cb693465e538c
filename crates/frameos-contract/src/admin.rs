//! The admin's review queue and audit log.

use frameos_domain::{clock::Timestamp, scan::ScanReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `GET /admin/reviews`: versions waiting for a decision, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReviewQueue {
    pub reviews: Vec<PendingReview>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingReview {
    pub version_id: String,
    pub agent_id: String,
    pub slug: String,
    pub name: String,
    pub version: String,
    pub developer_id: String,
    pub developer_name: String,
    /// pass or flag.
    pub verdict: String,
    pub submitted_at: Timestamp,
    pub age_seconds: i64,
}

/// `GET /admin/versions/:id`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VersionForReview {
    pub version_id: String,
    pub agent_id: String,
    pub slug: String,
    pub version: String,
    pub review_status: String,
    pub code_hash: String,
    pub manifest: Value,
    pub scan_report: Option<ScanReport>,
    /// Paths and sizes of the bundle's files.
    pub files: Vec<BundleFile>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleFile {
    pub path: String,
    pub bytes: u64,
}

/// `POST /admin/versions/:id/approve|reject`, `/admin/agents/:id/ban`, `/admin/developers/:id/suspend`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Decision {
    /// Told to the developer; required to reject.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `POST /admin/users/:id/plan`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanChange {
    /// `standard`, `plus` or `pro`.
    pub plan: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    pub id: String,
    pub status: String,
}

/// `GET /admin/overview`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Overview {
    pub queued: i64,
    pub running: i64,
    pub settling: i64,
    pub pending_reviews: i64,
    pub oldest_review_seconds: Option<i64>,
}

/// `GET /admin/audit`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditLog {
    pub entries: Vec<AuditEntry>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: String,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: Option<String>,
}
