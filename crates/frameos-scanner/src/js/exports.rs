//! Collects what a file exports: ES modules' declarations and CommonJS's assignments.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, Declaration, ExportDefaultDeclarationKind,
    Expression, ModuleExportName, ObjectPropertyKind,
};
use oxc_semantic::Semantic;

use super::link::{Export, Exports, WHOLE, export_of};
use super::path::{Path, Root};
use super::resolve::Resolver;

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
    let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else {
        return;
    };
    let name = target.property.name.as_str();
    let is_object =
        |path: &Path<'_>| path.is_global("exports", &[]) || path.is_global("module", &["exports"]);
    let is_module = |path: &Path<'_>| path.is_global("module", &[]);
    let objects = resolver.paths(&target.object);
    if objects.iter().any(is_object) {
        add(name, &assignment.right, resolver, exports);
    } else if name == "exports" && objects.iter().any(is_module) {
        add(WHOLE, &assignment.right, resolver, exports);
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
