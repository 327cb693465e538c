//! Lists, dictionaries, what is looked up in them, and comprehensions over what is known.

use std::cell::RefCell;

use ruff_python_ast::{Comprehension, Expr, ExprDict, ExprSlice};
use rustc_hash::FxHashMap;

use super::super::names;
use super::super::scope::ScopeId;
use super::super::value::{Atom, MAX_ITEMS, Value, add_taints};
use super::{At, Evaluator, Frame};

/// The most elements gone through one by one where nothing depends on it.
const MAX_SHALLOW: usize = 64;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn list(&self, items: &'a [Expr], at: At<'_, 'a>) -> Value {
        if items.len() > MAX_ITEMS {
            return Value::unknown();
        }
        let mut values = Vec::with_capacity(items.len());
        let mut open = false;
        let mut spread = Value::default();
        for item in items {
            let value = self.eval(item, at);
            match item {
                Expr::Starred(_) => match value.elements() {
                    Some(elements) => values.extend(elements),
                    None => {
                        open = true;
                        add_taints(&mut spread.taints, &value.taints);
                    }
                },
                _ => values.push(value),
            }
        }
        let mut value = Value::list(values).with_taints(&spread.taints);
        value.open |= open;
        self.made(value)
    }

    pub(super) fn dict(&self, dict: &'a ExprDict, at: At<'_, 'a>) -> Value {
        if dict.items.len() > MAX_ITEMS {
            return Value::unknown();
        }
        let mut items = Vec::with_capacity(dict.items.len());
        let mut rest = Value::default();
        for item in &dict.items {
            let value = self.eval(&item.value, at);
            match &item.key {
                Some(key) => items.push((self.eval(key, at), value)),
                // `**other` brings whatever the other holds.
                None => rest.add(value),
            }
        }
        let mut value = Value::dict(items);
        let is_open = rest.open;
        value.add(rest);
        value.open |= is_open;
        self.made(value)
    }

    /// What `object[key]` may be.
    pub(super) fn item(&self, object: &Value, key: &Value, at: At<'_, 'a>) -> Value {
        let mut value = Value { open: object.open || object.atoms.is_empty(), ..Value::default() };
        if object.paths().next().is_none() {
            add_taints(&mut value.taints, &object.taints);
        }
        for atom in &object.atoms {
            match atom {
                Atom::Path(path) => value.add(self.path_item(path, key, at)),
                Atom::List(items) => value.add(list_item(items, key)),
                Atom::Dict(items) => value.add(dict_item(items, key)),
                Atom::Text(text) => match key.as_int().and_then(|at| index(at, text.chars().count())) {
                    Some(at) => {
                        value.add(Value::text(text.chars().nth(at).map(String::from).unwrap_or_default()));
                    }
                    None => value.open = true,
                },
                Atom::Bytes(bytes) => match key.as_int().and_then(|at| index(at, bytes.len())) {
                    Some(at) => value.add(Value::int(i64::from(bytes[at]))),
                    None => value.open = true,
                },
                _ => value.open = true,
            }
        }
        value
    }

    fn path_item(&self, path: &str, key: &Value, at: At<'_, 'a>) -> Value {
        let mut value = Value { open: key.open || key.atoms.is_empty(), ..Value::default() };
        for text in key.texts() {
            match path {
                "sys.modules" => value.add(self.path(names::canonical(&text))),
                "globals()" => match self.file.scope(0).names.get_key_value(&*text) {
                    Some((name, _)) => {
                        value.add(self.name(name, usize::MAX, At { scope: 0, frame: None, ..at }));
                    }
                    // The globals of another module hold what that imports.
                    None if names::is_standard(&text) => value.add(self.path(names::canonical(&text))),
                    None => value.add(self.path(&names::simplified("builtins", &text))),
                },
                // In modules other than the main one `__builtins__` is a dictionary.
                "builtins" => value.add(self.path(&names::simplified("builtins", &text))),
                _ => match path.strip_suffix(".__dict__") {
                    Some(object) => value.add(self.path(&names::simplified(object, &text))),
                    None => value.open = true,
                },
            }
        }
        if matches!(path, "os.environ" | "os.environb") {
            // One variable is what a key asks for; keys that come out of the environment itself ask for all.
            return Value::tainted(key.taints.clone());
        }
        value
    }

    pub(super) fn slice(&self, object: &Value, slice: &'a ExprSlice, at: At<'_, 'a>) -> Value {
        let part = |expr: &'a Option<Box<Expr>>| -> Result<Option<i64>, ()> {
            match expr {
                None => Ok(None),
                Some(expr) => match self.eval(expr, at).only() {
                    Some(Atom::Int(number)) => Ok(Some(*number)),
                    Some(Atom::Nothing) => Ok(None),
                    _ => Err(()),
                },
            }
        };
        let (Ok(lower), Ok(upper), Ok(step)) = (part(&slice.lower), part(&slice.upper), part(&slice.step))
        else {
            return Value::tainted(object.taints.clone());
        };
        let pick = |length: usize| indices(length, lower, upper, step.unwrap_or(1));
        let mut value = Value { open: object.open, taints: object.taints.clone(), ..Value::default() };
        for atom in &object.atoms {
            value.add(match atom {
                Atom::Text(text) => {
                    let chars: Vec<char> = text.chars().collect();
                    Value::text(pick(chars.len()).into_iter().map(|at| chars[at]).collect::<String>())
                }
                Atom::Bytes(bytes) => {
                    Value::bytes(pick(bytes.len()).into_iter().map(|at| bytes[at]).collect::<Vec<u8>>())
                }
                Atom::List(items) => {
                    Value::list(pick(items.len()).into_iter().map(|at| items[at].clone()).collect())
                }
                _ => Value::unknown(),
            });
        }
        self.made(value)
    }

    pub(super) fn comprehension(
        &self,
        expr: &'a Expr,
        (key, element): (Option<&'a Expr>, &'a Expr),
        generators: &'a [Comprehension],
        at: At<'_, 'a>,
    ) -> Value {
        let Some(scope) = self.file.scope_at(expr) else { return Value::unknown() };
        let mut made = Vec::new();
        let depth = at.depth;
        let frame = Frame { scope, names: RefCell::new(FxHashMap::default()), outer: at.frame };
        if self.generate(generators, &frame, depth, &mut |inner| {
            let item = (key.map(|key| self.eval(key, inner)), self.eval(element, inner));
            made.push(item);
            made.len() <= MAX_ITEMS
        }) {
            return self.made(match key {
                Some(_) => Value::dict(
                    made.into_iter().map(|(key, value)| (key.unwrap_or_default(), value)).collect(),
                ),
                None => Value::list(made.into_iter().map(|(_, value)| value).collect()),
            });
        }
        // Not known element by element: whatever one element may be.
        let inner = At { scope, frame: at.frame, depth };
        let mut one = self.eval(element, inner);
        if let Some(key) = key {
            let key = self.eval(key, inner);
            return Value { open: true, ..Value::dict(vec![(Value { open: true, ..key }, one)]) };
        }
        one.open = true;
        Value { open: true, ..Value::list(vec![one]) }
    }

    /// Runs the generators of a comprehension; false when that is not possible.
    fn generate(
        &self,
        generators: &'a [Comprehension],
        frame: &Frame<'_, 'a>,
        depth: u32,
        each: &mut dyn FnMut(At<'_, 'a>) -> bool,
    ) -> bool {
        let at = At { scope: frame.scope, frame: Some(frame), depth };
        let Some((generator, rest)) = generators.split_first() else { return each(at) };
        if generators.len() > 8 {
            return false;
        }
        let Some(elements) = self.eval(&generator.iter, at).elements() else { return false };
        if !self.runs && elements.len() > MAX_SHALLOW {
            return false;
        }
        for element in elements {
            if !self.step() || !self.assign(&generator.target, &element, frame) {
                return false;
            }
            let mut is_kept = true;
            for condition in &generator.ifs {
                match self.eval(condition, at).truth() {
                    Some(truth) => is_kept &= truth,
                    None => return false,
                }
            }
            if is_kept && !self.generate(rest, frame, depth, each) {
                return false;
            }
        }
        true
    }

    /// Gives names of a running scope their values; false when the target is of another kind.
    pub(super) fn assign(&self, target: &'a Expr, value: &Value, frame: &Frame<'_, 'a>) -> bool {
        match target {
            Expr::Name(name) => {
                frame.names.borrow_mut().insert(name.id.as_str(), value.clone());
                true
            }
            Expr::Tuple(_) | Expr::List(_) => {
                let targets = match target {
                    Expr::Tuple(tuple) => &tuple.elts,
                    Expr::List(list) => &list.elts,
                    _ => return false,
                };
                targets
                    .iter()
                    .enumerate()
                    .all(|(index, target)| self.assign(target, &Self::nth(value, index), frame))
            }
            _ => false,
        }
    }

    pub(super) fn frame_at<'f>(frame: &'f Frame<'f, 'a>, scope: ScopeId, depth: u32) -> At<'f, 'a> {
        At { scope, frame: Some(frame), depth }
    }
}

fn list_item(items: &[Value], key: &Value) -> Value {
    if let Some(at) = key.as_int() {
        return index(at, items.len()).map_or_else(Value::unknown, |at| items[at].clone());
    }
    let mut any = Value::unknown();
    items.iter().take(64).for_each(|item| any.add(item.clone()));
    any
}

pub(super) fn dict_item(items: &[(Value, Value)], key: &Value) -> Value {
    let mut found = Value { open: key.open || key.atoms.is_empty(), ..Value::default() };
    let mut is_missing = true;
    for (known, value) in items {
        let fits = known.open || key.open || known.atoms.iter().any(|atom| key.atoms.contains(atom));
        if fits {
            is_missing = false;
            found.add(value.clone());
        }
    }
    found.open |= is_missing;
    found
}

/// An index from either end.
pub(super) fn index(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 { at.checked_add(length)? } else { at };
    usize::try_from(at).ok().filter(|_| at < length)
}

/// The indices a slice takes.
fn indices(length: usize, lower: Option<i64>, upper: Option<i64>, step: i64) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(0);
    let clamp =
        |at: i64, low: i64, high: i64| if at < 0 { at.saturating_add(length) } else { at }.clamp(low, high);
    let mut picked = Vec::new();
    if step > 0 {
        let mut at = lower.map_or(0, |at| clamp(at, 0, length));
        let end = upper.map_or(length, |at| clamp(at, 0, length));
        while at < end {
            picked.extend(usize::try_from(at));
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let mut at = lower.map_or(length - 1, |at| clamp(at, -1, length - 1));
        let end = upper.map_or(-1, |at| clamp(at, -1, length - 1));
        while at > end {
            picked.extend(usize::try_from(at));
            at = at.saturating_add(step);
        }
    }
    picked
}
