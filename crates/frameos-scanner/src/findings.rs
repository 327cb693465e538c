//! Collects findings while files are scanned and makes the report of them.
//!
//! Invariants: the report is the same for the same bundle, in path, line, column order, without repetitions and never
//! longer than [`MAX_FINDINGS`]; cutting drops the weakest findings first, so it never changes the verdict.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use frameos_domain::scan::{Facts, Finding, ScanReport, Step};

use crate::SCANNER_VERSION;
use crate::rules::{self, Rule};
use crate::source::Source;

/// The most findings a report holds.
pub const MAX_FINDINGS: usize = 500;

/// The most findings kept while scanning; a hostile bundle could make millions.
const MAX_COLLECTED: usize = 4 * MAX_FINDINGS;

/// The most findings of one rule that are looked at more closely than to count them.
const MAX_OF_RULE: usize = 5_000;

#[derive(Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
    seen: BTreeSet<(&'static str, String, u32, u32)>,
    /// How many findings of each rule were made; all of a rule weigh the same.
    claims: BTreeMap<&'static str, usize>,
    dropped: usize,
    facts: Facts,
}

/// The most entries kept of each kind of fact.
const MAX_FACTS: usize = 1_000;
/// Hostile names are cut before they enter a report.
const MAX_FACT_BYTES: usize = 214;

impl Findings {
    /// Reports `rule` at a byte offset of a text file; `what` says what was found, and the rule's fix is added.
    pub(crate) fn at(&mut self, rule: &'static Rule, source: &Source<'_>, offset: usize, what: &str) {
        let position = source.position(offset);
        if self.claim(rule, source.path, position.line, position.column) {
            let snippet = source.snippet(offset);
            self.push(rule, source.path, (position.line, position.column), (what, snippet));
        }
    }

    /// As [`Self::at`], with the way the data took to get there.
    #[expect(dead_code, reason = "the taint analyses are the first to call it")]
    pub(crate) fn at_end_of(
        &mut self,
        trace: Vec<Step>,
        rule: &'static Rule,
        (source, offset): (&Source<'_>, usize),
        what: &str,
    ) {
        let before = self.found.len();
        self.at(rule, source, offset, what);
        if let Some(finding) = self.found.get_mut(before) {
            finding.trace = trace;
        }
    }

    /// Notes something the bundle reaches for; `kind` picks the list, e.g. `|facts| &mut facts.hosts`.
    #[expect(dead_code, reason = "the languages' checks are the first to call it")]
    pub(crate) fn note(&mut self, kind: impl FnOnce(&mut Facts) -> &mut BTreeSet<String>, name: &str) {
        let list = kind(&mut self.facts);
        if list.len() < MAX_FACTS && name.len() <= MAX_FACT_BYTES && !list.contains(name) {
            list.insert(name.to_owned());
        }
    }

    /// Reports `rule` about a whole file.
    pub(crate) fn in_file(&mut self, rule: &'static Rule, path: &str, what: &str) {
        if self.claim(rule, path, 0, 0) {
            self.push(rule, path, (0, 0), (what, String::new()));
        }
    }

    /// Whether a rule has been reported anywhere so far.
    pub(crate) fn has(&self, rule: &'static Rule) -> bool {
        self.found.iter().any(|finding| finding.rule == rule.id)
    }

    pub(crate) fn into_report(mut self, files_scanned: u32) -> ScanReport {
        let total = self.found.len() + self.dropped;
        if total > MAX_FINDINGS {
            self.keep_strongest(MAX_FINDINGS - 1);
            self.found.push(finding(
                rules::TRUNCATED,
                "manifest.json",
                (0, 0),
                (&format!("{total} findings, {} shown", MAX_FINDINGS - 1), String::new()),
            ));
        }
        self.found
            .sort_by(|a, b| (&a.file, a.line, a.column, &a.rule).cmp(&(&b.file, b.line, b.column, &b.rule)));
        let mut report = ScanReport::new(self.found, files_scanned, SCANNER_VERSION);
        report.facts = self.facts;
        report
    }

    fn claim(&mut self, rule: &'static Rule, path: &str, line: u32, column: u32) -> bool {
        let claims = self.claims.entry(rule.id).or_default();
        if *claims >= MAX_OF_RULE {
            self.dropped += 1;
            return false;
        }
        let is_new = self.seen.insert((rule.id, path.to_owned(), line, column));
        *claims += usize::from(is_new);
        is_new
    }

    fn push(&mut self, rule: &'static Rule, path: &str, place: (u32, u32), words: (&str, String)) {
        self.found.push(finding(rule, path, place, words));
        if self.found.len() >= MAX_COLLECTED {
            self.dropped += self.found.len() - MAX_FINDINGS;
            self.keep_strongest(MAX_FINDINGS);
            self.seen.clear();
        }
    }

    fn keep_strongest(&mut self, count: usize) {
        self.found.sort_by_cached_key(|finding| {
            (
                Reverse((finding.action, finding.severity)),
                finding.file.clone(),
                finding.line,
                finding.column,
                finding.rule.clone(),
            )
        });
        self.found.truncate(count);
    }
}

fn finding(rule: &Rule, path: &str, place: (u32, u32), (what, snippet): (&str, String)) -> Finding {
    Finding {
        rule: rule.id.to_owned(),
        severity: rule.severity,
        action: rule.action,
        file: path.to_owned(),
        line: place.0,
        column: place.1,
        message: format!("{what}: {}; {}", rule.why, rule.fix),
        snippet,
        trace: Vec::new(),
    }
}
