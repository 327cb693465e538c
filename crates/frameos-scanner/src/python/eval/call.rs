//! What a call gives, by what is called.

use std::rc::Rc;

use ruff_python_ast::ExprCall;
use ruff_text_size::Ranged;

use super::super::value::{Atom, Kind, MAX_TEXT, Place, Taint, Trace, Value, Words, add_taints};
use super::super::{names, taint};
use super::{At, Evaluator};

/// Evaluated arguments.
#[derive(Debug, Default, Clone)]
pub(in crate::python) struct Args<'a> {
    pub(in crate::python) values: Vec<Value>,
    pub(in crate::python) keywords: Vec<(Option<&'a str>, Value)>,
}

impl Args<'_> {
    pub(super) fn of(values: Vec<Value>) -> Self {
        Self { values, keywords: Vec::new() }
    }

    pub(super) fn first(&self) -> Option<&Value> {
        self.values.first()
    }

    /// The text of an argument, when that is certain.
    pub(super) fn text(&self, index: usize) -> Option<Rc<str>> {
        self.values.get(index)?.only()?.as_text()
    }

    pub(super) fn int(&self, index: usize) -> Option<i64> {
        self.values.get(index)?.as_int()
    }

    /// A width or length that is small enough to be made.
    pub(super) fn size(&self, index: usize) -> Option<usize> {
        usize::try_from(self.int(index)?).ok().filter(|&size| size <= MAX_TEXT)
    }

    /// An argument by its name or place.
    pub(super) fn named(&self, name: &str, index: usize) -> Option<&Value> {
        let keyword = self.keywords.iter().find(|(known, _)| *known == Some(name)).map(|(_, value)| value);
        keyword.or_else(|| self.values.get(index))
    }

    /// The sensitive data of all arguments.
    pub(in crate::python) fn taints(&self) -> Vec<Taint> {
        let mut taints = Vec::new();
        self.values.iter().for_each(|value| add_taints(&mut taints, &value.taints));
        self.keywords.iter().for_each(|(_, value)| add_taints(&mut taints, &value.taints));
        taints
    }
}

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn call(&self, call: &'a ExprCall, at: At<'_, 'a>) -> Value {
        let callee = self.eval(&call.func, at);
        let is_of_interest = self.follows_data || !callee.atoms.is_empty();
        if !is_of_interest {
            return Value::unknown();
        }
        let args = self.args(call, at);
        let offset = call.func.range().end().to_usize();
        let value = self.apply(&callee, &args, (offset, at));
        self.noted(value, offset)
    }

    pub(in crate::python) fn args(&self, call: &'a ExprCall, at: At<'_, 'a>) -> Args<'a> {
        let mut args = Args::default();
        for argument in &call.arguments.args {
            let value = self.eval(argument, at);
            match (argument, value.elements()) {
                (ruff_python_ast::Expr::Starred(_), Some(elements)) => args.values.extend(elements),
                _ => args.values.push(value),
            }
        }
        for keyword in &call.arguments.keywords {
            let value = self.eval(&keyword.value, at);
            args.keywords.push((keyword.arg.as_ref().map(|name| name.as_str()), value));
        }
        args
    }

    /// What calling any of the things a value may be gives.
    pub(super) fn apply(&self, callee: &Value, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Value {
        let mut value = Value::default();
        let (offset, at) = here;
        if at.depth >= super::MAX_DEPTH - 8 {
            return Value::unknown();
        }
        let at = At { depth: at.depth + 4, ..at };
        if callee.open || callee.atoms.is_empty() {
            // Whatever it does, what it gives may hold what it was given.
            let mut taints = callee.taints.clone();
            add_taints(&mut taints, &args.taints());
            value.add(Value::tainted(taints));
        }
        for atom in &callee.atoms {
            value.add(match atom {
                Atom::Path(path) => self.path_call(path, &callee.taints, args, (offset, at)),
                Atom::Function(function) => self.function_call(*function, args, (offset, at)),
                Atom::Class(class) => Value::of(Atom::Instance(*class)).with_taints(&args.taints()),
                Atom::Partial(partial) => {
                    let (callee, first) = &**partial;
                    let values = first.iter().chain(&args.values).cloned().collect();
                    let args = Args { values, keywords: args.keywords.clone() };
                    self.apply(callee, &args, (offset, at))
                }
                Atom::Getter { name, calls } => {
                    let member = self.member(args.first().unwrap_or(&Value::unknown()), name, at);
                    if *calls { self.apply(&member, &Args::default(), (offset, at)) } else { member }
                }
                Atom::Method(method) => {
                    let (object, name) = &**method;
                    self.method(object, name, args)
                }
                _ => Value::tainted(args.taints()),
            });
        }
        value
    }

    fn path_call(&self, path: &str, taints: &[Taint], args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Value {
        let (offset, at) = here;
        if let Some(value) = self.builtin(path, args, here) {
            return value;
        }
        if let Some(known) = self.exports.function(path) {
            return self.summary_call(path, &known.returns, args, offset);
        }
        if let Some((object, method)) = path.rsplit_once('.') {
            if matches!(method, "get" | "__getitem__" | "pop" | "setdefault") && names::is_mapping(object) {
                let key = args.first().cloned().unwrap_or_default();
                return self.item(&Value::path(object), &key, at);
            }
            if matches!(method, "copy" | "__or__") && names::is_mapping(object) {
                return Value::path(object);
            }
            if object.starts_with("socket.") && matches!(method, "fileno" | "detach" | "accept" | "dup") {
                let socket = Value { open: true, ..Value::path("socket.socket()") };
                let pair = method == "accept";
                return if pair { Value::list(vec![socket, Value::unknown()]) } else { socket };
            }
            if method == "__getattribute__" || method == "__getattr__" {
                return self.member_by_name(&Value::path(object), args.values.last(), at);
            }
        }
        // A client or a class of the bundle is known by the path it was made with.
        if taint::is_client(path) {
            if path.starts_with("pathlib.") {
                return Value { open: true, ..Value::path(taint::PATH) };
            }
            return Value { open: true, ..Value::path(&format!("{path}()")) };
        }
        if self.exports.is_class(path) {
            return self.path(path);
        }
        let mut passed = taints.to_vec();
        if !taint::is_cleaner(path) {
            add_taints(
                &mut passed,
                &Self::passed(&args.taints(), offset, || Words::new("", path, "() takes it")),
            );
        } else {
            passed.clear();
        }
        let mut value = Value::tainted(passed);
        if self.follows_data
            && let Some((kind, what)) = taint::source_of_call(path, args)
        {
            value.taints.retain(|taint| taint.kind != kind);
            value.taints.push(Taint { kind, trace: Trace::begin(Place::Here(offset), what) });
        }
        value
    }

    /// The result of a function of another file: what it gives of its own, and what it passes on.
    fn summary_call(&self, path: &str, returns: &Value, args: &Args<'a>, offset: usize) -> Value {
        let mut value = Value { taints: Vec::new(), ..returns.clone() };
        for taint in &returns.taints {
            match taint.kind {
                Kind::Parameter(_, index) => {
                    if let Some(argument) = args.values.get(index as usize) {
                        let words = || Words::new("", path, "() passes it on");
                        add_taints(&mut value.taints, &Self::passed(&argument.taints, offset, words));
                    }
                }
                _ => add_taints(&mut value.taints, std::slice::from_ref(taint)),
            }
        }
        value
    }

    /// `getattr(object, name)`.
    pub(super) fn member_by_name(&self, object: &Value, name: Option<&Value>, at: At<'_, 'a>) -> Value {
        let Some(name) = name else { return Value::unknown() };
        let mut value = Value { open: name.open || name.atoms.is_empty(), ..Value::default() };
        add_taints(&mut value.taints, &object.taints);
        for name in name.texts() {
            value.add(self.member(object, &name, at));
        }
        value
    }
}
