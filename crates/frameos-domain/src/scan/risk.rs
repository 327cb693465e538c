//! The risk score of a report: a number from 0 to 100 with the parts it is the sum of.
//!
//! Invariants: the same findings and facts give the same score; more of either never lowers it; its band says the verdict:
//! from 70 on reject, from 30 on flag, below pass. The numbers are explained in `docs/scanner.md` and ADR 0024.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Action, Facts, Finding, Severity, Verdict};

/// The score from which on a report rejects.
pub const REJECT_FROM: u32 = 70;
/// The score from which on a report is flagged.
pub const FLAG_FROM: u32 = 30;

/// How much speaks against a bundle, and what it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Risk {
    /// The sum of the points below, and at most `limit`.
    pub score: u32,
    /// The highest score of a report with this verdict: what a person should decide never adds up to a rejection.
    pub limit: u32,
    /// One per rule that was found, the heaviest first.
    pub parts: Vec<RiskPart>,
    /// What is worse together than each by itself.
    pub combinations: Vec<RiskCombination>,
}

/// What one rule adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RiskPart {
    pub rule: String,
    /// How often it was found, also where the list of findings is cut.
    pub count: u32,
    pub points: u32,
}

/// What several things found together add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RiskCombination {
    pub name: String,
    pub points: u32,
    /// Why these are worse together.
    pub why: String,
}

/// How often each rule was found, by its id.
pub type Tally = BTreeMap<String, Count>;

/// How often a rule was found, and what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub action: Action,
    pub severity: Severity,
    pub count: u32,
}

/// Points of the first finding of a rule, of each further one, and of all of them at most.
const fn weight(action: Action, severity: Severity) -> (u32, u32, u32) {
    match (action, severity) {
        (Action::Reject, Severity::High) => (REJECT_FROM, 5, 90),
        (Action::Reject, Severity::Medium | Severity::Low) => (REJECT_FROM, 3, 80),
        (Action::Flag, Severity::High) => (45, 5, 60),
        (Action::Flag, Severity::Medium) => (FLAG_FROM, 4, 45),
        (Action::Flag, Severity::Low) => (FLAG_FROM, 2, 36),
        (Action::Allow, Severity::High) => (10, 2, 16),
        (Action::Allow, Severity::Medium) => (6, 1, 10),
        (Action::Allow, Severity::Low) => (3, 1, 6),
    }
}

/// Abilities and rules that are worse together: name, all of what must be there, points, why.
const COMBINATIONS: [(&str, &[&str], u32, &str); 7] = [
    (
        "environment-and-network",
        &["environment", "network"],
        8,
        "what is read from the environment can be sent away",
    ),
    ("files-and-network", &["file_system", "network"], 8, "what is read from files can be sent away"),
    ("fetch-and-evaluate", &["network", "dynamic_code"], 12, "what comes over the network can become code"),
    ("fetch-and-start", &["network", "process"], 12, "what comes over the network can be started"),
    (
        "payload-and-evaluate",
        &["encoded-payload", "dynamic_code"],
        12,
        "the encoded text may be the code that is run",
    ),
    ("address-and-hashing", &["crypto-address", "hashing"], 8, "hashing for an address is what miners do"),
    ("address-and-network", &["crypto-address", "network"], 6, "payments can be sent to the address"),
];

impl Risk {
    /// The score of what was found.
    pub fn of(tally: &Tally, facts: &Facts) -> Self {
        let mut parts: Vec<RiskPart> = tally.iter().filter(|(_, count)| count.count > 0).map(part).collect();
        parts.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.rule.cmp(&b.rule)));
        let signals: BTreeSet<&str> = tally.keys().chain(&facts.abilities).map(String::as_str).collect();
        let combinations: Vec<RiskCombination> = COMBINATIONS
            .iter()
            .filter(|(_, needs, _, _)| needs.iter().all(|need| signals.contains(need)))
            .map(|&(name, _, points, why)| RiskCombination { name: name.into(), points, why: why.into() })
            .collect();
        let limit = match verdict(tally) {
            Verdict::Reject => 100,
            Verdict::Flag => REJECT_FROM - 1,
            Verdict::Pass => FLAG_FROM - 1,
        };
        let points =
            parts.iter().map(|part| part.points).chain(combinations.iter().map(|found| found.points));
        Self { score: points.fold(0, u32::saturating_add).min(limit), limit, parts, combinations }
    }
}

/// The strongest action of what was found.
pub(super) fn verdict(tally: &Tally) -> Verdict {
    match tally.values().filter(|count| count.count > 0).map(|count| count.action).max() {
        Some(Action::Reject) => Verdict::Reject,
        Some(Action::Flag) => Verdict::Flag,
        Some(Action::Allow) | None => Verdict::Pass,
    }
}

/// The tally of a list of findings.
pub(super) fn tally(findings: &[Finding]) -> Tally {
    let mut tally = Tally::new();
    for finding in findings {
        let none = Count { action: finding.action, severity: finding.severity, count: 0 };
        let count = tally.entry(finding.rule.clone()).or_insert(none);
        count.count = count.count.saturating_add(1);
        count.action = count.action.max(finding.action);
        count.severity = count.severity.max(finding.severity);
    }
    tally
}

fn part((rule, count): (&String, &Count)) -> RiskPart {
    let (first, each, most) = weight(count.action, count.severity);
    let points = (count.count - 1).saturating_mul(each).saturating_add(first).min(most);
    RiskPart { rule: rule.clone(), count: count.count, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 3] = [Action::Allow, Action::Flag, Action::Reject];
    const SEVERITIES: [Severity; 3] = [Severity::Low, Severity::Medium, Severity::High];

    #[test]
    fn a_stronger_action_or_severity_never_weighs_less() {
        for actions in ACTIONS.windows(2) {
            for severity in SEVERITIES {
                assert!(weight(actions[0], Severity::High).2 < weight(actions[1], severity).2);
                assert!(weight(actions[0], severity).0 < weight(actions[1], severity).0);
            }
        }
        for action in ACTIONS {
            for pair in SEVERITIES.windows(2) {
                let (weak, strong) = (weight(action, pair[0]), weight(action, pair[1]));
                assert!(
                    weak.0 <= strong.0 && weak.1 <= strong.1 && weak.2 <= strong.2,
                    "{action:?} {pair:?}"
                );
            }
        }
    }

    #[test]
    fn combinations_count_what_is_there_together() {
        let facts = |names: &[&str]| Facts {
            abilities: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Facts::default()
        };
        let score = |names: &[&str]| Risk::of(&Tally::new(), &facts(names)).score;
        assert_eq!((score(&["environment"]), score(&["network"])), (0, 0));
        assert_eq!(score(&["environment", "network"]), 8);
        assert_eq!(
            score(&["environment", "network", "dynamic_code", "process", "file_system"]),
            FLAG_FROM - 1
        );
    }
}
