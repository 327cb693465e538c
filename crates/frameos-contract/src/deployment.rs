//! A user's configured agents.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `POST /agents/:id/deploy`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DeployRequest {
    /// The current version when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default)]
    pub config: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployed {
    pub deployment_id: String,
    pub agent_id: String,
    pub version: String,
    pub status: String,
    pub message: String,
}

/// `GET /deployments/:id`. Secret values are left out of `config`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployment {
    pub id: String,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_slug: String,
    pub version: String,
    pub config: Map<String, Value>,
    /// Names of secret inputs that are set.
    pub secrets_set: Vec<String>,
    pub status: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeploymentList {
    pub deployments: Vec<Deployment>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}

/// `PATCH /deployments/:id`: only what is given changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DeploymentPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Map<String, Value>>,
    /// configured or paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}
