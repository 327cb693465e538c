//! What holds of every report: of its score, its fingerprints and its difference from another.

use proptest::prelude::*;

use super::*;

fn finding() -> impl Strategy<Value = Finding> {
    let strength = prop_oneof![
        Just((Severity::Low, Action::Allow)),
        Just((Severity::Medium, Action::Flag)),
        Just((Severity::High, Action::Flag)),
        Just((Severity::High, Action::Reject)),
    ];
    let words = ("[a-c]{1}", "[ab]\\.js", "(eval|hash)\\( ?[xy]\\)");
    (strength, words, 0_u32..40, 0_u32..9).prop_map(
        |((severity, action), (rule, file, snippet), line, column)| {
            // A rule has one strength; its name tells which.
            let rule = format!("{rule}-{severity:?}-{action:?}");
            let message = format!("{snippet} is here, see line {line}");
            Finding { rule, severity, action, file, line, column, snippet, message, ..Finding::default() }
        },
    )
}

fn findings() -> impl Strategy<Value = Vec<Finding>> {
    prop::collection::vec(finding(), 0..40)
}

fn facts() -> impl Strategy<Value = Facts> {
    let names = |pattern| prop::collection::btree_set(pattern, 0..4);
    (
        names("(network|environment|process|hashing|dynamic_code)"),
        names("[ab]\\.org"),
        names("[abc]"),
        names("npm:[ab]"),
    )
        .prop_map(|(abilities, hosts, modules, dependencies)| Facts {
            abilities,
            hosts,
            modules,
            dependencies,
        })
}

fn report(findings: &[Finding], facts: &Facts) -> ScanReport {
    let tally = risk::tally(findings);
    ScanReport::counted(findings.to_vec(), &tally, facts.clone(), 1, "2.0")
}

proptest! {
    #[test]
    fn more_findings_and_facts_never_lower_the_score(
        some in findings(), more in findings(), facts in facts(), others in facts(),
    ) {
        let before = report(&some, &facts);
        let all: Vec<Finding> = some.iter().chain(&more).cloned().collect();
        let wider = Facts { abilities: &facts.abilities | &others.abilities, ..facts };
        let after = report(&all, &wider);
        prop_assert!(after.risk.score >= before.risk.score, "{:?}\n{:?}", before.risk, after.risk);
        prop_assert!(after.verdict >= before.verdict);
    }

    #[test]
    fn the_score_is_the_sum_of_its_parts_and_says_the_verdict(findings in findings(), facts in facts()) {
        let report = report(&findings, &facts);
        let risk = &report.risk;
        let sum: u32 = risk.parts.iter().map(|part| part.points).sum::<u32>()
            + risk.combinations.iter().map(|found| found.points).sum::<u32>();
        prop_assert_eq!(risk.score, sum.min(risk.limit));
        prop_assert_eq!(risk.parts.iter().map(|part| part.count as usize).sum::<usize>(), findings.len());
        let band = match risk.score {
            REJECT_FROM..=100 => Verdict::Reject,
            FLAG_FROM..REJECT_FROM => Verdict::Flag,
            score => { prop_assert!(score < FLAG_FROM); Verdict::Pass }
        };
        prop_assert_eq!(report.verdict, band);
    }

    #[test]
    fn the_order_of_discovery_does_not_matter(findings in findings(), facts in facts()) {
        let mut reversed = findings.clone();
        reversed.sort_by(|a, b| (&a.file, a.line, a.column, &a.rule).cmp(&(&b.file, b.line, b.column, &b.rule)));
        let expected = report(&reversed, &facts);
        prop_assert_eq!(report(&findings, &facts).risk, expected.risk);
    }

    #[test]
    fn fingerprints_are_unique_in_a_report(findings in findings()) {
        let report = ScanReport::new(findings, 1, "2.0");
        let unique: BTreeSet<&String> = report.findings.iter().map(|finding| &finding.fingerprint).collect();
        prop_assert_eq!(unique.len(), report.findings.len());
    }

    #[test]
    fn a_report_does_not_differ_from_itself(findings in findings(), facts in facts()) {
        let report = report(&findings, &facts);
        let diff = ScanDiff::between(&report, &report);
        prop_assert!(diff.is_empty() && !diff.reaches_further(), "{diff:?}");
        prop_assert_eq!(diff.unchanged.len(), findings.len());
    }

    #[test]
    fn lines_that_move_change_nothing(findings in findings(), facts in facts(), by in 1_u32..1000) {
        let moved: Vec<Finding> = findings.iter().cloned().map(|finding| {
            let line = finding.line + by;
            let message = finding.message.replace(&format!("line {}", finding.line), &format!("line {line}"));
            Finding { line, message, ..finding }
        }).collect();
        let diff = ScanDiff::between(&report(&findings, &facts), &report(&moved, &facts));
        prop_assert!(diff.is_empty(), "{diff:?}");
    }

    #[test]
    fn what_is_new_one_way_is_gone_the_other(a in findings(), b in findings(), fa in facts(), fb in facts()) {
        let (a, b) = (report(&a, &fa), report(&b, &fb));
        let (there, back) = (ScanDiff::between(&a, &b), ScanDiff::between(&b, &a));
        prop_assert_eq!(&there.new, &back.removed);
        prop_assert_eq!(&there.hosts.added, &back.hosts.removed);
        prop_assert_eq!(there.new.len() + there.unchanged.len(), b.findings.len());
        prop_assert_eq!(there.risk_change, -back.risk_change);
    }
}
