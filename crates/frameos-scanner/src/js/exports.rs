//! Collects what a file exports: ES modules' declarations and CommonJS's assignments.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, Declaration, ExportDefaultDeclarationKind,
    Expression, ModuleExportName, ObjectPropertyKind,
};
use oxc_semantic::{NodeId, Semantic, SymbolId};

use super::link::{Export, Exports, WHOLE, export_of};
use super::path::{Path, Root};
use super::resolve::Resolver;
use super::taint::{Kind, Taint};

/// Longest text that is handed from file to file.
const MAX_TEXT: usize = 200;

pub(super) fn collect<'a>(semantic: &Semantic<'a>, resolver: &Resolver<'_, 'a>) -> Exports {
    let mut exports = Exports::default();
    for node in semantic.nodes().iter() {
        match node.kind() {
            AstKind::AssignmentExpression(assignment) => assigned(assignment, resolver, &mut exports),
            AstKind::ExportDefaultDeclaration(export) => {
                if let Some(value) = default_value(&export.declaration) {
                    add(WHOLE, value, resolver, &mut exports);
                    add("default", value, resolver, &mut exports);
                }
            }
            AstKind::ExportDeclaration(export) => {
                if let Declaration::VariableDeclaration(list) = &export.declaration {
                    for declarator in &list.declarations {
                        if let (BindingPattern::BindingIdentifier(name), Some(value)) =
                            (&declarator.id, &declarator.init)
                        {
                            add(name.name.as_str(), value, resolver, &mut exports);
                        }
                    }
                }
            }
            AstKind::ExportNamedDeclaration(export) => {
                for one in &export.specifiers {
                    if let ModuleExportName::IdentifierReference(local) = &one.local {
                        let name = module_name(&one.exported);
                        for path in resolver.reference_paths(local) {
                            add_path(name, &path, &mut exports);
                        }
                    }
                }
            }
            AstKind::ExportFromDeclaration(export) => {
                for one in &export.specifiers {
                    let names = vec![export.source.value.to_string(), module_name(&one.local).to_owned()];
                    exports.add(module_name(&one.exported), Export::Module(names));
                }
            }
            AstKind::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => {
                    exports.add(module_name(name), Export::Module(vec![export.source.value.to_string()]));
                }
                None if exports.stars.len() < 50 => exports.stars.push(export.source.value.to_string()),
                None => {}
            },
            _ => {}
        }
    }
    exports
}

/// Notes which exported names give data from outside, and which exported functions send what they are given.
pub(super) fn note_functions<'a>(
    semantic: &Semantic<'a>,
    resolver: &Resolver<'_, 'a>,
    (taint, leaking): (&Taint<'_, '_, 'a>, &[SymbolId]),
    exports: &mut Exports,
) {
    for (name, id) in exported_functions(semantic, resolver) {
        let returned = resolver.definitions.flows.returns_of(id).iter();
        let flow = returned.filter_map(|value| taint.of(value).0).min_by_key(|flow| flow.kind);
        if let Some(flow) = flow.filter(|flow| flow.kind != Kind::Network) {
            exports.sources.insert(name.clone(), flow);
        }
        let parameters = match semantic.nodes().kind(id) {
            AstKind::Function(function) => &function.params,
            AstKind::ArrowFunctionExpression(function) => &function.params,
            _ => continue,
        };
        let sent = parameters.items.iter().enumerate().filter(|(_, parameter)| {
            parameter
                .pattern
                .get_binding_identifiers()
                .iter()
                .any(|name| name.symbol_id.get().is_some_and(|symbol| leaking.contains(&symbol)))
        });
        let sent: Vec<usize> = sent.map(|(index, _)| index).collect();
        if !sent.is_empty() {
            exports.leaks.insert(name, sent);
        }
    }
    exports.sources.extend(exported_values(semantic, resolver).into_iter().filter_map(|(name, value)| {
        let flow = taint.of(value).0.filter(|flow| flow.kind != Kind::Network)?;
        Some((name, flow))
    }));
}

/// The functions a file exports, by name.
fn exported_functions<'a>(semantic: &Semantic<'a>, resolver: &Resolver<'_, 'a>) -> Vec<(String, NodeId)> {
    let mut functions = Vec::new();
    for (name, value) in exported_values(semantic, resolver) {
        functions.extend(resolver.paths(value).iter().filter_map(Path::as_node).map(|id| (name.clone(), id)));
    }
    for node in semantic.nodes().iter() {
        match node.kind() {
            AstKind::ExportDeclaration(export) => {
                if let Declaration::FunctionDeclaration(function) = &export.declaration
                    && let Some(name) = &function.id
                {
                    functions.push((name.name.to_string(), function.node_id.get()));
                }
            }
            AstKind::ExportDefaultDeclaration(export) => {
                if let ExportDefaultDeclarationKind::FunctionDeclaration(function) = &export.declaration {
                    functions.push((WHOLE.to_owned(), function.node_id.get()));
                }
            }
            AstKind::ExportNamedDeclaration(export) => {
                for one in &export.specifiers {
                    if let ModuleExportName::IdentifierReference(local) = &one.local {
                        let ids = resolver.reference_paths(local);
                        let name = module_name(&one.exported);
                        functions
                            .extend(ids.iter().filter_map(Path::as_node).map(|id| (name.to_owned(), id)));
                    }
                }
            }
            _ => {}
        }
        if functions.len() > 200 {
            break;
        }
    }
    functions
}

/// The values a file exports by assignment or declaration, by name.
fn exported_values<'a>(
    semantic: &Semantic<'a>,
    resolver: &Resolver<'_, 'a>,
) -> Vec<(String, &'a Expression<'a>)> {
    let mut values: Vec<(String, &'a Expression<'a>)> = Vec::new();
    for node in semantic.nodes().iter() {
        match node.kind() {
            AstKind::AssignmentExpression(assignment) => {
                if let Some(name) = exported_name(assignment, resolver) {
                    values.push((name.to_owned(), &assignment.right));
                }
            }
            AstKind::ExportDeclaration(export) => {
                if let Declaration::VariableDeclaration(list) = &export.declaration {
                    for declarator in &list.declarations {
                        if let (BindingPattern::BindingIdentifier(name), Some(value)) =
                            (&declarator.id, &declarator.init)
                        {
                            values.push((name.name.to_string(), value));
                        }
                    }
                }
            }
            AstKind::ExportDefaultDeclaration(export) => {
                values.extend(export.declaration.as_expression().map(|value| (WHOLE.to_owned(), value)));
            }
            _ => {}
        }
        if values.len() > 200 {
            break;
        }
    }
    let objects: Vec<_> = values.iter().filter(|(name, _)| name == WHOLE).map(|(_, value)| *value).collect();
    for value in objects {
        if let Expression::ObjectExpression(object) = value.get_inner_expression() {
            for property in object.properties.iter().filter_map(|property| property.as_property()) {
                values.extend(property.key.static_name().map(|name| (name.into_owned(), &property.value)));
            }
        }
    }
    values
}

fn module_name<'a>(name: &'a ModuleExportName<'a>) -> &'a str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}

fn default_value<'a>(declaration: &'a ExportDefaultDeclarationKind<'a>) -> Option<&'a Expression<'a>> {
    declaration.as_expression()
}

fn assigned<'a>(
    assignment: &'a AssignmentExpression<'a>,
    resolver: &Resolver<'_, 'a>,
    exports: &mut Exports,
) {
    if let Some(name) = exported_name(assignment, resolver) {
        add(name, &assignment.right, resolver, exports);
    }
}

/// The name an assignment exports, if it does.
fn exported_name<'a>(
    assignment: &'a AssignmentExpression<'a>,
    resolver: &Resolver<'_, 'a>,
) -> Option<&'a str> {
    let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { return None };
    let name = target.property.name.as_str();
    let is_object =
        |path: &Path<'_>| path.is_global("exports", &[]) || path.is_global("module", &["exports"]);
    let is_module = |path: &Path<'_>| path.is_global("module", &[]);
    let objects = resolver.paths(&target.object);
    if objects.iter().any(is_object) {
        Some(name)
    } else {
        (name == "exports" && objects.iter().any(is_module)).then_some(WHOLE)
    }
}

fn add<'a>(name: &str, value: &'a Expression<'a>, resolver: &Resolver<'_, 'a>, exports: &mut Exports) {
    if let Expression::ObjectExpression(object) = value.get_inner_expression() {
        for property in &object.properties {
            if let ObjectPropertyKind::ObjectProperty(property) = property
                && let Some(key) = property.key.static_name()
                && !matches!(property.value, Expression::ObjectExpression(_))
            {
                add(&key, &property.value, resolver, exports);
            }
        }
        return;
    }
    if let Some(text) = resolver.fold_string(value, 0).filter(|text| text.len() <= MAX_TEXT) {
        exports.add(name, Export::Text(text));
    }
    for path in resolver.paths(value) {
        add_path(name, &path, exports);
    }
}

fn add_path(name: &str, path: &Path<'_>, exports: &mut Exports) {
    if let Root::Module(_) | Root::Global(_) | Root::GlobalObject = path.root
        && let Some(export) = export_of(path)
    {
        exports.add(name, export);
    }
}
