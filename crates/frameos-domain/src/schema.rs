//! Checking values against JSON Schemas, with one message per offending field.
//!
//! Invariants: no schema fetches anything; patterns run on a linear-time engine, so a hostile pattern cannot stall a check;
//! messages never repeat the offending value, which may be a secret.

use jsonschema::{PatternOptions, Validator, error::ValidationErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Bytes a compiled pattern may take: enough for any honest one, compiled in no time.
const PATTERN_SIZE: usize = 256 << 10;
const MOST_ERRORS: usize = 20;
const LONGEST_FIELD: usize = 200;
const LONGEST_MESSAGE: usize = 300;

/// A compiled JSON Schema (draft 2020-12).
#[derive(Debug)]
pub struct Schema(Validator);

/// A schema that is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a usable JSON Schema: {0}")]
pub struct SchemaError(String);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field as a dotted path, e.g. `rows[2].price`; empty for the whole value.
    pub field: String,
    pub message: String,
}

impl Schema {
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        jsonschema::draft202012::options()
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE))
            .build(schema)
            .map(Self)
            .map_err(|error| SchemaError(error.to_string()))
    }

    /// The first violations in `value`, in document order; empty when it conforms. Names that the value's author chose are cut
    /// short: what is checked may be hostile.
    pub fn check(&self, value: &Value) -> Vec<FieldError> {
        self.0.iter_errors(value).take(MOST_ERRORS).map(|error| describe(&error)).collect()
    }
}

fn describe(error: &jsonschema::ValidationError<'_>) -> FieldError {
    let mut field = dotted(error.instance_path().as_str());
    let message = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            "is required".to_owned()
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            if let [only] = unexpected.as_slice() {
                field = if field.is_empty() { only.clone() } else { format!("{field}.{only}") };
            }
            format!("is not declared in the manifest: {}", unexpected.join(", "))
        }
        _ => error.masked_with("the value").to_string(),
    };
    FieldError { field: clip(field, LONGEST_FIELD), message: clip(message, LONGEST_MESSAGE) }
}

fn clip(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
    text
}

/// Turns a JSON pointer such as `/rows/2/price` into `rows[2].price`.
fn dotted(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |mut path, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_gets_its_own_message_without_its_value() {
        let schema = Schema::compile(&json!({
            "type": "object",
            "properties": {"key": {}, "url": {"type": "string"}, "rows": {"type": "array", "items": {"type": "integer"}}},
            "required": ["url", "key"],
            "additionalProperties": false
        }))
        .unwrap();
        let errors = schema.check(&json!({"url": 5_551_234, "rows": [1, "s3cret"], "extra": true}));
        let mut fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["extra", "key", "rows[1]", "url"]);
        let text = format!("{errors:?}");
        assert!(!text.contains("5551234") && !text.contains("s3cret"), "{text}");
        assert!(schema.check(&json!({"url": "u", "key": 1})).is_empty());
    }

    #[test]
    fn names_chosen_by_the_checked_value_are_cut_short() {
        let schema = Schema::compile(
            &json!({"type": "object", "additionalProperties": {"items": {"type": "string"}}}),
        )
        .unwrap();
        let errors = schema.check(&json!({"K".repeat(100_000): vec![1; 100]}));
        assert_eq!(errors.len(), MOST_ERRORS);
        assert!(errors.iter().all(|error| error.field.len() < 300 && error.message.len() < 400));
    }

    #[test]
    fn a_broken_schema_is_an_error() {
        assert!(Schema::compile(&json!({"type": "nonsense"})).is_err());
    }
}
