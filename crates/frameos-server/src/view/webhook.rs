//! Webhooks and deliveries, as the contract shows them.

use frameos_app::{Rotated, WebhookChange, WebhookNew, WebhookView};
use frameos_contract::webhook::{
    Webhook, WebhookAttempt, WebhookCreated, WebhookDelivery, WebhookPatch, WebhookRequest,
    WebhookSecretRotated,
};
use frameos_domain::webhook::WebhookSecret;
use frameos_store::webhook::{Attempt, Delivery};

pub(crate) fn webhook_new(request: WebhookRequest) -> WebhookNew {
    WebhookNew { url: request.url, description: request.description, events: request.events }
}

pub(crate) fn change(patch: WebhookPatch) -> WebhookChange {
    WebhookChange {
        url: patch.url,
        description: patch.description,
        events: patch.events,
        enabled: patch.enabled,
    }
}

pub(crate) fn webhook(view: WebhookView) -> Webhook {
    Webhook {
        id: view.id.to_string(),
        url: view.url,
        description: view.description,
        events: view.events,
        enabled: view.disabled.is_none(),
        disabled_reason: view.disabled.map(|why| why.to_string()),
        failing_since: view.failing_since,
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

pub(crate) fn created(view: WebhookView, secret: &WebhookSecret) -> WebhookCreated {
    WebhookCreated { webhook: webhook(view), secret: secret.expose() }
}

pub(crate) fn rotated(rotated: &Rotated) -> WebhookSecretRotated {
    WebhookSecretRotated {
        secret: rotated.secret.expose(),
        previous_secret_valid_until: rotated.previous_valid_until,
    }
}

pub(crate) fn delivery(row: Delivery) -> WebhookDelivery {
    WebhookDelivery {
        id: row.id.to_string(),
        webhook_id: row.webhook_id.to_string(),
        event_id: row.event_id.to_string(),
        event: row.event,
        execution_id: row.execution_id.map(|id| id.to_string()),
        status: row.status.to_string(),
        attempts: row.attempts.into_iter().map(attempt).collect(),
        next_attempt_at: row.next_at,
        created_at: row.created_at,
    }
}

fn attempt(attempt: Attempt) -> WebhookAttempt {
    WebhookAttempt {
        at: attempt.at,
        duration_ms: attempt.duration_ms,
        http_status: attempt.http_status,
        error: attempt.error.map(|error| error.to_string()),
    }
}
