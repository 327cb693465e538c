//! How tests state what a source should be found to do.

use frameos_domain::scan::{ScanReport, Verdict};
use frameos_scanner::bundle::Bundle;
use frameos_scanner::scan;

/// Scans loose files.
pub(crate) fn scan_files(files: &[(&str, &str)]) -> ScanReport {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    scan(&Bundle::from_files(files).expect("paths are valid"))
}

/// The rules found in one file, in order of place, without what is allowed.
pub(crate) fn rules(path: &str, text: &str) -> Vec<String> {
    let report = scan_files(&[(path, text)]);
    let found = report.findings.iter().filter(|finding| finding.file == path);
    found.map(|finding| finding.rule.clone()).collect()
}

/// Each of these sources is a finding of `rule`, and of no other.
pub(crate) fn each_is(rule: &str, path: &str, sources: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources {
        let found = rules(path, source);
        if found.is_empty() || found.iter().any(|found| found != rule) {
            wrong.push(format!("{source}\n  is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "not {rule}:\n{}", wrong.join("\n"));
}

/// None of these sources has any finding.
pub(crate) fn each_is_clean(path: &str, sources: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources {
        let report = scan_files(&[(path, source)]);
        if !report.findings.is_empty() || report.verdict != Verdict::Pass {
            wrong.push(format!("{source}\n  has {:?}", report.findings));
        }
    }
    assert!(wrong.is_empty(), "not clean:\n{}", wrong.join("\n"));
}

/// Each of these sources has a finding of `rule`, whatever else it has.
pub(crate) fn each_has(rule: &str, path: &str, sources: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources {
        let found = rules(path, source);
        if !found.iter().any(|found| found == rule) {
            wrong.push(format!("{source}\n  is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "without {rule}:\n{}", wrong.join("\n"));
}

/// None of these sources is rejected.
pub(crate) fn none_is_rejected(path: &str, sources: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources {
        let report = scan_files(&[(path, source)]);
        if report.verdict == Verdict::Reject {
            wrong.push(format!("{source}\n  has {:?}", report.findings));
        }
    }
    assert!(wrong.is_empty(), "rejected:\n{}", wrong.join("\n"));
}
