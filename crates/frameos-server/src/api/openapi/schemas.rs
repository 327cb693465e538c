//! The schemas of a document, by name, as they are asked for.
//!
//! The same Rust type may be less strict when it is read than when it is written: a field that may be left out of a request
//! may be `null` there too, while one that is left out of an answer never is. So requests and answers are kept apart until
//! the document is put together, and a type that is used for both keeps what holds for both.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// Schemas that are referred to.
#[derive(Default)]
pub(crate) struct Schemas {
    requests: BTreeMap<String, Value>,
    answers: BTreeMap<String, Value>,
}

impl Schemas {
    /// A reference to the schema of what is read as `T`.
    pub(crate) fn request<T: ToSchema>(&mut self) -> Value {
        collect::<T>(&mut self.requests)
    }

    /// A reference to the schema of what is written as `T`.
    pub(crate) fn answer<T: ToSchema>(&mut self) -> Value {
        collect::<T>(&mut self.answers)
    }

    /// The properties of what is read as `T`, each with whether it has to be there: parameters of a query.
    pub(crate) fn properties<T: ToSchema>(&mut self) -> Vec<(String, Value, bool)> {
        let mut found = BTreeMap::new();
        collect::<T>(&mut found);
        let whole = found.remove(&*T::name()).unwrap_or_default();
        self.requests.extend(found);
        let required =
            |name: &String| whole["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let mut properties: Vec<_> = Vec::new();
        for (name, schema) in whole["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            // A parameter is there or not; it is never null.
            null_drop(&mut schema);
            read_tell(&mut schema);
            properties.push((name.clone(), schema, required(name)));
        }
        properties
    }

    /// All schemas by name.
    pub(crate) fn finish(self) -> Map<String, Value> {
        let Self { mut requests, answers } = self;
        requests.values_mut().for_each(read_tell);
        let mut all: Map<String, Value> = requests.clone().into_iter().collect();
        for (name, mut schema) in answers {
            if !requests.contains_key(&name) {
                answer_tighten(&mut schema);
            }
            all.insert(name, schema);
        }
        all
    }
}

fn collect<T: ToSchema>(into: &mut BTreeMap<String, Value>) -> Value {
    let mut found: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        // Our own schemas always serialise.
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        examples_rename(&mut schema);
        into.insert(name, schema);
    }
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
}

/// JSON Schema has lists of `examples`; a single `example` is OpenAPI's of old.
fn examples_rename(schema: &mut Value) {
    each(schema, &mut |object| {
        if let Some(example) = object.remove("example") {
            object.insert("examples".to_owned(), json!([example]));
        }
    });
}

/// What no body and no query may have in a text: see the extractors.
const NO_NUL: &str = "^[^\\u0000]*$";

/// Says what holds for everything that is read: an integer is as large as the Rust type it becomes, and no text has U+0000.
fn read_tell(schema: &mut Value) {
    each(schema, &mut |object| {
        let says_more = ["pattern", "enum", "const", "format"].iter().any(|key| object.contains_key(*key));
        let is_text = object.get("type").is_some_and(|kind| kind == "string" || kind[0] == "string");
        if is_text && !says_more {
            object.insert("pattern".to_owned(), json!(NO_NUL));
        }
        let is_unsigned = object.contains_key("minimum");
        let (least, most) = match object.get("format").and_then(Value::as_str) {
            Some("int32") if is_unsigned => (json!(0), json!(u32::MAX)),
            Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
            Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
            _ => return,
        };
        object.entry("minimum").or_insert(least);
        object.entry("maximum").or_insert(most);
        if object["maximum"] == json!(u32::MAX) {
            object.remove("format");
        }
    });
}

/// Shows `change` this schema and every one in it.
fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            change(object);
            for (key, value) in object.iter_mut() {
                if !matches!(key.as_str(), "examples" | "enum" | "const" | "default") {
                    each(value, change);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        _ => {}
    }
}

/// What an answer need not have, it leaves out; it is never null.
fn answer_tighten(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let required = object.get("required").cloned().unwrap_or_default();
            let is_required =
                |name: &str| required.as_array().is_some_and(|names| names.contains(&json!(name)));
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                for (name, property) in properties.iter_mut() {
                    if !is_required(name) {
                        null_drop(property);
                    }
                }
            }
            for (key, value) in object.iter_mut() {
                if !matches!(key.as_str(), "examples" | "example" | "enum" | "const" | "default") {
                    answer_tighten(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(answer_tighten),
        _ => {}
    }
}

/// Takes `null` out of what a schema allows.
fn null_drop(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = object.remove("oneOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        match <[Value; 1]>::try_from(choices) {
            Ok([Value::Object(only)]) => object.extend(only),
            Ok([only]) => {
                object.insert("oneOf".to_owned(), json!([only]));
            }
            Err(choices) => {
                object.insert("oneOf".to_owned(), Value::Array(choices));
            }
        }
    }
}
