//! Holds what the tests send and get against the interface's description: every answer of a described operation has a
//! described status, kind and shape, with no field the description does not know; every body that was taken fits its schema.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex},
};

use frameos_server::api::openapi::document;
use jsonschema::Validator;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};

/// What others write in their own form: more may be in them than is described.
const OPEN: &[&str] = &["Manifest", "ManifestField", "ManifestRuntime"];

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract { document: document(), known: Mutex::default() });

struct Contract {
    document: Value,
    known: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A request as it was sent.
pub struct Sent {
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
}

/// Fails when the answer to `sent` is not as described.
pub fn contract_check(sent: &Sent, status: u16, headers: &HeaderMap, text: &str) {
    let Some((name, operation)) = CONTRACT.operation(sent) else { return };
    let responses = &operation["responses"];
    let told = responses.get(status.to_string()).unwrap_or_else(|| panic!("{name} answers {status}: {text}"));
    let told = match told["$ref"].as_str() {
        Some(reference) => CONTRACT.document.pointer(&reference[1..]).unwrap(),
        None => told,
    };
    let media = headers.get("content-type").map(|kind| kind.to_str().unwrap().split(';').next().unwrap());
    if let (Some(content), Some(media)) = (told["content"].as_object(), media) {
        let kind = content.get(media).unwrap_or_else(|| panic!("{name} answers {status} as {media}"));
        if media == "application/json" && !text.is_empty() {
            let value: Value = serde_json::from_str(text).unwrap();
            CONTRACT.hold(&format!("{name} {status}"), &kind["schema"], &value, true);
        }
    }
    if (200..300).contains(&status)
        && let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema")
        && let Some(body) = sent.body.as_ref().filter(|body| !body.is_empty())
    {
        let value: Value = serde_json::from_slice(body).unwrap();
        CONTRACT.hold(&format!("{name} body"), schema, &value, false);
    }
}

/// Fails unless `value` fits `schema`; `what` names both. Closed, a value has no field that is not described.
pub fn schema_hold(what: &str, schema: &Value, value: &Value, closed: bool) {
    CONTRACT.hold(what, schema, value, closed);
}

impl Contract {
    fn operation(&self, sent: &Sent) -> Option<(String, &Value)> {
        let parts: Vec<&str> = sent.path.split('/').collect();
        let paths = self.document["paths"].as_object()?;
        // A name that is written out goes before one that stands for any.
        let mut fitting: Vec<_> = paths.iter().filter(|(path, _)| fits(path, &parts)).collect();
        fitting.sort_by_key(|(path, _)| path.matches('{').count());
        let (path, methods) = fitting.first()?;
        let operation = methods.get(sent.method.as_str().to_ascii_lowercase())?;
        Some((format!("{} {path}", sent.method), operation))
    }

    fn hold(&self, what: &str, schema: &Value, value: &Value, closed: bool) {
        let known = self.known.lock().unwrap().get(what).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = Arc::new(self.validator(schema, closed));
            self.known.lock().unwrap().insert(what.to_owned(), made.clone());
            made
        });
        let problems: Vec<_> = validator
            .iter_errors(value)
            .map(|problem| format!("{}: {problem}", problem.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{what} is not as described:\n{}\n{value}", problems.join("\n"));
    }

    fn validator(&self, schema: &Value, closed: bool) -> Validator {
        let components = self.document["components"]["schemas"].as_object().unwrap();
        let mut needed = BTreeMap::new();
        let mut root = schema.clone();
        if closed {
            close(&mut root, true);
        }
        gather(&root, components, closed, &mut needed);
        root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        root["components"] = json!({"schemas": needed});
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    }
}

fn fits(template: &str, parts: &[&str]) -> bool {
    let names: Vec<&str> = template.split('/').collect();
    let is_rest = template.ends_with("/files/{path}") && parts.len() > names.len();
    (names.len() == parts.len() || is_rest)
        && names
            .iter()
            .zip(parts)
            .all(|(name, part)| (name.starts_with('{') && !part.is_empty()) || name == part)
}

/// Collects what `schema` refers to, directly or not.
fn gather(schema: &Value, all: &Map<String, Value>, closed: bool, into: &mut BTreeMap<String, Value>) {
    match schema {
        Value::Object(object) => {
            if let Some(name) =
                object.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next())
                && !into.contains_key(name)
            {
                let plain = name.strip_suffix("!closed").unwrap_or(name);
                let mut found = all[plain].clone();
                if closed {
                    close(&mut found, name != plain && !OPEN.contains(&plain));
                }
                into.insert(name.to_owned(), found.clone());
                gather(&found, all, closed, into);
            }
            object.values().for_each(|value| gather(value, all, closed, into));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, all, closed, into)),
        _ => {}
    }
}

/// Forbids fields that are not described: of this schema itself if it `is_whole`, and of all within.
fn close(schema: &mut Value, is_whole: bool) {
    let Some(object) = schema.as_object_mut() else { return };
    if is_whole && let Some(Value::String(target)) = object.get_mut("$ref") {
        target.push_str("!closed");
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        for part in object.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            close(part, false);
        }
    }
    for (_, property) in object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        close(property, true);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(key) {
            close(inner, true);
        }
    }
    let has_fields = ["properties", "allOf", "oneOf"].iter().any(|key| object.contains_key(*key));
    if is_whole && has_fields && !object.contains_key("additionalProperties") {
        object.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}
