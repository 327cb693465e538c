//! Which names each scope of a Python file binds, and to what.
//!
//! Invariant: a name bound in a function hides outer ones, as in Python; a name bound in the module hides a builtin only
//! from the place on where it is surely bound, since Python falls back to builtins at run time.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, Parameters, Pattern, Stmt};
use ruff_text_size::Ranged;

/// What a name is bound to.
#[derive(Debug, Clone)]
pub(super) enum Binding<'a> {
    /// A module or a name from one, as a dotted path.
    Import(String),
    Value(&'a Expr),
    Unknown,
}

#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) names: HashMap<&'a str, Vec<Binding<'a>>>,
    /// Modules whose names were all imported with `*`.
    pub(super) stars: Vec<String>,
    pub(super) is_class: bool,
    /// Where a module-level name is bound without any condition, by offset.
    pub(super) sure_from: HashMap<&'a str, usize>,
    deleted: HashSet<&'a str>,
}

impl<'a> Scope<'a> {
    pub(super) fn of_module(body: &'a [Stmt]) -> Self {
        let mut collector = Collector::default();
        collector.visit_body(body);
        let mut globals = GlobalNames::default();
        globals.visit_body(body);
        if !globals.names.is_empty() {
            let mut everywhere = Collector { nested: true, ..Collector::default() };
            everywhere.visit_body(body);
            for (name, bindings) in everywhere.scope.names {
                if globals.names.contains(name) {
                    collector.scope.names.entry(name).or_default().extend(bindings);
                }
            }
        }
        let mut scope = collector.scope;
        for stmt in body {
            for name in surely_bound(stmt) {
                scope.sure_from.entry(name).or_insert_with(|| stmt.range().end().to_usize());
            }
        }
        for name in scope.deleted.iter().chain(&globals.deleted) {
            scope.sure_from.remove(name);
        }
        scope
    }

    pub(super) fn of_function(parameters: Option<&'a Parameters>, body: &'a [Stmt]) -> Self {
        let mut collector = Collector::default();
        for parameter in parameters.into_iter().flat_map(|parameters| parameters.iter()) {
            let binding = parameter.default().map_or(Binding::Unknown, Binding::Value);
            collector.bind(parameter.name().as_str(), binding);
        }
        collector.visit_body(body);
        let mut scope = collector.scope;
        for name in collector.outer {
            scope.names.remove(name);
        }
        scope
    }

    pub(super) fn of_class(body: &'a [Stmt]) -> Self {
        let mut collector = Collector::default();
        collector.visit_body(body);
        Self { is_class: true, ..collector.scope }
    }

    pub(super) fn of_comprehension(targets: impl Iterator<Item = &'a Expr>) -> Self {
        let mut collector = Collector::default();
        targets.for_each(|target| collector.bind_target(target, None));
        collector.scope
    }
}

/// The names a module-level statement binds whenever it is reached.
fn surely_bound(stmt: &Stmt) -> Vec<&str> {
    match stmt {
        Stmt::FunctionDef(function) => vec![function.name.as_str()],
        Stmt::ClassDef(class) => vec![class.name.as_str()],
        Stmt::Assign(assign) => {
            assign.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str())).collect()
        }
        Stmt::Import(import) => {
            let bound = |alias| bound_name(alias).0;
            import.names.iter().map(bound).collect()
        }
        Stmt::ImportFrom(import) => {
            import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()).collect()
        }
        _ => Vec::new(),
    }
}

/// The name an `import a.b as c` binds, and the path it stands for.
fn bound_name(alias: &ruff_python_ast::Alias) -> (&str, &str) {
    let path = alias.name.as_str();
    match &alias.asname {
        Some(name) => (name.as_str(), path),
        None => {
            let first = path.split('.').next().unwrap_or(path);
            (first, first)
        }
    }
}

/// Collects the bindings of one scope; with `nested`, of all scopes as if they were one.
#[derive(Default)]
struct Collector<'a> {
    scope: Scope<'a>,
    /// Names a function declares `global` or `nonlocal`.
    outer: HashSet<&'a str>,
    nested: bool,
}

impl<'a> Collector<'a> {
    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        self.scope.names.entry(name).or_default().push(binding);
    }

    fn bind_target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value.map_or(Binding::Unknown, Binding::Value)),
            Expr::Starred(starred) => self.bind_target(&starred.value, None),
            Expr::Tuple(_) | Expr::List(_) => {
                let targets = elements(target);
                let values = value.map(elements).filter(|values| values.len() == targets.len());
                for (index, target) in targets.iter().enumerate() {
                    self.bind_target(target, values.and_then(|values| values.get(index)));
                }
            }
            _ => {}
        }
    }

    fn bind_imports(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let (name, path) = bound_name(alias);
                    self.bind(name, Binding::Import(path.to_owned()));
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().filter(|_| import.level == 0);
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    match module {
                        Some(module) if name == "*" => self.scope.stars.push(module.to_string()),
                        Some(module) => self.bind(name, Binding::Import(format!("{module}.{}", alias.name))),
                        None => self.bind(name, Binding::Unknown),
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str(), Binding::Unknown);
                if !self.nested {
                    return;
                }
            }
            Stmt::ClassDef(class) => {
                self.bind(class.name.as_str(), Binding::Unknown);
                if !self.nested {
                    return;
                }
            }
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.bind_imports(stmt),
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.bind_target(target, Some(&assign.value)));
            }
            Stmt::AnnAssign(assign) => self.bind_target(&assign.target, assign.value.as_deref()),
            Stmt::AugAssign(assign) => self.bind_target(&assign.target, None),
            Stmt::For(each) => self.bind_target(&each.target, None),
            Stmt::With(with) => {
                with.items.iter().filter_map(|item| item.optional_vars.as_deref()).for_each(|target| {
                    self.bind_target(target, None);
                });
            }
            Stmt::Delete(delete) => {
                let names =
                    delete.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str()));
                self.scope.deleted.extend(names);
            }
            Stmt::Global(global) => self.outer.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(nonlocal) => self.outer.extend(nonlocal.names.iter().map(|name| name.as_str())),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Named(named) => self.bind_target(&named.target, Some(&named.value)),
            Expr::Lambda(_) => return,
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name.as_str(), Binding::Unknown);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str(), Binding::Unknown);
        }
        visitor::walk_pattern(self, pattern);
    }
}

fn elements(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => &[],
    }
}

/// Names declared `global`, and names deleted, anywhere in a file.
#[derive(Default)]
struct GlobalNames<'a> {
    names: HashSet<&'a str>,
    deleted: HashSet<&'a str>,
}

impl<'a> Visitor<'a> for GlobalNames<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Global(global) => self.names.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Delete(delete) => {
                let names =
                    delete.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str()));
                self.deleted.extend(names);
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
