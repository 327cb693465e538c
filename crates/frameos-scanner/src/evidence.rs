//! Evidence in text that needs no syntax: credentials, miners, reverse shells, hosts, places where stolen data goes.
//!
//! One pass over the text finds every literal that evidence begins with; what stands around a hit decides.
//! Invariant: the work per hit is bounded by a constant, and so is the number of findings per file and family.

mod credential;
mod host;
mod needles;
mod search;
mod shell;
mod token;

use std::cell::Cell;
use std::sync::LazyLock;

use crate::findings::Findings;
use crate::role::Role;
use crate::source::Source;
pub(crate) use shell::pipes_to_shell;

use needles::{Family, NEEDLES};
use search::Search;

/// Compiled once: the table is a constant, and compiling it takes longer than scanning a small bundle.
static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let words = NEEDLES.iter().flat_map(|(_, words)| words.iter());
    Search::new(words.copied())
});

/// Which family each needle is of, and how long it is.
static FAMILIES: LazyLock<Vec<(Family, usize)>> = LazyLock::new(|| {
    NEEDLES.iter().flat_map(|(family, words)| words.iter().map(|word| (*family, word.len()))).collect()
});

/// The most findings of one family in one file; of what is only named, a few say all.
const MAX_PER_FAMILY: usize = 40;
const MAX_NAMED: usize = 5;

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
    let mut counts = [0_usize; Family::COUNT];
    SEARCH.each(text.text.as_bytes(), |needle, start| {
        let Some(&(family, length)) = FAMILIES.get(needle) else { return };
        let count = &mut counts[family as usize];
        let is_name =
            matches!(family, Family::Path | Family::Miner | Family::Drop | Family::Metadata | Family::Onion);
        if *count < if is_name { MAX_NAMED } else { MAX_PER_FAMILY } {
            let hit = Hit { family, start, end: start + length };
            *count += usize::from(judge(text, hit, findings));
        }
    });
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

    /// Whether a line of a program looks like a comment where the offset is. A line of a string that spans several is taken for one
    /// where it begins like one, so this may only spare what is no danger in itself.
    pub(super) fn in_comment(&self, offset: usize) -> bool {
        if self.made_at.is_some() || !matches!(self.role, Role::Program) {
            return false;
        }
        let line = self.before(offset, 400);
        let line = line.rsplit('\n').next().unwrap_or(line);
        let start = line.trim_start();
        ["//", "*", "/*", "#", "<!--", "\"\"\""].iter().any(|mark| start.starts_with(mark))
            || [" // ", "/* ", "  # "]
                .iter()
                .any(|mark| line.match_indices(mark).any(|(at, _)| !ends_in_string(&line[..at])))
            || start.starts_with("@see")
            || start.starts_with("@link")
    }
}

/// Whether a quote is open at the end of a line's beginning.
fn ends_in_string(line: &str) -> bool {
    let (mut open, mut escaped) = (None, false);
    for c in line.chars() {
        match (c, open) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            ('\'' | '"' | '`', None) => open = Some(c),
            (c, Some(quote)) if c == quote => open = None,
            _ => {}
        }
    }
    open.is_some()
}
