//! What is really called, and what calling it gives: through `call`, `apply`, `bind`, `Reflect` and the built-in
//! functions that hand on what they are given.

use oxc_ast::ast::{Argument, ArrayExpressionElement, Expression};

use super::path::{Path, Root, UNKNOWN};
use super::resolve::Resolver;
use super::taint::is_network;

/// How many layers of `call`, `apply` and `Reflect` are taken off.
const MAX_LAYERS: usize = 6;

/// The arguments of a call as far as they are in sight.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    list: List<'a>,
    /// How many of the list come before the first argument.
    from: usize,
}

#[derive(Clone, Copy)]
enum List<'a> {
    Written(&'a [Argument<'a>]),
    Elements(&'a [ArrayExpressionElement<'a>]),
}

impl<'a> Arguments<'a> {
    pub(super) fn of(arguments: &'a [Argument<'a>]) -> Self {
        Self { list: List::Written(arguments), from: 0 }
    }

    /// The argument at `index`, if it is known which that is.
    pub(super) fn get(&self, index: usize) -> Option<&'a Expression<'a>> {
        let at = self.from + index;
        match self.list {
            List::Written(list) => {
                list.get(..at)?.iter().all(|argument| !argument.is_spread()).then_some(())?;
                list.get(at)?.as_expression()
            }
            List::Elements(list) => {
                list.get(..at)?.iter().all(|element| !element.is_spread()).then_some(())?;
                list.get(at)?.as_expression()
            }
        }
    }

    /// The first few.
    pub(super) fn all(&self) -> Vec<&'a Expression<'a>> {
        (0..8).map_while(|index| self.get(index)).collect()
    }

    fn from(&self, index: usize) -> Self {
        Self { from: self.from + index, ..*self }
    }

    /// The elements of a list of arguments, as `apply` takes it.
    fn listed(list: Option<&'a Expression<'a>>) -> Self {
        match list.map(Expression::get_inner_expression) {
            Some(Expression::ArrayExpression(array)) => {
                Self { list: List::Elements(&array.elements), from: 0 }
            }
            _ => Self { list: List::Elements(&[]), from: 0 },
        }
    }
}

/// A call without its disguise.
pub(super) struct Call<'a> {
    pub(super) target: Path<'a>,
    pub(super) arguments: Arguments<'a>,
}

impl<'a> Resolver<'_, 'a> {
    /// Everything that calling `callee` may call.
    pub(super) fn calls(
        &self,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        hops: u32,
    ) -> Vec<Call<'a>> {
        let paths = self.paths_at(callee, hops);
        if paths.is_empty() {
            return Vec::new();
        }
        let mut calls = Vec::new();
        let arguments = Arguments::of(arguments);
        for path in paths {
            self.uncover(Call { target: path, arguments }, &mut calls, (hops, MAX_LAYERS));
        }
        calls
    }

    fn uncover(&self, call: Call<'a>, into: &mut Vec<Call<'a>>, (hops, layers): (u32, usize)) {
        let Call { target, arguments } = call;
        let inner: Vec<Call<'a>> = match (target.last(), target.parent()) {
            (Some("call"), Some(base)) => {
                self.on_receiver(base, &arguments, |arguments| arguments.from(1), hops)
            }
            (Some("apply"), _) if target.is_global("Reflect", &["apply"]) => {
                let listed = Arguments::listed(arguments.get(2));
                self.each_path(arguments.get(0), hops)
                    .map(|path| Call { target: path, arguments: listed })
                    .collect()
            }
            (Some("construct"), _) if target.is_global("Reflect", &["construct"]) => {
                let listed = Arguments::listed(arguments.get(1));
                self.each_path(arguments.get(0), hops)
                    .map(|path| Call { target: path, arguments: listed })
                    .collect()
            }
            (Some("apply"), Some(base)) => {
                self.on_receiver(base, &arguments, |arguments| Arguments::listed(arguments.get(1)), hops)
            }
            _ => Vec::new(),
        };
        if inner.is_empty() || layers == 0 || into.len() > 32 {
            into.push(Call { target, arguments });
            return;
        }
        for call in inner {
            self.uncover(call, into, (hops, layers - 1));
        }
    }

    /// `base.call(receiver, …)`; where `base` is itself `call`, `apply` or `bind`, the receiver is what is called by it.
    fn on_receiver(
        &self,
        base: Path<'a>,
        arguments: &Arguments<'a>,
        rest: impl Fn(&Arguments<'a>) -> Arguments<'a>,
        hops: u32,
    ) -> Vec<Call<'a>> {
        match base.last() {
            Some(method @ ("call" | "apply" | "bind")) => self
                .each_path(arguments.get(0), hops)
                .map(|path| Call { target: path.member(method), arguments: rest(arguments) })
                .collect(),
            _ => vec![Call { target: base, arguments: rest(arguments) }],
        }
    }

    fn each_path(&self, function: Option<&'a Expression<'a>>, hops: u32) -> std::vec::IntoIter<Path<'a>> {
        function.map(|function| self.paths_at(function, hops + 1)).unwrap_or_default().into_iter()
    }

    pub(super) fn call_paths(
        &self,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        hops: u32,
    ) -> Vec<Path<'a>> {
        if let Some(inner) = interop_argument(callee, arguments) {
            return self.paths_at(inner, hops);
        }
        if let Expression::CallExpression(inner) = callee.get_inner_expression()
            && self.paths_at(&inner.callee, hops).iter().any(|path| path.is_global("Function", &[]))
        {
            // `Function("return this")()`
            return vec![Path::global("globalThis")];
        }
        let mut paths = Vec::new();
        if let Expression::StaticMemberExpression(member) = callee.get_inner_expression()
            && matches!(member.property.name.as_str(), "get" | "pop" | "shift" | "at" | "find" | "values")
        {
            paths = self.grown_paths(&member.object, hops);
        }
        for call in self.calls(callee, arguments, hops) {
            paths = self.union(paths, self.result_paths(&call, hops));
        }
        paths
    }

    /// What a call gives.
    fn result_paths(&self, call: &Call<'a>, hops: u32) -> Vec<Path<'a>> {
        let (target, arguments) = (call.target, &call.arguments);
        if let Some(id) = target.as_node() {
            return self.return_paths(id, hops);
        }
        match (target.root, target.members()) {
            (Root::Global("require"), []) => {
                let names = arguments.get(0).and_then(|name| self.fold_strings(name, hops + 1));
                let names = names.unwrap_or_default();
                names.iter().map(|name| self.linked(Path::module(self.keep(name)))).collect()
            }
            (Root::Global("createRequire"), []) => vec![Path::global("require")],
            (Root::Global("Reflect"), ["get"])
            | (Root::Global("Object"), ["getOwnPropertyDescriptor"])
            | (Root::Global("Reflect"), ["getOwnPropertyDescriptor"]) => {
                match (arguments.get(0), arguments.get(1)) {
                    (Some(object), Some(key)) => {
                        self.property_paths_at(object, self.key_name(key, hops).unwrap_or(UNKNOWN), hops)
                    }
                    _ => Vec::new(),
                }
            }
            (Root::Global("Object" | "Reflect"), ["getPrototypeOf"]) => self
                .each_path(arguments.get(0), hops)
                .flat_map(|path| self.members(path, "__proto__", hops + 1))
                .collect(),
            (Root::Global(UNKNOWN), [_]) => target.parent().into_iter().collect(),
            (Root::Global("Object"), ["values" | "entries"]) => self
                .each_path(arguments.get(0), hops)
                .flat_map(|path| {
                    if path.as_node().is_some() { vec![path] } else { self.members(path, UNKNOWN, hops) }
                })
                .collect(),
            (Root::Global("Object"), [method]) if hands_on(method) => {
                self.each_path(arguments.get(0), hops).collect()
            }
            (Root::Global("Object" | "Proxy"), [] | ["revocable"])
            | (Root::Global("Promise"), ["resolve" | "all" | "race" | "any"]) => {
                self.each_path(arguments.get(0), hops).collect()
            }
            (Root::Global("Array"), ["of"]) | (Root::Global("Object"), ["assign"]) => {
                let mut paths = Vec::new();
                for argument in arguments.all() {
                    paths = self.union(paths, self.paths_at(argument, hops + 1));
                }
                paths
            }
            (Root::Global("Array"), ["from"]) => self.each_path(arguments.get(0), hops).collect(),
            (Root::Module("child_process"), [.., last]) if *last != "bind" => vec![target.member("()")],
            (Root::Module(name), [.., last]) if *last != "bind" && *last != "then" && is_network(name) => {
                vec![target.member("()")]
            }
            (_, [.., "bind"]) => self.bound_paths(target, arguments, hops),
            (_, [.., "then" | "catch" | "finally"]) => self.settled_paths(target, arguments, hops),
            (_, [.., "next" | "deref" | "valueOf" | "values" | "entries"]) => {
                target.parent().into_iter().collect()
            }
            (Root::Node(_), [method]) => self.list_result(target, method, arguments, hops),
            _ => Vec::new(),
        }
    }

    fn bound_paths(&self, target: Path<'a>, arguments: &Arguments<'a>, hops: u32) -> Vec<Path<'a>> {
        let Some(bound) = target.parent() else { return Vec::new() };
        match (bound.last(), arguments.get(0)) {
            // `anything.call.bind(f)` calls `f`, as in the idiom `Function.call.bind(Object.prototype.hasOwnProperty)`.
            (Some(method @ ("call" | "apply" | "bind")), Some(function)) => {
                self.property_paths_at(function, method, hops)
            }
            // `f.bind(x)` is still `f`.
            _ => vec![bound],
        }
    }

    fn settled_paths(&self, target: Path<'a>, arguments: &Arguments<'a>, hops: u32) -> Vec<Path<'a>> {
        let mut paths: Vec<Path<'a>> = target.parent().into_iter().collect();
        for callback in self.each_path(arguments.get(0), hops) {
            if let Some(id) = callback.as_node() {
                paths = self.union(paths, self.return_paths(id, hops + 1));
            }
        }
        paths
    }

    /// What a method of a list, or of a map made from one, gives.
    fn list_result(
        &self,
        target: Path<'a>,
        method: &str,
        arguments: &Arguments<'a>,
        hops: u32,
    ) -> Vec<Path<'a>> {
        let Some(list) = target.parent() else { return Vec::new() };
        match method {
            "pop" | "shift" | "at" | "find" | "findLast" => self.elements(&[list], hops),
            "get" => {
                let elements = self.elements(&[list], hops);
                let inner = self.elements(&elements, hops);
                self.union(elements, inner)
            }
            "concat" => {
                let mut paths = vec![list];
                for argument in arguments.all() {
                    paths = self.union(paths, self.paths_at(argument, hops + 1));
                }
                paths
            }
            "flat" => self.union(vec![list], self.elements(&[list], hops)),
            "slice" | "filter" | "reverse" | "sort" | "splice" => vec![list],
            "map" | "reduce" | "flatMap" => {
                let mut paths = if method == "reduce" { self.elements(&[list], hops) } else { Vec::new() };
                for callback in self.each_path(arguments.get(0), hops) {
                    if let Some(id) = callback.as_node() {
                        paths = self.union(paths, self.return_paths(id, hops + 1));
                    }
                }
                paths
            }
            _ => Vec::new(),
        }
    }
}

/// Functions of `Object` that give what they are given.
fn hands_on(method: &str) -> bool {
    matches!(
        method,
        "freeze"
            | "seal"
            | "preventExtensions"
            | "create"
            | "defineProperty"
            | "defineProperties"
            | "setPrototypeOf"
            | "fromEntries"
            | "getOwnPropertyDescriptors"
    )
}

/// The module in `__importStar(require("x"))` and the like, which compilers wrap around imports.
fn interop_argument<'a>(
    callee: &'a Expression<'a>,
    arguments: &'a [Argument<'a>],
) -> Option<&'a Expression<'a>> {
    let name = match callee.get_inner_expression() {
        Expression::Identifier(identifier) => identifier.name.as_str(),
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        Expression::SequenceExpression(sequence) => match sequence.expressions.last()? {
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => return None,
        },
        _ => return None,
    };
    let name = name.trim_start_matches('_');
    let is_interop = matches!(name, "importStar" | "importDefault" | "toESM" | "interopNamespace")
        || name.starts_with("interopRequire")
        || name.starts_with("interop_require");
    arguments.first().filter(|_| is_interop)?.as_expression()
}
