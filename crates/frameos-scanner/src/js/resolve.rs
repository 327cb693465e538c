//! What an expression stands for: a global, a module, or a member of one, through aliases and destructuring.
//!
//! A name with several definitions stands for the first that resolves: for a scan, what a name *may* be is what counts.
//! Work is bounded; when it is cut short, [`Resolver::was_cut`] says so and the file is reported, never passed.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use oxc_ast::ast::{
    Argument, CallExpression, ChainElement, Expression, IdentifierReference, MemberExpression,
};
use oxc_semantic::{Scoping, Semantic, SymbolId};

use super::definitions::{Definition, Definitions};
use super::path::Path;

/// How many expressions one question may pass through.
pub(super) const MAX_HOPS: u32 = 250;
/// How many expressions all questions about one file may pass through.
const FUEL: u32 = 20_000_000;

pub(super) struct Resolver<'s, 'a> {
    scoping: &'s Scoping,
    definitions: Definitions<'s, 'a>,
    /// Final answers by name.
    known: RefCell<HashMap<SymbolId, Option<Path>>>,
    /// Names the current question has come by. Coming by again answers `None`, which ends cycles; such an answer is
    /// final for the name that was asked for, not for those on the way.
    visited: RefCell<HashSet<SymbolId>>,
    fuel: Cell<u32>,
    cut: Cell<bool>,
}

impl<'s, 'a> Resolver<'s, 'a> {
    pub(super) fn new(semantic: &'s Semantic<'a>) -> Self {
        Self {
            scoping: semantic.scoping(),
            definitions: Definitions::collect(semantic),
            known: RefCell::default(),
            visited: RefCell::default(),
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

    pub(super) fn path(&self, expression: &Expression<'a>) -> Option<Path> {
        self.path_at(expression, 0)
    }

    /// The path of `object.name`.
    pub(super) fn property_path(&self, object: &Expression<'a>, name: &str) -> Option<Path> {
        self.property_path_at(object, name, 0)
    }

    /// The value of a name that has exactly one and never changes.
    pub(super) fn constant(&self, identifier: &IdentifierReference<'a>) -> Option<&'a Expression<'a>> {
        self.definitions.constant(self.symbol(identifier)?)
    }

    pub(super) fn path_at(&self, expression: &Expression<'a>, hops: u32) -> Option<Path> {
        let inner = expression.get_inner_expression();
        if hops > MAX_HOPS || !self.burn() {
            // A chain of members too long hides nothing, since each of its parts is looked at by itself.
            if !matches!(inner, Expression::CallExpression(_)) && !inner.is_member_expression() {
                self.cut.set(true);
            }
            return None;
        }
        let hops = hops + 1;
        match inner {
            Expression::Identifier(identifier) => self.identifier_path(identifier, hops),
            Expression::CallExpression(call) => self.call_path(call, hops),
            Expression::ImportExpression(import) => {
                self.fold_string(&import.source, hops).map(|name| Path::module(&name))
            }
            Expression::AwaitExpression(inner) => self.path_at(&inner.argument, hops),
            Expression::AssignmentExpression(assignment) => self.path_at(&assignment.right, hops),
            Expression::SequenceExpression(sequence) => self.path_at(sequence.expressions.last()?, hops),
            Expression::ConditionalExpression(choice) => {
                self.path_at(&choice.consequent, hops).or_else(|| self.path_at(&choice.alternate, hops))
            }
            Expression::LogicalExpression(choice) => {
                self.path_at(&choice.right, hops).or_else(|| self.path_at(&choice.left, hops))
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call_path(call, hops),
                ChainElement::TSNonNullExpression(inner) => self.path_at(&inner.expression, hops),
                element => self.member_path(element.as_member_expression()?, hops),
            },
            inner => self.member_path(inner.as_member_expression()?, hops),
        }
    }

    fn member_path(&self, member: &MemberExpression<'a>, hops: u32) -> Option<Path> {
        let name = self.member_name(member, hops)?;
        self.property_path_at(member.object(), &name, hops)
    }

    fn member_name(&self, member: &MemberExpression<'a>, hops: u32) -> Option<String> {
        match member {
            MemberExpression::StaticMemberExpression(member) => Some(member.property.name.to_string()),
            MemberExpression::ComputedMemberExpression(member) => self.fold_string(&member.expression, hops),
            MemberExpression::PrivateFieldExpression(_) => None,
        }
    }

    fn property_path_at(&self, object: &Expression<'a>, name: &str, hops: u32) -> Option<Path> {
        if let Some(path) = self.path_at(object, hops) {
            return Some(path.member(name));
        }
        // Every function's constructor makes functions from text, and every constructor is a function.
        let inner = object.get_inner_expression();
        let is_function = || match inner {
            Expression::FunctionExpression(_)
            | Expression::ArrowFunctionExpression(_)
            | Expression::ClassExpression(_) => true,
            _ => inner
                .as_member_expression()
                .and_then(|member| self.member_name(member, hops))
                .is_some_and(|name| name == "constructor"),
        };
        (name == "constructor" && is_function()).then(|| Path::global("Function"))
    }

    fn symbol(&self, identifier: &IdentifierReference<'a>) -> Option<SymbolId> {
        self.scoping.get_reference(identifier.reference_id.get()?).symbol_id()
    }

    fn identifier_path(&self, identifier: &IdentifierReference<'a>, hops: u32) -> Option<Path> {
        let Some(symbol) = self.symbol(identifier) else { return Some(Path::global(&identifier.name)) };
        if let Some(known) = self.known.borrow().get(&symbol) {
            return known.clone();
        }
        let is_asked_for = self.visited.borrow().is_empty();
        if !self.visited.borrow_mut().insert(symbol) {
            return None;
        }
        let path = self.definitions.of(symbol).iter().find_map(|definition| match definition {
            Definition::Value { value, members } => {
                let path = self.path_at(value, hops)?;
                Some(members.iter().fold(path, |path, member| path.member(member)))
            }
            Definition::Module { name, member } => {
                let path = Path::module(name);
                Some(member.map_or(path.clone(), |member| path.member(member)))
            }
        });
        if path.is_some() || is_asked_for {
            self.known.borrow_mut().insert(symbol, path.clone());
        }
        if is_asked_for {
            self.visited.borrow_mut().clear();
        }
        path
    }

    fn call_path(&self, call: &CallExpression<'a>, hops: u32) -> Option<Path> {
        if let Some(inner) = interop_argument(call) {
            return self.path_at(inner, hops);
        }
        if let Expression::CallExpression(inner) = call.callee.get_inner_expression()
            && self.path_at(&inner.callee, hops).is_some_and(|path| path.is_global("Function", &[]))
        {
            // `Function("return this")()`
            return Some(Path::global("globalThis"));
        }
        let callee = self.path_at(&call.callee, hops)?;
        let first = call.arguments.first().and_then(Argument::as_expression);
        if callee.is_global("require", &[]) {
            return self.fold_string(first?, hops).map(|name| Path::module(&name));
        }
        if callee.is_global("createRequire", &[]) {
            return Some(Path::global("require"));
        }
        if callee.is_global("Reflect", &["get"]) {
            let name = self.fold_string(call.arguments.get(1)?.as_expression()?, hops)?;
            return self.property_path_at(first?, &name, hops);
        }
        // `f.bind(x)` is still `f`.
        callee.without_last("bind")
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
