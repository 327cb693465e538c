//! The built-in functions that programs put constant text together with: `atob`, `String.fromCharCode`, `Buffer.from`.

use super::methods::{self, to_bytes};
use super::value::{Value, parse_int, text_number};
use crate::decode;

/// The key that marks a record whose order of keys is not known.
const UNORDERED: char = '\0';

pub(super) fn built_in(name: &str, arguments: &[Value]) -> Option<Value> {
    let first = arguments.first();
    let text = || first.and_then(Value::text);
    let number = || first.and_then(Value::number);
    match name {
        "atob" => {
            methods::base64(&text()?).map(|bytes| Value::Text(bytes.into_iter().map(char::from).collect()))
        }
        "unescape" => methods::unescaped(&text()?).map(Value::Text),
        "decodeURIComponent" | "decodeURI" => decode::percent(&text()?).map(Value::Text),
        "String" => text().map(Value::Text),
        "Number" => number().map(Value::Number),
        "Boolean" => Some(Value::Bool(first.is_some_and(Value::is_true))),
        "parseInt" | "Number.parseInt" => {
            let radix = arguments.get(1).and_then(Value::number);
            parse_int(&text()?, radix).map(Value::Number)
        }
        "parseFloat" | "Number.parseFloat" => text_number(&text()?).map(Value::Number),
        "String.fromCharCode" | "String.fromCodePoint" => {
            let codes = arguments.iter().map(|code| char::from_u32(u32::try_from(code.bits()?).ok()?));
            codes.collect::<Option<String>>().map(Value::Text)
        }
        "Buffer.from" | "Uint8Array.from" | "Uint8Array.of" => {
            let encoding = arguments.get(1).and_then(Value::text);
            to_bytes(first?, encoding.as_deref()).map(Value::Bytes)
        }
        "Buffer.concat" => {
            let Some(Value::List(parts)) = first else { return None };
            let parts = parts
                .iter()
                .map(|part| if let Value::Bytes(bytes) = part { Some(bytes.as_slice()) } else { None });
            Some(Value::Bytes(parts.collect::<Option<Vec<_>>>()?.concat()))
        }
        "Array.from" | "Object.freeze" | "Object.assign" if arguments.len() == 1 => match first? {
            Value::Text(text) => {
                Some(Value::List(text.chars().map(|c| Value::Text(c.to_string())).collect()))
            }
            Value::Bytes(bytes) => {
                Some(Value::List(bytes.iter().map(|byte| Value::Number(f64::from(*byte))).collect()))
            }
            value @ (Value::List(_) | Value::Object(_)) => Some(value.clone()),
            _ => None,
        },
        "Array.of" => Some(Value::List(arguments.to_vec())),
        "Object.keys" | "Object.values" | "Object.entries" => match first? {
            Value::Object(entries)
                if entries
                    .iter()
                    .all(|(key, _)| !key.starts_with(|c: char| c.is_ascii_digit() || c == UNORDERED)) =>
            {
                Some(Value::List(entries.iter().map(|entry| listed(name, entry)).collect()))
            }
            _ => None,
        },
        "JSON.parse" => json(&serde_json::from_str(&text()?).ok()?, 0),
        "Math.floor" => number().map(|number| Value::Number(number.floor())),
        "Math.ceil" => number().map(|number| Value::Number(number.ceil())),
        "Math.trunc" => number().map(|number| Value::Number(number.trunc())),
        "Math.abs" => number().map(|number| Value::Number(number.abs())),
        "Math.sqrt" => number().map(|number| Value::Number(number.sqrt())),
        "Math.pow" => binary_number(arguments, f64::powf),
        "Math.min" => binary_number(arguments, f64::min),
        "Math.max" => binary_number(arguments, f64::max),
        _ => None,
    }
}

fn binary_number(arguments: &[Value], apply: fn(f64, f64) -> f64) -> Option<Value> {
    let [left, right] = arguments else { return None };
    Some(Value::Number(apply(left.number()?, right.number()?)))
}

fn listed(name: &str, (key, value): &(String, Value)) -> Value {
    match name {
        "Object.keys" => Value::Text(key.clone()),
        "Object.values" => value.clone(),
        _ => Value::List(vec![Value::Text(key.clone()), value.clone()]),
    }
}

fn json(value: &serde_json::Value, depth: u32) -> Option<Value> {
    if depth > 16 {
        return None;
    }
    Some(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Number(number.as_f64()?),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(values) => {
            Value::List(values.iter().map(|value| json(value, depth + 1)).collect::<Option<_>>()?)
        }
        serde_json::Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.clone(), json(value, depth + 1)?)));
            let unordered = std::iter::once(Some((UNORDERED.to_string(), Value::Undefined)));
            Value::Object(unordered.chain(entries).collect::<Option<_>>()?)
        }
    })
}
