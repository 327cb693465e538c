//! Methods of constant text, bytes, lists and dictionaries.

use super::super::value::{Atom, MAX_ITEMS, MAX_TEXT, Value, add_taints};
use super::call::Args;
use super::container::{dict_item, index};
use super::{Evaluator, codec, format};

impl<'a> Evaluator<'_, 'a> {
    /// What a method of a constant gives.
    pub(super) fn method(&self, object: &Value, name: &str, args: &Args<'a>) -> Value {
        let mut taints = object.taints.clone();
        add_taints(&mut taints, &args.taints());
        let mut value = Value { open: object.open, ..Value::default() };
        for atom in &object.atoms {
            let result = match atom {
                Atom::Text(text) => self.text_method(text, name, args),
                Atom::Bytes(bytes) => self.bytes_method(bytes, name, args),
                Atom::List(items) => list_method(items, name, args),
                Atom::Dict(items) => dict_method(items, name, args),
                Atom::Int(number) if name == "to_bytes" => to_bytes(*number, args),
                _ => None,
            };
            match result {
                Some(result) => value.add(result),
                None => value.open = true,
            }
        }
        self.made(value.with_taints(&taints))
    }

    fn text_method(&self, text: &str, name: &str, args: &Args<'a>) -> Option<Value> {
        let changed = |text: String| Some(Value::text(text));
        match name {
            "join" => {
                let mut joined = Value::default();
                let parts = args.first()?;
                for atom in &parts.atoms {
                    joined.add(self.join(text, &Value::of(atom.clone())).unwrap_or_else(Value::unknown));
                }
                joined.open |= parts.open || parts.atoms.is_empty();
                Some(joined)
            }
            "encode" => Some(match args.text(0).as_deref() {
                None | Some("utf-8" | "utf8" | "ascii") => Value::bytes(text.as_bytes()),
                Some("latin-1" | "latin1" | "iso-8859-1" | "raw_unicode_escape" | "charmap") => {
                    let bytes =
                        text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<_>>>();
                    Value::bytes(bytes?)
                }
                Some("utf-16" | "utf-16le" | "utf-16-le") => {
                    Value::bytes(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
                }
                Some("hex") => Value::text(codec::hex(text.as_bytes())),
                Some("rot13" | "rot_13" | "rot-13") => changed(text.chars().map(codec::rot13).collect())?,
                Some(_) => return None,
            }),
            "decode" => codec::by_name(args.text(0).as_deref().unwrap_or("utf-8"), &Atom::Text(text.into())),
            "lower" | "casefold" => changed(text.to_lowercase()),
            "upper" => changed(text.to_uppercase()),
            "swapcase" => changed(text.chars().map(swapped).collect()),
            "capitalize" | "title" => {
                let mut chars = text.chars();
                let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
                changed(first + &chars.as_str().to_lowercase())
            }
            "strip" | "lstrip" | "rstrip" => changed(strip(text, name, args)?.to_owned()),
            "removeprefix" => changed(text.strip_prefix(&*args.text(0)?).unwrap_or(text).to_owned()),
            "removesuffix" => changed(text.strip_suffix(&*args.text(0)?).unwrap_or(text).to_owned()),
            "replace" => {
                let (from, to) = (args.text(0)?, args.text(1)?);
                let fits = text.len().saturating_mul(to.len() + 1) <= MAX_TEXT * 16;
                fits.then(|| Value::text(text.replace(&*from, &to)))
            }
            "zfill" => changed(format!("{text:0>width$}", width = args.size(0)?)),
            "ljust" => changed(format!("{text:<width$}", width = args.size(0)?)),
            "rjust" | "center" => changed(format!("{text:>width$}", width = args.size(0)?)),
            "split" | "rsplit" => split(text, name, args),
            "splitlines" => Some(Value::list(text.lines().map(Value::text).collect())),
            "partition" => {
                let separator = args.text(0)?;
                let (before, after) = text.split_once(&*separator)?;
                Some(Value::list([before, &separator, after].into_iter().map(Value::text).collect()))
            }
            "format" => format::format(text, &args.values, &args.keywords).map(Value::text),
            "format_map" => None,
            "translate" => translate(text, args.first()?.only()?),
            "find" | "index" => {
                let at = text.find(&*args.text(0)?)?;
                Some(Value::int(i64::try_from(text[..at].chars().count()).ok()?))
            }
            "count" => Some(Value::int(i64::try_from(text.matches(&*args.text(0)?).count()).ok()?)),
            "startswith" => Some(Value::int(i64::from(text.starts_with(&*args.text(0)?)))),
            "endswith" => Some(Value::int(i64::from(text.ends_with(&*args.text(0)?)))),
            "isdigit" => Some(Value::int(i64::from(text.bytes().all(|byte| byte.is_ascii_digit())))),
            "isalpha" => Some(Value::int(i64::from(text.chars().all(char::is_alphabetic)))),
            "isupper" => Some(Value::int(i64::from(text.chars().all(char::is_uppercase)))),
            "islower" => Some(Value::int(i64::from(text.chars().all(char::is_lowercase)))),
            "__getitem__" => {
                Some(Value::text(text.chars().nth(index(args.int(0)?, text.chars().count())?)?.to_string()))
            }
            "__add__" => changed(format!("{text}{}", args.text(0)?)),
            "__str__" | "expandtabs" => changed(text.to_owned()),
            _ => None,
        }
    }

    fn join(&self, separator: &str, parts: &Value) -> Option<Value> {
        let parts = parts.elements()?;
        let texts: Option<Vec<_>> = parts.iter().map(|part| part.only()?.as_text()).collect();
        if let Some(texts) = texts {
            let length: usize = texts.iter().map(|text| text.len() + separator.len()).sum();
            return (length <= MAX_TEXT).then(|| Value::text(texts.join(separator)));
        }
        // Of which only the first parts are known.
        let known: Vec<_> = parts.iter().map_while(|part| part.only()?.as_text()).collect();
        let prefix = known.join(separator);
        (!known.is_empty()).then(|| Value { open: true, ..Value::of(Atom::Prefix(prefix.into())) })
    }

    fn bytes_method(&self, bytes: &[u8], name: &str, args: &Args<'a>) -> Option<Value> {
        match name {
            "decode" => {
                codec::by_name(args.text(0).as_deref().unwrap_or("utf-8"), &Atom::Bytes(bytes.into()))
            }
            "hex" => Some(Value::text(codec::hex(bytes))),
            "join" => {
                let parts = args.first()?.elements()?;
                let parts: Option<Vec<_>> = parts.iter().map(|part| codec::raw(part.only()?)).collect();
                Some(Value::bytes(parts?.join(bytes)))
            }
            "translate" => match args.first()?.only()? {
                Atom::Bytes(table) if table.len() == 256 => Some(Value::bytes(
                    bytes.iter().map(|&byte| table[usize::from(byte)]).collect::<Vec<u8>>(),
                )),
                _ => None,
            },
            "__getitem__" => Some(Value::int(i64::from(bytes[index(args.int(0)?, bytes.len())?]))),
            "tobytes" | "copy" => Some(Value::bytes(bytes)),
            _ => {
                // The rest work as on text.
                let text = std::str::from_utf8(bytes).ok()?;
                let value = self.text_method(text, name, args)?;
                let as_bytes = |atom: &Atom| match atom {
                    Atom::Text(text) => Value::bytes(text.as_bytes()),
                    atom => Value::of(atom.clone()),
                };
                match value.only()? {
                    Atom::List(items) => {
                        let items = items.iter().map(|item| item.only().map(as_bytes));
                        Some(Value::list(items.collect::<Option<Vec<_>>>()?))
                    }
                    atom => Some(as_bytes(atom)),
                }
            }
        }
    }
}

fn swapped(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

fn strip<'t>(text: &'t str, name: &str, args: &Args<'_>) -> Option<&'t str> {
    let set = match args.first() {
        Some(_) => Some(args.text(0)?),
        None => None,
    };
    let is_stripped = |c: char| set.as_ref().map_or_else(|| c.is_whitespace(), |set| set.contains(c));
    Some(match name {
        "lstrip" => text.trim_start_matches(is_stripped),
        "rstrip" => text.trim_end_matches(is_stripped),
        _ => text.trim_matches(is_stripped),
    })
}

fn split(text: &str, name: &str, args: &Args<'_>) -> Option<Value> {
    let limit = match args.values.get(1) {
        Some(_) => args.size(1)? + 1,
        None => MAX_ITEMS,
    };
    let texts = |parts: &mut dyn Iterator<Item = &str>| {
        Some(Value::list(parts.take(MAX_ITEMS).map(Value::text).collect()))
    };
    match args.first() {
        None | Some(Value { .. }) if args.text(0).is_none() => texts(&mut text.split_whitespace()),
        _ => {
            let separator = args.text(0)?;
            if separator.is_empty() {
                return None;
            }
            if name == "rsplit" {
                let mut parts: Vec<_> = text.rsplitn(limit, &*separator).collect();
                parts.reverse();
                return texts(&mut parts.into_iter());
            }
            texts(&mut text.splitn(limit, &*separator))
        }
    }
}

fn translate(text: &str, table: &Atom) -> Option<Value> {
    let Atom::Dict(table) = table else { return None };
    let mut out = String::new();
    for c in text.chars() {
        let key = Atom::Int(i64::from(u32::from(c)));
        match table.iter().rev().find(|(known, _)| known.only() == Some(&key)).map(|(_, value)| value.only())
        {
            None => out.push(c),
            Some(Some(Atom::Text(text))) => out.push_str(text),
            Some(Some(Atom::Int(code))) => out.push(char::from_u32(u32::try_from(*code).ok()?)?),
            Some(Some(Atom::Nothing)) => {}
            Some(_) => return None,
        }
        if out.len() > MAX_TEXT || table.len() > 1_000 {
            return None;
        }
    }
    Some(Value::text(out))
}

fn list_method(items: &[Value], name: &str, args: &Args<'_>) -> Option<Value> {
    match name {
        "copy" | "__iter__" => Some(Value::list(items.to_vec())),
        "pop" if args.values.is_empty() => items.last().cloned(),
        "pop" | "__getitem__" => Some(items[index(args.int(0)?, items.len())?].clone()),
        "index" => {
            let sought = args.first()?.only()?;
            let at = items.iter().position(|item| item.only() == Some(sought))?;
            Some(Value::int(i64::try_from(at).ok()?))
        }
        "__len__" => Some(Value::int(i64::try_from(items.len()).ok()?)),
        _ => None,
    }
}

fn dict_method(items: &[(Value, Value)], name: &str, args: &Args<'_>) -> Option<Value> {
    match name {
        "get" | "pop" | "__getitem__" | "setdefault" => {
            let mut value = dict_item(items, args.first()?);
            if let Some(default) = args.values.get(1) {
                value.add(default.clone());
            }
            Some(value)
        }
        "items" => Some(Value::list(
            items.iter().map(|(key, value)| Value::list(vec![key.clone(), value.clone()])).collect(),
        )),
        "keys" | "__iter__" => Some(Value::list(items.iter().map(|(key, _)| key.clone()).collect())),
        "values" => Some(Value::list(items.iter().map(|(_, value)| value.clone()).collect())),
        "copy" => Some(Value::dict(items.to_vec())),
        _ => None,
    }
}

fn to_bytes(number: i64, args: &Args<'_>) -> Option<Value> {
    let length = args.size(0)?;
    let bytes = number.to_be_bytes();
    let mut bytes = bytes.get(8_usize.checked_sub(length)?..)?.to_vec();
    if args.text(1).as_deref() == Some("little") {
        bytes.reverse();
    }
    Some(Value::bytes(bytes))
}
