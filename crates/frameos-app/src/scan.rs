//! The code scan in the platform's work: one function for submissions, reviews and rescans, what a version changes against the
//! one before it, and what its reviewers accept.
//!
//! Invariants: every report of the platform comes from [`bundle_scan`]; a stored report is never replaced; an acceptance is for
//! one version, is in the audit log with its reason, and outlives its version only where neither the finding nor any file it is
//! about has changed.

use std::collections::{BTreeMap, BTreeSet};

use frameos_domain::{
    canonical,
    id::{AdminId, AgentId, EventId, VersionId},
    scan::{
        Action, Change, CodeFrame, Facts, FileChanges, Finding, ScanDiff, ScanReport, Verdict, VersionDiff,
    },
    version::{self as semver, Version as Number},
};
use frameos_scanner::{
    SCANNER_VERSION,
    bundle::{self, Bundle, MANIFEST},
    rules,
};
use frameos_store::{
    audit::{self, AuditEntry},
    finding::{self, Acceptance},
    status::ReviewStatus,
    version::{self, Version},
};
use serde_json::Value;

use crate::{
    app::App,
    error::{AppError, Result},
    review::{audit, reason_parse, version_load},
};

/// How many versions one call scans anew, and how long it begins further ones.
const RESCAN_MOST: i64 = 20;
const RESCAN_TIME_MS: i64 = 8_000;

/// A bundle's report and the digests of its files by path.
pub(crate) struct Scanned {
    pub report: ScanReport,
    /// Size and SHA-256 of each file.
    pub files: BTreeMap<String, (u64, String)>,
    /// What the manifest asks for.
    capabilities: BTreeSet<String>,
}

/// One rescan of stored versions.
#[derive(Debug, Clone)]
pub struct Rescan {
    pub scanner_version: &'static str,
    pub scanned: u32,
    /// Those of another verdict than the stored one.
    pub changed: Vec<VerdictChange>,
    /// Those whose stored code could not be read.
    pub unreadable: Vec<VersionId>,
    /// Where to go on; `None` at the end.
    pub next: Option<VersionId>,
}

/// A version that today's scanner judges otherwise than the one that scanned it.
#[derive(Debug, Clone)]
pub struct VerdictChange {
    pub version_id: VersionId,
    pub agent_id: AgentId,
    pub version: String,
    pub review_status: ReviewStatus,
    pub before: Verdict,
    pub now: Verdict,
    /// The rules that make the difference.
    pub rules: BTreeSet<String>,
}

/// The scan of a bundle under the manifest its version has: a request may complete the bundle's own, also its entry point.
pub(crate) fn bundle_scan(bundle: &Bundle, manifest: &Value) -> Result<Scanned> {
    scanned(bundle, manifest, None)
}

fn scanned(bundle: &Bundle, manifest: &Value, known: Option<ScanReport>) -> Result<Scanned> {
    let report = match known {
        Some(report) => report,
        None if serde_json::from_slice::<Value>(bundle.manifest_bytes())
            .is_ok_and(|own| own == *manifest) =>
        {
            frameos_scanner::scan(bundle)
        }
        None => {
            let others = bundle.files().filter(|(path, _)| *path != MANIFEST);
            let others = others.map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
            let completed = (MANIFEST.to_owned(), manifest.to_string().into_bytes());
            let bundle = Bundle::from_files(others.chain([completed])).map_err(AppError::internal)?;
            frameos_scanner::scan(&bundle)
        }
    };
    let file =
        |(path, bytes): (&str, &[u8])| (path.to_owned(), (bytes.len() as u64, canonical::sha256_hex(bytes)));
    let capabilities = manifest["capabilities"].as_array().into_iter().flatten();
    let capabilities = capabilities.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    Ok(Scanned { report, files: bundle.files().map(file).collect(), capabilities })
}

/// A stored version by today's scanner: its report is the stored one if that is of the same scanner.
pub(crate) async fn version_scan(app: &App, version: &Version) -> Result<Scanned> {
    Ok(version_open(app, version, |_| ()).await?.0)
}

/// As [`version_scan`], with the lines that the findings of the stored report stand in.
pub(crate) async fn version_frames(app: &App, version: &Version) -> Result<(Scanned, Vec<CodeFrame>)> {
    let report = version.scan_report.clone();
    // A bundle is up to 50 MB unpacked; one at a time.
    let _turn = app.clearing.acquire().await.map_err(AppError::internal)?;
    let look = move |bundle: &Bundle| report.map(|report| report.frames(|path| bundle.get(path)));
    let (scanned, frames) = version_open(app, version, look).await?;
    Ok((scanned, frames.unwrap_or_default()))
}

/// A stored version's scan, and what `look` sees in its bundle.
async fn version_open<T: Send + 'static>(
    app: &App,
    version: &Version,
    look: impl FnOnce(&Bundle) -> T + Send + 'static,
) -> Result<(Scanned, T)> {
    let packed = app.store().objects().get(&version.code_s3_key).await?;
    let packed = packed.ok_or_else(|| AppError::internal("a version's code is missing"))?;
    let known = version.scan_report.clone().filter(|report| report.scanner_version == SCANNER_VERSION);
    let manifest = version.manifest.clone();
    let work = move || {
        let bundle = bundle::unpack(&packed).map_err(AppError::internal)?;
        Ok((scanned(&bundle, &manifest, known)?, look(&bundle)))
    };
    tokio::task::spawn_blocking(work).await.map_err(AppError::internal)?
}

/// As [`version_scan`], for a version that another is compared with: if its code is lost, there is nothing to compare with.
pub(crate) async fn base_scan(app: &App, base: &Version) -> Option<Scanned> {
    match version_scan(app, base).await {
        Ok(scanned) => Some(scanned),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(version = %base.id, error, "a version was compared with nothing");
            None
        }
    }
}

/// How many of the scanner's rules found nothing, and of how many. None for a report of another scanner, which had others.
pub fn rules_passed(report: &ScanReport) -> Option<(usize, usize)> {
    if report.scanner_version != SCANNER_VERSION {
        return None;
    }
    let failed: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let passed = rules::ALL.iter().filter(|rule| !failed.contains(rule.id)).count();
    Some((passed, rules::ALL.len()))
}

/// The version a new one is compared with: the newest approved one before it.
pub(crate) fn version_base<'v>(versions: &'v [Version], new: &Number) -> Option<&'v Version> {
    let approved = versions.iter().filter(|row| row.review_status == ReviewStatus::Approved);
    let numbered = approved.filter_map(|row| Some((semver::parse(&row.version).ok()?, row)));
    numbered.filter(|(number, _)| number < new).max_by(|a, b| a.0.cmp(&b.0)).map(|(_, row)| row)
}

/// What a version changes against `base`.
pub(crate) fn version_diff(base: &Version, before: &Scanned, after: &Scanned) -> VersionDiff {
    let digests = |files: &BTreeMap<String, (u64, String)>| {
        files.iter().map(|(path, (_, digest))| (path.clone(), digest.clone())).collect()
    };
    VersionDiff {
        since: base.version.clone(),
        capabilities: Change::between(&before.capabilities, &after.capabilities),
        files: FileChanges::between(&digests(&before.files), &digests(&after.files)),
        scan: ScanDiff::between(&before.report, &after.report),
    }
}

/// A new version against the one before it.
#[derive(Default)]
pub(crate) struct Comparison {
    pub changes: Option<VersionDiff>,
    /// Acceptances that hold for the new one too.
    pub carried: Vec<Acceptance>,
}

/// Compares a new version with the newest approved of `versions` before it.
pub(crate) async fn version_compare(
    app: &App,
    versions: &[Version],
    (id, number): (VersionId, &Number),
    scanned: &Scanned,
) -> Result<Comparison> {
    let Some(base) = version_base(versions, number) else { return Ok(Comparison::default()) };
    let Some(before) = base_scan(app, base).await else { return Ok(Comparison::default()) };
    Ok(Comparison {
        carried: acceptances_carried(app, base, (&before.report, &scanned.report), id).await?,
        changes: Some(version_diff(base, &before, scanned)),
    })
}

/// Acceptances of `base` that hold for a version with the report `after` too.
async fn acceptances_carried(
    app: &App,
    base: &Version,
    (before, after): (&ScanReport, &ScanReport),
    to: VersionId,
) -> Result<Vec<Acceptance>> {
    let mut carried = acceptances(app, base.id).await?;
    carried.retain(|given| {
        after
            .finding(&given.fingerprint)
            .is_some_and(|finding| finding.action == Action::Flag && after.knows_from(before, finding))
    });
    for given in &mut carried {
        given.carried_from = Some(given.carried_from.unwrap_or(given.version_id));
        given.version_id = to;
    }
    Ok(carried)
}

/// Whether nothing of a report waits for a reviewer: it is clean, or all it flags was accepted before and it reaches no further.
pub(crate) fn needs_no_reviewer(
    report: &ScanReport,
    diff: Option<&VersionDiff>,
    carried: &[Acceptance],
) -> bool {
    let is_accepted =
        |finding: &Finding| carried.iter().any(|given| given.fingerprint == finding.fingerprint);
    let is_whole = |facts: &Facts| !facts.are_cut() && report.finding_of("findings-truncated").is_none();
    match report.verdict {
        Verdict::Pass => true,
        Verdict::Reject => false,
        Verdict::Flag => {
            is_whole(&report.facts)
                && diff.is_some_and(|diff| !diff.scan.reaches_further())
                && report.findings.iter().filter(|finding| finding.action == Action::Flag).all(is_accepted)
        }
    }
}

/// The audit log's word of what was carried over by rule.
pub(crate) fn carried_entry(app: &App, to: VersionId, carried: &[Acceptance]) -> AuditEntry {
    let at = app.now();
    let each: Vec<String> = carried
        .iter()
        .map(|given| {
            let from = given.carried_from.map_or_else(String::new, |from| format!(" of {from}"));
            format!("{}{from}", given.fingerprint)
        })
        .collect();
    AuditEntry {
        id: EventId::generate(at),
        at,
        actor: "platform".into(),
        action: "finding.carry".into(),
        subject: to.to_string(),
        detail: format!("unchanged since they were accepted: {}", each.join(", ")),
    }
}

/// What reviewers accepted of a version.
pub(crate) async fn acceptances(app: &App, version: VersionId) -> Result<Vec<Acceptance>> {
    let listed = app
        .store()
        .read(move |tx| Box::pin(async move { finding::acceptance_list_unscoped(tx, version).await }));
    Ok(listed.await?)
}

/// Accepts a flagged finding of one version, for a reason.
pub async fn finding_accept(
    app: &App,
    admin: AdminId,
    id: VersionId,
    fingerprint: &str,
    reason: Option<&str>,
) -> Result<()> {
    let reason = reason_parse(reason)?;
    let (version, _) = version_load(app, id).await?;
    let report = version.scan_report.as_ref().ok_or(AppError::not_found("finding"))?;
    let found = report.finding(fingerprint).ok_or(AppError::not_found("finding"))?;
    if found.action != Action::Flag {
        let message =
            "names a finding that needs no acceptance, or that none can help: only flagged ones are accepted";
        return Err(AppError::field("fingerprint", message));
    }
    if version.review_status == ReviewStatus::Rejected {
        return Err(AppError::conflict("CONFLICT", "this version was rejected"));
    }
    let entry = audit(app, admin, "finding.accept", id.to_string(), Some(told(found, &reason)));
    let new = Acceptance {
        version_id: id,
        fingerprint: found.fingerprint.clone(),
        by: admin,
        at: app.now(),
        reason,
        carried_from: None,
    };
    let stored = app.store().tx(move |tx| {
        Box::pin(async move {
            let stored = finding::acceptance_insert_unscoped(tx, &new).await?;
            if stored {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(stored)
        })
    });
    if stored.await? {
        Ok(())
    } else {
        Err(AppError::conflict(
            "CONFLICT",
            "this finding is accepted already; withdraw that to give another reason",
        ))
    }
}

/// Takes an acceptance back. What was decided by it stays decided; the next version waits for a reviewer.
pub async fn finding_withdraw(
    app: &App,
    admin: AdminId,
    id: VersionId,
    fingerprint: &str,
    reason: Option<&str>,
) -> Result<()> {
    let reason = reason_parse(reason)?;
    let (version, _) = version_load(app, id).await?;
    let found = version.scan_report.as_ref().and_then(|report| report.finding(fingerprint));
    let detail = told(found.ok_or(AppError::not_found("finding"))?, &reason);
    let entry = audit(app, admin, "finding.withdraw", id.to_string(), Some(detail));
    let fingerprint = fingerprint.to_owned();
    let done = app.store().tx(move |tx| {
        Box::pin(async move {
            let done = finding::acceptance_delete_unscoped(tx, id, &fingerprint).await?;
            if done {
                audit::audit_insert(tx, &entry).await?;
            }
            Ok(done)
        })
    });
    if done.await? { Ok(()) } else { Err(AppError::not_found("acceptance")) }
}

fn told(finding: &Finding, reason: &str) -> String {
    format!("{} in {} line {} [{}]: {reason}", finding.rule, finding.file, finding.line, finding.fingerprint)
}

/// Scans stored versions with today's scanner and names those it judges otherwise. Nothing is changed by it.
pub async fn versions_rescan(app: &App, admin: AdminId, after: Option<VersionId>) -> Result<Rescan> {
    let listed = app.store().read(move |tx| {
        Box::pin(async move { version::version_list_after_unscoped(tx, after, RESCAN_MOST).await })
    });
    let versions = listed.await?;
    let begun = app.now();
    let mut rescan = Rescan {
        scanner_version: SCANNER_VERSION,
        scanned: 0,
        changed: Vec::new(),
        unreadable: Vec::new(),
        next: None,
    };
    for row in &versions {
        match version_scan(app, row).await {
            Ok(scanned) => rescan.changed.extend(verdict_change(row, &scanned.report)),
            Err(error) => {
                tracing::error!(version = %row.id, error = &error as &dyn std::error::Error, "not scanned anew");
                rescan.unreadable.push(row.id);
            }
        }
        rescan.scanned += 1;
        if app.now().millis_since(begun) >= RESCAN_TIME_MS {
            break;
        }
    }
    let (reached, page) = (rescan.scanned as usize, RESCAN_MOST as usize);
    rescan.next =
        versions[..reached].last().filter(|_| reached < versions.len() || reached == page).map(|row| row.id);
    let names: Vec<String> = rescan.changed.iter().map(|change| change.version_id.to_string()).collect();
    let detail = match names.is_empty() {
        true => format!("{} versions with scanner {SCANNER_VERSION}, no verdict changes", rescan.scanned),
        false => format!(
            "{} versions with scanner {SCANNER_VERSION}, other verdicts: {}",
            rescan.scanned,
            names.join(", ")
        ),
    };
    let entry = audit(app, admin, "versions.rescan", SCANNER_VERSION.to_owned(), Some(detail));
    app.store().tx(move |tx| Box::pin(async move { audit::audit_insert(tx, &entry).await })).await?;
    Ok(rescan)
}

fn verdict_change(row: &Version, now: &ScanReport) -> Option<VerdictChange> {
    let before = row.scan_report.as_ref().map_or(Verdict::Pass, |report| report.verdict);
    let strongest = |finding: &&Finding| match now.verdict {
        Verdict::Reject => finding.action == Action::Reject,
        Verdict::Flag => finding.action == Action::Flag,
        Verdict::Pass => false,
    };
    (before != now.verdict).then(|| VerdictChange {
        version_id: row.id,
        agent_id: row.agent_id,
        version: row.version.clone(),
        review_status: row.review_status,
        before,
        now: now.verdict,
        rules: now.findings.iter().filter(strongest).map(|finding| finding.rule.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use frameos_domain::scan::Severity;

    use super::*;

    fn flagged() -> ScanReport {
        let finding = Finding {
            rule: "hashing".into(),
            severity: Severity::Medium,
            action: Action::Flag,
            file: "a.js".into(),
            line: 1,
            ..Finding::default()
        };
        ScanReport::new(vec![finding], 1, SCANNER_VERSION)
    }

    fn accepted(report: &ScanReport) -> Vec<Acceptance> {
        let at = frameos_domain::clock::Timestamp::from_micros(0);
        let given = |finding: &Finding| Acceptance {
            version_id: VersionId::generate(at),
            fingerprint: finding.fingerprint.clone(),
            by: AdminId::generate(at),
            at,
            reason: "harmless".into(),
            carried_from: None,
        };
        report.findings.iter().map(given).collect()
    }

    #[test]
    fn a_flagged_report_needs_all_accepted_and_nothing_further() {
        let (report, same) = (flagged(), VersionDiff::default());
        let given = accepted(&report);
        assert!(needs_no_reviewer(&report, Some(&same), &given));
        assert!(!needs_no_reviewer(&report, Some(&same), &[]), "nothing is accepted");
        assert!(!needs_no_reviewer(&report, None, &given), "there is nothing to compare with");
        let mut further = same.clone();
        further.scan.hosts.added.insert("evil.example".into());
        assert!(!needs_no_reviewer(&report, Some(&further), &given));
        let mut crowded = report.clone();
        crowded.facts.hosts = (0..Facts::MOST).map(|n| format!("h{n}.example")).collect();
        assert!(!needs_no_reviewer(&crowded, Some(&same), &given), "more hosts may be there than are listed");
        let mut cut = report.findings;
        cut.push(Finding { rule: "findings-truncated".into(), ..Finding::default() });
        let cut = ScanReport::new(cut, 1, SCANNER_VERSION);
        assert!(!needs_no_reviewer(&cut, Some(&same), &accepted(&cut)), "more may be flagged than is listed");
    }

    #[test]
    fn a_clean_report_needs_no_reviewer_and_a_rejected_one_has_none() {
        let clean = ScanReport::new(Vec::new(), 1, SCANNER_VERSION);
        assert!(needs_no_reviewer(&clean, None, &[]));
        let mut rejected = flagged();
        rejected.verdict = Verdict::Reject;
        let given = accepted(&rejected);
        assert!(!needs_no_reviewer(&rejected, Some(&VersionDiff::default()), &given));
    }
}
