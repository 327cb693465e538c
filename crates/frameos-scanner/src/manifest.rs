//! The little of a manifest that matters to a scan, read without judging the rest.
//!
//! Invariant: any bytes are a manifest here; one that cannot be read asks for nothing. It is refused elsewhere.

use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) entrypoint: String,
    pub(crate) is_python: bool,
    pub(crate) capabilities: Vec<String>,
    /// Hosts the agent says it asks for, lower case.
    pub(crate) egress: Vec<String>,
    /// The events its pricing counts.
    pub(crate) events: Vec<String>,
}

impl Manifest {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let Ok(manifest) = serde_json::from_slice::<Value>(bytes) else { return Self::default() };
        let runtime = &manifest["runtime"];
        let entrypoint = runtime["entrypoint"].as_str().unwrap_or_default();
        Self {
            entrypoint: entrypoint.trim_start_matches("./").to_owned(),
            is_python: runtime["language"] == "python",
            capabilities: strings(&manifest["capabilities"]),
            egress: strings(&manifest["egress"]).iter().map(|host| host.to_ascii_lowercase()).collect(),
            events: manifest["pricing"]["events"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    pub(crate) fn declares(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|declared| declared == capability)
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
