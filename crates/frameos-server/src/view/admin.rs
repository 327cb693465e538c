//! Reviews, the overview and the audit log, as the contract shows them.

use frameos_app::VersionForReview;
use frameos_contract::admin::{
    AuditEntry, BundleFile, Overview, PendingReview, VersionForReview as ContractVersion,
};
use frameos_domain::{clock::Timestamp, scan::Verdict};
use frameos_store::{
    audit::AuditEntry as StoredEntry, overview::Overview as Counts, version::PendingVersion,
};

pub(crate) fn overview(counts: &Counts, now: Timestamp) -> Overview {
    Overview {
        queued: counts.queued,
        running: counts.running,
        settling: counts.settling,
        pending_reviews: counts.pending_reviews,
        oldest_review_seconds: counts.oldest_review.map(|submitted| now.millis_since(submitted) / 1000),
    }
}

pub(crate) fn pending_review(pending: PendingVersion, now: Timestamp) -> PendingReview {
    let version = pending.version;
    let flagged = version.scan_report.as_ref().is_some_and(|report| report.verdict == Verdict::Flag);
    PendingReview {
        version_id: version.id.to_string(),
        agent_id: version.agent_id.to_string(),
        slug: pending.agent_slug,
        name: pending.agent_name,
        version: version.version,
        developer_id: pending.developer_id.to_string(),
        developer_name: pending.developer_name,
        verdict: if flagged { "flag" } else { "pass" }.to_owned(),
        submitted_at: version.submitted_at,
        age_seconds: now.millis_since(version.submitted_at) / 1000,
    }
}

pub(crate) fn version_for_review(view: VersionForReview) -> ContractVersion {
    let files = view.files.into_iter().map(|(path, bytes)| BundleFile { path, bytes });
    ContractVersion {
        version_id: view.version.id.to_string(),
        agent_id: view.agent.id.to_string(),
        slug: view.agent.slug,
        version: view.version.version,
        review_status: view.version.review_status.to_string(),
        code_hash: view.version.code_hash,
        manifest: view.version.manifest,
        scan_report: view.scan,
        files: files.collect(),
    }
}

pub(crate) fn audit_entry(entry: StoredEntry) -> AuditEntry {
    AuditEntry {
        id: entry.id.to_string(),
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: (!entry.detail.is_empty()).then_some(entry.detail),
    }
}
