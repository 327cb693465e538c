//! Every way the names of one file get their values: declarations, defaults, assignments, destructuring, imports.

use std::collections::{HashMap, HashSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayAssignmentTarget, AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty,
    BindingPattern, Expression, ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName,
    ObjectAssignmentTarget, TSModuleReference,
};
use oxc_semantic::{Scoping, Semantic, SymbolId};

/// One way a name gets its value.
pub(super) enum Definition<'a> {
    /// The value, or these properties of it, outermost first.
    Value {
        value: &'a Expression<'a>,
        members: Vec<String>,
    },
    Module {
        name: &'a str,
        member: Option<&'a str>,
    },
}

/// A value on its way into a pattern; `None` when only the defaults inside the pattern are known.
type Incoming<'a> = Option<(&'a Expression<'a>, Vec<String>)>;

pub(super) struct Definitions<'s, 'a> {
    scoping: &'s Scoping,
    by_symbol: HashMap<SymbolId, Vec<Definition<'a>>>,
    declared_with_value: HashSet<SymbolId>,
}

impl<'s, 'a> Definitions<'s, 'a> {
    pub(super) fn collect(semantic: &'s Semantic<'a>) -> Self {
        let mut definitions = Self {
            scoping: semantic.scoping(),
            by_symbol: HashMap::new(),
            declared_with_value: HashSet::new(),
        };
        for node in semantic.nodes().iter() {
            definitions.collect_node(node.kind());
        }
        definitions
    }

    pub(super) fn of(&self, symbol: SymbolId) -> &[Definition<'a>] {
        self.by_symbol.get(&symbol).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a name that is declared with one and never written again.
    pub(super) fn constant(&self, symbol: SymbolId) -> Option<&'a Expression<'a>> {
        let [Definition::Value { value, members }] = self.of(symbol) else { return None };
        let is_constant = members.is_empty()
            && self.declared_with_value.contains(&symbol)
            && !self.scoping.get_resolved_references(symbol).any(|reference| reference.is_write());
        is_constant.then_some(*value)
    }

    fn collect_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                let Some(value) = &declarator.init else { return };
                if let BindingPattern::BindingIdentifier(name) = &declarator.id {
                    self.declared_with_value.extend(name.symbol_id.get());
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
                self.assign(&assignment.left, passes_value.then_some((&assignment.right, Vec::new())));
            }
            AstKind::ImportDeclaration(import) => self.collect_import(import),
            AstKind::TSImportEqualsDeclaration(import) => {
                if let TSModuleReference::ExternalModuleReference(module) = &import.module_reference {
                    let name = module.expression.value.as_str();
                    self.define(import.id.symbol_id.get(), Definition::Module { name, member: None });
                }
            }
            _ => {}
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
                    let name = property.key.static_name();
                    self.bind(&property.value, member_of(&incoming, name.as_deref()));
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, incoming);
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        self.bind(element, member_of(&incoming, Some(&index.to_string())));
                    }
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
            _ => {}
        }
    }

    fn assign_object(&mut self, object: &'a ObjectAssignmentTarget<'a>, incoming: Incoming<'a>) {
        for property in &object.properties {
            match property {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                    let id = property.binding.reference_id.get();
                    let symbol = id.and_then(|id| self.scoping.get_reference(id).symbol_id());
                    self.define_value(symbol, member_of(&incoming, Some(&property.binding.name)));
                    self.define_value(symbol, property.init.as_ref().map(|value| (value, Vec::new())));
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                    let name = property.name.static_name();
                    self.assign_element(&property.binding, member_of(&incoming, name.as_deref()));
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
                self.assign_element(element, member_of(incoming, Some(&index.to_string())));
            }
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
            self.define(symbol, Definition::Value { value, members });
        }
    }

    fn define(&mut self, symbol: Option<SymbolId>, definition: Definition<'a>) {
        if let Some(symbol) = symbol {
            self.by_symbol.entry(symbol).or_default().push(definition);
        }
    }
}

fn member_of<'a>(incoming: &Incoming<'a>, name: Option<&str>) -> Incoming<'a> {
    let (value, members) = incoming.as_ref()?;
    let mut members = members.clone();
    members.push(name?.to_owned());
    Some((value, members))
}
