//! What a run costs when it is triggered, and how a developer changes it.
//!
//! Invariants: a run keeps what was agreed when it was triggered; an agent's price has one place, its row, which a version that
//! goes live and its developer write; subscribers are told in the transaction that changes it.

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, DeveloperId, UserId},
    manifest::Manifest,
    money::Money,
    pricing::{Pricing, PricingModel, RunTerms},
};
use frameos_store::{
    StoreError, Tx,
    agent::{self, Agent},
    deployment::Offer,
    status::AgentStatus,
};
use serde_json::Value;

use crate::{
    app::App,
    catalogue::catalogue_settle,
    error::{AppError, Result},
    submission::manifest_refused,
    subscription,
};

/// What a run of the offer costs at most, and what was agreed besides.
pub(crate) async fn run_price(app: &App, user: UserId, offer: &Offer) -> Result<(Money, Option<RunTerms>)> {
    let pricing = &offer.pricing;
    if let Some(id) = offer.subscription
        && let Some(terms) = subscription::run_admit(app, user, id, pricing.model).await?
    {
        return Ok((Money::zero(pricing.price.currency), Some(terms)));
    }
    match (pricing.model, &pricing.terms.usage) {
        (PricingModel::Subscription, _) => Err(AppError::NotPaid {
            code: "SUBSCRIPTION_REQUIRED",
            message: format!(
                "this agent is for subscribers: POST /agents/{}/subscribe, {} a month",
                offer.agent_slug, pricing.price
            ),
        }),
        (PricingModel::PayPerUse, Some(usage)) => Ok((pricing.price, Some(RunTerms::Usage(usage.clone())))),
        (PricingModel::PayPerUse, None) => Err(AppError::internal("a metered agent without events")),
        (PricingModel::PerExecution | PricingModel::FreeTier, _) => Ok((pricing.price, None)),
    }
}

/// Changes what one's own agent costs from now on. Runs that were triggered keep their price, subscribers theirs for a while.
pub async fn agent_pricing_set(
    app: &App,
    developer: DeveloperId,
    slug_or_id: &str,
    pricing: &Value,
) -> Result<Agent> {
    let pricing = Manifest::parse_pricing(pricing).map_err(|errors| manifest_refused(&errors.into()))?;
    let (name, now) = (slug_or_id.to_owned(), app.now());
    let changed = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = agent::agent_find_unscoped(tx, &name).await?;
            let Some(found) = found.filter(|agent| agent.developer_id == developer) else { return Ok(None) };
            if found.status == AgentStatus::Banned {
                return Ok(Some(Err(found)));
            }
            agent::agent_set_pricing(tx, developer, found.id, &pricing, now).await?;
            pricing_changed(tx, found.id, &pricing, now).await?;
            Ok(agent::agent_get(tx, developer, found.id).await?.map(Ok))
        })
    });
    match changed.await? {
        Some(Ok(agent)) => {
            catalogue_settle(app).await;
            Ok(agent)
        }
        Some(Err(_)) => Err(AppError::Forbidden {
            code: "FORBIDDEN",
            message: "this agent is banned".into(),
            details: None,
        }),
        None => Err(AppError::not_found("agent")),
    }
}

/// Tells whoever has agreed to another price for longer than a run. To be called wherever an agent's price is written.
pub(crate) async fn pricing_changed(
    tx: &mut Tx,
    id: AgentId,
    pricing: &Pricing,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    subscription::terms_changed(tx, id, pricing, now).await
}
