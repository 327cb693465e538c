//! The checks: one pass over the nodes of a file, asking of each what it reaches for.
//!
//! What a call does is judged in `sinks.rs`, what an assignment changes in `tamper.rs`, and which module stands for
//! which rule in `modules.rs`.

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    ComputedMemberExpression, Expression, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier,
};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::{GetSpan, Span};

use super::leaks::Sink;
use super::link::Links;
use super::path::{Path, Root};
use super::resolve::Resolver;
use super::{Outcome, exports, modules, obfuscation};
use crate::findings::Findings;
use crate::rules::{self, Rule};
use crate::source::Source;

pub(super) fn check<'a>(
    (semantic, allocator): (&Semantic<'a>, &'a Allocator),
    source: &Source<'_>,
    links: &mut Links,
    findings: &mut Findings,
    outcome: &mut Outcome,
) {
    let resolver = Resolver::new(semantic, allocator, links, source.path);
    let mut check = Check { semantic, resolver, source, findings, outcome, sinks: Vec::new(), reports: 0 };
    for node in semantic.nodes().iter() {
        check.node(node.id(), node.kind());
    }
    if check.resolver.was_cut() {
        let what = "the names in this file refer to each other in too many ways to follow";
        check.findings.in_file(rules::TOO_COMPLEX, source.path, what);
    }
    let mut exported = exports::collect(semantic, &check.resolver);
    check.leaks(&mut exported);
    let cost = check.resolver.spent() + check.reports * super::FINDING_WORK;
    obfuscation::check(semantic, source, findings);
    links.work(cost);
    links.record(source.path, exported, &outcome.imports);
}

pub(super) struct Check<'c, 's, 'a, 't> {
    pub(super) semantic: &'s Semantic<'a>,
    pub(super) resolver: Resolver<'s, 'a>,
    pub(super) source: &'c Source<'t>,
    pub(super) findings: &'c mut Findings,
    outcome: &'c mut Outcome,
    pub(super) sinks: Vec<Sink<'a>>,
    /// How many findings there were, also those that were found before.
    reports: u64,
}

impl<'a> Check<'_, '_, 'a, '_> {
    fn node(&mut self, id: NodeId, kind: AstKind<'a>) {
        match kind {
            AstKind::IdentifierReference(identifier) => self.identifier(id, identifier),
            AstKind::StaticMemberExpression(member) => {
                let paths = self.resolver.static_member_paths(member);
                self.member(id, member.property.span, (&paths, ""));
            }
            AstKind::ComputedMemberExpression(member) => self.computed(id, member),
            AstKind::CallExpression(call) => self.call((id, call.span), &call.callee, &call.arguments),
            AstKind::NewExpression(new) => self.call((id, new.span), &new.callee, &new.arguments),
            AstKind::TaggedTemplateExpression(tagged) => self.tag(tagged),
            AstKind::ImportExpression(import) => self.module_expression(Some(&import.source), import.span),
            AstKind::ImportDeclaration(import) if !is_type_only(import) => {
                self.module(import.source.value.as_str(), import.source.span, "");
            }
            AstKind::ExportAllDeclaration(export) if export.export_kind.is_value() => {
                self.module(export.source.value.as_str(), export.source.span, "");
            }
            AstKind::ExportFromDeclaration(export) if export.export_kind.is_value() => {
                self.module(export.source.value.as_str(), export.source.span, "");
            }
            AstKind::TSExternalModuleReference(module) => {
                self.module(module.expression.value.as_str(), module.expression.span, "");
            }
            kind => self.change(kind),
        }
    }

    pub(super) fn computed(&mut self, id: NodeId, member: &'a ComputedMemberExpression<'a>) {
        if let Some(name) = self.resolver.key_name(&member.expression, 0) {
            let paths = self.resolver.property_paths(&member.object, name);
            if paths.iter().any(|path| path.as_node().is_none()) {
                let spelled = self.spelled(&member.expression, name);
                self.member(id, member.span, (&paths, &spelled));
            }
        } else {
            self.computed_member(id, member.span, (&member.object, &member.expression));
        }
    }

    pub(super) fn report(&mut self, rule: &'static Rule, span: Span, what: &str) {
        self.reports += 1;
        if let Some(ability) = modules::ability_of(rule) {
            self.findings.note(|facts| &mut facts.abilities, ability);
        }
        self.findings.at(rule, self.source, span.start as usize, what);
    }

    fn identifier(&mut self, id: NodeId, identifier: &'a IdentifierReference<'a>) {
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
                    return call.callee.span() != child && !self.follows_arguments(&call.callee);
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

    /// Whether what is called hands its arguments to a function that is followed.
    fn follows_arguments(&self, callee: &'a Expression<'a>) -> bool {
        self.resolver.paths(callee).iter().any(|path| {
            matches!((path.root, path.members()), (Root::Global("Reflect"), ["apply" | "construct" | "get"]))
                || matches!(path.root, Root::Global("Object")) && path.members() == ["getPrototypeOf"]
                || matches!(path.members(), [.., "call" | "apply" | "bind", "call" | "apply" | "bind"])
        })
    }

    pub(super) fn is_called(&self, parent: AstKind<'a>, callee: Span) -> bool {
        matches!(parent, AstKind::CallExpression(call) if call.callee.span() == callee)
    }

    fn member(&mut self, id: NodeId, span: Span, (paths, spelled): (&[Path<'a>], &str)) {
        if paths.is_empty() || self.is_harmless_mention(id) {
            return;
        }
        for path in paths {
            if let Some((rule, what)) = member_rule(path) {
                self.report(rule, span, &format!("{spelled}{what}"));
            }
            self.environment(path);
            if matches!((path.root, path.members()), (Root::Module("crypto"), [name]) if is_hashing(name)) {
                self.mining(id, span);
            }
        }
    }

    /// Hashing again and again, with a counter, until the result starts as it should.
    pub(super) fn mining(&mut self, id: NodeId, span: Span) {
        let around = self.semantic.nodes().ancestor_kinds(id).take(24).find(|kind| {
            matches!(
                kind,
                AstKind::WhileStatement(_)
                    | AstKind::DoWhileStatement(_)
                    | AstKind::ForStatement(_)
                    | AstKind::Function(_)
                    | AstKind::ArrowFunctionExpression(_)
            )
        });
        let Some(loop_) = around.filter(|kind| !kind.is_function_like()) else { return };
        let range =
            loop_.span().start as usize..(loop_.span().end as usize).min(loop_.span().start as usize + 4_000);
        let text = self.source.text.get(range).unwrap_or_default();
        let counts = text.contains("++") || text.contains("+= 1") || text.contains("+=1");
        let wanted = ["startsWith(", "nonce", "difficulty", "target", ".repeat("];
        if counts && wanted.iter().any(|word| text.contains(word)) {
            self.report(rules::MINING, span, "this loop hashes a counter until the result fits");
        }
    }

    /// A member whose name is not known, of something where that matters.
    fn computed_member(
        &mut self,
        id: NodeId,
        span: Span,
        (object, key): (&'a Expression<'a>, &'a Expression<'a>),
    ) {
        let paths = self.resolver.paths(object);
        let matters = |path: &Path<'a>| {
            path.root == Root::GlobalObject
                || matches!(path.root, Root::Global("process" | "module")) && path.members().is_empty()
        };
        if !paths.iter().any(matters) {
            for path in &paths {
                self.environment(path);
            }
            return;
        }
        // More effort than elsewhere is worth it here.
        let names = self.resolver.some_strings(key);
        for name in names {
            let name = self.resolver.keep(&name);
            let paths = self.resolver.property_paths(object, name);
            let spelled = self.spelled(key, name);
            self.member(id, span, (&paths, &spelled));
            if name == "require" {
                let what = format!("{} is taken by a name put together at run time", quoted(name));
                self.report(rules::COMPUTED_MODULE, span, &what);
            }
        }
    }

    pub(super) fn module_expression(&mut self, name: Option<&'a Expression<'a>>, span: Span) {
        match name.and_then(|name| self.resolver.fold_strings(name, 0)) {
            Some(texts) => {
                for text in &texts {
                    let spelled = name.map(|name| self.spelled(name, text)).unwrap_or_default();
                    self.module(self.resolver.keep(text), span, &spelled);
                }
            }
            None if name.is_some_and(|name| self.is_data_address(name)) => {
                self.report(rules::DYNAMIC_CODE, span, "code that is in an address is loaded");
            }
            None if self.resolver.preludes().is_loader(span) => {}
            None => {
                let what = match name {
                    Some(name) => {
                        format!("which module {} names is only known when the code runs", self.excerpt(name))
                    }
                    None => "the module to load is only known when the code runs".to_owned(),
                };
                self.report(rules::COMPUTED_MODULE, span, &what);
            }
        }
    }

    /// Whether a module name leads to source in the bundle, as `./server.node` does to `server.node.js`.
    fn is_source(&self, name: &str) -> bool {
        let target = self.resolver.links.target(self.source.path, name);
        target.is_some_and(|path| !path.ends_with(".node"))
    }

    fn is_data_address(&self, name: &'a Expression<'a>) -> bool {
        let start = match name.get_inner_expression() {
            Expression::BinaryExpression(sum) => self.resolver.fold_string(&sum.left, 0),
            Expression::TemplateLiteral(template) => {
                template.quasis.first().and_then(|quasi| quasi.value.cooked).map(|start| start.to_string())
            }
            _ => None,
        };
        start.is_some_and(|start| start.trim_start().starts_with("data:"))
    }

    fn module(&mut self, name: &'a str, span: Span, spelled: &str) {
        if self.resolver.preludes().holds(span, name) {
            return;
        }
        let is_here = self.resolver.links.target(self.source.path, name).is_some();
        if name.starts_with('.') || is_here {
            self.outcome.imports.push(name.to_owned());
        }
        if !name.starts_with('.') && !is_here {
            self.findings.note(|facts| &mut facts.modules, modules::plain(name));
        }
        if modules::leaves_bundle(self.source.path, name) {
            let what = format!("{spelled}{} is outside the bundle", quoted(name));
            self.report(rules::COMPUTED_MODULE, span, &what);
        } else if name.ends_with(".node") && !self.is_source(name) {
            let what = format!("{spelled}{} is machine code", quoted(name));
            self.report(rules::NATIVE_LOADING, span, &what);
        } else if let Some(rule) = modules::rule_of(name) {
            let what = format!("{spelled}the module {} is loaded", quoted(modules::plain(name)));
            self.report(rule, span, &what);
        }
    }

    /// What a name that is not written plainly resolves to; nothing for what is.
    fn spelled(&self, name: &'a Expression<'a>, text: &str) -> String {
        match name.get_inner_expression() {
            Expression::StringLiteral(_) => String::new(),
            _ => format!("{} resolves to {}; ", self.excerpt(name), quoted(text)),
        }
    }

    /// The source of an expression, cut and made safe for messages.
    pub(super) fn excerpt(&self, of: &Expression<'a>) -> String {
        let span = of.span();
        let text = self.source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if short.len() < text.len() { format!("`{short}…`") } else { format!("`{short}`") }
    }
}

/// Hostile names are cut and escaped before they enter a message.
pub(super) fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}

/// What naming a member touches, with words for it.
pub(super) fn member_rule(path: &Path<'_>) -> Option<(&'static Rule, String)> {
    match (path.root, path.members()) {
        (Root::Global("eval"), []) => Some((rules::DYNAMIC_CODE, "eval runs text as code".to_owned())),
        (Root::Global(name @ ("fetch" | "XMLHttpRequest" | "WebSocket" | "EventSource")), []) => {
            Some((rules::NETWORK, format!("{name} is used")))
        }
        (Root::Global("process"), [member @ ("binding" | "_linkedBinding" | "dlopen")]) => {
            Some((rules::NATIVE_LOADING, format!("process.{member} loads machine code")))
        }
        (Root::Global("process"), [member @ ("execve" | "_kill" | "_debugProcess")]) => {
            Some((rules::PROCESS_SPAWN, format!("process.{member} acts on other processes")))
        }
        (Root::Global("process"), ["report", "writeReport"] | ["loadEnvFile"]) => {
            Some((rules::FILE_SYSTEM, "process reads or writes a file here".to_owned()))
        }
        (Root::Global("WebAssembly"), [_]) => Some((rules::WASM, "WebAssembly is used".to_owned())),
        (Root::Module("crypto"), [member]) if is_hashing(member) => {
            Some((rules::HASHING, format!("crypto.{member} is used")))
        }
        (Root::Module("module") | Root::Global("module"), [.., "_compile"]) => {
            Some((rules::DYNAMIC_CODE, "_compile runs text as a module".to_owned()))
        }
        (Root::Module("module"), [.., "register" | "registerHooks" | "_extensions" | "_resolveFilename"]) => {
            Some((rules::MODULE_TAMPERING, "how modules are loaded is changed".to_owned()))
        }
        (Root::Global("require"), ["extensions", ..]) => {
            Some((rules::MODULE_TAMPERING, "require.extensions changes how files are loaded".to_owned()))
        }
        (Root::Global("Deno" | "Bun"), [member, ..]) => runtime_rule(member),
        _ => None,
    }
}

fn is_hashing(member: &str) -> bool {
    member == "hash" || member.starts_with("createHash") || member.starts_with("createCipher")
}

/// What the objects of other runtimes reach, should the code be run by one of them.
fn runtime_rule(member: &str) -> Option<(&'static Rule, String)> {
    let rule = match member {
        "run" | "Command" | "spawn" | "spawnSync" | "$" => rules::PROCESS_SPAWN,
        "dlopen" => rules::NATIVE_LOADING,
        "readFile" | "readTextFile" | "writeFile" | "writeTextFile" | "open" | "remove" | "file"
        | "write" => rules::FILE_SYSTEM,
        _ => return None,
    };
    Some((rule, format!("{member} of another JavaScript runtime is used")))
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
