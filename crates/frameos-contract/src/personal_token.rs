//! Personal access tokens: what programs sign in with.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /me/tokens`. Valid for 90 days unless one of the last two says otherwise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonalTokenRequest {
    pub name: String,
    /// Some of read, execute, deploy, publish, wallet.
    pub scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// The answer to `POST /me/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonalTokenCreated {
    /// The token itself. Shown here only.
    pub token: String,
    #[serde(flatten)]
    pub kept: PersonalTokenItem,
}

/// `GET /me/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonalTokenList {
    pub tokens: Vec<PersonalTokenItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonalTokenItem {
    pub id: String,
    pub name: String,
    /// How the token begins.
    pub prefix: String,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To the hour.
    pub last_used_at: Option<Timestamp>,
}
