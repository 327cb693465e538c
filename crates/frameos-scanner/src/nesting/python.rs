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
    let mut frames = vec![Frame::default()];
    let (mut depth, mut deepest, mut count, mut indent) = (0_u32, 0_u32, 0_u32, 0_u32);
    loop {
        let kind = tokens.next_token();
        count = count.saturating_add(1);
        let at_top = frames.len() == 1;
        let Some(frame) = frames.last_mut() else { return (u32::MAX, count) };
        match kind {
            TokenKind::EndOfFile => return (deepest, count),
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                frames.push(Frame::default());
                depth += 1;
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd
                if !at_top =>
            {
                depth -= 1 + frame.run;
                frames.pop();
                if let Some(parent) = frames.last_mut() {
                    parent.run += 1;
                    depth += 1;
                }
            }
            TokenKind::Newline | TokenKind::Semi if at_top => {
                depth -= frame.run;
                *frame = Frame::default();
            }
            TokenKind::Indent => {
                indent += 1;
                depth += 1;
            }
            TokenKind::Dedent => {
                depth -= u32::from(indent > 0);
                indent = indent.saturating_sub(1);
            }
            TokenKind::Comma if frame.lambdas == 0 => {
                depth -= frame.run;
                frame.run = 0;
            }
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::Comma
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => {}
            _ => {
                match kind {
                    TokenKind::Lambda => frame.lambdas += 1,
                    TokenKind::Colon => frame.lambdas = frame.lambdas.saturating_sub(1),
                    _ => {}
                }
                frame.run += 1;
                depth += 1;
            }
        }
        deepest = deepest.max(depth);
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
