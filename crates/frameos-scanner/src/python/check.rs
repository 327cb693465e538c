//! The checks: one walk over the tree of a file, asking of each name, attribute and call what it reaches.

mod call;
mod files;
mod flow;
mod obfuscation;
mod shape;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprAttribute, Stmt, StmtImportFrom};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use super::eval::{At, Evaluator};
use super::modules::Sink;
use super::names;
use super::scope::{ScopeId, absolute};
use super::value::Value;
use crate::findings::Findings;
use crate::rules::{self, Rule};
use crate::source::Source;
use crate::text;
use obfuscation::Signs;

/// What a walk over a file needs to know.
pub(super) struct Context<'c, 'p, 'a> {
    pub(super) evaluator: &'c Evaluator<'p, 'a>,
    pub(super) source: &'c Source<'c>,
    /// The package that relative imports are seen from.
    pub(super) package: &'c str,
    /// Top-level names of the bundle's own modules.
    pub(super) own: &'c HashSet<&'c str>,
    /// Members that only path objects have in this bundle.
    pub(super) file_members: &'c [&'static str],
    pub(super) may_reach_environment: bool,
    pub(super) words: Words,
}

/// Words of the file that checks ask for again and again.
pub(super) struct Words {
    hashlib: bool,
    socket: bool,
    resources: bool,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        Self {
            hashlib: text.contains("hashlib"),
            socket: text.contains("socket"),
            resources: text.contains("resources"),
        }
    }
}

/// Reports what a file does.
pub(super) fn check<'a>(body: &'a [Stmt], context: Context<'_, '_, 'a>, findings: &mut Findings) -> Learnt {
    let mut check = Check {
        context,
        findings,
        scope: 0,
        imported: HashSet::new(),
        signs: Signs::default(),
        sinks: Vec::new(),
        plain: FxHashSet::default(),
        deep: OnceCell::new(),
        settled: FxHashSet::default(),
        loops: 0,
        plain_imports: 0,
        opened: BTreeSet::new(),
        runs: false,
    };
    check.visit_body(body);
    if check.context.evaluator.was_cut() {
        let what = "the names in this file refer to each other in too many ways to follow";
        check.findings.in_file(rules::TOO_COMPLEX, check.context.source.path, what);
    }
    let Check { context, findings, signs, sinks, opened, runs, .. } = check;
    signs.report(context.source, findings);
    Learnt { sinks, run: if runs { opened } else { BTreeSet::new() } }
}

struct Check<'c, 'p, 'a> {
    context: Context<'c, 'p, 'a>,
    findings: &'c mut Findings,
    scope: ScopeId,
    /// Modules with a rule of their own that have been reported by an import statement.
    imported: HashSet<String>,
    signs: Signs<'a>,
    sinks: Vec<Sink>,
    /// Names that stand for nothing of interest in their scopes.
    plain: FxHashSet<(ScopeId, &'a str)>,
    /// Made when first needed.
    deep: OnceCell<Evaluator<'p, 'a>>,
    /// Calls that make a path, of which all further use is known.
    settled: FxHashSet<usize>,
    /// Loops that were looked at for mining.
    loops: u32,
    /// Calls of `__import__` so far.
    plain_imports: u32,
    /// Names of files that are opened, and whether anything is run that is not in this file.
    opened: BTreeSet<String>,
    runs: bool,
}

/// What is learnt of a file besides its findings.
#[derive(Default)]
pub(super) struct Learnt {
    /// Where parameters of its functions end.
    pub(super) sinks: Vec<Sink>,
    /// Names of files that it may run as code.
    pub(super) run: BTreeSet<String>,
}

impl<'a> Check<'_, '_, 'a> {
    fn at(&self) -> At<'_, 'a> {
        At::scope(self.scope)
    }

    fn value(&self, expr: &'a Expr) -> Value {
        self.context.evaluator.eval(expr, self.at())
    }

    /// As [`Self::value`], and where that is not all known, what running the code on known values tells.
    fn deep_value(&self, expr: &'a Expr) -> Value {
        let value = self.value(expr);
        if !value.open && !value.atoms.is_empty() {
            return value;
        }
        let deep = self.deep.get_or_init(|| self.context.evaluator.deep());
        let found = deep.eval(expr, self.at());
        if found.atoms.is_empty() { value } else { Value { taints: value.taints, ..found } }
    }

    fn report(&mut self, rule: &'static Rule, node: &impl Ranged, what: &str) {
        if let Some(ability) = ability(rule) {
            self.findings.note(|facts| &mut facts.abilities, ability);
        }
        self.findings.at(rule, self.context.source, node.range().start().to_usize(), what);
    }

    /// The text of a node, short enough for a message.
    fn seen(&self, node: &impl Ranged) -> String {
        let range = node.range();
        let text = self
            .context
            .source
            .text
            .get(range.start().to_usize()..range.end().to_usize())
            .unwrap_or_default();
        let mut short: String =
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(61).collect();
        if short.chars().count() > 60 {
            short.pop();
            short.push('…');
        }
        short
    }

    fn import(&mut self, path: &str, node: &impl Ranged) {
        let path = names::canonical(path);
        let top = path.split('.').next().unwrap_or(path);
        if !top.is_empty() && !self.context.own.contains(top) {
            self.findings.note(|facts| &mut facts.modules, top);
        }
        if let Some((rule, module)) = names::module_rule(path) {
            self.imported.insert(module.to_owned());
            self.report(rule, node, &format!("the module {} is imported", names::quoted(module)));
        } else if let Some(rule) = names::member_rule(path) {
            self.report(rule, node, &format!("{} is imported", names::quoted(path)));
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        let module = import.module.as_ref().map(|module| module.as_str());
        let Some(name) = module.filter(|_| import.level == 0) else {
            return self.import_own(import, &absolute(self.context.package, import.level, module));
        };
        if names::module_rule(name).is_some() {
            self.import(name, &import.module.as_ref().map_or(import.range, |module| module.range));
            return;
        }
        for alias in &import.names {
            let path = match alias.name.as_str() {
                "*" => name.to_owned(),
                // Each use of the name is reported, and compatibility modules often make none.
                "open" if name == "io" && alias.asname.is_none() => name.to_owned(),
                member => names::simplified(name, member),
            };
            self.import(&path, alias);
        }
    }

    /// Names that come out of the bundle's own modules may be anything that those import.
    fn import_own(&mut self, import: &'a StmtImportFrom, module: &str) {
        for alias in &import.names {
            let path = format!("{module}.{}", alias.name);
            let Some(value) = self.context.evaluator.exports.value(&path).cloned() else { continue };
            self.mention(&value, alias);
        }
    }

    /// Paths that are mentioned, not imported: a listed name, or a listed module reached in another way than by import.
    fn mention(&mut self, value: &Value, node: &impl Ranged) {
        for path in value.paths() {
            let plain = path.trim_start_matches("builtins.");
            if let Some(rule) = names::member_rule(path) {
                let what = self.resolved(plain, node);
                self.report(rule, node, &what);
            } else if let Some((rule, module)) = names::module_rule(path)
                && module == &**path
                && !self.imported.contains(module)
            {
                let what = self.resolved(&format!("the module {module}"), node);
                self.report(rule, node, &what);
            }
        }
    }

    /// What was seen and what it resolves to.
    fn resolved(&self, path: &str, node: &impl Ranged) -> String {
        let seen = self.seen(node);
        let last = path.rsplit('.').next().unwrap_or(path);
        if seen == path || seen == last || path.ends_with(&format!(".{seen}")) {
            format!("{path} is used")
        } else {
            format!("`{seen}` resolves to {path}")
        }
    }

    fn attribute(&mut self, expr: &'a Expr, attribute: &'a ExprAttribute) {
        let name = attribute.attr.as_str();
        if names::is_introspection(name) {
            self.report(rules::INTROSPECTION, &attribute.attr, &format!("{name} is used"));
        }
        match name {
            "__builtins__" | "__import__" => {
                self.report(rules::DYNAMIC_CODE, &attribute.attr, &format!("{name} is used"));
            }
            "load_module" | "exec_module" => {
                let what = format!("{name} runs a module by other means than import");
                self.report(rules::DYNAMIC_CODE, &attribute.attr, &what);
            }
            "subprocess_shell" | "subprocess_exec" => {
                self.report(
                    rules::PROCESS_SPAWN,
                    &attribute.attr,
                    &format!("{name} of an event loop is used"),
                );
            }
            "enable_load_extension" | "load_extension" => {
                self.report(rules::NATIVE_LOADING, &attribute.attr, &format!("{name} of a database is used"));
            }
            _ => {}
        }
        self.path_used(attribute);
        if attribute.ctx.is_load() {
            let value = self.value(expr);
            self.member_of_unknown(attribute);
            if value
                .paths()
                .any(|path| names::member_rule(path).is_some() || names::module_rule(path).is_some())
            {
                let is_plain = value.paths().any(|path| path.ends_with(name));
                if is_plain { self.mention(&value, &attribute.attr) } else { self.mention(&value, attribute) }
            }
            if value.paths().any(|path| &**path == "os.environ") {
                self.findings.note(|facts| &mut facts.abilities, "environment");
            }
        } else {
            self.patched(attribute);
        }
        // The object is part of this path: on its own it is only of interest when it is more than a name.
        if !matches!(attribute.value.as_ref(), Expr::Name(_)) {
            self.visit_expr(&attribute.value);
        }
    }

    /// An assignment to a member of a module that everything else relies on.
    fn patched(&mut self, attribute: &'a ExprAttribute) {
        let object = self.value(&attribute.value);
        if object.paths().any(|path| &**path == "builtins") {
            let what = format!("the builtin {} is replaced", attribute.attr);
            self.report(rules::BUILTINS_CHANGED, attribute, &what);
        }
        if attribute.attr.as_str() == "__code__" {
            self.report(rules::DYNAMIC_CODE, &attribute.attr, "the code of a function is replaced");
        }
    }

    fn name(&mut self, expr: &'a Expr, name: &'a str) {
        let is_listed =
            matches!(name, "eval" | "exec" | "compile" | "open" | "execfile" | "__import__" | "__builtins__");
        if self.plain.contains(&(self.scope, name)) {
            return;
        }
        let value = self.value(expr);
        if value.paths().next().is_none() {
            // What a builtin's name stands for depends on the place; all others stand for the same in their scope.
            if !names::is_builtin(name) {
                self.plain.insert((self.scope, name));
            }
            return;
        }
        if name == "__builtins__" && value.paths().any(|path| &**path == "builtins") {
            self.report(rules::DYNAMIC_CODE, expr, "__builtins__ is used");
            return;
        }
        if matches!(name, "__loader__" | "__spec__")
            && value.paths().any(|path| path.starts_with("builtins.__"))
        {
            self.report(rules::INTROSPECTION, expr, &format!("{name} is used"));
        }
        if let Some(path) = value.paths().find(|path| names::must_not_escape(path)) {
            let what = format!("{} is handed on, so what it is used for is not known", names::quoted(path));
            let rule = if &**path == "globals()" { rules::COMPUTED_GLOBAL } else { rules::COMPUTED_MODULE };
            self.report(rule, expr, &what);
        } else if is_listed || value.paths().any(|path| self.is_from_star(name, path)) {
            self.mention(&value, expr);
        }
    }

    /// Whether a name comes from a star import, where its import statement did not show it.
    fn is_from_star(&self, name: &str, path: &str) -> bool {
        path.rsplit_once('.').is_some_and(|(module, member)| {
            name == member
                && self.context.evaluator.file.stars.iter().any(|star| names::canonical(star) == module)
        })
    }

    /// Whether an assignment only gives a module another name, which is followed.
    fn is_alias(&self, value: &'a Expr, targets: &'a [Expr]) -> bool {
        matches!(value, Expr::Name(_))
            && targets.iter().all(|target| matches!(target, Expr::Name(_)))
            && self.value(value).paths().any(|path| names::must_not_escape(path))
    }

    fn in_scope<N>(&mut self, node: &N, walk: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        self.scope = self.context.evaluator.file.scope_at(node).unwrap_or(outer);
        walk(self);
        self.scope = outer;
    }

    /// Visits an expression in which a bare name is looked at but does not go anywhere.
    fn visit_operand(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.id.as_str() != "__builtins__" => {
                let value = self.value(expr);
                if !value.paths().any(|path| names::must_not_escape(path)) {
                    self.visit_expr(expr);
                }
            }
            _ => self.visit_expr(expr),
        }
    }

    /// An annotation in quotes is code that tools may run.
    fn quoted_code(&mut self, expr: &'a Expr) {
        if let Expr::StringLiteral(literal) = expr {
            let code = literal.value.to_str();
            if ["__import__", "exec(", "eval(", "system(", "__builtins__"]
                .iter()
                .any(|word| code.contains(word))
            {
                let what =
                    format!("this annotation holds the code {}, which type tools run", names::quoted(code));
                self.report(rules::DYNAMIC_CODE, expr, &what);
            }
        }
    }
}

/// The ability that a rule is about.
fn ability(rule: &Rule) -> Option<&'static str> {
    Some(match rule.id {
        "network-library" => "network",
        "file-system" => "file_system",
        "process-spawn" | "worker-processes" => "process",
        "native-loading" => "native_code",
        "dynamic-code" | "computed-module" => "dynamic_code",
        "hashing" => "hashing",
        _ => return None,
    })
}

impl<'a> Visitor<'a> for Check<'_, '_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                import.names.iter().for_each(|alias| self.import(alias.name.as_str(), alias));
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) if self.is_alias(&assign.value, &assign.targets) => {}
            Stmt::For(each) => {
                self.all_of(&each.iter);
                self.mining(stmt);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::While(_) => {
                self.mining(stmt);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Return(returns) => {
                if let Some(value) = returns.value.as_deref() {
                    self.all_of(value);
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(parameters) = &function.type_params {
                    self.visit_type_params(parameters);
                }
                self.visit_parameters(&function.parameters);
                if let Some(returns) = &function.returns {
                    self.visit_annotation(returns);
                }
                self.signs.name(function.name.as_str());
                self.in_scope(function, |check| check.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(parameters) = &class.type_params {
                    self.visit_type_params(parameters);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.in_scope(class, |check| check.visit_body(&class.body));
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_annotation(&mut self, expr: &'a Expr) {
        self.quoted_code(expr);
        self.visit_expr(expr);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                self.signs.name(name.id.as_str());
                if name.ctx.is_load() {
                    self.name(expr, name.id.as_str());
                }
            }
            Expr::Attribute(attribute) => self.attribute(expr, attribute),
            Expr::Call(call) => self.call(expr, call),
            Expr::Subscript(subscript) => {
                self.subscript(expr, subscript);
            }
            Expr::Compare(compare) => {
                self.visit_operand(&compare.left);
                compare.comparators.iter().for_each(|operand| self.visit_operand(operand));
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                self.in_scope(expr, |check| check.visit_expr(&lambda.body));
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.iterated_environment(expr);
                self.in_scope(expr, |check| visitor::walk_expr(check, expr));
            }
            Expr::Dict(dict) => {
                // An item without a key is `**value`.
                dict.items.iter().for_each(|item| self.all_of(&item.value));
                visitor::walk_expr(self, expr);
            }
            Expr::FString(fstring) => {
                for element in fstring.value.elements().filter_map(|element| element.as_interpolation()) {
                    self.all_of(&element.expression);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Starred(starred) => {
                self.all_of(&starred.value);
                visitor::walk_expr(self, expr);
            }
            Expr::StringLiteral(_) | Expr::BytesLiteral(_) => {
                let range = expr.range();
                let text = self.context.source.text;
                self.format_walk(expr);
                self.signs
                    .literal(text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default());
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
