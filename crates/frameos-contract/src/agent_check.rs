//! Checking what may be published, before it is.

use frameos_domain::{
    manifest::ManifestIssue,
    scan::{CodeFrame, ScanReport, VersionDiff},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::admin::BundleFile;

/// `POST /agents/check`: nothing is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentCheckRequest {
    /// Alone, or to complete the bundle's, with which it must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Value>,
    /// Base64 of a tar.gz. Without it the manifest alone is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_base64: Option<String>,
    /// Slug or id of the own agent that it is to be a new version of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What submitting it would come to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentChecked {
    /// Whether there are no errors.
    pub accepted: bool,
    /// All that has to change, as far as it can be told.
    pub errors: Vec<CheckIssue>,
    pub warnings: Vec<ManifestIssue>,
    /// As it would be stored: the bundle's, completed.
    #[schema(required)]
    pub manifest: Option<Value>,
    /// Paths and sizes of the bundle's files.
    pub files: Vec<BundleFile>,
    /// With code.
    #[schema(required)]
    pub scan_report: Option<ScanReport>,
    /// The lines that findings stand in.
    pub frames: Vec<CodeFrame>,
    /// Against the newest approved version before it.
    #[schema(required)]
    pub changes: Option<VersionDiff>,
    /// Whether a reviewer would have to approve it; null while there are errors, and without code.
    #[schema(required)]
    pub needs_review: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckIssue {
    /// The error code that submitting would be answered with.
    pub code: String,
    /// JSON path in the manifest, e.g. `$.inputs[0].type`; null when it is about the bundle.
    #[schema(required)]
    pub path: Option<String>,
    pub message: String,
}
