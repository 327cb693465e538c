//! Which names each scope of a Python file binds, and to what: one pass over the tree of the file.
//!
//! Invariant: a name bound in a function hides outer ones, as in Python; a name bound in the module hides a builtin only
//! from the place on where it is surely bound, since Python falls back to builtins at run time.

mod build;

use ruff_python_ast::{Expr, ExprCall, Parameters, Stmt};
use rustc_hash::FxHashMap;

pub(super) use build::{absolute, build};

pub(super) type ScopeId = u32;

/// What a name is bound to; expressions are read in the scope beside them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Binding<'a> {
    /// A module or a name from one, as an index into [`File::imports`].
    Import(usize),
    Value(&'a Expr),
    /// One of the elements of a value.
    Unpack(&'a Expr, usize),
    /// What a loop takes out of a value, and of that one of the elements.
    Element(&'a Expr, Option<usize>),
    /// What is added to a container of this name.
    Appended(&'a Expr),
    ItemSet(&'a Expr, &'a Expr),
    /// The name is changed in place; only running the code tells its value.
    Augmented(&'a Expr),
    Parameter(u32, u32),
    Function(u32),
    Class(u32),
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Comprehension,
}

#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) parent: ScopeId,
    pub(super) kind: ScopeKind,
    pub(super) names: FxHashMap<&'a str, Vec<(ScopeId, Binding<'a>)>>,
    /// The statements of the scope, for running them.
    pub(super) body: &'a [Stmt],
    /// The class whose body this is.
    pub(super) class: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: Option<&'a Parameters>,
    /// The expression of a lambda.
    pub(super) result: Option<&'a Expr>,
    pub(super) scope: ScopeId,
    /// The class it is a method of.
    pub(super) class: Option<u32>,
    pub(super) is_static: bool,
    pub(super) is_generator: bool,
    pub(super) returns: Vec<&'a Expr>,
}

#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) scope: ScopeId,
    pub(super) outer: ScopeId,
    pub(super) bases: &'a [Expr],
}

/// All that is known of a file before anything is evaluated.
#[derive(Debug)]
pub(super) struct File<'a> {
    /// The first is the module's.
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) imports: Vec<String>,
    /// Modules whose names were all imported with `*`.
    pub(super) stars: Vec<String>,
    /// Scopes by the address of the node that opens them.
    pub(super) scope_of: FxHashMap<usize, ScopeId>,
    /// Functions and classes by the address of their node.
    pub(super) function_of: FxHashMap<usize, u32>,
    /// What is assigned to attributes of any object, by the attribute's name.
    pub(super) attributes: FxHashMap<&'a str, Vec<(ScopeId, &'a Expr)>>,
    /// Calls by the last name of what is called.
    pub(super) calls: FxHashMap<&'a str, Vec<(ScopeId, &'a ExprCall)>>,
    /// Where a module-level name is bound without any condition, by offset.
    pub(super) sure_from: FxHashMap<&'a str, usize>,
}

impl<'a> File<'a> {
    pub(super) fn scope(&self, id: ScopeId) -> &Scope<'a> {
        // Ids are only made by the builder, which never removes a scope; the module's stands in for any other.
        self.scopes.get(id as usize).unwrap_or(&self.scopes[0])
    }

    pub(super) fn scope_at<N>(&self, node: &N) -> Option<ScopeId> {
        self.scope_of.get(&std::ptr::from_ref(node).addr()).copied()
    }

    pub(super) fn function_at<N>(&self, node: &N) -> Option<u32> {
        self.function_of.get(&std::ptr::from_ref(node).addr()).copied()
    }
}
