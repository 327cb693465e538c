//! How deeply the Python parser will recurse, estimated from the parser's own tokens.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// One open bracket, or the file itself.
#[derive(Debug, Default)]
struct Frame {
    run: u32,
    /// `lambda` keywords whose `:` has not come; commas between belong to their parameters.
    lambdas: u32,
}

/// Upper bound of the nesting, and the number of tokens.
pub(crate) fn python(text: &str) -> (u32, u32) {
    let mut tokens = lexer::lex(text, Mode::Module);
    let mut count = Count { frames: vec![Frame::default()], ..Count::default() };
    let mut length = 0_u32;
    loop {
        length = length.saturating_add(1);
        match tokens.next_token() {
            TokenKind::EndOfFile => return (count.deepest, length),
            kind => count.token(kind),
        }
    }
}

#[derive(Default)]
struct Count {
    /// Never empty: the first is the file itself.
    frames: Vec<Frame>,
    indent: u32,
    depth: u32,
    deepest: u32,
}

impl Count {
    fn token(&mut self, kind: TokenKind) {
        let at_top = self.frames.len() == 1;
        match kind {
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                self.frames.push(Frame::default());
                self.depth += 1;
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd
                if !at_top =>
            {
                let closed = self.frames.pop().unwrap_or_default();
                self.depth = self.depth.saturating_sub(1 + closed.run);
                self.deepen();
            }
            TokenKind::Newline | TokenKind::Semi if at_top => self.forget(true),
            TokenKind::Comma => self.forget(false),
            TokenKind::Indent => {
                self.indent += 1;
                self.depth += 1;
            }
            TokenKind::Dedent => {
                self.depth = self.depth.saturating_sub(u32::from(self.indent > 0));
                self.indent = self.indent.saturating_sub(1);
            }
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => {}
            kind => self.operator(kind),
        }
        self.deepest = self.deepest.max(self.depth);
    }

    fn operator(&mut self, kind: TokenKind) {
        if let Some(frame) = self.frames.last_mut() {
            match kind {
                TokenKind::Lambda => frame.lambdas += 1,
                TokenKind::Colon => frame.lambdas = frame.lambdas.saturating_sub(1),
                _ => {}
            }
        }
        self.deepen();
    }

    fn deepen(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.run += 1;
            self.depth += 1;
        }
    }

    /// Forgets what piled up before the end of a line or, unless it is among a lambda's parameters, before a comma.
    fn forget(&mut self, is_line_end: bool) {
        if let Some(frame) = self.frames.last_mut().filter(|frame| is_line_end || frame.lambdas == 0) {
            self.depth = self.depth.saturating_sub(frame.run);
            *frame = Frame::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_is_counted_and_lines_are_not() {
        for level in ["(", "[", "not ", "-", "a.", "lambda a, b: ", "a if b else ", "a[", "a**", "f("] {
            let (depth, _) = python(&level.repeat(1_000));
            assert!(depth >= 999, "{level:?} gives {depth}");
        }
        assert!(python(&"x = f(a.b, -c) + {1: 2}[1]\n".repeat(1_000)).0 < 20);
        assert!(python(&format!("x = [{}]", "-1.0, a.b, ".repeat(1_000))).0 < 20);
        let nested: String = (0..90).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
        assert!(python(&format!("{nested}{}pass\n", " ".repeat(90))).0 >= 90);
    }
}
