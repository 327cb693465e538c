//! What a version changes against the one before it, as its reviewer and its author read it.
//!
//! Nothing of it reaches the text but through [`shown`].

use std::collections::BTreeSet;

use frameos_domain::scan::{Change, Finding, VersionDiff};

use super::text::{place, shown, word};

/// The most names of one kind, and findings, that are listed.
const MOST: usize = 20;

/// One line per kind of change; a single one when nothing changed.
pub fn render(changes: &VersionDiff) -> Vec<String> {
    let mut lines = Vec::new();
    let scan = &changes.scan;
    let kinds: [(&str, &Change); 5] = [
        ("capabilities", &changes.capabilities),
        ("abilities", &scan.abilities),
        ("hosts", &scan.hosts),
        ("modules", &scan.modules),
        ("dependencies", &scan.dependencies),
    ];
    for (name, change) in kinds {
        lines.extend(names(&format!("+ {name}"), &change.added));
        lines.extend(names(&format!("- {name}"), &change.removed));
    }
    lines.extend(findings("+ finding", &scan.new));
    lines.extend(findings("- finding", &scan.removed));
    lines.extend(names("+ files", &changes.files.added));
    lines.extend(names("~ files", &changes.files.changed));
    lines.extend(names("- files", &changes.files.removed));
    let unchanged = scan.unchanged.len();
    let heading = format!(
        "since {}: {}",
        shown(&changes.since),
        match (lines.is_empty(), unchanged) {
            (true, _) => "nothing changed".to_owned(),
            (false, 0) => format!("risk {:+}", scan.risk_change),
            (false, count) => format!("risk {:+}, {count} findings unchanged", scan.risk_change),
        }
    );
    lines.insert(0, heading);
    lines
}

fn names(kind: &str, names: &BTreeSet<String>) -> Option<String> {
    let listed: Vec<String> = names.iter().take(MOST).map(|name| shown(name)).collect();
    let rest = names.len() - listed.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    (!listed.is_empty()).then(|| format!("  {kind}: {}{more}", listed.join(", ")))
}

fn findings(kind: &str, findings: &[Finding]) -> Vec<String> {
    let mut strongest: Vec<&Finding> = findings.iter().collect();
    strongest.sort_by_key(|finding| std::cmp::Reverse((finding.action, finding.severity)));
    let line = |finding: &&Finding| {
        let place = place(&finding.file, finding.line, finding.column);
        let (action, message) = (word(finding.action), shown(&finding.message));
        format!("  {kind}: {place}: {action}: {message} [{}]", shown(&finding.rule))
    };
    let mut lines: Vec<String> = strongest.iter().take(MOST).map(line).collect();
    if strongest.len() > MOST {
        lines.push(format!("  {kind}: and {} more", strongest.len() - MOST));
    }
    lines
}

#[cfg(test)]
mod tests {
    use frameos_domain::scan::{Action, ScanDiff};

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn changes_are_listed_by_kind_and_the_worst_finding_first() {
        let finding = |rule: &str, action| Finding {
            rule: rule.into(),
            action,
            file: "a.js".into(),
            line: 1,
            column: 2,
            message: "m\u{1b}".into(),
            ..Finding::default()
        };
        let scan = ScanDiff {
            new: vec![finding("network-library", Action::Allow), finding("hashing", Action::Flag)],
            unchanged: vec!["ff".into()],
            risk_change: 33,
            hosts: Change { added: set(&["evil.example"]), removed: set(&[]) },
            ..ScanDiff::default()
        };
        let changes = VersionDiff { since: "1.0.0".into(), scan, ..VersionDiff::default() };
        assert_eq!(
            render(&changes),
            [
                "since 1.0.0: risk +33, 1 findings unchanged",
                "  + hosts: evil.example",
                "  + finding: a.js:1:2: flag: m\\u{1b} [hashing]",
                "  + finding: a.js:1:2: note: m\\u{1b} [network-library]",
            ]
        );
        let nothing = VersionDiff { since: "1.0.0".into(), ..VersionDiff::default() };
        assert_eq!(render(&nothing), ["since 1.0.0: nothing changed"]);
    }

    #[test]
    fn long_lists_have_an_end() {
        let hosts: Vec<String> = (0..500).map(|n| format!("h{n}.example")).collect();
        let added = hosts.into_iter().collect();
        let scan = ScanDiff { hosts: Change { added, removed: set(&[]) }, ..ScanDiff::default() };
        let lines = render(&VersionDiff { scan, ..VersionDiff::default() });
        assert!(lines[1].ends_with(" and 480 more"), "{lines:?}");
    }
}
