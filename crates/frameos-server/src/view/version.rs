//! One version, and its scan in short, as the contract shows them.

use frameos_app::{REVIEW_PROMISE, VersionPage, rules_passed};
use frameos_contract::version::{ScanBadge, VersionDetail, VersionInside};
use frameos_domain::scan::ScanReport;
use frameos_store::status::ReviewStatus;

use super::{admin, agent, deployment};

pub(crate) fn detail(page: VersionPage) -> VersionDetail {
    let version = page.version;
    let is_pending = version.review_status == ReviewStatus::PendingReview;
    let inside = page.inside.map(|inside| VersionInside {
        submitted_at: version.submitted_at,
        reviewed_at: version.reviewed_at,
        review_due_at: is_pending.then(|| version.submitted_at.plus(REVIEW_PROMISE)),
        scan_report: version.scan_report.clone(),
        frames: inside.frames,
        acceptances: inside.acceptances.into_iter().map(admin::acceptance).collect(),
        files: admin::files(inside.files),
        code_changes: inside.diff,
    });
    let capabilities = version.manifest["capabilities"].as_array().into_iter().flatten();
    VersionDetail {
        agent_id: page.agent.id.to_string(),
        agent_slug: page.agent.slug,
        inputs_schema: version.inputs_schema.clone(),
        outputs_schema: version.outputs_schema.clone(),
        capabilities: capabilities.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        timeout_ms: version.timeout_ms,
        memory_mb: version.memory_mb,
        packed_bytes: version.packed_size,
        scan: version.scan_report.as_ref().map(badge),
        changes: page.changes.map(deployment::changes),
        inside,
        manifest: version.manifest.clone(),
        summary: agent::version(version),
    }
}

pub(crate) fn badge(report: &ScanReport) -> ScanBadge {
    let passed = rules_passed(report);
    ScanBadge {
        verdict: report.verdict,
        risk: report.risk.score,
        scanner_version: report.scanner_version.clone(),
        files_scanned: report.files_scanned,
        findings: count(report.findings.len()),
        rules: passed.map(|(_, of)| count(of)),
        rules_passed: passed.map(|(passed, _)| count(passed)),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
