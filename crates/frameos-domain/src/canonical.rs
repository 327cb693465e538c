//! Canonical JSON bytes, so that a signature or hash means the same on every machine.
//!
//! The form is RFC 8785 (JSON Canonicalization Scheme) for the values FrameOS signs: objects sorted by UTF-16 code units,
//! no white space, minimal escapes. Signed documents hold no fractions: a non-integer number is refused rather than rounded.

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use thiserror::Error;

/// Why a value has no canonical form.
#[derive(Debug, Error)]
pub enum CanonicalError {
    #[error("the value cannot be written as JSON")]
    Serialize(#[from] serde_json::Error),
    #[error("the number {0} is not an integer within ±(2^53 − 1), so it has no portable form")]
    Number(String),
}

/// The largest integer that every reader of JSON holds exactly, and so the largest that can be signed.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// The canonical bytes of a value that holds integers only.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

/// The bytes of any JSON value with sorted keys; fractions are kept as serde_json prints them.
///
/// For hashing a run's inputs and outputs, which hold what the agent wrote.
pub fn to_bytes_lenient(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_with(value, &mut out, &|number, out| {
        out.extend_from_slice(number.to_string().as_bytes());
        Ok(())
    })
    .unwrap_or_default();
    out
}

/// Appends the canonical form of a text, quotes included.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(Value::from(text).to_string().as_bytes());
    }
}

/// SHA-256 as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Reads JSON as [`serde_json::from_str`] does, and refuses an object that names a member twice: two readers could take two
/// values from one signed or hashed text.
pub fn parse_strict(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Strict>(text).map(|strict| strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if read.contains_key(&name) {
                return Err(A::Error::custom(format!("the member `{name}` is there twice")));
            }
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    write_with(value, out, &|number, out| {
        let integer = number
            .as_i64()
            .filter(|integer| (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(integer))
            .ok_or_else(|| CanonicalError::Number(number.to_string()))?;
        out.extend_from_slice(integer.to_string().as_bytes());
        Ok(())
    })
}

type WriteNumber<'a> = &'a dyn Fn(&serde_json::Number, &mut Vec<u8>) -> Result<(), CanonicalError>;

fn write_with(value: &Value, out: &mut Vec<u8>, number: WriteNumber<'_>) -> Result<(), CanonicalError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(&mut *out, value)?,
        Value::Number(found) => number(found, out)?,
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_with(item, out, number)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
            out.push(b'{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write_with(&fields[key], out, number)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_sort_by_utf16_and_fractions_are_refused() {
        // The sorting example of RFC 8785, section 3.2.3, shortened to what differs between UTF-8 and UTF-16 order.
        let value = json!({"\u{fb33}": 1, "\u{1f600}": 2, "\u{20ac}": 3, "1": 4});
        let text = String::from_utf8(to_bytes(&value).unwrap()).unwrap();
        assert_eq!(text, "{\"1\":4,\"\u{20ac}\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
        assert!(matches!(to_bytes(&json!({"a": 0.5})), Err(CanonicalError::Number(_))));
        assert!(matches!(to_bytes(&json!(9_007_199_254_740_992_i64)), Err(CanonicalError::Number(_))));
        let text = r#" {"a": [1, -2, 0.5, true, null, "x"], "b": {"a": 18446744073709551615}} "#;
        assert_eq!(parse_strict(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            assert!(parse_strict(twice).unwrap_err().to_string().contains("twice"), "{twice}");
        }
        assert_eq!(to_bytes_lenient(&json!({"b": 0.5, "a": [1, null]})), br#"{"a":[1,null],"b":0.5}"#);
    }
}
