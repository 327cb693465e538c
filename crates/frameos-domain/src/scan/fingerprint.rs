//! What makes a finding the same finding in another version of the code.
//!
//! Invariants: a fingerprint is of the rule, the file, what the line says, what was found and the way of the data; never of
//! line or column, so code that moves keeps its findings. Findings that are alike in all of it are told apart by their order.

use std::collections::BTreeMap;

use super::Finding;
use crate::canonical;

/// Half of a SHA-256 is enough to tell findings apart, and short enough to be typed into a path.
const LENGTH: usize = 32;

/// Gives each finding its fingerprint. They must be in order of place.
pub(super) fn assign(findings: &mut [Finding]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for finding in findings {
        let what = identity(finding);
        let ordinal = seen.entry(what.clone()).or_default();
        let mut digest = canonical::sha256_hex(format!("{what}\u{0}{ordinal}").as_bytes());
        digest.truncate(LENGTH);
        finding.fingerprint = digest;
        *ordinal += 1;
    }
}

fn identity(finding: &Finding) -> String {
    let mut parts = vec![
        finding.rule.clone(),
        finding.file.clone(),
        spaced(&finding.snippet),
        numberless(&finding.message),
    ];
    for step in &finding.trace {
        parts.push(step.file.clone());
        parts.push(numberless(&step.message));
    }
    // No part holds this character: a path cannot, and snippets show it as another.
    parts.join("\u{0}")
}

/// The text with each run of white space as one blank.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text without its numbers: messages name lines and sizes, which change while the finding stays.
fn numberless(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in spaced(text).chars() {
        match c {
            '0'..='9' if result.ends_with('#') => {}
            '0'..='9' => result.push('#'),
            '\u{0}' => result.push('\u{fffd}'),
            c => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Step;

    fn fingerprint(finding: Finding) -> String {
        let mut findings = [finding];
        assign(&mut findings);
        let [finding] = findings;
        finding.fingerprint
    }

    #[test]
    fn place_and_layout_do_not_count_but_what_was_found_does() {
        let finding = || Finding {
            rule: "hashing".into(),
            file: "a.js".into(),
            line: 3,
            column: 7,
            snippet: "x = createHash(name)".into(),
            message: "`createHash` of line 3".into(),
            ..Finding::default()
        };
        let same = fingerprint(finding());
        assert_eq!(same.len(), LENGTH);
        assert_eq!(fingerprint(Finding { line: 30, column: 1, caret: 9, ..finding() }), same);
        assert_eq!(fingerprint(Finding { snippet: "x  =  createHash(name)".into(), ..finding() }), same);
        assert_eq!(fingerprint(Finding { message: "`createHash` of line 30".into(), ..finding() }), same);
        let step = Step { file: "b.js".into(), line: 1, column: 1, message: "process.env is read".into() };
        let others = [
            Finding { rule: "wasm".into(), ..finding() },
            Finding { file: "b.js".into(), ..finding() },
            Finding { snippet: "x = createHash(other)".into(), ..finding() },
            Finding { message: "`createHmac` of line 3".into(), ..finding() },
            Finding { trace: vec![step], ..finding() },
        ];
        for other in others {
            assert_ne!(fingerprint(other), same);
        }
    }
}
