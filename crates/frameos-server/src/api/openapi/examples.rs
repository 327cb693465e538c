//! Examples of bodies, made of their schemas: a type's or field's own example where it has one, else a value that fits.
//!
//! Invariant: an example fits its schema; a test holds each against it. They are made, not written, so that a new field
//! is in them without anybody's doing.

use serde_json::{Map, Value, json};

/// How deep examples go; deeper than any schema of ours that does not refer to itself.
const DEEPEST: usize = 30;

/// What fields of these names hold, where their schema says no more than what type it is of.
const TEXTS: &[(&str, &str)] = &[
    ("email", "asha@example.com"),
    ("name", "CSV Profiler"),
    ("agent_name", "CSV Profiler"),
    ("developer_name", "Asha Rao"),
    ("slug", "csv-profiler"),
    ("agent_slug", "csv-profiler"),
    ("category", "data-quality"),
    ("description", "Profiles a CSV file."),
    ("version", "1.0.0"),
    ("current_version", "1.0.0"),
    ("runtime_version", "20"),
    ("since", "1.0.0"),
    ("from", "1.0.0"),
    ("to", "1.1.0"),
    ("request_id", "req_01kb3v9d3ce0tr3q0v3n1h5x7m"),
    ("url", "https://example.com/hooks/frameos"),
    ("icon_url", "https://example.com/icon.png"),
    ("checkout_url", "https://pay.example.com/checkout/1"),
    ("poll_url", "/executions/exec_01kb3v9d3ce0tr3q0v3n1h5x7m"),
    ("message", "Done."),
    ("reason", "It does what it says."),
    ("isolation", "linux:userns+seccomp+landlock+cgroup2"),
    ("day", "2026-11-22"),
    ("period", "2026-11-23"),
    ("otpauth_url", "otpauth://totp/FrameOS:asha%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=FrameOS"),
    ("secret", "JBSWY3DPEHPK3PXP"),
    ("otp", "123456"),
    ("path", "index.js"),
    ("file", "index.js"),
    ("host", "worker-1"),
    ("address", "203.0.113.7"),
    ("client", "frameos/0.1.0"),
    ("provider", "sandbox"),
    ("docs", "docs/rules/dynamic-code.md"),
    ("rule", "dynamic-code"),
    ("upi_id", "asha@okbank"),
    ("account", "••••bank"),
];

/// An example of what `schema` describes; `components` holds what it refers to.
pub(super) fn example(schema: &Value, components: &Map<String, Value>) -> Value {
    value(schema, "", components, 0)
}

fn value(schema: &Value, name: &str, components: &Map<String, Value>, depth: usize) -> Value {
    for key in ["examples", "enum"] {
        if let Some(first) = schema[key].get(0) {
            return first.clone();
        }
    }
    for key in ["example", "const", "default"] {
        if let Some(known) = schema.get(key) {
            return known.clone();
        }
    }
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str() {
        let target = target.rsplit('/').next().unwrap_or_default();
        return components.get(target).map_or(Value::Null, |found| value(found, name, components, depth + 1));
    }
    for key in ["oneOf", "anyOf"] {
        let choices = schema[key].as_array().into_iter().flatten();
        if let Some(choice) = choices.into_iter().find(|choice| choice["type"] != "null") {
            return value(choice, name, components, depth + 1);
        }
    }
    let mut whole = Map::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        if let Value::Object(part) = value(part, name, components, depth + 1) {
            whole.extend(part);
        }
    }
    if !whole.is_empty() {
        return Value::Object(whole);
    }
    of_type(schema, name, components, depth)
}

fn of_type(schema: &Value, name: &str, components: &Map<String, Value>, depth: usize) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => object(schema, components, depth),
        Some("array") if schema["items"].is_object() => {
            json!([value(&schema["items"], name, components, depth + 1)])
        }
        Some("array") => json!([]),
        Some("integer") => integer(schema),
        Some("number") => json!(0.95),
        Some("boolean") => json!(false),
        Some("string") => text(schema, name),
        _ => json!({}),
    }
}

fn object(schema: &Value, components: &Map<String, Value>, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut made: Map<String, Value> = properties
        .map(|(name, property)| (name.clone(), value(property, name, components, depth + 1)))
        .collect();
    if made.is_empty() && schema["additionalProperties"].is_object() {
        made.insert("example".to_owned(), value(&schema["additionalProperties"], "", components, depth + 1));
    }
    Value::Object(made)
}

fn integer(schema: &Value) -> Value {
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    json!(schema["minimum"].as_i64().unwrap_or(1).max(1).min(most))
}

fn text(schema: &Value, name: &str) -> Value {
    let known = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    let mut text = known.unwrap_or_else(|| if name.is_empty() { "example" } else { name }.replace('_', " "));
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap_or(0);
    while text.chars().count() < least {
        text.push('x');
    }
    match schema["format"].as_str() {
        Some("email") => json!("asha@example.com"),
        Some("date") => json!("2026-11-22"),
        _ => json!(text),
    }
}
