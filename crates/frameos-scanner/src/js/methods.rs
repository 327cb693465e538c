//! The built-in methods of constant text, lists, numbers and bytes.

use super::value::{MAX_TEXT, Needle, Value, in_radix, joined};
use crate::decode;

/// Applies a method whose arguments are all known.
pub(super) fn apply(object: Value, name: &str, arguments: &[Value]) -> Option<Value> {
    let result = match object {
        Value::Text(text) => text_method(text, name, arguments),
        Value::List(values) => list_method(values, name, arguments),
        Value::Bytes(bytes) => bytes_method(bytes, name, arguments),
        Value::Number(number) if name == "toString" => match arguments.first() {
            Some(radix) => in_radix(number, radix.number()?).map(Value::Text),
            None => Value::Number(number).text().map(Value::Text),
        },
        Value::Bool(_) if name == "toString" => object.text().map(Value::Text),
        _ => None,
    };
    result.filter(Value::is_short)
}

/// A property that is no method.
pub(super) fn property(object: &Value, name: &str) -> Option<Value> {
    match (object, name) {
        (Value::Text(text), "length") => Some(Value::of_count(text.encode_utf16().count())),
        (Value::List(values), "length") => Some(Value::of_count(values.len())),
        (Value::Bytes(bytes), "length") => Some(Value::of_count(bytes.len())),
        (Value::Object(entries), _) => {
            entries.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        }
        (Value::Text(_) | Value::List(_) | Value::Bytes(_), _) => {
            element(object, name.parse::<usize>().ok()?)
        }
        _ => None,
    }
}

fn element(object: &Value, at: usize) -> Option<Value> {
    match object {
        Value::List(values) => values.get(at).cloned(),
        Value::Bytes(bytes) => bytes.get(at).map(|byte| Value::Number(f64::from(*byte))),
        Value::Text(text) if text.is_ascii() => text.get(at..=at).map(Value::of_text),
        Value::Text(text) => in_plane(text)?.nth(at).map(|c| Value::Text(c.to_string())),
        _ => None,
    }
}

/// The characters of a text in which each is one unit of JavaScript's.
fn in_plane(text: &str) -> Option<std::str::Chars<'_>> {
    text.chars().all(|c| u32::from(c) < 0x1_0000).then(|| text.chars())
}

/// The index an argument stands for, counted from the end where it is negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped"
)]
fn index(argument: Option<&Value>, length: usize, default: usize) -> Option<usize> {
    let at = match argument {
        None | Some(Value::Undefined) => return Some(default),
        Some(value) => value.number()?.trunc(),
    };
    let at = if at < 0.0 { at + length as f64 } else { at };
    Some(at.clamp(0.0, length as f64) as usize)
}

fn text_method(text: String, name: &str, arguments: &[Value]) -> Option<Value> {
    let argument = |at: usize| arguments.get(at);
    let string = |at: usize| arguments.get(at).and_then(Value::text);
    let result = match name {
        "toString" | "valueOf" | "normalize" => text,
        "toLowerCase" | "toLocaleLowerCase" => text.to_lowercase(),
        "toUpperCase" | "toLocaleUpperCase" => text.to_uppercase(),
        "trim" | "trimStart" | "trimEnd" | "trimLeft" | "trimRight" if !text.is_ascii() => return None,
        "trim" => text.trim().to_owned(),
        "trimStart" | "trimLeft" => text.trim_start().to_owned(),
        "trimEnd" | "trimRight" => text.trim_end().to_owned(),
        "concat" => arguments.iter().try_fold(text, |text, more| Some(text + &more.text()?))?,
        "repeat" => {
            let count = index(argument(0), MAX_TEXT, 0)?;
            (count * text.len() <= MAX_TEXT).then(|| text.repeat(count))?
        }
        "padStart" | "padEnd" => {
            let missing = index(argument(0), MAX_TEXT, 0)?.saturating_sub(text.chars().count());
            let fill = string(1).unwrap_or_else(|| " ".to_owned());
            let padding: String =
                fill.chars().cycle().take(if fill.is_empty() { 0 } else { missing }).collect();
            if name == "padStart" { padding + &text } else { text + &padding }
        }
        "replace" | "replaceAll" => replaced(&text, argument(0)?, &string(1)?, name == "replaceAll")?,
        "slice" | "substring" | "substr" => cut(&text, name, arguments)?,
        "split" if arguments.len() < 2 => return split(&text, argument(0)).map(Value::List),
        "charAt" | "charCodeAt" | "codePointAt"
            if argument(0).is_some_and(|at| at.number().is_none_or(|at| at < 0.0)) =>
        {
            return None;
        }
        "charAt" | "at" => {
            let length = text.chars().count();
            let at = index(argument(0), length, 0)?;
            return match element(&Value::Text(text), at) {
                None if name == "charAt" => Some(Value::of_text("")),
                found => found,
            };
        }
        "charCodeAt" | "codePointAt" => {
            let at = index(argument(0), text.len(), 0)?;
            let c = in_plane(&text)?.nth(at)?;
            return Some(Value::Number(f64::from(u32::from(c))));
        }
        "indexOf" | "includes" | "startsWith" | "endsWith" if arguments.len() != 1 => return None,
        "indexOf" => {
            let at = text.find(&string(0)?);
            let at = at.map(|at| text[..at].chars().count());
            return Some(at.map_or(Value::Number(-1.0), Value::of_count));
        }
        "includes" => return Some(Value::Bool(text.contains(&string(0)?))),
        "startsWith" => return Some(Value::Bool(text.starts_with(&string(0)?))),
        "endsWith" => return Some(Value::Bool(text.ends_with(&string(0)?))),
        "match" => return matches(&text, argument(0)?),
        _ => return None,
    };
    Some(Value::Text(result))
}

fn cut(text: &str, name: &str, arguments: &[Value]) -> Option<String> {
    let chars: Vec<char> = in_plane(text)?.collect();
    let length = chars.len();
    let clamped = |at: usize, default: usize| match arguments.get(at) {
        None | Some(Value::Undefined) => Some(default),
        // `substring` takes what is negative as nought.
        Some(value) if name == "substring" && value.number()? < 0.0 => Some(0),
        value => index(value, length, default),
    };
    let from = clamped(0, 0)?;
    let (from, to) = match name {
        "substr" => {
            let count = match arguments.get(1) {
                None | Some(Value::Undefined) => length,
                Some(count) if count.number()? < 0.0 => 0,
                count => index(count, length, length)?,
            };
            (from, (from + count).min(length))
        }
        "substring" => {
            let to = clamped(1, length)?;
            (from.min(to), from.max(to))
        }
        _ => (from, clamped(1, length)?),
    };
    Some(chars.get(from..to.max(from))?.iter().collect())
}

fn split(text: &str, separator: Option<&Value>) -> Option<Vec<Value>> {
    let parts: Vec<String> = match separator {
        None | Some(Value::Undefined) => vec![text.to_owned()],
        Some(Value::Text(separator)) if separator.is_empty() => in_plane(text)?.map(String::from).collect(),
        Some(Value::Text(separator)) => text.split(separator.as_str()).map(str::to_owned).collect(),
        Some(Value::Pattern { needle: Needle::Text(separator), .. }) => {
            text.split(separator.as_str()).map(str::to_owned).collect()
        }
        Some(Value::Pattern { needle: Needle::AnyOf(set), .. }) => {
            text.split(set.as_slice()).map(str::to_owned).collect()
        }
        Some(_) => return None,
    };
    Some(parts.into_iter().map(Value::Text).collect())
}

fn replaced(text: &str, what: &Value, with: &str, all: bool) -> Option<String> {
    if with.contains('$') {
        return None;
    }
    match what {
        Value::Text(what) if all => {
            (text.len() * (with.len() + 1) <= 4 * MAX_TEXT).then(|| text.replace(what, with))
        }
        Value::Text(what) => Some(text.replacen(what, with, 1)),
        Value::Pattern { needle, is_global } => {
            let count = if *is_global { usize::MAX } else { 1 };
            if text.len() * (with.len() + 1) > 4 * MAX_TEXT {
                return None;
            }
            match needle {
                Needle::Text(what) => Some(text.replacen(what, with, count)),
                Needle::AnyOf(set) => Some(text.replacen(set.as_slice(), with, count)),
                Needle::Any(_) => None,
            }
        }
        _ => None,
    }
}

/// `'6676'.match(/../g)`
fn matches(text: &str, pattern: &Value) -> Option<Value> {
    let Value::Pattern { needle: Needle::Any(width), is_global: true } = pattern else { return None };
    let chars: Vec<char> = in_plane(text)?.collect();
    let parts = chars.chunks_exact(*width).map(|part| Value::Text(part.iter().collect()));
    Some(Value::List(parts.collect()))
}

fn list_method(mut values: Vec<Value>, name: &str, arguments: &[Value]) -> Option<Value> {
    let result = match name {
        "join" => {
            let separator = match arguments.first() {
                None | Some(Value::Undefined) => ",".to_owned(),
                Some(separator) => separator.text()?,
            };
            return joined(&values, &separator).map(Value::Text);
        }
        "toString" => return joined(&values, ",").map(Value::Text),
        "reverse" | "toReversed" => {
            values.reverse();
            values
        }
        "sort" | "toSorted" if arguments.is_empty() => {
            let mut keyed =
                values.into_iter().map(|value| Some((value.text()?, value))).collect::<Option<Vec<_>>>()?;
            keyed.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            keyed.into_iter().map(|(_, value)| value).collect()
        }
        "slice" => {
            let from = index(arguments.first(), values.len(), 0)?;
            let to = index(arguments.get(1), values.len(), values.len())?;
            values.get(from..to.max(from))?.to_vec()
        }
        "concat" => {
            for more in arguments {
                match more {
                    Value::List(more) => values.extend(more.iter().cloned()),
                    more => values.push(more.clone()),
                }
            }
            values
        }
        "flat" if arguments.is_empty() => values
            .into_iter()
            .flat_map(|value| if let Value::List(inner) = value { inner } else { vec![value] })
            .collect(),
        "at" => {
            let at = index(arguments.first(), values.len(), 0)?;
            return element(&Value::List(values), at);
        }
        "pop" => return Some(values.pop().unwrap_or(Value::Undefined)),
        "shift" => return Some(if values.is_empty() { Value::Undefined } else { values.swap_remove(0) }),
        "indexOf" | "includes" if arguments.len() != 1 => return None,
        "indexOf" => {
            let at = values.iter().position(|value| Some(value) == arguments.first());
            return Some(at.map_or(Value::Number(-1.0), Value::of_count));
        }
        "includes" => return Some(Value::Bool(values.iter().any(|value| Some(value) == arguments.first()))),
        _ => return None,
    };
    Some(Value::List(result))
}

fn bytes_method(bytes: Vec<u8>, name: &str, arguments: &[Value]) -> Option<Value> {
    match name {
        "toString" | "toLocaleString" => {
            let encoding = arguments.first().and_then(Value::text);
            decoded(bytes, encoding.as_deref()).map(Value::Text)
        }
        "reverse" => Some(Value::Bytes(bytes.into_iter().rev().collect())),
        "slice" | "subarray" => {
            let from = index(arguments.first(), bytes.len(), 0)?;
            let to = index(arguments.get(1), bytes.len(), bytes.len())?;
            bytes.get(from..to.max(from)).map(|bytes| Value::Bytes(bytes.to_vec()))
        }
        _ => None,
    }
}

fn decoded(bytes: Vec<u8>, encoding: Option<&str>) -> Option<String> {
    match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("utf8" | "utf-8") => String::from_utf8(bytes).ok(),
        Some("ascii") => Some(bytes.into_iter().map(|byte| char::from(byte & 0x7f)).collect()),
        Some("latin1" | "binary") => Some(bytes.into_iter().map(char::from).collect()),
        Some("utf16le" | "utf-16le" | "ucs2" | "ucs-2") => {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        }
        Some("hex") => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        _ => None,
    }
}

/// What `Buffer.from(value, encoding)` holds.
pub(super) fn to_bytes(value: &Value, encoding: Option<&str>) -> Option<Vec<u8>> {
    match (value, encoding.map(str::to_ascii_lowercase).as_deref()) {
        (Value::Text(text), None | Some("utf8" | "utf-8")) => Some(text.clone().into_bytes()),
        (Value::Text(text), Some("ascii" | "latin1" | "binary")) => {
            text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
        }
        (Value::Text(text), Some("base64" | "base64url")) => base64(text),
        (Value::Text(text), Some("hex")) => {
            let is_exact = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_exact { decode::hex(text) } else { None }
        }
        (Value::Text(text), Some("utf16le" | "utf-16le" | "ucs2" | "ucs-2")) => {
            Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        (Value::List(values), _) => {
            values.iter().map(|value| u8::try_from(value.bits()? & 0xff).ok()).collect()
        }
        (Value::Bytes(bytes), _) => Some(bytes.clone()),
        _ => None,
    }
}

/// Base64 that every decoder reads alike.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if body.contains('=') { None } else { decode::base64(body) }
}

/// What `unescape` gives.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (digits, width) = match after.strip_prefix('u') {
            Some(wide) => (wide.get(..4), 5),
            None => (after.get(..2), 2),
        };
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                result.push(char::from_u32(code)?);
                rest = &after[width..];
            }
            None => {
                result.push('%');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    Some(result)
}
