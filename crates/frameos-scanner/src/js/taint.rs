//! Where data comes from: follows an argument of a dangerous call back to the environment, a file or the network.
//!
//! It goes through names, members, calls, callbacks and what is appended to, within an allowance; beyond that it says
//! nothing, since what the call does on its own is judged elsewhere.

use std::cell::{Cell, RefCell};

use frameos_domain::scan::Step;
use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, ArrayExpressionElement, Expression, IdentifierReference, ObjectPropertyKind};
use oxc_semantic::{NodeId, SymbolId};
use oxc_span::{GetSpan, Span};

use super::definitions::{Definition, Member};
use super::modules;
use super::path::{Path, Root};
use super::resolve::Resolver;
use crate::memo::ById;
use crate::rules;
use crate::source::Source;

const MAX_DEPTH: u32 = 60;
/// How many expressions are looked at for one file; small files get less.
const WORK: u32 = 60_000;
const MAX_STEPS: usize = 12;

/// What kind of thing data is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Environment,
    File,
    Clipboard,
    Network,
    /// One variable of the environment with a name as secrets have.
    Secret,
    Host,
}

/// Data with the way it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) kind: Kind,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Taint<'t, 's, 'a> {
    resolver: &'t Resolver<'s, 'a>,
    source: &'t Source<'t>,
    known: RefCell<ById<SymbolId, Option<Flow>>>,
    /// Parameters that the data last asked about may come from.
    reached: RefCell<Vec<SymbolId>>,
    work: Cell<u32>,
}

impl<'t, 's, 'a> Taint<'t, 's, 'a> {
    pub(super) fn new(resolver: &'t Resolver<'s, 'a>, source: &'t Source<'t>) -> Self {
        let nodes = u32::try_from(resolver.semantic.nodes().len()).unwrap_or(u32::MAX);
        Self {
            resolver,
            source,
            known: RefCell::default(),
            reached: RefCell::default(),
            work: Cell::new(WORK.min((WORK / 6).saturating_add(nodes))),
        }
    }

    /// Where the data of an expression comes from, if it is one of the [`Kind`]s, and the parameters it may come from.
    pub(super) fn of(&self, expression: &'a Expression<'a>) -> (Option<Flow>, Vec<SymbolId>) {
        self.reached.borrow_mut().clear();
        let flow = self.flow(expression, 0);
        (flow, std::mem::take(&mut *self.reached.borrow_mut()))
    }

    pub(super) fn step(&self, span: Span, message: String) -> Step {
        let position = self.source.position(span.start as usize);
        Step { file: self.source.path.to_owned(), line: position.line, column: position.column, message }
    }

    fn flow(&self, expression: &'a Expression<'a>, depth: u32) -> Option<Flow> {
        let left = self.work.get().saturating_sub(1);
        self.work.set(left);
        if left == 0 || depth > MAX_DEPTH {
            return None;
        }
        let next = depth + 1;
        let inner = expression.get_inner_expression();
        match inner {
            Expression::Identifier(name) => self.start(inner).or_else(|| self.name(name, next)),
            Expression::CallExpression(call) => self.call(inner, &call.callee, &call.arguments, next),
            Expression::NewExpression(new) => self.arguments(&new.arguments, next),
            Expression::AwaitExpression(inner) => self.flow(&inner.argument, next),
            Expression::UnaryExpression(unary) if !unary.operator.is_typeof() => {
                self.flow(&unary.argument, next)
            }
            Expression::BinaryExpression(binary)
                if !binary.operator.is_compare() && !binary.operator.is_equality() =>
            {
                self.worst([&binary.left, &binary.right], next)
            }
            Expression::LogicalExpression(choice) => self.worst([&choice.left, &choice.right], next),
            Expression::ConditionalExpression(choice) => {
                self.worst([&choice.consequent, &choice.alternate], next)
            }
            Expression::SequenceExpression(list) => self.flow(list.expressions.last()?, next),
            Expression::AssignmentExpression(assignment) => self.flow(&assignment.right, next),
            Expression::TemplateLiteral(template) => self.worst(template.expressions.iter(), next),
            Expression::TaggedTemplateExpression(tagged) => self.worst(tagged.quasi.expressions.iter(), next),
            Expression::ArrayExpression(array) => {
                let values = array.elements.iter().filter_map(|element| match element {
                    ArrayExpressionElement::SpreadElement(spread) => Some(&spread.argument),
                    element => element.as_expression(),
                });
                self.worst(values, next)
            }
            Expression::ObjectExpression(object) => {
                let flows = object.properties.iter().filter_map(|property| self.property(property, next));
                flows.min_by_key(|flow| flow.kind)
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                oxc_ast::ast::ChainElement::CallExpression(call) => {
                    self.call(inner, &call.callee, &call.arguments, next)
                }
                element => {
                    self.start(inner).or_else(|| self.flow(element.as_member_expression()?.object(), next))
                }
            },
            inner => {
                let member = inner.as_member_expression()?;
                if let Some(flow) = self.start(inner) {
                    return Some(flow);
                }
                // One harmless variable of the environment is not the environment.
                let object = member.object();
                if member.static_property_name().is_some() && self.is_environment(object) {
                    return None;
                }
                self.flow(object, next)
            }
        }
    }

    fn worst(&self, values: impl IntoIterator<Item = &'a Expression<'a>>, depth: u32) -> Option<Flow> {
        values.into_iter().filter_map(|value| self.flow(value, depth)).min_by_key(|flow| flow.kind)
    }

    fn arguments(&self, arguments: &'a [Argument<'a>], depth: u32) -> Option<Flow> {
        let values = arguments.iter().filter_map(|argument| match argument {
            Argument::SpreadElement(spread) => Some(&spread.argument),
            argument => argument.as_expression(),
        });
        self.worst(values, depth)
    }

    fn property(&self, property: &'a ObjectPropertyKind<'a>, depth: u32) -> Option<Flow> {
        match property {
            ObjectPropertyKind::SpreadProperty(spread) => self.flow(&spread.argument, depth),
            ObjectPropertyKind::ObjectProperty(property) => {
                let flow = self.flow(&property.value, depth)?;
                let name = property.key.static_name().unwrap_or_default().to_ascii_lowercase();
                // A secret in a header is how services are called.
                let is_header =
                    matches!(name.as_str(), "headers" | "auth" | "authorization" | "agent" | "username")
                        || is_secret_name(&name);
                (!is_header || flow.kind != Kind::Secret).then_some(flow)
            }
        }
    }

    fn is_environment(&self, expression: &'a Expression<'a>) -> bool {
        self.resolver.paths(expression).iter().any(|path| path.is_global("process", &["env"]))
    }

    /// Data that begins here, by what the expression stands for.
    fn start(&self, expression: &'a Expression<'a>) -> Option<Flow> {
        let paths = self.resolver.paths(expression);
        let (kind, message) = paths.iter().find_map(|path| match (path.root, path.members()) {
            (Root::Global("process"), ["env"]) => Some((Kind::Environment, "process.env is read".to_owned())),
            (Root::Global("process"), ["env", name]) if is_secret_variable(name) => {
                Some((Kind::Secret, format!("process.env.{name} is read")))
            }
            _ => None,
        })?;
        Some(Flow { kind, steps: vec![self.step(expression.span(), message)] })
    }

    fn call(
        &self,
        call: &'a Expression<'a>,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        depth: u32,
    ) -> Option<Flow> {
        if let Some(flow) = self.start(call) {
            return Some(flow);
        }
        let mut is_known = false;
        let calls = self.resolver.calls(callee, arguments, 0);
        // What may call many things costs as much.
        self.work.set(self.work.get().saturating_sub(u32::try_from(calls.len()).unwrap_or(u32::MAX)));
        for target in calls {
            if let Some(flow) = self.made_by(&target.target, call.span()) {
                return Some(flow);
            }
            if let Some(function) = target.target.as_node() {
                is_known = true;
                let returned = self.resolver.definitions.flows.returns_of(function);
                if let Some(flow) = self.worst(returned.iter().copied(), depth) {
                    return Some(flow);
                }
            }
        }
        if is_known {
            return None;
        }
        let receiver = callee.get_inner_expression().as_member_expression();
        let flow = receiver.and_then(|member| self.flow(member.object(), depth));
        let mut flow = flow.or_else(|| self.arguments(arguments, depth))?;
        if let Some(name) =
            receiver.and_then(|member| member.static_property_name()).filter(|name| is_encoder(name))
            && flow.steps.len() < MAX_STEPS
        {
            flow.steps.push(self.step(call.span(), format!("it goes through {name}")));
        }
        Some(flow)
    }

    /// Data that a function of the runtime, or of another file, gives.
    fn made_by(&self, target: &Path<'a>, span: Span) -> Option<Flow> {
        let (kind, message) = source_of(target).or_else(|| {
            let Root::Module(name) = target.root else { return None };
            let flow = self.resolver.links.source(self.resolver.file, name, target.members())?;
            Some((flow.kind, String::new())).filter(|_| !flow.steps.is_empty())
        })?;
        let here = self.step(span, message.clone());
        let Root::Module(name) = target.root else { return Some(Flow { kind, steps: vec![here] }) };
        match self.resolver.links.source(self.resolver.file, name, target.members()) {
            Some(flow) if message.is_empty() => {
                let mut steps = flow.steps.clone();
                steps.push(self.step(span, "another file of the bundle hands it over".to_owned()));
                Some(Flow { kind, steps })
            }
            _ => Some(Flow { kind, steps: vec![here] }),
        }
    }

    fn name(&self, name: &'a IdentifierReference<'a>, depth: u32) -> Option<Flow> {
        let symbol = self.resolver.symbol(name)?;
        let known = self.known.borrow().get(&symbol).cloned();
        let flow = match known {
            Some(known) => known,
            None => {
                self.known.borrow_mut().insert(symbol, None);
                let flow = self.symbol(symbol, depth);
                self.known.borrow_mut().insert(symbol, flow.clone());
                flow
            }
        };
        let declaration = self.resolver.scoping.symbol_declaration(symbol);
        if matches!(self.resolver.semantic.nodes().kind(declaration), AstKind::FormalParameter(_)) {
            self.reached.borrow_mut().push(symbol);
        }
        flow
    }

    fn symbol(&self, symbol: SymbolId, depth: u32) -> Option<Flow> {
        let definitions = &self.resolver.definitions;
        let defined = definitions.of(symbol).iter().filter_map(|definition| match definition {
            // One variable of the environment is not the environment.
            Definition::Value { value, members } | Definition::Passed { value, members }
                if matches!(members.first(), Some(Member::Name(_))) && self.is_environment(value) =>
            {
                let Some(Member::Name(name)) = members.first() else { return None };
                let step = || self.step(value.span(), format!("process.env.{name} is read"));
                is_secret_variable(name).then(|| Flow { kind: Kind::Secret, steps: vec![step()] })
            }
            Definition::Value { value, .. } | Definition::Passed { value, .. } => self.flow(value, depth),
            Definition::Module { name, member } => {
                let members: Vec<&str> = member.iter().copied().collect();
                self.resolver.links.source(self.resolver.file, name, &members).cloned()
            }
            Definition::Node(_) | Definition::Loader | Definition::Qualified { .. } => None,
        });
        let mut flow = defined.min_by_key(|flow| flow.kind);
        let grown = definitions.flows.grown(symbol).iter().copied();
        let owned = definitions.flows.owned_by(symbol).iter().copied();
        for value in grown.chain(owned).take(50) {
            flow = flow.into_iter().chain(self.flow(value, depth)).min_by_key(|flow| flow.kind);
        }
        let mut flow = flow.or_else(|| self.handed_to(symbol, depth))?;
        if flow.steps.len() < MAX_STEPS {
            let span = self.resolver.scoping.symbol_span(symbol);
            flow.steps
                .push(self.step(span, format!("{} holds it", self.resolver.scoping.symbol_name(symbol))));
        }
        Some(flow)
    }

    /// What a callback is given: by the function that is called with it, or by what that belongs to.
    fn handed_to(&self, symbol: SymbolId, depth: u32) -> Option<Flow> {
        let nodes = self.resolver.semantic.nodes();
        let declaration = self.resolver.scoping.symbol_declaration(symbol);
        let mut ids = nodes.ancestor_ids(declaration);
        let is_function = |id: &NodeId| {
            matches!(nodes.kind(*id), AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
        };
        if !matches!(nodes.kind(declaration), AstKind::FormalParameter(_)) {
            return None;
        }
        let function = ids.by_ref().take(6).find(is_function)?;
        let AstKind::CallExpression(call) = nodes.parent_kind(function) else { return None };
        if call.callee.span() == nodes.kind(function).span() {
            return None;
        }
        for target in self.resolver.paths(&call.callee) {
            if let Some(flow) = self.made_by(&target, call.span) {
                return Some(flow);
            }
        }
        self.flow(call.callee.get_inner_expression().as_member_expression()?.object(), depth)
    }
}

/// Functions that give data from outside the program.
fn source_of(path: &Path<'_>) -> Option<(Kind, String)> {
    let kind = match (path.root, path.members()) {
        (Root::Module("fs" | "fs/promises" | "fs-extra" | "graceful-fs"), [.., name]) => {
            (name.starts_with("read") || *name == "createReadStream").then_some(Kind::File)?
        }
        (Root::Module("os"), ["hostname" | "userInfo" | "networkInterfaces" | "homedir"]) => Kind::Host,
        (Root::Module("clipboardy"), [.., "read" | "readSync"]) => Kind::Clipboard,
        (Root::Global("navigator"), ["clipboard", "readText" | "read"]) => Kind::Clipboard,
        (Root::Global("fetch"), []) => Kind::Network,
        (Root::Module(name), members) if is_network(name) && !members.contains(&"createServer") => {
            Kind::Network
        }
        _ => return None,
    };
    let name = match path.root {
        Root::Module(name) | Root::Global(name) => name,
        _ => "",
    };
    let full: Vec<&str> = std::iter::once(name).chain(path.members().iter().copied()).collect();
    Some((kind, format!("{} gives data", full.join("."))))
}

pub(super) fn is_network(module: &str) -> bool {
    modules::rule_of(module) == Some(rules::NETWORK)
}

fn is_encoder(name: &str) -> bool {
    matches!(
        name,
        "stringify" | "from" | "toString" | "join" | "update" | "concat" | "encode" | "toJSON" | "entries"
    )
}

/// Whether a variable's name is one that secrets have; the agent's own inputs are none.
fn is_secret_variable(name: &str) -> bool {
    !name.starts_with("INPUT_") && !name.starts_with("FRAMEOS_") && is_secret_name(&name.to_ascii_lowercase())
}

fn is_secret_name(name: &str) -> bool {
    [
        "token",
        "secret",
        "passw",
        "credential",
        "private",
        "apikey",
        "api_key",
        "api-key",
        "access_key",
        "session",
    ]
    .iter()
    .any(|part| name.contains(part))
}
