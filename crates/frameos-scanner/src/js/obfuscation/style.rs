//! The hand of an obfuscator in plain expressions: `a['b']` where `a.b` would do, `!![]` for `true`, `0x1` for `1`.
//!
//! One of these is a habit of somebody; a stretch of a program where every member, every number and every truth value is written so is
//! the output of a tool. A member written with a dot, or a number above nine written plainly, ends the stretch, so that a disguised part is
//! found inside an honest file, and an honest table of hexadecimal numbers is not taken for one.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, UnaryOperator};
use oxc_span::GetSpan;

/// How many members in a row are named by strings.
const MIN_MEMBERS: u32 = 5;
const MIN_SMALL_HEX: u32 = 3;
const MIN_SPACES: u32 = 2;

/// The stretch the walk is in.
#[derive(Default)]
pub(super) struct Run {
    start: u32,
    members: u32,
    /// `0x0` to `0x9`: nobody writes these so where all numbers are not.
    small_hex: u32,
    truths: u32,
    /// `\x20`, a blank.
    spaces: u32,
    reported: bool,
}

impl Run {
    /// Takes the next node in the order of the text; gives the start of a stretch once it is certain.
    pub(super) fn node(&mut self, kind: AstKind<'_>) -> Option<u32> {
        match kind {
            AstKind::StaticMemberExpression(_) => self.end(),
            AstKind::ComputedMemberExpression(member) => {
                if let Expression::StringLiteral(name) = &member.expression
                    && is_identifier(&name.value)
                {
                    if self.members == 0 {
                        self.start = member.span.start;
                    }
                    self.members += 1;
                }
            }
            AstKind::NumericLiteral(number) => {
                let raw = number.raw.as_ref().map_or("", |raw| raw.as_str());
                let is_hex = raw.starts_with("0x");
                if is_hex && number.value < 10.0 && raw.len() == 3 {
                    self.small_hex += 1;
                } else if !is_hex && raw.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.end();
                }
            }
            AstKind::UnaryExpression(not)
                if not.operator == UnaryOperator::LogicalNot && is_empty_array(&not.argument) =>
            {
                self.truths += 1;
            }
            AstKind::BooleanLiteral(_) => self.truths = 0,
            AstKind::StringLiteral(string) => {
                let raw = string.raw.as_ref().map_or("", |raw| raw.as_str());
                if raw.len() > string.value.len() {
                    let count = raw.matches("\\x20").count();
                    self.spaces = self.spaces.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            _ => return None,
        }
        self.verdict(kind)
    }

    fn verdict(&mut self, kind: AstKind<'_>) -> Option<u32> {
        if self.reported || self.members < MIN_MEMBERS {
            return None;
        }
        let signs = u32::from(self.small_hex >= MIN_SMALL_HEX)
            + 2 * u32::from(self.truths > 0)
            + u32::from(self.spaces >= MIN_SPACES);
        self.reported = signs >= 2;
        self.reported.then(|| self.start.min(kind.span().start))
    }

    fn end(&mut self) {
        *self = Self { reported: self.reported, ..Self::default() };
    }
}

fn is_empty_array(expression: &Expression<'_>) -> bool {
    matches!(expression.get_inner_expression(), Expression::ArrayExpression(array) if array.elements.is_empty())
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$')
}
