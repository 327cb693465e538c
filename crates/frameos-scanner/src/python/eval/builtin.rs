//! What the language's own functions give, as far as it leads to names, modules and constant text.

use std::rc::Rc;

use super::super::names;
use super::super::value::{Atom, MAX_ITEMS, Value};
use super::call::Args;
use super::{At, Evaluator, codec, format};

impl<'a> Evaluator<'_, 'a> {
    /// `None` where the function is not one of those known here.
    pub(super) fn builtin(&self, path: &str, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Option<Value> {
        let (module, name) = path.rsplit_once('.')?;
        match module {
            "builtins" => self.builtin_function(name, args, here),
            "builtins.str" | "builtins.bytes" | "builtins.bytearray" | "builtins.list" | "builtins.dict" => {
                self.type_method(path, name, args)
            }
            "builtins.object" | "builtins.type" if name == "__getattribute__" => {
                let object = args.first()?;
                Some(self.member_by_name(object, args.values.get(1), here.1))
            }
            "builtins.int" if name == "from_bytes" => None,
            "importlib" => self.import_function(name, args),
            "unittest.mock" if name == "_importer" => self.import_function("import_module", args),
            "pydoc" if name == "locate" => self.import_function("import_module", args),
            "pkgutil" if name == "resolve_name" => {
                let mut value = Value { open: true, ..Value::default() };
                args.first()?.texts().for_each(|name| value.add(self.path(&name.replace(':', "."))));
                Some(value)
            }
            "functools" => self.functools(name, args, here),
            "operator" => self.operator_function(name, args, here),
            "itertools" => itertools(name, args),
            "codecs" => codecs(name, args),
            "base64" | "binascii" | "zlib" | "gzip" | "urllib.parse" => {
                let input = args.first()?;
                let atom = input.only()?;
                let value = codec::decode(path, atom).or_else(|| codec::encode(path, atom))?;
                Some(self.made(value).with_taints(&input.taints))
            }
            "sys" => (name == "intern").then(|| args.first().cloned()).flatten(),
            "string" => None,
            "struct" => (name == "pack").then(|| pack(args)).flatten(),
            "typing" => (name == "cast").then(|| args.values.get(1).cloned()).flatten(),
            "inspect" if name == "getattr_static" => {
                Some(self.member_by_name(args.first()?, args.values.get(1), here.1))
            }
            "contextlib" if matches!(name, "nullcontext" | "closing") => args.first().cloned(),
            "os.path" if name == "join" => None,
            _ => None,
        }
    }

    fn builtin_function(&self, name: &str, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Option<Value> {
        match name {
            "getattr" => {
                let mut value = self.member_by_name(args.first()?, args.values.get(1), here.1);
                if let Some(default) = args.values.get(2) {
                    value.add(default.clone());
                }
                return Some(value);
            }
            "__import__" => return Some(self.imported(args)),
            "globals" | "locals" => return Some(Value::path("globals()")),
            "vars" => {
                let Some(object) = args.first() else { return Some(Value::path("globals()")) };
                return Some(self.member(object, "__dict__", here.1));
            }
            "map" => return self.map(args, here),
            "filter" | "print" | "len" | "isinstance" | "hasattr" => {}
            "eval" => {
                // A name in quotes is a look-up as any other.
                let text = args.text(0)?;
                let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
                return (is_name && names::is_builtin(&text)).then(|| self.path(&format!("builtins.{text}")));
            }
            _ => {}
        }
        let known = match args.first() {
            Some(first) => plain(name, first, args),
            None => match name {
                "str" => Some(Value::text("")),
                "bytes" | "bytearray" => Some(Value::bytes(Vec::new())),
                "list" | "tuple" | "set" => Some(Value::list(Vec::new())),
                "dict" if args.keywords.iter().all(|(name, _)| name.is_some()) => {
                    let entry = |(name, value): &(Option<&str>, Value)| {
                        (Value::text(name.unwrap_or_default()), value.clone())
                    };
                    Some(Value::dict(args.keywords.iter().map(entry).collect()))
                }
                _ => None,
            },
        };
        known.map(|value| self.made(value).with_taints(&args.taints()))
    }

    fn imported(&self, args: &Args<'a>) -> Value {
        let Some(name) = args.named("name", 0) else { return Value::unknown() };
        let has_from_list = args.named("fromlist", 3).is_some_and(|list| list.truth() != Some(false));
        let mut value = Value { open: name.open || name.atoms.is_empty(), ..Value::default() };
        for name in name.texts() {
            let module = match name.split_once('.') {
                Some((top, _)) if !has_from_list => top,
                _ => &name,
            };
            value.add(self.path(names::canonical(module)));
        }
        value
    }

    fn import_function(&self, name: &str, args: &Args<'a>) -> Option<Value> {
        match name {
            "__import__" => Some(self.imported(args)),
            "import_module" => {
                let name = args.named("name", 0)?;
                let mut value = Value { open: name.open || name.atoms.is_empty(), ..Value::default() };
                name.texts().for_each(|name| value.add(self.path(names::canonical(&name))));
                Some(value)
            }
            "reload" => args.first().cloned(),
            _ => None,
        }
    }

    fn type_method(&self, path: &str, name: &str, args: &Args<'a>) -> Option<Value> {
        match name {
            "fromhex" => codec::decode(path, args.first()?.only()?),
            "maketrans" => maketrans(path, args),
            _ => {
                let (object, rest) = args.values.split_first()?;
                let rest = Args { values: rest.to_vec(), keywords: args.keywords.clone() };
                Some(self.method(object, name, &rest))
            }
        }
    }

    fn map(&self, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Option<Value> {
        let (function, lists) = args.values.split_first()?;
        let Some(lists) = lists.iter().map(Value::elements).collect::<Option<Vec<_>>>() else {
            // Whatever one call gives.
            let elements = lists.iter().map(|list| self.any_element(list)).collect();
            let one = self.apply(function, &Args::of(elements), here);
            return Some(Value { open: true, ..Value::list(vec![one]) });
        };
        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
        let mut made = Vec::new();
        for at in 0..length.min(MAX_ITEMS) {
            if !self.step() {
                return None;
            }
            let values = lists.iter().map(|list| list[at].clone()).collect();
            made.push(self.apply(function, &Args::of(values), here));
        }
        Some(self.made(Value::list(made)))
    }

    fn functools(&self, name: &str, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Option<Value> {
        match name {
            "partial" | "partialmethod" => {
                let (function, first) = args.values.split_first()?;
                let value = Value::of(Atom::Partial(Rc::new((function.clone(), first.to_vec()))));
                Some(value.with_taints(&args.taints()))
            }
            "reduce" => {
                let function = args.first()?;
                let mut items = args.values.get(1)?.elements()?.into_iter();
                let mut value = match args.values.get(2) {
                    Some(initial) => initial.clone(),
                    None => items.next()?,
                };
                for item in items {
                    if !self.step() {
                        return None;
                    }
                    value = self.apply(function, &Args::of(vec![value, item]), here);
                }
                Some(value)
            }
            "wraps" | "lru_cache" | "cache" => None,
            _ => None,
        }
    }

    fn operator_function(&self, name: &str, args: &Args<'a>, here: (usize, At<'_, 'a>)) -> Option<Value> {
        use ruff_python_ast::Operator;
        let operator = match name {
            "attrgetter" | "methodcaller" => {
                let member = args.text(0)?;
                return Some(Value::of(Atom::Getter { name: member, calls: name == "methodcaller" }));
            }
            "getitem" => return Some(self.item(args.first()?, args.values.get(1)?, here.1)),
            "itemgetter" => return None,
            "call" => {
                let (callee, rest) = args.values.split_first()?;
                return Some(self.apply(callee, &Args::of(rest.to_vec()), here));
            }
            "add" | "concat" | "iadd" => Operator::Add,
            "mul" => Operator::Mult,
            "xor" => Operator::BitXor,
            "sub" => Operator::Sub,
            "mod" => Operator::Mod,
            _ => return None,
        };
        Some(self.operate(operator, args.first()?, args.values.get(1)?))
    }
}

/// Functions of constants that look at nothing else.
fn plain(name: &str, first: &Value, args: &Args<'_>) -> Option<Value> {
    match name {
        "chr" => Some(Value::text(char::from_u32(u32::try_from(first.as_int()?).ok()?)?.to_string())),
        "ord" => match first.only()? {
            Atom::Text(text) => Some(Value::int(i64::from(u32::from(text.chars().next()?)))),
            Atom::Bytes(bytes) => Some(Value::int(i64::from(*bytes.first()?))),
            _ => None,
        },
        "str" => match (first.only()?, args.values.get(1)) {
            (Atom::Bytes(_), Some(_)) => codec::by_name(&args.text(1)?, first.only()?),
            (Atom::Bytes(_), None) if !args.keywords.is_empty() => codec::by_name("utf-8", first.only()?),
            (atom, _) => format::shown(atom).map(Value::text),
        },
        "bytes" | "bytearray" | "memoryview" => match first.only()? {
            Atom::Bytes(bytes) => Some(Value::bytes(bytes.to_vec())),
            Atom::Text(text) => Some(Value::bytes(text.as_bytes())),
            Atom::List(items) => {
                let bytes = items.iter().map(|item| u8::try_from(item.as_int()?).ok());
                Some(Value::bytes(bytes.collect::<Option<Vec<_>>>()?))
            }
            Atom::Int(size) => {
                Some(Value::bytes(vec![0; usize::try_from(*size).ok().filter(|&size| size <= 4_096)?]))
            }
            _ => None,
        },
        "int" => match first.only()? {
            Atom::Int(number) => Some(Value::int(*number)),
            atom => {
                let text = atom.as_text()?;
                let base = args.named("base", 1).map_or(Some(10), Value::as_int)?;
                let digits =
                    text.trim().trim_start_matches("0x").trim_start_matches("0b").trim_start_matches("0o");
                let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
                i64::from_str_radix(digits, base).ok().map(Value::int)
            }
        },
        "hex" => Some(Value::text(format!("{:#x}", first.as_int()?))),
        "oct" => Some(Value::text(format!("{:#o}", first.as_int()?))),
        "bin" => Some(Value::text(format!("{:#b}", first.as_int()?))),
        "repr" | "ascii" => Some(Value::text(match first.only()? {
            Atom::Text(text) => format!("'{text}'"),
            atom => format::shown(atom)?,
        })),
        "abs" => Some(Value::int(first.as_int()?.checked_abs()?)),
        "bool" => Some(Value::int(i64::from(first.truth()?))),
        "len" => Some(Value::int(i64::try_from(first.elements()?.len()).ok()?)),
        "list" | "tuple" | "set" | "frozenset" | "iter" => Some(Value::list(first.elements()?)),
        "next" => first.elements()?.into_iter().next(),
        "reversed" => Some(Value::list(first.elements()?.into_iter().rev().collect())),
        "dict" => match first.only()? {
            Atom::Dict(items) => Some(Value::dict(items.to_vec())),
            Atom::List(items) => {
                let pair = |item: &Value| match item.elements()?.as_slice() {
                    [key, value] => Some((key.clone(), value.clone())),
                    _ => None,
                };
                Some(Value::dict(items.iter().map(pair).collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        },
        "sorted" => sorted(first),
        "sum" => {
            let numbers = first.elements()?;
            numbers.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.as_int()?)).map(Value::int)
        }
        "enumerate" => {
            let items = first.elements()?.into_iter().enumerate();
            Some(Value::list(
                items
                    .map(|(at, item)| Value::list(vec![Value::int(i64::try_from(at).unwrap_or(0)), item]))
                    .collect(),
            ))
        }
        "zip" => {
            let lists = args.values.iter().map(Value::elements).collect::<Option<Vec<_>>>()?;
            let length = lists.iter().map(Vec::len).min()?;
            Some(Value::list(
                (0..length)
                    .map(|at| Value::list(lists.iter().map(|list| list[at].clone()).collect()))
                    .collect(),
            ))
        }
        "range" => range(args),
        "format" => format::formatted(first.only()?, &args.text(1).unwrap_or_default()).map(Value::text),
        _ => None,
    }
}

fn sorted(list: &Value) -> Option<Value> {
    let mut keyed = list
        .elements()?
        .into_iter()
        .map(|item| Some((item.only()?.as_text()?, item.clone())))
        .collect::<Option<Vec<_>>>()?;
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(Value::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn range(args: &Args<'_>) -> Option<Value> {
    let (start, end, step) = match args.values.len() {
        1 => (0, args.int(0)?, 1),
        2 => (args.int(0)?, args.int(1)?, 1),
        _ => (args.int(0)?, args.int(1)?, args.int(2)?),
    };
    let count = if step > 0 {
        end.checked_sub(start)?.max(0) / step
    } else {
        start.checked_sub(end)?.max(0) / step.checked_neg().filter(|&step| step > 0)?
    };
    if count > 10_000 {
        return None;
    }
    let mut numbers = Vec::new();
    let mut at = start;
    while if step > 0 { at < end } else { at > end } {
        numbers.push(Value::int(at));
        at = at.checked_add(step)?;
    }
    Some(Value::list(numbers))
}

fn maketrans(path: &str, args: &Args<'_>) -> Option<Value> {
    if path.starts_with("builtins.bytes") {
        let (from, to) = (codec::raw(args.first()?.only()?)?, codec::raw(args.values.get(1)?.only()?)?);
        let mut table: Vec<u8> = (0..=255).collect();
        from.iter().zip(&*to).for_each(|(&from, &to)| table[usize::from(from)] = to);
        return Some(Value::bytes(table));
    }
    let code = |c: char| Value::int(i64::from(u32::from(c)));
    if let Atom::Dict(items) = args.first()?.only()? {
        let key = |key: &Value| match key.only() {
            Some(Atom::Text(text)) => text.chars().next().map_or_else(Value::unknown, code),
            _ => key.clone(),
        };
        return Some(Value::dict(items.iter().map(|(known, value)| (key(known), value.clone())).collect()));
    }
    let (from, to) = (args.text(0)?, args.text(1)?);
    let mut table: Vec<_> = from.chars().map(code).zip(to.chars().map(code)).collect();
    if let Some(removed) = args.text(2) {
        table.extend(removed.chars().map(|c| (code(c), Value::of(Atom::Nothing))));
    }
    Some(Value::dict(table))
}

fn codecs(name: &str, args: &Args<'_>) -> Option<Value> {
    let first = args.first()?.only()?;
    match name {
        "decode" => codec::by_name(args.text(1).as_deref().unwrap_or("utf-8"), first),
        "encode" if matches!(args.text(1).as_deref(), Some("rot13" | "rot_13" | "rot-13")) => {
            codec::by_name("rot13", first)
        }
        "encode" => codec::raw(first).map(Value::bytes),
        "escape_decode" => {
            let text = codec::by_name("unicode_escape", first)?;
            Some(Value::list(vec![text]))
        }
        _ => None,
    }
}

fn itertools(name: &str, args: &Args<'_>) -> Option<Value> {
    match name {
        "chain" => {
            let lists = args.values.iter().map(Value::elements).collect::<Option<Vec<_>>>()?;
            Some(Value::list(lists.concat()))
        }
        _ => None,
    }
}

/// `struct.pack` of single bytes, which is how it hides text.
fn pack(args: &Args<'_>) -> Option<Value> {
    let format = args.text(0)?;
    let is_big = format.starts_with(['>', '!']);
    let kind = format.chars().last()?;
    let width = match kind {
        'B' | 'b' | 'c' => 1,
        'H' | 'h' => 2,
        'I' | 'i' | 'L' | 'l' => 4,
        'Q' | 'q' => 8,
        's' => return codec::raw(args.values.get(1)?.only()?).map(Value::bytes),
        _ => return None,
    };
    let mut bytes = Vec::new();
    for value in args.values.iter().skip(1) {
        match value.only()? {
            Atom::Bytes(one) => bytes.extend_from_slice(one),
            Atom::Int(number) if is_big => bytes.extend_from_slice(&number.to_be_bytes()[8 - width..]),
            Atom::Int(number) => bytes.extend_from_slice(&number.to_le_bytes()[..width]),
            _ => return None,
        }
    }
    Some(Value::bytes(bytes))
}
