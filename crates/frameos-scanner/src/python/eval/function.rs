//! What the file's own functions give: by what they return, or by running them on known arguments.

use std::cell::RefCell;

use ruff_python_ast::AnyParameterRef;
use rustc_hash::FxHashMap;

use super::super::scope::Function;
use super::super::value::{Atom, Kind, Value, Words, add_taints};
use super::call::Args;
use super::run::Flow;
use super::{At, Evaluator, Frame, Key};
use crate::memo::Step;

/// How deeply calls are followed into functions.
const MAX_INLINED: u32 = 6;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn function_call(&self, id: u32, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Value {
        let (offset, at) = here;
        let Some(function) = self.file.functions.get(id as usize) else { return Value::unknown() };
        if self.runs
            && is_telling(args)
            && self.inlined.get() < MAX_INLINED
            && let Some(value) = self.inline(function, args, at)
        {
            return value;
        }
        let mut value = self.returns(id, at.depth);
        if self.follows_data {
            let is_passed =
                value.taints.iter().any(|taint| matches!(taint.kind, Kind::Parameter(of, _) if of == id));
            if is_passed {
                let words = || Words::new("", function.name, "() passes it on");
                let taints = Self::passed(&args.taints(), offset, words);
                add_taints(&mut value.taints, &taints);
            }
        }
        value
    }

    /// Whatever a function returns, for whatever arguments.
    pub(in crate::python) fn returns(&self, id: u32, depth: u32) -> Value {
        let Some(function) = self.file.functions.get(id as usize) else { return Value::unknown() };
        let visit = match self.names.open(Key::Returns(id)) {
            Step::Answer(values) => return values.into_iter().next().unwrap_or_default(),
            Step::Open(visit) => visit,
        };
        let at = At { scope: function.scope, frame: None, depth };
        let mut value = Value::default();
        let results = function.result.iter().chain(&function.returns);
        results.take(16).for_each(|expr| value.add(self.eval(expr, at)));
        if function.returns.len() > 16 {
            value.open = true;
        }
        if function.is_generator {
            value = Value { open: true, ..Value::list(vec![value]) };
        }
        self.names.close(Key::Returns(id), &visit, vec![value.clone()]);
        value
    }

    /// Runs a function on these arguments.
    fn inline(&self, function: &Function<'a>, args: &Args<'a>, at: At<'_, 'a>) -> Option<Value> {
        if function.is_generator || !self.step() {
            return None;
        }
        let frame = Frame {
            scope: function.scope,
            names: RefCell::new(FxHashMap::default()),
            // Of the frames around, only those of functions around this one are seen, by their scopes.
            outer: at.frame,
        };
        self.pass(function, args, &frame, at);
        self.inlined.set(self.inlined.get() + 1);
        let inner = Self::frame_at(&frame, function.scope, at.depth + 1);
        let value = match function.result {
            Some(result) => Some(self.eval(result, inner)),
            None => match self.run(self.file.scope(function.scope).body, &frame, at.depth + 1) {
                Flow::Return(value) => Some(value),
                Flow::Next => Some(Value::of(Atom::Nothing)),
                _ => None,
            },
        };
        self.inlined.set(self.inlined.get() - 1);
        value.filter(|value| !value.atoms.is_empty() || !value.taints.is_empty())
    }

    /// Binds parameters to arguments.
    fn pass(&self, function: &Function<'a>, args: &Args<'a>, frame: &Frame<'_, 'a>, at: At<'_, 'a>) {
        let mut bound = frame.names.borrow_mut();
        let mut position = 0;
        if let (Some(class), false) = (function.class, function.is_static)
            && let Some(first) = function.parameters.and_then(|parameters| parameters.iter().next())
        {
            bound.insert(first.name().as_str(), Value { open: true, ..Value::of(Atom::Instance(class)) });
            position = 1;
        }
        let shift = position;
        for parameter in function.parameters.into_iter().flat_map(|parameters| parameters.iter()).skip(shift)
        {
            let name = parameter.name().as_str();
            let value = match parameter {
                AnyParameterRef::Variadic(_)
                    if function
                        .parameters
                        .and_then(|p| p.kwarg.as_deref())
                        .is_some_and(|p| p.name.as_str() == name) =>
                {
                    let entries = args
                        .keywords
                        .iter()
                        .filter_map(|(name, value)| Some((Value::text((*name)?), value.clone())));
                    Value::dict(entries.collect())
                }
                AnyParameterRef::Variadic(_) => {
                    Value::list(args.values.get(position - shift..).unwrap_or_default().to_vec())
                }
                AnyParameterRef::NonVariadic(known) => {
                    let passed = args.named(name, position - shift).cloned();
                    position += 1;
                    passed.unwrap_or_else(|| match &known.default {
                        Some(default) => {
                            let outer = self.file.scope(function.scope).parent;
                            self.eval(default, At { scope: outer, frame: None, depth: at.depth })
                        }
                        None => Value::unknown(),
                    })
                }
            };
            bound.insert(name, value);
        }
    }

    /// What a value is after its scope has been run from the beginning.
    pub(super) fn ran(&self, scope: u32, name: &'a str, depth: u32) -> Value {
        if self.inlined.get() > 2 {
            return Value::unknown();
        }
        let key = Key::Ran(scope, "");
        let visit = match self.names.open(key) {
            Step::Answer(values) => return known(&values, name),
            Step::Open(visit) => visit,
        };
        let frame = Frame { scope, names: RefCell::new(FxHashMap::default()), outer: None };
        self.inlined.set(self.inlined.get() + 1);
        let body = self.file.scope(scope).body;
        let _ = self.run(body, &frame, depth + 1);
        self.inlined.set(self.inlined.get() - 1);
        let names = frame.names.into_inner();
        let mut all: Vec<_> = names.into_iter().filter(|(_, value)| value.is_known()).collect();
        all.sort_by_key(|(name, _)| *name);
        let all: Vec<_> = all.into_iter().map(|(name, value)| (Value::text(name), value)).collect();
        let values = vec![Value::dict(all)];
        self.names.close(key, &visit, values.clone());
        known(&values, name)
    }
}

fn known(values: &[Value], name: &str) -> Value {
    let key = Atom::Text(name.into());
    let Some(Atom::Dict(items)) = values.first().and_then(Value::only) else { return Value::default() };
    items
        .iter()
        .find(|(known, _)| known.only() == Some(&key))
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}

/// Whether running a function on these arguments may tell more than its text does.
fn is_telling(args: &Args<'_>) -> bool {
    let mut values = args.values.iter().chain(args.keywords.iter().map(|(_, value)| value)).peekable();
    values.peek().is_some() && values.all(|value| !value.atoms.is_empty())
}
