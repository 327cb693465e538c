//! One text file under scan: where a byte offset is, in the words of an editor, and what its line says.
//!
//! Invariant: any offset is answered, also one past the end or inside a character.

use std::cell::LazyCell;

/// A position as editors show it, both 1-based; columns count Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

const SNIPPET_CHARS: usize = 200;
/// Bytes between two places whose number of characters is kept.
const LANDMARK: usize = 1024;

pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// Byte offset of each line's first byte, counted when the first position is asked for: most files have no finding.
    starts: Lazy<'a>,
    /// The number of characters before every [`LANDMARK`] bytes.
    landmarks: Lazy<'a>,
}

type Lazy<'a> = LazyCell<Vec<usize>, Box<dyn FnOnce() -> Vec<usize> + 'a>>;

impl<'a> Source<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let count = move || std::iter::once(0).chain(ends).collect();
        Self {
            path,
            text,
            starts: LazyCell::new(Box::new(count)),
            landmarks: LazyCell::new(Box::new(|| landmarks(text))),
        }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.clamp(offset);
        let line = self.line_index(offset);
        let column = self.characters_before(offset) - self.characters_before(self.starts[line]) + 1;
        Position { line: to_u32(line + 1), column: to_u32(column) }
    }

    /// How many characters stand before an offset that is on a character's boundary.
    ///
    /// Counted from the last landmark, since a hostile file may be one line of megabytes with a finding at every few bytes.
    fn characters_before(&self, offset: usize) -> usize {
        let landmark = offset / LANDMARK;
        self.landmarks[landmark] + count_characters(&self.text.as_bytes()[landmark * LANDMARK..offset])
    }

    /// The line around `offset`, trimmed; a long line is cut to a window that shows the offset.
    pub(crate) fn snippet(&self, offset: usize) -> String {
        let offset = self.clamp(offset);
        let line = self.line_index(offset);
        let start = self.starts[line];
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let whole = self.text[start..end].trim();
        if whole.chars().nth(SNIPPET_CHARS).is_none() {
            return visible(whole);
        }
        let before = self.text[start..offset].chars().rev().take(SNIPPET_CHARS / 4).count();
        let from = self.text[start..offset].char_indices().rev().nth(before.saturating_sub(1));
        let from = start + from.filter(|_| before > 0).map_or(offset - start, |(at, _)| at);
        let window: String = self.text[from..end].chars().take(SNIPPET_CHARS).collect();
        visible(window.trim())
    }

    fn line_index(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    fn clamp(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn landmarks(text: &str) -> Vec<usize> {
    let mut total = 0;
    let mut counts = vec![0];
    for chunk in text.as_bytes().chunks(LANDMARK) {
        total += count_characters(chunk);
        counts.push(total);
    }
    counts
}

/// Characters that begin in these bytes of UTF-8.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// Snippets are printed to reviewers' terminals: control and direction characters must not act there.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let source = Source::new("a.js", "ab\nçd e\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 2, column: 2 });
        assert_eq!(source.position(4), Position { line: 2, column: 1 }, "inside a character");
        assert_eq!(source.position(99), Position { line: 3, column: 1 }, "past the end");
        assert_eq!(source.snippet(5), "çd e");
    }

    #[test]
    fn positions_in_long_lines_are_those_of_short_ones() {
        let text = format!("\n{}x", "aé€😀".repeat(2_000));
        let source = Source::new("a.js", &text);
        for (place, (offset, _)) in text[1..].char_indices().enumerate().step_by(97) {
            let column = u32::try_from(place + 1).expect("small");
            assert_eq!(source.position(offset + 1), Position { line: 2, column });
        }
        assert_eq!(source.position(text.len()), Position { line: 2, column: 8_002 });
    }

    #[test]
    fn a_long_line_is_cut_around_the_offset() {
        let text = format!("{}NEEDLE{}", "x".repeat(5_000), "y".repeat(5_000));
        let snippet = Source::new("a.js", &text).snippet(5_000);
        assert!(snippet.contains("NEEDLE") && snippet.chars().count() <= SNIPPET_CHARS, "{snippet}");
    }

    #[test]
    fn terminal_control_characters_are_defused() {
        assert_eq!(Source::new("a.js", "a\u{1b}[2J\u{202e}b").snippet(0), "a\u{fffd}[2J\u{fffd}b");
    }
}
