//! The admin's review queue and audit log.

use std::collections::BTreeMap;

use frameos_domain::{
    clock::Timestamp,
    scan::{CodeFrame, ScanReport, Verdict, VersionDiff},
};
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
    /// The scan's risk score, 0 to 100.
    #[serde(default)]
    pub risk: u32,
    pub submitted_at: Timestamp,
    pub age_seconds: i64,
    /// Until when a decision is promised.
    pub due_at: Timestamp,
    pub overdue: bool,
}

/// `GET /admin/versions/:id/files`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleFiles {
    pub files: Vec<BundleFile>,
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
    /// What it changes against the newest approved version before it; absent for a first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<VersionDiff>,
    /// The id of that version: its files are under `/admin/versions/:id/files`, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version_id: Option<String>,
    /// Findings that were accepted for this version.
    #[serde(default)]
    pub acceptances: Vec<FindingAcceptance>,
    pub manifest: Value,
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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindingAcceptance {
    pub fingerprint: String,
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
    /// The version it was accepted for, when it holds here because nothing of it changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<String>,
}

/// `POST /admin/rescan`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RescanRequest {
    /// `next` of the answer before; absent to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What today's scanner says of stored versions. Nothing is changed by it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rescanned {
    pub scanner_version: String,
    pub scanned: u32,
    pub changed: Vec<VerdictChange>,
    /// Versions whose stored code could not be read.
    pub unreadable: Vec<String>,
    /// Where to go on; null at the end.
    pub next: Option<String>,
}

/// A version that today's scanner judges otherwise than the one that scanned it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerdictChange {
    pub version_id: String,
    pub agent_id: String,
    pub version: String,
    pub review_status: String,
    pub before: Verdict,
    pub now: Verdict,
    /// The rules that make the difference.
    pub rules: Vec<String>,
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

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slots {
    pub total: i64,
    pub busy: i64,
}

/// A worker process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkerEntry {
    pub name: String,
    pub host: String,
    pub pid: i64,
    /// `live`; `draining` takes no more runs; `lost` has been silent for too long.
    pub state: String,
    pub slots: i64,
    pub busy: i64,
    pub version: String,
    /// How its agents are isolated.
    pub isolation: Option<String>,
    pub started_at: Timestamp,
    pub last_seen: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempts {
    /// Gave their run back to the queue.
    pub retries: i64,
    /// Their worker stopped answering.
    pub lost: i64,
}

/// As the fields of the same names beside it, of the last hour.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LastHour {
    pub runs: BTreeMap<String, i64>,
    pub failures: BTreeMap<String, i64>,
    pub attempts: Attempts,
}

/// Successful runs whose outputs wait for their payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sealed {
    pub waiting: i64,
    pub oldest_ms: Option<i64>,
}

/// The query of `GET /admin/audit`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
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
