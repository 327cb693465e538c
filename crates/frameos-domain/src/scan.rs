//! The result of a static scan of an agent bundle, as stored, shown to reviewers and printed by the CLI.
//!
//! The vocabulary lives here because the scanner produces it and the HTTP contract carries it. It holds no rules.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How bad a finding is, in the words of the specification's detection table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    Low,
    Medium,
    High,
}

/// What a finding asks of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Allow,
    Flag,
    Reject,
}

/// The outcome of a scan: the strongest action among its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    Flag,
    Reject,
}

/// One place in a bundle that a rule has something to say about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
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
    /// What was found and how to fix it.
    pub message: String,
    /// The offending line, trimmed, at most 200 characters.
    #[serde(default)]
    pub snippet: String,
    /// How data came to the place of the finding, source first; empty where nothing was followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
}

/// One place that data passed on its way to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Abilities the code uses: `network`, `file_system`, `process`, `environment`, `native_code`, `dynamic_code`, `hashing`.
    #[serde(default)]
    pub abilities: BTreeSet<String>,
    /// Hosts named in the code, lower case, without port.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
    /// Modules loaded from outside the bundle, by plain name, e.g. `node:crypto` as `crypto`, Python ones by top level.
    #[serde(default)]
    pub modules: BTreeSet<String>,
    /// Packages in the bundle or declared, as `npm:name@version` or `pypi:name@version`; without `@…` where none is known.
    #[serde(default)]
    pub dependencies: BTreeSet<String>,
}

/// Everything one scan found. Findings are in path, line, column order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
    pub files_scanned: u32,
    pub scanner_version: String,
    #[serde(default)]
    pub facts: Facts,
}

impl ScanReport {
    /// Builds a report whose verdict follows from its findings.
    pub fn new(findings: Vec<Finding>, files_scanned: u32, scanner_version: &str) -> Self {
        let verdict = match findings.iter().map(|finding| finding.action).max() {
            Some(Action::Reject) => Verdict::Reject,
            Some(Action::Flag) => Verdict::Flag,
            Some(Action::Allow) | None => Verdict::Pass,
        };
        Self {
            verdict,
            findings,
            files_scanned,
            scanner_version: scanner_version.to_owned(),
            facts: Facts::default(),
        }
    }

    /// Whether the bundle may go on to review: everything but a rejection.
    pub fn passed(&self) -> bool {
        self.verdict != Verdict::Reject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_strongest_action() {
        let finding = |action| Finding {
            rule: "r".into(),
            severity: Severity::Low,
            action,
            file: "a.js".into(),
            line: 1,
            column: 1,
            message: String::new(),
            snippet: String::new(),
            trace: Vec::new(),
        };
        let verdict = |actions: &[Action]| {
            ScanReport::new(actions.iter().copied().map(finding).collect(), 1, "1").verdict
        };
        assert_eq!(verdict(&[]), Verdict::Pass);
        assert_eq!(verdict(&[Action::Allow]), Verdict::Pass);
        assert_eq!(verdict(&[Action::Flag, Action::Allow]), Verdict::Flag);
        assert_eq!(verdict(&[Action::Flag, Action::Reject]), Verdict::Reject);
    }
}
