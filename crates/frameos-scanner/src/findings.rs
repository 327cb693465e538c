//! Collects findings while files are scanned and makes the report of them.
//!
//! Invariants: the report is the same for the same bundle, in path, line, column order, without repetitions and never
//! longer than [`MAX_FINDINGS`]; cutting drops the weakest findings first, and what is counted is all of them, so it
//! changes neither verdict nor risk.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use frameos_domain::canonical;
use frameos_domain::scan::{Count, Facts, Finding, ScanReport, Step, Tally};

use crate::SCANNER_VERSION;
use crate::bundle::Bundle;
use crate::rules::{self, Rule};
use crate::source::{Source, visible};

/// The most findings a report holds.
pub const MAX_FINDINGS: usize = 500;

/// The most findings kept while scanning; a hostile bundle could make millions.
const MAX_COLLECTED: usize = 4 * MAX_FINDINGS;

/// What was found, the line around it, and where on that line.
type Words<'w> = (&'w str, (String, u32));

const NO_SNIPPET: (String, u32) = (String::new(), 0);

#[derive(Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
    seen: BTreeSet<(&'static str, String, u32, u32)>,
    dropped: usize,
    tally: Tally,
    facts: Facts,
    /// What no snippet and no message may show.
    hidden: BTreeSet<String>,
}

/// Longer names are none, and do not enter a report.
const MAX_FACT_BYTES: usize = 214;
/// Messages quote code; hostile code makes long ones.
const MAX_MESSAGE_CHARS: usize = 400;
/// The most steps of a trace: its beginning and its end.
const MAX_STEPS: usize = 24;

impl Findings {
    /// Reports `rule` at a byte offset of a text file; `what` says what was found here, the rule the rest.
    pub(crate) fn at(&mut self, rule: &'static Rule, source: &Source<'_>, offset: usize, what: &str) {
        let position = source.position(offset);
        if self.claim(rule, source.path, position.line, position.column) {
            let snippet = source.snippet(offset);
            self.push(rule, source.path, (position.line, position.column), (what, snippet));
        }
    }

    /// As [`Self::at`], with the way the data took to get there.
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
            finding.trace = shortened(trace);
        }
    }

    /// Notes something the bundle reaches for; `kind` picks the list, e.g. `|facts| &mut facts.hosts`.
    pub(crate) fn note(&mut self, kind: impl FnOnce(&mut Facts) -> &mut BTreeSet<String>, name: &str) {
        let list = kind(&mut self.facts);
        if list.len() < Facts::MOST && name.len() <= MAX_FACT_BYTES && !list.contains(name) {
            list.insert(name.to_owned());
        }
    }

    /// Keeps a secret out of the report, whatever is reported about the line it is on.
    pub(crate) fn hide(&mut self, secret: &str) {
        if secret.len() >= HIDDEN_PART && self.hidden.len() < Facts::MOST {
            self.hidden.insert(secret.to_owned());
        }
    }

    /// Reports `rule` about a whole file.
    pub(crate) fn in_file(&mut self, rule: &'static Rule, path: &str, what: &str) {
        if self.claim(rule, path, 0, 0) {
            self.push(rule, path, (0, 0), (what, NO_SNIPPET));
        }
    }

    /// Whether a rule has been reported anywhere so far.
    pub(crate) fn has(&self, rule: &'static Rule) -> bool {
        self.found.iter().any(|finding| finding.rule == rule.id)
    }

    /// What has been noted so far.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn into_report(mut self, bundle: &Bundle) -> ScanReport {
        let total = self.found.len() + self.dropped;
        if total > MAX_FINDINGS {
            self.keep_strongest(MAX_FINDINGS - 1);
            let what = format!("{total} findings, {} shown", MAX_FINDINGS - 1);
            self.push(rules::TRUNCATED, "manifest.json", (0, 0), (&what, NO_SNIPPET));
        }
        for finding in &mut self.found {
            for secret in &self.hidden {
                mask(&mut finding.snippet, secret);
                mask(&mut finding.message, secret);
                for step in &mut finding.trace {
                    mask(&mut step.message, secret);
                }
            }
        }
        for ability in self.tally.keys().filter_map(|rule| ability(rule)) {
            self.facts.abilities.insert(ability.to_owned());
        }
        let files = u32::try_from(bundle.len()).unwrap_or(u32::MAX);
        let mut report = ScanReport::counted(self.found, &self.tally, self.facts, files, SCANNER_VERSION);
        let steps = report.findings.iter().flat_map(|finding| &finding.trace).map(|step| &step.file);
        let paths: BTreeSet<&String> =
            report.findings.iter().map(|finding| &finding.file).chain(steps).collect();
        let digest = |path: &String| Some((path.clone(), canonical::sha256_hex(bundle.get(path)?)));
        report.digests = paths.into_iter().filter_map(digest).collect();
        report
    }

    fn claim(&mut self, rule: &'static Rule, path: &str, line: u32, column: u32) -> bool {
        self.seen.insert((rule.id, path.to_owned(), line, column))
    }

    fn push(&mut self, rule: &'static Rule, path: &str, place: (u32, u32), words: Words<'_>) {
        let none = Count { action: rule.action, severity: rule.severity, count: 0 };
        let count = self.tally.entry(rule.id.to_owned()).or_insert(none);
        count.count = count.count.saturating_add(1);
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

/// How much of a secret is enough to know it again, where a snippet is cut.
const HIDDEN_PART: usize = 6;

/// Replaces all but the first four characters of a secret, also where the text ends within it.
fn mask(text: &mut String, secret: &str) {
    let Some(part) = secret.get(..HIDDEN_PART) else { return };
    while let Some(start) = text.find(part) {
        let same = text[start..].chars().zip(secret.chars()).take_while(|(a, b)| a == b);
        let length = same.map(|(c, _)| c.len_utf8()).sum::<usize>();
        let shown = text[start..].chars().take(4).map(char::len_utf8).sum::<usize>();
        text.replace_range(start + shown..start + length, "…");
    }
}

/// The ability that code shows by being found for a rule.
fn ability(rule: &str) -> Option<&'static str> {
    let rule = rules::find(rule)?;
    let abilities = [
        (rules::NETWORK, "network"),
        (rules::FILE_SYSTEM, "file_system"),
        (rules::PROCESS_SPAWN, "process"),
        (rules::NATIVE_LOADING, "native_code"),
        (rules::NATIVE_CODE, "native_code"),
        (rules::DYNAMIC_CODE, "dynamic_code"),
        (rules::HASHING, "hashing"),
    ];
    abilities.into_iter().find(|(known, _)| known.id == rule.id).map(|(_, ability)| ability)
}

/// A trace with its middle left out when it is long, and its messages as short as those of findings.
fn shortened(mut trace: Vec<Step>) -> Vec<Step> {
    if trace.len() > MAX_STEPS {
        trace.drain(MAX_STEPS / 2..trace.len() - MAX_STEPS / 2);
    }
    for step in &mut trace {
        step.message = worded(&step.message);
    }
    trace
}

/// A message as it enters a report: nothing in it acts on a terminal, and it has an end.
fn worded(what: &str) -> String {
    match what.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", visible(&what[..end])),
        None => visible(what),
    }
}

fn finding(rule: &Rule, path: &str, place: (u32, u32), (what, (snippet, caret)): Words<'_>) -> Finding {
    Finding {
        file: path.to_owned(),
        line: place.0,
        column: place.1,
        snippet,
        caret,
        ..rule.finding(&worded(what))
    }
}
