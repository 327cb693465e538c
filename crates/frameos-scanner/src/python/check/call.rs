//! Calls and look-ups: what is loaded, looked up or opened, by what is called.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ExprSubscript};

use super::super::eval::MAX_CALLS;
use super::super::names;
use super::super::value::{Atom, Value};
use super::{Check, rules};

/// The longest name of a file, and the most files that one file opens, that are remembered.
const MAX_NAME: usize = 300;
const MAX_OPENED: usize = 1_000;

impl<'a> Check<'_, '_, 'a> {
    pub(super) fn call(&mut self, expr: &'a Expr, call: &'a ExprCall) {
        let callee = self.value(&call.func);
        if !callee.atoms.is_empty() {
            // Where names are looked up, the answer must be as good as can be had.
            let is_deep = callee.paths().any(|path| is_reach(path)) && self.may_reach(&callee, call);
            let value = if is_deep { self.deep_value(expr) } else { self.value(expr) };
            let is_name = matches!(call.func.as_ref(), Expr::Name(_));
            // What a name or attribute stands for is reported there; only what the call gives is new here.
            if !is_name || callee.paths().all(|path| value.paths().all(|given| given != path)) {
                self.mention(&value, call);
            }
        }
        for path in callee.paths() {
            self.called(path, call);
            self.file_run(path, call);
        }
        self.signs_of_call(&callee, call);
        self.flows(&callee, call);
        if !callee.paths().any(|path| is_name_reader(path)) {
            self.escapes(&callee, call);
        }
        let looks_up = callee.paths().any(|path| is_look_up(path));
        let is_followed = self.is_followed(&callee, call);
        self.environment(&callee, call, is_followed);
        self.shell(&callee, call);
        if looks_up || is_followed {
            self.visit_expr(&call.func);
            call.arguments.args.iter().for_each(|argument| self.visit_operand_deep(argument, looks_up));
            call.arguments.keywords.iter().for_each(|keyword| self.visit_operand(&keyword.value));
        } else if self.is_plain_import(call) {
            // With its module in plain sight it is an import as any other.
            visitor::walk_arguments(self, &call.arguments);
        } else {
            visitor::walk_expr(self, expr);
        }
    }

    /// Modules and their dictionaries that are handed on without having a name.
    fn escapes(&mut self, callee: &Value, call: &'a ExprCall) {
        if callee.paths().any(|path| is_look_up(path) || is_reach(path)) || self.is_followed(callee, call) {
            return;
        }
        let arguments =
            call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
        for argument in arguments {
            if !matches!(argument, Expr::Attribute(_) | Expr::Call(_)) {
                continue;
            }
            let value = self.value(argument);
            let is_kept =
                |path: &str| matches!(path, "os" | "builtins" | "os.__dict__" | "builtins.__dict__");
            if let Some(path) = value.paths().find(|path| is_kept(path)) {
                let what = format!(
                    "`{}`, which is {path}, is handed on, so what it is used for is not known",
                    self.seen(argument)
                );
                self.report(rules::COMPUTED_MODULE, argument, &what);
            }
        }
    }

    /// Whether what is looked up is of a module that matters: of any other object only its owner knows the members.
    fn may_reach(&self, callee: &Value, call: &'a ExprCall) -> bool {
        let is_member = callee.paths().any(|path| path.contains("getattr"));
        let object = call.arguments.args.first();
        !is_member || object.is_some_and(|object| self.value(object).paths().next().is_some())
    }

    /// Whether arguments are followed into what is called: a function of this file, called by its own name.
    fn is_followed(&self, callee: &Value, call: &ExprCall) -> bool {
        let file = self.context.evaluator.file;
        let name = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            Expr::Lambda(_) => "lambda",
            _ => return false,
        };
        let is_known = |atom: &Atom| match atom {
            Atom::Function(id) => {
                file.functions.get(*id as usize).is_some_and(|function| function.name == name)
            }
            _ => false,
        };
        let is_counted = file.calls.get(name).is_some_and(|calls| calls.len() <= MAX_CALLS);
        is_counted && !callee.open && !callee.atoms.is_empty() && callee.atoms.iter().all(is_known)
    }

    fn visit_operand_deep(&mut self, expr: &'a Expr, looks_up: bool) {
        if looks_up && matches!(expr, Expr::Name(name) if name.id.as_str() == "__builtins__") {
            self.report(rules::DYNAMIC_CODE, expr, "__builtins__ is used");
            return;
        }
        self.visit_operand(expr);
    }

    fn called(&mut self, path: &str, call: &'a ExprCall) {
        match path {
            "builtins.__import__"
            | "importlib.__import__"
            | "importlib.import_module"
            | "pydoc.locate"
            | "pkgutil.resolve_name"
            | "unittest.mock._importer"
            | "builtins.__loader__.load_module"
            | "django.utils.module_loading.import_string"
            | "werkzeug.utils.import_string" => self.loaded_module(path, call),
            "builtins.getattr"
            | "inspect.getattr_static"
            | "builtins.object.__getattribute__"
            | "builtins.type.__getattribute__" => self.attribute_by_name(call),
            "builtins.setattr" => self.attribute_set(call),
            // As types to compare with they are harmless; called, they make functions.
            "types.FunctionType" | "types.LambdaType" | "types.CodeType" => {
                self.report(rules::DYNAMIC_CODE, call, "a function is made from parts at run time");
            }
            "pathlib.Path" | "pathlib.PosixPath" | "pathlib.WindowsPath" => {
                self.path_made(call);
            }
            "timeit.timeit"
            | "timeit.repeat"
            | "timeit.Timer"
            | "cProfile.run"
            | "pdb.run"
            | "pdb.runeval"
            | "pdb.runctx"
            | "cProfile.runctx"
            | "profile.run"
            | "profile.runctx"
            | "trace.Trace.run"
            | "doctest.run_docstring_examples"
            | "typing.ForwardRef"
            | "typing._eval_type"
            | "sqlite3.enable_callback_tracebacks" => {
                self.text_run(path, call);
            }
            "zipfile.ZipFile"
            | "zipfile.PyZipFile"
            | "tarfile.open"
            | "tarfile.TarFile.open"
            | "sqlite3.connect"
            | "gzip.open"
            | "gzip.GzipFile"
            | "bz2.BZ2File"
            | "lzma.LZMAFile"
            | "logging.FileHandler"
            | "logging.handlers.RotatingFileHandler"
            | "logging.handlers.TimedRotatingFileHandler"
            | "logging.handlers.WatchedFileHandler"
            | "bz2.open"
            | "lzma.open"
            | "os.open" => self.opens(path, call),
            "logging.config.dictConfig" => {
                if let Some(argument) = call.arguments.args.first() {
                    let value = self.value(argument);
                    self.configured(&value, call, &mut 2_000);
                }
            }
            "builtins.str" | "builtins.repr" | "os.fspath" => {
                call.arguments.args.iter().for_each(|argument| self.settle(argument));
            }
            _ => {
                self.iterated(path, call);
                self.deserialized(path, call);
            }
        }
    }

    /// Whether `__import__` is called with names that stand in the file in one piece.
    fn is_plain_import(&mut self, call: &'a ExprCall) -> bool {
        let is_import = matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "__import__");
        let Some(argument) = call.arguments.args.first().filter(|_| is_import) else { return false };
        self.plain_imports += 1;
        match argument {
            Expr::StringLiteral(_) => true,
            // Each costs a look through the whole file.
            Expr::Name(_) if self.plain_imports <= 64 => {
                let value = self.value(argument);
                let source = self.context.source.text;
                let is_written = |name: &str| {
                    source.contains(&format!("'{name}'")) || source.contains(&format!("\"{name}\""))
                };
                value.is_known_text() && value.texts().all(|name| is_written(&name))
            }
            _ => false,
        }
    }

    /// Names of files, where a program runs what it reads.
    fn file_run(&mut self, path: &str, call: &'a ExprCall) {
        let place = match path {
            "builtins.exec" | "builtins.eval" | "builtins.compile" => {
                self.runs = true;
                return;
            }
            "builtins.open" | "io.open" | "codecs.open" | "pathlib.Path" => 0,
            "runpy.run_path" | "builtins.execfile" => {
                self.runs = true;
                0
            }
            "importlib.machinery.SourceFileLoader"
            | "importlib.util.spec_from_file_location"
            | "imp.load_source" => {
                self.runs = true;
                1
            }
            _ => return,
        };
        let Some(name) = call.arguments.args.get(place) else { return };
        let value = self.value(name);
        let names = value.texts().filter(|name| name.len() <= MAX_NAME).map(|name| name.to_string());
        self.opened.extend(names.take(MAX_OPENED.saturating_sub(self.opened.len())));
    }

    /// Going through all modules, or all members of one, reaches any of them without its name.
    fn iterated(&mut self, path: &str, call: &'a ExprCall) {
        let Some((object, "values" | "items")) = path.rsplit_once('.') else { return };
        let rule = match object {
            "sys.modules" | "globals()" => rules::COMPUTED_GLOBAL,
            "os.__dict__" | "builtins.__dict__" | "builtins" => rules::COMPUTED_MODULE,
            _ => return,
        };
        let what = format!(
            "`{}` goes through all that {object} holds, so what is taken of it is not known",
            self.seen(call)
        );
        self.report(rule, call, &what);
    }

    fn loaded_module(&mut self, path: &str, call: &'a ExprCall) {
        let name = path.rsplit('.').next().unwrap_or(path);
        let Some(argument) = call.arguments.args.first().or_else(|| {
            let keyword =
                call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("name"));
            keyword.map(|keyword| &keyword.value)
        }) else {
            self.report(rules::COMPUTED_MODULE, call, "a module is loaded by a computed name");
            return;
        };
        let value = self.value(argument);
        let texts: Vec<_> = self.deep_value(argument).texts().collect();
        for module in texts {
            let path = module.replace(':', ".");
            if let Some((rule, known)) = names::module_rule(&path) {
                self.imported.insert(known.to_owned());
                let what = format!("`{}` loads the module {known}", self.seen(call));
                self.report(rule, call, &what);
            } else {
                self.import(&path, call);
            }
        }
        if !value.is_known_text() && !self.is_own_module(&value) {
            let what = format!(
                "the module that {name} loads, `{}`, is only known when the code runs",
                self.seen(argument)
            );
            self.report(rules::COMPUTED_MODULE, call, &what);
        }
    }

    /// Whether a name that is not wholly known can only be of the bundle's own package.
    fn is_own_module(&mut self, value: &Value) -> bool {
        let prefix = value.atoms.iter().find_map(|atom| match atom {
            Atom::Prefix(prefix) => Some(prefix.clone()),
            _ => None,
        });
        let Some(prefix) = prefix else { return false };
        let top = prefix.split('.').next().unwrap_or_default();
        prefix.starts_with('.')
            || prefix.starts_with("encodings.")
            || prefix.contains('.') && self.context.own.contains(top)
    }

    fn attribute_by_name(&mut self, call: &'a ExprCall) {
        let [object, name, ..] = &*call.arguments.args else { return };
        let value = self.value(name);
        let is_near = self.value(object).paths().next().is_some();
        let known = if is_near { self.deep_value(name) } else { value.clone() };
        for name in known.texts() {
            if names::is_introspection(&name) {
                self.report(rules::INTROSPECTION, call, &format!("`{}` reaches {name}", self.seen(call)));
            }
        }
        if value.is_known_text() {
            return;
        }
        let objects = self.value(object);
        if let Some(path) = objects.paths().find(|path| names::must_not_escape(path)) {
            let is_code = matches!(&**path, "builtins" | "globals()" | "builtins.__dict__");
            let rule = if is_code { rules::DYNAMIC_CODE } else { rules::COMPUTED_MODULE };
            let what = format!(
                "the member of {} that `{}` takes is only known when the code runs",
                names::quoted(path),
                self.seen(call)
            );
            self.report(rule, call, &what);
        }
    }

    fn attribute_set(&mut self, call: &'a ExprCall) {
        let [object, name, _] = &*call.arguments.args else { return };
        if self.value(object).paths().any(|path| path.starts_with("builtins")) {
            let what = format!("the builtin {} is replaced", self.seen(name));
            self.report(rules::BUILTINS_CHANGED, call, &what);
        }
    }

    /// Functions that run a text, when they are given one.
    fn text_run(&mut self, path: &str, call: &'a ExprCall) {
        let arguments =
            call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
        for argument in arguments.take(3) {
            let value = self.value(argument);
            let is_text = value
                .atoms
                .iter()
                .any(|atom| matches!(atom, Atom::Text(_) | Atom::Prefix(_) | Atom::Bytes(_)));
            let is_code = path != "typing.ForwardRef" || value.texts().any(|text| text.contains('('));
            if is_text && is_code {
                self.report(rules::DYNAMIC_CODE, call, &format!("{path} runs the text it is given"));
                return;
            }
        }
    }

    fn opens(&mut self, path: &str, call: &'a ExprCall) {
        let Some(name) = call.arguments.args.first() else { return };
        let value = self.value(name);
        let named = value
            .texts()
            .find(|name| !name.is_empty() && &**name != ":memory:" && !name.contains("mode=memory"));
        if let Some(name) = named {
            self.report(rules::FILE_SYSTEM, call, &format!("{path} opens the file {}", names::quoted(&name)));
        }
    }

    fn deserialized(&mut self, path: &str, call: &'a ExprCall) {
        let keyword = |name: &str| {
            call.arguments
                .keywords
                .iter()
                .find(|keyword| keyword.arg.as_deref() == Some(name))
                .map(|keyword| &keyword.value)
        };
        let is_unsafe = match path {
            "yaml.load" | "yaml.load_all" => {
                let loader = keyword("Loader").or_else(|| call.arguments.args.get(1));
                let is_safe = |path: &str| {
                    ["SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"]
                        .iter()
                        .any(|safe| path.ends_with(safe))
                };
                !loader.is_some_and(|loader| self.value(loader).paths().any(|path| is_safe(path)))
            }
            "torch.load" => {
                keyword("weights_only").is_none_or(|value| self.value(value).truth() != Some(true))
            }
            "numpy.load" => {
                keyword("allow_pickle").is_some_and(|value| self.value(value).truth() != Some(false))
            }
            _ => false,
        };
        if is_unsafe {
            self.report(
                rules::UNSAFE_DESERIALIZATION,
                call,
                &format!("{path} is used without its safe option"),
            );
        }
    }

    pub(super) fn subscript(&mut self, expr: &'a Expr, subscript: &'a ExprSubscript) {
        let object = self.value(&subscript.value);
        if !object.atoms.is_empty() {
            if subscript.ctx.is_load() {
                let is_deep =
                    object.paths().any(|path| names::is_mapping(path) && names::must_not_escape(path));
                let value = if is_deep { self.deep_value(expr) } else { self.value(expr) };
                self.mention(&value, subscript);
                if value.paths().any(|path| &**path == "builtins") {
                    let what = format!("`{}` reaches the module of all builtins", self.seen(subscript));
                    self.report(rules::DYNAMIC_CODE, subscript, &what);
                }
            }
            self.looked_up(&object, subscript);
        }
        self.visit_operand(&subscript.value);
        self.visit_expr(&subscript.slice);
    }

    fn looked_up(&mut self, object: &Value, subscript: &'a ExprSubscript) {
        let Some(path) = object.paths().find(|path| names::is_mapping(path) && names::must_not_escape(path))
        else {
            return;
        };
        let key = self.value(&subscript.slice);
        if !subscript.ctx.is_load() {
            let replaced = key.texts().find(|name| names::is_standard(name) || path.starts_with("builtins"));
            if let Some(name) =
                replaced.filter(|_| matches!(&**path, "sys.modules" | "builtins" | "builtins.__dict__"))
            {
                self.report(
                    rules::BUILTINS_CHANGED,
                    subscript,
                    &format!("{} is replaced", names::quoted(&name)),
                );
            }
            return;
        }
        let is_own = |path: &str| matches!(path, "builtins.__name__" | "builtins.__package__");
        if !key.is_known_text() && !key.paths().any(|path| is_own(path)) {
            let rule = match &**path {
                "builtins" | "builtins.__dict__" | "os.__dict__" => rules::DYNAMIC_CODE,
                _ => rules::COMPUTED_GLOBAL,
            };
            let what = format!(
                "what `{}` takes out of {path} is only known when the code runs",
                self.seen(subscript)
            );
            self.report(rule, subscript, &what);
        }
    }
}

/// Functions that only read the names of what they are given.
fn is_name_reader(path: &str) -> bool {
    matches!(
        path,
        "builtins.len"
            | "builtins.sorted"
            | "builtins.list"
            | "builtins.set"
            | "builtins.tuple"
            | "builtins.repr"
            | "builtins.str"
    )
}

/// Functions that reach a thing by a name that may be hidden.
fn is_reach(path: &str) -> bool {
    matches!(
        path,
        "builtins.getattr"
            | "builtins.__import__"
            | "importlib.import_module"
            | "importlib.__import__"
            | "builtins.object.__getattribute__"
            | "inspect.getattr_static"
            | "pydoc.locate"
            | "pkgutil.resolve_name"
    ) || path.rsplit_once('.').is_some_and(|(object, method)| {
        matches!(method, "get" | "__getitem__" | "pop" | "setdefault") && names::is_mapping(object)
    })
}

/// Functions that look into an object or name it, and do not hand it on.
fn is_look_up(path: &str) -> bool {
    matches!(
        path,
        "builtins.getattr"
            | "builtins.hasattr"
            | "builtins.vars"
            | "builtins.dir"
            | "builtins.type"
            | "builtins.isinstance"
            | "builtins.print"
            | "builtins.id"
            | "builtins.bool"
            | "builtins.setattr"
            | "inspect.ismodule"
            | "inspect.getattr_static"
            | "importlib.reload"
            | "builtins.object.__getattribute__"
    )
}
