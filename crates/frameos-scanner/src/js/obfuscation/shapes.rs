//! The machinery obfuscators put around a program: tables, decoders, shuffles, dispatchers.
//!
//! Names play no part, since every tool can choose them freely.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, BinaryOperator, BindingPattern, CallExpression,
    Expression, FormalParameters, Function, FunctionBody, ObjectProperty, Statement, SwitchStatement,
    UnaryOperator,
};
use oxc_semantic::Semantic;
use oxc_span::GetSpan;

/// `function f() { const t = ['…', …]; f = function () { return t }; return f() }`, the statements in one list.
pub(super) fn is_self_table(function: &Function<'_>) -> bool {
    let (Some(name), Some(body)) = (&function.id, &function.body) else { return false };
    let name = name.name.as_str();
    let mut table = None;
    let mut replaced = false;
    for statement in body.statements.iter().take(4) {
        match statement {
            Statement::VariableDeclaration(declaration) => {
                table = table.or_else(|| {
                    declaration.declarations.iter().find_map(|declarator| {
                        let init = declarator.init.as_ref()?.get_inner_expression();
                        is_list_of_strings(init, 1).then(|| declarator.id.get_identifier_name()).flatten()
                    })
                });
            }
            Statement::ExpressionStatement(statement) => {
                replaced |= replaces(&statement.expression, name, table.as_deref());
            }
            // `return f = function () { … }, f()`, as a minifier leaves it.
            Statement::ReturnStatement(statement) => {
                if let Some(Expression::SequenceExpression(sequence)) = &statement.argument {
                    replaced |= sequence.expressions.iter().any(|one| replaces(one, name, table.as_deref()));
                }
            }
            _ => return false,
        }
    }
    replaced
}

fn replaces(expression: &Expression<'_>, name: &str, table: Option<&str>) -> bool {
    let (Expression::AssignmentExpression(assignment), Some(table)) = (expression, table) else {
        return false;
    };
    let AssignmentTarget::AssignmentTargetIdentifier(target) = &assignment.left else { return false };
    let returned = returned_by(&assignment.right).map(Expression::get_inner_expression);
    target.name == name
        && matches!(returned, Some(Expression::Identifier(identifier)) if identifier.name == table)
}

/// The expression a function returns and does nothing else.
fn returned_by<'e, 'a>(function: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    match function.get_inner_expression() {
        Expression::FunctionExpression(function) => only_return(function.body.as_deref()?),
        Expression::ArrowFunctionExpression(arrow) => arrow.body.as_expression(),
        _ => None,
    }
}

fn only_return<'e, 'a>(body: &'e FunctionBody<'a>) -> Option<&'e Expression<'a>> {
    match body.statements.as_slice() {
        [Statement::ReturnStatement(statement)] => statement.argument.as_ref(),
        _ => None,
    }
}

fn is_list_of_strings(expression: &Expression<'_>, at_least: usize) -> bool {
    let Expression::ArrayExpression(array) = expression else { return false };
    array.elements.len() >= at_least
        && array.elements.iter().all(|element| {
            matches!(
                element.as_expression().map(Expression::get_inner_expression),
                Some(Expression::StringLiteral(_) | Expression::BinaryExpression(_))
            )
        })
}

/// `list.push(list.shift())`, in any spelling of the members.
pub(super) fn is_rotation(call: &CallExpression<'_>) -> bool {
    let is_method = |call: &CallExpression<'_>, name: &str| {
        let member = call.callee.get_inner_expression().as_member_expression();
        member.is_some_and(|member| member.static_property_name() == Some(name))
    };
    let argument =
        call.arguments.first().and_then(Argument::as_expression).map(Expression::get_inner_expression);
    is_method(call, "push")
        && matches!(argument, Some(Expression::CallExpression(inner)) if is_method(inner, "shift"))
}

/// Whether a rotation goes on until a sum of parsed strings fits; whether what it turns is a table handed to its function.
///
/// Rotating a list is honest; these two are how tables of strings are kept out of order until the program runs.
pub(super) fn rotation_of(call: &CallExpression<'_>, semantic: &Semantic<'_>) -> (bool, bool) {
    const MAX_ANCESTORS: usize = 40;
    const MAX_STATEMENTS: usize = 16;
    let (mut sums, mut table, mut function) = (false, false, None);
    for kind in semantic.nodes().ancestor_kinds(call.node_id.get()).take(MAX_ANCESTORS) {
        match kind {
            AstKind::TryStatement(attempt) => {
                sums |= attempt.block.body.iter().take(MAX_STATEMENTS).any(has_parsed_sum);
            }
            AstKind::Function(found) => function = Some(found.span),
            AstKind::CallExpression(outer)
                if function.is_some_and(|span| outer.callee.get_inner_expression().span() == span) =>
            {
                let first = outer.arguments.first().and_then(Argument::as_expression);
                table |=
                    outer.arguments.len() >= 2 && first.is_some_and(|first| names_table(first, semantic));
            }
            _ => {}
        }
    }
    (sums, table)
}

fn names_table(expression: &Expression<'_>, semantic: &Semantic<'_>) -> bool {
    initial(expression, semantic).is_some_and(|value| is_list_of_strings(value, 4))
}

/// What the name in `expression` was declared with.
fn initial<'a>(expression: &Expression<'a>, semantic: &Semantic<'a>) -> Option<&'a Expression<'a>> {
    let Expression::Identifier(identifier) = expression.get_inner_expression() else { return None };
    let scoping = semantic.scoping();
    let symbol = scoping.get_reference(identifier.reference_id.get()?).symbol_id()?;
    match semantic.nodes().kind(scoping.symbol_declaration(symbol)) {
        AstKind::VariableDeclarator(declarator)
            if matches!(declarator.id, BindingPattern::BindingIdentifier(_)) =>
        {
            declarator.init.as_ref().map(Expression::get_inner_expression)
        }
        _ => None,
    }
}

/// `parseInt(f(1)) / 1 + -parseInt(f(2)) / 2 …`, three terms or more, assigned to something.
fn has_parsed_sum(statement: &Statement<'_>) -> bool {
    let value = match statement {
        Statement::VariableDeclaration(declaration) => {
            declaration.declarations.first().and_then(|declarator| declarator.init.as_ref())
        }
        Statement::ExpressionStatement(statement) => match &statement.expression {
            Expression::AssignmentExpression(assignment) => Some(&assignment.right),
            _ => None,
        },
        // `if (sum === wanted) break`, as a minifier leaves it.
        Statement::IfStatement(choice) => Some(&choice.test),
        _ => None,
    };
    value.is_some_and(|value| parsed_terms(value, 0) >= 3)
}

fn parsed_terms(expression: &Expression<'_>, depth: u32) -> u32 {
    if depth > 40 {
        return 0;
    }
    match expression.get_inner_expression() {
        Expression::BinaryExpression(binary) => {
            parsed_terms(&binary.left, depth + 1) + parsed_terms(&binary.right, depth + 1)
        }
        Expression::UnaryExpression(unary) => parsed_terms(&unary.argument, depth + 1),
        Expression::AssignmentExpression(assignment) => parsed_terms(&assignment.right, depth + 1),
        Expression::CallExpression(call) => {
            let is_parse = matches!(call.callee.get_inner_expression(), Expression::Identifier(name) if name.name == "parseInt");
            let argument = call.arguments.first().and_then(Argument::as_expression);
            u32::from(is_parse && matches!(argument, Some(Expression::CallExpression(_))))
        }
        _ => 0,
    }
}

/// `switch (order[i++]) { case '0': … case '1': … }`.
pub(super) fn is_numbered_order(switch: &SwitchStatement<'_>) -> bool {
    let Expression::ComputedMemberExpression(member) = switch.discriminant.get_inner_expression() else {
        return false;
    };
    let tests: Vec<_> = switch.cases.iter().filter_map(|case| case.test.as_ref()).collect();
    matches!(member.expression.get_inner_expression(), Expression::UpdateExpression(_))
        && tests.len() >= 2
        && tests.iter().all(|test| {
            matches!(test, Expression::StringLiteral(text)
                if !text.value.is_empty() && text.value.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// `{ 'kUfis': function (f, a) { return f(a) } }`.
pub(super) fn is_dispatcher(property: &ObjectProperty<'_>) -> bool {
    property.key.static_name().is_some_and(|name| is_random(&name)) && is_wrapper(&property.value)
}

/// `o['kUfis'] = function (f, a) { return f(a) }`.
pub(super) fn is_dispatching(assignment: &AssignmentExpression<'_>) -> bool {
    let name = assignment.left.as_member_expression().and_then(|member| member.static_property_name());
    name.is_some_and(is_random) && is_wrapper(&assignment.right)
}

/// Five letters in no case that a person or a compiler would choose: not all small, not capitalised, not camel case of whole words.
fn is_random(name: &str) -> bool {
    let upper = name.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    name.len() == 5 && name.bytes().all(|byte| byte.is_ascii_alphabetic()) && (1..5).contains(&upper)
}

/// A function whose whole body is one operator, or one call, on its own parameters.
fn is_wrapper(value: &Expression<'_>) -> bool {
    const MAX_PARAMETERS: usize = 16;
    let (parameters, returned) = match value.get_inner_expression() {
        Expression::FunctionExpression(function) => (&function.params, returned_by(value)),
        Expression::ArrowFunctionExpression(arrow) => (&arrow.params, returned_by(value)),
        _ => return false,
    };
    let is_parameter = |expression: &Expression<'_>| {
        matches!(expression.get_inner_expression(), Expression::Identifier(name)
            if is_named(parameters, &name.name))
    };
    if parameters.items.len() > MAX_PARAMETERS {
        return false;
    }
    match returned.map(Expression::get_inner_expression) {
        Some(Expression::BinaryExpression(binary)) => {
            is_parameter(&binary.left) && is_parameter(&binary.right)
        }
        Some(Expression::LogicalExpression(logical)) => {
            is_parameter(&logical.left) && is_parameter(&logical.right)
        }
        Some(Expression::CallExpression(call)) => {
            is_parameter(&call.callee)
                && call.arguments.iter().all(|argument| argument.as_expression().is_some_and(is_parameter))
        }
        _ => false,
    }
}

fn is_named(parameters: &FormalParameters<'_>, name: &str) -> bool {
    parameters.items.iter().any(|item| item.pattern.get_identifier_name().is_some_and(|own| own == name))
}

/// `(function (p, a, c, …) { … })('template', 62, 90, 'words|of|it'.split('|'), …)`.
pub(super) fn is_packed(call: &CallExpression<'_>) -> bool {
    let argument = |index: usize| {
        call.arguments.get(index).and_then(Argument::as_expression).map(Expression::get_inner_expression)
    };
    let is_split = match argument(3) {
        Some(Expression::CallExpression(split)) => {
            let member = split.callee.get_inner_expression().as_member_expression();
            member.is_some_and(|member| {
                member.static_property_name() == Some("split") && member.object().is_string_literal()
            })
        }
        _ => false,
    };
    is_split
        && matches!(argument(0), Some(Expression::StringLiteral(_)))
        && matches!(argument(1), Some(Expression::NumericLiteral(_)))
        && matches!(argument(2), Some(Expression::NumericLiteral(_)))
}

/// `object[decode(0x1a)](…)`: a method whose name a call makes of literals, a number among them.
pub(super) fn is_decoded_method(callee: &Expression<'_>) -> bool {
    let Expression::ComputedMemberExpression(member) = callee.get_inner_expression() else { return false };
    let Expression::CallExpression(decode) = member.expression.get_inner_expression() else { return false };
    let is_function = matches!(decode.callee.get_inner_expression(), Expression::Identifier(_));
    let mut numbers = 0;
    is_function
        && decode.arguments.iter().all(|argument| {
            let argument = argument.as_expression().map(Expression::get_inner_expression);
            let is_number = argument.is_some_and(|argument| is_constant_number(argument, 0));
            numbers += usize::from(is_number);
            is_number
                || matches!(
                    argument,
                    Some(Expression::StringLiteral(_) | Expression::StaticMemberExpression(_))
                )
                || matches!(argument, Some(Expression::ComputedMemberExpression(place)) if place.expression.is_string_literal())
        })
        && (numbers > 0 || decode.arguments.len() >= 2)
}

fn is_constant_number(expression: &Expression<'_>, depth: u32) -> bool {
    match expression.get_inner_expression() {
        Expression::NumericLiteral(_) => true,
        Expression::UnaryExpression(unary) => {
            unary.operator == UnaryOperator::UnaryNegation && is_constant_number(&unary.argument, depth)
        }
        Expression::BinaryExpression(binary) if depth < 16 => {
            matches!(
                binary.operator,
                BinaryOperator::Addition | BinaryOperator::Subtraction | BinaryOperator::Multiplication
            ) && is_constant_number(&binary.left, depth + 1)
                && is_constant_number(&binary.right, depth + 1)
        }
        _ => false,
    }
}

/// `object[table[0x4]]` of a list of constants, and `object[table[4]]` of a list that a function makes of a text.
pub(super) fn is_table_place<'a>(name: &Expression<'a>, semantic: &Semantic<'a>) -> bool {
    let Expression::ComputedMemberExpression(place) = name else { return false };
    let Expression::NumericLiteral(index) = &place.expression else { return false };
    let is_hex = index.raw.as_ref().is_some_and(|raw| raw.starts_with("0x"));
    match initial(&place.object, semantic) {
        Some(Expression::ArrayExpression(array)) => is_hex && array.elements.len() >= 4,
        Some(Expression::CallExpression(call)) => {
            matches!(call.callee.get_inner_expression(), Expression::FunctionExpression(_))
                && matches!(call.arguments.first(), Some(Argument::StringLiteral(text)) if text.value.len() >= 16)
        }
        _ => false,
    }
}
