//! The admin's review queue and audit log.

use std::collections::BTreeMap;

use frameos_domain::id::{AdminId, AgentId, DeveloperId, EventId, VersionId};
use frameos_domain::{
    clock::Timestamp,
    scan::{CodeFrame, ScanReport, Verdict, VersionDiff},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::schema::{Manifest, Plan, ReviewStatus, WorkerState};

/// `GET /admin/reviews`: versions waiting for a decision, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReviewQueue {
    pub reviews: Vec<PendingReview>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PendingReview {
    #[schema(value_type = VersionId)]
    pub version_id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub slug: String,
    pub name: String,
    pub version: String,
    #[schema(value_type = DeveloperId)]
    pub developer_id: String,
    pub developer_name: String,
    /// pass or flag.
    #[schema(value_type = Verdict)]
    pub verdict: String,
    /// The scan's risk score, 0 to 100.
    #[serde(default)]
    #[schema(required, minimum = 0, maximum = 100)]
    pub risk: u32,
    pub submitted_at: Timestamp,
    pub age_seconds: i64,
    /// Until when a decision is promised.
    pub due_at: Timestamp,
    pub overdue: bool,
}

/// `GET /admin/versions/:id/files`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BundleFiles {
    pub files: Vec<BundleFile>,
}

/// `GET /admin/versions/:id`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionForReview {
    #[schema(value_type = VersionId)]
    pub version_id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub slug: String,
    pub version: String,
    #[schema(value_type = ReviewStatus)]
    pub review_status: String,
    pub code_hash: String,
    /// What it changes against the newest approved version before it; absent for a first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<VersionDiff>,
    /// The id of that version: its files are under `/admin/versions/:id/files`, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version_id: Option<String>,
    /// Findings that were accepted for this version.
    #[serde(default)]
    #[schema(required)]
    pub acceptances: Vec<FindingAcceptance>,
    #[schema(value_type = Manifest)]
    pub manifest: Value,
    #[schema(required)]
    pub scan_report: Option<ScanReport>,
    /// The lines that findings stand in.
    #[serde(default)]
    pub frames: Vec<CodeFrame>,
    pub name: String,
    pub developer_id: String,
    pub developer_name: String,
    pub submitted_at: Timestamp,
    /// Paths and sizes of the bundle's files.
    pub files: Vec<BundleFile>,
}

/// A flagged finding that a reviewer accepted for one version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FindingAcceptance {
    pub fingerprint: String,
    #[schema(value_type = AdminId)]
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
    /// The version it was accepted for, when it holds here because nothing of it changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionId>)]
    pub carried_from: Option<String>,
}

/// `POST /admin/rescan`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RescanRequest {
    /// `next` of the answer before; absent to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionId>)]
    pub after: Option<String>,
}

/// What today's scanner says of stored versions. Nothing is changed by it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Rescanned {
    pub scanner_version: String,
    pub scanned: u32,
    pub changed: Vec<VerdictChange>,
    /// Versions whose stored code could not be read.
    #[schema(value_type = Vec<VersionId>)]
    pub unreadable: Vec<String>,
    /// Where to go on; null at the end.
    #[schema(value_type = Option<VersionId>, required)]
    pub next: Option<String>,
}

/// A version that today's scanner judges otherwise than the one that scanned it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerdictChange {
    #[schema(value_type = VersionId)]
    pub version_id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub version: String,
    #[schema(value_type = ReviewStatus)]
    pub review_status: String,
    pub before: Verdict,
    pub now: Verdict,
    /// The rules that make the difference.
    pub rules: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BundleFile {
    pub path: String,
    pub bytes: u64,
}

/// `POST /admin/versions/:id/approve|reject`, `/admin/agents/:id/ban`, `/admin/developers/:id/suspend`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Told to the developer; required to reject.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// `POST /admin/users/:id/plan`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlanChange {
    /// `standard`, `plus` or `pro`.
    #[schema(value_type = Plan)]
    pub plan: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    pub id: String,
    pub status: String,
}

/// `GET /admin/overview`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    pub queued: i64,
    pub running: i64,
    pub settling: i64,
    pub pending_reviews: i64,
    #[schema(required)]
    pub oldest_review_seconds: Option<i64>,
    /// Tickets that wait, by what they wait for: `paid`, `free`, `settling`, `authorizing`, `delayed`, `jobs`.
    pub depth: BTreeMap<String, i64>,
    /// How long the first ticket of each class has waited; null when none does.
    pub oldest_wait_ms: BTreeMap<String, Option<i64>>,
    /// Over the workers that are not lost.
    pub slots: Slots,
    pub workers: Vec<WorkerEntry>,
    /// Of the runs that were asked for in the last 24 hours, how many are in each state.
    pub runs: BTreeMap<String, i64>,
    /// Of those, why how many failed.
    pub failures: BTreeMap<String, i64>,
    /// Attempts that were begun in the last 24 hours and did not bring their run to an end.
    pub attempts: Attempts,
    pub last_hour: LastHour,
    pub sealed: Sealed,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Slots {
    pub total: i64,
    pub busy: i64,
}

/// A worker process.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkerEntry {
    pub name: String,
    pub host: String,
    pub pid: i64,
    /// `live`; `draining` takes no more runs; `lost` has been silent for too long.
    #[schema(value_type = WorkerState)]
    pub state: String,
    pub slots: i64,
    pub busy: i64,
    pub version: String,
    /// How its agents are isolated.
    #[schema(required)]
    pub isolation: Option<String>,
    pub started_at: Timestamp,
    pub last_seen: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempts {
    /// Gave their run back to the queue.
    pub retries: i64,
    /// Their worker stopped answering.
    pub lost: i64,
}

/// As the fields of the same names beside it, of the last hour.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastHour {
    pub runs: BTreeMap<String, i64>,
    pub failures: BTreeMap<String, i64>,
    pub attempts: Attempts,
}

/// Successful runs whose outputs wait for their payment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Sealed {
    pub waiting: i64,
    #[schema(required)]
    pub oldest_ms: Option<i64>,
}

/// The query of `GET /admin/audit`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct AuditQuery {
    /// An account's id, or `platform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// E.g. `version.approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The id of what was acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// From this moment on, e.g. `2026-11-22T00:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /admin/audit`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditLog {
    pub entries: Vec<AuditEntry>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    #[schema(value_type = EventId)]
    pub id: String,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    #[schema(required)]
    pub detail: Option<String>,
}
