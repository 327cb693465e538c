//! Money before a run: the hold that covers it.
//!
//! Invariant: asking for a hold may be repeated after any failure, because the run's id is the idempotency key and an intent
//! has one mandate.

use std::time::Duration;

use frameos_domain::execution::RunStatus;
use frameos_gateway::{
    GatewayError,
    wire::{IntentNew, MandateNew},
};
use frameos_store::{
    agent,
    execution::{self, Execution},
    ticket,
};
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    error::{AppError, Result},
};

/// When another process may take over an authorisation: longer than any call to a gateway takes.
pub(crate) const AUTHORIZE_TAKEOVER: Duration = Duration::from_secs(20);
/// How long a hold may stand: longer than a run can wait, work, and be settled.
const HOLD_SECONDS: u64 = 24 * 3600;
const VENDOR: &str = "frameos_marketplace";

/// Creates intent and mandate of a run, and puts it in the queue. A refusal removes the run and is the caller's to hear.
pub(crate) async fn execution_authorize(app: &App, row: &Execution) -> Result<()> {
    let outcome = mandate_obtain(app, row).await;
    let (id, now) = (row.id, app.now());
    match outcome {
        Ok((intent_id, mandate_id)) => {
            app.store()
                .tx(move |tx| {
                    Box::pin(async move {
                        execution::execution_mandate_set(tx, id, intent_id, mandate_id).await?;
                        ticket::ticket_authorized(tx, id, now).await
                    })
                })
                .await?;
            Ok(())
        }
        // Unknown whether money is held: the ticket will ask again.
        Err(error @ (GatewayError::Unavailable { .. } | GatewayError::Internal { .. })) => Err(error.into()),
        Err(refusal) => {
            app.store()
                .tx(move |tx| Box::pin(async move { execution::execution_delete_unscoped(tx, id).await }))
                .await?;
            Err(refusal.into())
        }
    }
}

async fn mandate_obtain(
    app: &App,
    row: &Execution,
) -> std::result::Result<(frameos_domain::id::IntentId, frameos_domain::id::MandateId), GatewayError> {
    let agent_id = row.agent_id;
    let agent = app
        .store()
        .read(move |tx| Box::pin(async move { agent::agent_find_unscoped(tx, &agent_id.to_string()).await }))
        .await
        .map_err(|error| GatewayError::Unavailable { source: Box::new(error) })?
        .ok_or_else(|| GatewayError::Internal { source: "a run's agent is missing".into() })?;
    let metadata: Map<String, Value> = [
        ("execution_id", json!(row.id)),
        ("agent_definition_id", json!(row.agent_id)),
        ("agent_version", json!(row.version)),
        ("developer_id", json!(agent.developer_id)),
        ("agent_slug", json!(agent.slug)),
        ("category", json!(agent.category)),
        ("confirmed", json!(row.confirmed)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let intent = IntentNew {
        agent_id: row.user_id.to_string(),
        vendor: VENDOR.into(),
        amount: row.price.minor,
        currency: row.price.currency,
        description: format!("{} execution", agent.name),
        metadata,
        idempotency_key: Some(row.id.to_string()),
    };
    let intent = app.payments().intent_create(intent).await?;
    let mandate = MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(HOLD_SECONDS) };
    let mandate = app.payments().mandate_issue(mandate).await?;
    Ok((intent.intent_id, mandate.mandate_id))
}

/// Finishes an authorisation that another process began and did not end.
pub(crate) async fn authorization_resume(app: &App, row: &Execution) -> Result<()> {
    if row.status != RunStatus::Queued || row.mandate_id.is_some() {
        return Ok(());
    }
    match execution_authorize(app, row).await {
        Ok(()) => Ok(()),
        Err(error @ (AppError::Unavailable { .. } | AppError::Internal { .. })) => Err(error),
        Err(refusal) => {
            tracing::info!(execution = %row.id, %refusal, "a run whose caller is gone was refused");
            Ok(())
        }
    }
}
