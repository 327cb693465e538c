//! What a version's scan says otherwise than that of the version before it.
//!
//! Invariants: a report differs in nothing from itself; findings are the same by fingerprint, so code that only moved is no
//! difference. It compares what scans said, not the code.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Finding, ScanReport};

/// The difference between two reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScanDiff {
    /// Findings that the earlier version did not have.
    pub new: Vec<Finding>,
    /// Findings that are gone.
    pub removed: Vec<Finding>,
    /// Fingerprints of those that both have.
    pub unchanged: Vec<String>,
    /// How much the risk score rose; negative when it fell.
    pub risk_change: i64,
    pub abilities: Change,
    pub hosts: Change,
    pub modules: Change,
    pub dependencies: Change,
}

/// The difference between two versions of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VersionDiff {
    /// The number of the version it is compared with: the newest approved one before it.
    pub since: String,
    /// What the manifests ask for.
    pub capabilities: Change,
    pub files: FileChanges,
    #[serde(flatten)]
    pub scan: ScanDiff,
}

/// Files of a bundle against those of another, by path and content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileChanges {
    pub added: BTreeSet<String>,
    pub removed: BTreeSet<String>,
    pub changed: BTreeSet<String>,
}

/// What came to a set, and what left it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    pub added: BTreeSet<String>,
    pub removed: BTreeSet<String>,
}

impl ScanDiff {
    /// What `new` says otherwise than `base`.
    pub fn between(base: &ScanReport, new: &ScanReport) -> Self {
        let known = by_fingerprint(base);
        let present = by_fingerprint(new);
        let absent_from = |others: &BTreeMap<&str, &Finding>, finding: &&Finding| {
            !others.contains_key(finding.fingerprint.as_str())
        };
        let same = new.findings.iter().filter(|finding| known.contains_key(finding.fingerprint.as_str()));
        Self {
            new: new.findings.iter().filter(|finding| absent_from(&known, finding)).cloned().collect(),
            removed: base.findings.iter().filter(|finding| absent_from(&present, finding)).cloned().collect(),
            unchanged: same.map(|finding| finding.fingerprint.clone()).collect(),
            risk_change: i64::from(new.risk.score) - i64::from(base.risk.score),
            abilities: Change::between(&base.facts.abilities, &new.facts.abilities),
            hosts: Change::between(&base.facts.hosts, &new.facts.hosts),
            modules: Change::between(&base.facts.modules, &new.facts.modules),
            dependencies: Change::between(&base.facts.dependencies, &new.facts.dependencies),
        }
    }

    /// Whether the reports say the same.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.removed.is_empty()
            && self.risk_change == 0
            && self.facts().all(Change::is_empty)
    }

    /// Whether the code reaches for something that it did not reach for before.
    pub fn reaches_further(&self) -> bool {
        self.facts().any(|change| !change.added.is_empty())
    }

    fn facts(&self) -> impl Iterator<Item = &Change> {
        [&self.abilities, &self.hosts, &self.modules, &self.dependencies].into_iter()
    }
}

impl Change {
    /// What `new` has otherwise than `base`.
    pub fn between(base: &BTreeSet<String>, new: &BTreeSet<String>) -> Self {
        Self {
            added: new.difference(base).cloned().collect(),
            removed: base.difference(new).cloned().collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl FileChanges {
    /// What `new` has otherwise than `base`; both are digests by path.
    pub fn between(base: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Self {
        let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect();
        let Change { added, removed } = Change::between(&paths(base), &paths(new));
        let is_changed =
            |(path, digest): &(&String, &String)| base.get(*path).is_some_and(|old| old != *digest);
        Self {
            added,
            removed,
            changed: new.iter().filter(is_changed).map(|(path, _)| path.clone()).collect(),
        }
    }
}

fn by_fingerprint(report: &ScanReport) -> BTreeMap<&str, &Finding> {
    report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect()
}
