//! Money before a run: the hold that covers it.
//!
//! Invariant: asking for a hold may be repeated after any failure, because the run's id is the idempotency key and an intent
//! has one mandate.

use std::time::Duration;

use frameos_domain::{
    execution::RunStatus,
    id::{AgentId, DeveloperId, ExecutionId, IntentId, MandateId, UserId},
    money::Money,
    policy::PolicyRefusal,
};
use frameos_gateway::{
    GatewayError,
    wire::{IntentNew, MandateNew},
};
use frameos_store::{
    agent,
    execution::{self, Execution},
    ticket,
};
use serde_json::json;

use crate::{
    app::App,
    error::{AppError, Result},
};

/// When another process may take over an authorisation: longer than any call to a gateway takes.
pub(crate) const AUTHORIZE_TAKEOVER: Duration = Duration::from_secs(20);
/// How long a hold may stand: longer than a run can wait, work, and be settled.
pub(crate) const HOLD: Duration = Duration::from_secs(24 * 3600);
pub(crate) const VENDOR: &str = "frameos_marketplace";

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
        Err(
            error @ (GatewayError::Unavailable { .. }
            | GatewayError::Internal { .. }
            | GatewayError::Unauthenticated),
        ) => Err(error.into()),
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
) -> std::result::Result<(IntentId, MandateId), GatewayError> {
    let agent_id = row.agent_id;
    let agent = app
        .store()
        .read(move |tx| Box::pin(async move { agent::agent_find_unscoped(tx, &agent_id.to_string()).await }))
        .await
        .map_err(|error| GatewayError::Unavailable { source: Box::new(error) })?
        .ok_or_else(|| GatewayError::Internal { source: "a run's agent is missing".into() })?;
    let intent = intent_new(&Bought {
        execution: row.id,
        user: row.user_id,
        agent: row.agent_id,
        version: &row.version,
        developer: agent.developer_id,
        slug: &agent.slug,
        name: &agent.name,
        category: &agent.category,
        confirmed_amount: row.confirmed.then_some(row.price.minor),
        price: row.price,
    });
    let intent = app.payments().intent_create(intent).await?;
    let mandate = MandateNew { intent_id: intent.intent_id, ttl_seconds: Some(HOLD.as_secs()) };
    let mandate = app.payments().mandate_issue(mandate).await?;
    Ok((intent.intent_id, mandate.mandate_id))
}

/// What a gateway is told of a run.
pub(crate) struct Bought<'a> {
    pub(crate) execution: ExecutionId,
    pub(crate) user: UserId,
    pub(crate) agent: AgentId,
    pub(crate) version: &'a str,
    pub(crate) developer: DeveloperId,
    pub(crate) slug: &'a str,
    pub(crate) name: &'a str,
    pub(crate) category: &'a str,
    /// The most that the user agreed to.
    pub(crate) confirmed_amount: Option<i64>,
    pub(crate) price: Money,
}

/// Refuses a price above what the user agreed to.
pub(crate) fn confirmation_check(bought: &Bought<'_>) -> Result<()> {
    let asked = bought.price.minor;
    match bought.confirmed_amount.filter(|limit| asked > *limit) {
        Some(limit) => {
            let refusal = PolicyRefusal::new("confirmed_amount", limit, asked);
            Err(GatewayError::PolicyRefused { refusal, used: None, receipt: None }.into())
        }
        None => Ok(()),
    }
}

pub(crate) fn intent_new(bought: &Bought<'_>) -> IntentNew {
    let metadata = [
        ("execution_id", json!(bought.execution)),
        ("agent_definition_id", json!(bought.agent)),
        ("agent_version", json!(bought.version)),
        ("developer_id", json!(bought.developer)),
        ("agent_slug", json!(bought.slug)),
        ("category", json!(bought.category)),
        ("confirmed", json!(bought.confirmed_amount.is_some())),
        ("confirmed_amount", json!(bought.confirmed_amount)),
    ];
    IntentNew {
        agent_id: bought.user.to_string(),
        vendor: VENDOR.into(),
        amount: bought.price.minor,
        currency: bought.price.currency,
        description: format!("{} execution", bought.name),
        metadata: metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        idempotency_key: Some(bought.execution.to_string()),
    }
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
