//! The JSON Schema of one manifest field, held to a part of the language whose checking cost is bounded by the value's size.
//!
//! Invariant: keywords outside the list are refused at every depth. References and combinators (`$ref`, `allOf`, …) let a few
//! kilobytes of schema cost exponential time, and a manifest is written by somebody who may want exactly that.

use serde_json::{Map, Value};

use super::read::ManifestIssue;

const RENAMED: [(&str, &str); 4] = [
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("min_items", "minItems"),
    ("max_items", "maxItems"),
];

/// Keywords that are taken over as they are.
const PLAIN: [&str; 18] = [
    "type",
    "description",
    "title",
    "default",
    "examples",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
];
const DEEPEST: usize = 16;
const MOST_NODES: usize = 500;
const LONGEST_PATTERN: usize = 500;

/// What came of reading a field's schema.
#[derive(Default)]
pub(super) struct FieldSchema {
    pub schema: Map<String, Value>,
    pub errors: Vec<ManifestIssue>,
    pub warnings: Vec<ManifestIssue>,
    nodes: usize,
}

/// Reads the schema of a field from its manifest entry, whose own keys (`name`, `required`, `secret`) are passed over.
pub(super) fn field_schema(entry: &Map<String, Value>, path: &str) -> FieldSchema {
    let mut reader = FieldSchema::default();
    reader.schema = reader.node(entry, path, 0);
    reader
}

impl FieldSchema {
    fn error(&mut self, path: &str, message: impl Into<String>) {
        self.errors.push(ManifestIssue { path: path.to_owned(), message: message.into() });
    }

    fn node(&mut self, entry: &Map<String, Value>, path: &str, depth: usize) -> Map<String, Value> {
        let mut schema = Map::new();
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            if self.errors.is_empty() {
                let message =
                    format!("is too large: at most {DEEPEST} levels and {MOST_NODES} parts are allowed");
                self.error(path, message);
            }
            return schema;
        }
        for (key, value) in entry {
            let name = RENAMED.iter().find(|(from, _)| from == key).map_or(key.as_str(), |(_, to)| to);
            let here = format!("{path}.{key}");
            match name {
                "items" => match value.as_object() {
                    Some(items) => {
                        let items = self.node(items, &here, depth + 1);
                        schema.insert(name.to_owned(), Value::Object(items));
                    }
                    None => self.error(&here, "expected an object that describes each entry"),
                },
                "properties" => {
                    let properties = self.properties(value, &here, depth);
                    schema.insert(name.to_owned(), Value::Object(properties));
                }
                "required" | "additionalProperties" | "uniqueItems" if depth > 0 || name == "uniqueItems" => {
                    schema.insert(name.to_owned(), value.clone());
                    if name == "additionalProperties" && !value.is_boolean() {
                        self.error(&here, "expected true or false");
                    }
                }
                "pattern" if value.as_str().is_some_and(|pattern| pattern.len() > LONGEST_PATTERN) => {
                    self.error(&here, format!("is longer than {LONGEST_PATTERN} characters"));
                }
                _ if PLAIN.contains(&name) => {
                    schema.insert(name.to_owned(), value.clone());
                }
                "name" | "required" | "secret" if depth == 0 => {}
                _ if name.starts_with('$') || COMBINATORS.contains(&name) => {
                    self.error(&here, "is not offered: describe the value directly");
                }
                _ => self.warnings.push(ManifestIssue { path: here, message: "unknown key, ignored".into() }),
            }
        }
        schema
    }

    fn properties(&mut self, value: &Value, path: &str, depth: usize) -> Map<String, Value> {
        let mut read = Map::new();
        let Some(properties) = value.as_object() else {
            self.error(path, "expected an object of named descriptions");
            return read;
        };
        for (name, value) in properties {
            let here = format!("{path}.{name}");
            match value.as_object() {
                Some(property) => {
                    let property = self.node(property, &here, depth + 1);
                    read.insert(name.clone(), Value::Object(property));
                }
                None => self.error(&here, "expected an object"),
            }
        }
        read
    }
}

/// Keywords that would change what a schema means if they were silently left out.
const COMBINATORS: [&str; 14] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "prefixItems",
    "patternProperties",
    "propertyNames",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
];
