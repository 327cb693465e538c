//! What an expression stands for: a global, a module, or a member of one, through aliases and destructuring.
//!
//! A name with several definitions may stand for several things: for a scan, all that a name *may* be counts.
//! Work is bounded; when it is cut short, [`Resolver::was_cut`] says so and the file is reported, never passed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use oxc_ast::ast::{
    Argument, CallExpression, ChainElement, Expression, IdentifierReference, MemberExpression,
};
use oxc_semantic::{Scoping, Semantic, SymbolId};

use super::definitions::{Definition, Definitions};
use super::fold::Value;
use super::path::Path;
use crate::memo::{Memo, Step};

/// How many expressions one question may pass through.
pub(super) const MAX_HOPS: u32 = 250;
/// How many expressions all questions about one file may pass through.
const FUEL: u32 = 10_000_000;

/// How many things one name may stand for.
const MAX_PATHS: usize = 12;

pub(super) struct Resolver<'s, 'a> {
    scoping: &'s Scoping,
    definitions: Definitions<'s, 'a>,
    names: Memo<SymbolId, Path>,
    /// Final answers for members and calls, by address, so that a long chain is walked once and not once per link.
    chains: RefCell<HashMap<usize, Vec<Path>>>,
    /// The values of constant names.
    pub(super) folded: RefCell<HashMap<SymbolId, Option<Value>>>,
    fuel: Cell<u32>,
    cut: Cell<bool>,
}

impl<'s, 'a> Resolver<'s, 'a> {
    pub(super) fn new(semantic: &'s Semantic<'a>) -> Self {
        Self {
            scoping: semantic.scoping(),
            definitions: Definitions::collect(semantic),
            names: Memo::new(),
            chains: RefCell::default(),
            folded: RefCell::default(),
            fuel: Cell::new(FUEL),
            cut: Cell::new(false),
        }
    }

    /// Whether work was cut short, so that something may have been missed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get() || self.fuel.get() == 0
    }

    /// Takes one unit of work; false when there is none left.
    pub(super) fn burn(&self) -> bool {
        let left = self.fuel.get().saturating_sub(1);
        self.fuel.set(left);
        left > 0
    }

    pub(super) fn is_global(&self, identifier: &IdentifierReference<'a>) -> bool {
        self.symbol(identifier).is_none()
    }

    /// Everything an expression may stand for.
    pub(super) fn paths(&self, expression: &Expression<'a>) -> Vec<Path> {
        self.paths_at(expression, 0)
    }

    /// Everything `object.name` may stand for.
    pub(super) fn property_paths(&self, object: &Expression<'a>, name: &str) -> Vec<Path> {
        self.property_paths_at(object, name, 0)
    }

    /// The value of a name that has exactly one and never changes.
    pub(super) fn constant(
        &self,
        identifier: &IdentifierReference<'a>,
    ) -> Option<(SymbolId, &'a Expression<'a>)> {
        let symbol = self.symbol(identifier)?;
        self.definitions.constant(symbol).map(|value| (symbol, value))
    }

    /// What an expression surely stands for.
    pub(super) fn exact_path(&self, expression: &Expression<'a>, hops: u32) -> Option<Path> {
        if hops > MAX_HOPS || !self.burn() {
            return None;
        }
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) if self.is_global(identifier) => {
                Some(Path::global(&identifier.name))
            }
            Expression::Identifier(identifier) => self.exact_path(self.constant(identifier)?.1, hops + 1),
            Expression::CallExpression(_) => match self.paths_at(expression, hops).as_slice() {
                [path] => Some(path.clone()),
                _ => None,
            },
            inner => {
                let member = inner.as_member_expression()?;
                let name = self.member_name(member, hops)?;
                Some(self.exact_path(member.object(), hops + 1)?.member(&name))
            }
        }
    }

    fn paths_at(&self, expression: &Expression<'a>, hops: u32) -> Vec<Path> {
        let inner = expression.get_inner_expression();
        if !matches!(inner, Expression::CallExpression(_)) && !inner.is_member_expression() {
            return self.compute_paths(inner, hops);
        }
        let address = std::ptr::from_ref(inner).addr();
        if let Some(paths) = self.chains.borrow().get(&address) {
            return paths.clone();
        }
        let paths = self.compute_paths(inner, hops);
        if self.names.is_idle() {
            self.chains.borrow_mut().insert(address, paths.clone());
        }
        paths
    }

    fn compute_paths(&self, expression: &Expression<'a>, hops: u32) -> Vec<Path> {
        if hops > MAX_HOPS || !self.burn() {
            self.cut.set(true);
            return Vec::new();
        }
        // Chains of members and calls do not count as hops: honest ones are long, and they end where the text does.
        let next = hops + 1;
        match expression {
            Expression::Identifier(identifier) => self.identifier_paths(identifier, next),
            Expression::CallExpression(call) => self.call_paths(call, hops),
            Expression::ImportExpression(import) => {
                self.fold_string(&import.source, next).map(|name| Path::module(&name)).into_iter().collect()
            }
            Expression::AwaitExpression(inner) => self.paths_at(&inner.argument, next),
            Expression::AssignmentExpression(assignment) => self.paths_at(&assignment.right, next),
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.last().map(|last| self.paths_at(last, next)).unwrap_or_default()
            }
            Expression::ConditionalExpression(choice) => {
                let first = self.paths_at(&choice.consequent, next);
                self.union(first, self.paths_at(&choice.alternate, next))
            }
            Expression::LogicalExpression(choice) => {
                let first = self.paths_at(&choice.left, next);
                self.union(first, self.paths_at(&choice.right, next))
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call_paths(call, hops),
                ChainElement::TSNonNullExpression(inner) => self.paths_at(&inner.expression, next),
                element => self.member_paths(element.as_member_expression(), hops),
            },
            inner => self.member_paths(inner.as_member_expression(), hops),
        }
    }

    fn union(&self, mut paths: Vec<Path>, more: Vec<Path>) -> Vec<Path> {
        for path in more {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.len() > MAX_PATHS {
            paths.retain(Path::is_of_interest);
            if paths.len() > MAX_PATHS {
                self.cut.set(true);
                paths.truncate(MAX_PATHS);
            }
        }
        paths
    }

    fn member_paths(&self, member: Option<&MemberExpression<'a>>, hops: u32) -> Vec<Path> {
        let Some(member) = member else { return Vec::new() };
        match self.member_name(member, hops) {
            Some(name) => self.property_paths_at(member.object(), &name, hops),
            None => Vec::new(),
        }
    }

    fn member_name(&self, member: &MemberExpression<'a>, hops: u32) -> Option<String> {
        match member {
            MemberExpression::StaticMemberExpression(member) => Some(member.property.name.to_string()),
            MemberExpression::ComputedMemberExpression(member) => self.fold_string(&member.expression, hops),
            MemberExpression::PrivateFieldExpression(_) => None,
        }
    }

    fn property_paths_at(&self, object: &Expression<'a>, name: &str, hops: u32) -> Vec<Path> {
        let paths: Vec<Path> =
            self.paths_at(object, hops).into_iter().map(|path| path.member(name)).collect();
        if name != "constructor" || !paths.is_empty() {
            return paths;
        }
        // Every function's constructor makes functions from text, and every constructor is a function.
        let inner = object.get_inner_expression();
        let is_function = match inner {
            Expression::FunctionExpression(_)
            | Expression::ArrowFunctionExpression(_)
            | Expression::ClassExpression(_) => true,
            _ => inner
                .as_member_expression()
                .and_then(|member| self.member_name(member, hops))
                .is_some_and(|name| name == "constructor"),
        };
        is_function.then(|| Path::global("Function")).into_iter().collect()
    }

    fn symbol(&self, identifier: &IdentifierReference<'a>) -> Option<SymbolId> {
        self.scoping.get_reference(identifier.reference_id.get()?).symbol_id()
    }

    fn identifier_paths(&self, identifier: &IdentifierReference<'a>, hops: u32) -> Vec<Path> {
        let Some(symbol) = self.symbol(identifier) else { return vec![Path::global(&identifier.name)] };
        let visit = match self.names.open(symbol) {
            Step::Answer(paths) => return paths,
            Step::Open(visit) => visit,
        };
        let mut paths = Vec::new();
        for definition in self.definitions.of(symbol) {
            paths = self.union(paths, self.definition_paths(definition, hops));
        }
        self.names.close(symbol, &visit, paths.clone());
        paths
    }

    fn definition_paths(&self, definition: &Definition<'a>, hops: u32) -> Vec<Path> {
        match definition {
            Definition::Value { value, members } => {
                let follow = |path| members.iter().fold(path, |path: Path, member| path.member(member));
                self.paths_at(value, hops).into_iter().map(follow).collect()
            }
            Definition::Module { name, member } => {
                let path = Path::module(name);
                vec![member.map_or(path.clone(), |member| path.member(member))]
            }
        }
    }

    fn call_paths(&self, call: &CallExpression<'a>, hops: u32) -> Vec<Path> {
        if let Some(inner) = interop_argument(call) {
            return self.paths_at(inner, hops);
        }
        if let Expression::CallExpression(inner) = call.callee.get_inner_expression()
            && self.paths_at(&inner.callee, hops).iter().any(|path| path.is_global("Function", &[]))
        {
            // `Function("return this")()`
            return vec![Path::global("globalThis")];
        }
        let mut paths = Vec::new();
        for callee in self.paths_at(&call.callee, hops) {
            paths = self.union(paths, self.result_paths(callee, call, hops));
        }
        paths
    }

    /// What calling `callee` gives.
    fn result_paths(&self, callee: Path, call: &CallExpression<'a>, hops: u32) -> Vec<Path> {
        let argument = |index: usize| call.arguments.get(index).and_then(Argument::as_expression);
        let text = |index| argument(index).and_then(|argument| self.fold_string(argument, hops));
        if callee.is_global("require", &[]) {
            return text(0).map(|name| Path::module(&name)).into_iter().collect();
        }
        if callee.is_global("createRequire", &[]) {
            return vec![Path::global("require")];
        }
        if callee.is_global("Reflect", &["get"]) {
            return match (argument(0), text(1)) {
                (Some(object), Some(name)) => self.property_paths_at(object, &name, hops),
                _ => Vec::new(),
            };
        }
        let Some(bound) = callee.without_last("bind") else { return Vec::new() };
        match (bound.members.last().map(String::as_str), argument(0)) {
            // `anything.call.bind(f)` calls `f`, as in the idiom `Function.call.bind(Object.prototype.hasOwnProperty)`.
            (Some(method @ ("call" | "apply")), Some(function)) => {
                self.property_paths_at(function, method, hops)
            }
            // `f.bind(x)` is still `f`.
            _ => vec![bound],
        }
    }
}

/// The module in `__importStar(require("x"))` and the like, which compilers wrap around imports.
fn interop_argument<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e Expression<'a>> {
    let name = match call.callee.get_inner_expression() {
        Expression::Identifier(identifier) => identifier.name.as_str(),
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        Expression::SequenceExpression(sequence) => match sequence.expressions.last()? {
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => return None,
        },
        _ => return None,
    };
    let name = name.trim_start_matches('_');
    let is_interop = matches!(name, "importStar" | "importDefault" | "toESM" | "interopNamespace")
        || name.starts_with("interopRequire")
        || name.starts_with("interop_require");
    call.arguments.first().filter(|_| is_interop)?.as_expression()
}
