//! The name of something a program can reach: a global or a module, and the properties taken from it.

/// How many members a path keeps.
const MAX_MEMBERS: usize = 6;

/// Where a path starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// `globalThis` and its other names.
    GlobalObject,
    Global(String),
    Module(String),
}

/// A global or module and the properties taken from it, e.g. `Module("fs")` + `promises`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) members: Vec<String>,
}

impl Path {
    pub(super) fn global(name: &str) -> Self {
        Self::of_global(name)
    }

    pub(super) fn module(name: &str) -> Self {
        let name = super::modules::plain(name);
        match name {
            "process" => Self::global("process"),
            _ => Self { root: Root::Module(name.to_owned()), members: Vec::new() },
        }
    }

    /// Whether this is the global `name` with exactly these members.
    pub(super) fn is_global(&self, name: &str, members: &[&str]) -> bool {
        matches!(&self.root, Root::Global(global) if global == name) && self.members == members
    }

    pub(super) fn is_module(&self, name: &str, members: &[&str]) -> bool {
        matches!(&self.root, Root::Module(module) if module == name) && self.members == members
    }

    /// The path of a property of what this path stands for, in its simplest form.
    pub(super) fn member(mut self, name: &str) -> Self {
        match &self.root {
            Root::GlobalObject => return Self::of_global(name),
            Root::Module(_) if name == "default" && self.members.is_empty() => return self,
            _ => self.members.push(name.to_owned()),
        }
        if self.members.len() > MAX_MEMBERS {
            // Long ways round still end somewhere: what counts is where they start and what comes last.
            self.members.remove(1);
        }
        self.simplified()
    }

    /// Whether any rule or resolution could depend on this path.
    pub(super) fn is_of_interest(&self) -> bool {
        const NAMES: &[&str] = &[
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
        ];
        match &self.root {
            Root::GlobalObject | Root::Module(_) => true,
            Root::Global(name) => NAMES.contains(&name.as_str()),
        }
    }

    /// The path this one's last member was taken from, when that member is `name`.
    pub(super) fn without_last(mut self, name: &str) -> Option<Self> {
        (self.members.pop()? == name).then_some(self)
    }

    fn of_global(name: &str) -> Self {
        let root = match name {
            "globalThis" | "global" | "window" | "self" | "GLOBAL" | "root" => Root::GlobalObject,
            _ => Root::Global(name.to_owned()),
        };
        Self { root, members: Vec::new() }
    }

    /// Other ways to the same thing: `process.mainModule.require`, `module.constructor._load`, `Object.constructor`.
    fn simplified(self) -> Self {
        let members: Vec<&str> = self.members.iter().map(String::as_str).collect();
        match (&self.root, members.as_slice()) {
            (Root::Global(name), [.., "require"])
                if matches!(name.as_str(), "module" | "process" | "require") =>
            {
                Self::of_global("require")
            }
            (Root::Global(name), [.., "_load" | "createRequire"])
                if matches!(name.as_str(), "module" | "process" | "require") =>
            {
                let last = if members.ends_with(&["_load"]) { "require" } else { "createRequire" };
                Self::of_global(last)
            }
            (Root::Module(name), [.., "_load"]) if name == "module" => Self::of_global("require"),
            (Root::Module(name), [.., "createRequire"]) if name == "module" => {
                Self::of_global("createRequire")
            }
            (Root::Global(name), ["getBuiltinModule"]) if name == "process" => Self::of_global("require"),
            (Root::Module(name), [timer @ ("setTimeout" | "setInterval")]) if name == "timers" => {
                Self::of_global(timer)
            }
            (Root::Module(name), ["Buffer"]) if name == "buffer" => Self::of_global("Buffer"),
            (Root::Global(name), ["prototype", "constructor"]) if name == "Function" => {
                Self::of_global("Function")
            }
            (Root::Global(name), ["constructor"]) if is_function(name) => Self::of_global("Function"),
            _ => self,
        }
    }
}

/// Whether a global is a function, so that its `constructor` is `Function`.
fn is_function(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && !matches!(name, "Math" | "JSON" | "Atomics" | "Reflect" | "Intl")
        || matches!(name, "eval" | "parseInt" | "parseFloat" | "isNaN" | "require" | "fetch" | "setTimeout")
}
