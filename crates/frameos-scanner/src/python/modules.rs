//! The bundle's own modules: their names, the order to look at them in, and what each makes known to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use frameos_domain::scan::Step;
use rustc_hash::{FxHashMap, FxHashSet};

use super::eval::Evaluator;
use super::scope::{Function, ScopeId};
use super::taint::Use;
use super::value::{Atom, Kind, Place, Taint, Trace, Value};
use crate::source::Source;

/// The most names that modules make known.
const MAX_NAMES: usize = 60_000;
/// The longest text and list that one module makes known to others.
const MAX_SHARED: usize = 4_096;

/// What modules make known, by full dotted name.
#[derive(Default)]
pub(super) struct Exports {
    values: FxHashMap<String, Value>,
    functions: FxHashMap<String, Summary>,
    classes: FxHashSet<String>,
}

/// What a function does, for callers in other files.
pub(super) struct Summary {
    pub(super) parameters: Vec<String>,
    pub(super) returns: Value,
    pub(super) sinks: Vec<Sink>,
}

/// A parameter that ends where it may matter.
#[derive(Clone)]
pub(super) struct Sink {
    pub(super) function: u32,
    pub(super) parameter: u32,
    pub(super) usage: Use,
    pub(super) trace: Rc<Trace>,
}

impl Exports {
    pub(super) fn value(&self, path: &str) -> Option<&Value> {
        self.values.get(path)
    }

    pub(super) fn function(&self, path: &str) -> Option<&Summary> {
        self.functions.get(path)
    }

    pub(super) fn is_class(&self, path: &str) -> bool {
        self.classes.contains(path)
    }

    /// What a module's names stand for.
    pub(super) fn found(
        &self,
        module: &str,
        evaluator: &Evaluator<'_, '_>,
        sinks: &[Sink],
        source: &Source<'_>,
    ) -> Found {
        Share { module, evaluator, sinks, source, found: Found::default() }.share()
    }

    /// Makes them known.
    pub(super) fn add(&mut self, found: Found) {
        if self.values.len() + self.functions.len() < MAX_NAMES {
            self.values.extend(found.values);
            self.functions.extend(found.functions);
            self.classes.extend(found.classes);
        }
    }
}

/// What one module makes known.
#[derive(Default)]
pub(super) struct Found {
    values: Vec<(String, Value)>,
    functions: Vec<(String, Summary)>,
    classes: Vec<String>,
}

struct Share<'s, 'p, 'a> {
    module: &'s str,
    evaluator: &'s Evaluator<'p, 'a>,
    sinks: &'s [Sink],
    source: &'s Source<'s>,
    found: Found,
}

impl Share<'_, '_, '_> {
    fn share(mut self) -> Found {
        self.scope(0, self.module.to_owned(), 0);
        self.found
    }

    fn scope(&mut self, scope: ScopeId, prefix: String, level: u32) {
        let mut names: Vec<&str> = self.evaluator.file.scope(scope).names.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            let path = format!("{prefix}.{name}");
            let value = self.evaluator.bound(scope, name, 0);
            for atom in &value.atoms {
                match atom {
                    Atom::Function(id) => self.function(*id, &path),
                    Atom::Class(id) if level < 4 => {
                        self.found.classes.push(path.clone());
                        if let Some(class) = self.evaluator.file.classes.get(*id as usize) {
                            self.scope(class.scope, path.clone(), level + 1);
                        }
                    }
                    _ => {}
                }
            }
            if let Some(value) = self.owned(&value, None) {
                self.found.values.push((path, value));
            }
        }
    }

    fn function(&mut self, id: u32, path: &str) {
        let Some(function) = self.evaluator.file.functions.get(id as usize) else { return };
        let returns = self.evaluator.returns(id, 0);
        let returns = self.owned(&returns, Some(id)).unwrap_or_else(Value::unknown);
        let shift = receiver(function);
        let shifted = |index: u32| index.checked_sub(shift);
        let returns = Value {
            taints: returns
                .taints
                .into_iter()
                .filter_map(|taint| match taint.kind {
                    Kind::Parameter(of, index) => {
                        Some(Taint { kind: Kind::Parameter(of, shifted(index)?), ..taint })
                    }
                    _ => Some(taint),
                })
                .collect(),
            ..returns
        };
        let sinks = self.sinks.iter().filter(|sink| sink.function == id).filter_map(|sink| {
            Some(Sink {
                parameter: shifted(sink.parameter)?,
                trace: self.owned_trace(&sink.trace),
                ..sink.clone()
            })
        });
        let parameters = function.parameters.into_iter().flat_map(|parameters| parameters.iter());
        let summary = Summary {
            parameters: parameters
                .skip(shift as usize)
                .map(|parameter| parameter.name().to_string())
                .collect(),
            returns,
            sinks: sinks.collect(),
        };
        self.found.functions.push((path.to_owned(), summary));
    }

    /// A value without what only means something in its file; `None` if nothing is left to know.
    fn owned(&self, value: &Value, function: Option<u32>) -> Option<Value> {
        let atoms: Vec<Atom> = value.atoms.iter().filter(|atom| is_shared(atom, 0)).cloned().collect();
        let taints = value.taints.iter().filter(|taint| match taint.kind {
            Kind::Parameter(of, _) => Some(of) == function,
            _ => true,
        });
        let taints: Vec<Taint> =
            taints.map(|taint| Taint { kind: taint.kind, trace: self.owned_trace(&taint.trace) }).collect();
        if atoms.is_empty() && taints.is_empty() {
            return None;
        }
        Some(Value { open: value.open || atoms.len() < value.atoms.len(), atoms, taints })
    }

    fn owned_trace(&self, trace: &Rc<Trace>) -> Rc<Trace> {
        let mut steps = Vec::new();
        let mut next = Some(trace);
        while let Some(step) = next {
            steps.push(step);
            next = step.before.as_ref();
        }
        let mut owned: Option<Rc<Trace>> = None;
        for step in steps.into_iter().rev() {
            let place = match &step.place {
                Place::Here(offset) => {
                    let position = self.source.position(*offset);
                    Place::There {
                        file: self.source.path.into(),
                        line: position.line,
                        column: position.column,
                    }
                }
                place => place.clone(),
            };
            owned = Some(match owned {
                None => Trace::begin(place, step.message.clone()),
                Some(before) => before.then(place, step.message.clone()),
            });
        }
        owned.unwrap_or_else(|| Rc::clone(trace))
    }
}

/// How many parameters callers do not pass: the object of a method.
fn receiver(function: &Function<'_>) -> u32 {
    u32::from(function.class.is_some() && !function.is_static)
}

fn is_shared(atom: &Atom, level: u32) -> bool {
    let all = |values: &[Value]| {
        level < 4
            && values.len() <= MAX_SHARED
            && values.iter().all(|value| {
                value.taints.is_empty() && value.atoms.iter().all(|atom| is_shared(atom, level + 1))
            })
    };
    match atom {
        Atom::Path(_) | Atom::Int(_) | Atom::Nothing | Atom::Getter { .. } => true,
        Atom::Text(text) | Atom::Prefix(text) => text.len() <= MAX_SHARED,
        Atom::Bytes(bytes) => bytes.len() <= MAX_SHARED,
        Atom::List(items) => all(items),
        Atom::Dict(items) => {
            level < 4
                && items.len() <= MAX_SHARED
                && items
                    .iter()
                    .all(|(key, value)| all(std::slice::from_ref(key)) && all(std::slice::from_ref(value)))
        }
        Atom::Partial(partial) => all(std::slice::from_ref(&partial.0)) && all(&partial.1),
        Atom::Method(method) => all(std::slice::from_ref(&method.0)),
        Atom::Function(_) | Atom::Class(_) | Atom::Instance(_) => false,
    }
}

/// The dotted name of the module in a file, and the package that relative imports in it are seen from.
pub(super) fn name_of(path: &str) -> (String, String) {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let dotted = stem.replace('/', ".");
    match dotted.strip_suffix(".__init__") {
        Some(package) => (package.to_owned(), package.to_owned()),
        None => {
            let package = dotted.rsplit_once('.').map(|(package, _)| package.to_owned()).unwrap_or_default();
            (dotted, package)
        }
    }
}

/// An order in which modules come after those they import, and the modules that import in circles.
pub(super) fn order(imports: &BTreeMap<&str, Vec<String>>) -> (Vec<String>, BTreeSet<String>) {
    let mut order = Vec::new();
    let mut circles = BTreeSet::new();
    // 1 while its imports are looked at, 2 when done.
    let mut state: BTreeMap<&str, u8> = BTreeMap::new();
    for start in imports.keys() {
        let mut stack = vec![(*start, 0_usize)];
        while let Some((module, next)) = stack.pop() {
            if next == 0 {
                if state.contains_key(module) {
                    continue;
                }
                state.insert(module, 1);
            }
            let wanted = imports.get(module).map_or(&[] as &[String], Vec::as_slice);
            match wanted.get(next).and_then(|wanted| known_prefix(imports, wanted)) {
                Some(other) => {
                    stack.push((module, next + 1));
                    match state.get(other) {
                        None => stack.push((other, 0)),
                        Some(1) if other != module => _ = circles.insert(module.to_owned()),
                        Some(_) => {}
                    }
                }
                None if next < wanted.len() => stack.push((module, next + 1)),
                None => {
                    state.insert(module, 2);
                    order.push(module.to_owned());
                }
            }
        }
    }
    (order, circles)
}

/// The module of the bundle that a dotted path is of.
fn known_prefix<'m>(imports: &BTreeMap<&'m str, Vec<String>>, path: &str) -> Option<&'m str> {
    let mut prefix = path;
    loop {
        if let Some((known, _)) = imports.get_key_value(prefix) {
            return Some(known);
        }
        prefix = prefix.rsplit_once('.')?.0;
    }
}

/// For reports: the steps of a trace, source first.
pub(super) fn steps(trace: &Rc<Trace>, source: &Source<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = Some(trace);
    while let Some(step) = next {
        let (file, line, column) = match &step.place {
            Place::Here(offset) => {
                let position = source.position(*offset);
                (source.path.to_owned(), position.line, position.column)
            }
            Place::There { file, line, column } => (file.to_string(), *line, *column),
        };
        steps.push(Step { file, line, column, message: step.message.to_string() });
        next = step.before.as_ref();
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_as_python_names_them() {
        assert_eq!(name_of("main.py"), ("main".to_owned(), String::new()));
        assert_eq!(name_of("a/b/c.py"), ("a.b.c".to_owned(), "a.b".to_owned()));
        assert_eq!(name_of("a/b/__init__.py"), ("a.b".to_owned(), "a.b".to_owned()));
    }

    #[test]
    fn imported_modules_come_first_and_circles_are_told() {
        let imports = BTreeMap::from([
            ("main", vec!["a.b.run".to_owned(), "os".to_owned()]),
            ("a.b", vec!["a.c".to_owned()]),
            ("a.c", vec!["a.b.x".to_owned()]),
        ]);
        let (order, circles) = order(&imports);
        assert_eq!(order, ["a.c", "a.b", "main"]);
        assert_eq!(circles.into_iter().collect::<Vec<_>>(), ["a.c"]);
    }
}
