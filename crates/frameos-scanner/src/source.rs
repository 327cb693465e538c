//! One text file under scan: where a byte offset is, in the words of an editor, and what its line says.
//!
//! Invariant: any offset is answered, also one past the end or inside a character.

/// A position as editors show it, both 1-based; columns count Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

const SNIPPET_CHARS: usize = 200;

pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// Byte offset of each line's first byte.
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self { path, text, starts: std::iter::once(0).chain(ends).collect() }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.clamp(offset);
        let line = self.line_index(offset);
        let column = self.text[self.starts[line]..offset].chars().count() + 1;
        Position { line: to_u32(line + 1), column: to_u32(column) }
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
        let before = self.text[start..offset].chars().count().min(SNIPPET_CHARS / 4);
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
