//! The report as a whole: its risk, facts, digests and limits, and that code cannot talk its way out of it.

use frameos_domain::canonical;
use frameos_domain::scan::{FLAG_FROM, REJECT_FROM, ScanDiff, Verdict};
use frameos_scanner::MAX_FINDINGS;

use crate::support::{rules, scan_files};

#[test]
fn comments_that_silence_linters_silence_nothing() {
    let silenced = [
        "// eslint-disable-next-line no-eval\neval(x)",
        "/* eslint-disable */ eval(x) /* eslint-enable */",
        "eval(x) // nosemgrep",
        "eval(x) // frameos-ignore dynamic-code",
        "// @ts-nocheck\n// @ts-ignore\neval(x) // biome-ignore lint: reason",
        "/* istanbul ignore next */ eval(x) // NOSONAR",
    ];
    for text in silenced {
        assert_eq!(rules("index.js", text), ["dynamic-code"], "{text}");
    }
    for text in [
        "eval(x)  # noqa: S307",
        "eval(x)  # nosec B307",
        "# pylint: disable=eval-used\neval(x)  # type: ignore",
        "# flake8: noqa\n# ruff: noqa\neval(x)  # frameos: ignore",
    ] {
        assert_eq!(rules("main.py", text), ["dynamic-code"], "{text}");
    }
    let config = r#"{"rules": {"dynamic-code": "off"}}"#;
    let files = [
        ("index.js", "eval(x)"),
        (".eslintrc.json", config),
        (".frameosignore", "*"),
        ("manifest.json", r#"{"scan": {"ignore": ["dynamic-code"]}, "runtime": {"language": "nodejs"}}"#),
    ];
    assert_eq!(scan_files(&files).verdict, Verdict::Reject);
}

#[test]
fn the_risk_has_a_part_for_each_rule() {
    let flagged = scan_files(&[("a.js", "const c = require('crypto'); c.createHash(x); c.createHash(y);")]);
    let [part] = flagged.risk.parts.as_slice() else { panic!("{:?}", flagged.risk) };
    assert_eq!((part.rule.as_str(), part.count), ("hashing", 2));
    assert!(flagged.verdict == Verdict::Flag && flagged.risk.score > FLAG_FROM, "{:?}", flagged.risk);
    let rejected = scan_files(&[("a.js", "fetch(u).then(t => eval(t))")]);
    assert!(rejected.verdict == Verdict::Reject && rejected.risk.score > REJECT_FROM, "{:?}", rejected.risk);
    assert_eq!(rejected.risk.combinations[0].name, "fetch-and-evaluate");
    assert_eq!(rejected.facts.abilities.iter().collect::<Vec<_>>(), ["dynamic_code", "network"]);
}

#[test]
fn a_cut_list_is_counted_whole() {
    let many = "eval(x);\n".repeat(MAX_FINDINGS * 3);
    let report = scan_files(&[("a.js", &many)]);
    assert_eq!(report.findings.len(), MAX_FINDINGS);
    assert_eq!(report.risk.parts[0].count as usize, MAX_FINDINGS * 3);
    assert!(report.findings.iter().any(|finding| finding.rule == "findings-truncated"));
}

#[test]
fn files_with_findings_have_digests() {
    let text = "eval(x)";
    let report = scan_files(&[("a.js", text), ("b.js", "1")]);
    let digests: Vec<_> = report.digests.iter().collect();
    assert_eq!(digests, [(&"a.js".to_owned(), &canonical::sha256_hex(text.as_bytes()))]);
}

#[test]
fn moved_code_keeps_its_findings_but_not_its_acceptance() {
    let before = scan_files(&[("a.js", "const h = require('crypto').createHash(x);")]);
    let after = scan_files(&[("a.js", "\n\n// moved\n  const h = require('crypto').createHash(x);")]);
    assert_eq!((before.findings[0].line, after.findings[0].line), (1, 4));
    assert!(ScanDiff::between(&before, &after).is_empty());
    assert!(after.knows_from(&after, &after.findings[0]));
    assert!(!after.knows_from(&before, &after.findings[0]), "the file is another");
}

#[test]
fn nothing_in_a_report_acts_on_a_terminal() {
    let report =
        scan_files(&[("a.js", "require('x\u{1b}]0;owned\u{7}\u{202e}' + y); eval('\u{200b}\u{1b}[2J')")]);
    let text: String = report.findings.iter().map(|f| format!("{}{}", f.message, f.snippet)).collect();
    assert!(!text.is_empty() && !text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']), "{text:?}");
}

#[test]
fn messages_have_an_end() {
    let report = scan_files(&[("a.js", &format!("require('{}/child_process' + x)", "a".repeat(100_000)))]);
    assert!(report.findings.iter().all(|finding| finding.message.chars().count() <= 401), "{report:?}");
}
