//! One version of an agent, as its page shows it.

use frameos_domain::{
    clock::Timestamp,
    scan::{CodeFrame, ScanReport, Verdict, VersionDiff},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    admin::{BundleFile, FindingAcceptance},
    agent::VersionSummary,
    deployment::VersionChanges,
};

/// The query of `GET /agents/:id/versions/:version`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct VersionQuery {
    /// The version that `changes` are told against; the newest approved one before it when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// `GET /agents/:id/versions/:version`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionDetail {
    #[serde(flatten)]
    pub summary: VersionSummary,
    pub agent_id: String,
    pub agent_slug: String,
    pub manifest: Value,
    /// JSON Schemas of what a run takes and gives.
    pub inputs_schema: Value,
    pub outputs_schema: Value,
    pub capabilities: Vec<String>,
    pub timeout_ms: i64,
    pub memory_mb: i64,
    /// Of the packed bundle.
    pub packed_bytes: i64,
    #[schema(required)]
    pub scan: Option<ScanBadge>,
    /// What its manifest says otherwise than that of the version before; null for a first one.
    #[schema(required)]
    pub changes: Option<VersionChanges>,
    /// For the agent's developer and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<VersionInside>,
}

/// What a version is made of, and how its review goes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VersionInside {
    pub submitted_at: Timestamp,
    #[schema(required)]
    pub reviewed_at: Option<Timestamp>,
    /// Until when a decision is promised, while there is none.
    #[schema(required)]
    pub review_due_at: Option<Timestamp>,
    #[schema(required)]
    pub scan_report: Option<ScanReport>,
    /// The lines that findings stand in.
    pub frames: Vec<CodeFrame>,
    /// Findings that a reviewer accepted.
    pub acceptances: Vec<FindingAcceptance>,
    pub files: Vec<BundleFile>,
    /// What its code changes against the newest approved version before it.
    #[schema(required)]
    pub code_changes: Option<VersionDiff>,
}

/// The scan of a version in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScanBadge {
    pub verdict: Verdict,
    /// 0 to 100.
    pub risk: u32,
    pub scanner_version: String,
    pub files_scanned: u32,
    pub findings: u32,
    /// The scanner's rules, and how many of them found nothing; null for a report of another version of the scanner.
    #[schema(required)]
    pub rules: Option<u32>,
    #[schema(required)]
    pub rules_passed: Option<u32>,
}
