//! What names and attributes stand for: everything they are bound to, wherever that is written.

use ruff_python_ast::{Expr, ExprCall};

use super::super::names;
use super::super::scope::{Binding, ScopeId, ScopeKind};
use super::super::value::{Atom, Kind, Place, Taint, Trace, Value, Words};
use super::{At, Evaluator, Key};
use crate::memo::Step;

/// How many calls of a function are looked at for what its parameters may be.
pub(in crate::python) const MAX_CALLS: usize = 16;
const MAX_BINDINGS: usize = 64;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn name(&self, name: &'a str, offset: usize, at: At<'_, 'a>) -> Value {
        let Some(owner) = self.owner(name, at.scope) else { return self.free(name) };
        let mut frame = at.frame;
        while let Some(open) = frame {
            if open.scope == owner
                && let Some(value) = open.names.borrow().get(name)
            {
                return value.clone();
            }
            frame = open.outer;
        }
        let mut value = self.bound(owner, name, at.depth);
        let is_sure = match self.file.scope(owner).kind {
            ScopeKind::Module => self.file.sure_from.get(name).is_some_and(|&from| offset >= from),
            kind => kind != ScopeKind::Class,
        };
        if !is_sure && names::is_builtin(name) {
            value.add(self.free(name));
        }
        value
    }

    /// The scope whose name this is, as seen from another.
    pub(super) fn owner(&self, name: &str, from: ScopeId) -> Option<ScopeId> {
        let mut id = from;
        loop {
            let scope = self.file.scope(id);
            // A class body's names are not seen from the functions in it.
            if (scope.kind != ScopeKind::Class || id == from) && scope.names.contains_key(name) {
                return Some(id);
            }
            if id == 0 {
                return None;
            }
            id = scope.parent;
        }
    }

    /// A name nobody binds is a builtin, unless a star import brings it.
    fn free(&self, name: &str) -> Value {
        for star in &self.file.stars {
            let path = names::simplified(star, name);
            if names::member_rule(&path).is_some() || self.exports.value(&path).is_some() {
                return self.path(&path);
            }
        }
        match name {
            "__builtins__" => Value::path("builtins"),
            "__file__" | "__name__" | "__package__" | "__doc__" => Value::path(&format!("builtins.{name}")),
            _ if names::is_builtin(name) => Value::path(&format!("builtins.{name}")),
            _ => Value::unknown(),
        }
    }

    /// Everything a name of a scope is bound to.
    pub(in crate::python) fn bound(&self, owner: ScopeId, name: &'a str, depth: u32) -> Value {
        let Some(bindings) = self.file.scope(owner).names.get(name) else { return Value::unknown() };
        let key = Key::Name(owner, name);
        let visit = match self.names.open(key) {
            Step::Answer(values) => return values.into_iter().next().unwrap_or_default(),
            Step::Open(visit) => visit,
        };
        let mut value = Value { open: bindings.len() > MAX_BINDINGS, ..Value::default() };
        let mut is_changed = false;
        for (written, binding) in bindings.iter().take(MAX_BINDINGS) {
            is_changed |= matches!(binding, Binding::Augmented(_) | Binding::Appended(_));
            value.add(self.binding(*binding, At { scope: *written, frame: None, depth }));
        }
        // Names of classes never run.
        if self.runs && is_changed && self.file.scope(owner).kind != ScopeKind::Class {
            value.add(self.ran(owner, name, depth));
        }
        self.names.close(key, &visit, vec![value.clone()]);
        value
    }

    fn binding(&self, binding: Binding<'a>, at: At<'_, 'a>) -> Value {
        match binding {
            Binding::Import(index) => match self.file.imports.get(index) {
                Some(path) => self.path(names::canonical(path)),
                None => Value::unknown(),
            },
            Binding::Value(expr) => self.eval(expr, at),
            Binding::Unpack(expr, index) => {
                let value = self.eval(expr, at);
                Self::nth(&value, index)
            }
            Binding::Element(expr, index) => {
                let value = self.eval(expr, at);
                let element = self.any_element(&value);
                match index {
                    Some(index) => Self::nth(&element, index),
                    None => element,
                }
            }
            Binding::Appended(expr) => Value::list(vec![self.eval(expr, at)]),
            Binding::ItemSet(key, item) => Value::dict(vec![(self.eval(key, at), self.eval(item, at))]),
            Binding::Augmented(expr) => Value::tainted(self.eval(expr, at).taints),
            Binding::Parameter(function, index) => self.parameter(function, index, at.depth),
            Binding::Function(function) => Value::of(Atom::Function(function)),
            Binding::Class(class) => Value::of(Atom::Class(class)),
            Binding::Unknown => Value::unknown(),
        }
    }

    /// One of the elements of each list a value may be.
    pub(super) fn nth(value: &Value, index: usize) -> Value {
        let mut nth = Value { open: value.open || value.atoms.is_empty(), ..Value::default() };
        for atom in &value.atoms {
            match atom {
                Atom::List(items) if index < items.len() => nth.add(items[index].clone()),
                Atom::Text(text) => match text.chars().nth(index) {
                    Some(c) => nth.add(Value::text(c.to_string())),
                    None => nth.open = true,
                },
                _ => nth.open = true,
            }
        }
        nth.with_taints(&value.taints)
    }

    /// Whatever iterating over a value may give.
    pub(super) fn any_element(&self, value: &Value) -> Value {
        let mut any = Value { open: value.open, taints: value.taints.clone(), ..Value::default() };
        for atom in &value.atoms {
            match Value::of(atom.clone()).elements() {
                Some(elements) if elements.len() <= 64 => elements.into_iter().for_each(|item| any.add(item)),
                _ => any.open = true,
            }
        }
        any
    }

    /// What callers in this file pass, and the default.
    fn parameter(&self, id: u32, index: u32, depth: u32) -> Value {
        let mut value = Value::unknown();
        let Some(function) = self.file.functions.get(id as usize) else { return value };
        let Some(parameter) =
            function.parameters.and_then(|parameters| parameters.iter().nth(index as usize))
        else {
            return value;
        };
        let outer = self.file.scope(function.scope).parent;
        if function.class.is_some() && index == 0 && !function.is_static {
            return function
                .class
                .map_or(value, |class| Value { open: true, ..Value::of(Atom::Instance(class)) });
        }
        if let Some(default) = parameter.default() {
            value.add(self.eval(default, At { scope: outer, frame: None, depth }));
        }
        if self.follows_data {
            let offset = parameter.name().range.start().to_usize();
            let what = Words::new("it comes in as the parameter ", parameter.name().as_str(), "");
            let kind = Kind::Parameter(id, index);
            value.taints.push(Taint { kind, trace: Trace::begin(Place::Here(offset), what) });
        }
        let calls = self.file.calls.get(function.name).map_or(&[] as &[_], Vec::as_slice);
        for (scope, call) in calls.iter().take(MAX_CALLS) {
            let at = At { scope: *scope, frame: None, depth };
            let callee = self.eval(&call.func, at);
            let shift = u32::from(function.class.is_some() && !function.is_static);
            let is_this = callee.atoms.contains(&Atom::Function(id))
                || function.name == "__init__"
                    && callee.atoms.iter().any(|atom| matches!(atom, Atom::Class(_)));
            if !is_this {
                continue;
            }
            if parameter.is_variadic() {
                let first = index.checked_sub(shift).map_or(0, |first| first as usize);
                let is_keywords = function
                    .parameters
                    .and_then(|all| all.kwarg.as_deref())
                    .is_some_and(|kwarg| kwarg.name == *parameter.name());
                value.add(self.variadic(call, is_keywords, first, at));
                continue;
            }
            let position = index.checked_sub(shift).map_or(usize::MAX, |index| index as usize);
            if let Some(argument) = call.arguments.find_argument_value(parameter.name().as_str(), position) {
                let passed = self.eval(argument, at);
                let offset = call.arguments.range.start().to_usize();
                let words = || Words::new("it is passed to ", function.name, "()");
                let taints = Self::passed(&passed.taints, offset, words);
                value.add(Value { taints, ..passed });
            }
        }
        value
    }

    /// What a call puts into `*args` or `**kwargs`.
    fn variadic(&self, call: &'a ExprCall, is_keywords: bool, first: usize, at: At<'_, 'a>) -> Value {
        let args = self.args(call, at);
        if is_keywords {
            let entry = |(name, value): (Option<&str>, Value)| Some((Value::text(name?), value));
            return Value::dict(args.keywords.into_iter().filter_map(entry).collect());
        }
        Value::list(args.values.into_iter().skip(first).collect())
    }

    /// A member of a class of this file, also of those it derives from.
    pub(super) fn class_member(&self, class: u32, name: &str, at: At<'_, 'a>) -> Value {
        let mut id = class;
        for _ in 0..8 {
            let Some(class) = self.file.classes.get(id as usize) else { break };
            if let Some((name, _)) = self.file.scope(class.scope).names.get_key_value(name) {
                return self.bound(class.scope, name, at.depth);
            }
            let bases = class.bases.iter().filter(|base| matches!(base, Expr::Name(_)));
            let outer = At { scope: class.outer, frame: None, depth: at.depth };
            let base = bases.map(|base| self.eval(base, outer)).find_map(|base| {
                base.atoms.iter().find_map(|atom| match atom {
                    Atom::Class(base) => Some(*base),
                    _ => None,
                })
            });
            match base {
                Some(base) => id = base,
                None => break,
            }
        }
        Value::unknown()
    }

    /// Everything that is assigned to an attribute of this name, of whatever object.
    pub(super) fn attribute(&self, name: &str, depth: u32) -> Value {
        let Some((&name, values)) = self.file.attributes.get_key_value(name) else { return Value::unknown() };
        let key = Key::Attribute(name);
        let visit = match self.names.open(key) {
            Step::Answer(values) => return values.into_iter().next().unwrap_or_default(),
            Step::Open(visit) => visit,
        };
        let mut value = Value::unknown();
        for (scope, expr) in values {
            value.add(self.eval(expr, At { scope: *scope, frame: None, depth }));
        }
        self.names.close(key, &visit, vec![value.clone()]);
        value
    }
}
