//! Evidence in text that needs no syntax: credentials, miners, reverse shells, hosts, places where stolen data goes.
//!
//! One pass of an automaton over the text finds every literal that evidence begins with; what stands around a hit decides.
//! Invariant: the work per hit is bounded by a constant, and so is the number of findings per file and family.

mod credential;
mod host;
mod needles;
mod shell;
mod token;

use std::cell::Cell;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::findings::Findings;
use crate::role::Role;
use crate::source::Source;
pub(crate) use shell::pipes_to_shell;

use needles::{Family, NEEDLES};

/// Compiled once: the table is a constant, and compiling it takes longer than scanning a small bundle.
static NEEDLE_AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = NEEDLES.iter().flat_map(|(_, words)| words.iter());
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()
});

/// Which family each needle of the automaton is of.
static FAMILIES: LazyLock<Vec<Family>> =
    LazyLock::new(|| NEEDLES.iter().flat_map(|(family, words)| words.iter().map(|_| *family)).collect());

/// The most findings of one family in one file.
const MAX_PER_FAMILY: usize = 40;

/// A text under examination.
pub(super) struct Text<'t, 's> {
    pub(super) text: &'t str,
    pub(super) role: Role,
    pub(super) source: &'t Source<'s>,
    /// Where the text is, when a program makes it instead of holding it as it is.
    made_at: Option<usize>,
    /// Up to where a shell line has been reported already.
    pub(super) told_until: Cell<usize>,
}

/// One place where a needle was found.
#[derive(Clone, Copy)]
pub(super) struct Hit {
    pub(super) family: Family,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reports all evidence in a file's text.
pub(crate) fn in_text(source: &Source<'_>, role: Role, findings: &mut Findings) {
    examine(&Text { text: source.text, role, source, made_at: None, told_until: Cell::new(0) }, findings);
}

/// Reports all evidence in a string that a program puts together at `offset`.
pub(crate) fn in_string(source: &Source<'_>, offset: usize, text: &str, findings: &mut Findings) {
    examine(
        &Text { text, role: Role::Program, source, made_at: Some(offset), told_until: Cell::new(0) },
        findings,
    );
}

/// Whether a line of a program looks like a comment at an offset.
pub(crate) fn in_comment(source: &Source<'_>, offset: usize) -> bool {
    let text =
        Text { text: source.text, role: Role::Program, source, made_at: None, told_until: Cell::new(0) };
    text.in_comment(offset)
}

fn examine(text: &Text<'_, '_>, findings: &mut Findings) {
    let Some(automaton) = NEEDLE_AUTOMATON.as_ref() else { return };
    let mut counts = [0_usize; Family::COUNT];
    for found in automaton.find_overlapping_iter(text.text) {
        let Some(&family) = FAMILIES.get(found.pattern().as_usize()) else { continue };
        let count = &mut counts[family as usize];
        if *count < MAX_PER_FAMILY {
            let hit = Hit { family, start: found.start(), end: found.end() };
            *count += usize::from(judge(text, hit, findings));
        }
    }
    host::quoted_addresses(text, findings);
}

/// Whether the hit led to a finding.
fn judge(text: &Text<'_, '_>, hit: Hit, findings: &mut Findings) -> bool {
    match hit.family {
        Family::Token | Family::Before | Family::Key => token::judge(text, hit, findings),
        Family::Secret => credential::judge(text, hit, findings),
        Family::Url => host::url(text, hit, findings),
        Family::Drop | Family::Metadata | Family::Onion => host::service(text, hit, findings),
        _ => shell::judge(text, hit, findings),
    }
}

impl Text<'_, '_> {
    /// The offset in the file that an offset in the text is reported at.
    pub(super) fn place(&self, offset: usize) -> usize {
        self.made_at.unwrap_or(offset)
    }

    /// Up to `count` bytes before an offset, cut at character boundaries.
    pub(super) fn before(&self, offset: usize, count: usize) -> &str {
        let mut from = offset.saturating_sub(count);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        self.text.get(from..offset).unwrap_or_default()
    }

    /// Up to `count` bytes from an offset, cut at character boundaries.
    pub(super) fn after(&self, offset: usize, count: usize) -> &str {
        let mut to = offset.saturating_add(count).min(self.text.len());
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        self.text.get(offset..to).unwrap_or_default()
    }

    /// The run of bytes from `offset` on that `is_part` accepts, at most `most` of them.
    pub(super) fn run(&self, offset: usize, most: usize, is_part: impl Fn(u8) -> bool) -> &str {
        let bytes = self.text.as_bytes().get(offset..).unwrap_or_default();
        let length = bytes.iter().take(most).take_while(|&&byte| byte.is_ascii() && is_part(byte)).count();
        self.text.get(offset..offset + length).unwrap_or_default()
    }

    /// Whether the byte before an offset is no part of a word.
    pub(super) fn starts_word(&self, offset: usize) -> bool {
        let before = offset.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    }

    /// Whether the byte at an offset is no part of a word.
    pub(super) fn ends_word(&self, offset: usize) -> bool {
        let at = self.text.as_bytes().get(offset);
        !at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    }

    /// Whether a line of a program looks like a comment where the offset is. Strings are taken for comments where they hold
    /// `//` after a blank, so this may only spare what is no danger in itself.
    pub(super) fn in_comment(&self, offset: usize) -> bool {
        if self.made_at.is_some() || !matches!(self.role, Role::Program) {
            return false;
        }
        let line = self.before(offset, 400);
        let line = line.rsplit('\n').next().unwrap_or(line);
        let start = line.trim_start();
        ["//", "*", "/*", "#", "<!--", "\"\"\""].iter().any(|mark| start.starts_with(mark))
            || line.contains(" // ")
            || line.contains("/* ")
            || line.contains("  # ")
            || start.starts_with("@see")
            || start.starts_with("@link")
    }
}
