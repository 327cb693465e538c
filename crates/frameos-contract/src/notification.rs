//! What an account is told in the product.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The query of `GET /me/notifications`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NotificationQuery {
    /// Only what was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// `GET /me/notifications`, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotificationList {
    pub notifications: Vec<Notification>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
    /// How many were not read.
    pub unread: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    pub id: String,
    /// What happened, e.g. `version.approved`; docs/notifications.md lists them.
    pub kind: String,
    /// The id or slug of what it is about.
    pub subject: String,
    pub title: String,
    pub text: String,
    #[schema(required)]
    pub read_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// `POST /me/notifications/read`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationReadRequest {
    /// Up to 100 of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// All there are.
    #[serde(default)]
    pub all: bool,
}

/// What is left.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct NotificationsRead {
    pub unread: i64,
}
