//! What a Python expression may be when the program runs, through aliases, look-ups, calls and constant text.
//!
//! A name with several bindings may stand for several things: for a scan, all that a name *may* be counts. What is not
//! known makes a value open. Work, depth and memory are bounded; what is cut short at a name is said by [`Evaluator::was_cut`].

mod builtin;
mod call;
mod codec;
mod container;
mod format;
mod function;
mod method;
mod name;
mod operator;
mod run;

pub(super) use call::Args;
pub(super) use name::MAX_CALLS;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ruff_python_ast::{Expr, Number};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::modules::Exports;
use super::names;
use super::scope::{File, ScopeId};
use super::taint;
use super::value::{Atom, Place, Taint, Trace, Value, Words, add_taints};
use crate::memo::Memo;

/// Expressions evaluated for one file.
const FUEL: u32 = 5_000_000;
/// The same where code is run.
const DEEP_FUEL: u32 = 500_000;
/// Statements run and constants computed for one file.
const RUN_FUEL: u32 = 60_000;
/// Bytes of text and elements of containers made for one file.
const MAKE_FUEL: u32 = 24_000_000;
const MAX_DEPTH: u32 = 1_200;

/// The work that all files of a bundle share, so that many small files cost no more than one large one.
pub(super) struct Budget {
    fuel: Cell<u32>,
    run_fuel: Cell<u32>,
    make_fuel: Cell<u32>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { fuel: Cell::new(60_000_000), run_fuel: Cell::new(200_000), make_fuel: Cell::new(200_000_000) }
    }

    fn take(cell: &Cell<u32>, most: u32) -> u32 {
        let taken = cell.get().min(most);
        cell.set(cell.get() - taken);
        taken
    }

    fn give(cell: &Cell<u32>, left: u32) {
        cell.set(cell.get().saturating_add(left));
    }
}

pub(super) struct Evaluator<'p, 'a> {
    budget: &'p Budget,
    pub(super) file: &'p File<'a>,
    pub(super) exports: &'p Exports,
    /// Whether sensitive data is followed.
    pub(super) follows_data: bool,
    /// Whether code is run to learn its values, which costs too much to be done everywhere.
    runs: bool,
    names: Memo<Key<'a>, Value>,
    /// Final answers for attributes, items and calls, by address, so that a long chain is walked once.
    cache: RefCell<FxHashMap<usize, Value>>,
    fuel: Cell<u32>,
    run_fuel: Cell<u32>,
    make_fuel: Cell<u32>,
    inlined: Cell<u32>,
    /// Whether the loop that is run may have been left by now, on a condition that is not known.
    may_have_left: Cell<bool>,
    cut: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'a> {
    Name(ScopeId, &'a str),
    Returns(u32),
    Attribute(&'a str),
    Ran(ScopeId, &'a str),
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct At<'f, 'a> {
    pub(super) scope: ScopeId,
    frame: Option<&'f Frame<'f, 'a>>,
    depth: u32,
}

impl At<'_, '_> {
    pub(super) fn scope(scope: ScopeId) -> Self {
        At { scope, frame: None, depth: 0 }
    }
}

/// The names of a scope that is being run.
struct Frame<'f, 'a> {
    scope: ScopeId,
    names: RefCell<FxHashMap<&'a str, Value>>,
    outer: Option<&'f Frame<'f, 'a>>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    pub(super) fn new(
        file: &'p File<'a>,
        exports: &'p Exports,
        budget: &'p Budget,
        follows_data: bool,
    ) -> Self {
        Self {
            budget,
            file,
            exports,
            follows_data,
            runs: false,
            names: Memo::new(),
            cache: RefCell::default(),
            fuel: Cell::new(Budget::take(&budget.fuel, FUEL)),
            run_fuel: Cell::new(Budget::take(&budget.run_fuel, RUN_FUEL)),
            make_fuel: Cell::new(Budget::take(&budget.make_fuel, MAKE_FUEL)),
            inlined: Cell::new(0),
            may_have_left: Cell::new(false),
            cut: Cell::new(false),
        }
    }

    /// One that runs loops and functions on what is known, for places where the shallow answer is not enough.
    pub(super) fn deep(&self) -> Self {
        let deep = Self::new(self.file, self.exports, self.budget, false);
        // The deep one shares what the shallow one has left for running, which it does not use.
        let fuel = deep.fuel.replace(0);
        Budget::give(&self.budget.fuel, fuel);
        deep.fuel.set(Budget::take(&self.budget.fuel, DEEP_FUEL));
        deep.run_fuel.set(deep.run_fuel.get().saturating_add(self.run_fuel.replace(0)));
        deep.with_runs()
    }

    fn with_runs(mut self) -> Self {
        self.runs = true;
        self
    }

    /// Whether work was cut short, so that something may have been missed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get()
    }

    pub(super) fn eval(&self, expr: &'a Expr, at: At<'_, 'a>) -> Value {
        match expr {
            // The most frequent kinds by far need no budget.
            Expr::NumberLiteral(number) => return literal(&number.value),
            Expr::BooleanLiteral(value) => return Value::int(i64::from(value.value)),
            Expr::NoneLiteral(_) => return Value::of(Atom::Nothing),
            _ => {}
        }
        let fuel = self.fuel.get();
        if fuel == 0 || at.depth >= MAX_DEPTH {
            self.cut.set(true);
            return Value::unknown();
        }
        self.fuel.set(fuel - 1);
        let at = At { depth: at.depth + 1, ..at };
        if at.frame.is_some()
            || !matches!(expr, Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_) | Expr::BinOp(_))
        {
            return self.compute(expr, at);
        }
        let address = std::ptr::from_ref(expr).addr();
        if let Some(known) = self.cache.borrow().get(&address) {
            return known.clone();
        }
        // An answer given on the way to another is not final.
        let is_asked_for = self.names.is_idle();
        let value = self.compute(expr, at);
        if is_asked_for {
            self.cache.borrow_mut().insert(address, value.clone());
        }
        value
    }

    fn compute(&self, expr: &'a Expr, at: At<'_, 'a>) -> Value {
        match expr {
            Expr::Name(name) => {
                let offset = name.range.start().to_usize();
                self.noted(self.name(name.id.as_str(), offset, at), offset)
            }
            Expr::Attribute(attribute) => {
                let object = self.eval(&attribute.value, at);
                let offset = attribute.attr.range().start().to_usize();
                self.noted(self.member(&object, attribute.attr.as_str(), at), offset)
            }
            Expr::Call(call) => self.call(call, at),
            Expr::Subscript(subscript) => {
                let object = self.eval(&subscript.value, at);
                if let Expr::Slice(slice) = subscript.slice.as_ref() {
                    return self.slice(&object, slice, at);
                }
                let key = self.eval(&subscript.slice, at);
                let offset = subscript.value.range().end().to_usize();
                self.noted(self.item(&object, &key, at), offset)
            }
            Expr::StringLiteral(literal) => self.made(Value::text(literal.value.to_str())),
            Expr::BytesLiteral(literal) => {
                let bytes: Vec<u8> = literal.value.bytes().collect();
                self.made(Value::bytes(bytes))
            }
            Expr::FString(fstring) => self.fstring(fstring, at),
            Expr::List(list) => self.list(&list.elts, at),
            Expr::Tuple(tuple) => self.list(&tuple.elts, at),
            Expr::Set(set) => self.list(&set.elts, at),
            Expr::Dict(dict) => self.dict(dict, at),
            Expr::BinOp(_) => self.sum(expr, at),
            Expr::UnaryOp(unary) => self.unary(unary, at),
            Expr::Compare(compare) => self.compare(compare, at),
            Expr::Named(named) => self.eval(&named.value, at),
            Expr::Await(inner) => self.eval(&inner.value, at),
            Expr::Starred(inner) => self.eval(&inner.value, at),
            Expr::If(choice) => match self.eval(&choice.test, at).truth() {
                Some(true) => self.eval(&choice.body, at),
                Some(false) => self.eval(&choice.orelse, at),
                None => {
                    let mut value = self.eval(&choice.body, at);
                    value.add(self.eval(&choice.orelse, at));
                    value
                }
            },
            Expr::BoolOp(choice) => {
                let mut value = Value::default();
                choice.values.iter().for_each(|operand| value.add(self.eval(operand, at)));
                value
            }
            Expr::Lambda(lambda) => match self.file.function_at(expr) {
                Some(function) => Value::of(Atom::Function(function)),
                None => self.eval(&lambda.body, at),
            },
            Expr::ListComp(inner) => self.comprehension(expr, (None, &inner.elt), &inner.generators, at),
            Expr::SetComp(inner) => self.comprehension(expr, (None, &inner.elt), &inner.generators, at),
            Expr::Generator(inner) => self.comprehension(expr, (None, &inner.elt), &inner.generators, at),
            Expr::DictComp(inner) => {
                self.comprehension(expr, (inner.key.as_deref(), &inner.value), &inner.generators, at)
            }
            _ => Value::unknown(),
        }
    }

    /// The whole environment is sensitive; a variable of it, which most programs read, is not.
    fn noted(&self, value: Value, offset: usize) -> Value {
        if !self.follows_data {
            return value;
        }
        let source = value.paths().find_map(|path| taint::source_of_name(path));
        let Some((kind, what)) = source else { return value };
        let taint = Taint { kind, trace: Trace::begin(Place::Here(offset), what) };
        value.with_taints(&[taint])
    }

    /// Charges for what was made; a program that makes too much gets values that are not known.
    fn made(&self, value: Value) -> Value {
        let cost: usize = value.atoms.iter().map(cost).sum();
        if self.charge(cost) { value } else { Value::tainted(value.taints) }
    }

    fn charge(&self, cost: usize) -> bool {
        let left = self.make_fuel.get().saturating_sub(u32::try_from(cost).unwrap_or(u32::MAX));
        self.make_fuel.set(left);
        left > 0
    }

    /// Whether no more may be made, so that nothing should be begun.
    fn is_spent(&self) -> bool {
        self.make_fuel.get() == 0
    }

    /// Takes one step of running code; false when there is none left.
    fn step(&self) -> bool {
        let left = self.run_fuel.get().saturating_sub(1);
        self.run_fuel.set(left);
        left > 0
    }

    /// The way of sensitive data with one more step.
    pub(super) fn passed(taints: &[Taint], offset: usize, words: impl FnOnce() -> Words) -> Vec<Taint> {
        if taints.is_empty() {
            return Vec::new();
        }
        let words = words();
        let passed = |taint: &Taint| Taint {
            kind: taint.kind,
            trace: taint.trace.then(Place::Here(offset), words.clone()),
        };
        taints.iter().map(passed).collect()
    }

    /// What a member of an object may be.
    pub(super) fn member(&self, object: &Value, name: &str, at: At<'_, 'a>) -> Value {
        let mut value = Value { atoms: Vec::new(), open: object.open, taints: Vec::new() };
        add_taints(&mut value.taints, &object.taints);
        for atom in &object.atoms {
            match atom {
                Atom::Path(path) => value.add(self.path_member(path, name)),
                Atom::Class(class) => value.add(self.class_member(*class, name, at)),
                Atom::Instance(class) => {
                    value.add(self.class_member(*class, name, at));
                    value.add(self.attribute(name, at.depth));
                }
                Atom::Text(_)
                | Atom::Bytes(_)
                | Atom::List(_)
                | Atom::Dict(_)
                | Atom::Prefix(_)
                | Atom::Int(_) => {
                    let own = Value::of(atom.clone()).with_taints(&object.taints);
                    value.add(Value::of(Atom::Method(Rc::new((own, name.into())))));
                }
                Atom::Function(_)
                | Atom::Partial(_)
                | Atom::Getter { .. }
                | Atom::Method(_)
                | Atom::Nothing => {
                    value.open = true;
                }
            }
        }
        match name {
            "__globals__" | "f_globals" => value.add(Value::path("globals()")),
            "__builtins__" | "f_builtins" => value.add(Value::path("builtins")),
            _ if object.open => value.add(self.attribute(name, at.depth)),
            _ => {}
        }
        value
    }

    fn path_member(&self, path: &str, name: &str) -> Value {
        // A builtin function's `__self__` is the module of builtins.
        if name == "__self__" && path.starts_with("builtins.") {
            return Value::path("builtins");
        }
        if name == "__call__" || name == "parent" && path == taint::PATH {
            return Value::path(path);
        }
        if name == "parents" && path == taint::PATH {
            return Value::list(vec![Value::path(taint::PATH); 8]);
        }
        self.path(&names::simplified(path, name))
    }

    /// A dotted path, and what it is bound to in the bundle's own modules.
    pub(super) fn path(&self, path: &str) -> Value {
        let mut value = Value::path(path);
        if let Some(known) = self.exports.value(path) {
            value.add(known.clone());
        }
        value
    }
}

impl Drop for Evaluator<'_, '_> {
    fn drop(&mut self) {
        Budget::give(&self.budget.fuel, self.fuel.get());
        Budget::give(&self.budget.run_fuel, self.run_fuel.get());
        Budget::give(&self.budget.make_fuel, self.make_fuel.get());
    }
}

fn literal(number: &Number) -> Value {
    match number {
        Number::Int(int) => int.as_i64().map_or_else(Value::unknown, Value::int),
        _ => Value::unknown(),
    }
}

fn cost(atom: &Atom) -> usize {
    match atom {
        Atom::Text(text) | Atom::Prefix(text) => text.len() + 64,
        Atom::Bytes(bytes) => bytes.len() + 64,
        Atom::List(items) => items.len() * 16 + 64,
        Atom::Dict(items) => items.len() * 32 + 64,
        _ => 16,
    }
}
