//! Versions of agents: code, schemas, scan report and review.
//!
//! Invariants: a version is never changed but in its review, deprecation and withdrawal; a review decides once, in one conditional
//! statement.

use frameos_domain::{
    clock::Timestamp,
    id::{AdminId, AgentId, DeveloperId, VersionId},
    scan::ScanReport,
};
use serde_json::Value as Json;

use crate::{
    Row, StoreError, Tx,
    page::{Page, Paged, read_all},
    params,
    status::{ReviewStatus, VersionStatus},
};

/// One version of one agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub id: VersionId,
    pub agent_id: AgentId,
    pub version: String,
    /// The full manifest as submitted.
    pub manifest: Json,
    /// Where the packed code is in the object store.
    pub code_s3_key: String,
    /// SHA-256 of the packed code, hex.
    pub code_hash: String,
    pub packed_size: i64,
    pub runtime_language: String,
    pub runtime_version: String,
    pub entrypoint: String,
    pub timeout_ms: i64,
    pub memory_mb: i64,
    pub inputs_schema: Json,
    pub outputs_schema: Json,
    pub scan_passed: bool,
    pub scan_report: Option<ScanReport>,
    /// The listing as submitted, to become the agent's face when this version goes live.
    pub listing: Json,
    pub status: VersionStatus,
    pub deprecation_message: Option<String>,
    pub review_status: ReviewStatus,
    pub reviewed_by: Option<AdminId>,
    pub reviewed_at: Option<Timestamp>,
    pub review_note: Option<String>,
    pub submitted_at: Timestamp,
    pub created_at: Timestamp,
    /// When it was withdrawn: it must not run.
    pub yanked_at: Option<Timestamp>,
    pub yank_reason: Option<String>,
}

/// A version that waits for review, with whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingVersion {
    pub version: Version,
    pub agent_name: String,
    pub agent_slug: String,
    pub developer_id: DeveloperId,
    pub developer_name: String,
}

macro_rules! columns {
    () => {
        "v.id, v.agent_id, v.version, v.manifest, v.code_s3_key, v.code_hash, v.packed_size, v.runtime_language, \
         v.runtime_version, v.entrypoint, v.timeout_ms, v.memory_mb, v.inputs_schema, v.outputs_schema, v.scan_passed, \
         v.scan_report, v.listing, v.status, v.deprecation_message, v.review_status, v.reviewed_by, v.reviewed_at, \
         v.review_note, v.submitted_at, v.created_at, v.yanked_at, v.yank_reason"
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM agent_versions v ", $rest)
    };
}

fn read(row: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        id: row.get(0)?,
        agent_id: row.get(1)?,
        version: row.get(2)?,
        manifest: row.json(3)?,
        code_s3_key: row.get(4)?,
        code_hash: row.get(5)?,
        packed_size: row.get(6)?,
        runtime_language: row.get(7)?,
        runtime_version: row.get(8)?,
        entrypoint: row.get(9)?,
        timeout_ms: row.get(10)?,
        memory_mb: row.get(11)?,
        inputs_schema: row.json(12)?,
        outputs_schema: row.json(13)?,
        scan_passed: row.get(14)?,
        scan_report: row.json_opt(15)?.map(ScanReport::completed),
        listing: row.json(16)?,
        status: row.get(17)?,
        deprecation_message: row.get(18)?,
        review_status: row.get(19)?,
        reviewed_by: row.get(20)?,
        reviewed_at: row.get(21)?,
        review_note: row.get(22)?,
        submitted_at: row.get(23)?,
        created_at: row.get(24)?,
        yanked_at: row.get(25)?,
        yank_reason: row.get(26)?,
    })
}

/// Stores a version. False when the agent already has one of that number.
pub async fn version_insert(tx: &mut Tx, new: &Version) -> Result<bool, StoreError> {
    let sql = "INSERT INTO agent_versions (id, agent_id, version, manifest, code_s3_key, code_hash, packed_size, \
               runtime_language, runtime_version, entrypoint, timeout_ms, memory_mb, inputs_schema, outputs_schema, \
               scan_passed, scan_report, listing, status, review_status, reviewed_by, reviewed_at, review_note, \
               submitted_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
               $17, $18, $19, $20, $21, $22, $23, $24) ON CONFLICT (agent_id, version) DO NOTHING";
    let report = new.scan_report.as_ref().map(serde_json::to_string).transpose();
    let report = report.map_err(|error| StoreError::corrupt(format!("scan report: {error}")))?;
    let params = params![
        new.id,
        new.agent_id,
        &new.version,
        new.manifest.to_string(),
        &new.code_s3_key,
        &new.code_hash,
        new.packed_size,
        &new.runtime_language,
        &new.runtime_version,
        &new.entrypoint,
        new.timeout_ms,
        new.memory_mb,
        new.inputs_schema.to_string(),
        new.outputs_schema.to_string(),
        new.scan_passed,
        report,
        new.listing.to_string(),
        new.status,
        new.review_status,
        new.reviewed_by,
        new.reviewed_at,
        new.review_note.clone(),
        new.submitted_at,
        new.created_at
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub async fn version_get(
    tx: &mut Tx,
    agent_id: AgentId,
    version: &str,
) -> Result<Option<Version>, StoreError> {
    let sql = select!("WHERE v.agent_id = $1 AND v.version = $2");
    tx.query_opt(sql, &params![agent_id, version]).await?.as_ref().map(read).transpose()
}

pub async fn version_get_unscoped(tx: &mut Tx, id: VersionId) -> Result<Option<Version>, StoreError> {
    tx.query_opt(select!("WHERE v.id = $1"), &params![id]).await?.as_ref().map(read).transpose()
}

/// An agent's versions, newest first.
pub async fn version_list(tx: &mut Tx, agent_id: AgentId) -> Result<Vec<Version>, StoreError> {
    let sql = select!("WHERE v.agent_id = $1 ORDER BY v.created_at DESC, v.id DESC");
    read_all(&tx.query(sql, &params![agent_id]).await?, read)
}

/// Versions of all agents that were not rejected, in the order of their ids, from the one after `after` on.
pub async fn version_list_after_unscoped(
    tx: &mut Tx,
    after: Option<VersionId>,
    limit: i64,
) -> Result<Vec<Version>, StoreError> {
    let sql = select!("WHERE v.review_status <> 'rejected' AND v.id > $1 ORDER BY v.id LIMIT $2");
    let after = after.map_or_else(String::new, |id| id.to_string());
    read_all(&tx.query(sql, &params![after, limit]).await?, read)
}

/// The review queue: what has waited longest first.
pub async fn version_list_pending_unscoped(
    tx: &mut Tx,
    page: Page,
) -> Result<Paged<PendingVersion>, StoreError> {
    let count = "SELECT COUNT(*) FROM agent_versions WHERE review_status = 'pending_review'";
    let total = tx.query_one(count, &[]).await?.get(0)?;
    let sql = concat!(
        "SELECT ",
        columns!(),
        ", a.name, a.slug, d.id, d.name FROM agent_versions v JOIN agent_definitions a ON a.id = v.agent_id \
         JOIN developers d ON d.id = a.developer_id WHERE v.review_status = 'pending_review' \
         ORDER BY v.submitted_at, v.id LIMIT $1 OFFSET $2"
    );
    let rows = tx.query(sql, &[page.limit_value(), page.offset_value()]).await?;
    let items = read_all(&rows, |row| {
        Ok(PendingVersion {
            version: read(row)?,
            agent_name: row.get(27)?,
            agent_slug: row.get(28)?,
            developer_id: row.get(29)?,
            developer_name: row.get(30)?,
        })
    })?;
    Ok(Paged { items, total })
}

/// A reviewer's decision.
#[derive(Debug, Clone)]
pub struct VersionReview {
    /// Approved or rejected.
    pub decision: ReviewStatus,
    /// None when the platform decided by rule.
    pub by: Option<AdminId>,
    pub note: Option<String>,
    pub at: Timestamp,
}

/// Decides on a pending version. False when it was decided before, or does not exist.
pub async fn version_review_unscoped(
    tx: &mut Tx,
    id: VersionId,
    review: &VersionReview,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_versions SET review_status = $2, reviewed_by = $3, review_note = $4, reviewed_at = $5 \
               WHERE id = $1 AND review_status = 'pending_review'";
    let params = params![id, review.decision, review.by, review.note.clone(), review.at];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Marks a developer's version as no longer recommended. False when they have no such version.
pub async fn version_deprecate(
    tx: &mut Tx,
    developer_id: DeveloperId,
    agent_id: AgentId,
    version: &str,
    message: Option<&str>,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_versions SET status = 'deprecated', deprecation_message = $4 WHERE agent_id = $2 AND version = $3 \
               AND EXISTS (SELECT 1 FROM agent_definitions a WHERE a.id = $2 AND a.developer_id = $1)";
    Ok(tx.execute(sql, &params![developer_id, agent_id, version, message]).await? == 1)
}

/// Why a version is withdrawn.
#[derive(Debug, Clone)]
pub struct VersionYank {
    /// An account's id.
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

/// Withdraws a developer's version for good. False when it is withdrawn, or they have no such version.
pub async fn version_yank(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: VersionId,
    yank: &VersionYank,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agent_versions SET yanked_at = $5, yanked_by = $3, yank_reason = $4 WHERE id = $2 \
               AND yanked_at IS NULL AND EXISTS (SELECT 1 FROM agent_definitions a \
               WHERE a.id = agent_versions.agent_id AND a.developer_id = $1)";
    Ok(tx.execute(sql, &params![developer_id, id, &yank.by, &yank.reason, yank.at]).await? == 1)
}
