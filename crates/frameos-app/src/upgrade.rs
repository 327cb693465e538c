//! What changes for a user whose deployment moves to another version.
//!
//! Invariant: told from the manifests alone, so it is the same before and after the move.

use frameos_domain::manifest::{Field, Manifest};
use serde_json::Value;

/// What a field was and is.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    pub name: String,
    /// The JSON Schema before; none for a new field.
    pub before: Option<Value>,
    /// None for one that is gone.
    pub after: Option<Value>,
    /// Whether runs need it now and did not before.
    pub now_required: bool,
    pub now_secret: bool,
}

/// Names that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamesChange {
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

/// All that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionChanges {
    pub from: String,
    pub to: String,
    pub inputs: Vec<FieldChange>,
    pub outputs: Vec<FieldChange>,
    pub capabilities: NamesChange,
    pub egress: NamesChange,
    /// Language, limits and the like: what, before, after.
    pub runtime: Vec<(&'static str, String, String)>,
}

/// Compares two versions by their manifests.
pub(crate) fn version_changes(
    (from, before): (&str, &Manifest),
    (to, after): (&str, &Manifest),
) -> VersionChanges {
    VersionChanges {
        from: from.to_owned(),
        to: to.to_owned(),
        inputs: fields(&before.inputs, &after.inputs),
        outputs: fields(&before.outputs, &after.outputs),
        capabilities: names(&before.capabilities, &after.capabilities),
        egress: names(&before.egress, &after.egress),
        runtime: runtime(before, after),
    }
}

fn fields(before: &[Field], after: &[Field]) -> Vec<FieldChange> {
    let find = |fields: &[Field], name: &str| fields.iter().find(|field| field.name == name).cloned();
    let schema = |field: &Field| Value::Object(field.schema.clone());
    let mut changes = Vec::new();
    for field in after {
        let old = find(before, &field.name);
        let was = |is: fn(&Field) -> bool| old.as_ref().is_some_and(is);
        if old.as_ref() == Some(field) {
            continue;
        }
        changes.push(FieldChange {
            name: field.name.clone(),
            before: old.as_ref().map(schema),
            after: Some(schema(field)),
            now_required: field.required && !was(|old| old.required),
            now_secret: field.secret && !was(|old| old.secret),
        });
    }
    for field in before.iter().filter(|field| find(after, &field.name).is_none()) {
        changes.push(FieldChange {
            name: field.name.clone(),
            before: Some(schema(field)),
            after: None,
            now_required: false,
            now_secret: false,
        });
    }
    changes
}

fn names(before: &[String], after: &[String]) -> NamesChange {
    let less = |all: &[String], those: &[String]| {
        all.iter().filter(|name| !those.contains(name)).cloned().collect::<Vec<_>>()
    };
    NamesChange { added: less(after, before), removed: less(before, after) }
}

fn runtime(before: &Manifest, after: &Manifest) -> Vec<(&'static str, String, String)> {
    let facts = |manifest: &Manifest| {
        let runtime = &manifest.runtime;
        [
            ("language", runtime.language.as_str().to_owned()),
            ("version", runtime.version.clone()),
            ("timeout_ms", runtime.timeout_ms.to_string()),
            ("memory_mb", runtime.memory_mb.to_string()),
        ]
    };
    let pairs = facts(before).into_iter().zip(facts(after));
    pairs.filter(|(old, new)| old != new).map(|((what, old), (_, new))| (what, old, new)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(inputs: &Value, capabilities: &Value, egress: &Value, memory: u64) -> Manifest {
        Manifest::parse(&json!({
            "runtime": {"language": "nodejs", "version": "20", "memory_mb": memory},
            "inputs": inputs, "outputs": [], "capabilities": capabilities, "egress": egress,
        }))
        .unwrap()
    }

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let before = manifest(
            &json!([{"name": "kept", "type": "string"}, {"name": "gone", "type": "string"}, {"name": "key", "type": "string"}]),
            &json!([]),
            &json!([]),
            256,
        );
        let after = manifest(
            &json!([{"name": "kept", "type": "string"}, {"name": "key", "type": "string", "required": true, "secret": true}, {"name": "new", "type": "integer"}]),
            &json!(["http_request"]),
            &json!(["api.example.com"]),
            512,
        );
        let changes = version_changes(("1.0.0", &before), ("1.1.0", &after));
        let told: Vec<_> = changes
            .inputs
            .iter()
            .map(|change| {
                (
                    change.name.as_str(),
                    change.before.is_some(),
                    change.after.is_some(),
                    change.now_required,
                    change.now_secret,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("key", true, true, true, true),
                ("new", false, true, false, false),
                ("gone", true, false, false, false)
            ]
        );
        assert_eq!(changes.capabilities.added, ["http_request"]);
        assert_eq!(changes.egress.added, ["api.example.com"]);
        assert_eq!(changes.runtime, [("memory_mb", "256".to_owned(), "512".to_owned())]);
        let same = version_changes(("1.1.0", &after), ("1.1.0", &after));
        assert!(same.inputs.is_empty() && same.runtime.is_empty() && same.egress == NamesChange::default());
    }
}
