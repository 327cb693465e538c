//! Bundles of the kind browserify makes: a table of modules, and the small function that loads them from it.
//!
//! The loader asks the real `require` for what the table does not hold, by a name that only its callers know. That is no
//! computed module load as long as the loader is nothing else: invariant of [`Preludes::notice`] is that a loader it
//! accepts cannot make a name of its own. The functions of the table get that loader as their `require`, and are
//! judged as if it were the real one.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Expression, FormalParameters, FunctionBody, ObjectExpression,
};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

/// How many tables of one file are looked at.
const MAX_TABLES: usize = 8;
/// A loader is about 700 bytes long.
const MAX_LOADER: u32 = 3_000;

#[derive(Default)]
pub(super) struct Preludes<'a> {
    loaders: Vec<Span>,
    /// The functions of tables, by place, with the names that lead into the table.
    modules: Vec<(Span, HashSet<&'a str>)>,
    seen: usize,
}

impl<'a> Preludes<'a> {
    /// Takes note of a call if it starts such a bundle; gives the names that the loader goes by in it.
    pub(super) fn notice(&mut self, semantic: &Semantic<'a>, call: &'a CallExpression<'a>) -> Vec<SymbolId> {
        let [table, cache, entries] = call.arguments.as_slice() else { return Vec::new() };
        let (
            Argument::ObjectExpression(table),
            Argument::ObjectExpression(cache),
            Argument::ArrayExpression(entries),
        ) = (table, cache, entries)
        else {
            return Vec::new();
        };
        if !cache.properties.is_empty() || self.seen >= MAX_TABLES {
            return Vec::new();
        }
        self.seen += 1;
        let Some(keys) = keys(table) else { return Vec::new() };
        let starts_inside = entries
            .elements
            .iter()
            .all(|entry| entry.as_expression().and_then(literal).is_some_and(|name| keys.contains(&*name)));
        let Some(modules) = modules(table, &keys) else { return Vec::new() };
        if !starts_inside || !is_plain_loader(semantic, call) || !stays_inside(semantic, call, &keys) {
            return Vec::new();
        }
        self.loaders.push(call.callee.span());
        let mut names = Vec::new();
        for (span, loader, reachable) in modules {
            names.extend(loader);
            self.modules.push((span, reachable));
        }
        names
    }

    /// Puts what was noticed in order, before any question about places.
    pub(super) fn sort(&mut self) {
        self.modules.sort_by_key(|(span, _)| span.start);
    }

    /// Whether a place is in a loader.
    pub(super) fn is_loader(&self, place: Span) -> bool {
        self.loaders.iter().any(|loader| loader.contains_inclusive(place))
    }

    /// Whether a module name leads to another module of the same table.
    pub(super) fn holds(&self, place: Span, name: &str) -> bool {
        // The innermost comes last of those that begin before the place.
        let before = self.modules.partition_point(|(span, _)| span.start <= place.start);
        let around =
            self.modules[..before].iter().rev().take(MAX_TABLES).find(|(span, _)| span.end >= place.end);
        around.is_some_and(|(_, names)| names.contains(name))
    }
}

/// The names of modules in a table.
fn keys<'a>(table: &'a ObjectExpression<'a>) -> Option<HashSet<std::borrow::Cow<'a, str>>> {
    let keys = table.properties.iter().map(|property| property.as_property()?.key.static_name());
    keys.collect()
}

type Module<'a> = (Span, Option<SymbolId>, HashSet<&'a str>);

/// The functions of a table; `None` if it holds anything else.
fn modules<'a>(
    table: &'a ObjectExpression<'a>,
    keys: &HashSet<std::borrow::Cow<'a, str>>,
) -> Option<Vec<Module<'a>>> {
    let of = |value: &'a Expression<'a>| {
        let Expression::ArrayExpression(pair) = value else { return None };
        let [function, names] = pair.elements.as_slice() else { return None };
        let Expression::ObjectExpression(names) = names.as_expression()? else { return None };
        let mut reachable = HashSet::new();
        for property in &names.properties {
            let property = property.as_property()?;
            if !keys.contains(&*literal(&property.value)?) {
                return None;
            }
            reachable.insert(match &property.key {
                oxc_ast::ast::PropertyKey::StaticIdentifier(name) => name.name.as_str(),
                oxc_ast::ast::PropertyKey::StringLiteral(name) => name.value.as_str(),
                _ => continue,
            });
        }
        let (parameters, body) = function_parts(function.as_expression()?)?;
        let loader = parameters.items.first().and_then(|parameter| match &parameter.pattern {
            BindingPattern::BindingIdentifier(name) => name.symbol_id.get(),
            _ => None,
        });
        Some((body.span, loader, reachable))
    };
    table.properties.iter().map(|property| of(&property.as_property()?.value)).collect()
}

fn function_parts<'a>(
    function: &'a Expression<'a>,
) -> Option<(&'a FormalParameters<'a>, &'a FunctionBody<'a>)> {
    match function.get_inner_expression() {
        Expression::FunctionExpression(function) => Some((&function.params, function.body.as_deref()?)),
        _ => None,
    }
}

/// What a literal is as the key of a table.
fn literal<'a>(value: &Expression<'a>) -> Option<std::borrow::Cow<'a, str>> {
    match value {
        Expression::StringLiteral(text) => Some(text.value.as_str().into()),
        Expression::NumericLiteral(number) => Some(number.value.to_string().into()),
        _ => None,
    }
}

/// Whether what the bundle gives is a module of the table, or nothing at all.
fn stays_inside<'a>(
    semantic: &Semantic<'a>,
    call: &CallExpression<'a>,
    keys: &HashSet<std::borrow::Cow<'a, str>>,
) -> bool {
    for kind in semantic.nodes().ancestor_kinds(call.node_id.get()) {
        match kind {
            AstKind::ParenthesizedExpression(_) => {}
            AstKind::CallExpression(outer) if outer.callee.span().contains_inclusive(call.span) => {
                let names = outer.arguments.iter().map(|argument| literal(argument.as_expression()?));
                return names.into_iter().all(|name| name.is_some_and(|name| keys.contains(&*name)));
            }
            AstKind::ExpressionStatement(_) | AstKind::UnaryExpression(_) => return true,
            // A universal module hands on what its factory gives, which is then a loader.
            _ => return false,
        }
    }
    false
}

/// Whether what is called only looks into the table, and cannot make a module name itself.
fn is_plain_loader<'a>(semantic: &Semantic<'a>, call: &CallExpression<'a>) -> bool {
    const TEXTS: &[&str] =
        &["function", "undefined", "Cannot find module '", "'", "MODULE_NOT_FOUND", "use strict"];
    const MEMBERS: &[&str] = &["exports", "call", "length", "code"];
    let loader = call.callee.span();
    if loader.size() > MAX_LOADER {
        return false;
    }
    let nodes = semantic.nodes();
    let first: NodeId = call.node_id.get();
    // Nodes are numbered as they stand in the text.
    let inside = nodes.iter().skip(first.index() + 1).map(|node| node.kind());
    let mut inside = inside.take_while(|kind| loader.contains_inclusive(kind.span()));
    inside.all(|kind| match kind {
        AstKind::StringLiteral(text) => TEXTS.contains(&text.value.as_str()),
        AstKind::StaticMemberExpression(member) => MEMBERS.contains(&member.property.name.as_str()),
        AstKind::IdentifierReference(name) => {
            let id = name.reference_id.get();
            let is_local = id.is_some_and(|id| semantic.scoping().get_reference(id).symbol_id().is_some());
            is_local || matches!(name.name.as_str(), "require" | "Error")
        }
        // Texts are put together for the message of an error alone: one part of each is a text from the list above.
        AstKind::BinaryExpression(sum) if sum.operator == oxc_ast::ast::BinaryOperator::Addition => {
            matches!(sum.left, Expression::StringLiteral(_))
                || matches!(sum.right, Expression::StringLiteral(_))
        }
        AstKind::AssignmentExpression(assignment) => assignment.operator.is_assign(),
        AstKind::ForInStatement(_)
        | AstKind::ForOfStatement(_)
        | AstKind::WithStatement(_)
        | AstKind::TemplateLiteral(_)
        | AstKind::TaggedTemplateExpression(_)
        | AstKind::RegExpLiteral(_)
        | AstKind::ImportExpression(_)
        | AstKind::ThisExpression(_)
        | AstKind::Class(_) => false,
        _ => true,
    })
}
