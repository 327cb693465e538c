//! Paths as objects: which uses of one reach the file system, and where one goes out of sight.

use ruff_python_ast::{Expr, ExprAttribute, ExprCall};

use super::super::names;
use super::super::taint::PATH;
use super::{Check, rules};

impl<'a> Check<'_, '_, 'a> {
    /// A path is made. By itself that touches no file; what its members do is reported where they are used.
    pub(super) fn path_made(&mut self, call: &'a ExprCall) {
        if self.settled.remove(&address(call)) {
            return;
        }
        let what = format!(
            "`{}` makes a path whose further use is not all in sight here (PurePath only handles names)",
            self.seen(call)
        );
        self.report(rules::FILE_PATH, call, &what);
    }

    /// A member is taken of a path that was just made, which tells all that is done with that path.
    pub(super) fn path_used(&mut self, attribute: &'a ExprAttribute) {
        let name = attribute.attr.as_str();
        if gives_text(name) || names::reaches_files(name) {
            self.settle(&attribute.value);
        }
    }

    /// The path made at the root of an expression goes no further than the expression.
    pub(super) fn settle(&mut self, expr: &'a Expr) {
        let mut expr = expr;
        loop {
            expr = match expr {
                Expr::Call(call) => {
                    if let Expr::Attribute(attribute) = call.func.as_ref()
                        && gives_path(attribute.attr.as_str())
                    {
                        &attribute.value
                    } else {
                        self.settled.insert(address(call));
                        return;
                    }
                }
                Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "parent" | "parents") => {
                    &attribute.value
                }
                Expr::Subscript(subscript) => &subscript.value,
                Expr::BinOp(division) => &division.left,
                _ => return,
            }
        }
    }

    /// A member that only files have, of an object that cannot be followed, in a bundle that makes paths.
    pub(super) fn member_of_unknown(&mut self, attribute: &'a ExprAttribute) {
        let name = attribute.attr.as_str();
        if !self.context.file_members.contains(&name) {
            return;
        }
        let object = self.value(&attribute.value);
        let is_path = object.paths().any(|path| &**path == PATH);
        // What is read through `importlib.resources` is part of the bundle.
        if is_path || !object.atoms.is_empty() || self.context.words.resources {
            return;
        }
        let what = format!("`{}.{name}` reaches a file, if this is a path", self.seen(&*attribute.value));
        self.report(rules::FILE_SYSTEM, &attribute.attr, &what);
    }
}

fn address(call: &ExprCall) -> usize {
    std::ptr::from_ref(call).addr()
}

/// Members of a path that only say what its text says.
fn gives_text(member: &str) -> bool {
    matches!(
        member,
        "name"
            | "stem"
            | "suffix"
            | "suffixes"
            | "parts"
            | "anchor"
            | "drive"
            | "root"
            | "as_posix"
            | "as_uri"
            | "match"
            | "full_match"
            | "is_absolute"
            | "is_relative_to"
            | "is_reserved"
            | "__str__"
            | "__fspath__"
    )
}

/// Methods of a path that give another path without looking at any file.
fn gives_path(method: &str) -> bool {
    matches!(method, "joinpath" | "with_name" | "with_stem" | "with_suffix" | "relative_to" | "with_segments")
}
