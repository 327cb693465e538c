//! Shapes that several lines make together: the whole environment taken, a shell on a socket, a search by hashing.

use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::super::value::{Atom, Value};
use super::super::{names, taint};
use super::{Check, rules};

/// The most loops of a file that are looked at.
const MAX_LOOPS: u32 = 500;

impl<'a> Check<'_, '_, 'a> {
    /// The environment where all of it is taken.
    pub(super) fn all_of(&mut self, expr: &'a Expr) {
        if !self.context.may_reach_environment
            || !matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_))
        {
            return;
        }
        if self.value(expr).paths().any(|path| is_environment(path)) {
            let what = format!("`{}` is the whole environment, and all of it is taken", self.seen(expr));
            self.report(rules::ENVIRONMENT_HARVEST, expr, &what);
        }
    }

    pub(super) fn iterated_environment(&mut self, expr: &'a Expr) {
        let generators = match expr {
            Expr::ListComp(inner) => &inner.generators,
            Expr::SetComp(inner) => &inner.generators,
            Expr::DictComp(inner) => &inner.generators,
            Expr::Generator(inner) => &inner.generators,
            _ => return,
        };
        generators.iter().for_each(|generator| self.all_of(&generator.iter));
    }

    pub(super) fn environment(&mut self, callee: &Value, call: &'a ExprCall, is_followed: bool) {
        if !self.context.may_reach_environment {
            return;
        }
        let is_all = |path: &str| {
            path.rsplit_once('.').is_some_and(|(object, method)| {
                is_environment(object)
                    && matches!(method, "copy" | "items" | "values" | "__iter__" | "__repr__" | "__or__")
            })
        };
        if callee.paths().any(|path| is_all(path)) {
            let what = format!("`{}` takes the whole environment", self.seen(call));
            self.report(rules::ENVIRONMENT_HARVEST, call, &what);
            return;
        }
        if is_followed || callee.paths().any(|path| taint::is_cleaner(path) || is_harmless(path)) {
            return;
        }
        for argument in &call.arguments.args {
            self.all_of(if let Expr::Starred(inner) = argument { &inner.value } else { argument });
        }
        call.arguments.keywords.iter().for_each(|keyword| self.all_of(&keyword.value));
    }

    /// A shell or program whose input and output are a connection.
    pub(super) fn shell(&mut self, callee: &Value, call: &'a ExprCall) {
        if callee.paths().any(|path| &**path == "os.dup2") {
            let Some(from) = call.arguments.args.first() else { return };
            if self.is_connection(from) {
                let what =
                    format!("`{}` puts a connection in the place of a standard stream", self.seen(call));
                self.report(rules::REVERSE_SHELL, call, &what);
            }
            return;
        }
        let starts = callee
            .paths()
            .any(|path| path.starts_with("subprocess.") || path.starts_with("asyncio.create_subprocess"));
        if !starts {
            return;
        }
        let mut streams = call.arguments.keywords.iter().filter(|keyword| {
            keyword.arg.as_ref().is_some_and(|name| matches!(name.as_str(), "stdin" | "stdout" | "stderr"))
        });
        if streams.any(|keyword| self.is_connection(&keyword.value)) {
            let what = format!("`{}` starts a program on a connection", self.seen(call));
            self.report(rules::REVERSE_SHELL, call, &what);
        }
    }

    fn is_connection(&self, expr: &'a Expr) -> bool {
        let is_socket = |value: &Value| value.paths().any(|path| path.starts_with("socket."));
        if is_socket(&self.value(expr)) {
            return true;
        }
        // The descriptor of something that is not known, where the file handles sockets.
        let Expr::Call(call) = expr else { return false };
        let Expr::Attribute(method) = call.func.as_ref() else { return false };
        method.attr.as_str() == "fileno"
            && self.context.words.socket
            && self.value(&method.value).atoms.is_empty()
    }

    /// A template that walks from its argument to the insides of the interpreter.
    pub(super) fn format_walk(&mut self, expr: &'a Expr) {
        let range = expr.range();
        let text = self.context.source.text;
        let text = text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        if text.len() > 4_000 || !text.contains("__") {
            return;
        }
        let inner = ["__globals__", "__builtins__", "__subclasses__"];
        let Some(word) = inner.into_iter().find(|word| text.contains(word)) else {
            return;
        };
        let is_field = text.find(word).is_some_and(|at| {
            let field = text[..at].rsplit(|c: char| c == '{' || c.is_whitespace()).next().unwrap_or_default();
            let is_braced = text[..at - field.len()].ends_with('{') && field.contains(['.', '[']);
            is_braced || field.trim_start_matches(['\'', '"']).starts_with("0.")
        });
        if is_field {
            let what = format!("this template walks from its argument to {word}");
            self.report(rules::INTROSPECTION, expr, &what);
        }
    }

    /// What a configuration of logging is told to call.
    pub(super) fn configured(&mut self, value: &Value, call: &'a ExprCall, left: &mut u32) {
        for atom in &value.atoms {
            if *left == 0 {
                return;
            }
            *left -= 1;
            match atom {
                Atom::Dict(items) => {
                    for (key, value) in items.iter() {
                        let is_callable = key.texts().any(|key| matches!(&*key, "()" | "class"));
                        for text in value
                            .texts()
                            .filter(|text| text.len() < 200 && (is_callable || text.starts_with("ext://")))
                        {
                            let path = text.trim_start_matches("ext://").to_owned();
                            let path = names::canonical(&path);
                            let path = names::module_rule(path).map_or(path, |(_, module)| module);
                            self.mention(&Value::path(path), call);
                        }
                        self.configured(value, call, left);
                    }
                }
                Atom::List(items) => items.iter().for_each(|item| self.configured(item, call, left)),
                _ => {}
            }
        }
    }

    /// Hashing again and again, with a counter, until the result is as small as it should be.
    pub(super) fn mining(&mut self, stmt: &'a Stmt) {
        const MAX_LOOP: usize = 4_000;
        let source = self.context.source.text;
        if !self.context.words.hashlib || self.loops >= MAX_LOOPS {
            return;
        }
        self.loops += 1;
        let start = stmt.range().start().to_usize();
        let end = source.floor_char_boundary(stmt.range().end().to_usize().min(start + MAX_LOOP));
        let text = source.get(start..end).unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let is_named = has(&["nonce", "difficulty"]);
        let is_measured = has(&["startswith(", "[:", "target", "\"0\" *", "'0' *"]);
        let is_counted = has(&["+= 1", "+=1"]) || is_named && has(&["range(", "count("]);
        if is_counted && is_measured && (is_named || has(&["digest()"])) {
            self.loops = MAX_LOOPS;
            self.report(rules::MINING, stmt, "this loop hashes a counter until the result fits");
        }
    }
}

fn is_environment(path: &str) -> bool {
    matches!(path, "os.environ" | "os.environb")
}

/// Functions that take a mapping and show nothing of it.
fn is_harmless(path: &str) -> bool {
    matches!(path, "builtins.getattr" | "builtins.setattr" | "os.path.expandvars" | "os.get_exec_path")
        || path.ends_with(".patch.dict")
        || path.starts_with("os.environ")
}
