//! Data-driven checks of manifest reading.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Manifest;

fn paths(value: &Value) -> Vec<String> {
    match Manifest::parse(value) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.into_iter().map(|issue| issue.path).collect(),
    }
}

fn minimal() -> Value {
    json!({"runtime": {"language": "nodejs"}})
}

#[test]
fn the_specifications_example_is_valid() {
    let manifest = Manifest::parse(&json!({
        "runtime": {"language": "nodejs", "version": "20", "entrypoint": "index.js", "timeout_ms": 300_000, "memory_mb": 512},
        "inputs": [{"name": "target_profile_url", "type": "string", "required": true, "description": "LinkedIn profile URL"}],
        "outputs": [{"name": "connection_sent", "type": "boolean"}],
        "capabilities": ["http_request"]
    }))
    .unwrap();
    assert_eq!(manifest.inputs_schema()["required"], json!(["target_profile_url"]));
    assert_eq!(manifest.outputs_schema()["properties"]["connection_sent"]["type"], "boolean");
}

#[test]
fn defaults_are_the_specifications_limits() {
    let manifest = Manifest::parse(&minimal()).unwrap();
    assert_eq!((manifest.runtime.timeout_ms, manifest.runtime.memory_mb), (300_000, 512));
    assert_eq!(manifest.runtime.entrypoint, "index.js");
}

#[test]
fn every_problem_is_reported_with_its_path() {
    let found = paths(&json!({
        "slug": "Bad Slug",
        "version": "1.0",
        "pricing": {"model": "subscription", "amount": 0},
        "runtime": {"language": "nodejs", "version": "18", "entrypoint": "../x.js", "timeout_ms": 300_001, "memory_mb": 1024},
        "inputs": [{"name": "1a", "type": "text"}, {"type": "string"}, 5, {"name": "n", "type": "integer", "default": "x"}],
        "outputs": {},
        "capabilities": ["browser", "teleport"],
        "retry": "always"
    }));
    assert_eq!(
        found,
        [
            "$.slug",
            "$.version",
            "$.pricing",
            "$.runtime.entrypoint",
            "$.runtime.timeout_ms",
            "$.runtime.memory_mb",
            "$.runtime.version",
            "$.inputs[0].name",
            "$.inputs[0].type",
            "$.inputs[0]",
            "$.inputs[1].name",
            "$.inputs[2]",
            "$.inputs[3].default",
            "$.outputs",
            "$.capabilities[0]",
            "$.capabilities[1]",
            "$.retry",
        ]
    );
}

#[test]
fn single_mistakes_are_found_where_they_are() {
    for (patch, expected) in [
        (json!({"runtime": null}), "$.runtime"),
        (json!({"runtime": {"language": "go"}}), "$.runtime.language"),
        (json!({"runtime": {}}), "$.runtime.language"),
        (json!({"runtime": {"language": null}}), "$.runtime.language"),
        (json!({"inputs": [{"name": null, "type": "string"}]}), "$.inputs[0].name"),
        (json!({"runtime": {"language": "python", "version": "2.7"}}), "$.runtime.version"),
        (
            json!({"inputs": [{"name": "a", "type": "string"}, {"name": "A", "type": "string"}]}),
            "$.inputs[1].name",
        ),
        (json!({"inputs": [{"name": "a", "type": "string", "pattern": "("}]}), "$.inputs[0]"),
        (json!({"outputs": [{"name": "a", "type": "string", "secret": true}]}), "$.outputs[0].secret"),
        (json!({"egress": ["example.com"]}), "$.egress"),
        (json!({"name": ""}), "$.name"),
        (json!({"description": "a\u{0}b"}), "$.description"),
        (json!({"tags": ["a\u{1b}"]}), "$.tags"),
        (json!({"tags": "x"}), "$.tags"),
    ] {
        let mut value = minimal();
        for (key, patched) in patch.as_object().unwrap() {
            value[key] = patched.clone();
        }
        assert_eq!(paths(&value), [expected]);
    }
}

#[test]
fn schemas_that_could_cost_exponential_time_are_refused() {
    let doubling = |depth: usize| {
        let definitions: serde_json::Map<String, Value> = (0..depth)
            .map(|level| {
                let below = format!("urn:x#/$defs/d{}", level + 1);
                (format!("d{level}"), json!({"allOf": [{"$ref": below}, {"$ref": below}]}))
            })
            .collect();
        json!({"$id": "urn:x", "$defs": definitions, "$ref": "urn:x#/$defs/d0"})
    };
    for bad in [
        json!({"items": doubling(40)}),
        json!({"properties": {"a": {"anyOf": [{"type": "string"}]}}}),
        json!({"items": {"patternProperties": {"": {"type": "array"}}}}),
        json!({"items": {"additionalProperties": {"type": "string"}}}),
        json!({"pattern": "a".repeat(501)}),
        json!({"pattern": "((a{500}){500}){500}"}),
        (0..20).fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner})),
    ] {
        let mut field = bad.as_object().unwrap().clone();
        field.insert("name".into(), json!("x"));
        field.entry("type").or_insert(json!("array"));
        let value = json!({"runtime": {"language": "nodejs"}, "inputs": [field.clone()], "outputs": [field]});
        assert!(paths(&value).iter().any(|path| path.starts_with("$.inputs[0]")), "{value}");
    }
    let nested = json!({"name": "rows", "type": "array", "items": {"type": "object", "required": ["a"],
        "additionalProperties": false, "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}});
    assert_eq!(paths(&json!({"runtime": {"language": "nodejs"}, "outputs": [nested]})), Vec::<String>::new());
}

#[test]
fn unknown_keys_warn_but_do_not_refuse() {
    let manifest =
        Manifest::parse(&json!({"runtime": {"language": "python", "memory": 5}, "flavour": 1})).unwrap();
    let warned: Vec<&str> = manifest.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(warned, ["$.flavour", "$.runtime.memory"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("runtime".to_owned()),
        Just("inputs".to_owned()),
        Just("pricing".to_owned()),
        Just("name".to_owned()),
        Just("type".to_owned()),
        Just("language".to_owned()),
        "[a-z]{1,5}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_the_reader_panic(value in any_json()) {
        if let Err(errors) = Manifest::parse(&value) {
            prop_assert!(!errors.0.is_empty());
        }
    }
}
