//! Bringing a deployment's config and a run's inputs together, and holding both and the outputs to the manifest's schemas.
//!
//! Pure; the command line uses the same functions for local runs.

use frameos_domain::{
    manifest::Manifest,
    schema::{FieldError, Schema},
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::{error::AppError, manifest_cache::Compiled};

const LONGEST_SENTENCE: usize = 2_000;

/// Inputs that do not fit the manifest; never empty.
#[derive(Debug, Error)]
#[error("{}", sentence(.0))]
pub struct InputErrors(pub Vec<FieldError>);

/// Config and inputs as one, inputs winning, defaults filled in, checked together.
pub fn inputs_merge(
    manifest: &Manifest,
    config: &Map<String, Value>,
    inputs: &Map<String, Value>,
) -> Result<Map<String, Value>, InputErrors> {
    let merged = merge(manifest, config.clone(), inputs.clone());
    let errors = check(&manifest.inputs_schema(), &merged);
    object(merged, errors)
}

/// Like [`inputs_merge`], with the schema compiled before.
pub(crate) fn inputs_merge_compiled(
    compiled: &Compiled,
    config: Map<String, Value>,
    inputs: Map<String, Value>,
) -> Result<Map<String, Value>, InputErrors> {
    let merged = merge(&compiled.manifest, config, inputs);
    let errors = compiled.inputs.check(&merged);
    object(merged, errors)
}

fn merge(manifest: &Manifest, mut config: Map<String, Value>, inputs: Map<String, Value>) -> Value {
    config.extend(inputs);
    Value::Object(manifest.with_defaults(config))
}

fn object(merged: Value, errors: Vec<FieldError>) -> Result<Map<String, Value>, InputErrors> {
    match merged {
        Value::Object(merged) if errors.is_empty() => Ok(merged),
        _ => Err(InputErrors(errors)),
    }
}

/// Problems of a deployment's config alone: everything but what is still missing, which a run may bring.
pub(crate) fn config_check(manifest: &Manifest, config: &Map<String, Value>) -> Result<(), InputErrors> {
    let mut schema = manifest.inputs_schema();
    schema["required"] = json!([]);
    let errors = check(&schema, &Value::Object(config.clone()));
    if errors.is_empty() { Ok(()) } else { Err(InputErrors(errors)) }
}

/// What is wrong with an agent's outputs, in one sentence.
pub fn outputs_check(manifest: &Manifest, outputs: &Value) -> Result<(), String> {
    let errors = check(&manifest.outputs_schema(), outputs);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(format!("the agent's outputs do not fit its manifest: {}", sentence(&errors)))
    }
}

fn check(schema: &Value, value: &Value) -> Vec<FieldError> {
    match Schema::compile(schema) {
        Ok(schema) => schema.check(value),
        // A manifest's schemas were compiled when it was read; failing closed is all that is left to do.
        Err(error) => vec![FieldError { field: String::new(), message: error.to_string() }],
    }
}

fn sentence(errors: &[FieldError]) -> String {
    let parts: Vec<String> = errors
        .iter()
        .map(|error| {
            if error.field.is_empty() {
                error.message.clone()
            } else {
                format!("{}: {}", error.field, error.message)
            }
        })
        .collect();
    let mut sentence = parts.join("; ");
    if sentence.len() > LONGEST_SENTENCE {
        sentence.truncate(sentence.floor_char_boundary(LONGEST_SENTENCE));
        sentence.push('…');
    }
    sentence
}

impl From<InputErrors> for AppError {
    fn from(errors: InputErrors) -> Self {
        let message = format!("the inputs do not fit the agent: {errors}");
        Self::invalid_with("INPUTS_INVALID", message, json!({"fields": errors.0}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(&json!({
            "runtime": {"language": "nodejs"},
            "inputs": [
                {"name": "url", "type": "string", "required": true},
                {"name": "count", "type": "integer", "default": 3},
                {"name": "key", "type": "string", "required": true, "secret": true}
            ],
            "outputs": [{"name": "ok", "type": "boolean"}]
        }))
        .unwrap()
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn inputs_win_over_config_and_defaults_fill_in() {
        let config = object(json!({"url": "a", "key": "k"}));
        let merged = inputs_merge(&manifest(), &config, &object(json!({"url": "b"}))).unwrap();
        assert_eq!(Value::Object(merged), json!({"url": "b", "key": "k", "count": 3}));
    }

    #[test]
    fn errors_name_their_fields() {
        let errors =
            inputs_merge(&manifest(), &Map::new(), &object(json!({"count": "x", "typo": 1}))).unwrap_err();
        let mut fields: Vec<String> = errors.0.into_iter().map(|error| error.field).collect();
        fields.sort();
        assert_eq!(fields, ["count", "key", "typo", "url"]);
        assert!(config_check(&manifest(), &object(json!({"url": "a"}))).is_ok());
        assert!(config_check(&manifest(), &object(json!({"url": 1}))).is_err());
    }

    #[test]
    fn outputs_must_keep_their_promise_and_may_say_more() {
        assert!(outputs_check(&manifest(), &json!({"ok": true, "more": 1})).is_ok());
        assert!(outputs_check(&manifest(), &json!({"ok": "yes"})).unwrap_err().contains("ok"));
        assert!(outputs_check(&manifest(), &json!({})).unwrap_err().contains("ok: is required"));
    }
}
