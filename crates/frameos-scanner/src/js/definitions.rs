//! Every way the names of one file get their values: declarations, defaults, assignments, destructuring, imports, and
//! arguments of calls whose function is in sight.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrayAssignmentTarget, AssignmentTarget, AssignmentTargetMaybeDefault,
    AssignmentTargetProperty, BindingPattern, Expression, ForStatementLeft, FormalParameters,
    IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName,
    ObjectAssignmentTarget, PropertyKey, TSModuleReference, TSQualifiedName, TSTypeName,
};
use oxc_semantic::{NodeId, Scoping, Semantic, SymbolId};

use super::flows::Flows;
use super::prelude::Preludes;
use crate::memo::ById;

/// One step from a value into what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'a> {
    Name(&'a str),
    /// The property a computed key names.
    Key(&'a Expression<'a>),
    /// Any element of a list, or what a promise becomes.
    Element,
}

/// One way a name gets its value.
pub(super) enum Definition<'a> {
    /// The value, or these properties of it, outermost first.
    Value {
        value: &'a Expression<'a>,
        members: Vec<Member<'a>>,
    },
    /// As [`Self::Value`], for what comes in by a call or an iteration.
    Passed {
        value: &'a Expression<'a>,
        members: Vec<Member<'a>>,
    },
    Module {
        name: &'a str,
        member: Option<&'a str>,
    },
    /// A function or class of this file.
    Node(NodeId),
    /// Members of a name, as `import a = b.c` takes them.
    Qualified {
        root: &'a IdentifierReference<'a>,
        members: Vec<&'a str>,
    },
    /// What stands for `require` in the modules of a bundle inside the file.
    Loader,
}

/// A value on its way into a pattern; `None` when only the defaults inside the pattern are known.
type Incoming<'a> = Option<(&'a Expression<'a>, Vec<Member<'a>>)>;

pub(super) struct Definitions<'s, 'a> {
    scoping: &'s Scoping,
    by_symbol: Vec<Vec<Definition<'a>>>,
    /// Names declared with a value, and how many values that was.
    declared_with_value: ById<SymbolId, u32>,
    /// How often each name is written after its declaration.
    writes: Vec<u32>,
    /// Names whose values are all among their definitions, though these are no plain values.
    closed: HashSet<SymbolId>,
    /// Whether arguments may come to parameters in ways that are not followed.
    opened: bool,
    /// Whether what is bound now comes in by a call or an iteration.
    is_passing: bool,
    pub(super) flows: Flows<'a>,
    pub(super) preludes: Preludes<'a>,
}

/// The calls of a file whose function is known by name, until all functions are.
#[derive(Default)]
struct Calls<'a> {
    plain: Vec<(SymbolId, &'a [Argument<'a>])>,
    /// `f.apply(x, list)`
    applied: Vec<(SymbolId, Option<&'a Argument<'a>>)>,
    methods: Vec<(SymbolId, &'a str, &'a [Argument<'a>])>,
}

impl<'s, 'a> Definitions<'s, 'a> {
    pub(super) fn collect(semantic: &'s Semantic<'a>) -> Self {
        let mut definitions = Self {
            scoping: semantic.scoping(),
            by_symbol: std::iter::repeat_with(Vec::new).take(semantic.scoping().symbols_len()).collect(),
            declared_with_value: ById::default(),
            writes: writes(semantic.scoping()),
            closed: HashSet::new(),
            opened: semantic.scoping().root_unresolved_references().contains_key("arguments"),
            is_passing: false,
            flows: Flows::default(),
            preludes: Preludes::default(),
        };
        let mut calls = Calls::default();
        for node in semantic.nodes().iter() {
            definitions.collect_node(node.kind());
            definitions.flows.collect(semantic, node.id(), node.kind());
            definitions.is_passing = true;
            definitions.collect_call(semantic, node.kind(), &mut calls);
            definitions.is_passing = false;
        }
        definitions.preludes.sort();
        definitions.is_passing = true;
        let mut called: ById<SymbolId, usize> = ById::default();
        for (symbol, list) in calls.applied {
            if let Some(parameters) = definitions.flows.parameters_of(symbol) {
                definitions.pass_list(parameters, list);
            }
        }
        for (symbol, method, arguments) in calls.methods {
            if let Some(parameters) = definitions.flows.method_of(symbol, method) {
                definitions.pass(parameters, arguments);
            }
        }
        for (symbol, arguments) in calls.plain {
            if let Some(parameters) = definitions.flows.parameters_of(symbol) {
                definitions.pass(parameters, arguments);
                *called.entry(symbol).or_default() += 1;
            }
        }
        if definitions.opened {
            definitions.closed.clear();
            return definitions;
        }
        for (symbol, calls) in called {
            definitions.close_if_only_called(semantic, symbol, calls);
        }
        definitions
    }

    /// A function that is nowhere mentioned but where it is called gets its arguments from there alone.
    fn close_if_only_called(&mut self, semantic: &'s Semantic<'a>, symbol: SymbolId, calls: usize) {
        let declaration = self.scoping.symbol_declaration(symbol);
        let is_exported =
            semantic.nodes().ancestor_kinds(declaration).take(3).any(|kind| {
                matches!(kind, AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_))
            });
        if !is_exported
            && self.scoping.get_resolved_references(symbol).count() == calls
            && let Some(parameters) = self.flows.parameters_of(symbol)
        {
            self.close(parameters);
        }
    }

    fn close(&mut self, parameters: &'a FormalParameters<'a>) {
        for parameter in &parameters.items {
            if let BindingPattern::BindingIdentifier(name) = &parameter.pattern {
                self.closed.extend(name.symbol_id.get());
            }
        }
    }

    pub(super) fn of(&self, symbol: SymbolId) -> &[Definition<'a>] {
        self.by_symbol.get(symbol.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a name that is declared with one and never written again.
    pub(super) fn constant(&self, symbol: SymbolId) -> Option<&'a Expression<'a>> {
        let [Definition::Value { value, members }] = self.of(symbol) else { return None };
        let is_constant =
            members.is_empty() && self.declared_with_value.contains_key(&symbol) && !self.is_written(symbol);
        is_constant.then_some(*value)
    }

    /// Every value of a name that has only known ones, and whether it is an element of it: declared, assigned, passed.
    pub(super) fn alternatives(&self, symbol: SymbolId) -> Option<Vec<(&'a Expression<'a>, bool)>> {
        let values = self.of(symbol).iter().map(|definition| match definition {
            Definition::Value { value, members } | Definition::Passed { value, members } => {
                match members.as_slice() {
                    [] => Some((*value, false)),
                    [Member::Element] => Some((*value, true)),
                    _ => None,
                }
            }
            _ => None,
        });
        let values = values.collect::<Option<Vec<_>>>()?;
        let writes = self.writes.get(symbol.index()).map_or(0, |count| *count as usize);
        let declared = self.declared_with_value.get(&symbol).map_or(0, |count| *count as usize);
        let is_complete = writes + declared == values.len() || writes == 0 && self.closed.contains(&symbol);
        (!values.is_empty() && is_complete).then_some(values)
    }

    pub(super) fn is_written(&self, symbol: SymbolId) -> bool {
        self.writes.get(symbol.index()).is_some_and(|count| *count > 0)
    }

    fn collect_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                let Some(value) = &declarator.init else { return };
                if let BindingPattern::BindingIdentifier(name) = &declarator.id
                    && let Some(symbol) = name.symbol_id.get()
                {
                    *self.declared_with_value.entry(symbol).or_default() += 1;
                    self.flows.name_function(symbol, value);
                }
                self.bind(&declarator.id, Some((value, Vec::new())));
            }
            AstKind::FormalParameter(parameter) => {
                self.bind(
                    &parameter.pattern,
                    parameter.initializer.as_deref().map(|value| (value, Vec::new())),
                );
            }
            AstKind::AssignmentExpression(assignment) => {
                let passes_value = assignment.operator.is_assign() || assignment.operator.is_logical();
                if let (false, AssignmentTarget::AssignmentTargetIdentifier(name)) =
                    (passes_value, &assignment.left)
                {
                    self.flows.grow(self.scoping, name, &assignment.right);
                }
                self.assign(&assignment.left, passes_value.then_some((&assignment.right, Vec::new())));
            }
            AstKind::ForOfStatement(each) => self.bind_each(&each.left, &each.right),
            AstKind::ImportDeclaration(import) => self.collect_import(import),
            AstKind::TSImportEqualsDeclaration(import) => {
                let definition = match &import.module_reference {
                    TSModuleReference::ExternalModuleReference(module) => {
                        Some(Definition::Module { name: module.expression.value.as_str(), member: None })
                    }
                    TSModuleReference::IdentifierReference(root) => {
                        Some(Definition::Qualified { root, members: Vec::new() })
                    }
                    TSModuleReference::QualifiedName(name) => qualified(name),
                };
                if let Some(definition) = definition {
                    self.define(import.id.symbol_id.get(), definition);
                }
            }
            _ => self.collect_declaration(kind),
        }
    }

    fn collect_declaration(&mut self, kind: AstKind<'a>) {
        let (name, id) = match kind {
            AstKind::Function(function) => (&function.id, function.node_id.get()),
            AstKind::Class(class) => (&class.id, class.node_id.get()),
            AstKind::TSEnumDeclaration(list) => {
                return self.define(list.id.symbol_id.get(), Definition::Node(list.node_id.get()));
            }
            AstKind::TSNamespaceDeclaration(space) if !space.declare => {
                return self.define(space.id.symbol_id.get(), Definition::Node(space.node_id.get()));
            }
            _ => return,
        };
        let Some(symbol) = name.as_ref().and_then(|name| name.symbol_id.get()) else { return };
        self.define(Some(symbol), Definition::Node(id));
        if let AstKind::Function(function) = kind {
            self.flows.declare_function(symbol, &function.params, id);
        }
    }

    fn bind_each(&mut self, left: &'a ForStatementLeft<'a>, list: &'a Expression<'a>) {
        let incoming = || Some((list, vec![Member::Element]));
        match left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                for declarator in &declaration.declarations {
                    self.bind(&declarator.id, incoming());
                    if let BindingPattern::BindingIdentifier(name) = &declarator.id {
                        self.closed.extend(name.symbol_id.get());
                    }
                }
            }
            left => {
                if let Some(target) = left.as_assignment_target() {
                    self.assign(target, incoming());
                }
            }
        }
    }

    /// Arguments become the values of parameters where the function called is in sight.
    fn collect_call(&mut self, semantic: &'s Semantic<'a>, kind: AstKind<'a>, calls: &mut Calls<'a>) {
        let (callee, arguments) = match kind {
            AstKind::CallExpression(call) => {
                if call.arguments.len() == 3 {
                    for symbol in self.preludes.notice(semantic, call) {
                        self.define(Some(symbol), Definition::Loader);
                    }
                }
                (&call.callee, call.arguments.as_slice())
            }
            AstKind::NewExpression(new) => (&new.callee, new.arguments.as_slice()),
            _ => return,
        };
        match callee.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.symbol(name);
                calls.plain.extend(symbol.map(|symbol| (symbol, arguments)));
                match symbol {
                    Some(symbol) => self.flows.settle(symbol, arguments),
                    None if name.name == "Promise" => self.flows.promise(kind, arguments),
                    None => {}
                }
            }
            Expression::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                self.flows.appended(self.scoping, (&member.object, name), arguments);
                if name == "defineProperty" {
                    self.flows.define_property(self.scoping, arguments);
                }
                if let Expression::Identifier(owner) = &member.object
                    && let Some(symbol) = self.symbol(owner)
                {
                    match (name, arguments.get(1..)) {
                        ("call", Some(rest)) => calls.plain.push((symbol, rest)),
                        ("apply", Some(rest)) => calls.applied.push((symbol, rest.first())),
                        _ => calls.methods.push((symbol, name, arguments)),
                    }
                }
                match parameters(&member.object) {
                    Some(target) if name == "call" => {
                        self.pass(target, arguments.get(1..).unwrap_or_default());
                    }
                    Some(target) if name == "apply" => self.pass_list(target, arguments.get(1)),
                    _ => self.pass_elements(&member.object, name, arguments),
                }
            }
            callee => {
                if let Some(target) = parameters(callee) {
                    self.pass(target, arguments);
                    self.close(target);
                }
            }
        }
    }

    fn symbol(&self, name: &IdentifierReference<'a>) -> Option<SymbolId> {
        name.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id())
    }

    fn pass(&mut self, parameters: &'a FormalParameters<'a>, arguments: &'a [Argument<'a>]) {
        for (index, parameter) in parameters.items.iter().enumerate() {
            let spread = arguments.iter().take(index + 1).find_map(|argument| match argument {
                Argument::SpreadElement(spread) => Some(spread),
                _ => None,
            });
            if let Some(spread) = spread {
                // What is spread out may land in any parameter from here on.
                self.opened = true;
                self.bind(&parameter.pattern, Some((&spread.argument, vec![Member::Element])));
            } else if let Some(value) = arguments.get(index).and_then(Argument::as_expression) {
                self.bind(&parameter.pattern, Some((value, Vec::new())));
            }
        }
        let Some(rest) = &parameters.rest else { return };
        for argument in arguments.iter().skip(parameters.items.len()) {
            let incoming = match argument {
                Argument::SpreadElement(spread) => Some((&spread.argument, vec![Member::Element])),
                argument => argument.as_expression().map(|value| (value, Vec::new())),
            };
            self.bind(&rest.rest.argument, incoming);
        }
    }

    fn pass_list(&mut self, parameters: &'a FormalParameters<'a>, list: Option<&'a Argument<'a>>) {
        let Some(list) = list.and_then(Argument::as_expression) else { return };
        for (index, parameter) in parameters.items.iter().enumerate() {
            self.bind(&parameter.pattern, Some((list, vec![Member::Name(index_name(index))])));
        }
    }

    /// A list's methods hand its elements to the function they are given, and promises what they become.
    fn pass_elements(&mut self, list: &'a Expression<'a>, method: &str, arguments: &'a [Argument<'a>]) {
        const METHODS: &[&str] = &[
            "map",
            "forEach",
            "filter",
            "find",
            "some",
            "every",
            "flatMap",
            "findIndex",
            "findLast",
            "reduce",
            "reduceRight",
            "then",
        ];
        let Some(target) = arguments.first().and_then(Argument::as_expression).and_then(parameters) else {
            return;
        };
        if !METHODS.contains(&method) {
            return;
        }
        let from = usize::from(method.starts_with("reduce"));
        if let Some(parameter) = target.items.get(from) {
            self.bind(&parameter.pattern, Some((list, vec![Member::Element])));
            if let (0, BindingPattern::BindingIdentifier(name)) = (from, &parameter.pattern) {
                self.closed.extend(name.symbol_id.get());
            }
        }
        if from == 1
            && let (Some(parameter), Some(start)) =
                (target.items.first(), arguments.get(1).and_then(Argument::as_expression))
        {
            self.bind(&parameter.pattern, Some((start, Vec::new())));
        }
    }

    fn collect_import(&mut self, import: &'a ImportDeclaration<'a>) {
        let name = import.source.value.as_str();
        for specifier in import.specifiers.iter().flatten() {
            let (local, member) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                    let member = match &specifier.imported {
                        ModuleExportName::IdentifierName(name) => name.name.as_str(),
                        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
                        ModuleExportName::StringLiteral(name) => name.value.as_str(),
                    };
                    (&specifier.local, Some(member))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => (&specifier.local, None),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => (&specifier.local, None),
            };
            self.define(local.symbol_id.get(), Definition::Module { name, member });
        }
    }

    fn bind(&mut self, pattern: &'a BindingPattern<'a>, incoming: Incoming<'a>) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => self.define_value(name.symbol_id.get(), incoming),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    self.bind(&property.value, member_of(&incoming, key(&property.key)));
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, incoming);
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        self.bind(element, member_of(&incoming, Some(Member::Name(index_name(index)))));
                    }
                }
                if let Some(rest) = &array.rest {
                    // Which of the elements are left is not told apart.
                    self.bind(&rest.argument, member_of(&incoming, Some(Member::Element)));
                }
            }
            BindingPattern::AssignmentPattern(pattern) => {
                self.bind(&pattern.left, incoming);
                self.bind(&pattern.left, Some((&pattern.right, Vec::new())));
            }
        }
    }

    fn assign(&mut self, target: &'a AssignmentTarget<'a>, incoming: Incoming<'a>) {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                let symbol =
                    name.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id());
                self.define_value(symbol, incoming);
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => self.assign_object(object, incoming),
            AssignmentTarget::ArrayAssignmentTarget(array) => self.assign_array(array, &incoming),
            target => {
                if let (Some(member), Some((value, members))) =
                    (target.as_simple_assignment_target(), incoming)
                    && members.is_empty()
                {
                    self.flows.assign_property(self.scoping, member, value);
                }
            }
        }
    }

    fn assign_object(&mut self, object: &'a ObjectAssignmentTarget<'a>, incoming: Incoming<'a>) {
        for property in &object.properties {
            match property {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                    let id = property.binding.reference_id.get();
                    let symbol = id.and_then(|id| self.scoping.get_reference(id).symbol_id());
                    self.define_value(
                        symbol,
                        member_of(&incoming, Some(Member::Name(property.binding.name.as_str()))),
                    );
                    self.define_value(symbol, property.init.as_ref().map(|value| (value, Vec::new())));
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                    self.assign_element(&property.binding, member_of(&incoming, key(&property.name)));
                }
            }
        }
        if let Some(rest) = &object.rest {
            self.assign(&rest.target, incoming);
        }
    }

    fn assign_array(&mut self, array: &'a ArrayAssignmentTarget<'a>, incoming: &Incoming<'a>) {
        for (index, element) in array.elements.iter().enumerate() {
            if let Some(element) = element {
                self.assign_element(element, member_of(incoming, Some(Member::Name(index_name(index)))));
            }
        }
        if let Some(rest) = &array.rest {
            self.assign(&rest.target, member_of(incoming, Some(Member::Element)));
        }
    }

    fn assign_element(&mut self, element: &'a AssignmentTargetMaybeDefault<'a>, incoming: Incoming<'a>) {
        match element {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(element) => {
                self.assign(&element.binding, incoming);
                self.assign(&element.binding, Some((&element.init, Vec::new())));
            }
            element => {
                if let Some(target) = element.as_assignment_target() {
                    self.assign(target, incoming);
                }
            }
        }
    }

    fn define_value(&mut self, symbol: Option<SymbolId>, incoming: Incoming<'a>) {
        if let Some((value, members)) = incoming {
            let definition = if self.is_passing {
                Definition::Passed { value, members }
            } else {
                Definition::Value { value, members }
            };
            self.define(symbol, definition);
        }
    }

    fn define(&mut self, symbol: Option<SymbolId>, definition: Definition<'a>) {
        if let Some(list) = symbol.and_then(|symbol| self.by_symbol.get_mut(symbol.index())) {
            list.push(definition);
        }
    }
}

/// `a.b.c`, as TypeScript's import aliases write it.
fn qualified<'a>(name: &'a TSQualifiedName<'a>) -> Option<Definition<'a>> {
    const MOST: usize = 8;
    let mut members = vec![name.right.name.as_str()];
    let mut left = &name.left;
    while let TSTypeName::QualifiedName(inner) = left {
        if members.len() == MOST {
            return None;
        }
        members.push(inner.right.name.as_str());
        left = &inner.left;
    }
    members.reverse();
    let TSTypeName::IdentifierReference(root) = left else { return None };
    Some(Definition::Qualified { root, members })
}

fn writes(scoping: &Scoping) -> Vec<u32> {
    let of =
        |symbol| scoping.get_resolved_references(symbol).filter(|reference| reference.is_write()).count();
    scoping.symbol_ids().map(|symbol| u32::try_from(of(symbol)).unwrap_or(u32::MAX)).collect()
}

fn member_of<'a>(incoming: &Incoming<'a>, member: Option<Member<'a>>) -> Incoming<'a> {
    let (value, members) = incoming.as_ref()?;
    let mut members = members.clone();
    members.push(member?);
    Some((value, members))
}

fn key<'a>(key: &'a PropertyKey<'a>) -> Option<Member<'a>> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(Member::Name(name.name.as_str())),
        PropertyKey::PrivateIdentifier(_) => None,
        PropertyKey::StringLiteral(name) => Some(Member::Name(name.value.as_str())),
        computed => computed.as_expression().map(Member::Key),
    }
}

/// The name of a list's element; what comes after the first few is one name.
pub(super) fn index_name(index: usize) -> &'static str {
    const NAMES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    NAMES.get(index).copied().unwrap_or("12")
}

/// The parameters of a function that is written out here.
fn parameters<'a>(function: &'a Expression<'a>) -> Option<&'a FormalParameters<'a>> {
    match function.get_inner_expression() {
        Expression::FunctionExpression(function) => Some(&function.params),
        Expression::ArrowFunctionExpression(function) => Some(&function.params),
        Expression::SequenceExpression(list) => parameters(list.expressions.last()?),
        _ => None,
    }
}
