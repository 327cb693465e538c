//! A user's configured agents.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::{AgentId, DeploymentId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::schema::{ChangeKind, DeploymentState, DeploymentStatus, VersionStatus};

/// `POST /agents/:id/deploy`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"config": {"currency": "INR"}}))]
pub struct DeployRequest {
    /// The current version when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default)]
    pub config: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Deployed {
    #[schema(value_type = DeploymentId)]
    pub deployment_id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub version: String,
    #[schema(value_type = DeploymentStatus)]
    pub status: String,
    pub message: String,
}

/// `GET /deployments/:id`. Secret values are left out of `config`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    #[schema(value_type = DeploymentId)]
    pub id: String,
    #[schema(value_type = AgentId)]
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub config: Map<String, Value>,
    /// Names of secret inputs that are set.
    pub secrets_set: Vec<String>,
    #[schema(value_type = DeploymentStatus)]
    pub status: String,
    /// `active`, `deprecated`, or `yanked`: it does not run any more.
    #[serde(default)]
    #[schema(value_type = VersionStatus, required)]
    pub version_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_message: Option<String>,
    /// The agent's current version, to which the deployment can be moved.
    #[serde(default)]
    #[schema(required)]
    pub current_version: String,
    /// What has changed, after a move to another version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<VersionChanges>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What differs between two versions, as far as it concerns who runs them. A price is the agent's, so it is the same for both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct VersionChanges {
    pub from: String,
    pub to: String,
    pub inputs: Vec<FieldChange>,
    pub outputs: Vec<FieldChange>,
    pub capabilities: NamesChange,
    pub egress: NamesChange,
    /// Language and limits.
    pub runtime: Vec<RuntimeChange>,
    /// Always false: the price does not depend on the version.
    pub price_changes: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    pub name: String,
    /// added, removed or changed.
    #[schema(value_type = ChangeKind)]
    pub change: String,
    /// The JSON Schema before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Whether it is required and was not.
    pub now_required: bool,
    pub now_secret: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NamesChange {
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RuntimeChange {
    pub what: String,
    pub before: String,
    pub after: String,
}

/// `GET /deployments/:id/changes` query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ChangesQuery {
    /// The agent's current version when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// `GET /deployments/:id/changes`: what a move would change. Nothing is moved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MovePreview {
    pub changes: VersionChanges,
    /// Whether the config could stay as it is.
    pub config_fits: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_problem: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeploymentList {
    pub deployments: Vec<Deployment>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// `PATCH /deployments/:id`: only what is given changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"status": "paused"}))]
pub struct DeploymentPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Map<String, Value>>,
    /// configured or paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeploymentState>)]
    pub status: Option<String>,
}
