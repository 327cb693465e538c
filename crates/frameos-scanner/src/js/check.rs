//! The checks: one pass over the nodes of a file, asking of each what it reaches for.
//!
//! Which name touches which rule is in `modules.rs` for modules and here, in [`member_rule`], for the rest.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, Expression, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier,
};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::{GetSpan, Span};

use super::path::{Path, Root};
use super::resolve::Resolver;
use super::{Outcome, modules, obfuscation};
use crate::findings::Findings;
use crate::rules::{self, Rule};
use crate::source::Source;

pub(super) fn check<'a>(
    semantic: &Semantic<'a>,
    source: &Source<'_>,
    findings: &mut Findings,
    outcome: &mut Outcome,
) {
    let resolver = Resolver::new(semantic);
    let mut check = Check { semantic, resolver, source, findings, outcome };
    for node in semantic.nodes().iter() {
        check.node(node.id(), node.kind());
    }
    if check.resolver.was_cut() {
        let what = "the names in this file refer to each other in too many ways to follow";
        check.findings.in_file(rules::TOO_COMPLEX, source.path, what);
    }
    obfuscation::check(semantic, source, findings);
}

struct Check<'c, 's, 'a, 't> {
    semantic: &'s Semantic<'a>,
    resolver: Resolver<'s, 'a>,
    source: &'c Source<'t>,
    findings: &'c mut Findings,
    outcome: &'c mut Outcome,
}

impl<'a> Check<'_, '_, 'a, '_> {
    fn node(&mut self, id: NodeId, kind: AstKind<'a>) {
        match kind {
            AstKind::IdentifierReference(identifier) => self.identifier(id, identifier),
            AstKind::StaticMemberExpression(member) => {
                let paths = self.resolver.property_paths(&member.object, &member.property.name);
                self.member(id, member.property.span, &paths);
            }
            AstKind::ComputedMemberExpression(member) => {
                match self.resolver.fold_string(&member.expression, 0) {
                    Some(name) => {
                        let paths = self.resolver.property_paths(&member.object, &name);
                        self.member(id, member.span, &paths);
                    }
                    None => self.computed_member(id, member.span, &member.object),
                }
            }
            AstKind::CallExpression(call) => self.call(call.span, &call.callee, &call.arguments),
            AstKind::NewExpression(new) => self.call(new.span, &new.callee, &new.arguments),
            AstKind::TaggedTemplateExpression(tagged)
                if self.resolver.paths(&tagged.tag).iter().any(makes_code) =>
            {
                self.report(rules::DYNAMIC_CODE, tagged.span, "a template is run as code");
            }
            AstKind::ImportExpression(import) => self.module_expression(Some(&import.source), import.span),
            AstKind::ImportDeclaration(import) if !is_type_only(import) => {
                self.module(&import.source.value, import.source.span);
            }
            AstKind::ExportAllDeclaration(export) if export.export_kind.is_value() => {
                self.module(&export.source.value, export.source.span);
            }
            AstKind::ExportFromDeclaration(export) if export.export_kind.is_value() => {
                self.module(&export.source.value, export.source.span);
            }
            AstKind::TSExternalModuleReference(module) => {
                self.module(&module.expression.value, module.expression.span);
            }
            _ => {}
        }
    }

    fn report(&mut self, rule: &'static Rule, span: Span, what: &str) {
        self.findings.at(rule, self.source, span.start as usize, what);
    }

    fn identifier(&mut self, id: NodeId, identifier: &IdentifierReference<'a>) {
        if !self.resolver.is_global(identifier) || self.is_harmless_mention(id) {
            return;
        }
        match identifier.name.as_str() {
            "eval" => self.report(rules::DYNAMIC_CODE, identifier.span, "eval runs text as code"),
            "require" if self.escapes(id) => {
                let what = "require is handed on, so what it loads is not known";
                self.report(rules::COMPUTED_MODULE, identifier.span, what);
            }
            name @ ("fetch" | "XMLHttpRequest" | "WebSocket" | "EventSource") => {
                self.report(rules::NETWORK, identifier.span, &format!("{name} is used"));
            }
            _ => {}
        }
    }

    /// Whether a name is only mentioned in a type or under `typeof`.
    fn is_harmless_mention(&self, id: NodeId) -> bool {
        match self.semantic.nodes().parent_kind(id) {
            AstKind::UnaryExpression(unary) => unary.operator.is_typeof(),
            AstKind::TSTypeReference(_) | AstKind::TSTypeQuery(_) | AstKind::TSQualifiedName(_) => true,
            _ => false,
        }
    }

    /// Whether a mention of `require` lets it go where it can no longer be followed.
    fn escapes(&self, id: NodeId) -> bool {
        let nodes = self.semantic.nodes();
        let mut child = nodes.kind(id).span();
        for kind in nodes.ancestor_kinds(id) {
            match kind {
                AstKind::ParenthesizedExpression(_)
                | AstKind::SequenceExpression(_)
                | AstKind::LogicalExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::ChainExpression(_) => child = kind.span(),
                AstKind::ConditionalExpression(choice) if choice.test.span() == child => return false,
                AstKind::ConditionalExpression(_) => child = kind.span(),
                AstKind::CallExpression(call) => {
                    let is_followed = self.resolver.paths(&call.callee).iter().any(is_reflection);
                    return call.callee.span() != child && !is_followed;
                }
                AstKind::StaticMemberExpression(member) => {
                    return matches!(member.property.name.as_str(), "call" | "apply" | "bind")
                        && !self.is_called(nodes.parent_kind(member.node_id.get()), member.span);
                }
                AstKind::ComputedMemberExpression(_)
                | AstKind::UnaryExpression(_)
                | AstKind::BinaryExpression(_)
                | AstKind::VariableDeclarator(_)
                | AstKind::TaggedTemplateExpression(_)
                | AstKind::ExpressionStatement(_)
                | AstKind::IfStatement(_) => return false,
                AstKind::AssignmentExpression(assignment) => {
                    return !matches!(
                        assignment.left,
                        oxc_ast::ast::AssignmentTarget::AssignmentTargetIdentifier(_)
                    );
                }
                AstKind::FormalParameter(_) | AstKind::AssignmentPattern(_) => return false,
                _ => return true,
            }
        }
        true
    }

    fn is_called(&self, parent: AstKind<'a>, callee: Span) -> bool {
        matches!(parent, AstKind::CallExpression(call) if call.callee.span() == callee)
    }

    fn member(&mut self, id: NodeId, span: Span, paths: &[Path]) {
        if self.is_harmless_mention(id) {
            return;
        }
        for (rule, what) in paths.iter().filter_map(member_rule) {
            self.report(rule, span, &what);
        }
    }

    fn computed_member(&mut self, id: NodeId, span: Span, object: &Expression<'a>) {
        let is_called = self.is_called(self.semantic.nodes().parent_kind(id), span);
        let is_global = |path: &Path| path.root == Root::GlobalObject && path.members.is_empty();
        if is_called && self.resolver.paths(object).iter().any(is_global) {
            let what = "a global function is called by a name computed at run time";
            self.report(rules::COMPUTED_GLOBAL, span, what);
        }
    }

    fn call(&mut self, span: Span, callee: &Expression<'a>, arguments: &[Argument<'a>]) {
        for path in self.resolver.paths(callee) {
            self.call_of(&path, span, callee, arguments);
        }
    }

    fn call_of(&mut self, path: &Path, span: Span, callee: &Expression<'a>, arguments: &[Argument<'a>]) {
        let argument = |index: usize| arguments.get(index).and_then(Argument::as_expression);
        if path.is_global("require", &[]) {
            self.module_expression(argument(0), span);
        } else if path.is_global("require", &["call"]) {
            self.module_expression(argument(1), span);
        } else if path.is_global("require", &["apply"]) {
            self.module_expression(argument(1).and_then(first_element), span);
        } else if is_reflection(path) {
            self.reflected_call(span, argument(0), argument(arguments.len().saturating_sub(1)));
        } else if makes_code(path) {
            self.report(rules::DYNAMIC_CODE, span, &code_words(path));
        } else if is_timer(path) && argument(0).is_some_and(|code| self.resolver.is_text(code)) {
            self.report(rules::DYNAMIC_CODE, span, "a timer is given text, which it runs as code");
        } else if path.is_module("worker_threads", &["Worker"]) && has_eval_option(argument(1)) {
            self.report(rules::DYNAMIC_CODE, span, "a worker is given text, which it runs as code");
        } else if matches!(callee.get_inner_expression(), Expression::Identifier(_))
            && let Some((rule, what)) = member_rule(path)
        {
            self.report(rule, span, &what);
        }
    }

    fn reflected_call(
        &mut self,
        span: Span,
        function: Option<&Expression<'a>>,
        arguments: Option<&Expression<'a>>,
    ) {
        for path in function.map(|function| self.resolver.paths(function)).unwrap_or_default() {
            if makes_code(&path) {
                self.report(rules::DYNAMIC_CODE, span, &code_words(&path));
            } else if path.is_global("require", &[]) {
                self.module_expression(arguments.and_then(first_element), span);
            }
        }
    }

    fn module_expression(&mut self, name: Option<&Expression<'a>>, span: Span) {
        match name.and_then(|name| self.resolver.fold_string(name, 0)) {
            Some(name) => self.module(&name, span),
            None => {
                let what = "the module to load is only known when the code runs";
                self.report(rules::COMPUTED_MODULE, span, what);
            }
        }
    }

    fn module(&mut self, name: &str, span: Span) {
        if name.starts_with('.') {
            self.outcome.imports.push(name.to_owned());
        }
        if modules::leaves_bundle(self.source.path, name) {
            let what = format!("{} is outside the bundle", quoted(name));
            self.report(rules::COMPUTED_MODULE, span, &what);
        } else if let Some(rule) = modules::rule_of(name) {
            self.report(rule, span, &format!("the module {} is loaded", quoted(modules::plain(name))));
        }
    }
}

/// Hostile names are cut and escaped before they enter a message.
fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}

/// What naming a member touches, with words for it.
fn member_rule(path: &Path) -> Option<(&'static Rule, String)> {
    let first = path.members.first().map(String::as_str);
    match (&path.root, first) {
        (Root::Global(name), None) if name == "eval" => {
            Some((rules::DYNAMIC_CODE, "eval runs text as code".to_owned()))
        }
        (Root::Global(name), None)
            if matches!(name.as_str(), "fetch" | "XMLHttpRequest" | "WebSocket" | "EventSource") =>
        {
            Some((rules::NETWORK, format!("{name} is used")))
        }
        (Root::Global(name), Some(member @ ("binding" | "_linkedBinding" | "dlopen")))
            if name == "process" && path.members.len() == 1 =>
        {
            Some((rules::NATIVE_LOADING, format!("process.{member} loads machine code")))
        }
        (Root::Global(name), Some(_)) if name == "WebAssembly" && path.members.len() == 1 => {
            Some((rules::WASM, "WebAssembly is used".to_owned()))
        }
        (Root::Module(name), Some(member)) if name == "crypto" && path.members.len() == 1 => {
            let is_hashing = member.starts_with("createHash") || member.starts_with("createCipher");
            (is_hashing || member == "hash").then(|| (rules::HASHING, format!("crypto.{member} is used")))
        }
        _ => None,
    }
}

/// Whether calling this makes code from text.
fn makes_code(path: &Path) -> bool {
    let Root::Global(name) = &path.root else { return false };
    let members: Vec<&str> = path.members.iter().map(String::as_str).collect();
    matches!(name.as_str(), "Function" | "eval")
        && matches!(members.as_slice(), [] | ["call" | "apply" | "bind"])
        || matches!(name.as_str(), "AsyncFunction" | "GeneratorFunction") && members.is_empty()
}

fn code_words(path: &Path) -> String {
    match &path.root {
        Root::Global(name) => format!("{name} runs text as code"),
        _ => "text is run as code".to_owned(),
    }
}

fn is_reflection(path: &Path) -> bool {
    path.is_global("Reflect", &["apply"]) || path.is_global("Reflect", &["construct"])
}

fn is_timer(path: &Path) -> bool {
    ["setTimeout", "setInterval", "setImmediate", "execScript"].iter().any(|name| path.is_global(name, &[]))
}

fn first_element<'e, 'a>(list: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    match list.get_inner_expression() {
        Expression::ArrayExpression(array) => array.elements.first()?.as_expression(),
        // Not a literal: let it fail to fold, which is a finding.
        other => Some(other),
    }
}

fn has_eval_option(options: Option<&Expression<'_>>) -> bool {
    let Some(Expression::ObjectExpression(options)) = options.map(Expression::get_inner_expression) else {
        return false;
    };
    options.properties.iter().any(|property| {
        property.as_property().is_some_and(|property| property.key.static_name().as_deref() == Some("eval"))
    })
}

/// Whether TypeScript drops an import because it brings types alone.
fn is_type_only(import: &ImportDeclaration<'_>) -> bool {
    let all_types = import.specifiers.as_ref().is_some_and(|specifiers| {
        !specifiers.is_empty()
            && specifiers.iter().all(|specifier| {
                matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type())
            })
    });
    import.import_kind.is_type() || all_types
}
