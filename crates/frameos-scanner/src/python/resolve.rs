//! What a Python expression stands for, as a dotted path: `os.system`, `builtins.eval`, through aliases and look-ups.
//!
//! A name with several bindings may stand for several things: for a scan, all that a name *may* be counts.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use ruff_python_ast::{Expr, ExprCall};

use super::fold::{self, Names};
use super::names;
use super::scope::{Binding, Scope};
use crate::memo::{Memo, Step};

const FUEL: u32 = 5_000_000;
const MAX_HOPS: u32 = 250;

/// How many things one name may stand for.
const MAX_PATHS: usize = 24;

pub(super) struct Resolver<'a> {
    /// Open scopes, outermost first, each with a number that is never given again.
    scopes: Vec<(usize, Scope<'a>)>,
    scopes_opened: usize,
    /// How many scopes the expression in question sees: a name's value is read where it was bound.
    visible: Cell<usize>,
    names: Memo<(usize, &'a str), String>,
    /// Final answers for attributes, items and calls, by address, so that a long chain is walked once.
    chains: RefCell<HashMap<usize, Vec<String>>>,
    fuel: Cell<u32>,
    cut: Cell<bool>,
}

/// Where a name was found.
enum Lookup<'r, 'a> {
    Bound { level: usize, bindings: &'r [Binding<'a>], is_sure: bool },
    Free,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(module: Scope<'a>) -> Self {
        Self {
            scopes: vec![(0, module)],
            scopes_opened: 1,
            visible: Cell::new(1),
            names: Memo::new(),
            chains: RefCell::default(),
            fuel: Cell::new(FUEL),
            cut: Cell::new(false),
        }
    }

    pub(super) fn enter(&mut self, scope: Scope<'a>) {
        self.scopes.push((self.scopes_opened, scope));
        self.scopes_opened += 1;
        self.visible.set(self.scopes.len());
    }

    pub(super) fn leave(&mut self) {
        self.scopes.pop();
        self.visible.set(self.scopes.len());
    }

    /// Modules whose names are all imported with `*`, in any open scope.
    pub(super) fn stars(&self) -> impl Iterator<Item = &String> {
        self.scopes.iter().flat_map(|(_, scope)| &scope.stars)
    }

    /// Whether work was cut short, so that something may have been missed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get() || self.fuel.get() == 0
    }

    /// Everything an expression may stand for.
    pub(super) fn paths(&self, expr: &'a Expr) -> Vec<String> {
        self.paths_at(expr, 0)
    }

    pub(super) fn text(&self, expr: &'a Expr) -> Option<String> {
        fold::fold(expr, self, 0)
    }

    fn paths_at(&self, expr: &'a Expr, hops: u32) -> Vec<String> {
        if !matches!(expr, Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_)) {
            return self.compute_paths(expr, hops);
        }
        let address = std::ptr::from_ref(expr).addr();
        if let Some(paths) = self.chains.borrow().get(&address) {
            return paths.clone();
        }
        // An answer given on the way to another, maybe from within another scope, is not final.
        let is_asked_for = self.names.is_idle();
        let paths = self.compute_paths(expr, hops);
        if is_asked_for {
            self.chains.borrow_mut().insert(address, paths.clone());
        }
        paths
    }

    fn compute_paths(&self, expr: &'a Expr, hops: u32) -> Vec<String> {
        if hops > MAX_HOPS || !self.burn() {
            self.cut.set(true);
            return Vec::new();
        }
        // Chains of attributes and calls do not count as hops: honest ones are long, and they end where the text does.
        let next = hops + 1;
        match expr {
            Expr::Name(name) => self.name_paths(name.id.as_str(), name.range.start().to_usize(), next),
            Expr::Attribute(attribute) => {
                let objects = self.paths_at(&attribute.value, hops);
                objects.iter().map(|object| simplified(object, attribute.attr.as_str())).collect()
            }
            Expr::Subscript(subscript) => {
                let objects = self.paths_at(&subscript.value, hops);
                if objects.is_empty() {
                    return objects;
                }
                let Some(key) = fold::fold(&subscript.slice, self, hops) else { return Vec::new() };
                objects.iter().flat_map(|object| self.item_paths(object, &key, hops)).collect()
            }
            Expr::Call(call) => {
                let functions = self.paths_at(&call.func, hops);
                functions.iter().flat_map(|function| self.result_paths(function, call, hops)).collect()
            }
            Expr::Named(named) => self.paths_at(&named.value, next),
            Expr::If(choice) => {
                let first = self.paths_at(&choice.body, next);
                self.union(first, self.paths_at(&choice.orelse, next))
            }
            Expr::BoolOp(choice) => {
                let all = choice.values.iter().map(|value| self.paths_at(value, next));
                all.fold(Vec::new(), |paths, more| self.union(paths, more))
            }
            Expr::Await(inner) => self.paths_at(&inner.value, next),
            _ => Vec::new(),
        }
    }

    fn union(&self, mut paths: Vec<String>, more: Vec<String>) -> Vec<String> {
        for path in more {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.len() > MAX_PATHS {
            self.cut.set(true);
            paths.truncate(MAX_PATHS);
        }
        paths
    }

    fn name_paths(&self, name: &'a str, offset: usize, hops: u32) -> Vec<String> {
        let (level, bindings, is_sure) = match self.look_up(name, offset) {
            Lookup::Free => return vec![self.free_path(name)],
            Lookup::Bound { level, bindings, is_sure } => (level, bindings, is_sure),
        };
        let bound = self.bound_paths(name, level, bindings, hops);
        if is_sure { bound } else { self.union(vec![self.free_path(name)], bound) }
    }

    fn bound_paths(&self, name: &'a str, level: usize, bindings: &[Binding<'a>], hops: u32) -> Vec<String> {
        let key = (self.scopes[level].0, name);
        let visit = match self.names.open(key) {
            Step::Answer(paths) => return paths,
            Step::Open(visit) => visit,
        };
        let visible = self.visible.replace(level + 1);
        let mut paths = Vec::new();
        for binding in bindings {
            let more = match binding {
                Binding::Import(path) => vec![path.clone()],
                Binding::Value(value) => self.paths_at(value, hops),
                Binding::Unknown => Vec::new(),
            };
            paths = self.union(paths, more);
        }
        self.visible.set(visible);
        self.names.close(key, &visit, paths.clone());
        paths
    }

    /// A name nobody binds is a builtin, unless a star import brings it.
    fn free_path(&self, name: &str) -> String {
        self.stars()
            .map(|module| format!("{module}.{name}"))
            .find(|path| names::member_rule(path).is_some())
            .unwrap_or_else(|| simplified("builtins", name))
    }

    fn look_up(&self, name: &'a str, offset: usize) -> Lookup<'_, 'a> {
        let innermost = self.visible.get() - 1;
        for (level, (_, scope)) in self.scopes[..=innermost].iter().enumerate().rev() {
            // A class body's names are not seen from the functions in it.
            if scope.is_class && level != innermost {
                continue;
            }
            if let Some(bindings) = scope.names.get(name) {
                let is_sure = match level {
                    0 => scope.sure_from.get(name).is_some_and(|&from| offset >= from),
                    _ => !scope.is_class,
                };
                return Lookup::Bound { level, bindings, is_sure };
            }
        }
        Lookup::Free
    }

    /// What calling `function` gives.
    fn result_paths(&self, function: &str, call: &'a ExprCall, hops: u32) -> Vec<String> {
        let argument = |index: usize| call.arguments.args.get(index);
        let text = |index| argument(index).and_then(|argument| fold::fold(argument, self, hops));
        let object_paths = || argument(0).map(|object| self.paths_at(object, hops)).unwrap_or_default();
        match function {
            "builtins.__import__" | "importlib.__import__" => {
                let has_from_list = call.arguments.find_argument("fromlist", 3).is_some();
                text(0).map(|name| imported(&name, has_from_list)).into_iter().collect()
            }
            "importlib.import_module" => text(0).into_iter().collect(),
            "builtins.getattr" => match text(1) {
                Some(name) => object_paths().iter().map(|object| simplified(object, &name)).collect(),
                None => Vec::new(),
            },
            "builtins.globals" | "builtins.locals" => vec!["globals()".to_owned()],
            "builtins.vars" if argument(0).is_none() => vec!["globals()".to_owned()],
            "builtins.vars" => object_paths().iter().map(|object| format!("{object}.__dict__")).collect(),
            _ => match function.rsplit_once('.') {
                Some((object, "get" | "__getitem__" | "pop" | "setdefault")) => {
                    text(0).map(|key| self.item_paths(object, &key, hops)).unwrap_or_default()
                }
                _ => Vec::new(),
            },
        }
    }

    /// What `object[key]` may stand for.
    fn item_paths(&self, object: &str, key: &str, hops: u32) -> Vec<String> {
        match object {
            "sys.modules" => vec![canonical(key).to_owned()],
            "globals()" => {
                match self.scopes.first().and_then(|(_, module)| module.names.get_key_value(key)) {
                    Some((name, _)) => self.name_paths(name, usize::MAX, hops),
                    None => vec![simplified("builtins", key)],
                }
            }
            // In modules other than the main one `__builtins__` is a dictionary.
            "builtins" => vec![simplified(object, key)],
            _ => object.strip_suffix(".__dict__").map(|object| simplified(object, key)).into_iter().collect(),
        }
    }
}

impl<'a> Names<'a> for Resolver<'a> {
    fn constant(&self, name: &'a str) -> Option<&'a Expr> {
        match self.look_up(name, usize::MAX) {
            Lookup::Bound { bindings: [Binding::Value(value)], level, is_sure } if is_sure || level == 0 => {
                Some(value)
            }
            _ => None,
        }
    }

    fn burn(&self) -> bool {
        let left = self.fuel.get().saturating_sub(1);
        self.fuel.set(left);
        left > 0
    }
}

/// The module an `__import__` call yields: the top one, unless a list of names is asked for.
fn imported(name: &str, has_from_list: bool) -> String {
    match name.split_once('.') {
        Some((top, _)) if !has_from_list => canonical(top).to_owned(),
        _ => canonical(name).to_owned(),
    }
}

/// The name rules know a module by.
fn canonical(module: &str) -> &str {
    match module {
        "posix" | "nt" => "os",
        "__builtin__" => "builtins",
        module => module,
    }
}

/// `object.name` in its simplest form: `builtins.__builtins__` is `builtins`, `posix.system` is `os.system`.
fn simplified(object: &str, name: &str) -> String {
    const MAX_PATH: usize = 200;
    let object = canonical(object);
    if (object, name) == ("builtins", "__builtins__") {
        return object.to_owned();
    }
    let mut path = format!("{object}.{name}");
    if path.len() > MAX_PATH {
        // Nothing so long is listed anywhere, and a chain must not grow the work for each of its links.
        path.truncate(path.floor_char_boundary(MAX_PATH));
    }
    path
}
