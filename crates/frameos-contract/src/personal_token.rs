//! Personal access tokens: what programs sign in with.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::PersonalTokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::TokenScope;

/// `POST /me/tokens`. Valid for 90 days unless one of the last two says otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "deploys", "scopes": ["read", "deploy"], "expires_in_days": 90}))]
pub struct PersonalTokenRequest {
    #[schema(min_length = 1, max_length = 100, example = "deploys")]
    pub name: String,
    /// Some of read, execute, deploy, publish, wallet.
    #[schema(value_type = Vec<TokenScope>, min_items = 1)]
    pub scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub expires_in_days: Option<u32>,
}

/// The answer to `POST /me/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonalTokenCreated {
    /// The token itself. Shown here only.
    #[schema(example = "fos_3f9a…")]
    pub token: String,
    #[serde(flatten)]
    pub kept: PersonalTokenItem,
}

/// `GET /me/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonalTokenList {
    pub tokens: Vec<PersonalTokenItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonalTokenItem {
    #[schema(value_type = PersonalTokenId)]
    pub id: String,
    pub name: String,
    /// How the token begins.
    #[schema(example = "fos_3f9a")]
    pub prefix: String,
    #[schema(value_type = Vec<TokenScope>)]
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// To the hour.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
}
