//! Removing secret values from text before it is stored or shown.
//!
//! Covers a value as it is, base64-encoded (all three alignments are left to the plain form of the whole value) and
//! percent-encoded. Values shorter than four characters are not searched for: they would blank out ordinary text.

use base64::{Engine, engine::general_purpose};
use serde_json::Value;

const MASK: &str = "[redacted]";
const SHORTEST: usize = 4;

/// Replaces known secret values by `[redacted]`.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<String>,
}

impl Redactor {
    /// A redactor for the given secret values.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles: Vec<String> = secrets
            .into_iter()
            .filter(|secret| secret.len() >= SHORTEST)
            .flat_map(|secret| {
                [
                    secret.to_owned(),
                    general_purpose::STANDARD.encode(secret),
                    general_purpose::URL_SAFE_NO_PAD.encode(secret),
                    percent_encode(secret),
                    json_escape(secret),
                ]
            })
            .collect();
        // Longest first, so that a needle inside another does not leave the rest of the longer one behind.
        needles.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        needles.dedup();
        Self { needles }
    }

    pub fn redact(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for needle in &self.needles {
            if redacted.contains(needle.as_str()) {
                redacted = redacted.replace(needle.as_str(), MASK);
            }
        }
        redacted
    }
}

impl Redactor {
    /// Clears every string and key of a JSON value.
    pub fn redact_json(&self, value: Value) -> Value {
        if self.needles.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.redact(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(key, value)| (self.redact(&key), self.redact_json(value))).collect()
            }
            other => other,
        }
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

fn json_escape(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_vanish_in_every_common_form() {
        let redactor = Redactor::new(["s3cr3t/key+", "abc"]);
        for text in ["key=s3cr3t/key+.", "czNjcjN0L2tleSs=", "q=s3cr3t%2Fkey%2B&x=1"] {
            let redacted = redactor.redact(text);
            assert!(redacted.contains(MASK), "{text} → {redacted}");
        }
        assert_eq!(redactor.redact("abc"), "abc", "too short to search for");
        let value = serde_json::json!({"s3cr3t/key+": ["x", {"y": "is s3cr3t/key+"}], "n": 1});
        assert_eq!(
            redactor.redact_json(value),
            serde_json::json!({"[redacted]": ["x", {"y": "is [redacted]"}], "n": 1})
        );
    }
}
