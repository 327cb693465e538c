//! What an expression stands for: a global, a module, a piece of the file, or a member of one, through aliases,
//! destructuring, properties, parameters and returns.
//!
//! A name with several definitions may stand for several things: for a scan, all that a name *may* be counts.
//! Work is bounded; when the following of names is cut short, [`Resolver::was_cut`] says so and the file is reported,
//! never passed. Ways through properties and functions have a smaller allowance of their own, and end silently.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{ChainElement, Expression, IdentifierReference, MemberExpression, StaticMemberExpression};
use oxc_semantic::{NodeId, Scoping, Semantic, SymbolId};
use oxc_span::GetSpan;

use super::definitions::{Definition, Definitions, Member};
use super::flows::Owner;
use super::link::Links;
use super::path::{Path, Root, UNKNOWN};
use super::prelude::Preludes;
use super::value::Value;
use crate::memo::{ById, Memo, Step};

/// How many expressions one question may pass through.
pub(super) const MAX_HOPS: u32 = 250;
/// How many of them may be properties, parameters and returns.
const MAX_SOFT_HOPS: u32 = 60;
/// How many expressions all questions about one file may pass through.
const FUEL: u32 = 10_000_000;

/// How many things one name may stand for.
const MAX_PATHS: usize = 24;

pub(super) struct Resolver<'s, 'a> {
    pub(super) semantic: &'s Semantic<'a>,
    pub(super) scoping: &'s Scoping,
    pub(super) links: &'s Links,
    pub(super) file: &'s str,
    allocator: &'a Allocator,
    pub(super) definitions: Definitions<'s, 'a>,
    names: Memo<SymbolId, Path<'a>>,
    /// Final answers for members and calls, so that a long chain is walked once and not once per link.
    chains: RefCell<Chains<'a>>,
    /// The values of constant names.
    pub(super) folded: RefCell<ById<SymbolId, Option<Value>>>,
    /// Names that do not fold without more effort.
    pub(super) unfolded: RefCell<ById<SymbolId, ()>>,
    fuel: Cell<u32>,
    soft_fuel: Cell<u32>,
    pub(super) fold_fuel: Cell<u32>,
    /// Which modules are files of the bundle that export something of interest.
    relevant: RefCell<BTreeMap<&'a str, bool>>,
    cut: Cell<bool>,
}

/// Answers by node: most nodes have none, and most answers are empty.
struct Chains<'a> {
    /// For each node the place of its answer, with [`NOT_ASKED`] and [`NOTHING`] for those without.
    places: Vec<u32>,
    answers: Vec<Vec<Path<'a>>>,
}

const NOT_ASKED: u32 = u32::MAX;
const NOTHING: u32 = u32::MAX - 1;

impl<'a> Chains<'a> {
    fn new(nodes: usize) -> Self {
        Self { places: vec![NOT_ASKED; nodes], answers: Vec::new() }
    }

    fn get(&self, id: NodeId) -> Option<&[Path<'a>]> {
        match self.places.get(id.index()).copied()? {
            NOT_ASKED => None,
            NOTHING => Some(&[]),
            place => self.answers.get(place as usize).map(Vec::as_slice),
        }
    }

    fn insert(&mut self, id: NodeId, paths: &[Path<'a>]) {
        let Some(place) = self.places.get_mut(id.index()) else { return };
        if paths.is_empty() {
            *place = NOTHING;
        } else if let Ok(next) = u32::try_from(self.answers.len()) {
            *place = next;
            self.answers.push(paths.to_vec());
        }
    }
}

impl<'s, 'a> Resolver<'s, 'a> {
    pub(super) fn new(
        semantic: &'s Semantic<'a>,
        allocator: &'a Allocator,
        links: &'s Links,
        file: &'s str,
    ) -> Self {
        let nodes = u32::try_from(semantic.nodes().len()).unwrap_or(u32::MAX);
        Self {
            semantic,
            scoping: semantic.scoping(),
            links,
            file,
            allocator,
            definitions: Definitions::collect(semantic),
            names: Memo::new(),
            chains: RefCell::new(Chains::new(semantic.nodes().len())),
            folded: RefCell::default(),
            unfolded: RefCell::default(),
            fuel: Cell::new(FUEL),
            soft_fuel: Cell::new(nodes.clamp(50_000, FUEL / 5)),
            fold_fuel: Cell::new(fold_allowance(semantic.nodes().len())),
            relevant: RefCell::default(),
            cut: Cell::new(false),
        }
    }

    /// Whether work was cut short, so that something may have been missed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get() || self.fuel.get() == 0
    }

    /// How many units of work were taken.
    pub(super) fn spent(&self) -> u64 {
        let folding = fold_allowance(self.semantic.nodes().len()) - self.fold_fuel.get();
        u64::from(FUEL - self.fuel.get()) + u64::from(folding)
    }

    /// Takes one unit of work; false when there is none left.
    pub(super) fn burn(&self) -> bool {
        let left = self.fuel.get().saturating_sub(1);
        self.fuel.set(left);
        left > 0
    }

    /// Takes work from the allowance for properties, parameters and returns.
    pub(super) fn burn_soft(&self, amount: usize, hops: u32) -> bool {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let left = self.soft_fuel.get().saturating_sub(amount);
        self.soft_fuel.set(left);
        left > 0 && hops < MAX_SOFT_HOPS
    }

    /// Keeps a text as long as the file's own.
    pub(super) fn keep(&self, text: &str) -> &'a str {
        self.allocator.alloc_str(text)
    }

    pub(super) fn is_global(&self, identifier: &IdentifierReference<'a>) -> bool {
        self.symbol(identifier).is_none()
    }

    /// Everything an expression may stand for.
    pub(super) fn paths(&self, expression: &'a Expression<'a>) -> Vec<Path<'a>> {
        self.paths_at(expression, 0)
    }

    /// Everything a name may stand for.
    pub(super) fn reference_paths(&self, identifier: &'a IdentifierReference<'a>) -> Vec<Path<'a>> {
        self.identifier_paths(identifier, 0)
    }

    /// The text a name is imported as, where the file that exports it is known.
    pub(super) fn linked_constant(&self, symbol: SymbolId) -> Option<Value> {
        match self.definitions.of(symbol) {
            [Definition::Module { name, member }] => {
                let members: Vec<&str> = member.iter().copied().collect();
                self.links.text(self.file, name, &members).map(Value::Text)
            }
            [Definition::Value { value, members }]
                if !members.is_empty() && !self.definitions.is_written(symbol) =>
            {
                let names = members
                    .iter()
                    .map(|member| if let Member::Name(name) = member { Some(*name) } else { None });
                let path = names
                    .collect::<Option<Vec<_>>>()?
                    .iter()
                    .try_fold(self.exact_path(value, 0)?, |path, name| {
                        (path.members().len() < 4).then(|| path.member(name))
                    })?;
                self.linked_text(&path)
            }
            _ => None,
        }
    }

    /// The text that a member of another file is.
    pub(super) fn linked_text(&self, path: &Path<'a>) -> Option<Value> {
        let Root::Module(name) = path.root else { return None };
        self.links.text(self.file, name, path.members()).map(Value::Text)
    }

    /// Everything `object.name` may stand for.
    pub(super) fn property_paths(&self, object: &'a Expression<'a>, name: &'a str) -> Vec<Path<'a>> {
        self.property_paths_at(object, name, 0)
    }

    /// What bundles inside the file are made of.
    pub(super) fn preludes(&self) -> &Preludes<'a> {
        &self.definitions.preludes
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
    pub(super) fn exact_path(&self, expression: &'a Expression<'a>, hops: u32) -> Option<Path<'a>> {
        if hops > MAX_HOPS || !self.burn() {
            return None;
        }
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) if self.is_global(identifier) => {
                Some(Path::global(identifier.name.as_str()))
            }
            Expression::Identifier(identifier) => self.exact_path(self.constant(identifier)?.1, hops + 1),
            Expression::CallExpression(_) => match self.paths_at(expression, hops).as_slice() {
                [path] => Some(*path),
                _ => None,
            },
            inner => {
                let member = inner.as_member_expression()?;
                let name = self.member_name(member, hops)?;
                Some(self.exact_path(member.object(), hops + 1)?.member(name))
            }
        }
    }

    pub(super) fn paths_at(&self, expression: &'a Expression<'a>, hops: u32) -> Vec<Path<'a>> {
        let inner = expression.get_inner_expression();
        let id = match inner {
            Expression::CallExpression(call) => call.node_id.get(),
            Expression::StaticMemberExpression(member) => member.node_id.get(),
            Expression::ComputedMemberExpression(member) => member.node_id.get(),
            Expression::PrivateFieldExpression(member) => member.node_id.get(),
            _ => return self.compute_paths(inner, hops),
        };
        self.remembered(id, || self.compute_paths(inner, hops))
    }

    /// Everything a member of the form `object.name` may stand for.
    pub(super) fn static_member_paths(&self, member: &'a StaticMemberExpression<'a>) -> Vec<Path<'a>> {
        let compute = || self.property_paths_at(&member.object, member.property.name.as_str(), 0);
        self.remembered(member.node_id.get(), compute)
    }

    fn remembered(&self, id: NodeId, compute: impl FnOnce() -> Vec<Path<'a>>) -> Vec<Path<'a>> {
        if let Some(paths) = self.chains.borrow().get(id) {
            return paths.to_vec();
        }
        let paths = compute();
        if self.names.is_idle() {
            self.chains.borrow_mut().insert(id, &paths);
        }
        paths
    }

    fn compute_paths(&self, expression: &'a Expression<'a>, hops: u32) -> Vec<Path<'a>> {
        if hops > MAX_HOPS || !self.burn() {
            self.cut.set(true);
            return Vec::new();
        }
        // Chains of members and calls do not count as hops: honest ones are long, and they end where the text does.
        let next = hops + 1;
        match expression {
            Expression::Identifier(identifier) => self.identifier_paths(identifier, next),
            Expression::CallExpression(call) => self.call_paths(&call.callee, &call.arguments, hops),
            Expression::NewExpression(new) => self.instance_paths(new, hops),
            Expression::ImportExpression(import) => {
                let names = self.fold_strings(&import.source, next).unwrap_or_default();
                names.iter().map(|name| self.linked(Path::module(self.keep(name)))).collect()
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
                ChainElement::CallExpression(call) => self.call_paths(&call.callee, &call.arguments, hops),
                ChainElement::TSNonNullExpression(inner) => self.paths_at(&inner.expression, next),
                element => self.member_paths(element.as_member_expression(), hops),
            },
            inner => self.literal_paths(inner, hops),
        }
    }

    fn literal_paths(&self, expression: &'a Expression<'a>, hops: u32) -> Vec<Path<'a>> {
        let id = match expression {
            Expression::ObjectExpression(object) => object.node_id.get(),
            Expression::ArrayExpression(array) => array.node_id.get(),
            Expression::FunctionExpression(function) => function.node_id.get(),
            Expression::ArrowFunctionExpression(function) => function.node_id.get(),
            Expression::ClassExpression(class) => class.node_id.get(),
            Expression::ThisExpression(this) => return self.this_paths(this.node_id.get()),
            Expression::ImportMeta(_) => return vec![Path::global("import.meta")],
            inner => return self.member_paths(inner.as_member_expression(), hops),
        };
        vec![Path::node(id)]
    }

    pub(super) fn union(&self, mut paths: Vec<Path<'a>>, more: Vec<Path<'a>>) -> Vec<Path<'a>> {
        if paths.is_empty() {
            return more;
        }
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

    fn member_paths(&self, member: Option<&'a MemberExpression<'a>>, hops: u32) -> Vec<Path<'a>> {
        let Some(member) = member else { return Vec::new() };
        if let MemberExpression::PrivateFieldExpression(member) = member {
            return self.assigned(Owner::This, member.field.name.as_str(), hops);
        }
        match self.member_name(member, hops) {
            Some(name) => self.property_paths_at(member.object(), name, hops),
            // A name that is not known may be any.
            None => match member.object().get_inner_expression() {
                // At the top of a file `this` is what the file exports, whatever else it may be elsewhere.
                Expression::ThisExpression(this)
                    if self.definitions.flows.function_around(this.node_id.get()) == NodeId::ROOT =>
                {
                    Vec::new()
                }
                object => self.property_paths_at(object, UNKNOWN, hops),
            },
        }
    }

    pub(super) fn member_name(&self, member: &'a MemberExpression<'a>, hops: u32) -> Option<&'a str> {
        match member {
            MemberExpression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
            MemberExpression::ComputedMemberExpression(member) => self.key_name(&member.expression, hops),
            MemberExpression::PrivateFieldExpression(_) => None,
        }
    }

    /// The one name a computed key surely has.
    pub(super) fn key_name(&self, key: &'a Expression<'a>, hops: u32) -> Option<&'a str> {
        match key.get_inner_expression() {
            Expression::StringLiteral(text) => Some(text.value.as_str()),
            key => self.fold_string(key, hops).map(|name| self.keep(&name)),
        }
    }

    pub(super) fn property_paths_at(
        &self,
        object: &'a Expression<'a>,
        name: &'a str,
        hops: u32,
    ) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        for path in self.paths_at(object, hops) {
            paths = self.union(paths, self.members(path, name, hops));
        }
        let inner = object.get_inner_expression();
        let owner = match inner {
            Expression::ThisExpression(_) => Some(Owner::This),
            Expression::Identifier(identifier) => self.symbol(identifier).map(Owner::Symbol),
            _ => None,
        };
        if let Some(owner) = owner {
            paths = self.union(paths, self.assigned(owner, name, hops));
        }
        if name == UNKNOWN || name.starts_with(|c: char| c.is_ascii_digit()) {
            paths = self.union(paths, self.grown_paths(inner, hops));
        }
        if name == "constructor" && paths.is_empty() {
            paths.push(constructor_of(inner));
        }
        paths
    }

    /// What was put into the list or map that a name holds.
    pub(super) fn grown_paths(&self, list: &'a Expression<'a>, hops: u32) -> Vec<Path<'a>> {
        let Expression::Identifier(identifier) = list.get_inner_expression() else { return Vec::new() };
        let mut paths = Vec::new();
        let Some(symbol) = self.symbol(identifier) else { return paths };
        for value in self.definitions.flows.grown(symbol).iter().take(MAX_PATHS) {
            if self.burn_soft(1, hops) {
                paths = self.union(paths, self.paths_at(value, hops + 1));
            }
        }
        paths
    }

    /// What was assigned to a property by name.
    pub(super) fn assigned(&self, owner: Owner, name: &'a str, hops: u32) -> Vec<Path<'a>> {
        let flows = &self.definitions.flows;
        let mut paths = Vec::new();
        let values = flows.properties(owner, name);
        if !values.is_empty() && self.burn_soft(values.len(), hops) {
            for value in values.iter().take(MAX_PATHS) {
                paths = self.union(paths, self.paths_at(value, hops + 1));
            }
        }
        let computed = flows.computed_properties(owner);
        if !computed.is_empty() && self.burn_soft(computed.len(), hops) {
            for (key, value) in computed.iter().take(MAX_PATHS) {
                if self.fold_string(key, hops + 1).is_none_or(|key| key == name) {
                    paths = self.union(paths, self.paths_at(value, hops + 1));
                }
            }
        }
        paths
    }

    pub(super) fn symbol(&self, identifier: &IdentifierReference<'a>) -> Option<SymbolId> {
        self.scoping.get_reference(identifier.reference_id.get()?).symbol_id()
    }

    fn identifier_paths(&self, identifier: &'a IdentifierReference<'a>, hops: u32) -> Vec<Path<'a>> {
        let Some(symbol) = self.symbol(identifier) else {
            let mut paths = vec![Path::global(identifier.name.as_str())];
            if self.definitions.flows.has_with {
                paths = self.union(paths, self.with_paths(identifier, hops));
            }
            return paths;
        };
        let is_caught = self.scoping.symbol_flags(symbol).is_catch_variable();
        if self.definitions.of(symbol).is_empty() && !is_caught {
            return Vec::new();
        }
        let visit = match self.names.open(symbol) {
            Step::Answer(paths) => return paths,
            Step::Open(visit) => visit,
        };
        let mut paths = Vec::new();
        for definition in self.definitions.of(symbol) {
            paths = self.union(paths, self.definition_paths(definition, hops));
        }
        if is_caught {
            paths = self.union(paths, self.caught_paths(symbol, hops));
        }
        self.names.close(symbol, &visit, paths.clone());
        paths
    }

    /// What a name inside `with (object)` is if the object has it.
    fn with_paths(&self, identifier: &'a IdentifierReference<'a>, hops: u32) -> Vec<Path<'a>> {
        let mut paths = Vec::new();
        for kind in self.semantic.nodes().ancestor_kinds(identifier.node_id.get()).take(60) {
            if let AstKind::WithStatement(with) = kind
                && !with.object.span().contains_inclusive(identifier.span)
                && self.burn_soft(1, hops)
            {
                let name = identifier.name.as_str();
                paths = self.union(paths, self.property_paths_at(&with.object, name, hops + 1));
            }
        }
        paths
    }

    fn caught_paths(&self, symbol: SymbolId, hops: u32) -> Vec<Path<'a>> {
        let flows = &self.definitions.flows;
        let mut paths = Vec::new();
        let declaration = self.scoping.symbol_declaration(symbol);
        for value in flows.thrown_in(flows.function_around(declaration)).iter().take(MAX_PATHS) {
            if self.burn_soft(1, hops) {
                paths = self.union(paths, self.paths_at(value, hops + 1));
            }
        }
        paths
    }

    fn definition_paths(&self, definition: &Definition<'a>, hops: u32) -> Vec<Path<'a>> {
        match definition {
            Definition::Value { value, members } => {
                // What was assigned to the property counts as much as what it was made with.
                let (mut paths, rest) = match members.split_first() {
                    Some((Member::Name(name), rest)) => (self.property_paths_at(value, name, hops), rest),
                    _ => (self.paths_at(value, hops), members.as_slice()),
                };
                for member in rest {
                    paths = self.follow(paths, *member, hops);
                }
                paths
            }
            Definition::Passed { value, members } if self.burn_soft(1, hops) => {
                let mut paths = self.paths_at(value, hops);
                for member in members {
                    paths = self.follow(paths, *member, hops);
                }
                paths
            }
            Definition::Passed { .. } => Vec::new(),
            Definition::Module { name, member } => {
                let path = Path::module(name);
                match member {
                    Some(member) => self.members(self.linked(path), member, hops),
                    None => vec![self.linked(path)],
                }
            }
            Definition::Node(id) => vec![Path::node(*id)],
            Definition::Qualified { root, members } => {
                let mut paths = self.identifier_paths(root, hops);
                for member in members {
                    paths = self.follow(paths, Member::Name(member), hops);
                }
                paths
            }
            Definition::Loader => vec![Path::global("require")],
        }
    }

    fn follow(&self, paths: Vec<Path<'a>>, member: Member<'a>, hops: u32) -> Vec<Path<'a>> {
        let name = match member {
            Member::Name(name) => name,
            Member::Key(key) => self.key_name(key, hops).unwrap_or(UNKNOWN),
            Member::Element => return self.elements(&paths, hops),
        };
        let mut found = Vec::new();
        for path in paths {
            found = self.union(found, self.members(path, name, hops));
        }
        found
    }

    /// `this`: the global object at the top of a file and in functions called by nothing but their own parentheses.
    fn this_paths(&self, id: NodeId) -> Vec<Path<'a>> {
        let nodes = self.semantic.nodes();
        let mut around = self.definitions.flows.function_around(id);
        for _ in 0..40 {
            match nodes.kind(around) {
                AstKind::ArrowFunctionExpression(_) => {
                    around = self.definitions.flows.function_around(around);
                }
                AstKind::Program(_) => {
                    // A class has its own `this` also where it is not in a function.
                    let in_class =
                        nodes.ancestor_kinds(id).take(40).any(|kind| matches!(kind, AstKind::Class(_)));
                    return if in_class { Vec::new() } else { vec![Path::global("globalThis")] };
                }
                AstKind::Function(function) => match outer_parent(self.semantic, around) {
                    AstKind::CallExpression(call)
                        if call.callee.get_inner_expression().span() == function.span =>
                    {
                        return vec![Path::global("globalThis")];
                    }
                    AstKind::StaticMemberExpression(member)
                        if matches!(member.property.name.as_str(), "call" | "apply")
                            && member.object.get_inner_expression().span() == function.span =>
                    {
                        around = self.definitions.flows.function_around(around);
                    }
                    _ => return Vec::new(),
                },
                _ => return Vec::new(),
            }
        }
        Vec::new()
    }

    /// What a path into another file of the bundle stands for there.
    pub(super) fn linked(&self, path: Path<'a>) -> Path<'a> {
        let Root::Module(name) = path.root else { return path };
        if !*self.relevant.borrow_mut().entry(name).or_insert_with(|| self.links.matters(self.file, name)) {
            return path;
        }
        self.links.follow(self.file, name, path.members(), |text| self.keep(text)).unwrap_or(path)
    }
}

/// How much work the constants of a file with so many nodes may take.
fn fold_allowance(nodes: usize) -> u32 {
    u32::try_from(nodes).unwrap_or(u32::MAX).saturating_mul(8).clamp(400_000, FUEL / 3)
}

/// The parent of a node, without parentheses.
pub(super) fn outer_parent<'a>(semantic: &Semantic<'a>, id: NodeId) -> AstKind<'a> {
    let mut kinds = semantic.nodes().ancestor_kinds(id);
    loop {
        match kinds.next() {
            Some(AstKind::ParenthesizedExpression(_)) => {}
            Some(kind) => return kind,
            None => return AstKind::Program(semantic.nodes().program()),
        }
    }
}

/// Every function's constructor makes functions from text, and every constructor is a function.
fn constructor_of<'a>(object: &Expression<'a>) -> Path<'a> {
    Path::global(match object {
        Expression::FunctionExpression(_)
        | Expression::ArrowFunctionExpression(_)
        | Expression::ClassExpression(_) => "Function",
        Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => "String",
        Expression::ArrayExpression(_) => "Array",
        Expression::NumericLiteral(_) => "Number",
        _ => "Object",
    })
}
