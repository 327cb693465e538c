//! The checks: one walk over the tree of a file, with the scopes that are open, asking of each name what it reaches.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, Expr, ExprAttribute, ExprCall, Stmt, StmtImportFrom};
use ruff_text_size::Ranged;

use super::names;
use super::resolve::Resolver;
use super::scope::Scope;
use crate::findings::Findings;
use crate::rules::{self, Rule};
use crate::source::Source;
use crate::text;

/// How many names of an obfuscator's kind make a file obfuscated.
const MIN_NAMES: usize = 4;
/// How many escapes of plain letters and digits do.
const MIN_ESCAPES: usize = 16;

pub(super) fn check(body: &[Stmt], source: &Source<'_>, findings: &mut Findings) {
    let mut check = Check {
        resolver: Resolver::new(Scope::of_module(body)),
        source,
        findings,
        imported: HashSet::new(),
        machine_names: HashSet::new(),
        escapes: 0,
    };
    check.visit_body(body);
    if check.resolver.was_cut() {
        let what = "the names in this file refer to each other in too many ways to follow";
        check.findings.in_file(rules::TOO_COMPLEX, source.path, what);
    }
    if check.machine_names.len() >= MIN_NAMES {
        check.findings.in_file(
            rules::OBFUSCATED,
            source.path,
            "the names in this file come from an obfuscator",
        );
    }
    if check.escapes >= MIN_ESCAPES {
        let what = format!("{} plain letters are written as escapes", check.escapes);
        check.findings.in_file(rules::OBFUSCATED, source.path, &what);
    }
}

struct Check<'c, 'a, 't> {
    resolver: Resolver<'a>,
    source: &'c Source<'t>,
    findings: &'c mut Findings,
    /// Modules with a rule of their own that have been reported by an import statement.
    imported: HashSet<String>,
    machine_names: HashSet<&'a str>,
    escapes: usize,
}

impl<'a> Check<'_, 'a, '_> {
    fn report(&mut self, rule: &'static Rule, node: &impl Ranged, what: &str) {
        self.findings.at(rule, self.source, node.range().start().to_usize(), what);
    }

    fn import(&mut self, path: &str, node: &impl Ranged) {
        if let Some((rule, module)) = names::module_rule(path) {
            self.imported.insert(module.to_owned());
            self.report(rule, node, &format!("the module {} is imported", quoted(module)));
        } else if let Some(rule) = names::member_rule(path) {
            self.report(rule, node, &format!("{} is imported", quoted(path)));
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        let Some(module) = import.module.as_ref().filter(|_| import.level == 0) else { return };
        if names::module_rule(module).is_some() {
            self.import(module, module);
            return;
        }
        for alias in import.names.iter().filter(|alias| alias.name.as_str() != "*") {
            self.import(&format!("{module}.{}", alias.name), alias);
        }
    }

    fn in_scope(&mut self, scope: Scope<'a>, walk: impl FnOnce(&mut Self)) {
        self.resolver.enter(scope);
        walk(self);
        self.resolver.leave();
    }

    /// A path that is mentioned, not imported: a listed name, or a listed module reached in another way than by import.
    fn mention(&mut self, path: &str, node: &impl Ranged) {
        if let Some(rule) = names::member_rule(path) {
            self.report(rule, node, &format!("{} is used", quoted(path.trim_start_matches("builtins."))));
        } else if let Some((rule, module)) = names::module_rule(path)
            && module == path
            && !self.imported.contains(module)
        {
            self.report(rule, node, &format!("the module {} is used", quoted(module)));
        }
    }

    fn attribute(&mut self, expr: &'a Expr, attribute: &'a ExprAttribute) {
        let name = attribute.attr.as_str();
        if names::is_introspection(name) {
            self.report(rules::INTROSPECTION, &attribute.attr, &format!("{name} is used"));
        }
        if name == "__builtins__" {
            self.report(rules::DYNAMIC_CODE, &attribute.attr, "__builtins__ is used");
        }
        for path in self.resolver.paths(expr) {
            self.mention(&path, &attribute.attr);
        }
        if name == "__import__" {
            self.report(rules::DYNAMIC_CODE, &attribute.attr, "__import__ is used");
        }
        // The object is part of this path: on its own it is only of interest when it is more than a name.
        if !matches!(attribute.value.as_ref(), Expr::Name(_)) {
            self.visit_expr(&attribute.value);
        }
    }

    fn call(&mut self, expr: &'a Expr, call: &'a ExprCall) {
        for path in self.resolver.paths(expr) {
            self.mention(&path, call);
        }
        let mut looks_up = false;
        for function in self.resolver.paths(&call.func) {
            match function.as_str() {
                "builtins.__import__" | "importlib.__import__" | "importlib.import_module" => {
                    self.loaded_module(call);
                }
                "builtins.getattr" => {
                    self.attribute_by_name(call);
                    looks_up = true;
                }
                // As types to compare with they are harmless; called, they make functions.
                "types.FunctionType" | "types.LambdaType" | "types.CodeType" => {
                    self.report(rules::DYNAMIC_CODE, call, "a function is made from parts at run time");
                }
                "builtins.hasattr" | "builtins.vars" | "builtins.dir" => looks_up = true,
                "pathlib.Path" | "pathlib.PosixPath" | "pathlib.WindowsPath" => {
                    let what = "pathlib.Path reaches the file system (PurePath only handles names)";
                    self.report(rules::FILE_SYSTEM, call, what);
                }
                _ => {}
            }
        }
        if looks_up && matches!(call.arguments.args.first(), Some(Expr::Name(_))) {
            // The object is looked into here, and does not escape.
            self.visit_builtins(call.arguments.args.first());
            self.visit_expr(&call.func);
            call.arguments.args.iter().skip(1).for_each(|argument| self.visit_expr(argument));
        } else {
            visitor::walk_expr(self, expr);
        }
    }

    fn visit_builtins(&mut self, object: Option<&'a Expr>) {
        if let Some(object) = object.filter(|object| is_name(object, "__builtins__")) {
            self.report(rules::DYNAMIC_CODE, object, "__builtins__ is used");
        }
    }

    fn loaded_module(&mut self, call: &'a ExprCall) {
        let Some(name) = call.arguments.find_argument_value("name", 0) else {
            self.report(rules::COMPUTED_MODULE, call, "a module is loaded by a computed name");
            return;
        };
        match self.resolver.text(name) {
            Some(name) => self.import(&name, call),
            None => {
                let what = "the module to load is only known when the code runs";
                self.report(rules::COMPUTED_MODULE, call, what);
            }
        }
    }

    fn attribute_by_name(&mut self, call: &'a ExprCall) {
        let [object, name, ..] = &*call.arguments.args else { return };
        match self.resolver.text(name) {
            Some(name) if names::is_introspection(&name) => {
                self.report(rules::INTROSPECTION, call, &format!("{name} is used"));
            }
            Some(_) => {}
            None => {
                let objects = self.resolver.paths(object);
                if let Some(object) = objects.iter().find(|object| names::must_not_escape(object)) {
                    let is_code = object == "builtins" || object == "globals()";
                    let rule = if is_code { rules::DYNAMIC_CODE } else { rules::COMPUTED_MODULE };
                    self.report(rule, call, &format!("a member of {} is chosen at run time", quoted(object)));
                }
            }
        }
    }

    fn name(&mut self, expr: &'a Expr) {
        self.visit_builtins(Some(expr));
        for path in self.resolver.paths(expr) {
            if names::must_not_escape(&path) && !is_name(expr, "__builtins__") {
                let what =
                    format!("the module {} is handed on, so what it is used for is not known", quoted(&path));
                self.report(rules::COMPUTED_MODULE, expr, &what);
            } else if is_name(expr, path.trim_start_matches("builtins.")) || self.is_from_star(expr, &path) {
                self.mention(&path, expr);
            }
        }
    }

    /// Whether a name comes from a star import, where its import statement did not show it.
    fn is_from_star(&self, expr: &Expr, path: &str) -> bool {
        path.rsplit_once('.').is_some_and(|(module, name)| {
            is_name(expr, name) && self.resolver.stars().any(|star| star == module)
        })
    }

    /// Whether an assignment only gives a module another name, which the resolver follows.
    fn is_alias(&self, value: &'a Expr, targets: &'a [Expr]) -> bool {
        matches!(value, Expr::Name(_))
            && targets.iter().all(|target| matches!(target, Expr::Name(_)))
            && self.resolver.paths(value).iter().any(|path| names::must_not_escape(path))
    }

    fn comprehension(&mut self, expr: &'a Expr, generators: &'a [Comprehension]) {
        let scope = Scope::of_comprehension(generators.iter().map(|generator| &generator.target));
        self.in_scope(scope, |check| visitor::walk_expr(check, expr));
    }

    fn note_literal(&mut self, node: &impl Ranged) {
        let range = node.range();
        let raw = self.source.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        // Escapes mean nothing in raw literals such as regular expressions.
        let prefix = raw.split(['"', '\'']).next().unwrap_or_default();
        if !prefix.contains(['r', 'R']) {
            self.escapes += text::escaped_letters(raw);
        }
    }
}

impl<'a> Visitor<'a> for Check<'_, 'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                import.names.iter().for_each(|alias| self.import(alias.name.as_str(), alias));
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) if self.is_alias(&assign.value, &assign.targets) => {}
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                if let Some(returns) = &function.returns {
                    self.visit_annotation(returns);
                }
                let scope = Scope::of_function(Some(&function.parameters), &function.body);
                self.in_scope(scope, |check| check.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.in_scope(Scope::of_class(&class.body), |check| check.visit_body(&class.body));
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if text::is_machine_name(name.id.as_str()) {
                    self.machine_names.insert(name.id.as_str());
                }
                if name.ctx.is_load() {
                    self.name(expr);
                }
            }
            Expr::Attribute(attribute) => self.attribute(expr, attribute),
            Expr::Call(call) => self.call(expr, call),
            Expr::Subscript(subscript) => {
                for path in self.resolver.paths(expr) {
                    self.mention(&path, subscript);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                let scope = Scope::of_function(lambda.parameters.as_deref(), &[]);
                self.in_scope(scope, |check| check.visit_expr(&lambda.body));
            }
            Expr::ListComp(inner) => self.comprehension(expr, &inner.generators),
            Expr::SetComp(inner) => self.comprehension(expr, &inner.generators),
            Expr::DictComp(inner) => self.comprehension(expr, &inner.generators),
            Expr::Generator(inner) => self.comprehension(expr, &inner.generators),
            Expr::StringLiteral(_) | Expr::BytesLiteral(_) => self.note_literal(expr),
            _ => visitor::walk_expr(self, expr),
        }
    }
}

fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Name(inner) if inner.id.as_str() == name)
}

/// Hostile names are cut and escaped before they enter a message.
fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}
