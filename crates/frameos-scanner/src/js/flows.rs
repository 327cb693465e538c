//! Where values go apart from names: out of functions, into properties, up from `throw`.
//!
//! Collected in the same pass as the definitions; it knows syntax only, what an expression stands for is the resolver's.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BindingPattern, Expression, FormalParameters, IdentifierReference, PropertyKey,
    SimpleAssignmentTarget,
};
use oxc_semantic::{NodeId, Scoping, Semantic, SymbolId};

use crate::memo::ById;

/// What an assigned property belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Symbol(SymbolId),
    /// `this` of whatever function: told apart by name alone.
    This,
}

#[derive(Default)]
pub(super) struct Flows<'a> {
    /// What functions return or yield.
    returns: ById<NodeId, Vec<&'a Expression<'a>>>,
    /// Parameters of functions with a name.
    parameters: ById<SymbolId, &'a FormalParameters<'a>>,
    properties: HashMap<(Owner, &'a str), Vec<&'a Expression<'a>>>,
    /// Values stored under computed keys.
    computed: ById<Owner, Vec<(&'a Expression<'a>, &'a Expression<'a>)>>,
    thrown: ById<NodeId, Vec<&'a Expression<'a>>>,
    /// The function around each node, by node.
    functions: Vec<NodeId>,
    /// What is added to what a name holds: `+=`, `push`, `append`.
    grown: ById<SymbolId, Vec<&'a Expression<'a>>>,
    owned: ById<SymbolId, Vec<&'a Expression<'a>>>,
    /// The symbols that own properties.
    owners: Vec<bool>,
    /// Functions that are properties of what a name holds.
    methods: ById<SymbolId, Vec<(&'a str, &'a FormalParameters<'a>)>>,
    /// The names of the functions that settle promises, with these.
    settling: ById<SymbolId, NodeId>,
    /// What promises become.
    settled: ById<NodeId, Vec<&'a Expression<'a>>>,
    pub(super) has_with: bool,
}

/// How many functions of one object are known by name.
const MAX_METHODS: usize = 64;

impl<'a> Flows<'a> {
    pub(super) fn collect(&mut self, semantic: &Semantic<'a>, id: NodeId, kind: AstKind<'a>) {
        let parent = semantic.nodes().parent_id(id);
        let around = match semantic.nodes().kind(parent) {
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => parent,
            _ => self.functions.get(parent.index()).copied().unwrap_or(NodeId::ROOT),
        };
        self.functions.push(around);
        match kind {
            AstKind::ReturnStatement(statement) => {
                if let Some(value) = &statement.argument {
                    self.returns.entry(around).or_default().push(value);
                }
            }
            AstKind::YieldExpression(statement) => {
                if let Some(value) = &statement.argument {
                    self.returns.entry(around).or_default().push(value);
                }
            }
            AstKind::ArrowFunctionExpression(function) => {
                if let Some(value) = function.body.as_expression() {
                    self.returns.entry(id).or_default().push(value);
                }
            }
            AstKind::ThrowStatement(statement) if interesting_throw(&statement.argument) => {
                self.thrown.entry(around).or_default().push(&statement.argument);
            }
            AstKind::WithStatement(_) => self.has_with = true,
            AstKind::FormalParameter(parameter)
                if parameter.accessibility.is_some() || parameter.readonly =>
            {
                if let (Some(name), Some(value)) =
                    (parameter.pattern.get_identifier_name(), &parameter.initializer)
                {
                    self.properties.entry((Owner::This, name.as_str())).or_default().push(value);
                }
            }
            AstKind::PropertyDefinition(field) => {
                let name = match &field.key {
                    PropertyKey::StaticIdentifier(name) => name.name.as_str(),
                    PropertyKey::PrivateIdentifier(name) => name.name.as_str(),
                    _ => return,
                };
                if let Some(value) = field.value.as_ref().filter(|value| !value.is_literal()) {
                    self.properties.entry((Owner::This, name)).or_default().push(value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn returns_of(&self, function: NodeId) -> &[&'a Expression<'a>] {
        self.returns.get(&function).map(Vec::as_slice).unwrap_or_default()
    }

    /// What may be caught in a function.
    pub(super) fn thrown_in(&self, function: NodeId) -> &[&'a Expression<'a>] {
        self.thrown.get(&function).map(Vec::as_slice).unwrap_or_default()
    }

    /// The function a node is in; the program when it is in none.
    pub(super) fn function_around(&self, id: NodeId) -> NodeId {
        self.functions.get(id.index()).copied().unwrap_or(NodeId::ROOT)
    }

    pub(super) fn parameters_of(&self, symbol: SymbolId) -> Option<&'a FormalParameters<'a>> {
        self.parameters.get(&symbol).copied()
    }

    pub(super) fn properties(&self, owner: Owner, name: &'a str) -> &[&'a Expression<'a>] {
        if !self.owns(owner) {
            return &[];
        }
        self.properties.get(&(owner, name)).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn computed_properties(&self, owner: Owner) -> &[(&'a Expression<'a>, &'a Expression<'a>)] {
        if !self.owns(owner) || self.computed.is_empty() {
            return &[];
        }
        self.computed.get(&owner).map(Vec::as_slice).unwrap_or_default()
    }

    fn owns(&self, owner: Owner) -> bool {
        match owner {
            Owner::Symbol(symbol) => self.owners.get(symbol.index()).copied().unwrap_or_default(),
            Owner::This => true,
        }
    }

    /// `Object.defineProperty(owner, 'name', { value })`
    pub(super) fn define_property(&mut self, scoping: &Scoping, arguments: &'a [Argument<'a>]) {
        let [owner, name, how, ..] = arguments else { return };
        let (
            Some(Expression::Identifier(owner)),
            Some(Expression::StringLiteral(name)),
            Some(Expression::ObjectExpression(how)),
        ) = (owner.as_expression(), name.as_expression(), how.as_expression())
        else {
            return;
        };
        let symbol = owner.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        let Some(symbol) = symbol else { return };
        for property in how.properties.iter().filter_map(|property| property.as_property()) {
            let value = match (property.key.static_name().as_deref(), &property.value) {
                (Some("get"), Expression::ArrowFunctionExpression(getter)) => getter.body.as_expression(),
                (Some("value"), value) => Some(value),
                _ => None,
            };
            if let Some(value) = value {
                self.own(symbol);
                self.properties.entry((Owner::Symbol(symbol), name.value.as_str())).or_default().push(value);
            }
        }
    }

    fn own(&mut self, symbol: SymbolId) {
        if self.owners.len() <= symbol.index() {
            self.owners.resize(symbol.index() + 1, false);
        }
        self.owners[symbol.index()] = true;
    }

    pub(super) fn grown(&self, symbol: SymbolId) -> &[&'a Expression<'a>] {
        self.grown.get(&symbol).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everything that is stored in properties of what a name holds.
    pub(super) fn owned_by(&self, symbol: SymbolId) -> &[&'a Expression<'a>] {
        self.owned.get(&symbol).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn grow(
        &mut self,
        scoping: &Scoping,
        name: &IdentifierReference<'a>,
        value: &'a Expression<'a>,
    ) {
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        if let Some(symbol) = symbol.filter(|_| !value.is_literal()) {
            self.grown.entry(symbol).or_default().push(value);
        }
    }

    /// Methods that put their arguments into what they belong to.
    pub(super) fn appended(
        &mut self,
        scoping: &Scoping,
        (object, method): (&Expression<'a>, &str),
        arguments: &'a [Argument<'a>],
    ) {
        if !matches!(method, "push" | "unshift" | "append" | "set" | "add" | "update" | "write") {
            return;
        }
        if let Expression::Identifier(name) = object.get_inner_expression() {
            for value in arguments.iter().filter_map(Argument::as_expression) {
                self.grow(scoping, name, value);
            }
        }
    }

    pub(super) fn declare_function(
        &mut self,
        symbol: SymbolId,
        parameters: &'a FormalParameters<'a>,
        _id: NodeId,
    ) {
        self.parameters.insert(symbol, parameters);
    }

    pub(super) fn name_function(&mut self, symbol: SymbolId, value: &'a Expression<'a>) {
        match value.get_inner_expression() {
            Expression::FunctionExpression(function) => _ = self.parameters.insert(symbol, &function.params),
            Expression::ArrowFunctionExpression(function) => {
                self.parameters.insert(symbol, &function.params);
            }
            Expression::ObjectExpression(object) => {
                for property in object.properties.iter().filter_map(|property| property.as_property()) {
                    if let PropertyKey::StaticIdentifier(name) = &property.key {
                        self.add_method(symbol, name.name.as_str(), &property.value);
                    }
                }
            }
            _ => {}
        }
    }

    fn add_method(&mut self, symbol: SymbolId, name: &'a str, value: &'a Expression<'a>) {
        let parameters = match value {
            Expression::FunctionExpression(function) => &function.params,
            Expression::ArrowFunctionExpression(function) => &function.params,
            _ => return,
        };
        let methods = self.methods.entry(symbol).or_default();
        if methods.len() < MAX_METHODS && (!parameters.items.is_empty() || parameters.rest.is_some()) {
            methods.push((name, parameters));
        }
    }

    pub(super) fn method_of(&self, symbol: SymbolId, name: &str) -> Option<&'a FormalParameters<'a>> {
        let methods = self.methods.get(&symbol)?;
        methods.iter().find(|(known, _)| *known == name).map(|(_, parameters)| *parameters)
    }

    /// `new Promise((resolve) => …)`: what `resolve` is given is what the promise becomes.
    pub(super) fn promise(&mut self, new: AstKind<'a>, arguments: &'a [Argument<'a>]) {
        let AstKind::NewExpression(new) = new else { return };
        let parameters = match arguments.first() {
            Some(Argument::ArrowFunctionExpression(function)) => &function.params,
            Some(Argument::FunctionExpression(function)) => &function.params,
            _ => return,
        };
        for parameter in &parameters.items {
            if let BindingPattern::BindingIdentifier(name) = &parameter.pattern
                && let Some(symbol) = name.symbol_id.get()
            {
                self.settling.insert(symbol, new.node_id.get());
            }
        }
    }

    /// Notes a call if it settles a promise.
    pub(super) fn settle(&mut self, symbol: SymbolId, arguments: &'a [Argument<'a>]) {
        if self.settling.is_empty() {
            return;
        }
        if let (Some(promise), Some(value)) =
            (self.settling.get(&symbol), arguments.first().and_then(Argument::as_expression))
            && !value.is_literal()
        {
            self.settled.entry(*promise).or_default().push(value);
        }
    }

    pub(super) fn settled(&self, promise: NodeId) -> &[&'a Expression<'a>] {
        self.settled.get(&promise).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn assign_property(
        &mut self,
        scoping: &Scoping,
        target: &'a SimpleAssignmentTarget<'a>,
        value: &'a Expression<'a>,
    ) {
        if matches!(
            value,
            Expression::StringLiteral(_) | Expression::NumericLiteral(_) | Expression::BooleanLiteral(_)
        ) {
            // Only what may be called or taken apart matters, and constants are looked up where they are needed.
            return;
        }
        let (object, name, key) = match target {
            SimpleAssignmentTarget::StaticMemberExpression(member) => {
                (&member.object, Some(member.property.name.as_str()), None)
            }
            SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                let name = member.static_property_name().map(|name| name.as_str());
                (&member.object, name, Some(&member.expression))
            }
            SimpleAssignmentTarget::PrivateFieldExpression(member) => {
                (&member.object, Some(member.field.name.as_str()), None)
            }
            _ => return,
        };
        let owner = match object.get_inner_expression() {
            Expression::ThisExpression(_) => Some(Owner::This),
            Expression::StaticMemberExpression(member) if member.property.name == "prototype" => {
                Some(Owner::This)
            }
            Expression::Identifier(identifier) => identifier
                .reference_id
                .get()
                .and_then(|id| scoping.get_reference(id).symbol_id())
                .map(Owner::Symbol),
            _ => None,
        };
        if let Some(Owner::Symbol(symbol)) = owner {
            if let Some(name) = name {
                self.add_method(symbol, name, value);
            }
            self.own(symbol);
            self.owned.entry(symbol).or_default().push(value);
        }
        match (owner, name, key) {
            (Some(owner), Some(name), _) => self.properties.entry((owner, name)).or_default().push(value),
            (Some(owner), None, Some(key)) => self.computed.entry(owner).or_default().push((key, value)),
            _ => {}
        }
    }
}

/// Errors are thrown everywhere; only what could be something else is kept.
fn interesting_throw(value: &Expression<'_>) -> bool {
    let inner = value.get_inner_expression();
    matches!(
        inner,
        Expression::Identifier(_) | Expression::ObjectExpression(_) | Expression::ArrayExpression(_)
    ) || inner.is_member_expression()
}
