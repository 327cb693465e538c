//! The name of something a program can reach: a global, a module or a piece of the file, and the properties taken from it.

use oxc_semantic::NodeId;

/// How many members a path keeps.
const MAX_MEMBERS: usize = 4;

/// Stands for a member whose name is only known when the code runs.
pub(super) const UNKNOWN: &str = "?";

/// Where a path starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root<'a> {
    /// `globalThis` and its other names.
    GlobalObject,
    Global(&'a str),
    Module(&'a str),
    /// A function, class, object or list that is written in this file.
    Node(NodeId),
}

/// A root and the properties taken from it, e.g. `Module("fs")` + `promises`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    pub(super) root: Root<'a>,
    names: [&'a str; MAX_MEMBERS],
    length: usize,
}

impl PartialEq for Path<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length && self.root == other.root && self.members() == other.members()
    }
}

impl<'a> Path<'a> {
    pub(super) fn global(name: &'a str) -> Self {
        match name {
            "globalThis" | "global" | "window" | "self" | "GLOBAL" | "root" | "top" | "parent" | "frames" => {
                Self::of(Root::GlobalObject)
            }
            _ => Self::of(Root::Global(name)),
        }
    }

    pub(super) fn module(name: &'a str) -> Self {
        match super::modules::plain(name) {
            "process" => Self::global("process"),
            name => Self::of(Root::Module(name)),
        }
    }

    pub(super) fn node(id: NodeId) -> Self {
        Self::of(Root::Node(id))
    }

    fn of(root: Root<'a>) -> Self {
        Self { root, names: [""; MAX_MEMBERS], length: 0 }
    }

    pub(super) fn members(&self) -> &[&'a str] {
        &self.names[..self.length]
    }

    pub(super) fn last(&self) -> Option<&'a str> {
        self.members().last().copied()
    }

    /// Whether this is the global `name` with exactly these members.
    pub(super) fn is_global(&self, name: &str, members: &[&str]) -> bool {
        self.root == Root::Global(name) && self.members() == members
    }

    /// The piece of this file that the path is, without any member taken from it.
    pub(super) fn as_node(&self) -> Option<NodeId> {
        match self.root {
            Root::Node(id) if self.length == 0 => Some(id),
            _ => None,
        }
    }

    /// The path of a property of what this path stands for, in its simplest form.
    pub(super) fn member(mut self, name: &'a str) -> Self {
        match self.root {
            Root::GlobalObject if name == "constructor" => return Self::global("Object"),
            Root::GlobalObject => return Self::global(name),
            Root::Module(_) if name == "default" && self.length == 0 => return self,
            _ => {}
        }
        if self.length == MAX_MEMBERS {
            // Long ways round still end somewhere: what counts is where they start and what comes last.
            self.names.copy_within(2.., 1);
            self.length -= 1;
        }
        self.names[self.length] = name;
        self.length += 1;
        self.simplified()
    }

    /// The path this one's last member was taken from.
    pub(super) fn parent(mut self) -> Option<Self> {
        self.length = self.length.checked_sub(1)?;
        self.names[self.length] = "";
        Some(self)
    }

    /// Whether any rule or resolution could depend on this path.
    pub(super) fn is_of_interest(&self) -> bool {
        match self.root {
            Root::GlobalObject => true,
            Root::Module(name) => {
                matches!(name, "module" | "crypto" | "buffer" | "timers" | "os")
                    || super::modules::rule_of(name).is_some()
            }
            Root::Global("process" | "module" | "require") if self.length > 0 => {
                REACHING.contains(&self.names[0]) || REACHING.contains(&self.names[self.length - 1])
            }
            Root::Global("document") if self.length > 0 => {
                matches!(self.names[0], "createElement" | "write" | "writeln")
            }
            Root::Global(name) => INTERESTING.contains(&name),
            Root::Node(_) => false,
        }
    }

    /// Other ways to the same thing: `process.mainModule.require`, `module.constructor._load`, `Object.constructor`.
    fn simplified(self) -> Self {
        match self.root {
            Root::Global(name) => self.simplified_global(name),
            Root::Module("module") => self.simplified_loader(),
            Root::Module("timers") if self.length == 1 && is_timer_name(self.names[0]) => {
                Self::global(self.names[0])
            }
            Root::Module("buffer") if self.members() == ["Buffer"] => Self::global("Buffer"),
            Root::Module("fs") | Root::Node(_) | Root::GlobalObject => self,
            Root::Module(_) => match self.members() {
                [.., "constructor", "constructor"] => Self::global("Function"),
                ["constructor"] => Self::global("Object"),
                [.., "prototype", "constructor"] => self,
                [.., name, "constructor"] if name.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    Self::global("Function")
                }
                _ => self,
            },
        }
    }

    fn simplified_global(self, name: &'a str) -> Self {
        match (name, self.members()) {
            ("module" | "process" | "require", [.., "require"]) => Self::global("require"),
            ("process", ["getBuiltinModule"]) => Self::global("require"),
            ("process", ["mainModule"]) | ("require", ["main"]) | ("module", ["parent"]) => {
                Self::global("module")
            }
            ("module", ["constructor"]) => Self::of(Root::Module("module")),
            ("module", ["__proto__", "constructor"]) => Self::of(Root::Module("module")),
            ("module" | "process" | "require", [.., "_load"]) => Self::global("require"),
            ("module" | "process" | "require", [.., "createRequire"]) => Self::global("createRequire"),
            // What a property descriptor of them holds.
            ("eval" | "Function" | "require", ["value" | "get" | "proxy"]) => Self::global(name),
            // An element of what was taken for its element already.
            ("eval" | "Function" | "require", [at]) if at.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self::global(name)
            }
            ("Proxy", ["revocable"]) => self,
            ("Function" | "AsyncFunction" | "GeneratorFunction", ["prototype", "constructor"]) => {
                Self::global(name)
            }
            ("Function", ["__proto__", "constructor"]) => Self::global("Function"),
            (_, [.., "constructor", "constructor"]) => Self::global("Function"),
            (_, ["constructor"]) if is_function(name) => Self::global("Function"),
            (_, ["constructor"]) => Self::global("Object"),
            ("Math" | "console" | "JSON" | "process" | "Reflect" | "arguments", [method, "constructor"])
                if *method != "env" =>
            {
                Self::global("Function")
            }
            (_, ["prototype", method, "constructor"])
                if method.starts_with(|c: char| c.is_ascii_lowercase()) =>
            {
                Self::global("Function")
            }
            (_, ["__proto__"]) if is_function(name) => Self::global("Function").member("prototype"),
            (_, [_, "constructor"]) if is_function(name) && self.names[0] != "prototype" => {
                Self::global("Function")
            }
            _ => self,
        }
    }

    fn simplified_loader(self) -> Self {
        match self.members() {
            [.., "_load" | "require"] => Self::global("require"),
            [.., "createRequire" | "createRequireFromPath"] => Self::global("createRequire"),
            ["Module"] | ["constructor"] => Self::of(Root::Module("module")),
            _ => self,
        }
    }
}

const INTERESTING: &[&str] = &[
    "eval",
    "Function",
    "AsyncFunction",
    "GeneratorFunction",
    "require",
    "createRequire",
    "module",
    "process",
    "Reflect",
    "WebAssembly",
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "execScript",
    "Worker",
    "document",
    "Deno",
    "Bun",
    UNKNOWN,
];

/// Members of `process`, `module` and `require` that lead further.
const REACHING: &[&str] = &[
    "binding",
    "_linkedBinding",
    "dlopen",
    "mainModule",
    "main",
    "getBuiltinModule",
    "env",
    "execve",
    "report",
    "parent",
    "children",
    "constructor",
    "__proto__",
    "require",
    "_load",
    "_compile",
    "createRequire",
    "cache",
    "extensions",
    "call",
    "apply",
    "bind",
    UNKNOWN,
];

fn is_timer_name(name: &str) -> bool {
    matches!(name, "setTimeout" | "setInterval" | "setImmediate")
}

/// Whether a global is a function, so that its `constructor` is `Function`.
fn is_function(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
        && !matches!(
            name,
            "Math" | "JSON" | "Atomics" | "Reflect" | "Intl" | "WebAssembly" | "NaN" | "Infinity"
        )
        || matches!(
            name,
            "eval"
                | "parseInt"
                | "parseFloat"
                | "isNaN"
                | "isFinite"
                | "require"
                | "fetch"
                | "setTimeout"
                | "setInterval"
                | "setImmediate"
                | "clearTimeout"
                | "queueMicrotask"
                | "structuredClone"
                | "escape"
                | "unescape"
                | "decodeURIComponent"
                | "encodeURIComponent"
                | "decodeURI"
                | "encodeURI"
                | "atob"
                | "btoa"
        )
}
