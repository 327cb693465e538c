//! Signs that code was made unreadable on purpose, as opposed to merely minified.
//!
//! Each sign is one that honest tools do not leave: escapes for plain letters, names like `_0x3fa2`, a rotated table of
//! strings, a program without letters. Minified code alone is flagged elsewhere and never rejected here.

use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression, FormalParameters};
use oxc_semantic::Semantic;
use oxc_span::GetSpan;

use crate::findings::Findings;
use crate::rules;
use crate::source::Source;
use crate::text;

/// How many names of an obfuscator's kind make a file obfuscated.
const MIN_NAMES: usize = 4;
/// How many escapes of plain letters and digits do.
const MIN_ESCAPES: usize = 16;
/// A file this long without letters is an encoding, not a program.
const MIN_SYMBOLS: u32 = 400;
const SYMBOLS_PER_LETTER: u32 = 12;

pub(super) fn only_symbols(symbols: u32, letters: u32) -> bool {
    symbols >= MIN_SYMBOLS && symbols / SYMBOLS_PER_LETTER > letters
}

pub(super) fn check(semantic: &Semantic<'_>, source: &Source<'_>, findings: &mut Findings) {
    check_names(semantic, source, findings);
    let (mut escapes, mut first_escape) = (0, 0);
    let (mut rotation, mut parses) = (None, 0);
    for node in semantic.nodes().iter() {
        let span = node.kind().span();
        match node.kind() {
            AstKind::StringLiteral(_) | AstKind::TemplateElement(_) | AstKind::IdentifierReference(_) => {
                let raw = source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
                let found = text::escaped_letters(raw);
                if escapes == 0 && found > 0 {
                    first_escape = span.start as usize;
                }
                escapes += found;
            }
            AstKind::FormalParameters(parameters) if is_packer(parameters) => {
                let what = "the p,a,c,k,e,r unpacker is in this file";
                findings.at(rules::OBFUSCATED, source, span.start as usize, what);
            }
            AstKind::CallExpression(call) => {
                if is_rotation(call) {
                    rotation = rotation.or(Some(span.start as usize));
                }
                parses += usize::from(is_named(&call.callee, "parseInt"));
            }
            _ => {}
        }
    }
    if escapes >= MIN_ESCAPES {
        let what = format!("{escapes} plain letters are written as escapes");
        findings.at(rules::OBFUSCATED, source, first_escape, &what);
    }
    // Rotating a list is honest; rotating it until a sum of parsed strings fits is how string tables are hidden.
    if let Some(offset) = rotation.filter(|_| parses >= 4) {
        findings.at(rules::OBFUSCATED, source, offset, "a table of strings is shuffled before use");
    }
}

fn check_names(semantic: &Semantic<'_>, source: &Source<'_>, findings: &mut Findings) {
    let scoping = semantic.scoping();
    let mut suspicious = scoping.symbol_ids().filter(|&id| text::is_machine_name(scoping.symbol_name(id)));
    let first = suspicious.next();
    if let Some(first) = first
        && suspicious.count() + 1 >= MIN_NAMES
    {
        let what = format!("names like {:?} come from an obfuscator", scoping.symbol_name(first));
        findings.at(rules::OBFUSCATED, source, scoping.symbol_span(first).start as usize, &what);
    }
}

/// `function(p,a,c,k,e,d)`, the signature of a well-known packer.
fn is_packer(parameters: &FormalParameters<'_>) -> bool {
    let names: Vec<_> = parameters.items.iter().map(|item| item.pattern.get_identifier_name()).collect();
    names.len() >= 6
        && names
            .iter()
            .zip(["p", "a", "c", "k", "e"])
            .all(|(name, letter)| name.is_some_and(|name| name == letter))
}

/// `list.push(list.shift())`, in any spelling of the members.
fn is_rotation(call: &CallExpression<'_>) -> bool {
    let is_method = |call: &CallExpression<'_>, name: &str| {
        call.callee
            .get_inner_expression()
            .as_member_expression()
            .is_some_and(|member| member.static_property_name() == Some(name))
    };
    is_method(call, "push")
        && call.arguments.first().and_then(|argument| argument.as_expression()).is_some_and(|argument| {
            matches!(argument.get_inner_expression(), Expression::CallExpression(inner) if is_method(inner, "shift"))
        })
}

fn is_named(expression: &Expression<'_>, name: &str) -> bool {
    matches!(expression.get_inner_expression(), Expression::Identifier(identifier) if identifier.name == name)
}
