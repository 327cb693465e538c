//! Single expressions that say in a hard way what has an easy way: texts, names and numbers in disguise.

use oxc_ast::ast::{Argument, BinaryExpression, BinaryOperator, CallExpression, Expression, UnaryOperator};
use oxc_span::GetSpan;

/// How deep an expression is followed; beyond it the answer is no.
const MAX_DEPTH: u32 = 32;
/// How long a text written as numbers is before nobody would write it so.
const MIN_CODES: usize = 32;

/// `'exp' + 'orts'` as a name.
pub(super) fn is_split(name: &Expression<'_>) -> bool {
    fn only_strings(expression: &Expression<'_>, depth: u32) -> bool {
        match expression.get_inner_expression() {
            Expression::StringLiteral(_) => true,
            Expression::BinaryExpression(sum) => {
                depth < MAX_DEPTH
                    && sum.operator == BinaryOperator::Addition
                    && only_strings(&sum.left, depth + 1)
                    && only_strings(&sum.right, depth + 1)
            }
            _ => false,
        }
    }
    matches!(name, Expression::BinaryExpression(_)) && only_strings(name, 0)
}

/// `0x2b7 * 0x1 + 0x1cc3 * 0x1 + 0x1 * -0x1b92`: the outermost sum of three hexadecimal numbers or more.
pub(super) fn is_disguised_number(binary: &BinaryExpression<'_>) -> bool {
    if binary.operator != BinaryOperator::Addition {
        return false;
    }
    // The right side is the short one: most honest sums are answered here.
    match (hex_terms(&binary.right, 0), hex_terms(&binary.left, 0)) {
        (Some(right), Some(left)) => left + right >= 3,
        _ => false,
    }
}

fn hex_terms(expression: &Expression<'_>, depth: u32) -> Option<u32> {
    match expression.get_inner_expression() {
        Expression::NumericLiteral(number) => {
            number.raw.as_ref().is_some_and(|raw| raw.starts_with("0x")).then_some(1)
        }
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::UnaryNegation => {
            hex_terms(&unary.argument, depth)
        }
        Expression::BinaryExpression(binary)
            if depth < MAX_DEPTH
                && matches!(
                    binary.operator,
                    BinaryOperator::Addition | BinaryOperator::Subtraction | BinaryOperator::Multiplication
                ) =>
        {
            Some(hex_terms(&binary.right, depth + 1)? + hex_terms(&binary.left, depth + 1)?)
        }
        _ => None,
    }
}

/// `(![] + '')`, `({} + [])`, `(x == 3) + '_'`, `"false"`: something that is no text made into one, to cut a character out of it.
pub(super) fn is_cut_out(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
            is_empty_array(&sum.right)
                || is_nothing(&sum.left) && is_nothing(&sum.right)
                || (is_short_text(&sum.right) || is_nothing(&sum.right)) && makes_no_text(&sum.left)
        }
        // What the same turns into where a bundler computed it.
        Expression::StringLiteral(text) => {
            matches!(text.value.as_str(), "false" | "true" | "undefined" | "[object Object]")
        }
        _ => false,
    }
}

/// An empty array, object or text, a truth value, or what is in none of them, under any number of `!`, `+`, `-` and `~`.
fn is_nothing(expression: &Expression<'_>) -> bool {
    let mut expression = expression.get_inner_expression();
    for _ in 0..MAX_DEPTH {
        match expression {
            Expression::UnaryExpression(unary) if is_sign(unary.operator) => {
                if unary.operator == UnaryOperator::LogicalNot && is_number(&unary.argument) {
                    return true;
                }
                expression = unary.argument.get_inner_expression();
            }
            Expression::ArrayExpression(array) => match array.elements.as_slice() {
                [] => return true,
                [one] => match one.as_expression() {
                    Some(one) => expression = one.get_inner_expression(),
                    None => return false,
                },
                _ => return false,
            },
            Expression::ComputedMemberExpression(member) if is_empty_array(&member.object) => {
                expression = member.expression.get_inner_expression();
            }
            Expression::ObjectExpression(object) => return object.properties.is_empty(),
            Expression::StringLiteral(text) => return text.value.is_empty(),
            _ => return false,
        }
    }
    false
}

fn is_empty_array(expression: &Expression<'_>) -> bool {
    matches!(expression.get_inner_expression(), Expression::ArrayExpression(array) if array.elements.is_empty())
}

fn is_number(expression: &Expression<'_>) -> bool {
    matches!(expression.get_inner_expression(), Expression::NumericLiteral(_))
}

fn is_sign(operator: UnaryOperator) -> bool {
    matches!(
        operator,
        UnaryOperator::LogicalNot
            | UnaryOperator::UnaryPlus
            | UnaryOperator::UnaryNegation
            | UnaryOperator::BitwiseNot
    )
}

fn is_short_text(expression: &Expression<'_>) -> bool {
    matches!(expression.get_inner_expression(), Expression::StringLiteral(text) if text.value.len() <= 1)
}

/// Truth values, lists and objects: their texts are `true`, `[object Object]` and the like, which nobody wants characters of.
fn makes_no_text(expression: &Expression<'_>) -> bool {
    match expression.get_inner_expression() {
        Expression::UnaryExpression(unary) => unary.operator == UnaryOperator::LogicalNot,
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::BinaryExpression(test) => test.operator.is_equality() || test.operator.is_compare(),
        _ => false,
    }
}

/// `String.fromCharCode(104, 101, …)` and `[104, 101, …].map(n => String.fromCharCode(n ^ 7))`.
pub(super) fn is_character_codes(call: &CallExpression<'_>) -> bool {
    let Some(member) = call.callee.get_inner_expression().as_member_expression() else { return false };
    match member.static_property_name() {
        Some("fromCharCode" | "fromCodePoint") => {
            let codes = call.arguments.iter().map(|argument| argument.as_expression().and_then(code));
            is_text_in_codes(call.arguments.len(), codes)
        }
        Some("map") => {
            let Expression::ArrayExpression(array) = member.object().get_inner_expression() else {
                return false;
            };
            array.elements.len() >= MIN_CODES
                && array.elements.iter().all(|one| one.as_expression().and_then(code).is_some())
                && call.arguments.first().and_then(Argument::as_expression).is_some_and(decodes)
        }
        _ => false,
    }
}

fn is_text_in_codes(length: usize, codes: impl Iterator<Item = Option<u32>>) -> bool {
    let printable = |code: &u32| matches!(code, 9 | 10 | 13 | 32..=126);
    length >= MIN_CODES && codes.flatten().filter(printable).count() * 10 > length * 9
}

fn code(expression: &Expression<'_>) -> Option<u32> {
    match expression.get_inner_expression() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number of that range"
        )]
        Expression::NumericLiteral(number)
            if (0.0..65_536.0).contains(&number.value) && number.value.fract() == 0.0 =>
        {
            Some(number.value as u32)
        }
        _ => None,
    }
}

/// `n => String.fromCharCode(…)`, or `String.fromCharCode` itself.
fn decodes(function: &Expression<'_>) -> bool {
    let makes = |expression: &Expression<'_>| {
        let callee = match expression.get_inner_expression() {
            Expression::CallExpression(call) => call.callee.get_inner_expression(),
            other => other,
        };
        callee
            .as_member_expression()
            .and_then(|member| member.static_property_name())
            .is_some_and(|name| matches!(name, "fromCharCode" | "fromCodePoint"))
    };
    match function.get_inner_expression() {
        Expression::ArrowFunctionExpression(arrow) => arrow.body.as_expression().is_some_and(makes),
        Expression::FunctionExpression(function) => function.body.as_ref().is_some_and(|body| {
            matches!(body.statements.as_slice(), [oxc_ast::ast::Statement::ReturnStatement(last)]
                if last.argument.as_ref().is_some_and(makes))
        }),
        other => makes(other),
    }
}

/// A string of blanks and tabs that change places too often to be an indentation.
pub(super) fn is_blank_code(text: &str) -> bool {
    const MIN_LENGTH: usize = 64;
    text.len() >= MIN_LENGTH
        && text.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
        && text.as_bytes().windows(2).filter(|pair| pair[0] != pair[1]).count() * 8 > text.len()
}

/// `Function('…a program…')`; templates that bundlers run while developing say where they come from.
pub(super) fn is_program(callee: &Expression<'_>, arguments: &[Argument<'_>]) -> bool {
    const MIN_PROGRAM: u32 = 600;
    match last_given_to_maker(callee, arguments) {
        Some(Expression::StringLiteral(text)) => {
            text.span().size() >= MIN_PROGRAM && !text.value.contains("//# sourceURL=")
        }
        _ => false,
    }
}

/// `eval((function (…) { … })('…a packed program…'))`.
pub(super) fn is_unpacked(callee: &Expression<'_>, arguments: &[Argument<'_>]) -> bool {
    const MIN_PACKED: u32 = 200;
    let Some(Expression::CallExpression(unpack)) = last_given_to_maker(callee, arguments) else {
        return false;
    };
    matches!(
        unpack.callee.get_inner_expression(),
        Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_)
    ) && unpack
        .arguments
        .iter()
        .any(|argument| matches!(argument, Argument::StringLiteral(text) if text.span.size() >= MIN_PACKED))
}

/// What `Function` or `eval` is to run.
fn last_given_to_maker<'e, 'a>(
    callee: &Expression<'a>,
    arguments: &'e [Argument<'a>],
) -> Option<&'e Expression<'a>> {
    let is_maker = matches!(callee.get_inner_expression(), Expression::Identifier(name)
        if matches!(name.name.as_str(), "Function" | "eval"));
    let last = arguments.last().filter(|_| is_maker)?;
    last.as_expression().map(Expression::get_inner_expression)
}
