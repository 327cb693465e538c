//! Signs that code was made unreadable on purpose.
//!
//! Short names and long lines are not among them: honest minifiers make those.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall};

use super::super::names;
use super::super::scope::Binding;
use super::super::value::{Atom, Value};
use super::{Check, rules, text};
use crate::findings::Findings;
use crate::source::Source;

/// How many names of an obfuscator's kind make a file obfuscated.
const MIN_NAMES: usize = 4;
/// How many escapes of plain letters and digits do.
const MIN_ESCAPES: usize = 16;
/// How many letters written as `chr(101)` do.
const MIN_CHARS: usize = 12;

#[derive(Default)]
pub(super) struct Signs<'a> {
    machine_names: HashSet<&'a str>,
    escapes: usize,
    chars: usize,
}

impl<'a> Signs<'a> {
    pub(super) fn name(&mut self, name: &'a str) {
        if text::is_machine_name(name) {
            self.machine_names.insert(name);
        }
    }

    pub(super) fn literal(&mut self, raw: &str) {
        // Escapes mean nothing in raw literals such as regular expressions.
        if raw.contains('\\') {
            let prefix = raw.split(['"', '\'']).next().unwrap_or_default();
            if !prefix.contains(['r', 'R']) {
                self.escapes += text::escaped_letters(raw);
            }
        }
    }

    pub(super) fn report(&self, source: &Source<'_>, findings: &mut Findings) {
        if self.machine_names.len() >= MIN_NAMES {
            let mut names: Vec<_> = self.machine_names.iter().copied().collect();
            names.sort_unstable();
            let what = format!(
                "the names in this file come from an obfuscator, such as {}",
                names::quoted(names[0])
            );
            findings.in_file(rules::OBFUSCATED, source.path, &what);
        }
        if self.escapes >= MIN_ESCAPES {
            let what = format!("{} plain letters are written as escapes", self.escapes);
            findings.in_file(rules::OBFUSCATED, source.path, &what);
        }
        if self.chars >= MIN_CHARS {
            let what = format!("{} plain letters are written as calls of chr()", self.chars);
            findings.in_file(rules::OBFUSCATED, source.path, &what);
        }
    }
}

impl<'a> Check<'_, '_, 'a> {
    pub(super) fn signs_of_call(&mut self, callee: &Value, call: &'a ExprCall) {
        for path in callee.paths() {
            match &**path {
                "builtins.chr" => {
                    let code = call.arguments.args.first().map(|code| self.value(code));
                    let is_letter =
                        |code: i64| u8::try_from(code).is_ok_and(|byte| byte.is_ascii_alphanumeric());
                    if code.and_then(|code| code.as_int()).is_some_and(is_letter)
                        && self.is_literal_code(call)
                    {
                        self.signs.chars += 1;
                    }
                }
                "builtins.exec" | "builtins.eval" | "builtins.compile" => self.hidden_code(path, call),
                "marshal.loads" | "pickle.loads" | "dill.loads" => self.hidden_data(path, call),
                _ => {}
            }
        }
        if let Expr::Name(name) = call.func.as_ref()
            && matches!(name.id.as_str(), "__pyarmor__" | "__pyarmor_enter__" | "__pyconcrete__")
        {
            let what = format!("{} runs code that is encrypted in this file", name.id);
            self.report(rules::OBFUSCATED, call, &what);
        }
    }

    fn is_literal_code(&self, call: &'a ExprCall) -> bool {
        struct Loads(bool);
        impl<'e> Visitor<'e> for Loads {
            fn visit_expr(&mut self, expr: &'e Expr) {
                self.0 |= matches!(expr, Expr::Name(_) | Expr::Call(_));
                visitor::walk_expr(self, expr);
            }
        }
        let mut loads = Loads(false);
        call.arguments.args.iter().for_each(|argument| loads.visit_expr(argument));
        !loads.0
    }

    /// Code that is decoded and then run.
    fn hidden_code(&mut self, path: &str, call: &'a ExprCall) {
        let Some(code) = call.arguments.args.first() else { return };
        let Some(decoder) = self.decoder_in(code, 0) else { return };
        let mut what = format!(
            "{}() runs code that {decoder} makes readable only then",
            path.trim_start_matches("builtins.")
        );
        if let Some(code) = self.deep_value(code).texts().next() {
            what = format!("{what}; it is {}", names::quoted(&code));
        }
        self.report(rules::OBFUSCATED, call, &what);
    }

    /// A serialised program in a literal.
    fn hidden_data(&mut self, path: &str, call: &'a ExprCall) {
        let Some(data) = call.arguments.args.first() else { return };
        let is_constant =
            self.value(data).atoms.iter().any(|atom| matches!(atom, Atom::Bytes(bytes) if bytes.len() >= 8))
                || path == "marshal.loads" && self.decoder_in(data, 0).is_some();
        if is_constant {
            self.report(rules::OBFUSCATED, call, &format!("{path}() loads what is hidden in a literal"));
        }
    }

    /// The first decoding function in an expression, also where names lead to.
    fn decoder_in(&self, expr: &'a Expr, level: u32) -> Option<String> {
        let mut finder = Finder { calls: Vec::new(), names: Vec::new(), is_reversed: false };
        finder.visit_expr(expr);
        if finder.is_reversed {
            return Some("turning text around".to_owned());
        }
        for call in finder.calls.iter().take(64) {
            let callee = self.value(&call.func);
            if let Some(path) = callee.paths().find(|path| is_decoder(path)) {
                return Some(format!("{path}()"));
            }
            let is_decode = |atom: &Atom| matches!(atom, Atom::Method(method) if &*method.1 == "decode" && is_hiding(method.0.only()));
            if callee.atoms.iter().any(is_decode) {
                return Some("decode()".to_owned());
            }
        }
        if level >= 3 {
            return None;
        }
        for name in finder.names.iter().take(16) {
            let bindings =
                self.context.evaluator.file.scopes.iter().filter_map(|scope| scope.names.get(name));
            for (_, binding) in bindings.flatten().take(8) {
                if let Binding::Value(value) = binding
                    && let Some(found) = self.decoder_in(value, level + 1)
                {
                    return Some(found);
                }
            }
        }
        None
    }
}

fn is_hiding(atom: Option<&Atom>) -> bool {
    matches!(atom, Some(Atom::Bytes(bytes)) if bytes.len() > 4 && bytes.iter().any(|byte| !byte.is_ascii()))
}

/// Functions that make hidden text readable.
fn is_decoder(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once('.') else { return false };
    match module {
        "base64" | "binascii" => {
            name.ends_with("decode")
                || name.starts_with("a2b")
                || name == "unhexlify"
                || name == "decodebytes"
        }
        "zlib" | "gzip" | "bz2" | "lzma" => name == "decompress",
        "marshal" => name == "loads",
        "codecs" => name == "decode",
        "builtins.bytes" | "builtins.bytearray" => name == "fromhex",
        "builtins" => matches!(name, "chr" | "reversed"),
        _ => false,
    }
}

struct Finder<'a> {
    calls: Vec<&'a ExprCall>,
    names: Vec<&'a str>,
    is_reversed: bool,
}

impl<'a> Visitor<'a> for Finder<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => self.calls.push(call),
            Expr::Name(name) => self.names.push(name.id.as_str()),
            Expr::Subscript(subscript) => {
                if let Expr::Slice(slice) = subscript.slice.as_ref() {
                    let step = slice.step.as_deref();
                    self.is_reversed |= matches!(step, Some(Expr::UnaryOp(_))) && slice.lower.is_none();
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
