//! What a Python expression stands for, as a dotted path: `os.system`, `builtins.eval`, through aliases and look-ups.
//!
//! A name with several bindings stands for the first that resolves: for a scan, what a name *may* be is what counts.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use ruff_python_ast::{Expr, ExprCall};

use super::fold::{self, Names};
use super::names;
use super::scope::{Binding, Scope};

const FUEL: u32 = 5_000_000;
const MAX_HOPS: u32 = 250;

pub(super) struct Resolver<'a> {
    /// Outermost first.
    pub(super) scopes: Vec<Scope<'a>>,
    /// Names the current question has come by; coming by again answers `None`, which ends cycles.
    visited: RefCell<HashSet<(usize, &'a str)>>,
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
            scopes: vec![module],
            visited: RefCell::default(),
            fuel: Cell::new(FUEL),
            cut: Cell::new(false),
        }
    }

    /// Whether work was cut short, so that something may have been missed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get() || self.fuel.get() == 0
    }

    pub(super) fn path(&self, expr: &'a Expr) -> Option<String> {
        let path = self.path_at(expr, 0);
        self.visited.borrow_mut().clear();
        path
    }

    pub(super) fn text(&self, expr: &'a Expr) -> Option<String> {
        fold::fold(expr, self, 0)
    }

    fn path_at(&self, expr: &'a Expr, hops: u32) -> Option<String> {
        if hops > MAX_HOPS || !self.burn() {
            self.cut.set(
                !matches!(expr, Expr::Call(_) | Expr::Attribute(_) | Expr::Subscript(_)) || self.cut.get(),
            );
            return None;
        }
        let hops = hops + 1;
        match expr {
            Expr::Name(name) => self.name_path(name.id.as_str(), name.range.start().to_usize(), hops),
            Expr::Attribute(attribute) => {
                let object = self.path_at(&attribute.value, hops)?;
                Some(simplified(&object, attribute.attr.as_str()))
            }
            Expr::Subscript(subscript) => {
                let object = self.path_at(&subscript.value, hops)?;
                let key = fold::fold(&subscript.slice, self, hops)?;
                self.item_path(&object, &key, hops)
            }
            Expr::Call(call) => self.call_path(call, hops),
            Expr::Named(named) => self.path_at(&named.value, hops),
            Expr::If(choice) => {
                self.path_at(&choice.body, hops).or_else(|| self.path_at(&choice.orelse, hops))
            }
            Expr::BoolOp(choice) => choice.values.iter().find_map(|value| self.path_at(value, hops)),
            Expr::Await(inner) => self.path_at(&inner.value, hops),
            _ => None,
        }
    }

    /// `name_path` with no regard to where the name stands.
    fn name_path(&self, name: &'a str, offset: usize, hops: u32) -> Option<String> {
        match self.look_up(name, offset) {
            Lookup::Free => Some(self.free_path(name)),
            Lookup::Bound { level, bindings, is_sure } => {
                if !self.visited.borrow_mut().insert((level, name)) {
                    return None;
                }
                let bound = bindings.iter().find_map(|binding| match binding {
                    Binding::Import(path) => Some(path.clone()),
                    Binding::Value(value) => self.path_at(value, hops),
                    Binding::Unknown => None,
                });
                self.visited.borrow_mut().remove(&(level, name));
                bound.or_else(|| (!is_sure).then(|| self.free_path(name)))
            }
        }
    }

    /// A name nobody binds is a builtin, unless a star import brings it.
    fn free_path(&self, name: &str) -> String {
        self.scopes
            .iter()
            .flat_map(|scope| &scope.stars)
            .map(|module| format!("{module}.{name}"))
            .find(|path| names::member_rule(path).is_some())
            .unwrap_or_else(|| simplified("builtins", name))
    }

    fn look_up(&self, name: &'a str, offset: usize) -> Lookup<'_, 'a> {
        let innermost = self.scopes.len() - 1;
        for (level, scope) in self.scopes.iter().enumerate().rev() {
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

    fn call_path(&self, call: &'a ExprCall, hops: u32) -> Option<String> {
        let function = self.path_at(&call.func, hops)?;
        let first = call.arguments.args.first();
        match function.as_str() {
            "builtins.__import__" | "importlib.__import__" => {
                let name = fold::fold(first?, self, hops)?;
                let has_from_list =
                    call.arguments.args.len() > 3
                        || call.arguments.keywords.iter().any(|keyword| {
                            keyword.arg.as_ref().is_some_and(|name| name.as_str() == "fromlist")
                        });
                match name.split_once('.') {
                    Some((top, _)) if !has_from_list => Some(top.to_owned()),
                    _ => Some(name),
                }
            }
            "importlib.import_module" => fold::fold(first?, self, hops),
            "builtins.getattr" => {
                let name = fold::fold(call.arguments.args.get(1)?, self, hops)?;
                Some(simplified(&self.path_at(first?, hops)?, &name))
            }
            "builtins.globals" | "builtins.locals" => Some("globals()".to_owned()),
            "builtins.vars" => match first {
                None => Some("globals()".to_owned()),
                Some(object) => Some(format!("{}.__dict__", self.path_at(object, hops)?)),
            },
            "globals().get" | "globals().__getitem__" | "sys.modules.get" | "sys.modules.__getitem__" => {
                let key = fold::fold(first?, self, hops)?;
                self.item_path(function.rsplit_once('.')?.0, &key, hops)
            }
            _ => {
                let (object, method) = function.rsplit_once('.')?;
                let object = object.strip_suffix(".__dict__")?;
                let key = fold::fold(first?, self, hops)?;
                matches!(method, "get" | "__getitem__").then(|| simplified(object, &key))
            }
        }
    }

    /// The path of `object[key]`.
    fn item_path(&self, object: &str, key: &str, hops: u32) -> Option<String> {
        match object {
            "sys.modules" => Some(simplified(key, "").trim_end_matches('.').to_owned()),
            "globals()" => {
                let module = self.scopes.first()?;
                match module.names.get_key_value(key) {
                    Some((name, _)) => self.name_path(name, usize::MAX, hops),
                    None => Some(simplified("builtins", key)),
                }
            }
            _ => object.strip_suffix(".__dict__").map(|object| simplified(object, key)),
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

/// `object.name` in its simplest form: `builtins.__builtins__` is `builtins`, `posix` is `os`.
fn simplified(object: &str, name: &str) -> String {
    const MAX_PATH: usize = 400;
    let object = match object {
        "posix" | "nt" => "os",
        "__builtin__" => "builtins",
        object => object,
    };
    let mut path = match (object, name) {
        ("builtins", "__builtins__") => "builtins".to_owned(),
        _ => format!("{object}.{name}"),
    };
    if path.len() > MAX_PATH {
        path = path.chars().take(MAX_PATH).collect();
    }
    path
}
