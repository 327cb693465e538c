//! Webhooks of a user, and what was sent to them.

use frameos_domain::{clock::Timestamp, webhook::WebhookEvent};
use serde::{Deserialize, Serialize};

/// `POST /webhooks`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WebhookRequest {
    pub url: String,
    #[serde(default)]
    pub description: String,
    /// All that there are when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
}

/// `PATCH /webhooks/:id`: only what is given changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WebhookPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// `GET /webhooks/:id`. The secret is in no answer but those that make one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    pub id: String,
    pub url: String,
    pub description: String,
    pub events: Vec<WebhookEvent>,
    pub enabled: bool,
    /// owner, gone or failing.
    pub disabled_reason: Option<String>,
    /// Since when nothing has come through.
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The answer to `POST /webhooks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookCreated {
    #[serde(flatten)]
    pub webhook: Webhook,
    pub secret: String,
}

/// The answer to `POST /webhooks/:id/rotate-secret`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookSecretRotated {
    pub secret: String,
    /// Until then deliveries are signed with both.
    pub previous_secret_valid_until: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookList {
    pub webhooks: Vec<Webhook>,
    pub total: i64,
}

/// An event on its way to a webhook, or there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookDelivery {
    pub id: String,
    pub webhook_id: String,
    /// The `webhook-id` that the receiver sees.
    pub event_id: String,
    #[serde(rename = "type")]
    pub event: WebhookEvent,
    pub execution_id: Option<String>,
    /// pending, delivered or failed.
    pub status: String,
    /// Oldest first; the newest 48 are kept.
    pub attempts: Vec<WebhookAttempt>,
    /// While pending.
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookAttempt {
    pub at: Timestamp,
    pub duration_ms: i64,
    /// `null` when no answer came.
    pub http_status: Option<u16>,
    /// `null` when the event was delivered; else http_status, redirect, timeout, connection, tls, dns, address_refused or
    /// webhook_disabled.
    pub error: Option<String>,
}

/// `GET /webhooks/:id/deliveries`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookDeliveryList {
    pub deliveries: Vec<WebhookDelivery>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}
