//! One text file under scan: where a byte offset is, in the words of an editor, and what its line says.
//!
//! Invariant: any offset is answered, also one past the end or inside a character.

use std::cell::OnceCell;

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
    starts: OnceCell<Vec<usize>>,
    /// The number of characters before every [`LANDMARK`] bytes.
    landmarks: OnceCell<Vec<usize>>,
}

impl<'a> Source<'a> {
    pub(crate) const fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, starts: OnceCell::new(), landmarks: OnceCell::new() }
    }

    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1);
            std::iter::once(0).chain(ends).collect()
        })
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.clamp(offset);
        let line = self.line_index(offset);
        let column = self.characters_before(offset) - self.characters_before(self.starts()[line]) + 1;
        Position { line: to_u32(line + 1), column: to_u32(column) }
    }

    /// How many characters stand before an offset that is on a character's boundary.
    ///
    /// Counted from the last landmark, since a hostile file may be one line of megabytes with a finding at every few bytes.
    fn characters_before(&self, offset: usize) -> usize {
        let landmark = offset / LANDMARK;
        self.landmarks.get_or_init(|| landmarks(self.text))[landmark]
            + count_characters(&self.text.as_bytes()[landmark * LANDMARK..offset])
    }

    /// The line around `offset`, trimmed, and the 1-based place of the offset in it; a long line is cut to a window.
    pub(crate) fn snippet(&self, offset: usize) -> (String, u32) {
        let offset = self.clamp(offset);
        let line = self.line_index(offset);
        let start = self.starts()[line];
        let end = self.starts().get(line + 1).copied().unwrap_or(self.text.len());
        let indent = self.text[start..end].len() - self.text[start..end].trim_start().len();
        let whole = self.text[start..end].trim();
        if whole.chars().nth(SNIPPET_CHARS).is_none() {
            return (visible(whole), self.caret(start + indent, offset));
        }
        let before = self.text[start..offset].chars().count().min(SNIPPET_CHARS / 4);
        let from = self.text[start..offset].char_indices().rev().nth(before.saturating_sub(1));
        let from = start + from.filter(|_| before > 0).map_or(offset - start, |(at, _)| at);
        let window: String = self.text[from..end].chars().take(SNIPPET_CHARS).collect();
        let indent = window.len() - window.trim_start().len();
        (visible(window.trim()), self.caret(from + indent, offset))
    }

    /// The 1-based place of `offset` in a snippet that begins at `from`.
    fn caret(&self, from: usize, offset: usize) -> u32 {
        to_u32(self.text.get(from..offset).map_or(0, |before| before.chars().count()) + 1)
    }

    fn line_index(&self, offset: usize) -> usize {
        self.starts().partition_point(|&start| start <= offset).saturating_sub(1)
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
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if is_unseen(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Characters that act on the text around them, or are there without being seen.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        assert_eq!(source.snippet(5), ("çd e".into(), 2));
        assert_eq!(Source::new("a.js", "  \tab").snippet(4), ("ab".into(), 2));
        assert_eq!(Source::new("a.js", "  \tab").snippet(0), ("ab".into(), 1), "in the indent");
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
        let (snippet, caret) = Source::new("a.js", &text).snippet(5_000);
        assert!(snippet[caret as usize - 1..].starts_with("NEEDLE"), "{caret}");
        assert!(snippet.contains("NEEDLE") && snippet.chars().count() <= SNIPPET_CHARS, "{snippet}");
    }

    #[test]
    fn terminal_control_characters_are_defused() {
        assert_eq!(Source::new("a.js", "a\u{1b}[2J\u{202e}b").snippet(0).0, "a\u{fffd}[2J\u{fffd}b");
    }
}
