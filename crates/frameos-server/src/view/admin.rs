//! Reviews, the overview and the audit log, as the contract shows them.

use std::collections::BTreeMap;

use frameos_app::{OverviewView, REVIEW_PROMISE, Rescan, VersionForReview, WorkerState};
use frameos_contract::admin::{
    Attempts, AuditEntry, AuditQuery, BundleFile, FindingAcceptance, LastHour, Overview, PendingReview,
    Rescanned, Sealed, Slots, VerdictChange, VersionForReview as ContractVersion, WorkerEntry,
};
use frameos_domain::{clock::Timestamp, scan::Verdict};
use frameos_store::{
    audit::{AuditEntry as StoredEntry, AuditFilter},
    finding::Acceptance,
    overview::{QueueClass, RunsSince},
    version::PendingVersion,
    worker::Worker,
};

pub(crate) fn overview(view: OverviewView) -> Overview {
    let (counts, since) = (view.counts, |then| view.at.millis_since(then));
    let present = view.workers.iter().filter(|(_, state)| *state != WorkerState::Lost);
    let (total, busy) =
        present.fold((0, 0), |(slots, busy), (worker, _)| (slots + worker.slots, busy + worker.busy));
    let named = |class: QueueClass| class.as_str().to_owned();
    Overview {
        queued: counts.queued,
        running: counts.running,
        settling: counts.settling,
        pending_reviews: counts.pending_reviews,
        oldest_review_seconds: counts.oldest_review.map(|submitted| since(submitted) / 1000),
        depth: view.queue.iter().map(|waits| (named(waits.class), waits.depth)).collect(),
        oldest_wait_ms: view.queue.iter().map(|waits| (named(waits.class), waits.since.map(since))).collect(),
        slots: Slots { total, busy },
        runs: states(&view.last_day),
        failures: failures(&view.last_day),
        attempts: attempts(&view.last_day),
        last_hour: LastHour {
            runs: states(&view.last_hour),
            failures: failures(&view.last_hour),
            attempts: attempts(&view.last_hour),
        },
        sealed: Sealed { waiting: counts.settling, oldest_ms: counts.oldest_sealed.map(since) },
        workers: view.workers.into_iter().map(worker).collect(),
    }
}

fn worker((worker, state): (Worker, WorkerState)) -> WorkerEntry {
    WorkerEntry {
        name: worker.name,
        host: worker.host,
        pid: worker.pid,
        state: state.as_str().to_owned(),
        slots: worker.slots,
        busy: worker.busy,
        version: worker.version,
        isolation: worker.isolation,
        started_at: worker.started_at,
        last_seen: worker.last_seen,
    }
}

fn states(runs: &RunsSince) -> BTreeMap<String, i64> {
    runs.states.iter().map(|(status, runs)| (status.to_string(), *runs)).collect()
}

fn failures(runs: &RunsSince) -> BTreeMap<String, i64> {
    runs.failures.iter().map(|(reason, runs)| (reason.as_str().to_owned(), *runs)).collect()
}

fn attempts(runs: &RunsSince) -> Attempts {
    Attempts { retries: runs.retries, lost: runs.lost }
}

pub(crate) fn pending_review(pending: PendingVersion, now: Timestamp) -> PendingReview {
    let version = pending.version;
    let risk = version.scan_report.as_ref().map_or(0, |report| report.risk.score);
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
        risk,
        submitted_at: version.submitted_at,
        age_seconds: now.millis_since(version.submitted_at) / 1000,
        due_at: version.submitted_at.plus(REVIEW_PROMISE),
        overdue: now > version.submitted_at.plus(REVIEW_PROMISE),
    }
}

pub(crate) fn version_for_review(view: VersionForReview) -> ContractVersion {
    ContractVersion {
        name: view.agent.name,
        developer_id: view.agent.developer_id.to_string(),
        developer_name: view.agent.developer_name,
        submitted_at: view.version.submitted_at,
        base_version_id: view.base.map(|base| base.to_string()),
        frames: view.frames,
        version_id: view.version.id.to_string(),
        agent_id: view.agent.id.to_string(),
        slug: view.agent.slug,
        version: view.version.version,
        review_status: view.version.review_status.to_string(),
        code_hash: view.version.code_hash,
        changes: view.changes,
        acceptances: view.acceptances.into_iter().map(acceptance).collect(),
        manifest: view.version.manifest,
        scan_report: view.scan,
        files: files(view.files),
    }
}

/// Paths and sizes of a bundle's files.
pub(crate) fn files(files: Vec<(String, u64)>) -> Vec<BundleFile> {
    files.into_iter().map(|(path, bytes)| BundleFile { path, bytes }).collect()
}

pub(crate) fn acceptance(given: Acceptance) -> FindingAcceptance {
    FindingAcceptance {
        fingerprint: given.fingerprint,
        by: given.by.to_string(),
        at: given.at,
        reason: given.reason,
        carried_from: given.carried_from.map(|version| version.to_string()),
    }
}

pub(crate) fn rescanned(rescan: Rescan) -> Rescanned {
    let changed = rescan.changed.into_iter().map(|change| VerdictChange {
        version_id: change.version_id.to_string(),
        agent_id: change.agent_id.to_string(),
        version: change.version,
        review_status: change.review_status.to_string(),
        before: change.before,
        now: change.now,
        rules: change.rules.into_iter().collect(),
    });
    Rescanned {
        scanner_version: rescan.scanner_version.to_owned(),
        scanned: rescan.scanned,
        changed: changed.collect(),
        unreadable: rescan.unreadable.iter().map(ToString::to_string).collect(),
        next: rescan.next.map(|version| version.to_string()),
    }
}

pub(crate) fn audit_filter(query: AuditQuery) -> AuditFilter {
    // An empty field of a form asks for nothing.
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    AuditFilter {
        actor: said(query.actor),
        action: said(query.action),
        subject: said(query.subject),
        from: query.from,
        to: query.to,
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
