//! Subscriptions as their users see them: begun, looked at, ended with their month, taken up again.
//!
//! Invariants: a subscription opens when its first month is paid and not before; a run of it is taken in the transaction that
//! queues the run; a price that changes is told to its subscribers in the transaction that changes it. How a month is paid for
//! is in `subscription/renewal.rs`.

mod mail;
mod renewal;

use std::time::Duration;

use frameos_domain::{
    clock::Timestamp,
    id::{AgentId, SubscriptionId, UserId},
    pricing::{Pricing, PricingModel, RunTerms},
    subscription::{NOTICE, period_start},
};
use frameos_store::{
    StoreError, Tx,
    agent::agent_find_unscoped,
    page::{Page, Paged},
    status::{AgentStatus, SubscriptionStatus},
    subscription::{self, MonthCharge, NextTerms, Subscription},
};

pub(crate) use mail::SubscriptionMail;
pub(crate) use renewal::{SubscriptionStep, due_add};

use crate::{
    app::App,
    deployment::banned,
    error::{AppError, Result},
    idempotency::Mint,
    jobs::job_add,
};
use mail::News;

/// When another process may take over a first payment: longer than any call to a gateway takes.
const TAKEOVER: Duration = Duration::from_secs(20);
/// Months that a subscription shows.
const MONTHS_SHOWN: u32 = 24;

/// A subscription with its latest months.
#[derive(Debug, Clone)]
pub struct SubscriptionView {
    pub subscription: Subscription,
    /// Newest first.
    pub charges: Vec<MonthCharge>,
}

/// Subscribes to an agent and pays the first month. `confirm` covers prices up to this one, in months to come too.
pub async fn subscription_create(
    app: &App,
    user: UserId,
    agent: &str,
    (confirm, mint): (bool, Mint),
) -> Result<SubscriptionView> {
    let (name, now) = (agent.to_owned(), app.now());
    let id: SubscriptionId = mint.id();
    if mint.is_repeat() {
        match subscription_get(app, user, id).await {
            Err(AppError::NotFound { .. }) => {}
            // What is not paid yet, the renewal job takes over.
            made => return made,
        }
    }
    let begun = app.store().tx(move |tx| {
        Box::pin(async move {
            let found = agent_find_unscoped(tx, &name).await?;
            let Some(agent) = found.filter(|agent| agent.status != AgentStatus::PendingReview) else {
                return Ok(Err(AppError::not_found("agent")));
            };
            if agent.status == AgentStatus::Banned {
                return Ok(Err(banned()));
            }
            if agent.pricing.model != PricingModel::Subscription {
                return Ok(Err(AppError::conflict(
                    "NOT_A_SUBSCRIPTION",
                    format!("this agent is paid {}, not by the month", agent.pricing.model.as_str()),
                )));
            }
            let new = Subscription {
                id,
                user_id: user,
                agent_id: agent.id,
                agent_slug: agent.slug,
                agent_name: agent.name,
                status: SubscriptionStatus::Pending,
                price: agent.pricing.price,
                runs_per_month: agent.pricing.terms.runs_per_month,
                next: None,
                confirmed_price: if confirm { agent.pricing.price.minor } else { 0 },
                anchor_at: now,
                period: 0,
                period_start: now,
                period_end: period_start(now, 1),
                runs_used: 0,
                due_at: Some(now.plus(TAKEOVER)),
                ended_at: None,
                end_reason: None,
                created_at: now,
            };
            if !subscription::subscription_insert(tx, &new).await? {
                let message = "you have an open subscription to this agent; see GET /subscriptions";
                return Ok(Err(AppError::conflict("ALREADY_SUBSCRIBED", message)));
            }
            subscription::month_charge_insert(tx, id, 0, new.price, now).await?;
            Ok(Ok(()))
        })
    });
    begun.await??;
    renewal::first_month_pay(app, id).await?;
    subscription_get(app, user, id).await
}

/// A user's subscriptions, newest first.
pub async fn subscription_list(app: &App, user: UserId, page: Page) -> Result<Paged<SubscriptionView>> {
    let listed = app.store().read(move |tx| {
        Box::pin(async move {
            let Paged { items, total } = subscription::subscription_list(tx, user, page).await?;
            let mut views = Vec::with_capacity(items.len());
            for subscription in items {
                let charges = subscription::month_charge_list(tx, subscription.id, 1).await?;
                views.push(SubscriptionView { subscription, charges });
            }
            Ok(Paged { items: views, total })
        })
    });
    Ok(listed.await?)
}

/// One of the user's subscriptions.
pub async fn subscription_get(app: &App, user: UserId, id: SubscriptionId) -> Result<SubscriptionView> {
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let Some(subscription) = subscription::subscription_get(tx, user, id).await? else {
                return Ok(None);
            };
            let charges = subscription::month_charge_list(tx, id, MONTHS_SHOWN).await?;
            Ok(Some(SubscriptionView { subscription, charges }))
        })
    });
    found.await?.ok_or(AppError::not_found("subscription"))
}

/// Ends a subscription with its month; at once when the month was not paid.
pub async fn subscription_cancel(app: &App, user: UserId, id: SubscriptionId) -> Result<SubscriptionView> {
    use SubscriptionStatus::{Active, Cancelled, Ended, PastDue, Pending};
    renewal::due_do(app, user, id).await?;
    let now = app.now();
    let moved = app.store().tx(move |tx| {
        Box::pin(async move {
            let Some(found) = subscription::subscription_get(tx, user, id).await? else { return Ok(None) };
            let moved = match found.status {
                Active => subscription::subscription_move(tx, user, id, (Active, Cancelled), now).await?,
                PastDue => {
                    let to = (PastDue, "cancelled");
                    subscription::subscription_end_unscoped(tx, id, to, now).await?
                }
                Pending | Cancelled | Ended => true,
            };
            Ok(Some((found.status, moved)))
        })
    });
    match moved.await? {
        None => Err(AppError::not_found("subscription")),
        Some((Ended, _)) => Err(AppError::conflict("ALREADY_FINAL", "this subscription has ended already")),
        Some((Pending, _) | (_, false)) => Err(busy()),
        Some(_) => subscription_get(app, user, id).await,
    }
}

/// Takes up again what was to end with its month.
pub async fn subscription_resume(app: &App, user: UserId, id: SubscriptionId) -> Result<SubscriptionView> {
    use SubscriptionStatus::{Active, Cancelled, Ended};
    renewal::due_do(app, user, id).await?;
    let now = app.now();
    let status = subscription_get(app, user, id).await?.subscription.status;
    let moved = app.store().tx(move |tx| {
        Box::pin(async move { subscription::subscription_move(tx, user, id, (Cancelled, Active), now).await })
    });
    match (status, moved.await?) {
        (_, true) | (Active, _) => subscription_get(app, user, id).await,
        (Ended, _) => {
            Err(AppError::conflict("ALREADY_FINAL", "this subscription has ended; subscribe again"))
        }
        _ => Err(AppError::conflict("CONFLICT", "only a cancelled subscription can be taken up again")),
    }
}

/// Pays a month that is past due now, without waiting for the next try. `confirm` covers its price.
pub async fn subscription_pay(
    app: &App,
    user: UserId,
    id: SubscriptionId,
    confirm: bool,
) -> Result<SubscriptionView> {
    renewal::due_do(app, user, id).await?;
    let found = subscription_get(app, user, id).await?.subscription;
    if found.status != SubscriptionStatus::PastDue {
        return Err(AppError::conflict("CONFLICT", "nothing of this subscription is past due"));
    }
    let confirmed = confirm && found.confirmed_price < found.price.minor;
    if confirmed {
        let price = found.price.minor;
        app.store()
            .tx(move |tx| {
                Box::pin(async move { subscription::subscription_confirm(tx, user, id, price).await })
            })
            .await?;
    }
    renewal::month_pay_now(app, id, confirmed).await?;
    subscription_get(app, user, id).await
}

/// Whether a run of the agent is one of the subscription's month. `None`: it is not, and costs what others pay.
pub(crate) async fn run_admit(
    app: &App,
    user: UserId,
    id: SubscriptionId,
    model: PricingModel,
) -> Result<Option<RunTerms>> {
    use SubscriptionStatus::{Active, Cancelled, Ended, PastDue, Pending};
    let found = renewal::due_do(app, user, id).await?;
    match found.status {
        Active | Cancelled if found.period_end > app.now() => {
            Ok(Some(RunTerms::Subscription { id, period: found.period }))
        }
        Pending | Active | Cancelled => Err(busy()),
        PastDue if model == PricingModel::Subscription => Err(AppError::NotPaid {
            code: "SUBSCRIPTION_PAST_DUE",
            message: format!(
                "the month from {} is not paid; top up your wallet and POST /subscriptions/{id}/pay",
                found.period_start.day()
            ),
        }),
        PastDue | Ended => Ok(None),
    }
}

/// What a refusal to take a run of a month is told as.
pub(crate) fn used_up(until: Timestamp) -> AppError {
    let message = format!("the runs of this month are used up; the next month begins {until}");
    AppError::too_many("SUBSCRIPTION_RUNS_USED", message)
}

pub(crate) fn busy() -> AppError {
    AppError::conflict("CONFLICT", "a payment of this subscription is under way; try again shortly")
}

/// Tells an agent's subscribers what they will pay, in the transaction that changes its price.
pub(crate) async fn terms_changed(
    tx: &mut Tx,
    agent: AgentId,
    pricing: &Pricing,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let monthly = pricing.model == PricingModel::Subscription;
    let next = NextTerms {
        from: now.plus(NOTICE),
        price: monthly.then_some(pricing.price.minor),
        runs_per_month: pricing.terms.runs_per_month.filter(|_| monthly),
    };
    for id in subscription::subscriptions_next_set_unscoped(tx, agent, &next, now).await? {
        let mail = SubscriptionMail { id, news: News::Terms { price: next.price, from: next.from } };
        job_add(tx, &mail, &format!("{id}/terms/{}", now.as_micros()), now, now).await?;
    }
    Ok(())
}
