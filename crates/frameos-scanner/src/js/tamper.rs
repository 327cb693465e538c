//! What code changes that is not its own: built-in prototypes, loaded modules; and the environment it takes whole.

use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentTarget, Expression};
use oxc_span::{GetSpan, Span};

use super::calls::Arguments;
use super::check::Check;
use super::path::{Path, Root};
use crate::rules;

const BUILT_IN: &[&str] = &[
    "Object", "Array", "Function", "String", "Number", "Boolean", "Promise", "RegExp", "Date", "Map", "Set",
    "Error", "Symbol", "JSON", "Math", "Reflect", "Proxy", "Buffer",
];

impl<'a> Check<'_, '_, 'a, '_> {
    pub(super) fn change(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::AssignmentExpression(assignment) => self.assignment(&assignment.left, assignment.span),
            AstKind::SpreadElement(spread) => self.whole_environment(&spread.argument, spread.span),
            AstKind::ForInStatement(each) => self.whole_environment(&each.right, each.right.span()),
            _ => {}
        }
    }

    fn assignment(&mut self, target: &'a AssignmentTarget<'a>, span: Span) {
        let Some(member) = target.as_member_expression() else { return };
        for object in self.resolver.paths(member.object()) {
            if is_built_in_prototype(&object) {
                let what = format!("{} is given a property", words(&object));
                self.report(rules::PROTOTYPE_POLLUTION, span, &what);
            } else if matches!((object.root, object.members()), (Root::Global("require"), ["cache", ..])) {
                self.report(rules::MODULE_TAMPERING, span, "an entry of require.cache is replaced");
            } else if object.root == Root::Module("module") {
                self.report(rules::MODULE_TAMPERING, span, "a function that loads modules is replaced");
            }
        }
    }

    /// Calls that define properties, and calls that take the whole environment.
    pub(super) fn defined(&mut self, path: &Path<'a>, arguments: Arguments<'a>, span: Span) {
        let Root::Global(root) = path.root else { return };
        let Some(first) = arguments.get(0) else { return };
        match (root, path.members()) {
            (
                "Object" | "Reflect",
                ["defineProperty" | "defineProperties" | "assign" | "set" | "setPrototypeOf"],
            ) => {
                for object in self.resolver.paths(first) {
                    if is_built_in_prototype(&object) {
                        let what = format!("{} is given a property", words(&object));
                        self.report(rules::PROTOTYPE_POLLUTION, span, &what);
                    }
                }
                for source in arguments.all().into_iter().skip(1) {
                    self.whole_environment(source, span);
                }
            }
            ("Object", ["keys" | "values" | "entries" | "getOwnPropertyNames"])
            | ("JSON", ["stringify"])
            | ("Reflect", ["ownKeys"])
            | ("structuredClone", []) => self.whole_environment(first, span),
            _ => {}
        }
    }

    fn whole_environment(&mut self, value: &'a Expression<'a>, span: Span) {
        if !self.is_environment(value) {
            return;
        }
        self.report(rules::ENVIRONMENT_HARVEST, span, "process.env is taken as a whole");
    }

    fn is_environment(&self, value: &'a Expression<'a>) -> bool {
        self.resolver.paths(value).iter().any(|path| path.is_global("process", &["env"]))
    }

    pub(super) fn environment(&mut self, path: &Path<'a>) {
        if matches!((path.root, path.members()), (Root::Global("process"), ["env", ..])) {
            self.findings.note(|facts| &mut facts.abilities, "environment");
        }
    }
}

/// `Array.prototype`, `[].__proto__`, `Object.getPrototypeOf({})`, `x.constructor.prototype`.
fn is_built_in_prototype(path: &Path<'_>) -> bool {
    match (path.root, path.members()) {
        (Root::Global(name), ["prototype"]) => BUILT_IN.contains(&name),
        _ => false,
    }
}

fn words(path: &Path<'_>) -> String {
    match path.root {
        Root::Global(name) => format!("{name}.prototype"),
        _ => "a built-in prototype".to_owned(),
    }
}
