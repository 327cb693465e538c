//! The agent manifest: what an agent is, needs, takes and gives.
//!
//! Invariants: parsing reports every problem at once, each with its JSON path; a parsed manifest is valid; unknown keys are
//! warnings, so that a newer manifest still explains itself to an older platform. Reading lives in `manifest/read.rs`.

mod field;
mod read;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::{pricing::Pricing, version::Version};

pub use read::{ManifestErrors, ManifestIssue};

/// The hard wall-clock limit of a run (specification, "Resource Limits").
pub const MAX_TIMEOUT_MS: u64 = 300_000;
/// The memory limit of a run in MB (specification, "Resource Limits").
pub const MAX_MEMORY_MB: u64 = 512;
/// Below this no interpreter starts.
pub const MIN_MEMORY_MB: u64 = 64;

/// A language FrameOS has a runtime for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Nodejs,
    Python,
}

impl Language {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nodejs => "nodejs",
            Self::Python => "python",
        }
    }
}

/// How and under which limits the agent runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    pub language: Language,
    pub version: String,
    pub entrypoint: String,
    pub timeout_ms: u64,
    pub memory_mb: u64,
}

/// Whether a run that failed by the agent's own doing may be repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RetryPolicy {
    #[default]
    Never,
    Safe,
}

/// One declared input or output.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub required: bool,
    /// Encrypted, redacted from logs and never returned.
    pub secret: bool,
    /// The field's own JSON Schema, with type, description and constraints.
    pub schema: Map<String, Value>,
}

/// What the marketplace shows and charges; optional in a manifest that only travels inside a bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub long_description: Option<String>,
    pub icon_url: Option<String>,
    pub category: Option<String>,
    pub version: Option<Version>,
    pub tags: Vec<String>,
    pub pricing: Option<Pricing>,
}

/// A valid manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub listing: Listing,
    pub runtime: Runtime,
    pub inputs: Vec<Field>,
    pub outputs: Vec<Field>,
    pub capabilities: Vec<String>,
    pub retry: RetryPolicy,
    /// Hosts the agent asks to reach; recorded, not granted yet.
    pub egress: Vec<String>,
    /// Things that are allowed but probably not meant.
    pub warnings: Vec<ManifestIssue>,
}

/// A manifest that is not JSON, or breaks rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ManifestError {
    #[error("manifest.json is not valid JSON: {0}")]
    NotJson(String),
    #[error(transparent)]
    Invalid(#[from] ManifestErrors),
}

impl Manifest {
    /// Reads the bytes of a `manifest.json`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        let value =
            serde_json::from_slice(bytes).map_err(|error| ManifestError::NotJson(error.to_string()))?;
        Ok(Self::parse(&value)?)
    }

    /// Reads a manifest, or says everything that is wrong with it.
    pub fn parse(value: &Value) -> Result<Self, ManifestErrors> {
        read::manifest(value)
    }

    /// Reads a price on its own, in the form of a manifest's `pricing`, or says everything that is wrong with it.
    pub fn parse_pricing(value: &Value) -> Result<Pricing, ManifestErrors> {
        read::pricing_read(value)
    }

    /// The JSON Schema that config and inputs together must satisfy. Undeclared names are refused.
    pub fn inputs_schema(&self) -> Value {
        object_schema(&self.inputs, false)
    }

    /// The JSON Schema that outputs must satisfy. Undeclared names are allowed: more than promised is no fault.
    pub fn outputs_schema(&self) -> Value {
        object_schema(&self.outputs, true)
    }

    /// The names of inputs that must never be shown.
    pub fn secret_inputs(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter(|field| field.secret).map(|field| field.name.as_str())
    }

    /// `given` completed by the defaults of inputs that were left out.
    pub fn with_defaults(&self, mut given: Map<String, Value>) -> Map<String, Value> {
        for field in &self.inputs {
            if let Some(default) = field.schema.get("default") {
                given.entry(field.name.clone()).or_insert_with(|| default.clone());
            }
        }
        given
    }
}

fn object_schema(fields: &[Field], additional: bool) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), Value::Object(field.schema.clone()))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": additional,
    })
}
