//! The result of a static scan of an agent bundle, as stored, shown to reviewers and printed by the CLI.
//!
//! The vocabulary lives here because the scanner produces it and the HTTP contract carries it. It holds no rules.

mod diff;
mod fingerprint;
#[cfg(test)]
mod properties;
mod risk;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use diff::{Change, FileChanges, ScanDiff, VersionDiff};
pub use risk::{Count, FLAG_FROM, REJECT_FROM, Risk, RiskCombination, RiskPart, Tally};

/// How bad a finding is, in the words of the specification's detection table.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    #[default]
    Low,
    Medium,
    High,
}

/// What a finding asks of the platform.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    #[default]
    Allow,
    Flag,
    Reject,
}

/// The outcome of a scan: the strongest action among its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    Flag,
    Reject,
}

/// One place in a bundle that a rule has something to say about.
///
/// What has a default was not in the reports of scanner 1.0, whose messages said why and how to fix too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// The same in every version in which this is the same finding, wherever its line went.
    #[serde(default)]
    #[schema(required)]
    pub fingerprint: String,
    /// Stable kebab-case rule id, e.g. `dynamic-code`.
    pub rule: String,
    pub severity: Severity,
    pub action: Action,
    /// Path inside the bundle.
    pub file: String,
    /// 1-based line; 0 when the finding is about the whole file.
    pub line: u32,
    /// 1-based column in characters; 0 when the finding is about the whole file.
    pub column: u32,
    /// The rule in a few words.
    #[serde(default)]
    #[schema(required)]
    pub title: String,
    /// What was found here.
    pub message: String,
    /// Why it matters to who runs the agent.
    #[serde(default)]
    #[schema(required)]
    pub why: String,
    /// What its author can do instead.
    #[serde(default)]
    #[schema(required)]
    pub fix: String,
    /// The rule's page, by its path in the project: `docs/rules/dynamic-code.md`.
    #[serde(default)]
    #[schema(required)]
    pub docs: String,
    /// The offending line, trimmed, at most 200 characters.
    #[serde(default)]
    #[schema(required)]
    pub snippet: String,
    /// The finding's 1-based place in the snippet, in characters; 0 when there is none.
    #[serde(default)]
    #[schema(required)]
    pub caret: u32,
    /// How data came to the place of the finding, source first; empty where nothing was followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
}

/// One place that data passed on its way to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Step {
    /// Path inside the bundle.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
    /// What happens to the data here, e.g. `process.env is read`.
    pub message: String,
}

/// What a bundle reaches for, whether or not a rule objects; what two versions are compared by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Facts {
    /// Abilities the code uses: `network`, `file_system`, `process`, `environment`, `native_code`, `dynamic_code`, `hashing`.
    #[serde(default)]
    #[schema(required)]
    pub abilities: BTreeSet<String>,
    /// Hosts named in the code, lower case, without port.
    #[serde(default)]
    #[schema(required)]
    pub hosts: BTreeSet<String>,
    /// Modules loaded from outside the bundle, by plain name, e.g. `node:crypto` as `crypto`, Python ones by top level.
    #[serde(default)]
    #[schema(required)]
    pub modules: BTreeSet<String>,
    /// Packages in the bundle or declared, as `npm:name@version` or `pypi:name@version`; without `@…` where none is known.
    #[serde(default)]
    #[schema(required)]
    pub dependencies: BTreeSet<String>,
}

impl Facts {
    /// The most entries of each kind that a scan keeps.
    pub const MOST: usize = 1_000;

    /// Whether a scan may have found more than it kept.
    pub fn are_cut(&self) -> bool {
        [&self.abilities, &self.hosts, &self.modules, &self.dependencies]
            .iter()
            .any(|kind| kind.len() >= Self::MOST)
    }
}

/// Everything one scan found. Findings are in path, line, column order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScanReport {
    pub verdict: Verdict,
    #[serde(default)]
    #[schema(required)]
    pub risk: Risk,
    pub findings: Vec<Finding>,
    pub files_scanned: u32,
    pub scanner_version: String,
    #[serde(default)]
    #[schema(required)]
    pub facts: Facts,
    /// SHA-256 in hex of each file that a finding or its trace is in: an accepted finding is known again only in the same file.
    #[serde(default)]
    #[schema(required)]
    pub digests: BTreeMap<String, String>,
}

impl ScanReport {
    /// Builds a report whose verdict and risk follow from its findings.
    pub fn new(findings: Vec<Finding>, files_scanned: u32, scanner_version: &str) -> Self {
        let tally = risk::tally(&findings);
        Self::counted(findings, &tally, Facts::default(), files_scanned, scanner_version)
    }

    /// Builds a report that may show fewer findings than were counted.
    pub fn counted(
        mut findings: Vec<Finding>,
        tally: &Tally,
        facts: Facts,
        files_scanned: u32,
        scanner_version: &str,
    ) -> Self {
        findings.sort_by(|a, b| place(a).cmp(&place(b)));
        fingerprint::assign(&mut findings);
        Self {
            verdict: risk::verdict(tally),
            risk: Risk::of(tally, &facts),
            findings,
            files_scanned,
            scanner_version: scanner_version.to_owned(),
            facts,
            digests: BTreeMap::new(),
        }
    }

    /// Adds what reports of scanner 1.0 did not have.
    #[must_use]
    pub fn completed(mut self) -> Self {
        if self.findings.iter().any(|finding| finding.fingerprint.is_empty()) {
            fingerprint::assign(&mut self.findings);
            self.risk = Risk::of(&risk::tally(&self.findings), &self.facts);
        }
        self
    }

    /// Whether the bundle may go on to review: everything but a rejection.
    pub fn passed(&self) -> bool {
        self.verdict != Verdict::Reject
    }

    /// The finding with this fingerprint.
    pub fn finding(&self, fingerprint: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.fingerprint == fingerprint)
    }

    /// The first finding of a rule.
    pub fn finding_of(&self, rule: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == rule)
    }

    /// Whether `finding` of this report is in `earlier` too, and all files it is about are the same to the byte.
    ///
    /// An acceptance needs more than a fingerprint: a line may stay while what it works on becomes something else.
    pub fn knows_from(&self, earlier: &Self, finding: &Finding) -> bool {
        let mut files = std::iter::once(&finding.file).chain(finding.trace.iter().map(|step| &step.file));
        earlier.finding(&finding.fingerprint).is_some()
            && files.all(|file| {
                let digest = self.digests.get(file);
                digest.is_some() && digest == earlier.digests.get(file)
            })
    }
}

fn place(finding: &Finding) -> (&str, u32, u32, &str) {
    (&finding.file, finding.line, finding.column, &finding.rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_strongest_action() {
        let finding =
            |action| Finding { rule: "r".into(), action, file: "a.js".into(), ..Finding::default() };
        let verdict = |actions: &[Action]| {
            ScanReport::new(actions.iter().copied().map(finding).collect(), 1, "1").verdict
        };
        assert_eq!(verdict(&[]), Verdict::Pass);
        assert_eq!(verdict(&[Action::Allow]), Verdict::Pass);
        assert_eq!(verdict(&[Action::Flag, Action::Allow]), Verdict::Flag);
        assert_eq!(verdict(&[Action::Flag, Action::Reject]), Verdict::Reject);
    }

    #[test]
    fn a_report_of_the_first_scanner_is_read_and_completed() {
        let stored = r#"{"verdict": "flag", "files_scanned": 1, "scanner_version": "1.0", "findings": [{"rule": "hashing",
            "severity": "MEDIUM", "action": "flag", "file": "a.js", "line": 1, "column": 1, "message": "m"}]}"#;
        let report: ScanReport = serde_json::from_str(stored).unwrap();
        assert_eq!((report.risk.score, report.findings[0].fingerprint.as_str()), (0, ""));
        let report = report.completed();
        assert_eq!((report.risk.score, report.findings[0].fingerprint.len()), (FLAG_FROM, 32));
        assert_eq!(report.clone().completed(), report);
    }
}
