//! Builds the scopes of a file.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprCall, Parameters, Pattern, Stmt, StmtClassDef,
    StmtFunctionDef,
};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::super::names;
use super::{Binding, Class, File, Function, Scope, ScopeId, ScopeKind};

/// What functions without a name are called.
const LAMBDA: &str = "lambda";
/// The most calls by one name and assignments to one attribute that are kept.
const MAX_INDEXED: usize = 64;

/// Builds the scopes of a file whose module is in `package`, which relative imports are seen from.
pub(in crate::python) fn build<'a>(body: &'a [Stmt], package: &str) -> File<'a> {
    let mut builder = Builder {
        file: File {
            scopes: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            imports: Vec::new(),
            stars: Vec::new(),
            scope_of: FxHashMap::default(),
            function_of: FxHashMap::default(),
            attributes: FxHashMap::default(),
            calls: FxHashMap::default(),
            sure_from: FxHashMap::default(),
        },
        package: package.to_owned(),
        open: Vec::new(),
        deleted: HashSet::new(),
    };
    builder.enter(ScopeKind::Module, body, None);
    builder.visit_body(body);
    for stmt in body {
        builder.surely_bound(stmt);
    }
    for name in &builder.deleted {
        builder.file.sure_from.remove(name);
    }
    builder.file
}

struct Open<'a> {
    id: ScopeId,
    /// Names declared `global` or `nonlocal`, with the scope that has them.
    elsewhere: FxHashMap<&'a str, ScopeId>,
    function: Option<u32>,
}

struct Builder<'a> {
    file: File<'a>,
    package: String,
    /// Never empty while the tree is walked.
    open: Vec<Open<'a>>,
    deleted: HashSet<&'a str>,
}

impl<'a> Builder<'a> {
    fn here(&self) -> ScopeId {
        self.open.last().map_or(0, |open| open.id)
    }

    fn enter(&mut self, kind: ScopeKind, body: &'a [Stmt], function: Option<u32>) -> ScopeId {
        let parent = self.here();
        let id = u32::try_from(self.file.scopes.len()).unwrap_or(u32::MAX);
        self.file.scopes.push(Scope { parent, kind, names: FxHashMap::default(), body, class: None });
        self.open.push(Open { id, elsewhere: FxHashMap::default(), function });
        id
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        let written = self.here();
        let owner = self.open.last().and_then(|open| open.elsewhere.get(name)).copied().unwrap_or(written);
        self.bind_in(owner, name, binding);
    }

    fn bind_in(&mut self, owner: ScopeId, name: &'a str, binding: Binding<'a>) {
        let written = self.here();
        if let Some(scope) = self.file.scopes.get_mut(owner as usize) {
            scope.names.entry(name).or_default().push((written, binding));
        }
    }

    /// The scope that already binds a name seen from here, for changes in place.
    fn owner_of(&self, name: &str) -> Option<ScopeId> {
        let open = self.open.last()?;
        if let Some(&owner) = open.elsewhere.get(name) {
            return Some(owner);
        }
        self.open.iter().rev().map(|open| open.id).find(|&id| self.file.scope(id).names.contains_key(name))
    }

    fn bind_target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value.map_or(Binding::Unknown, Binding::Value)),
            Expr::Starred(starred) => self.bind_target(&starred.value, None),
            Expr::Tuple(_) | Expr::List(_) => self.bind_targets(target, value),
            Expr::Attribute(attribute) => {
                if let Some(value) = value {
                    self.attribute(attribute.attr.as_str(), value);
                }
            }
            Expr::Subscript(subscript) => {
                if let (Expr::Name(name), Some(value)) = (subscript.value.as_ref(), value)
                    && let Some(owner) = self.owner_of(name.id.as_str())
                {
                    self.bind_in(owner, name.id.as_str(), Binding::ItemSet(&subscript.slice, value));
                }
            }
            _ => {}
        }
    }

    fn bind_targets(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        let targets = elements(target);
        let values = value.map(elements).filter(|values| values.len() == targets.len());
        for (index, target) in targets.iter().enumerate() {
            match (values, value, target) {
                (Some(values), _, _) => self.bind_target(target, values.get(index)),
                (None, Some(value), Expr::Name(name)) => {
                    self.bind(name.id.as_str(), Binding::Unpack(value, index));
                }
                _ => self.bind_target(target, None),
            }
        }
    }

    fn bind_element(&mut self, target: &'a Expr, iterated: &'a Expr) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), Binding::Element(iterated, None)),
            Expr::Tuple(_) | Expr::List(_) => {
                for (index, target) in elements(target).iter().enumerate() {
                    match target {
                        Expr::Name(name) => {
                            self.bind(name.id.as_str(), Binding::Element(iterated, Some(index)));
                        }
                        _ => self.bind_target(target, None),
                    }
                }
            }
            _ => self.bind_target(target, None),
        }
    }

    fn attribute(&mut self, name: &'a str, value: &'a Expr) {
        let here = self.here();
        let list = self.file.attributes.entry(name).or_default();
        if list.len() < MAX_INDEXED {
            list.push((here, value));
        }
    }

    fn import(&mut self, path: String) -> Binding<'a> {
        self.file.imports.push(path);
        Binding::Import(self.file.imports.len() - 1)
    }

    fn bind_imports(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let (name, path) = bound_name(alias);
                    let binding = self.import(path.to_owned());
                    self.bind(name, binding);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map(|module| module.as_str());
                let module = absolute(&self.package, import.level, module);
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.file.stars.push(module.clone());
                        continue;
                    }
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    let binding = self.import(names::simplified(&module, alias.name.as_str()));
                    self.bind(name, binding);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, stmt: &'a StmtFunctionDef) {
        stmt.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
        self.visit_parameters(&stmt.parameters);
        if let Some(returns) = &stmt.returns {
            self.visit_annotation(returns);
        }
        let is_static = stmt.decorator_list.iter().any(|decorator| {
            matches!(&decorator.expression, Expr::Name(name) if name.id.as_str() == "staticmethod")
        });
        let is_plain = stmt.decorator_list.iter().all(|decorator| {
            matches!(&decorator.expression, Expr::Name(name) if matches!(name.id.as_str(), "staticmethod" | "classmethod"))
        });
        let class = self.file.scope(self.here()).class;
        let id = self.add_function(Function {
            name: stmt.name.as_str(),
            parameters: Some(&stmt.parameters),
            result: None,
            scope: 0,
            class,
            is_static,
            is_generator: false,
            returns: Vec::new(),
        });
        self.file.function_of.insert(std::ptr::from_ref(stmt).addr(), id);
        self.bind(stmt.name.as_str(), if is_plain { Binding::Function(id) } else { Binding::Unknown });
        let scope = self.enter(ScopeKind::Function, &stmt.body, Some(id));
        self.file.scope_of.insert(std::ptr::from_ref(stmt).addr(), scope);
        self.bind_parameters(id, &stmt.parameters);
        self.set_scope(id, scope);
        self.visit_body(&stmt.body);
        self.open.pop();
    }

    fn add_function(&mut self, function: Function<'a>) -> u32 {
        self.file.functions.push(function);
        u32::try_from(self.file.functions.len() - 1).unwrap_or(u32::MAX)
    }

    fn set_scope(&mut self, function: u32, scope: ScopeId) {
        if let Some(function) = self.file.functions.get_mut(function as usize) {
            function.scope = scope;
        }
    }

    fn bind_parameters(&mut self, function: u32, parameters: &'a Parameters) {
        for (index, parameter) in parameters.iter().enumerate() {
            let name = parameter.name().as_str();
            self.bind(name, Binding::Parameter(function, u32::try_from(index).unwrap_or(u32::MAX)));
        }
    }

    fn class(&mut self, stmt: &'a StmtClassDef) {
        stmt.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
        if let Some(arguments) = &stmt.arguments {
            self.visit_arguments(arguments);
        }
        let id = u32::try_from(self.file.classes.len()).unwrap_or(u32::MAX);
        self.bind(stmt.name.as_str(), Binding::Class(id));
        let outer = self.here();
        let bases = stmt.arguments.as_ref().map_or(&[] as &[Expr], |arguments| &arguments.args);
        let scope = self.enter(ScopeKind::Class, &stmt.body, None);
        self.file.classes.push(Class { scope, outer, bases });
        self.file.scope_of.insert(std::ptr::from_ref(stmt).addr(), scope);
        if let Some(scope) = self.file.scopes.get_mut(scope as usize) {
            scope.class = Some(id);
        }
        self.visit_body(&stmt.body);
        self.open.pop();
    }

    fn comprehension(&mut self, expr: &'a Expr, generators: &'a [Comprehension]) {
        let scope = self.enter(ScopeKind::Comprehension, &[], None);
        self.file.scope_of.insert(std::ptr::from_ref(expr).addr(), scope);
        for generator in generators {
            self.bind_element(&generator.target, &generator.iter);
        }
        visitor::walk_expr(self, expr);
        self.open.pop();
    }

    fn lambda(&mut self, expr: &'a Expr) {
        let Expr::Lambda(lambda) = expr else { return };
        if let Some(parameters) = &lambda.parameters {
            self.visit_parameters(parameters);
        }
        let id = self.add_function(Function {
            name: LAMBDA,
            parameters: lambda.parameters.as_deref(),
            result: Some(&lambda.body),
            scope: 0,
            class: None,
            is_static: true,
            is_generator: false,
            returns: Vec::new(),
        });
        let scope = self.enter(ScopeKind::Function, &[], Some(id));
        self.file.function_of.insert(std::ptr::from_ref(expr).addr(), id);
        self.file.scope_of.insert(std::ptr::from_ref(expr).addr(), scope);
        if let Some(parameters) = &lambda.parameters {
            self.bind_parameters(id, parameters);
        }
        self.set_scope(id, scope);
        self.visit_expr(&lambda.body);
        self.open.pop();
    }

    fn call(&mut self, call: &'a ExprCall) {
        let here = self.here();
        let (name, object) = match call.func.as_ref() {
            Expr::Name(name) => (name.id.as_str(), None),
            Expr::Attribute(attribute) => (attribute.attr.as_str(), Some(attribute.value.as_ref())),
            Expr::Lambda(_) => (LAMBDA, None),
            _ => return,
        };
        let list = self.file.calls.entry(name).or_default();
        if list.len() < MAX_INDEXED {
            list.push((here, call));
        }
        match (name, object, &*call.arguments.args) {
            ("setattr", None, [_, Expr::StringLiteral(attribute), value]) => {
                self.attribute(attribute.value.to_str(), value);
            }
            ("append" | "add" | "appendleft", Some(Expr::Name(list)), [item]) => {
                self.change(list.id.as_str(), Binding::Appended(item));
            }
            ("extend" | "update", Some(Expr::Name(list)), [items]) => {
                self.change(list.id.as_str(), Binding::Value(items));
            }
            ("insert" | "setdefault", Some(Expr::Name(list)), [_, item]) => {
                self.change(list.id.as_str(), Binding::Appended(item));
            }
            _ => {}
        }
    }

    fn change(&mut self, name: &'a str, binding: Binding<'a>) {
        if let Some(owner) = self.owner_of(name) {
            self.bind_in(owner, name, binding);
        }
    }

    fn surely_bound(&mut self, stmt: &'a Stmt) {
        let end = stmt.range().end().to_usize();
        let names: Vec<&str> = match stmt {
            Stmt::FunctionDef(function) => vec![function.name.as_str()],
            Stmt::ClassDef(class) => vec![class.name.as_str()],
            Stmt::Assign(assign) => {
                assign.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str())).collect()
            }
            Stmt::Import(import) => import.names.iter().map(|alias| bound_name(alias).0).collect(),
            Stmt::ImportFrom(import) => import
                .names
                .iter()
                .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str())
                .collect(),
            _ => return,
        };
        for name in names {
            self.file.sure_from.entry(name).or_insert(end);
        }
    }
}

/// The module an import names: `from ..a import b` in `x.y.z` is of `x.a`.
pub(in crate::python) fn absolute(package: &str, level: u32, module: Option<&str>) -> String {
    if level == 0 {
        return module.unwrap_or_default().to_owned();
    }
    let mut parts: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
    for _ in 1..level.min(100) {
        parts.pop();
    }
    // What cannot be a module of the bundle must not look like one of the language's.
    let package = if parts.is_empty() { ".".to_owned() } else { parts.join(".") };
    match module {
        Some(module) => format!("{package}.{module}"),
        None => package,
    }
}

/// The name an `import a.b as c` binds, and the path it stands for.
fn bound_name(alias: &Alias) -> (&str, &str) {
    let path = alias.name.as_str();
    match &alias.asname {
        Some(name) => (name.as_str(), path),
        None => {
            let first = path.split('.').next().unwrap_or(path);
            (first, first)
        }
    }
}

impl<'a> Visitor<'a> for Builder<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => return self.function(function),
            Stmt::ClassDef(class) => return self.class(class),
            Stmt::Import(_) | Stmt::ImportFrom(_) => return self.bind_imports(stmt),
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.bind_target(target, Some(&assign.value)));
            }
            Stmt::AnnAssign(assign) => self.bind_target(&assign.target, assign.value.as_deref()),
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = assign.target.as_ref() {
                    self.bind(name.id.as_str(), Binding::Augmented(&assign.value));
                }
            }
            Stmt::For(each) => self.bind_element(&each.target, &each.iter),
            Stmt::Match(choice) => {
                for case in &choice.cases {
                    if let Pattern::MatchAs(pattern) = &case.pattern
                        && let Some(name) = &pattern.name
                    {
                        self.bind(name.as_str(), Binding::Value(&choice.subject));
                    }
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(target) = item.optional_vars.as_deref() {
                        self.bind_target(target, Some(&item.context_expr));
                    }
                }
            }
            Stmt::Delete(delete) => {
                let names =
                    delete.targets.iter().filter_map(|target| Some(target.as_name_expr()?.id.as_str()));
                self.deleted.extend(names);
            }
            Stmt::Global(global) => {
                if let Some(open) = self.open.last_mut() {
                    open.elsewhere.extend(global.names.iter().map(|name| (name.as_str(), 0)));
                }
            }
            Stmt::Nonlocal(nonlocal) => self.nonlocal(nonlocal.names.iter().map(|name| name.as_str())),
            Stmt::Return(returns) => {
                if let (Some(value), Some(id)) =
                    (&returns.value, self.open.last().and_then(|open| open.function))
                    && let Some(function) = self.file.functions.get_mut(id as usize)
                {
                    function.returns.push(value);
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Named(named) => {
                // A walrus in a comprehension binds in the function around it.
                let owner = self.open.iter().rev().map(|open| open.id);
                let owner =
                    owner.into_iter().find(|&id| self.file.scope(id).kind != ScopeKind::Comprehension);
                if let Expr::Name(name) = named.target.as_ref() {
                    self.bind_in(owner.unwrap_or(0), name.id.as_str(), Binding::Value(&named.value));
                }
            }
            Expr::Lambda(_) => return self.lambda(expr),
            Expr::ListComp(inner) => return self.comprehension(expr, &inner.generators),
            Expr::SetComp(inner) => return self.comprehension(expr, &inner.generators),
            Expr::DictComp(inner) => return self.comprehension(expr, &inner.generators),
            Expr::Generator(inner) => return self.comprehension(expr, &inner.generators),
            Expr::Call(call) => self.call(call),
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields(expr),
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

impl<'a> Builder<'a> {
    fn nonlocal(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            let outer = self.open.iter().rev().skip(1).map(|open| open.id);
            let owner = outer.into_iter().find(|&id| self.file.scope(id).names.contains_key(name));
            if let (Some(owner), Some(open)) = (owner, self.open.last_mut()) {
                open.elsewhere.insert(name, owner);
            }
        }
    }

    fn yields(&mut self, expr: &'a Expr) {
        let value = match expr {
            Expr::Yield(inner) => inner.value.as_deref(),
            _ => None,
        };
        if let Some(id) = self.open.last().and_then(|open| open.function)
            && let Some(function) = self.file.functions.get_mut(id as usize)
        {
            function.is_generator = true;
            function.returns.extend(value);
        }
    }
}

pub(super) fn elements(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => &[],
    }
}
