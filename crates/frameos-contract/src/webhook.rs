//! Webhooks of a user, and what was sent to them.

use frameos_domain::id::{DeliveryId, EventId, ExecutionId, WebhookId};
use frameos_domain::{clock::Timestamp, webhook::WebhookEvent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{DeliveryError, DeliveryStatus, WebhookChoice, WebhookDisabled};

/// `POST /webhooks`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"url": "https://example.com/hooks/frameos", "events": ["execution.succeeded", "execution.failed"]}))]
pub struct WebhookRequest {
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
    /// All that there are when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<WebhookChoice>>)]
    pub events: Option<Vec<String>>,
}

/// `PATCH /webhooks/:id`: only what is given changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"enabled": false}))]
pub struct WebhookPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri", max_length = 2048)]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<WebhookChoice>>)]
    pub events: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// `GET /webhooks/:id`. The secret is in no answer but those that make one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    #[schema(value_type = WebhookId)]
    pub id: String,
    pub url: String,
    pub description: String,
    pub events: Vec<WebhookEvent>,
    pub enabled: bool,
    /// owner, gone or failing.
    #[schema(value_type = Option<WebhookDisabled>, required)]
    pub disabled_reason: Option<String>,
    /// Since when nothing has come through.
    #[schema(required)]
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The answer to `POST /webhooks`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookCreated {
    #[serde(flatten)]
    pub webhook: Webhook,
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// The answer to `POST /webhooks/:id/rotate-secret`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookSecretRotated {
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
    /// Until then deliveries are signed with both.
    pub previous_secret_valid_until: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookList {
    pub webhooks: Vec<Webhook>,
    pub total: i64,
}

/// An event on its way to a webhook, or there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookDelivery {
    #[schema(value_type = DeliveryId)]
    pub id: String,
    #[schema(value_type = WebhookId)]
    pub webhook_id: String,
    /// The `webhook-id` that the receiver sees.
    #[schema(value_type = EventId)]
    pub event_id: String,
    #[serde(rename = "type")]
    pub event: WebhookEvent,
    #[schema(value_type = Option<ExecutionId>, required)]
    pub execution_id: Option<String>,
    /// pending, delivered or failed.
    #[schema(value_type = DeliveryStatus)]
    pub status: String,
    /// Oldest first; the newest 48 are kept.
    pub attempts: Vec<WebhookAttempt>,
    /// While pending.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookAttempt {
    pub at: Timestamp,
    pub duration_ms: i64,
    /// `null` when no answer came.
    #[schema(required)]
    pub http_status: Option<u16>,
    /// `null` when the event was delivered; else http_status, redirect, timeout, connection, tls, dns, address_refused or
    /// webhook_disabled.
    #[schema(value_type = Option<DeliveryError>, required)]
    pub error: Option<String>,
}

/// `GET /webhooks/:id/deliveries`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookDeliveryList {
    pub deliveries: Vec<WebhookDelivery>,
    pub total: i64,
    pub page: u32,
    pub limit: u32,
}
